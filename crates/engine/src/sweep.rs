//! *Who* changed: only ids, digests and a cursor are kept, page by page.

use adapter_sdk::Result;
use chrono::TimeDelta;
use ledger::{Draft, Ledger, Seen};
use people::{Candidacy, ContactId, Timestamp};
use planted::Point;

use crate::{
    Activity,
    cycle::{CycleError, Engine, Run},
    source::{Cursor, Page, Sighting, Sweep, Then},
};

/// The note under which the ledger keeps the cursor, and the one that says when.
pub(crate) const CURSOR: &str = "cursor";
pub(crate) const CURSOR_MOVED: &str = "cursor-moved";
/// The note that says since when deletions are still to be asked for.
const DELETED: &str = "deleted-cursor";
/// A quiet sweep moves the cursor on disk only this often: an idle cycle writes nothing.
const CURSOR_KEEPS: TimeDelta = TimeDelta::hours(1);

impl Engine {
    /// Marks every contact that is hired or known to us and whose record differs from the one last seen. A full sweep leaves
    /// everybody hired and everybody known, changed or not, to the repair. Once it listed them all it is over: whom the repair
    /// has still to look at is on disk, and a later cycle or process goes on.
    pub(crate) async fn sweep(&self, run: &mut Run, sweep: &Sweep) -> Result<(), CycleError> {
        let full = *sweep == Sweep::Full;
        let mut page = None;
        let mut quiet = true;
        self.set_activity(Activity::Sweeping { seen: 0 });
        loop {
            let Page { sightings, unreadable, then } =
                self.unless_stopped(self.source.sweep(sweep, page)).await??;
            run.report.seen += sightings.len() as u64;
            run.report.unreadable += u64::from(unreadable);
            self.set_activity(Activity::Sweeping { seen: run.report.seen });
            quiet &= self.note(&sightings, full)?;
            if full {
                self.meanwhile(run, &mut Vec::new()).await?;
            }
            match then {
                Then::More(token) => page = Some(token),
                Then::Done(cursor) => {
                    if full {
                        self.repair_everybody_known()?;
                        self.remember_rules(&run.unknown)?;
                        self.remember_full_sweep(run.report.started_at)?;
                        self.retain()?;
                    }
                    let deleted = self.note_deleted(&cursor).await?;
                    return self.keep_cursors(&cursor, &deleted, quiet && !full);
                }
            }
        }
    }

    /// Writes down which opportunities the source says were deleted, and marks whose they were. What is deleted is for a human,
    /// so a source that cannot tell now costs nothing else: the next sweep asks for the same again. Answers where it begins.
    async fn note_deleted(&self, swept: &Cursor) -> Result<Cursor, CycleError> {
        let kept = self.memory().deleted.clone();
        let since = match kept {
            Some(kept) => kept,
            None => self.ledger.note(DELETED)?.map_or_else(|| swept.clone(), Cursor),
        };
        let deleted = match self.unless_stopped(self.source.deleted(&since)).await? {
            Ok(deleted) => deleted,
            // The sweep itself was answered: whatever this is, it is about this question.
            Err(error) => {
                tracing::warn!(code = "sweep.deleted", error = %error.chain(), "what was deleted could not be asked");
                return Ok(since);
            }
        };
        let now = self.clock.now();
        let _ = self.ledger.write(|draft| {
            for opportunity in &deleted.opportunities {
                if let Some(seen) = draft.seen(opportunity)?.filter(|seen| seen.deleted_at.is_none()) {
                    draft.mark(&seen.contact, now)?;
                    draft.put_seen(opportunity, &Seen { deleted_at: Some(now), ..seen })?;
                }
            }
            Ok(())
        })?;
        Ok(deleted.cursor)
    }

    /// Writes down what a page showed; true when it showed nothing new.
    fn note(&self, sightings: &[Sighting], full: bool) -> Result<bool, CycleError> {
        let now = self.clock.now();
        let since = self.settings.since();
        let wrote = self.ledger.write(|draft| {
            let mut wrote = false;
            for sighting in sightings {
                wrote |= self.note_one(draft, sighting, full, since, now)?;
            }
            Ok(wrote)
        })?;
        planted::point(Point::PageMarked);
        Ok(!wrote.into_inner())
    }

