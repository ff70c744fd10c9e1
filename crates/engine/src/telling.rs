//! What the source is told once a target agreed: off unless `[targets.NAME.write_back]` says what.
//!
//! How to think of it: nothing is queued. Whoever was read, and whose record is agreed, is told of if they were not told the
//! same before; a telling that failed is taken up when the contact is read again. The source looks before it writes, so a
//! telling whose answer was lost is simply repeated.

use std::{collections::BTreeSet, fmt::Write as _};

use adapter_sdk::ErrorKind;
use ledger::{Agreed, Draft, Ledger, Outcome, Standing};
use people::{ContactId, Digest, OpportunityId, RemoteId};

use crate::{
    cycle::{CycleError, Engine, Run},
    settings::{Target, WriteBack},
    source::News,
};

/// Refusals in a row after which nothing is told any more until the next full sweep.
const REFUSALS_MAX: u32 = 3;
/// Stands for the record's id in a link and a note.
const RECORD: &str = "{record}";

impl Engine {
    /// Whether the source is told anything at all.
    pub(crate) fn tells(&self) -> bool {
        self.targets.iter().any(|target| target.write_back.is_on())
    }

    /// Tells the source of everybody who was read in this round and whose record is agreed.
    pub(crate) async fn tell_source(&self, run: &mut Run) -> Result<(), CycleError> {
        if !self.tells() {
            return Ok(());
        }
        let met = if run.is_meanwhile { run.met.clone() } else { std::mem::take(&mut run.met) };
        for contact in met {
            for target in self.targets.iter().filter(|target| target.write_back.is_on()) {
                if self.memory().mute {
                    return Ok(());
                }
                self.tell_of(target, &contact).await?;
            }
            self.meanwhile(run, &mut Vec::new()).await?;
        }
        Ok(())
    }

    async fn tell_of(&self, target: &Target, contact: &ContactId) -> Result<(), CycleError> {
        let Some(standing) = self.ledger.standing(&target.name, contact)? else { return Ok(()) };
        let Some((news, digest)) = self.news(&target.write_back, contact, &standing) else { return Ok(()) };
        let done = match self.unless_stopped(self.source.tell(&news)).await? {
            Ok(done) => done,
            Err(error) if error.kind() == ErrorKind::Unauthorized => return Err(error.into()),
            Err(error) => {
                let passes = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::RateLimited);
                tracing::warn!(code = "write_back", %contact, target_name = %target.name, error = %error.chain(), "the source could not be told");
                if passes {
                    let now = self.clock.now();
                    let _ = self.ledger.write(|draft| draft.mark(contact, now))?;
                } else {
                    self.refused_to_hear();
                }
                return Ok(());
            }
        };
        self.memory().refusals = 0;
        let hires: Vec<OpportunityId> = news.hires.intersection(&done).cloned().collect();
        if hires.is_empty() {
            return Ok(());
        }
        let _ = self.ledger.write(|draft| {
            let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
            remember(draft, &target.write_back)?;
            standing.told.extend(hires.iter().map(|hire| (hire.clone(), digest)));
            draft.put_standing(&target.name, contact, standing)?;
            draft.tell(&self.event(contact, Some(&target.name), Outcome::WrittenBack { hires }))
        })?;
        Ok(())
    }

    /// One refusal may be about one record; several in a row are about us.
    fn refused_to_hear(&self) {
        let mut memory = self.memory();
        memory.refusals += 1;
        if memory.refusals >= REFUSALS_MAX && !std::mem::replace(&mut memory.mute, true) {
            tracing::error!(
                code = "write_back.refused",
                "the source refuses what is written back: nobody is told of before the next full sweep or reload; `hiresync check` names the permissions that are needed"
            );
        }
    }

    /// What is to be told, and a digest of it; nothing while something is owed, or when it was told before.
    fn news(
        &self,
        write_back: &WriteBack,
        contact: &ContactId,
        standing: &Standing,
    ) -> Option<(News, Digest)> {
        let Standing { agreed: Some(Agreed { link, .. }), owed: None, told, .. } = standing else {
            return None;
        };
        let news = News {
            contact: contact.clone(),
            hires: BTreeSet::new(),
            tag: write_back.tag.clone(),
            link: write_back.link.as_ref().map(|link_to| link_to.replace(RECORD, &encoded(&link.remote))),
            note: write_back.note.as_ref().map(|note| note.replace(RECORD, link.remote.as_str())),
        };
        let digest = self.ledger.key().record(&format!("{:?}", (&news.tag, &news.link, &news.note)));
        let untold = link.hires.keys().filter(|hire| told.get(*hire) != Some(&digest));
        let hires: BTreeSet<OpportunityId> = untold.cloned().collect();
        (!hires.is_empty()).then_some((News { hires, ..news }, digest))
    }
}

/// The note under which the ledger keeps everything that was ever told, in the words of its configuration.
const TOLD: &str = "told";

/// What was ever told, also by targets and in words that the configuration has no more: it stays in the source, and must not be
/// read there as if somebody else had written it.
pub fn ever_told(ledger: &Ledger) -> Vec<WriteBack> {
    let note = ledger.note(TOLD).ok().flatten();
    note.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn remember(draft: &mut Draft<'_>, told: &WriteBack) -> ledger::Result<()> {
    let mut ever = ever_told(draft.ledger());
    if !ever.contains(told) {
        ever.push(told.clone());
        draft.put_note(TOLD, &serde_json::to_string(&ever).unwrap_or_default());
    }
    Ok(())
}

/// The id as one part of an address, whatever it consists of (RFC 3986, section 2).
fn encoded(record: &RemoteId) -> String {
    let mut text = String::new();
    for byte in record.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
