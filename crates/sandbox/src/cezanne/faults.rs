//! Faults on order: what goes wrong, where, how often.

use std::fmt;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::schema::Table;
use crate::amounts::Amounts;
use crate::message::Millis;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// `400` … `599`: this status with an error body; nothing is done.
    Status(u16),
    /// `429=30`, `503=30`: the same with `Retry-After: 30`; `429=date:30` writes it as an HTTP date.
    Wait {
        /// 429 or 503.
        status: u16,
        /// From now on.
        seconds: u32,
        /// Written as a date.
        as_date: bool,
    },
    /// `after=500` … `after=599`: it is done, and then this status is answered.
    After(u16),
    /// `close`: the connection closes without a byte; nothing is done.
    Close,
    /// `lost`: it is done, and then the connection closes without a byte.
    Lost,
    /// `hang`: no answer, the connection stays open; nothing is done.
    Hang,
    /// `stuck`: it is done, and then no answer comes.
    Stuck,
    /// `login`: 302 to a log-in page; nothing is done.
    Login,
    /// `html`: the log-in page itself with status 200; nothing is done.
    Html,
    /// `half`: it is done; half of the JSON comes, with a `content-length` that agrees.
    Half,
    /// `cut`: it is done; the connection closes in the middle of the body.
    Cut,
    /// `slow`: it is done; the body comes one byte a second.
    Slow,
    /// `bare`: it is done; the status is right and there is no body. Only inserts.
    Bare,
    /// `soft`: 200 with an error body; nothing is done. `soft=stored`: it is done.
    Soft {
        /// Whether it is done.
        stored: bool,
    },
    /// `foreign`: the link to the next page leads to another host. Only lists.
    Foreign,
    /// `nopatch=405` or `nopatch=501`: PATCH is refused, and a tunnelled MERGE is not. A state of the service.
    NoPatch(u16),
    /// `nolight`: writes in JSON light are refused with 415, verbose ones are not. A state of the service.
    NoLight,
}

impl FaultKind {
    fn is_state(self) -> bool {
        matches!(self, FaultKind::NoPatch(_) | FaultKind::NoLight)
    }

    fn read(text: &str) -> Result<FaultKind, &'static str> {
        let (word, argument) = text.split_once('=').map_or((text, None), |(word, rest)| (word, Some(rest)));
        Ok(match (word, argument) {
            ("after", Some(status)) => match status.parse() {
                Ok(status @ 500..=599) => FaultKind::After(status),
                _ => return Err("after takes a status from 500 to 599"),
            },
            ("429" | "503", Some(wait)) => {
                let (as_date, seconds) =
                    wait.strip_prefix("date:").map_or((false, wait), |rest| (true, rest));
                let seconds =
                    seconds.parse().map_err(|_| "429= and 503= take seconds, or date: and seconds")?;
                FaultKind::Wait { status: if word == "429" { 429 } else { 503 }, seconds, as_date }
            }
            ("nopatch", Some("405")) => FaultKind::NoPatch(405),
            ("nopatch", Some("501")) => FaultKind::NoPatch(501),
            ("soft", Some("stored")) => FaultKind::Soft { stored: true },
            (_, Some(_)) => {
                return Err("arguments are after=500, 429=30, 503=date:30, nopatch=405, soft=stored");
            }
            ("soft", None) => FaultKind::Soft { stored: false },
            ("close", None) => FaultKind::Close,
            ("lost", None) => FaultKind::Lost,
            ("hang", None) => FaultKind::Hang,
            ("stuck", None) => FaultKind::Stuck,
            ("login", None) => FaultKind::Login,
            ("html", None) => FaultKind::Html,
            ("half", None) => FaultKind::Half,
            ("cut", None) => FaultKind::Cut,
            ("slow", None) => FaultKind::Slow,
            ("bare", None) => FaultKind::Bare,
            ("foreign", None) => FaultKind::Foreign,
            ("nolight", None) => FaultKind::NoLight,
            (status, None) => match status.parse() {
                Ok(status @ 400..=599) => FaultKind::Status(status),
                _ => {
                    return Err(
                        "the kinds are a status from 400 to 599, after=STATUS, close, lost, hang, stuck, login, \
                                html, half, cut, slow, bare, soft, foreign, nopatch=STATUS and nolight",
                    );
                }
            },
        })
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::Status(status) => write!(formatter, "{status}"),
            FaultKind::Wait { status, seconds, as_date } => {
                write!(formatter, "{status}={}{seconds}", if *as_date { "date:" } else { "" })
            }
            FaultKind::After(status) => write!(formatter, "after={status}"),
            FaultKind::NoPatch(status) => write!(formatter, "nopatch={status}"),
            FaultKind::Soft { stored: true } => formatter.write_str("soft=stored"),
            FaultKind::Soft { stored: false } => formatter.write_str("soft"),
            plain => formatter.write_str(&format!("{plain:?}").to_lowercase()),
        }
    }
}

