use std::{error::Error as _, fmt, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::{
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
};

use crate::{Failure, Method, Problem, Request, Response, Transport, is_loopback};

/// Time for a connection, its TLS handshake included. Shorter than a request's deadline, so that a host that is down is
/// told from one that does not answer.
const CONNECT: Duration = Duration::from_secs(10);

/// The real [`Transport`].
///
/// * TLS by rustls with the machine's trust store; HTTP/1.1.
/// * One attempt: no redirect is followed (a 3xx is an answer), nothing is retried, no cookie is kept.
/// * The deadline covers everything from the name look-up to the last byte; the cap on the body counts bytes after
///   decompression and is enforced while they arrive.
/// * Plain http goes to this machine only, whatever the caller asks for.
/// * `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are honoured, except towards this machine: a firm that makes its servers go
///   through a proxy has said so there. A proxy cannot read what travels over TLS.
#[derive(Clone)]
pub struct Client {
    through_proxy: reqwest::Client,
    direct: reqwest::Client,
}

impl Client {
    /// Reads the machine's trust store, and the proxy from the environment.
    pub fn new() -> Result<Self, Problem> {
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| Problem {
                problem: format!("no TLS client can be made: {}", causes(error)),
                remedy: "install the system's CA certificates (Debian: ca-certificates); look at HTTPS_PROXY"
                    .to_owned(),
            })
        };
        Ok(Client { through_proxy: build(builder())?, direct: build(builder().no_proxy())? })
    }

    async fn attempt(&self, request: Request) -> Result<Response, Failure> {
        let local = is_loopback(&request.url);
        match request.url.scheme() {
            "https" => {}
            "http" if local => {}
            _ => return Err(Failure::NotSent("only https leaves this machine".to_owned())),
        }
        let client = if local { &self.direct } else { &self.through_proxy };
        let sent = client
            .request(method(request.method), request.url)
            .headers(headers(&request.headers)?)
            .body(request.body)
            .send()
            .await;
        match sent {
            Ok(answer) => receive(answer, request.body_max).await,
            Err(error) => Err(unsent_or_unanswered(error)),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // reqwest's own text may hold a proxy's password.
        f.write_str("Client")
    }
}

#[async_trait]
impl Transport for Client {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let deadline = request.deadline;
        within(deadline, Box::pin(self.attempt(request))).await
    }
}

/// What every client here has in common.
pub(crate) fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("hiresync/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
}

pub(crate) async fn within<T>(
    deadline: Duration,
    exchange: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(deadline, exchange)
        .await
        .unwrap_or_else(|_| Err(Failure::Unanswered(format!("no whole answer within {deadline:?}"))))
}

pub(crate) async fn receive(mut answer: reqwest::Response, body_max: usize) -> Result<Response, Failure> {
    let status = answer.status().as_u16();
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken_off)? {
        if chunk.len() > body_max - body.len() {
            return Err(Failure::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body: Bytes::from(body) })
}

pub(crate) fn unsent_or_unanswered(error: reqwest::Error) -> Failure {
    let never_left = error.is_connect() || error.is_builder();
    let why = causes(error);
    if never_left { Failure::NotSent(why) } else { Failure::Unanswered(why) }
}

pub(crate) fn broken_off(error: reqwest::Error) -> Failure {
    Failure::Unanswered(format!("the answer broke off: {}", causes(error)))
}

