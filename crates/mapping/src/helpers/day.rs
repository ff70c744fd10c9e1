//! Helpers of days and moments.

use std::{fmt::Write, ops::RangeInclusive};

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Weekday};
use minijinja::{Error, Value};
use people::{Timestamp, Zone};

use super::call::{Call, blank};
use crate::language::ZONE;

/// The years of four digits: `01/02/26` read with `%Y` is the year 26, and `01-02-26` the year 1.
pub(crate) const YEARS: RangeInclusive<i32> = 1000..=9999;

/// The moment's day in the zone, or the day read as `from` says; then shifted, then moved to the weekday, then written.
pub(super) fn date(call: &Call<'_>) -> Result<Value, Error> {
    let format = call.text_argument("format")?;
    if format.as_ref().is_some_and(|format| !tells_days_apart(format)) {
        return Err(call.misused("format is no format of a day, such as '%d.%m.%Y'"));
    }
    let from = call.text_argument("from")?;
    if from.as_ref().is_some_and(|from| !is_read_back(from)) {
        return Err(call.misused("from is no format of a whole day, such as '%d/%m/%Y'"));
    }
    let zone = zone(call)?;
    let shift = call.whole_argument("days")?.unwrap_or_default();
    let next = weekday(call)?;

    let Some(text) = call.text()? else { return Ok(blank()) };
    let day = match from {
        // What is a day already needs no telling: a question may have become one of days.
        Some(from) => NaiveDate::parse_from_str(text.trim(), &from)
            .ok()
            .or_else(|| day(&text, zone))
            .ok_or_else(|| call.cannot("the text is not written as from= says"))?,
        None => day(&text, zone)
            .ok_or_else(|| call.cannot("the text is no day; from='%d/%m/%Y' says how it was typed"))?,
    };
    let day = moved(day, shift, next).ok_or_else(|| call.cannot("the day is out of range"))?;
    let text = format.map_or_else(|| Some(day.to_string()), |format| written(day, &format));
    text.ok_or_else(|| call.cannot("the day cannot be written so")).and_then(|text| call.gives(text))
}

fn zone(call: &Call<'_>) -> Result<Option<Zone>, Error> {
    match call.text_argument("zone")? {
        Some(name) => name.parse().map(Some).map_err(|_| call.misused(format!("there is no zone {name}"))),
        None => Ok(call.hidden(ZONE).and_then(|zone| zone.as_str().and_then(|name| name.parse().ok()))),
    }
}

fn weekday(call: &Call<'_>) -> Result<Option<Weekday>, Error> {
    let Some(name) = call.text_argument("next")? else { return Ok(None) };
    name.parse().map(Some).map_err(|_| call.misused(format!("there is no weekday {name}")))
}

fn day(text: &str, zone: Option<Zone>) -> Option<NaiveDate> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let moment: Timestamp = text.parse().ok()?;
        Some(moment.with_timezone(&zone?).date_naive())
    })
}

fn moved(day: NaiveDate, shift: i64, next: Option<Weekday>) -> Option<NaiveDate> {
    let day = day.checked_add_signed(TimeDelta::try_days(shift)?)?;
    let ahead = next.map_or(0, |next| next.days_since(day.weekday()));
    let day = day.checked_add_days(Days::new(ahead.into()))?;
    YEARS.contains(&day.year()).then_some(day)
}

/// `dd.mm.yyyy` would be the same text for everybody.
fn tells_days_apart(format: &str) -> bool {
    let day = NaiveDate::default();
    let other = NaiveDate::from_isoywd_opt(2026, 30, Weekday::Tue);
    let [one, other] = [Some(day), other].map(|day| day.and_then(|day| written(day, format)));
    one.is_some() && one != other
}

/// Whether a day, at some hour, can be told from what it is written as.
fn is_read_back(format: &str) -> bool {
    let moment = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000);
    let mut text = String::new();
    write!(text, "{}", moment.format(format)).is_ok()
        && NaiveDate::parse_from_str(&text, format) == Ok(moment.date_naive())
}

/// `None` if it cannot be: the format asks for what a day does not have, or is none.
fn written(day: NaiveDate, format: &str) -> Option<String> {
    let mut text = String::new();
    write!(text, "{}", day.format(format)).ok().map(|()| text)
}