/// What goes wrong, where, and how often.
///
/// # The text form
///
/// ```text
/// list   = fault *( "," fault )
/// fault  = kind [ "=" argument ] [ "@" where ] *( amount )
/// where  = word *( "/" word )                          all of them have to fit
/// word   = set | "token" | "webhook" | "metadata" | "read" | "write" | method
/// amount = "*" times | "%" percent | "~" span          in any order, each at most once
/// ```
///
/// | text | meaning |
/// | --- | --- |
/// | `after=503@write/People` | the next write to People is done and answered with 503 |
/// | `lost@POST/Employments*2` | the next two inserts there are done, and nothing comes back |
/// | `401` | the next call is refused, though its token is good |
/// | `429=date:30%5` | a twentieth of all calls are told to wait, by a date |
/// | `503@token~5m` | no tokens for five minutes |
/// | `nopatch=405` | PATCH is refused until faults are cleared |
///
/// Without a place a fault meets the data service and the webhook, and not the token endpoint. Without an amount it
/// happens once, or for ever if it is a state. Faults are tried in the order they were given; one is played on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    place: Vec<String>,
    amounts: Amounts,
}

impl Fault {
    /// Once, on the next request it fits.
    pub fn once(kind: FaultKind) -> Fault {
        Fault { kind, place: Vec::new(), amounts: Amounts::once() }
    }

    /// On every request it fits, until faults are cleared.
    pub fn always(kind: FaultKind) -> Fault {
        Fault { kind, place: Vec::new(), amounts: Amounts::always() }
    }

    /// Only there, as the text form writes it: `write/People`.
    pub fn on(self, place: &str) -> Fault {
        Fault { place: place.split('/').map(str::to_owned).collect(), ..self }
    }

    /// At most so many times.
    pub fn times(mut self, times: u32) -> Fault {
        self.amounts.times = Some(times);
        self
    }

    /// With this probability.
    pub fn percent(mut self, percent: u32) -> Fault {
        self.amounts.percent = percent.min(100);
        self
    }

    /// For so long from the first request it meets.
    pub fn lasting(mut self, span: Millis) -> Fault {
        self.amounts.lasts = Some(span);
        self
    }

    /// Reads one fault of the text form.
    pub fn parse(text: &str) -> Result<Fault, BadFault> {
        let bad = |why| BadFault { text: text.to_owned(), why };
        let (what, amounts) = Amounts::split(text);
        let (kind, place) =
            what.split_once('@').map_or((what, None), |(kind, place)| (kind, Some(place.trim())));
        let kind = FaultKind::read(kind.trim()).map_err(bad)?;
        let usual = if amounts.is_empty() && !kind.is_state() { Amounts::once() } else { Amounts::always() };
        let fault = Fault { kind, place: Vec::new(), amounts: usual.read(amounts).map_err(bad)? };
        let Some(place) = place else { return Ok(fault) };
        if !place.split('/').all(is_place) {
            return Err(bad("a place is made of a set, token, webhook, metadata, read, write and a method"));
        }
        Ok(fault.on(place))
    }

