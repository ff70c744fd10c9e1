//! Why a letter did not go.

use std::fmt;

/// What kind of refusal, which decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nobody is there, or the connection broke.
    Unreachable,
    /// No trust in the certificate, or no TLS at all.
    Tls,
    /// User or password is refused, or there is no way to log in.
    Login,
    /// Not now.
    Later,
    /// Not like this: a sender, a recipient or an address that is refused.
    Refused,
    /// What was said cannot be understood.
    Unclear,
}

/// Why, for the log and for whoever asked. `Display` tells no address: what the server said may hold some.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind.
    pub kind: Kind,
    /// The number the server answered with.
    pub code: Option<u16>,
    /// What the server, or the network, said: shown to whoever runs `notify test`, and nowhere else.
    pub said: String,
}

impl Kind {
    /// A stable code, for logs and status.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Unreachable => "unreachable",
            Kind::Tls => "tls",
            Kind::Login => "login",
            Kind::Later => "later",
            Kind::Refused => "refused",
            Kind::Unclear => "unclear",
        }
    }

    /// What it means.
    pub fn what(self) -> &'static str {
        match self {
            Kind::Unreachable => "the server cannot be reached",
            Kind::Tls => "no trusted TLS connection can be made",
            Kind::Login => "the server refuses user and password",
            Kind::Later => "the server asks to come back later",
            Kind::Refused => "the server refuses the letter",
            Kind::Unclear => "the server answers what nobody understands",
        }
    }

    /// What to do.
    pub fn remedy(self) -> &'static str {
        match self {
            Kind::Unreachable => {
                "check server and port, and whether a firewall lets this machine out; it is tried again"
            }
            Kind::Tls => {
                "check tls and port (587 with \"starttls\", 465 with \"tls\"), that the name is the certificate's, and that this \
                 machine trusts who signed it"
            }
            Kind::Login => {
                "check user and password; many providers ask for an app password, or for SMTP to be switched on"
            }
            Kind::Later => "nothing, unless it lasts: it is tried again",
            Kind::Refused => {
                "check the recipient, and that the server lets this user send as `from`; the address of a webhook may be revoked"
            }
            Kind::Unclear => {
                "check that server and port are a mail server's, or that the address takes a webhook"
            }
        }
    }

    /// Whether the configuration is at fault, rather than the world.
    pub fn is_of_settings(self) -> bool {
        matches!(self, Kind::Tls | Kind::Login | Kind::Refused)
    }
}

impl Refusal {
    /// One without a number.
    pub fn new(kind: Kind, said: impl Into<String>) -> Refusal {
        Refusal { kind, code: None, said: said.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.what())?;
        self.code.map_or(Ok(()), |code| write!(f, " ({code})"))
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Refusal {}
