//! Mail: one letter to one address over one connection, without retry; who calls knows when to come back.
//!
//! **Invariant:** nothing is said in the clear but to this machine: where STARTTLS is configured and not offered, nothing is sent.

use std::{error::Error as _, fmt, io, str::FromStr, time::Duration};

use lettre::{
    Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::{ClientId, Extension},
    },
};
use people::{Secret, Timestamp};
use tokio::time::timeout;

use crate::{Kind, Refusal, Text};

/// For the connection alone.
const CONNECT: Duration = Duration::from_secs(10);
/// For everything together. RFC 5321 allows minutes for each step; whoever is so slow is asked again later.
const DEADLINE: Duration = Duration::from_secs(60);

/// How a connection is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// It begins in the clear, and nothing is said before it is secret (RFC 3207); port 587.
    Starttls,
    /// From the first byte on (RFC 8314); port 465.
    Implicit,
    /// Not at all: to this machine only.
    None,
}

/// An address of mail, with or without a name. `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Mailbox);

/// A server, and who writes by it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailer {
    /// Its name: the one in its certificate.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How it is kept secret.
    pub tls: Tls,
    /// Who logs in, where somebody must.
    pub login: Option<(String, Secret)>,
    /// Who writes.
    pub from: Address,
    /// What we call ourselves; `None`: by our address.
    pub helo: Option<String>,
}

impl FromStr for Address {
    type Err = ();

    /// `hr@example.com` or `HR <hr@example.com>`.
    fn from_str(text: &str) -> Result<Address, ()> {
        if text.chars().any(char::is_control) {
            return Err(());
        }
        text.trim().parse().map(Address).map_err(|_| ())
    }
}

impl Address {
    /// The address alone, in lower case: one person is one recipient, however often and however it is written.
    pub fn plain(&self) -> String {
        self.0.email.to_string().to_lowercase()
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«address»")
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {:?}", self.server, self.port, self.tls)
    }
}

impl Mailer {
    /// Sends one letter. `id` is its own: sent twice it is one letter to a mail program.
    pub async fn send(&self, to: &Address, id: &str, at: Timestamp, text: &Text) -> Result<(), Refusal> {
        let message = self.message(to, id, at, text)?;
        within(async {
            let mut connection = self.connect().await?;
            let sent = connection.send(message.envelope(), &message.formatted()).await;
            sent.map_err(|error| refusal(&error, Stage::Letter))?;
            // The letter was taken, whatever becomes of the farewell.
            let _ = connection.quit().await;
            Ok(())
        })
        .await
    }

    /// Connects, makes the connection secret, logs in and says goodbye. Answers what was found, in words.
    pub async fn check(&self) -> Result<Vec<String>, Refusal> {
        within(async {
            let mut connection = self.connect().await?;
            let _ = connection.quit().await;
            let secret = match self.tls {
                Tls::Starttls => "STARTTLS, with a certificate this machine trusts",
                Tls::Implicit => "TLS, with a certificate this machine trusts",
                Tls::None => "without TLS, on this machine",
            };
            let login = match self.login {
                Some(_) => "user and password are accepted",
                None => "without a login",
            };
            Ok(vec![format!("{}:{} answers: {secret}; {login}", self.server, self.port)])
        })
        .await
    }

    fn message(&self, to: &Address, id: &str, at: Timestamp, text: &Text) -> Result<Message, Refusal> {
        let mine = |name: &'static str, value: &str| {
            HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
        };
        Message::builder()
            .from(self.from.0.clone())
            .to(to.0.clone())
            .subject(&text.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.0.email.domain())))
            .date(at.into())
            .header(ContentType::TEXT_PLAIN)
            // RFC 3834: nobody's absence note answers.
            .raw_header(mine("Auto-Submitted", "auto-generated"))
            .body(text.body.replace('\n', "\r\n"))
            .map_err(|error| Refusal::new(Kind::Refused, error.to_string()))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Refusal> {
        let hello = self.helo.clone().map_or_else(ClientId::default, ClientId::Domain);
        let parameters = || {
            TlsParameters::new_rustls(self.server.clone())
                .map_err(|error| Refusal::new(Kind::Tls, chain(&error)))
        };
        let implicit = if self.tls == Tls::Implicit { Some(parameters()?) } else { None };
        let at = (self.server.as_str(), self.port);
        let connected = AsyncSmtpConnection::connect_tokio1(at, Some(CONNECT), &hello, implicit, None).await;
        let mut connection = connected.map_err(|error| refusal(&error, Stage::Greeting))?;
        if self.tls == Tls::Starttls {
            if !connection.can_starttls() {
                let _ = connection.quit().await;
                return Err(Refusal::new(Kind::Tls, "the server offers no STARTTLS"));
            }
            let secret = connection.starttls(parameters()?, &hello).await;
            secret.map_err(|error| refusal(&error, Stage::Secrecy))?;
        }
        if let Some((user, password)) = &self.login {
            let known = [Mechanism::Plain, Mechanism::Login];
            if !known
                .iter()
                .any(|way| connection.server_info().supports_feature(Extension::Authentication(*way)))
            {
                let _ = connection.quit().await;
                return Err(Refusal::new(
                    Kind::Login,
                    "the server takes no user and password (AUTH PLAIN or LOGIN)",
                ));
            }
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            let logged_in = connection.auth(&known, &credentials).await;
            logged_in.map_err(|error| refusal(&error, Stage::Login))?;
        }
        Ok(connection)
    }
}

async fn within<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let late = |_| Err(Refusal::new(Kind::Unreachable, format!("no whole answer within {DEADLINE:?}")));
    timeout(DEADLINE, Box::pin(work)).await.unwrap_or_else(late)
}

/// How far it went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeting,
    Secrecy,
    Login,
    Letter,
}

fn refusal(error: &lettre::transport::smtp::Error, stage: Stage) -> Refusal {
    let kind = match stage {
        _ if error.is_transient() => Kind::Later,
        Stage::Login if error.is_permanent() => Kind::Login,
        _ if error.is_permanent() => Kind::Refused,
        _ if is_of_tls(error) => Kind::Tls,
        Stage::Secrecy if !error.is_timeout() => Kind::Tls,
        Stage::Letter if error.is_client() => Kind::Refused,
        _ if error.is_response() => Kind::Unclear,
        _ => Kind::Unreachable,
    };
    Refusal { kind, code: error.status().map(u16::from), said: chain(error) }
}

/// A handshake that fails is invalid data to tokio's TLS stream.
fn is_of_tls(error: &lettre::transport::smtp::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        source = cause.source();
    }
    error.is_tls()
}

fn chain(error: &dyn std::error::Error) -> String {
    error.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
