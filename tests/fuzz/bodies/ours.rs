//! Files of ours that may have changed since we wrote them, files that people hand over, the socket, and headers.

use std::time::Duration;

use engine::{PlanFile, PlanKey};
use http::Response;
use people::{Secret, Timestamp};

/// The doors. Each is the name of a fuzz target, and of the folder of its seeds.
pub const DOORS: [&str; 9] = [
    "state_archive",
    "ledger_record",
    "witness",
    "plan_file",
    "roster",
    "roster_index",
    "csv",
    "socket",
    "retry_after",
];

/// The bytes are understood or refused. Says which.
pub fn door(name: &str, data: &[u8]) -> bool {
    match name {
        "state_archive" => ledger::fuzz::archive(data),
        "ledger_record" => ledger::fuzz::record(data),
        "witness" => ledger::fuzz::witness(data),
        "plan_file" => plan_file(data),
        "roster" => file_export::fuzz::roster(data),
        "roster_index" => file_export::fuzz::index(data),
        "csv" => hiresync::fuzz::csv(data),
        "socket" => hiresync::fuzz::socket(data),
        "retry_after" => retry_after(data),
        other => panic!("{other} is no door"),
    }
}

/// A plan is taken as it was sealed, to the byte, or refused. Whoever has no key makes none: what a fuzzer finds is in the right
/// form at most.
fn plan_file(data: &[u8]) -> bool {
    let key = PlanKey::of(&Secret::new("key".to_owned()));
    if let Ok(plan) = PlanFile::read(data, &key) {
        assert_eq!(plan.bytes(), data, "what is taken is what was written");
        assert_eq!(
            PlanFile::read(&plan.clone().only(&plan.contacts(), &key).bytes(), &key).as_ref(),
            Ok(&plan)
        );
    }
    serde_json::from_slice::<PlanFile>(data).is_ok()
}

/// The first line is a `retry-after`, the second a `date`.
fn retry_after(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let (after, date) = text.split_once('\n').unwrap_or((&text, ""));
    let headers = vec![("retry-after".to_owned(), after.to_owned()), ("date".to_owned(), date.to_owned())];
    let response = Response { status: 429, headers, body: Vec::new().into() };
    let pause: Option<Duration> = http::retry_after(&response, Timestamp::UNIX_EPOCH);
    pause.is_some() | http::date(date).is_some()
}
