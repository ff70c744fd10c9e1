//! Who may be who: everybody hired who has no record is looked for in the target, and what is found is shown side by side.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{Evidence, Found, TaskKind};
use people::{Candidacy, ContactId, OpportunityId, RemoteId};

use super::{
    Candidate, FOUND_BEFORE_CREATING, FOUND_BY_ORDER, FoundLink, FoundLinks, LinkError, Strength, Unread,
    judge::Who, which_record,
};
use crate::{
    cycle::Engine,
    settings::Target,
    source::{Sweep, Then},
};

/// Somebody who was looked for, and what was found.
struct Hit {
    contact: ContactId,
    opportunities: Vec<OpportunityId>,
    found: Vec<Found>,
}

/// By whom each record may be claimed: by what was found, and by what is linked.
type Claims = BTreeMap<RemoteId, BTreeSet<ContactId>>;

impl Engine {
    /// Looks for these contacts, or for everybody who was ever hired and is not linked. Nothing is linked: what is too weak to be
    /// proposed, or several, becomes a task.
    pub(super) async fn find_links(
        &self,
        target: &Target,
        contacts: &[ContactId],
    ) -> Result<FoundLinks, LinkError> {
        if !target.adapter.info().capabilities.find {
            return Err(LinkError::CannotLook(target.name.clone()));
        }
        let everybody =
            if contacts.is_empty() { self.ever_hired().await? } else { contacts.iter().cloned().collect() };
        let linked: BTreeSet<ContactId> = self.holders(target)?.into_values().collect();
        let (known, whom): (BTreeSet<_>, BTreeSet<_>) =
            everybody.into_iter().partition(|contact| linked.contains(contact));
        let mut answer = FoundLinks {
            target: target.name.clone(),
            looked_for: 0,
            already_linked: known.len() as u64,
            nobody: 0,
            matches: Vec::new(),
            unread: Vec::new(),
        };
        let mut people = BTreeMap::new();
        let mut read = self.read_whoever(&whom).await?;
        for asked in whom {
            match read.remove(&asked).unwrap_or(Who::Nobody) {
                // Merged into somebody who is linked: there is nobody to look for.
                Who::Person(person) if linked.contains(&person.contact) => answer.already_linked += 1,
                Who::Person(person) => drop(people.insert(person.contact.clone(), person)),
                Who::Nobody => answer.unread.push(unread(asked, NOT_IN_LEVER)),
                Who::Anonymised(_) => answer.unread.push(unread(asked, "anonymised in Lever")),
                Who::Unreadable(_, place) => {
                    answer.unread.push(unread(asked, &format!("Lever's record cannot be used: {place}")));
                }
            }
        }
        let mut hits = Vec::new();
        for (contact, person) in people {
            let who = self.who_at(target, &person)?;
            let found = self.asking_target(target, target.adapter.find(&who)).await?;
            let opportunities = person.opportunities.keys().cloned().collect();
            hits.push(Hit { contact, opportunities, found });
        }
        answer.looked_for = hits.len() as u64;
        let mut claims = Claims::new();
        for (remote, holder) in self.holders(target)? {
            claims.entry(remote).or_default().insert(holder);
        }
        for hit in &hits {
            for found in &hit.found {
                claims.entry(found.link.remote.clone()).or_default().insert(hit.contact.clone());
            }
        }
        answer.nobody = hits.iter().filter(|hit| hit.found.is_empty()).count() as u64;
        answer.matches = hits.iter().filter_map(|hit| judge(hit, &claims)).collect();
        answer
            .matches
            .sort_by(|one, other| (one.strength, &one.contact).cmp(&(other.strength, &other.contact)));
        self.raise_found(target, &hits, &answer.matches)?;
        Ok(answer)
    }

    /// Every contact with a hire, whenever that was.
    async fn ever_hired(&self) -> Result<BTreeSet<ContactId>, LinkError> {
        let mut hired = BTreeSet::new();
        let mut page = None;
        loop {
            let seen = self.asking(self.source.sweep(&Sweep::Full, page)).await?;
            let sightings = seen.sightings.into_iter();
            hired.extend(sightings.filter(|it| it.candidacy == Candidacy::Hired).map(|it| it.contact));
            match seen.then {
                Then::More(token) => page = Some(token),
                Then::Done(_) => return Ok(hired),
            }
        }
    }

    /// A task for whoever a human must decide about, and none for whoever that is not so any more. One that a human closed stays
    /// closed.
    fn raise_found(&self, target: &Target, hits: &[Hit], matches: &[FoundLink]) -> Result<(), LinkError> {
        let unclear: BTreeSet<&ContactId> =
            matches.iter().filter(|one| !one.strength.is_proposed()).map(|one| &one.contact).collect();
        let kind = TaskKind::PossibleDuplicate;
        let _ = self.ledger.write(|draft| {
            for Hit { contact, found, .. } in hits {
                let id = self.task_id(kind, Some(&target.name), contact, FOUND_BY_ORDER);
                let known = self.ledger.task(&id)?.filter(|task| task.done_at.is_none());
                let other = self.task_id(kind, Some(&target.name), contact, FOUND_BEFORE_CREATING);
                let is_asked = self.ledger.task(&other)?.is_some_and(|task| task.done_at.is_none());
                let task = (unclear.contains(contact) && !is_asked).then(|| {
                    let if_none = format!("close this task: `hiresync tasks done {}`", id.0);
                    which_record(&target.name, contact, found, FOUND_BY_ORDER, &if_none)
                });
                if known.is_some_and(|known| task.as_ref().is_none_or(|task| task.text != known.text)) {
                    draft.forget_task(&id);
                }
                if let Some(task) = task {
                    self.raise(draft, contact, Some(&target.name), task)?;
                }
            }
            Ok(())
        })?;
        Ok(())
    }
}

