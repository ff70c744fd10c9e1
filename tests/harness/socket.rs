//! The daemon's socket, byte by byte: what any program in any language would send.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Insists on the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.text());
        self
    }
}

/// Asks.
pub fn get(socket: &Path, path: &str) -> io::Result<Answer> {
    exchange(socket, &format!("GET {path} HTTP/1.1\r\nHost: hiresync\r\n\r\n"))
}

/// Orders.
pub fn post(socket: &Path, path: &str, body: &str) -> io::Result<Answer> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: hiresync\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    exchange(socket, &(head + body))
}

fn exchange(socket: &Path, request: &str) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| io::Error::other("the answer has no head"))?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the answer has no status"))?;
    let body = answer.split_off(end + 4);
    let body = if head.to_lowercase().contains("transfer-encoding: chunked") { whole(&body) } else { body };
    Ok(Answer { status, head, body })
}

/// A chunked body put together.
fn whole(mut chunked: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunked.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&chunked[..end]), 16).unwrap_or(0);
        let rest = &chunked[end + 2..];
        if size == 0 || rest.len() < size {
            break;
        }
        body.extend_from_slice(&rest[..size]);
        chunked = rest.get(size + 2..).unwrap_or_default();
    }
    body
}
