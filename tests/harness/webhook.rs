//! Lever's side of a webhook: signing, and sending whatever a sender may send.

use std::{
    fs,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use sandbox::Request;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    Daemon, World,
    lever::{Hire, now_ms},
};

/// A signature token.
pub const TOKEN: &str = "3f0c9b7e5a1d4c2f8e6b0a9d7c5e3f1a2b4d6f8091a3c5e7";
const SOON: Duration = Duration::from_secs(40);

/// What Lever says happened, before it is signed.
#[derive(Debug, Clone)]
pub struct Event {
    pub kind: &'static str,
    pub data: Value,
    /// The random token of the delivery.
    pub token: String,
    /// In milliseconds since the epoch.
    pub at: u64,
}

impl Event {
    /// `candidateHired` of this hire, now. `token` tells deliveries apart.
    pub fn hired(hire: &Hire, token: &str) -> Event {
        let data = json!({ "contactId": hire.contact.as_str(), "opportunityId": hire.opportunity.as_str() });
        Event { kind: "candidateHired", data, token: token.to_owned(), at: now_ms() }
    }

    /// The same about something else; the signature does not cover it.
    pub fn with(self, kind: &'static str, data: Value) -> Event {
        Event { kind, data, ..self }
    }

    /// The same, as if it had happened then.
    pub fn at(self, at: u64) -> Event {
        Event { at, ..self }
    }

    /// As Lever sends it, signed by `key`.
    pub fn signed_by(&self, key: &str) -> String {
        self.with_signature(&json!(sign(key, &self.token, self.at)))
    }

    /// As anybody may send it.
    pub fn with_signature(&self, signature: &Value) -> String {
        json!({
            "id": self.token,
            "event": self.kind,
            "triggeredAt": self.at,
            "token": self.token,
            "signature": signature,
            "data": self.data,
        })
        .to_string()
    }
}

/// `hex(HMAC-SHA256(key, token + triggeredAt))`, as Lever's webhook documentation has it.
pub fn sign(key: &str, token: &str, at: u64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{token}{at}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

impl World {
    /// The same with a receiver on a free port, which believes these tokens.
    pub fn with_webhook(self, tokens: &[&str]) -> World {
        self.write_tokens(tokens);
        self.write_config(&self.webhook_config("127.0.0.1:0"));
        self
    }

    /// The configuration with a receiver there.
    pub fn webhook_config(&self, listen: &str) -> String {
        let section = format!(
            "\n[webhook]\nlisten = \"{listen}\"\nsignature_tokens = [{{ file = \"webhook-tokens\" }}]\n"
        );
        self.config_text() + &section
    }

    /// Replaces the tokens, one a line.
    pub fn write_tokens(&self, tokens: &[&str]) {
        fs::write(self.path("webhook-tokens"), tokens.join("\n")).unwrap();
    }

    /// Has the pretend Lever itself send these events to the daemon, which is told of the tokens.
    pub fn register_webhooks(&self, daemon: &mut Daemon, events: &[&str]) {
        let url = format!("http://{}/lever", daemon.webhook_address());
        let mut account = self.lever.account();
        let key = account.settings().api_key.clone();
        for event in events {
            let order = json!({ "event": event, "url": url }).to_string();
            let request = Request::new("POST", "/v1/webhooks").with_key(&key).with_body(order);
            assert_eq!(account.handle(now_ms(), &request).status, 201);
        }
        let tokens: Vec<String> =
            account.webhooks().iter().map(|hook| hook.signature_token.clone()).collect();
        drop(account);
        self.write_tokens(&tokens.iter().map(String::as_str).collect::<Vec<_>>());
        daemon.reload();
    }
}

impl Daemon {
    /// SIGHUP, and until the new configuration is in force.
    #[track_caller]
    pub fn reload(&mut self) {
        let said = |log: &str| log.matches("the new configuration is in force").count();
        let before = said(&self.log());
        self.signal(rustix::process::Signal::HUP);
        super::wait_until("the new configuration is in force", SOON, || {
            (said(&self.log()) > before).then_some(())
        });
    }

    /// The webhook's part of the status.
    #[track_caller]
    pub fn webhook(&self) -> Value {
        self.status()["webhook"].clone()
    }

    /// Where it takes webhooks.
    #[track_caller]
    pub fn webhook_address(&self) -> SocketAddr {
        self.webhook()["listening"].as_str().expect("it listens").parse().unwrap()
    }

    /// Memory that is resident now, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }
}

/// A connection that is kept.
pub struct Line(TcpStream);

impl Line {
    /// Connects.
    pub fn to(address: SocketAddr) -> Line {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Line(stream)
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Posts a delivery as Lever does; the status and what follows the head.
    pub fn post(&mut self, body: &str) -> io::Result<(u16, String)> {
        self.send(request(body).as_bytes())?;
        self.answer()
    }

    /// One answer: its status, and its body as far as its length says.
    pub fn answer(&mut self) -> io::Result<(u16, String)> {
        let mut head = Vec::new();
        let mut byte = [0; 512];
        while !head.windows(4).any(|four| four == b"\r\n\r\n") {
            let length = self.0.read(&mut byte)?;
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            head.extend_from_slice(&byte[..length]);
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.ok_or(io::ErrorKind::InvalidData)?, body.to_owned()))
    }

    /// Whatever comes until the other side closes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let _ = self.0.read_to_end(&mut rest);
        rest
    }
}

/// The request that Lever makes.
pub fn request(body: &str) -> String {
    format!(
        "POST /lever HTTP/1.1\r\nHost: hiresync\r\nUser-Agent: Lever-Webhooks\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Posts one delivery on a connection of its own; the status.
#[track_caller]
pub fn post(address: SocketAddr, body: &str) -> u16 {
    Line::to(address).post(body).unwrap().0
}