const NOT_IN_LEVER: &str = "Lever knows no such contact, or does not show it to this key";

fn unread(contact: ContactId, why: &str) -> Unread {
    Unread { contact, why: why.to_owned() }
}

/// How sure it is. An id that is kept on a record decides alone; without one, address and name do, if they are of one record and
/// that is nobody else's.
fn judge(hit: &Hit, claims: &Claims) -> Option<FoundLink> {
    let mut best: BTreeMap<&RemoteId, Evidence> = BTreeMap::new();
    for found in &hit.found {
        let evidence = best.entry(&found.link.remote).or_insert(found.evidence);
        *evidence = found.evidence.min(*evidence);
    }
    let others = |remote: &RemoteId| {
        let claims = claims.get(remote).into_iter().flatten();
        claims.filter(|contact| **contact != hit.contact).cloned().collect::<Vec<_>>()
    };
    let of = |is: &dyn Fn(Evidence) -> bool| {
        best.iter().filter(|(_, evidence)| is(**evidence)).map(|(remote, _)| *remote).collect::<Vec<_>>()
    };
    let (proven, named) = (of(&Evidence::is_proof), of(&|evidence| evidence == Evidence::EmailAndName));
    let alone = |remote: &RemoteId| others(remote).is_empty();
    let strength = match (proven.as_slice(), named.as_slice(), best.len()) {
        (_, _, 0) => return None,
        ([one], _, _) if alone(one) => Strength::Certain,
        ([], [one], _) if alone(one) => Strength::Likely,
        ([], [], 1) if best.keys().all(|remote| alone(remote)) => Strength::Weak,
        _ => Strength::Several,
    };
    let mut candidates: Vec<(Evidence, Candidate)> = best
        .iter()
        .map(|(remote, evidence)| {
            let (proven, words) = (evidence.is_proof(), evidence.words().to_owned());
            let candidate =
                Candidate { remote: (*remote).clone(), proven, evidence: words, others: others(remote) };
            (*evidence, candidate)
        })
        .collect();
    candidates.sort_by(|(one, left), (other, right)| (one, &left.remote).cmp(&(other, &right.remote)));
    Some(FoundLink {
        contact: hit.contact.clone(),
        opportunities: hit.opportunities.clone(),
        strength,
        candidates: candidates.into_iter().map(|(_, candidate)| candidate).collect(),
    })
}

#[cfg(test)]
mod tests {
    use adapter_sdk::Link;

    use super::*;

    /// `r1 name` and so on: what was found of a contact.
    fn hit(contact: &str, found: &[(&str, Evidence)]) -> Hit {
        let found = found.iter().map(|(remote, evidence)| Found {
            link: Link::to(remote.parse().unwrap()),
            contact: None,
            evidence: *evidence,
        });
        Hit { contact: contact.parse().unwrap(), opportunities: vec![], found: found.collect() }
    }

    #[test]
    fn a_kept_id_decides_alone_address_and_name_are_proposed_and_everything_else_is_for_a_human() {
        use Evidence::{ContactId as Kept, Email, EmailAndName as Named, OpportunityId as Hire};
        use Strength::{Certain, Likely, Several, Weak};
        for (ada, ben, strength) in [
            (&[("r1", Kept)][..], &[][..], Some(Certain)),
            (&[("r1", Kept), ("r2", Named)], &[], Some(Certain)),
            (&[("r1", Kept), ("r2", Hire)], &[], Some(Several)),
            (&[("r1", Kept)], &[("r1", Hire)], Some(Several)),
            (&[("r1", Named)], &[], Some(Likely)),
            (&[("r1", Named), ("r2", Email)], &[], Some(Likely)),
            (&[("r1", Named), ("r2", Named)], &[], Some(Several)),
            (&[("r1", Named)], &[("r1", Email)], Some(Several)),
            (&[("r1", Email)], &[], Some(Weak)),
            (&[("r1", Email), ("r2", Email)], &[], Some(Several)),
            (&[("r1", Email)], &[("r1", Email)], Some(Several)),
            (&[], &[("r1", Kept)], None),
        ] {
            let (ada, ben) = (hit("ada", ada), hit("ben", ben));
            let mut claims = Claims::new();
            for hit in [&ada, &ben] {
                for found in &hit.found {
                    claims.entry(found.link.remote.clone()).or_default().insert(hit.contact.clone());
                }
            }
            assert_eq!(judge(&ada, &claims).map(|one| one.strength), strength, "{:?}", ada.found);
        }
    }
}
