//! Faults on order: what goes wrong, on which endpoint, how often. What one does to an answer is in `spoil`.

use std::fmt;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::amounts::{Amounts, span};
use crate::message::Millis;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// `400` … `599`: this status with Lever's error body. The request is not executed.
    Status(u16),
    /// `html`: a login page with status 200.
    Html,
    /// `half`: status 200, half of the JSON, and a `content-length` that agrees with the half.
    Half,
    /// `cut`: the connection closes in the middle of the body.
    Cut,
    /// `close`: the connection closes without a byte, and the request is not executed.
    Close,
    /// `lost`: the request is executed and counted, and then the connection closes without a byte.
    Lost,
    /// `hang`: no answer, and the connection stays open.
    Hang,
    /// `slow`: the body comes one byte a second.
    Slow,
    /// `empty`: an empty list with status 200. Lists only.
    Empty,
    /// `nonext`: `hasNext` is true and `next` is missing. Lists only.
    NoNext,
    /// `offset`: "Invalid offset token". Only requests that carry an offset.
    Offset,
    /// `garbled`: one record of the list has no id, or wrong types. Lists only.
    Garbled,
    /// `huge` or `huge=9`: a body of so many MiB of blanks and then the answer.
    Huge {
        /// Its size.
        mebibytes: usize,
    },
    /// `endless`: the answer and then blanks, without a length and without an end.
    Endless,
    /// `plain`: the right answer, labelled `text/plain`.
    Plain,
    /// `shift`: a page without its first record, which moved to an earlier page. Only requests that carry an offset.
    Shift,
    /// `twice`: the first record of the page comes again at its end. Lists only.
    Twice,
    /// `drift=numbers`, `enums`, `fields`, `nulls`: records as a later version of the API might have them.
    Drift(Drift),
    /// `surrogate`: every `name` begins with half a character, `\ud83d`.
    Surrogate,
    /// `deep`: one more key, with ten thousand lists in each other.
    Deep,
    /// `bait`: every address in a record leads to this machine or next to it. Whoever fetches one is counted in
    /// [`Figures::trapped`](super::Figures::trapped).
    Bait,
    /// `skew=24h` or `skew=-24h`: while it lasts, the `Date` header is so far ahead or behind. A state, as `late` is.
    Skew {
        /// Ahead, or behind if negative; in ms.
        by: i64,
    },
    /// `redirect` or `redirect=https://host`: status 301 to another host.
    Redirect {
        /// Scheme and host.
        to: String,
    },
    /// `late=600s`: while it lasts, `updated_at_*` and `archived_at_*` filters find a record only this long after its change.
    /// This is a state of the account and not an answer, so it is never used up: give it a span, or it stays.
    Late {
        /// The lag of the index.
        by: Millis,
    },
}

/// How records may come to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// Every number is a text of digits.
    Numbers,
    /// Words of a fixed list are words nobody knows.
    Enums,
    /// Every object has a key more.
    Fields,
    /// What is empty is null.
    Nulls,
}

impl FaultKind {
    fn wants_list(&self) -> bool {
        matches!(self, FaultKind::Empty | FaultKind::NoNext | FaultKind::Garbled | FaultKind::Twice)
    }

    fn wants_offset(&self) -> bool {
        matches!(self, FaultKind::Offset | FaultKind::Shift)
    }

    /// A state of the account and not an answer.
    fn is_state(&self) -> bool {
        matches!(self, FaultKind::Late { .. } | FaultKind::Skew { .. })
    }
}

/// What goes wrong, where, and how often.
///
/// # The text form
///
/// ```text
/// list   = fault *( "," fault )
/// fault  = kind [ "=" argument ] [ "@" endpoint ] *( amount )
/// amount = "*" times | "%" percent | "~" span          in any order, each at most once
/// span   = number ( "ms" | "s" | "m" | "h" )
/// ```
///
/// | text | meaning |
/// | --- | --- |
/// | `503` | once, on the next request |
/// | `503*20` | on the next 20 requests |
/// | `503%20` | on a fifth of all requests, for ever |
/// | `503~60s` | on every request, for a minute from the first one it meets |
/// | `429%50~5m*100` | on half of the requests, for five minutes, but at most 100 times |
/// | `html@/opportunities*1` | once, on the list of opportunities |
/// | `403@/opportunities/:id/offers%100` | always, on the offers |
/// | `500@/opportunities/*3` | three times, on anything below it (a trailing slash is a prefix) |
/// | `503*2,429,html` | one after the other |
///
/// A fault without an amount happens once. Faults are tried in the order they were given and the first that
/// fits the request is played: one fault per request. The kinds are those of [`FaultKind`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    endpoint: Option<String>,
    amounts: Amounts,
}

