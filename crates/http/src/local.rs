use std::{path::Path, time::Duration};

use bytes::Bytes;

use crate::{
    Failure, Problem, Response,
    client::{broken_off, builder, receive, unsent_or_unanswered, within},
};

/// Longest answer and longest line accepted from the daemon.
const BODY_MAX: usize = 64 << 20;

/// HTTP over the daemon's Unix socket, for the command line. No TLS, no proxy: the socket's permissions are the door.
#[derive(Clone)]
pub struct Local {
    client: reqwest::Client,
    deadline: Duration,
}

/// Lines of an answer that goes on for as long as the daemon has something to say.
pub struct Lines {
    status: u16,
    answer: reqwest::Response,
    /// What arrived after the last line end.
    rest: Vec<u8>,
    /// Where the search for a line end goes on: what is before was searched already.
    searched: usize,
    ended: bool,
}

impl Local {
    /// Speaks to the socket at `path`. Connects when asked something, not before.
    pub fn new(path: &Path) -> Result<Self, Problem> {
        let client = builder().no_proxy().unix_socket(path.to_path_buf()).build().map_err(|_| Problem {
            problem: "no client for the daemon's socket can be made".to_owned(),
            remedy: "install the system's CA certificates (Debian: ca-certificates)".to_owned(),
        })?;
        Ok(Local { client, deadline: Duration::from_secs(30) })
    }

    /// The same with another deadline than 30 s for [`get`](Local::get) and [`post`](Local::post).
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Local { deadline, ..self }
    }

    /// Asks for `path`, query included.
    pub async fn get(&self, path: &str) -> Result<Response, Failure> {
        self.exchange(self.client.get(address(path))).await
    }

    /// Sends a JSON document to `path`.
    pub async fn post(&self, path: &str, json: impl Into<Bytes>) -> Result<Response, Failure> {
        let request =
            self.client.post(address(path)).header("content-type", "application/json").body(json.into());
        self.exchange(request).await
    }

    /// Asks for `path` and reads the answer line by line, without a deadline.
    pub async fn lines(&self, path: &str) -> Result<Lines, Failure> {
        let answer = self.client.get(address(path)).send().await.map_err(unsent_or_unanswered)?;
        let status = answer.status().as_u16();
        Ok(Lines { status, answer, rest: Vec::new(), searched: 0, ended: false })
    }

    async fn exchange(&self, request: reqwest::RequestBuilder) -> Result<Response, Failure> {
        let whole = async { receive(request.send().await.map_err(unsent_or_unanswered)?, BODY_MAX).await };
        within(self.deadline, Box::pin(whole)).await
    }
}

impl Lines {
    /// The status code. If it is not 200, the lines are the problem document.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The next line without its end; `None` once the daemon has closed the answer.
    pub async fn next(&mut self) -> Result<Option<String>, Failure> {
        loop {
            if let Some(end) = self.rest[self.searched..].iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.rest.drain(..=self.searched + end).collect();
                self.searched = 0;
                line.pop();
                return Ok(Some(text(line)));
            }
            self.searched = self.rest.len();
            if self.ended {
                self.searched = 0;
                let last = std::mem::take(&mut self.rest);
                return Ok(if last.is_empty() { None } else { Some(text(last)) });
            }
            match self.answer.chunk().await.map_err(broken_off)? {
                Some(chunk) if self.rest.len() + chunk.len() > BODY_MAX => return Err(Failure::TooLong),
                Some(chunk) => self.rest.extend_from_slice(&chunk),
                None => self.ended = true,
            }
        }
    }
}

fn address(path: &str) -> String {
    format!("http://localhost/{}", path.trim_start_matches('/'))
}

fn text(line: Vec<u8>) -> String {
    String::from_utf8(line).unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::UnixListener,
    };

    use super::*;

    fn socket(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("hiresync-http-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("socket");
        std::fs::remove_file(&path).ok();
        path
    }

    async fn answer_once(listener: &UnixListener, parts: &[&[u8]], body_len: usize) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let mut body = vec![0; body_len];
        stream.read_exact(&mut body).await.unwrap();
        request.extend(body);
        for part in parts {
            stream.write_all(part).await.unwrap();
            stream.flush().await.unwrap();
        }
        String::from_utf8(request).unwrap()
    }

    #[tokio::test]
    async fn the_command_line_asks_and_orders_over_the_socket() {
        let path = socket("ask");
        let listener = UnixListener::bind(&path).unwrap();
        let local = Local::new(&path).unwrap();
        let parts: [&[u8]; 1] = [b"HTTP/1.1 403 No\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"];
        let (response, request) =
            tokio::join!(local.post("/v1/sync", r#"{"who":1}"#), answer_once(&listener, &parts, 9));
        let response = response.unwrap();
        assert_eq!((response.status, &response.body[..]), (403, &b"{}"[..]));
        assert!(
            request.starts_with("POST /v1/sync HTTP/1.1\r\n") && request.ends_with("\r\n\r\n{\"who\":1}")
        );
        let (response, request) = tokio::join!(local.get("v1/status?a=b"), answer_once(&listener, &parts, 0));
        assert_eq!(response.unwrap().status, 403);
        assert!(request.starts_with("GET /v1/status?a=b HTTP/1.1\r\n"));
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[tokio::test]
    async fn lines_arrive_one_by_one_wherever_the_daemon_cuts_them() {
        let path = socket("lines");
        let listener = UnixListener::bind(&path).unwrap();
        let local = Local::new(&path).unwrap();
        let parts: [&[u8]; 4] = [
            b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"a\"",
            b":1}\n{\"b\":2}\n\n{\"",
            b"\xffc\"",
            b":3}",
        ];
        let read = async {
            let mut lines = local.lines("/v1/history?follow=true").await.unwrap();
            let mut all = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                all.push(line);
            }
            (lines.status(), all)
        };
        let ((status, all), _) = tokio::join!(read, answer_once(&listener, &parts, 0));
        assert_eq!(status, 200);
        assert_eq!(all, ["{\"a\":1}", "{\"b\":2}", "", "{\"\u{fffd}c\":3}"]);
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[tokio::test]
    async fn a_daemon_that_is_not_running_was_sent_nothing() {
        let failure = Local::new(&socket("nobody")).unwrap().get("/v1/status").await.unwrap_err();
        assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
    }
}
