use std::time::Duration;

use people::Timestamp;

use crate::Response;

/// The value of an `authorization` header for basic authentication. A secret: it goes into a request and nowhere else.
pub fn basic_auth(user: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))
}

/// The moment of a `date` or `last-modified` header.
pub fn date(text: &str) -> Option<Timestamp> {
    chrono::DateTime::parse_from_rfc2822(text.trim()).ok().map(|moment| moment.to_utc())
}

/// How long a `retry-after` header asks us to wait, in either of its forms. A date is measured from the answer's own
/// `date`, so that it does not matter how the two clocks differ, or else from `now`.
pub fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let from = response.header("date").and_then(date).unwrap_or(now);
    Some((date(text)? - from).to_std().unwrap_or(Duration::ZERO))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let sextet = (bits >> (18 - 6 * at)) & 0x3f;
            text.push(if at <= group.len() { char::from(LETTERS[sextet as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn base64_is_the_one_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("\u{3ff}\u{3fe}", "z7/Pvg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(basic_auth("lever_key_example", ""), "Basic bGV2ZXJfa2V5X2V4YW1wbGU6");
    }

    #[test]
    fn a_wished_pause_is_read_in_both_forms() {
        let now = date("Sun, 06 Nov 1994 08:49:37 GMT").expect("the example of RFC 9110");
        for (retry_after_text, date_text, seconds) in [
            ("120", None, Some(120)),
            (" 0 ", None, Some(0)),
            ("99999999999999999999999", None, Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", None, Some(60)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30)),
            ("Sun, 06 Nov 1994 07:00:00 GMT", None, Some(0)),
            ("soon", None, None),
            ("-5", None, None),
            ("1.5", None, None),
            ("", None, None),
        ] {
            let mut headers = vec![("retry-after".to_owned(), retry_after_text.to_owned())];
            headers.extend(date_text.map(|text| ("date".to_owned(), text.to_owned())));
            let response = Response { status: 429, headers, body: Bytes::new() };
            assert_eq!(retry_after(&response, now), seconds.map(Duration::from_secs), "{retry_after_text}");
        }
    }
}
