//! From a letter to what stands in it: plain text, in HR's words, codes last.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use chrono::TimeDelta;
use people::{ContactId, Pii, Timestamp, Zone};

use crate::{
    Alarm, Digest, Facts, Task,
    facts::{OfTarget, Stopped},
    remembered::{About, Item, Notice, Phase},
};

/// A letter names at most so many of a kind; the rest is a number, and a command shows all.
const LISTED_MAX: usize = 300;

/// Whom the ids in a letter mean, for whoever reads it. Gathered when it is sent, and kept nowhere.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// What they are called, where that was asked.
    pub names: BTreeMap<ContactId, Pii<String>>,
    /// Where Lever shows who they are, to whoever may see that.
    pub profiles: BTreeMap<ContactId, String>,
}

/// What stands in a letter. It has no `Debug`: it may hold names.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The number and the matter, on one line; never a name.
    pub subject: String,
    /// Lines that end in `\n`.
    pub body: String,
}

/// Whom a letter is about.
pub fn contacts(notice: &Notice, now: &Facts) -> BTreeSet<ContactId> {
    match &notice.letter.about {
        About::Tasks { ids } => open(ids, now).map(|task| task.contact.clone()).collect(),
        About::Digest { .. } => {
            let of = |target: &OfTarget| -> Vec<ContactId> {
                let stopped = target.held.iter().chain(&target.parked).map(|stopped| stopped.contact.clone());
                target.arrived.iter().map(|arrived| arrived.contact.clone()).chain(stopped).collect()
            };
            let targets = now.digest.iter().flat_map(|digest| &digest.targets).flat_map(of);
            targets.chain(now.tasks.iter().map(|task| task.contact.clone())).collect()
        }
        About::Alarms { .. } => BTreeSet::new(),
    }
}

/// The words of a letter; `None` where there is nothing to say any more.
pub fn text(notice: &Notice, now: &Facts, who: &Who) -> Option<Text> {
    let page = Page { now, who };
    let (subject, body) = match &notice.letter.about {
        About::Tasks { ids } => page.tasks(&open(ids, now).collect::<Vec<_>>())?,
        About::Digest { since } => page.digest(now.digest.as_ref()?, notice, *since),
        About::Alarms { items } => page.alarms(items),
    };
    let end = "\n-- \nhiresync sent this by itself; nobody reads answers. [notices] in its configuration says who gets what.\n";
    Some(Text { subject: one_line(&subject), body: body + end })
}

/// Those of them that are still to be done, in the letter's order.
fn open<'f>(ids: &'f [String], now: &'f Facts) -> impl Iterator<Item = &'f Task> {
    ids.iter().filter_map(|id| now.tasks.iter().find(|task| task.id == *id))
}

struct Page<'p> {
    now: &'p Facts,
    who: &'p Who,
}