impl Fault {
    /// Once, on the next request it fits.
    pub fn once(kind: FaultKind) -> Fault {
        Fault { kind, endpoint: None, amounts: Amounts::once() }
    }

    /// On every request it fits, until [`Lever::clear_faults`](super::Lever::clear_faults).
    pub fn always(kind: FaultKind) -> Fault {
        Fault { kind, endpoint: None, amounts: Amounts::always() }
    }

    /// Only on this template path, such as `/opportunities/:id`; a trailing slash means everything below.
    pub fn on(self, endpoint: &str) -> Fault {
        Fault { endpoint: Some(endpoint.to_owned()), ..self }
    }

    /// At most so many times.
    pub fn times(mut self, times: u32) -> Fault {
        self.amounts.times = Some(times);
        self
    }

    /// With this probability, in percent.
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
        let (kind, endpoint) = what.split_once('@').map_or((what, None), |(kind, path)| (kind, Some(path)));
        let kind = parse_kind(kind.trim()).map_err(bad)?;
        let usual = if amounts.is_empty() && !kind.is_state() { Amounts::once() } else { Amounts::always() };
        let fault = Fault { kind, endpoint: None, amounts: usual.read(amounts).map_err(bad)? };
        match endpoint {
            None => Ok(fault),
            Some(endpoint) if endpoint.starts_with('/') => Ok(fault.on(endpoint.trim())),
            Some(_) => Err(bad("an endpoint starts with a slash, such as /opportunities/:id")),
        }
    }

    /// Reads a list of the text form.
    pub fn parse_list(text: &str) -> Result<Vec<Fault>, BadFault> {
        text.split(',').map(|part| Fault::parse(part.trim())).collect()
    }
}

fn parse_kind(text: &str) -> Result<FaultKind, &'static str> {
    let (word, argument) =
        text.split_once('=').map_or((text, None), |(word, argument)| (word, Some(argument)));
    if argument.is_some() && !matches!(word, "huge" | "redirect" | "late" | "skew" | "drift") {
        return Err("only huge, redirect, late, skew and drift take an argument");
    }
    Ok(match word {
        "html" => FaultKind::Html,
        "half" => FaultKind::Half,
        "cut" => FaultKind::Cut,
        "close" => FaultKind::Close,
        "lost" => FaultKind::Lost,
        "hang" => FaultKind::Hang,
        "slow" => FaultKind::Slow,
        "empty" => FaultKind::Empty,
        "nonext" => FaultKind::NoNext,
        "offset" => FaultKind::Offset,
        "garbled" => FaultKind::Garbled,
        "endless" => FaultKind::Endless,
        "plain" => FaultKind::Plain,
        "shift" => FaultKind::Shift,
        "twice" => FaultKind::Twice,
        "surrogate" => FaultKind::Surrogate,
        "deep" => FaultKind::Deep,
        "bait" => FaultKind::Bait,
        "drift" => FaultKind::Drift(match argument {
            Some("numbers") => Drift::Numbers,
            Some("enums") => Drift::Enums,
            Some("fields") => Drift::Fields,
            Some("nulls") => Drift::Nulls,
            _ => return Err("drift takes numbers, enums, fields or nulls"),
        }),
        "skew" => match argument.and_then(parse_signed_span) {
            Some(by) => FaultKind::Skew { by },
            None => return Err("skew takes a span, such as skew=24h or skew=-24h"),
        },
        "huge" => match argument.unwrap_or("9").parse() {
            Ok(mebibytes @ 1..=1024) => FaultKind::Huge { mebibytes },
            _ => return Err("huge takes a number of MiB from 1 to 1024"),
        },
        "redirect" => {
            FaultKind::Redirect { to: argument.unwrap_or("https://elsewhere.example.net").to_owned() }
        }
        "late" => match argument.and_then(span) {
            Some(by) => FaultKind::Late { by },
            None => return Err("late takes a span, such as late=600s"),
        },
        status => match status.parse() {
            Ok(status @ 400..=599) => FaultKind::Status(status),
            _ => {
                return Err(
                    "the kinds are a status from 400 to 599, html, half, cut, close, lost, hang, slow, \
                            empty, nonext, offset, garbled, huge, endless, plain, shift, twice, drift, surrogate, \
                            deep, bait, redirect, late and skew",
                );
            }
        },
    })
}

