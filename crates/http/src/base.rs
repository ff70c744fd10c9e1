use std::{fmt, net::IpAddr};

use url::{Host, Url};

/// What is wrong with something in the configuration, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem, self.remedy)
    }
}

impl std::error::Error for Problem {}

/// Reads the base address of an API as the configuration gives it: https, or plain http to this machine; no user, no
/// query, no fragment. The result has no slash at its end. The problem never repeats the text: people paste keys into
/// addresses.
pub fn check_base(text: &str) -> Result<Url, Problem> {
    let fault =
        |problem: &str, remedy: &str| Err(Problem { problem: problem.to_owned(), remedy: remedy.to_owned() });
    let Ok(mut url) = Url::parse(text.trim()) else {
        return fault("this is no address", "write it whole, like https://api.example.com/v1");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return fault("this is no web address", "write it whole, like https://api.example.com/v1");
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return fault(
            "plain http would send credentials and personal data in the clear",
            "write https://; http:// is allowed to 127.0.0.1, [::1] and localhost only",
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fault(
            "the address holds a user name or a password",
            "keep credentials in a credential or a file",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fault("the address has a query or a fragment", "leave out everything from the ? or # on");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Whether the host of `url` is this machine, told by its literal address or the name `localhost`; no name is looked up.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_taken_anywhere_and_plain_http_only_on_this_machine() {
        for (text, kept) in [
            ("https://api.lever.co/v1", "https://api.lever.co/v1"),
            (" https://api.lever.co/v1/\n", "https://api.lever.co/v1"),
            ("https://10.0.0.7:8443", "https://10.0.0.7:8443/"),
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
            ("http://127.9.9.9", "http://127.9.9.9/"),
            ("http://[::1]:99/v1", "http://[::1]:99/v1"),
            ("http://localhost:1/v1//", "http://localhost:1/v1"),
            ("HTTPS://API.LEVER.CO", "https://api.lever.co/"),
        ] {
            assert_eq!(check_base(text).map(String::from), Ok(kept.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_base_address_that_is_unsafe_or_not_whole_is_refused_without_repeating_it() {
        for text in [
            "",
            "api.lever.co/v1",
            "ftp://api.lever.co",
            "file:///etc/passwd",
            "http://api.lever.co/v1",
            "http://10.0.0.7/",
            "http://0.0.0.0/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "https://s3cret@api.lever.co/v1",
            "https://user:s3cret@api.lever.co/v1",
            "https://api.lever.co/v1?key=s3cret",
            "https://api.lever.co/v1#s3cret",
            "https://s3cret:port/",
        ] {
            let problem = check_base(text).expect_err(text);
            assert!(!problem.to_string().contains("s3cret"), "{problem}");
            assert!(!problem.remedy.is_empty());
        }
    }
}
