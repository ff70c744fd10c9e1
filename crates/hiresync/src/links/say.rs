//! What is said about links.

use engine::links::{
    Backfill, FoundLinks, Imported, ImportedRow, LinkAnswer, LinkLine, LinksOf, Removed, RowResult, Strength,
};
use ledger::LinkOrigin;

use crate::print;

/// What came of an order, in words.
pub(super) fn answer(answer: &LinkAnswer, width: Option<usize>) -> String {
    match answer {
        LinkAnswer::Import(imported) => import(imported, width),
        LinkAnswer::Set(set) => set.rows.iter().map(|row| one(set, row)).collect(),
        LinkAnswer::Find(found) => find(found, width),
        LinkAnswer::Remove(removed) => remove(removed),
        LinkAnswer::Backfill(order) => backfill(order),
        LinkAnswer::Rehire { decided: true } => "Decided; it is acted on now.\n".to_owned(),
        LinkAnswer::Rehire { decided: false } => {
            "Nothing waits for that decision; `hiresync tasks` lists what does.\n".to_owned()
        }
    }
}

/// Whether somebody has to do something now.
pub(super) fn needs_human(answer: &LinkAnswer) -> bool {
    match answer {
        LinkAnswer::Import(imported) | LinkAnswer::Set(imported) => imported.needs_human(),
        LinkAnswer::Find(found) => {
            !found.unread.is_empty() || found.matches.iter().any(|one| !one.strength.is_proposed())
        }
        LinkAnswer::Backfill(order) => order.fields.is_empty(),
        LinkAnswer::Remove(_) => false,
        LinkAnswer::Rehire { decided } => !decided,
    }
}

fn import(imported: &Imported, width: Option<usize>) -> String {
    let counts = imported.counts;
    let parts = [
        (counts.linked, if imported.dry { "to be linked" } else { "linked" }),
        (counts.already_linked, "already linked"),
        (counts.unknown, "unknown"),
        (counts.ambiguous, "ambiguous"),
        (counts.conflicting, "conflicting"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(rows, _)| *rows > 0).map(|(rows, word)| format!("{rows} {word}")).collect();
    let rows = print::count(imported.rows.len() as u64, "row", "rows");
    let result = if parts.is_empty() { "nothing to link".to_owned() } else { parts.join(", ") };
    let mut text = format!("{}, {rows}: {result}.\n", imported.target);
    if imported.dry {
        text.push_str("Nothing was written.\n");
    }
    if !imported.looked {
        text.push_str(&format!(
            "{} cannot be asked, so nobody looked whether these records are there. Whoever is linked is not sent a first time; \
             what changes about them is a task.\n",
            imported.target
        ));
    }
    let is_good = |row: &&ImportedRow| !matches!(row.result, RowResult::Linked | RowResult::AlreadyLinked);
    let rows: Vec<Vec<String>> = imported
        .rows
        .iter()
        .filter(is_good)
        .map(|row| {
            let (remote, who) = (row.remote.to_string(), format!("{} {}", row.who.word(), row.who.as_str()));
            vec![row.line.to_string(), remote, who, row.result.words().to_owned(), row.why.clone()]
        })
        .collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&print::fitted(&["line", "record", "whose", "result", "why"], &rows, width));
    }
    text
}

fn one(set: &Imported, row: &ImportedRow) -> String {
    let contact = row.contact.as_ref().map_or(row.who.as_str(), |contact| contact.as_str());
    match row.result {
        RowResult::Linked => format!(
            "Contact {contact} is {} in {} now. What HR has there stays; the next cycle compares it.\n",
            row.remote, set.target
        ),
        RowResult::AlreadyLinked => {
            format!("Contact {contact} is {} in {} already.\n", row.remote, set.target)
        }
        _ => format!("Not linked: {} ({}).\n", row.why, row.code),
    }
}