/// The sign is `-`, `+` or none.
fn parse_signed_span(text: &str) -> Option<i64> {
    let ahead = text.strip_prefix('+').unwrap_or(text);
    match ahead.strip_prefix('-') {
        Some(behind) => i64::try_from(span(behind)?).ok().map(i64::wrapping_neg),
        None => i64::try_from(span(ahead)?).ok(),
    }
}

impl fmt::Display for Fault {
    /// The text form.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FaultKind::Status(status) => write!(formatter, "{status}")?,
            FaultKind::Huge { mebibytes } => write!(formatter, "huge={mebibytes}")?,
            FaultKind::Redirect { to } => write!(formatter, "redirect={to}")?,
            FaultKind::Late { by } => write!(formatter, "late={by}ms")?,
            FaultKind::Skew { by } => write!(formatter, "skew={by}ms")?,
            FaultKind::Drift(drift) => {
                write!(formatter, "drift={}", format!("{drift:?}").to_lowercase())?;
            }
            plain => write!(formatter, "{}", format!("{plain:?}").to_lowercase())?,
        }
        if let Some(endpoint) = &self.endpoint {
            write!(formatter, "@{endpoint}")?;
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
    pub(super) now: Millis,
    pub(super) endpoint: &'a str,
    pub(super) is_list: bool,
    pub(super) has_offset: bool,
}

/// The faults still to come, in order.
#[derive(Debug)]
pub(super) struct Faults {
    planned: Vec<Fault>,
    pub(super) dice: ChaCha8Rng,
}

impl Faults {
    pub(super) fn none(seed: u64) -> Faults {
        // Another stream than the ids', so that a fault never changes who is in the account.
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

    /// The fault to play on this request, if any. Starts the spans of those it meets and drops the used up.
    pub(super) fn play(&mut self, occasion: &Occasion<'_>) -> Option<FaultKind> {
        let now = occasion.now;
        self.planned.retain(|fault| !fault.amounts.is_over(now));
        for fault in self.planned.iter_mut().filter(|fault| fault.fits(occasion)) {
            if fault.kind.is_state() {
                fault.amounts.begin(now);
            } else if fault.amounts.take(now, &mut self.dice) {
                return Some(fault.kind.clone());
            }
        }
        None
    }

    /// How far the index behind `updated_at_*` and `archived_at_*` is behind.
    pub(super) fn index_lag(&self, now: Millis) -> Millis {
        let lag = |kind: &FaultKind| if let FaultKind::Late { by } = kind { Some(*by) } else { None };
        self.lasting(now).filter_map(lag).max().unwrap_or(0)
    }

    /// How far Lever's clock is ahead.
    pub(super) fn skew(&self, now: Millis) -> i64 {
        let skew = |kind: &FaultKind| if let FaultKind::Skew { by } = kind { Some(*by) } else { None };
        self.lasting(now).find_map(skew).unwrap_or(0)
    }

    fn lasting(&self, now: Millis) -> impl Iterator<Item = &FaultKind> {
        self.planned.iter().filter(move |fault| !fault.amounts.is_over(now)).map(|fault| &fault.kind)
    }
}

impl Fault {
    fn fits(&self, occasion: &Occasion<'_>) -> bool {
        let on_endpoint = self.endpoint.as_deref().is_none_or(|wanted| {
            wanted == occasion.endpoint || (wanted.ends_with('/') && occasion.endpoint.starts_with(wanted))
        });
        on_endpoint
            && (occasion.is_list || !self.kind.wants_list())
            && (occasion.has_offset || !self.kind.wants_offset())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occasion(now: Millis, endpoint: &str) -> Occasion<'_> {
        Occasion { now, endpoint, is_list: true, has_offset: false }
    }

