//! A pretend vendor behind a TCP port: just enough HTTP/1.1 for a client library and for `curl`.
//!
//! Written by hand because half of its work is to be a bad server: a library for good ones will not promise a
//! body and then close the connection.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::lever::{ANSWER_MS_MAX, Delivery, loopback};
use crate::message::{Millis, Reply, Request, Sending};

/// Longest request line and headers together.
const HEAD_MAX: usize = 32 * 1024;
/// Longest request body.
const BODY_MAX: usize = 1024 * 1024;
/// Between two bytes of a slow body.
const SLOW_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks whether a webhook is due, while any is registered.
const OUTBOX_PAUSE: Duration = Duration::from_millis(50);
/// What an endless body goes on with.
const BLANKS: [u8; 4096] = [b' '; 4096];
/// After a connection could not be taken, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A vendor as the server sees it. Whoever calls [`Pretend::handle`] without a server need not tell the rest.
pub trait Pretend: Send + 'static {
    /// Answers one request.
    fn handle(&mut self, now: Millis, request: &Request) -> Reply;

    /// A request came in; it is answered after [`Pretend::think_ms`].
    fn begun(&mut self, _request: &Request) {}

    /// Its answer is out, or nobody is left to take it.
    fn finished(&mut self, _request: &Request) {}

    /// How long an answer takes. Without it no two requests are ever under way at once.
    fn think_ms(&self) -> Millis {
        0
    }

    /// What is to be posted now, each handed out once.
    fn outbox(&mut self, _now: Millis) -> Vec<Delivery> {
        Vec::new()
    }

    /// Whether something may have to be posted without a request before.
    fn may_post(&self) -> bool {
        false
    }

    /// How a delivery went.
    fn delivered(&mut self, _id: u64, _now: Millis, _ok: bool) {}
}