    /// Reads a list of the text form.
    pub fn parse_list(text: &str) -> Result<Vec<Fault>, BadFault> {
        text.split(',').map(|part| Fault::parse(part.trim())).collect()
    }

    fn fits(&self, occasion: &Occasion<'_>) -> bool {
        let is_there = match &self.place[..] {
            [] => occasion.place != "token",
            words => words.iter().all(|word| occasion.is(word)),
        };
        let can_be = match self.kind {
            FaultKind::Bare => occasion.method == "POST" && Table::called(occasion.place).is_some(),
            FaultKind::Foreign => occasion.is_list,
            _ => true,
        };
        is_there && can_be
    }
}

fn is_place(word: &str) -> bool {
    const WORDS: [&str; 13] = [
        "token", "webhook", "metadata", "service", "function", "read", "write", "GET", "POST", "PATCH",
        "MERGE", "PUT", "DELETE",
    ];
    WORDS.contains(&word) || Table::called(word).is_some()
}

impl fmt::Display for Fault {
    /// The text form.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.kind)?;
        if !self.place.is_empty() {
            write!(formatter, "@{}", self.place.join("/"))?;
        }
        write!(formatter, "{}", self.amounts)
    }
}

/// A fault nobody could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFault {
    text: String,
    why: &'static str,
}

impl fmt::Display for BadFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot read the fault `{}`: {}", self.text, self.why)
    }
}

impl std::error::Error for BadFault {}

/// What a fault may look at before it fits.
pub(super) struct Occasion<'a> {
    pub(super) method: &'a str,
    pub(super) place: &'a str,
    pub(super) is_list: bool,
}

impl Occasion<'_> {
    fn is(&self, word: &str) -> bool {
        match word {
            "read" => self.method == "GET",
            "write" => self.method != "GET",
            word => word == self.place || word == self.method,
        }
    }
}

/// The faults still to come, in order.
#[derive(Debug)]
pub(super) struct Faults {
    planned: Vec<Fault>,
    dice: ChaCha8Rng,
}

impl Faults {
    pub(super) fn none(seed: u64) -> Faults {
        // Another stream than the staff's, so that a fault never changes who is there.
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        dice.set_stream(1);
        Faults { planned: Vec::new(), dice }
    }

    pub(super) fn add(&mut self, fault: Fault) {
        self.planned.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.planned.clear();
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.planned.iter().map(ToString::to_string).collect()
    }

    /// The fault to play on this request, if any.
    pub(super) fn play(&mut self, now: Millis, occasion: &Occasion<'_>) -> Option<FaultKind> {
        self.planned.retain(|fault| !fault.amounts.is_over(now));
        for fault in self.planned.iter_mut().filter(|fault| fault.fits(occasion)) {
            if fault.kind.is_state() {
                fault.amounts.begin(now);
            } else if fault.amounts.take(now, &mut self.dice) {
                return Some(fault.kind);
            }
        }
        None
    }

    /// The status PATCH is refused with here, if it is.
    pub(super) fn refuses_patch(&self, now: Millis, occasion: &Occasion<'_>) -> Option<u16> {
        self.states(now, occasion).find_map(|kind| match kind {
            FaultKind::NoPatch(status) => Some(status),
            _ => None,
        })
    }

    /// Whether JSON light is refused here.
    pub(super) fn refuses_light(&self, now: Millis, occasion: &Occasion<'_>) -> bool {
        self.states(now, occasion).any(|kind| kind == FaultKind::NoLight)
    }

    fn states(&self, now: Millis, occasion: &Occasion<'_>) -> impl Iterator<Item = FaultKind> {
        let met =
            self.planned.iter().filter(move |fault| !fault.amounts.is_over(now) && fault.fits(occasion));
        met.map(|fault| fault.kind).filter(|kind| kind.is_state())
    }
}
