//! How often a fault is played: `*times`, `%percent`, `~span`, in any order.

use std::fmt;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::message::Millis;

/// How often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) times: Option<u32>,
    pub(crate) percent: u32,
    pub(crate) lasts: Option<Millis>,
    /// When it is over, once its span began.
    ends: Option<Millis>,
}

impl Amounts {
    pub(crate) fn always() -> Amounts {
        Amounts { times: None, percent: 100, lasts: None, ends: None }
    }

    pub(crate) fn once() -> Amounts {
        Amounts { times: Some(1), ..Amounts::always() }
    }

    /// What is before the amounts, and the amounts.
    pub(crate) fn split(text: &str) -> (&str, &str) {
        text.split_at(text.find(['*', '%', '~']).unwrap_or(text.len()))
    }

    /// Reads `*2%50~1m`; each that is not there stays.
    pub(crate) fn read(mut self, mut text: &str) -> Result<Amounts, &'static str> {
        while let Some(sign) = text.chars().next() {
            let rest = text.get(1..).unwrap_or_default();
            let end = rest.find(['*', '%', '~']).unwrap_or(rest.len());
            let value = rest[..end].trim();
            match sign {
                '*' => self.times = Some(value.parse().map_err(|_| "after * comes how many times")?),
                '%' => {
                    let percent = value.parse().ok().filter(|percent| *percent <= 100);
                    self.percent = percent.ok_or("after % comes a number from 0 to 100")?;
                }
                _ => self.lasts = Some(span(value).ok_or("after ~ comes a span, such as 60s")?),
            }
            text = &rest[end..];
        }
        Ok(self)
    }

    /// Whether there is nothing left of it.
    pub(crate) fn is_over(&self, now: Millis) -> bool {
        self.times == Some(0) || self.ends.is_some_and(|ends| ends <= now)
    }

    /// An occasion: begins the span, throws the dice, counts.
    pub(crate) fn take(&mut self, now: Millis, dice: &mut ChaCha8Rng) -> bool {
        self.begin(now);
        if !dice.random_ratio(self.percent.min(100), 100) {
            return false;
        }
        if let Some(times) = &mut self.times {
            *times = times.saturating_sub(1);
        }
        true
    }

    /// Begins the span.
    pub(crate) fn begin(&mut self, now: Millis) {
        if let (None, Some(lasts)) = (self.ends, self.lasts) {
            self.ends = Some(now.saturating_add(lasts));
        }
    }
}

/// `500ms`, `60s`, `5m`, `1h`.
pub(crate) fn span(text: &str) -> Option<Millis> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let number: Millis = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

impl fmt::Display for Amounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(times) = self.times {
            write!(formatter, "*{times}")?;
        }
        if self.percent < 100 || (self.times.is_none() && self.lasts.is_none()) {
            write!(formatter, "%{}", self.percent)?;
        }
        if let Some(lasts) = self.lasts {
            write!(formatter, "~{lasts}ms")?;
        }
        Ok(())
    }
}