/// Answers on this port and posts the webhooks that are due, until `shutdown` is done; then drops every connection.
/// `clock` tells the time in milliseconds since the epoch.
pub async fn serve<P: Pretend>(
    vendor: Arc<Mutex<P>>,
    listener: TcpListener,
    clock: impl Fn() -> u64 + Send + Sync + 'static,
    shutdown: impl Future<Output = ()>,
) {
    let clock: Clock = Arc::new(clock);
    let asked = Arc::new(Notify::new());
    let mut connections = JoinSet::new();
    connections.spawn(post_webhooks(Arc::clone(&vendor), Arc::clone(&clock), Arc::clone(&asked)));
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let seat =
                        Seat { vendor: Arc::clone(&vendor), clock: Arc::clone(&clock), asked: Arc::clone(&asked) };
                    connections.spawn(async move {
                        // The peer went away: nobody is left to tell.
                        let _ = converse(stream, &seat).await;
                    });
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

/// What a connection needs to know.
struct Seat<P> {
    vendor: Arc<Mutex<P>>,
    clock: Clock,
    asked: Arc<Notify>,
}

impl<P: Pretend> Seat<P> {
    async fn answer(&self, request: &Request) -> Reply {
        let pause = {
            let mut vendor = account(&self.vendor);
            vendor.begun(request);
            vendor.think_ms()
        };
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let reply = account(&self.vendor).handle((self.clock)(), request);
        self.asked.notify_one();
        reply
    }
}

fn account<P>(vendor: &Mutex<P>) -> MutexGuard<'_, P> {
    vendor.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Posts what is due, for ever. Only while a webhook is registered it looks again and again: events come from requests
/// and from whoever holds the account.
async fn post_webhooks<P: Pretend>(vendor: Arc<Mutex<P>>, clock: Clock, asked: Arc<Notify>) {
    let mut posts = JoinSet::new();
    loop {
        let (due, is_awaited) = {
            let mut vendor = account(&vendor);
            let due = vendor.outbox(clock());
            (due, vendor.may_post())
        };
        for delivery in due {
            let (vendor, clock) = (Arc::clone(&vendor), Arc::clone(&clock));
            posts.spawn(async move {
                let patience = Duration::from_millis(ANSWER_MS_MAX);
                let answer = tokio::time::timeout(patience, post(&delivery)).await;
                let ok = matches!(answer, Ok(Ok(status)) if (200..300).contains(&status));
                account(&vendor).delivered(delivery.id, clock(), ok);
            });
        }
        tokio::select! {
            () = asked.notified() => {}
            Some(_) = posts.join_next() => {}
            () = tokio::time::sleep(OUTBOX_PAUSE), if is_awaited => {}
        }
    }
}

/// The status somebody answers a webhook with. Nothing is sent to another machine.
async fn post(delivery: &Delivery) -> io::Result<u16> {
    let (authority, path) = loopback(&delivery.url).ok_or(io::ErrorKind::Unsupported)?;
    let mut stream = TcpStream::connect(authority).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: Lever-Webhooks\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        delivery.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(delivery.body.as_bytes()).await?;
    let mut line = Vec::new();
    while !line.ends_with(b"\n") && line.len() < HEAD_MAX {
        line.push(stream.read_u8().await?);
    }
    let status = str::from_utf8(&line).ok().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Requests and answers on one connection, until one side has enough.
async fn converse<P: Pretend>(mut stream: TcpStream, seat: &Seat<P>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut received = BytesMut::new();
    loop {
        let (request, keeps_alive) = match receive(&mut stream, &mut received).await? {
            Received::Request(request, keeps_alive) => (request, keeps_alive),
            Received::Refused(status) => return stream.write_all(&refusal(status)).await,
            Received::Closed => return Ok(()),
        };
        let reply = seat.answer(&request).await;
        let sent = send(&mut stream, &request, &reply, keeps_alive).await;
        account(&seat.vendor).finished(&request);
        if !sent? || !keeps_alive {
            return Ok(());
        }
    }
}

/// What came in.
enum Received {
    /// A request, and whether the client wants to go on.
    Request(Request, bool),
    /// Something no request; answer with this status and close.
    Refused(u16),
    /// The client is done.
    Closed,
}

async fn receive(stream: &mut TcpStream, received: &mut BytesMut) -> io::Result<Received> {
    let head_length = loop {
        if let Some(at) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if received.len() > HEAD_MAX {
            return Ok(Received::Refused(431));
        }
        if stream.read_buf(received).await? == 0 {
            return Ok(Received::Closed);
        }
    };
    let head = received.split_to(head_length);
    received.advance(4);
    let Some((mut request, keeps_alive)) = str::from_utf8(&head).ok().and_then(parse_head) else {
        return Ok(Received::Refused(400));
    };
    if request.header("transfer-encoding").is_some() {
        return Ok(Received::Refused(411));
    }
    let body_length = match request.header("content-length").map_or(Ok(0), str::parse) {
        Ok(length) if length <= BODY_MAX => length,
        Ok(_) => return Ok(Received::Refused(413)),
        Err(_) => return Ok(Received::Refused(400)),
    };
    while received.len() < body_length {
        if stream.read_buf(received).await? == 0 {
            return Ok(Received::Closed);
        }
    }
    request.body = Bytes::from(received.split_to(body_length).to_vec());
    Ok(Received::Request(request, keeps_alive))
}

fn parse_head(head: &str) -> Option<(Request, bool)> {
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target, version) = (first.next()?, first.next()?, first.next()?);
    let mut request = Request::new(method, target);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let connection = request.header("connection").unwrap_or_default();
    let keeps_alive = version == "HTTP/1.1" && !connection.eq_ignore_ascii_case("close");
    Some((request, keeps_alive))
}

/// Acts the reply out; false when the connection is to be closed.
async fn send(
    stream: &mut TcpStream,
    request: &Request,
    reply: &Reply,
    keeps_alive: bool,
) -> io::Result<bool> {
    let is_open = matches!(reply.sending, Sending::Cut { after } if after > reply.body.len());
    let mut message = head(reply, keeps_alive && !is_open, is_open);
    let body: &[u8] = if request.method == "HEAD" { &[] } else { &reply.body };
    match reply.sending {
        Sending::Whole => {
            message.extend_from_slice(body);
            stream.write_all(&message).await?;
            Ok(true)
        }
        Sending::Cut { after } => {
            message.extend_from_slice(&body[..after.min(body.len())]);
            stream.write_all(&message).await?;
            let mut more = after.saturating_sub(body.len());
            while more > 0 {
                let blanks = &BLANKS[..more.min(BLANKS.len())];
                stream.write_all(blanks).await?;
                more -= blanks.len();
            }
            Ok(false)
        }
        Sending::Nothing => Ok(false),
        Sending::Hang => {
            let mut ignored = [0; 1024];
            while stream.read(&mut ignored).await? > 0 {}
            Ok(false)
        }
        Sending::Slowly => {
            stream.write_all(&message).await?;
            for byte in body {
                tokio::time::sleep(SLOW_PAUSE).await;
                stream.write_all(&[*byte]).await?;
            }
            Ok(true)
        }
    }
}

/// `is_open`: the end of the connection is the end of the body.
fn head(reply: &Reply, keeps_alive: bool, is_open: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, phrase(reply.status));
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let connection = if keeps_alive { "keep-alive" } else { "close" };
    if reply.status != 204 && !is_open {
        head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
    }
    head.push_str(&format!("connection: {connection}\r\n\r\n"));
    head.into_bytes()
}

