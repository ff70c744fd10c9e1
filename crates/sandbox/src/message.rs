//! One exchange, without sockets: what is asked, what is answered, and how the answer travels.

use bytes::Bytes;

/// Milliseconds since the Unix epoch, or a span of them. Lever's only notion of time (ref §6).
pub type Millis = u64;

/// What a client asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The path as it was sent, still percent-encoded: an id may hold an encoded slash.
    pub path: String,
    /// The query, percent-decoded once, with `+` read as a blank.
    pub query: Vec<(String, String)>,
    /// The headers, names as they were sent.
    pub headers: Vec<(String, String)>,
    /// The body; empty when there is none.
    pub body: Bytes,
}

impl Request {
    /// Reads a request target: `/v1/opportunities?limit=10`, or a whole URL.
    pub fn new(method: &str, target: &str) -> Request {
        let target = match target.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: parse_query(query),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// Reads a target asked for with `GET`.
    pub fn get(target: &str) -> Request {
        Request::new("GET", target)
    }

    /// Adds the key the way Lever wants it: basic auth, the key as user name, no password (ref §1.2).
    pub fn with_key(mut self, key: &str) -> Request {
        self.headers.push(("authorization".to_owned(), basic_auth(key)));
        self
    }

    /// Adds a header.
    pub fn with_header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Request {
        self.body = body.into();
        self
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The parts of the path, each percent-decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(percent_decode).collect()
    }
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, without `content-length`: the body says it.
    pub headers: Vec<(&'static str, String)>,
    /// The whole body, also when [`Reply::sending`] says that only a part of it travels.
    pub body: Bytes,
    /// How it travels.
    pub sending: Sending,
}

/// How a reply travels. Whoever carries it, the server or a simulation, has to act it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// In one piece.
    Whole,
    /// The headers promise the whole body, and the connection closes after this many bytes of it. If these are more than
    /// there are, the headers promise nothing and blanks follow the body: with `usize::MAX`, for ever.
    Cut {
        /// Bytes that arrive.
        after: usize,
    },
    /// The connection closes without a byte.
    Nothing,
    /// Nothing comes and the connection stays open.
    Hang,
    /// One byte of the body each second.
    Slowly,
}

impl Reply {
    pub(crate) fn json(status: u16, body: String) -> Reply {
        Reply::text(status, "application/json; charset=utf-8", body)
    }

    pub(crate) fn text(status: u16, content_type: &str, body: String) -> Reply {
        let headers = vec![("content-type", content_type.to_owned())];
        Reply { status, headers, body: body.into(), sending: Sending::Whole }
    }

    /// A status and nothing else.
    pub(crate) fn empty(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Bytes::new(), sending: Sending::Whole }
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// Says that the body is something else than it is.
    pub(crate) fn label(&mut self, content_type: &str) {
        self.headers.retain(|(name, _)| *name != "content-type");
        self.headers.push(("content-type", content_type.to_owned()));
    }

    /// The first header of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

/// The value of the `authorization` header for a key.
pub(crate) fn basic_auth(key: &str) -> String {
    format!("Basic {}", base64(format!("{key}:").as_bytes()))
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_u32, |word, at| word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Pairs of a query or of a form: percent-decoded once, `+` read as a blank.
pub(crate) fn parse_query(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (form_decode(name), form_decode(value)))
        .collect()
}

fn form_decode(text: &str) -> String {
    percent_decode(&text.replace('+', " "))
}

/// Undoes percent-encoding once. A stray `%` stays as it is; bytes that are no UTF-8 become the replacement
/// character.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| str::from_utf8(pair).ok());
        match hex.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Percent-encodes everything but letters, digits and `-_.~`.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The time as a `Date` header writes it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7, IMF-fixdate).
pub fn http_date(now: Millis) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = now / 1000;
    let days = seconds / 86_400;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    // Civil date of a day number, counting years from 1 March so that the leap day comes last
    // (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12;
    let year = year_of_era + era * 400 + u64::from(month < 2);
    let weekday = WEEKDAYS[(days % 7) as usize];
    let month = MONTHS[month as usize];
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_the_example_of_rfc_9110() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(1_709_164_800_000), "Thu, 29 Feb 2024 00:00:00 GMT");
        assert_eq!(http_date(1_704_067_199_999), "Sun, 31 Dec 2023 23:59:59 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn a_query_is_decoded_once_and_plus_is_a_blank() {
        let request =
            Request::get("https://api.example.com/v1/x?tag=a+b&tag=c%2Bd&offset=%255B5&empty=&bare");
        assert_eq!(request.path, "/v1/x");
        let pairs: Vec<_> =
            request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("tag", "a b"), ("tag", "c+d"), ("offset", "%5B5"), ("empty", ""), ("bare", "")]);
    }

    #[test]
    fn a_stray_percent_sign_survives_decoding() {
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%zz%é"), "%zz%é");
        assert_eq!(percent_decode("%E6%9D%8E"), "李");
        assert_eq!(percent_decode(&percent_encode("[5,\"a b\"]")), "[5,\"a b\"]");
    }

    #[test]
    fn the_key_is_sent_as_user_name_without_password() {
        assert_eq!(basic_auth("lever_key_example"), "Basic bGV2ZXJfa2V5X2V4YW1wbGU6");
        assert_eq!([base64(b"M"), base64(b"Ma"), base64(b"Man")], ["TQ==", "TWE=", "TWFu"]);
    }
}
