//! What a human has to do: by whom it is done, by the configuration in force, and, where that was asked, whom it is about. Neither
//! is kept anywhere.

use std::{collections::BTreeMap, fmt::Write as _};

use adapter_sdk::TaskKind;
use ledger::{Event, Task};
use people::{ContactId, FieldName, TargetName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    names::Names,
    print::{moment, safe, wrapped},
};

/// Who does the tasks of each target.
pub type Doers = BTreeMap<TargetName, String>;

/// `GET /v1/tasks`: one of them.
#[derive(Clone, JsonSchema, Serialize, Deserialize)]
pub struct TaskLine {
    /// The task as it is kept.
    #[serde(flatten)]
    pub task: Task,
    /// Who does it.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub doer: Option<String>,
    /// The contact's name, as Lever had it a moment ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// `GET /v1/tasks?names=true`
#[derive(Clone, JsonSchema, Serialize, Deserialize)]
pub struct NamedTasks {
    /// Open tasks.
    pub tasks: Vec<TaskLine>,
    /// Why names are missing that Lever may have.
    pub names_missing: Option<String>,
}

/// `GET /v1/people/{contact}/explain`: the engine's explanation, with who does the tasks.
#[derive(Clone, JsonSchema, Serialize, Deserialize)]
pub struct Explained {
    /// The contact.
    pub contact: ContactId,
    /// Marked to be read at the next cycle.
    pub marked: bool,
    /// Target by target.
    pub targets: Vec<engine::TargetExplanation>,
    /// Open tasks about this contact.
    pub tasks: Vec<TaskLine>,
    /// What happened, oldest first.
    pub history: Vec<Event>,
    /// The contact that this one was merged into in Lever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<ContactId>,
    /// A human ordered that this person be forgotten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgotten: bool,
    /// What Lever says now, and what a cycle would make of it, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<engine::Live>,
    /// Why Lever could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_failed: Option<String>,
}

impl TaskLine {
    /// A task and who does it.
    pub fn of(task: Task, doers: &Doers) -> TaskLine {
        let doer = task.target.as_ref().and_then(|target| doers.get(target)).cloned();
        TaskLine { task, doer, name: None }
    }

    /// With its contact's name, which is revealed here, for whoever asked for it.
    pub fn named(self, names: &Names) -> TaskLine {
        let name = names.get(&self.task.contact).map(|name| name.reveal().clone());
        TaskLine { name, ..self }
    }

    /// The task and who does it.
    pub(super) fn whose(&self) -> String {
        let id = &self.task.id.0;
        self.doer.as_ref().map_or_else(|| id.clone(), |doer| format!("{id}, for {doer}"))
    }

    /// What is to be done, with the fields that the text leaves unnamed.
    pub(crate) fn to_do(&self) -> String {
        let task = &self.task;
        let unnamed = task.fields.iter().map(FieldName::as_str).filter(|field| !names(&task.text, field));
        let unnamed: Vec<&str> = unnamed.collect();
        let mut text = task.text.clone();
        if !unnamed.is_empty() {
            let _ = write!(text, " Fields: {}.", unnamed.join(", "));
        }
        text
    }

    /// A line of what and whom, and below it what to do.
    fn block(&self, width: Option<usize>) -> String {
        let task = &self.task;
        let mut head = vec![task.id.0.clone(), format!("since {}", moment(task.raised_at))];
        head.extend(task.target.as_ref().map(|target| format!("in {target}")));
        head.extend(self.doer.as_ref().map(|doer| format!("for {doer}")));
        head.push(format!("contact {}", task.contact));
        head.extend(self.name.clone());
        wrapped(&head.join(", "), 0, width) + &wrapped(&self.to_do(), 2, width)
    }
}

impl Explained {
    /// With who does the tasks.
    pub fn of(explanation: engine::Explanation, doers: &Doers) -> Explained {
        let engine::Explanation { contact, marked, targets, tasks, history, merged_into, forgotten } =
            explanation;
        let tasks = tasks.into_iter().map(|task| TaskLine::of(task, doers)).collect();
        Explained {
            contact,
            marked,
            targets,
            tasks,
            history,
            merged_into,
            forgotten,
            live: None,
            live_failed: None,
        }
    }
}

/// `hiresync tasks`: each with what to do in lines of at most `width`.
pub fn tasks(tasks: &[TaskLine], width: Option<usize>) -> String {
    let mut open: Vec<&TaskLine> = tasks.iter().filter(|line| line.task.done_at.is_none()).collect();
    // What came of one delivery stands together, the New Starter first.
    open.sort_by_key(|line| {
        (line.task.raised_at, &line.task.contact, line.task.kind != TaskKind::NewStarter, &line.task.id)
    });
    let blocks: Vec<String> = open.into_iter().map(|line| line.block(width)).collect();
    if blocks.is_empty() { "No open tasks.\n".to_owned() } else { blocks.join("\n") }
}

/// `hiresync tasks --names`
pub fn named(answer: &NamedTasks, width: Option<usize>) -> String {
    let text = tasks(&answer.tasks, width);
    match &answer.names_missing {
        Some(why) => format!("{text}\nNames are missing: {}\n", safe(why)),
        None => text,
    }
}

/// Whether `word` stands in `text` by itself, not within another.
fn names(text: &str, word: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(goes_on) && !text[at + word.len()..].starts_with(goes_on))
}