fn refusal(status: u16) -> Vec<u8> {
    format!("HTTP/1.1 {status} {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", phrase(status))
        .into_bytes()
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lever::{Fault, Lever, NewContact, Settings};
    use crate::message::basic_auth;

    const NOW: u64 = 784_111_777_000;

    struct Running {
        lever: Arc<Mutex<Lever>>,
        address: std::net::SocketAddr,
        _task: JoinSet<()>,
    }

    impl Running {
        async fn start() -> Running {
            let mut lever = Lever::new(Settings::default());
            let contact = lever.add_contact(NewContact::named("Ada Example"));
            lever.add_opportunity(NOW, &contact, None).unwrap();
            let lever = Arc::new(Mutex::new(lever));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let mut task = JoinSet::new();
            task.spawn(serve(Arc::clone(&lever), listener, || NOW, std::future::pending()));
            Running { lever, address, _task: task }
        }

        fn plan(&self, fault: &str) {
            self.lever.lock().unwrap().add_fault(Fault::parse(fault).unwrap());
        }

        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }

        /// Everything that comes back until the server closes.
        async fn send(&self, request: &str) -> String {
            let mut stream = self.connect().await;
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8(answer).unwrap()
        }
    }

    fn get(path: &str, more: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n{more}\r\n",
            basic_auth("sandbox-key")
        )
    }

    fn closing(path: &str) -> String {
        get(path, "Connection: close\r\n")
    }

    /// The promised length and the body that came.
    fn body_of(answer: &str) -> (usize, &str) {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        (length.parse().unwrap(), body)
    }

    #[tokio::test]
    async fn a_request_is_answered_whole_and_the_connection_stays() {
        let server = Running::start().await;
        let answer = server.send(&(get("/v1/stages", "") + &closing("/v1/stages?limit=1"))).await;
        let second = answer.rfind("HTTP/1.1 200 OK\r\n").unwrap();
        assert!(second > 0, "two answers on one connection");
        assert!(answer.contains("\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
        let (length, body) = body_of(&answer[second..]);
        assert_eq!((length, &body[..9]), (body.len(), "{\"data\":["));
    }

    #[tokio::test]
    async fn a_body_is_read_whether_it_comes_at_once_or_late() {
        let server = Running::start().await;
        let body = r#"{"name": "Ben Example"}"#;
        let mut stream = server.connect().await;
        let head = format!(
            "POST /sandbox/hire HTTP/1.1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        for part in [&head[..20], &head[20..], &body[..3], &body[3..]] {
            stream.write_all(part.as_bytes()).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert_eq!(server.lever.lock().unwrap().hired()[0].name, "Ben Example");
    }

    #[tokio::test]
    async fn a_cut_answer_promises_more_than_it_brings() {
        let server = Running::start().await;
        server.plan("cut");
        let answer = server.send(&get("/v1/opportunities", "")).await;
        let (length, body) = body_of(&answer);
        assert_eq!(body.len(), length / 2);
    }

    #[tokio::test]
    async fn an_endless_body_promises_no_length_and_goes_on() {
        let server = Running::start().await;
        server.plan("endless");
        let mut stream = server.connect().await;
        stream.write_all(get("/v1/stages", "").as_bytes()).await.unwrap();
        let mut received = vec![0; 3 << 20];
        stream.read_exact(&mut received).await.unwrap();
        let head = String::from_utf8_lossy(&received[..1024]).into_owned();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && !head.contains("content-length"), "{head}");
        assert_eq!(received.last(), Some(&b' '));
    }

    #[tokio::test]
    async fn a_half_page_is_as_long_as_it_says() {
        let server = Running::start().await;
        server.plan("half");
        let answer = server.send(&closing("/v1/opportunities")).await;
        let (length, body) = body_of(&answer);
        assert_eq!(body.len(), length);
        assert!(!body.ends_with('}'));
    }

    #[tokio::test]
    async fn a_closed_connection_brings_no_byte() {
        let server = Running::start().await;
        for fault in ["close", "lost"] {
            server.plan(fault);
            assert_eq!(server.send(&get("/v1/opportunities", "")).await, "");
        }
        assert_eq!(server.lever.lock().unwrap().figures().requests, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_connection_outlasts_any_patience_and_holds_nobody_else_up() {
        let server = Running::start().await;
        server.plan("hang");
        let mut stream = server.connect().await;
        stream.write_all(get("/v1/stages", "").as_bytes()).await.unwrap();
        // The clock is paused: an hour passes as soon as nothing else can happen.
        let waited = tokio::time::timeout(Duration::from_secs(3600), stream.read_u8()).await;
        assert!(waited.is_err());
        assert!(server.send(&closing("/v1/stages")).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_takes_a_second_a_byte() {
        let server = Running::start().await;
        server.plan("slow");
        let started = tokio::time::Instant::now();
        let answer = server.send(&closing("/v1/stages?limit=1")).await;
        let (length, body) = body_of(&answer);
        assert_eq!(body.len(), length);
        assert_eq!(started.elapsed().as_secs(), length as u64);
    }

    #[tokio::test]
    async fn what_is_no_request_is_refused_and_harms_nobody() {
        let server = Running::start().await;
        let endless = format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(HEAD_MAX));
        for (request, status) in [
            ("nonsense\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
            ("POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", "413"),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "411"),
            (&endless, "431"),
        ] {
            let answer = server.send(request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        }
        assert!(server.send(&closing("/v1/stages")).await.starts_with("HTTP/1.1 200"));
    }

    /// Registers a hook at `listener` and hires somebody.
    fn hire_within_earshot(server: &Running, listener: &TcpListener) {
        let mut lever = server.lever.lock().unwrap();
        let order = format!(
            r#"{{"event": "candidateHired", "url": "http://{}/lever"}}"#,
            listener.local_addr().unwrap()
        );
        let request = Request::new("POST", "/v1/webhooks").with_key("sandbox-key").with_body(order);
        assert_eq!(lever.handle(NOW, &request).status, 201);
        let opportunity = lever.opportunities()[0].id.clone();
        lever.hire(NOW, &opportunity).unwrap();
    }

    /// Takes one webhook and answers it.
    async fn take(listener: &TcpListener, status: &str) -> (String, serde_json::Value) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut received = BytesMut::new();
        let Received::Request(request, _) = receive(&mut stream, &mut received).await.unwrap() else {
            panic!("no request: {received:?}");
        };
        let reply = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(reply.as_bytes()).await.unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/lever"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        let agent = request.header("user-agent").unwrap().to_owned();
        (agent, serde_json::from_slice(&request.body).unwrap())
    }

    #[tokio::test]
    async fn a_webhook_is_posted_until_it_is_acknowledged_and_others_are_served_meanwhile() {
        let server = Running::start().await;
        server.lever.lock().unwrap().set_webhook_pauses(vec![0, 0]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        hire_within_earshot(&server, &listener);
        assert!(server.send(&closing("/v1/stages")).await.starts_with("HTTP/1.1 200"));
        let (agent, first) = take(&listener, "302 Found").await;
        let (_, second) = take(&listener, "204 No Content").await;
        assert_eq!((agent.as_str(), &first["event"]), ("Lever-Webhooks", &"candidateHired".into()));
        assert_eq!(first, second);
        while server.lever.lock().unwrap().undelivered() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_webhook_nobody_answers_is_given_up() {
        let server = Running::start().await;
        server.lever.lock().unwrap().set_webhook_pauses(vec![0]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        hire_within_earshot(&server, &listener);
        server.send(&closing("/v1/stages")).await;
        let first = listener.accept().await.unwrap();
        let second = listener.accept().await.unwrap();
        while server.lever.lock().unwrap().undelivered() > 0 {
            tokio::time::advance(OUTBOX_PAUSE).await;
        }
        drop((first, second));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_at_once_is_counted_while_the_vendor_thinks() {
        use crate::cezanne::{Cezanne, Settings, TOKEN_PATH};
        let settings = Settings { think_ms: 60_000, ..Settings::default() };
        let cezanne = Arc::new(Mutex::new(Cezanne::new(settings, NOW)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut task = JoinSet::new();
        task.spawn(serve(Arc::clone(&cezanne), listener, || NOW, std::future::pending()));
        let mut streams = Vec::new();
        for _ in 0..5 {
            streams.push(TcpStream::connect(address).await.unwrap());
        }
        let request = format!("POST {TOKEN_PATH} HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        for stream in &mut streams {
            stream.write_all(request.as_bytes()).await.unwrap();
        }
        for stream in &mut streams {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        }
        let cezanne = cezanne.lock().unwrap();
        assert_eq!((cezanne.figures().most_tokens_at_once, cezanne.figures().most_at_once), (5, 0));
    }

    #[tokio::test]
    async fn shutdown_drops_the_connections_and_ends() {
        let lever = Arc::new(Mutex::new(Lever::new(Settings::default())));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut task = JoinSet::new();
        task.spawn(serve(lever, listener, || NOW, async {
            let _ = stopped.await;
        }));
        let mut idle = TcpStream::connect(address).await.unwrap();
        stop.send(()).unwrap();
        task.join_next().await.unwrap().unwrap();
        assert!(matches!(idle.read(&mut [0; 8]).await, Ok(0) | Err(_)));
    }
}
