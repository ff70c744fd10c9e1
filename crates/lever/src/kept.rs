//! What many hires share and what seldom changes: archive reasons, postings, users, requisitions.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use engine::Sweep;
use people::Candidacy;
use tokio::time::Instant;

use crate::{
    call::{Ask, Caller, Endpoint, Trouble, What},
    cursor::Known,
    wire::{Archived, NotUnderstood, Opportunity, Reason, Shape, list},
};

/// Entries of one cache. Beyond, it starts anew.
const ENTRIES_MAX: usize = 10_000;
/// For how long an object is good. Each full sweep forgets it as well.
const GOOD: Duration = Duration::from_secs(24 * 3600);
/// For how long an object that is missing or withheld is not asked for again: long enough to cost one request a batch
/// rather than one a hire, short enough that a permission given now works soon.
const ABSENT: Duration = Duration::from_secs(300);

const NONE_HIRED: &str = "archive reasons, of which none is of type hired: make one in Lever's settings";

/// Objects by id. What is absent is kept too, for a shorter time.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    entries: Mutex<HashMap<String, Entry<T>>>,
}

#[derive(Debug)]
struct Entry<T> {
    good_until: Instant,
    object: Option<Arc<T>>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept { entries: Mutex::default() }
    }
}

impl<T> Kept<T> {
    /// What is known about `id`: nothing (`None`), that it is absent (`Some(None)`), or the object.
    pub(crate) fn get(&self, id: &str) -> Option<Option<Arc<T>>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(id)?;
        (Instant::now() < entry.good_until).then(|| entry.object.clone())
    }

    pub(crate) fn put(&self, id: String, object: Option<Arc<T>>) {
        let good_until = Instant::now() + if object.is_some() { GOOD } else { ABSENT };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES_MAX && !entries.contains_key(&id) {
            entries.clear();
        }
        entries.insert(id, Entry { good_until, object });
    }

    pub(crate) fn forget(&self) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Which archive reasons mean a hire, and which surely do not.
///
/// A reason counts only where it was *seen*: an opportunity is [`Candidacy::Closed`] when its reason was listed as
/// `non-hired`, and [`Candidacy::Unclear`] when it was listed as neither or as both. With only the hired ones, a reason made
/// this minute would look like evidence that somebody was not hired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reasons {
    pub(crate) hired: BTreeSet<String>,
    closed: BTreeSet<String>,
    /// `None`: they are what an earlier process knew, good until one is met that is not among them.
    read_at: Option<Instant>,
}

/// How old the reasons may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoOlderThan(pub(crate) Duration);

impl NoOlderThan {
    pub(crate) const NOW: NoOlderThan = NoOlderThan(Duration::ZERO);
    /// Between two full sweeps they change only by one that was not there before, and that one is noticed when it is met.
    pub(crate) const DAY: NoOlderThan = NoOlderThan(Duration::from_secs(25 * 3600));
    /// When a reason was met that is in neither list. A full minute, so that one that stays unknown costs little.
    pub(crate) const MINUTE: NoOlderThan = NoOlderThan(Duration::from_secs(60));

    /// A full sweep begins with what is true now.
    pub(crate) fn at_the_start_of(sweep: &Sweep) -> Self {
        match sweep {
            Sweep::Full => NoOlderThan::NOW,
            Sweep::Since(_) => NoOlderThan::DAY,
        }
    }
}

/// The reasons, read when they are needed. The lock is held while they are read, so that they are read once.
#[derive(Debug, Default)]
pub(crate) struct KeptReasons(tokio::sync::Mutex<Option<Arc<Reasons>>>);

impl KeptReasons {
    pub(crate) async fn get(&self, caller: &Caller, age: NoOlderThan) -> Result<Arc<Reasons>, Trouble> {
        let mut kept = self.0.lock().await;
        if let Some(reasons) = kept.as_ref().filter(|reasons| reasons.is_no_older_than(age)) {
            return Ok(Arc::clone(reasons));
        }
        let reasons = Arc::new(read(caller).await?);
        *kept = Some(Arc::clone(&reasons));
        Ok(reasons)
    }

    /// Whether the reason is known to be no hire. While the reasons are being read nothing is.
    pub(crate) fn is_closed(&self, reason: &str) -> bool {
        let kept = self.0.try_lock();
        let reasons = kept.as_ref().ok().and_then(|kept| kept.as_ref());
        reasons.is_some_and(|known| known.closed.contains(reason) && !known.hired.contains(reason))
    }

    /// Begins with what an earlier process knew.
    pub(crate) async fn recall(&self, Known { hired, closed }: Known) {
        let mut kept = self.0.lock().await;
        if kept.is_none() && !hired.is_empty() {
            *kept = Some(Arc::new(Reasons { hired, closed, read_at: None }));
        }
    }