    fn note_one(
        &self,
        draft: &mut Draft<'_>,
        sighting: &Sighting,
        full: bool,
        since: Timestamp,
        now: Timestamp,
    ) -> ledger::Result<bool> {
        let Sighting { opportunity, contact, candidacy, hired_at, content } = sighting;
        if draft.is_buried(contact)? || draft.is_buried_hire(opportunity)? {
            return Ok(false);
        }
        let seen = draft.seen(opportunity)?;
        let hired = *candidacy == Candidacy::Hired && hired_at.is_some_and(|at| at >= since);
        if !hired && seen.as_ref().is_none_or(|seen| seen.is_old(since)) && !self.is_known(contact)? {
            // Of an old hire the date is noted, and nothing else: archived again it would look like a new one.
            let date = hired_at.filter(|_| *candidacy == Candidacy::Hired && seen.is_none());
            let old = date.map(|date| Seen { first_hired_at: Some(date), ..Seen::of(contact.clone()) });
            old.iter().try_for_each(|old| draft.put_seen(opportunity, old))?;
            return Ok(old.is_some());
        }
        let digest = Some(self.ledger.key().record(content.reveal()));
        let hired_at = hired_at.filter(|_| *candidacy == Candidacy::Hired);
        let unchanged = seen.as_ref().is_some_and(|seen| seen.digest == digest && seen.contact == *contact);
        if unchanged && !full {
            return Ok(false);
        }
        // Under a merge the contact known here stays until the surviving one was read: by it the merge is recognised.
        let known = seen.as_ref().map_or(contact, |seen| &seen.contact).clone();
        let before = seen.unwrap_or_else(|| Seen::of(contact.clone()));
        draft.put_seen(opportunity, &Seen { digest, hired_at, deleted_at: None, ..before })?;
        for contact in [contact, &known] {
            // The repair looks at everybody, once what cannot wait is done.
            if full {
                draft.repair(contact)
            } else {
                draft.mark(contact, now)?
            }
            if known == *contact {
                break;
            }
        }
        Ok(true)
    }

    pub(crate) fn is_known(&self, contact: &ContactId) -> ledger::Result<bool> {
        for target in &self.targets {
            if self.ledger.standing(&target.name, contact)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn repair_everybody_known(&self) -> Result<(), CycleError> {
        for target in &self.targets {
            self.about_everybody(target, |draft, contact| {
                draft.repair(contact);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn keep_cursors(&self, cursor: &Cursor, deleted: &Cursor, quiet: bool) -> Result<(), CycleError> {
        planted::point(Point::SweepDone);
        let now = self.clock.now();
        let mut memory = self.memory();
        memory.cursor = Some(cursor.clone());
        memory.deleted = Some(deleted.clone());
        drop(memory);
        let moved = cursor_moved_at(&self.ledger)?;
        if quiet && moved.is_some_and(|moved| now - moved < CURSOR_KEEPS && now >= moved) {
            return Ok(());
        }
        let _ = self.ledger.write(|draft| {
            draft.put_note(CURSOR, &cursor.0);
            draft.put_note(DELETED, &deleted.0);
            draft.put_note(CURSOR_MOVED, &now.to_rfc3339());
            Ok(())
        })?;
        planted::point(Point::CursorMoved);
        Ok(())
    }
}

/// The note under which the ledger keeps when the last full sweep that listed everybody began.
const FULL_SWEEP: &str = "full-sweep";

impl Engine {
    /// When the last full sweep that listed everybody began, as far as anybody knows.
    pub fn last_full_sweep(&self) -> Option<Timestamp> {
        self.ledger.note(FULL_SWEEP).ok().flatten()?.parse().ok()
    }

    fn remember_full_sweep(&self, began: Timestamp) -> ledger::Result<()> {
        let _ = self.ledger.write(|draft| {
            draft.put_note(FULL_SWEEP, &began.to_rfc3339());
            Ok(())
        })?;
        Ok(())
    }
}

/// When the cursor was last moved on disk.
pub(crate) fn cursor_moved_at(ledger: &Ledger) -> ledger::Result<Option<Timestamp>> {
    Ok(ledger.note(CURSOR_MOVED)?.and_then(|text| text.parse().ok()))
}