/// The reasons under reqwest's own message, which names the address. None of them quotes a request or an answer.
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // Some layers repeat the text of the one below.
        if !causes.iter().any(|known: &String| known.contains(&text)) {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() { error.to_string() } else { causes.join(": ") }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn headers(pairs: &[(&'static str, String)]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        let unusable = || Failure::NotSent(format!("the header {name} cannot be sent as it is"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| unusable())?;
        value.set_sensitive(key == AUTHORIZATION);
        headers.append(key, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpSocket, TcpStream},
    };
    use url::Url;

    use super::*;

    /// Asks a server that reads one request, answers with `answer` and closes.
    async fn ask(answer: &[u8], change: impl FnOnce(&mut Request)) -> (Result<Response, Failure>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/people?email=planted%40example.com", listener.local_addr().unwrap());
        let mut request = Request::get(Url::parse(&url).unwrap());
        request.headers.push(("authorization", "Basic planted-key".to_owned()));
        change(&mut request);
        let client = Client::new().unwrap();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = read_head(&mut stream).await;
            stream.write_all(answer).await.unwrap();
            stream.shutdown().await.ok();
            head
        };
        tokio::join!(client.send(request), serve)
    }

    async fn read_head(stream: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    fn assert_tells_nothing(failure: &Failure) {
        let text = format!("{failure} {failure:?}");
        assert!(!text.contains("planted") && !text.contains("email"), "{text}");
    }

    #[tokio::test]
    async fn an_answer_comes_back_whole_whatever_its_status() {
        let (outcome, head) =
            ask(b"HTTP/1.1 418 No\r\nX-Odd: \xff\r\ncontent-length: 2\r\n\r\nhi", |_| ()).await;
        let response = outcome.unwrap();
        assert_eq!((response.status, &response.body[..]), (418, &b"hi"[..]));
        assert_eq!(response.header("x-odd"), Some("\u{fffd}"));
        assert!(head.starts_with("GET /v1/people?email=planted%40example.com HTTP/1.1\r\n"));
        let head = head.to_ascii_lowercase();
        assert!(head.contains(concat!("user-agent: hiresync/", env!("CARGO_PKG_VERSION"), "\r\n")));
        assert!(
            head.contains("authorization: basic planted-key\r\n")
                && head.contains("accept-encoding: gzip\r\n")
        );
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_nobody_follows_it() {
        let (outcome, _) =
            ask(b"HTTP/1.1 301 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n", |_| ()).await;
        let response = outcome.unwrap();
        assert_eq!((response.status, response.header("location")), (301, Some("/elsewhere")));
    }

    #[tokio::test]
    async fn a_body_longer_than_allowed_is_refused_while_it_arrives() {
        let long = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 200_000]].concat();
        let (outcome, _) = ask(&long, |request| request.body_max = 199_999).await;
        assert_eq!(outcome.unwrap_err(), Failure::TooLong);
        let (outcome, _) = ask(&long, |request| request.body_max = 200_000).await;
        assert_eq!(outcome.unwrap().body.len(), 200_000);
    }

    #[tokio::test]
    async fn the_cap_counts_bytes_after_decompression() {
        // 100,000 times NUL, in 132 bytes.
        let mut zipped =
            vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xed, 0xc1, 0x31, 1, 0, 0, 0, 0xc2, 0xa0, 0xf5];
        zipped.extend([0x4f, 0x6d, 0x0d, 0x0f, 0xa0]);
        zipped.resize(121, 0);
        zipped.extend([0x80, 0x57, 3, 0x7d, 0x95, 0x11, 0xd4, 0xa0, 0x86, 1, 0]);
        assert_eq!(zipped.len(), 132);
        let answer = [&b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"[..], &zipped].concat();
        let (outcome, _) = ask(&answer, |_| ()).await;
        assert_eq!(outcome.unwrap().body.len(), 100_000);
        let (outcome, _) = ask(&answer, |request| request.body_max = 50_000).await;
        assert_eq!(outcome.unwrap_err(), Failure::TooLong);
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_off_may_have_been_acted_upon() {
        for cut in [
            &b""[..],
            b"HTTP/1.1 200 OK\r\ncontent-le",
            b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nplanted",
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\nplanted",
            b"planted is not http\r\n\r\n",
        ] {
            let (outcome, _) = ask(cut, |_| ()).await;
            let failure = outcome.unwrap_err();
            assert!(matches!(failure, Failure::Unanswered(_)), "{failure:?}");
            assert_tells_nothing(&failure);
        }
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_given_up_at_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/?email=planted", listener.local_addr().unwrap())).unwrap();
        let request = Request { deadline: Duration::from_millis(100), ..Request::get(url) };
        let failure = Client::new().unwrap().send(request).await.unwrap_err();
        assert!(matches!(failure, Failure::Unanswered(_)), "{failure:?}");
        assert_tells_nothing(&failure);
    }

    #[tokio::test]
    async fn what_never_left_is_told_from_what_was_not_answered() {
        let bound = TcpSocket::new_v4().unwrap();
        bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let nobody = format!("http://{}/?email=planted", bound.local_addr().unwrap());
        let plain = "http://example.com/?email=planted".to_owned();
        let no_name = "https://planted.invalid/?email=planted".to_owned();
        for url in [nobody, plain] {
            let mut request = Request::get(Url::parse(&url).unwrap());
            request.headers.push(("authorization", "planted".to_owned()));
            let failure = Client::new().unwrap().send(request).await.unwrap_err();
            assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
            assert_tells_nothing(&failure);
        }
        let request = Request {
            headers: vec![("x-odd", "planted\r\n".to_owned())],
            ..Request::get(Url::parse(&no_name).unwrap())
        };
        let failure = Client::new().unwrap().send(request).await.unwrap_err();
        assert_eq!(failure, Failure::NotSent("the header x-odd cannot be sent as it is".to_owned()));
    }

    #[tokio::test]
    async fn a_host_whose_handshake_fails_was_sent_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("https://{}/?email=planted", listener.local_addr().unwrap())).unwrap();
        let client = Client::new().unwrap();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 this port speaks no TLS\r\n\r\n").await.unwrap();
        };
        let (outcome, ()) = tokio::join!(client.send(Request::get(url)), serve);
        let failure = outcome.unwrap_err();
        assert!(matches!(failure, Failure::NotSent(_)), "{failure:?}");
        assert_tells_nothing(&failure);
    }
}
