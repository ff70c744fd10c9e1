//! What an idle cycle may ask beyond its three requests: recent hires whose offer is not signed and dated are looked at again.

use std::collections::BTreeSet;

use sandbox::{Lever, Millis};

/// For so long after a hire more is expected of its offer.
const AWAITED_FOR: Millis = 30 * 24 * 3_600_000;

/// The most requests that looking at them again takes, with pages of so many records.
pub fn requests(lever: &Lever, now: Millis, page: usize) -> u64 {
    let hired = lever.hired();
    let awaited: BTreeSet<_> = hired
        .iter()
        .filter(|hire| hire.hired_at + AWAITED_FOR > now)
        .filter(|hire| hire.start_date.is_none())
        .map(|hire| &hire.contact)
        .collect();
    let theirs = lever.opportunities().iter().filter(|one| awaited.contains(&one.contact)).count();
    let hires: Vec<_> = hired.iter().filter(|hire| awaited.contains(&hire.contact)).collect();
    // A new process does not know the postings yet.
    let postings: BTreeSet<_> = hires.iter().filter_map(|hire| Some(&hire.posting.as_ref()?.id)).collect();
    (awaited.len().div_ceil(50) + theirs.div_ceil(page) + hires.len() + postings.len()) as u64
}