impl Page<'_> {
    fn tasks(&self, tasks: &[&Task]) -> Option<(String, String)> {
        let people: BTreeSet<&ContactId> = tasks.iter().map(|task| &task.contact).collect();
        let number = people.len();
        let are_starters = tasks.iter().all(|task| task.is_for_starter);
        let matter = match (number, are_starters) {
            (0, _) => return None,
            (1, true) => "1 new starter needs something from you".to_owned(),
            (1, false) => "1 person needs a decision or a correction from you".to_owned(),
            (_, true) => format!("{number} new starters need something from you"),
            (_, false) => format!("{number} people need a decision or a correction from you"),
        };
        let mut body = format!("{matter}. Each is written once; `hiresync tasks` lists what is open.\n");
        for (nth, task) in tasks.iter().take(LISTED_MAX).enumerate() {
            let _ = writeln!(body, "\n{}. {}", nth + 1, self.person(&task.contact));
            let _ = writeln!(body, "   What to do: {}", one_line(&task.to_do));
            let place = task.target.as_ref().map_or_else(String::new, |target| format!(", in {target}"));
            let _ = writeln!(body, "   Since {}{place}", moment(task.raised_at, self.now.zone));
            self.profile(&mut body, &task.contact);
            let _ = writeln!(body, "   When it is done: hiresync tasks done {}", task.id);
        }
        rest(&mut body, tasks.len(), "hiresync tasks");
        Some((matter, body))
    }

    fn digest(&self, digest: &Digest, notice: &Notice, since: Timestamp) -> (String, String) {
        let (at, zone) = (notice.letter.at, self.now.zone);
        let sum = |count: fn(&OfTarget) -> usize| digest.targets.iter().map(count).sum::<usize>();
        let arrived: usize = digest
            .targets
            .iter()
            .map(|target| target.arrived.iter().filter(|it| it.at >= since).count())
            .sum();
        let stopped = sum(|target| target.held.len() + target.parked.len());
        let tasks = self.now.tasks.len();
        let subject = format!(
            "{}: {arrived} arrived, {stopped} waiting, {tasks} to do",
            at.with_timezone(&zone).format("%A %-d %B")
        );
        let mut body = format!("Since {}.\n{}\n", moment(since, zone), one_line(&digest.summary));
        for target in &digest.targets {
            self.target(&mut body, target, since);
        }
        let _ = writeln!(body, "\nTo do: {tasks}");
        let mut oldest_first: Vec<&Task> = self.now.tasks.iter().collect();
        oldest_first.sort_by_key(|task| (task.raised_at, &task.id));
        for task in oldest_first.iter().take(LISTED_MAX) {
            let age = days(at - task.raised_at);
            let _ = writeln!(body, "* {}, open {age} ({})", self.person(&task.contact), task.id);
            let _ = writeln!(body, "  {}", one_line(&task.to_do));
        }
        rest(&mut body, tasks, "hiresync tasks");
        body.push_str(
            "\nThis letter comes on each of its days. If it does not, hiresync or its mail stands still.\n",
        );
        (subject, body)
    }

    fn target(&self, body: &mut String, target: &OfTarget, since: Timestamp) {
        let _ = writeln!(body, "\n{}", target.target);
        if target.started > 0 {
            let hires = if target.started == 1 { "hire has" } else { "hires have" };
            let _ =
                writeln!(body, "Attention: {} {hires} begun to work without a record there.", target.started);
        }
        let arrived: Vec<_> = target.arrived.iter().filter(|arrived| arrived.at >= since).collect();
        let _ = writeln!(body, "Arrived: {}", arrived.len());
        for it in arrived.iter().take(LISTED_MAX) {
            let _ = writeln!(body, "* {}, {}", self.person(&it.contact), moment(it.at, self.now.zone));
        }
        rest(body, arrived.len(), "hiresync people");
        for (word, stopped) in [("Waiting", &target.held), ("Refused", &target.parked)] {
            if !stopped.is_empty() {
                let _ = writeln!(body, "{word}: {}", stopped.len());
                stopped.iter().take(LISTED_MAX).for_each(|it| self.stopped(body, it));
                rest(body, stopped.len(), "hiresync people");
            }
        }
    }

    fn stopped(&self, body: &mut String, it: &Stopped) {
        let by =
            it.needed_by.map_or_else(String::new, |day| format!(", needed by {}", day.format("%-d %B %Y")));
        let _ = writeln!(body, "* {}{by} [{}]", self.person(&it.contact), it.code);
        let _ = writeln!(body, "  {} {}", one_line(&it.what), one_line(&it.remedy));
        self.profile(body, &it.contact);
    }

    fn alarms(&self, items: &[Item]) -> (String, String) {
        let title = match items {
            [item] => match item.phase {
                Phase::Begins => item.title.clone(),
                Phase::Lasts => format!("still so: {}", item.title),
                Phase::Over { .. } => format!("is over: {}", item.title),
            },
            items => {
                let number = |is: fn(&Phase) -> bool| items.iter().filter(|item| is(&item.phase)).count();
                let parts = [
                    (number(|phase| *phase == Phase::Begins), "new"),
                    (number(|phase| *phase == Phase::Lasts), "still so"),
                    (number(|phase| matches!(phase, Phase::Over { .. })), "over"),
                ];
                let parts: Vec<String> = parts
                    .iter()
                    .filter(|(number, _)| *number > 0)
                    .map(|(number, word)| format!("{number} {word}"))
                    .collect();
                format!("{} alarms: {}", items.len(), parts.join(", "))
            }
        };
        let mut body = String::new();
        items.iter().for_each(|item| self.alarm(&mut body, item));
        (format!("hiresync: {title}"), body)
    }

    fn alarm(&self, body: &mut String, item: &Item) {
        let zone = self.now.zone;
        let since = moment(item.since, zone);
        let still: Option<&Alarm> = self.now.alarms.iter().find(|alarm| alarm.key == item.key);
        match (item.phase, still) {
            (Phase::Over { ended }, _) => {
                let _ = writeln!(body, "IS OVER since {}: {}", moment(ended, zone), item.title);
                let _ = writeln!(body, "It began {since}. [{}]\n", item.key);
            }
            (phase, Some(alarm)) => {
                let word = if phase == Phase::Lasts { "STILL SO" } else { "NEW" };
                let _ = writeln!(body, "{word}: {}", item.title);
                let _ = writeln!(body, "Since {since}. {}", one_line(&alarm.what));
                let _ = writeln!(body, "What to do: {} [{}]\n", one_line(&alarm.remedy), item.key);
            }
            (_, None) => {
                let _ = writeln!(body, "WAS SO: {}", item.title);
                let _ = writeln!(body, "It began {since} and is not met now. [{}]\n", item.key);
            }
        }
    }

    /// The name, where it was asked, and always the id: names change.
    fn person(&self, contact: &ContactId) -> String {
        match self.who.names.get(contact) {
            Some(name) => format!("{} (contact {contact})", one_line(name.reveal())),
            None => format!("contact {contact}"),
        }
    }

    fn profile(&self, body: &mut String, contact: &ContactId) {
        if let Some(profile) = self.who.profiles.get(contact) {
            let _ = writeln!(body, "   Who it is: {profile}");
        }
    }
}

fn rest(body: &mut String, number: usize, command: &str) {
    if number > LISTED_MAX {
        let _ = writeln!(body, "… and {} more: `{command}` lists all.", number - LISTED_MAX);
    }
}

/// Whatever comes from outside, on one line: nobody writes a header, or a letter of their own, by a line break.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn moment(at: Timestamp, zone: Zone) -> String {
    format!("{} ({zone})", at.with_timezone(&zone).format("%a %-d %b %Y %H:%M"))
}

fn days(span: TimeDelta) -> String {
    match span.num_days() {
        ..=0 => "since today".to_owned(),
        1 => "for 1 day".to_owned(),
        days => format!("for {days} days"),
    }
}
