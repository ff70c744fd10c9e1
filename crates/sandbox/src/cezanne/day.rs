//! Moments as text, `2026-01-31T00:00:00`, without a zone: this form sorts as time does.

use crate::message::Millis;

/// What stands for "no end".
pub(super) const OPEN_END: &str = "9999-12-31T00:00:00";

const DAY_MS: i64 = 86_400_000;

/// The moment a text writes; none if it is no such text or no such day.
pub(super) fn read(text: &str) -> Option<i64> {
    let shape = text.len() == 19
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<i64>().ok());
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let number = number_of(year, month, day);
    let is_real = year > 0 && (1..=12).contains(&month) && civil(number) == (year, month, day);
    (is_real && hour < 24 && minute < 60 && second < 60)
        .then(|| number * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000)
}

/// The text of a moment; years from 1 to 9999.
pub(super) fn write(ms: i64) -> String {
    let (year, month, day) = civil(ms.div_euclid(DAY_MS));
    let second = ms.rem_euclid(DAY_MS) / 1000;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Midnight (UTC) of the day `now` is in.
pub(super) fn midnight(now: Millis) -> String {
    let now = i64::try_from(now).unwrap_or(0);
    write(now - now.rem_euclid(DAY_MS))
}

/// Midnight of the day so many days later.
pub(super) fn later(moment: &str, days: i64) -> String {
    read(moment).map_or_else(|| moment.to_owned(), |ms| write(ms + days * DAY_MS))
}

/// Whole months from one moment to another; none when the second is earlier.
pub(super) fn months_between(from: &str, to: &str) -> Option<i64> {
    let (from, to) = (civil(read(from)?.div_euclid(DAY_MS)), civil(read(to)?.div_euclid(DAY_MS)));
    let months = (to.0 - from.0) * 12 + (to.1 - from.1) - i64::from(to.2 < from.2);
    (months >= 0).then_some(months)
}

/// Number of a civil day, 1970-01-01 being 0 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn number_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The civil day of a number (the same source).
fn civil(number: i64) -> (i64, i64, i64) {
    let shifted = number + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00"),
            (1_769_817_600_000, "2026-01-31T00:00:00"),
            (-2_208_988_800_000, "1900-01-01T00:00:00"),
            (1_709_164_799_000, "2024-02-28T23:59:59"),
            (253_402_214_400_000, OPEN_END),
        ] {
            assert_eq!((write(ms).as_str(), read(text)), (text, Some(ms)));
        }
    }

    #[test]
    fn a_day_that_is_not_in_the_calendar_is_none() {
        for text in [
            "2026-02-29T00:00:00",
            "2026-13-01T00:00:00",
            "2026-01-31",
            "2026-01-31T24:00:00",
            "é026-01-31T00:00:0",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn months_are_whole() {
        let months =
            |from: &str, to: &str| months_between(&format!("{from}T00:00:00"), &format!("{to}T00:00:00"));
        assert_eq!(months("2024-01-31", "2024-02-29"), Some(0));
        assert_eq!(months("1990-05-10", "2026-05-09"), Some(36 * 12 - 1));
        assert_eq!(months("2026-05-10", "2026-05-09"), None);
    }
}