    /// The reasons, good enough for all of `opportunities`: read again if one of them is archived for a reason nobody knows.
    pub(crate) async fn covering<'a>(
        &self,
        caller: &Caller,
        opportunities: impl Iterator<Item = &'a Opportunity> + Send,
    ) -> Result<Arc<Reasons>, Trouble> {
        let reasons = self.get(caller, NoOlderThan::DAY).await?;
        let mut known = opportunities.map(|opportunity| reasons.candidacy(opportunity) != Candidacy::Unclear);
        if known.all(|known| known) { Ok(reasons) } else { self.get(caller, NoOlderThan::MINUTE).await }
    }
}

impl Reasons {
    pub(crate) fn known(&self) -> Known {
        Known { hired: self.hired.clone(), closed: self.closed.clone() }
    }

    fn is_no_older_than(&self, age: NoOlderThan) -> bool {
        self.read_at.map_or(age.0 >= NoOlderThan::DAY.0, |at| at.elapsed() < age.0)
    }

    /// These, for a test of what is made of them.
    #[cfg(test)]
    pub(crate) fn of<const H: usize, const C: usize>(hired: [&str; H], closed: [&str; C]) -> Self {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Reasons { hired: set(&hired), closed: set(&closed), read_at: Some(Instant::now()) }
    }

    /// What the opportunity is.
    pub(crate) fn candidacy(&self, opportunity: &Opportunity) -> Candidacy {
        match &opportunity.archived {
            _ if opportunity.is_anonymised => Candidacy::Anonymised,
            Archived::No => Candidacy::Open,
            Archived::Unclear => Candidacy::Unclear,
            Archived::For { reason, .. } if self.is_hire(reason) => Candidacy::Hired,
            Archived::For { reason, .. } if self.hired.contains(reason) => Candidacy::Unclear,
            Archived::For { reason, .. } if self.closed.contains(reason) => Candidacy::Closed,
            Archived::For { .. } => Candidacy::Unclear,
        }
    }

    /// Whether this reason, and no reading of it, means a hire.
    pub(crate) fn is_hire(&self, reason: &str) -> bool {
        self.hired.contains(reason) && !self.closed.contains(reason)
    }
}

/// One list says the type of every reason. Where it does not (old records lack it), Lever is asked for each type.
async fn read(caller: &Caller) -> Result<Reasons, Trouble> {
    let all = read_list(caller, None).await?;
    let says_all = all.iter().all(|reason| reason.is_hired.is_some());
    let (hired, closed) = if says_all && all.iter().any(|reason| reason.is_hired == Some(true)) {
        all.into_iter().partition(|reason| reason.is_hired == Some(true))
    } else {
        (read_list(caller, Some("hired")).await?, read_list(caller, Some("non-hired")).await?)
    };
    // A reason in the list of one type that says itself that it is of the other counts for neither.
    let of_type = |reasons: Vec<Reason>, is_hired: bool| -> BTreeSet<String> {
        let fitting =
            reasons.into_iter().filter(|reason| reason.is_hired.is_none_or(|says| says == is_hired));
        fitting.map(|reason| reason.id).collect()
    };
    let (hired, closed) = (of_type(hired, true), of_type(closed, false));
    if hired.is_empty() {
        return Err(not_understood(caller, NONE_HIRED));
    }
    Ok(Reasons { hired, closed, read_at: Some(Instant::now()) })
}

/// All pages of the list of reasons, of one type or of every type.
async fn read_list(caller: &Caller, of_type: Option<&'static str>) -> Result<Vec<Reason>, Trouble> {
    let mut reasons = Vec::new();
    let mut offset: Option<String> = None;
    // An account has some dozens of reasons; a list that never ends is no list.
    for _ in 0..100 {
        let mut ask = Ask::list(Endpoint::ArchiveReasons);
        if let Some(word) = of_type {
            ask = ask.with("type", word);
        }
        if let Some(offset) = &offset {
            ask = ask.with("offset", offset.as_str());
        }
        // Lever's "Hired" cannot be removed, so an answer without any is an answer that went wrong.
        let must_hold_one = of_type == Some("hired") && reasons.is_empty();
        let page = caller.page(&ask, |text| {
            let page = list(text, Shape::Loose)?;
            let records = page.records.iter().enumerate();
            let found = records.map(|(at, raw)| Reason::from_list(at, raw)).collect::<Result<Vec<_>, _>>()?;
            if must_hold_one && found.is_empty() {
                return Err(NotUnderstood::at(NONE_HIRED));
            }
            Ok((found, page.next))
        });
        let (found, next) = page.await?.value;
        reasons.extend(found);
        match next {
            Some(next) => offset = Some(next),
            None => return Ok(reasons),
        }
    }
    Err(not_understood(caller, "archive reasons, whose pages never end"))
}

fn not_understood(caller: &Caller, place: &'static str) -> Trouble {
    caller.trouble(Endpoint::ArchiveReasons, What::NotUnderstood(NotUnderstood::at(place)), 1)
}