fn find(found: &FoundLinks, width: Option<usize>) -> String {
    let of = |strength: Strength| found.matches.iter().filter(|one| one.strength == strength).count();
    let mut text = format!(
        "{}, {} looked for: {} certain, {} likely, {} weak, {} with several records or people, {} not there. {} linked already.\n",
        found.target,
        print::count(found.looked_for, "person", "people"),
        of(Strength::Certain),
        of(Strength::Likely),
        of(Strength::Weak),
        of(Strength::Several),
        found.nobody,
        found.already_linked,
    );
    let mut rows = Vec::new();
    for one in &found.matches {
        for (nth, candidate) in one.candidates.iter().enumerate() {
            let first = |text: &str| if nth == 0 { text.to_owned() } else { String::new() };
            let mut evidence = candidate.evidence.clone();
            if !candidate.others.is_empty() {
                let others: Vec<&str> = candidate.others.iter().map(|other| other.as_str()).collect();
                evidence = format!("{evidence}; also of contact {}", others.join(", "));
            }
            let record = candidate.remote.to_string();
            rows.push(vec![first(one.contact.as_str()), first(one.strength.word()), record, evidence]);
        }
    }
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&print::fitted(&["contact", "strength", "record", "evidence"], &rows, width));
    }
    if !found.unread.is_empty() {
        let rows: Vec<Vec<String>> =
            found.unread.iter().map(|one| vec![one.contact.to_string(), one.why.clone()]).collect();
        text.push_str("\nNot looked for:\n");
        text.push_str(&print::fitted(&["contact", "why"], &rows, width));
    }
    text
}

fn remove(removed: &Removed) -> String {
    let Removed { target, contact, remote } = removed;
    format!(
        "Contact {contact} is {remote} in {target} no more. Nothing was deleted over there, and nobody is linked or created in its \
         place by itself.\n`hiresync links set {contact} RECORD --target {target}` names the right record; `hiresync retry {contact}` \
         looks once more, and creates the person if nobody is found.\nIf one of Lever's ids stands on {remote}, take it off there \
         first: by it the record would be found again.\n"
    )
}

fn backfill(order: &Backfill) -> String {
    let Backfill { target, people, fields } = order;
    if fields.is_empty() {
        return format!(
            "{target} keeps none of Lever's ids, so there is nothing to write: say where with `keep` ([targets.{target}.keep]).\n"
        );
    }
    let fields: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
    let records = print::count(*people, "record that was", "records that were");
    format!(
        "Lever's ids go onto {records} there before us, with the next cycle: {}, where they are empty or lack one. Nothing else of \
         them is changed.\nMore than [guards] changes_per_cycle_max in one cycle wait for `hiresync approve`.\n",
        fields.join(", ")
    )
}

fn origin(line: &LinkLine) -> &'static str {
    match line.origin {
        Some(LinkOrigin::Created) => "made by us",
        Some(LinkOrigin::Adopted) => "found",
        Some(LinkOrigin::Imported) => "said by a human",
        None => "",
    }
}

/// `links list`
pub(super) fn list(lines: &[LinkLine]) -> String {
    if lines.is_empty() {
        return "Nobody is linked.\n".to_owned();
    }
    let row = |line: &LinkLine| {
        vec![
            line.target.to_string(),
            line.contact.to_string(),
            line.remote.to_string(),
            origin(line).to_owned(),
            line.hires.len().to_string(),
            line.state.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    print::table(&["target", "contact", "record", "origin", "hires", "state"], &rows)
}

/// `links show`
pub(super) fn show(of: &LinksOf, width: Option<usize>) -> String {
    let mut text = String::new();
    for line in &of.links {
        text.push_str(&format!(
            "{}: contact {} is {} ({}), {}, since {}\n",
            line.target,
            line.contact,
            line.remote,
            origin(line),
            line.state,
            print::moment(line.at)
        ));
        for (opportunity, hire) in &line.hires {
            text.push_str(&format!("  hire {opportunity} is {hire}\n"));
        }
        if line.backfill {
            text.push_str("  Lever's ids are still to be written onto it.\n");
        }
    }
    for (target, rehires) in &of.rehires {
        for (opportunity, rehire) in rehires {
            let (kind, treatment) = (rehire.kind.words(), rehire.treatment.word());
            text.push_str(&format!("{target}: opportunity {opportunity}: {kind}; {treatment}\n"));
        }
    }
    for task in &of.tasks {
        text.push_str(&print::wrapped(&format!("{}: {}", task.id.0, task.text), 0, width));
    }
    if text.is_empty() { format!("Contact {} is linked to nothing.\n", of.contact) } else { text }
}