    fn planned(text: &str) -> Faults {
        let mut faults = Faults::none(7);
        for fault in Fault::parse_list(text).unwrap() {
            faults.add(fault);
        }
        faults
    }

    #[test]
    fn the_text_form_says_what_the_builder_says() {
        let same = [
            ("503", Fault::once(FaultKind::Status(503))),
            ("503*20", Fault::always(FaultKind::Status(503)).times(20)),
            ("html@/opportunities*1", Fault::once(FaultKind::Html).on("/opportunities")),
            ("503%20", Fault::always(FaultKind::Status(503)).percent(20)),
            ("503~60s", Fault::always(FaultKind::Status(503)).lasting(60_000)),
            ("hang%5~2h*3", Fault::always(FaultKind::Hang).percent(5).lasting(7_200_000).times(3)),
            ("late=10m", Fault::always(FaultKind::Late { by: 600_000 })),
            ("huge", Fault::once(FaultKind::Huge { mebibytes: 9 })),
            ("drift=nulls*2", Fault::always(FaultKind::Drift(Drift::Nulls)).times(2)),
            ("skew=+24h", Fault::always(FaultKind::Skew { by: 86_400_000 })),
            ("skew=-24h~1h", Fault::always(FaultKind::Skew { by: -86_400_000 }).lasting(3_600_000)),
            ("shift", Fault::once(FaultKind::Shift)),
            (
                "redirect=https://h.example",
                Fault::once(FaultKind::Redirect { to: "https://h.example".into() }),
            ),
            ("nonext%100", Fault::always(FaultKind::NoNext)),
        ];
        for (text, fault) in same {
            assert_eq!(Fault::parse(text).unwrap(), fault, "{text}");
            assert_eq!(Fault::parse(&fault.to_string()).unwrap(), fault, "{fault}");
        }
    }

    #[test]
    fn a_fault_nobody_can_read_says_what_is_missing() {
        for text in [
            "",
            "200",
            "boom",
            "503*",
            "503%200",
            "503~60",
            "html@opportunities",
            "late",
            "html=1",
            "huge=0",
            "drift",
            "drift=x",
            "skew=--1h",
            "skew=1",
        ] {
            let message = Fault::parse(text).unwrap_err().to_string();
            assert!(message.starts_with(&format!("cannot read the fault `{text}`: ")), "{message}");
        }
    }

    #[test]
    fn faults_come_in_the_order_they_were_given() {
        let mut faults = planned("503*2,429@/stages,html");
        let mut play = |endpoint| faults.play(&occasion(0, endpoint));
        assert_eq!(play("/opportunities"), Some(FaultKind::Status(503)));
        assert_eq!(play("/opportunities"), Some(FaultKind::Status(503)));
        assert_eq!(play("/opportunities"), Some(FaultKind::Html));
        assert_eq!(play("/opportunities"), None);
        assert_eq!(play("/stages"), Some(FaultKind::Status(429)));
        assert_eq!(play("/stages"), None);
    }

    #[test]
    fn a_span_starts_with_the_first_request_it_meets() {
        let mut faults = planned("401@/opportunities/~60s");
        assert_eq!(faults.play(&occasion(0, "/opportunities")), None);
        assert_eq!(faults.play(&occasion(5_000, "/opportunities/:id")), Some(FaultKind::Status(401)));
        assert_eq!(faults.play(&occasion(64_999, "/opportunities/:id")), Some(FaultKind::Status(401)));
        assert_eq!(faults.play(&occasion(65_000, "/opportunities/:id")), None);
    }

    #[test]
    fn a_percentage_is_met_and_repeats_with_the_seed() {
        let roll = || {
            let mut faults = planned("500%20");
            (0..2000).map(|_| faults.play(&occasion(0, "/stages")).is_some()).collect::<Vec<_>>()
        };
        let first = roll();
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((300..=500).contains(&hits), "{hits}");
        assert_eq!(first, roll());
    }

    #[test]
    fn a_late_index_lets_other_faults_through() {
        let mut faults = planned("late=30s~60s,503");
        assert_eq!(faults.play(&occasion(0, "/stages")), Some(FaultKind::Status(503)));
        assert_eq!(faults.index_lag(59_999), 30_000);
        assert_eq!(faults.index_lag(60_000), 0);
    }
}
