//! The command line as a client of the running daemon.

use std::{path::Path, time::Duration};

use engine::{GuardTrip, PersonLine, PlanFile};
use http::{Failure, Local, Response};
use ledger::Event;
use people::{Clock as _, SystemClock};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    api::PLAN_TIME,
    cli::{Command, TaskOrder},
    exit::Exit,
    print,
    report::{
        self, ApplyAnswer, Explained, ForgottenAnswer, NamedTasks, ParkedLine, PlanAnswer, ReportAnswer,
        StatusAnswer, TaskLine,
    },
};

/// Between two looks of `status --watch`.
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// What is said when Lever finds nobody by what was typed.
pub const NOBODY: &str =
    "Lever knows nobody by that; give a contact or opportunity id, a profile link or an e-mail";

/// Speaks to the daemon at one socket.
pub struct Client {
    local: Local,
    socket: String,
}

/// What a document is turned into for people.
type ForPeople<T> = fn(&T) -> String;

impl Client {
    /// Speaks to the socket at `path`. Nothing is connected yet.
    pub fn new(path: &Path) -> Result<Client, Exit> {
        let local = Local::new(path).map_err(|problem| {
            print::complain(&problem.to_string());
            Exit::Unreachable
        })?;
        // A look in Lever takes as long as Lever's pace makes it.
        Ok(Client {
            local: local.with_deadline(Duration::from_secs(610)),
            socket: path.display().to_string(),
        })
    }

    /// The same for plans and orders about many people, which take as long as the slowest target's pace makes them.
    pub fn patient(self) -> Client {
        Client { local: self.local.with_deadline(PLAN_TIME + Duration::from_secs(10)), ..self }
    }

    /// Asks or orders what `command` says, and prints the answer.
    pub async fn run(&self, command: &Command, as_json: bool) -> Result<Exit, Exit> {
        match command {
            Command::Status { watch: false } => self.status(as_json).await,
            Command::Status { watch: true } => self.watch(as_json).await,
            Command::People => {
                let now = SystemClock.now();
                let lines: Vec<PersonLine> = self.parsed("/v1/people").await?;
                show(&lines, as_json, || report::people(&lines, now))
            }
            Command::Explain { who, verbose } => self.explain(who, *verbose, as_json).await,
            Command::History { contact, since, follow } => {
                let query = history_query(contact.as_deref(), since.as_deref());
                if *follow {
                    self.follow(&query, contact.is_none(), as_json).await
                } else {
                    self.history(&query, contact.is_none(), as_json).await
                }
            }
            Command::Tasks { order: None, names: false } => {
                let tasks = |tasks: &Vec<TaskLine>| report::tasks(tasks, print::width());
                self.shown("/v1/tasks", as_json, tasks).await
            }
            Command::Tasks { order: None, names: true } => {
                let named = |answer: &NamedTasks| report::named(answer, print::width());
                self.shown("/v1/tasks?names=true", as_json, named).await
            }
            Command::Tasks { order: Some(TaskOrder::Done { id }), .. } => {
                self.ordered(&format!("/v1/tasks/{}/done", segment(id)), &Value::Null, as_json, |_| {
                    "Closed.".to_owned()
                })
                .await
            }
            Command::Parked => {
                let parked = |list: &Vec<ParkedLine>| report::parked(list, print::width());
                self.shown("/v1/parked", as_json, parked).await
            }
            Command::Guards => {
                self.shown::<Vec<GuardTrip>>("/v1/guards", as_json, |trips| report::guards(trips)).await
            }
            Command::Sync { contact } => {
                let said = |answer: &Value| match answer["marked"].as_u64() {
                    Some(0) | None => "Lever is asked now who changed.".to_owned(),
                    Some(count) => {
                        format!("Marked; {} read again now.", print::count(count, "person is", "people are"))
                    }
                };
                self.ordered("/v1/sync", &json!({ "contacts": contact }), as_json, said).await
            }
            Command::Retry { contact } => self.retry(contact, as_json).await,
            Command::Forget { contact, .. } => self.forget(contact, as_json).await,
            Command::Report { contact, .. } => self.report(contact, as_json).await,
            Command::Approve { cycle } => {
                let said = |answer: &Value| {
                    let released = answer["released"].as_u64().unwrap_or(0);
                    format!("Let go: {}.", print::count(released, "change", "changes"))
                };
                self.ordered(&format!("/v1/guards/{cycle}/approve"), &Value::Null, as_json, said).await
            }
            Command::Pause { target } => self.switch(target.as_deref(), "pause", as_json).await,
            Command::Resume { target } => self.switch(target.as_deref(), "resume", as_json).await,
            _ => Err(Exit::Bug),
        }
    }

    /// Asks for a document.
    pub async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, Exit> {
        self.parsed(path).await
    }

    /// Orders something.
    pub async fn order<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, Exit> {
        parse(&self.post(path, body).await?)
    }

    /// The daemon's plan for these contacts.
    pub async fn plan(&self, contacts: &[String]) -> Result<PlanAnswer, Exit> {
        let answer = self.post("/v1/plan", &json!({ "contacts": contacts })).await?;
        parse(&answer)
    }

    /// Has the daemon carry out a plan.
    pub async fn apply(&self, plan: &PlanFile) -> Result<ApplyAnswer, Exit> {
        let answer = self.local.post("/v1/apply", plan.bytes()).await;
        let answer = answer.map_err(|failure| self.silent(&failure))?;
        if answer.status != 409 {
            return parse(&good(answer)?);
        }
        let problem: Value = parse(&answer)?;
        serde_json::from_value(problem["answer"].clone()).map_err(|_| other_version())
    }

    /// Has the daemon forget somebody.
    pub async fn forget(&self, contact: &str, as_json: bool) -> Result<Exit, Exit> {
        let path = format!("/v1/people/{}/forget", segment(contact));
        let answer: ForgottenAnswer = parse(&self.post(&path, &Value::Null).await?)?;
        show(&answer, as_json, || answer.text())
    }

    /// All that the daemon holds about somebody.
    pub async fn report(&self, contact: &str, as_json: bool) -> Result<Exit, Exit> {
        let path = format!("/v1/people/{}/report", segment(contact));
        self.shown(&path, as_json, ReportAnswer::text).await
    }

    async fn status(&self, as_json: bool) -> Result<Exit, Exit> {
        let answer: StatusAnswer = self.parsed("/v1/status").await?;
        show(&answer, as_json, || status_page(&answer))?;
        Ok(match answer {
            StatusAnswer { engine: engine::Status { last_fault: Some(_), .. }, .. } => Exit::Unreachable,
            StatusAnswer { needs_human: true, .. } => Exit::NeedsHuman,
            _ => Exit::Done,
        })
    }

    /// Looks again and again. On a terminal the page takes the place of the one before; elsewhere each change is a line, so that a
    /// log of it says when what became otherwise.
    async fn watch(&self, as_json: bool) -> Result<Exit, Exit> {
        let on_terminal = print::is_terminal() && !as_json;
        let mut before = None;
        loop {
            let answer: StatusAnswer = self.parsed("/v1/status").await?;
            let now = answer.state();
            let text = match before.as_ref() == Some(&now) {
                _ if on_terminal => print::page(&status_page(&answer)),
                true => String::new(),
                false if as_json => one_line(&answer)?,
                false => format!("{}  {}", print::moment(answer.now), print::safe(&answer.summary)),
            };
            before = Some(now);
            if !text.is_empty() && !print::more(&text)? {
                return Ok(Exit::Done);
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    /// An id that the daemon knows is answered from the ledger; anything else is looked up in Lever first.
    async fn explain(&self, who: &str, verbose: bool, as_json: bool) -> Result<Exit, Exit> {
        let looks_like_id = !who.contains(['@', '/']) && who.bytes().all(|byte| byte.is_ascii_graphic());
        let mut known = None;
        if looks_like_id {
            known = self.found(&explain_path(who)).await?;
        }
        if known.is_none() {
            let answer = self.post("/v1/resolve", &json!({ "who": who })).await?;
            let answer: Value = parse(&answer)?;
            let Some(contact) = answer["contact"].as_str() else {
                print::complain(NOBODY);
                return Err(Exit::BadInput);
            };
            known = self.found(&explain_path(contact)).await?;
            if known.is_none() {
                let what = "Lever knows this contact, and nothing is owed: not hired, hired before `hired_since`, or hired so \
                            recently that no poll saw it yet (`hiresync sync CONTACT` reads it now)";
                let answer = json!({ "contact": contact, "what": what });
                show(&answer, as_json, || format!("{contact}\n{what}.\n"))?;
                return Ok(Exit::Done);
            }
        }
        let Some(answer) = known else { return Err(Exit::Bug) };
        let explanation: Explained = parse(&answer)?;
        show(&explanation, as_json, || report::explain(&explanation, verbose))
    }

    async fn history(&self, query: &str, with_contact: bool, as_json: bool) -> Result<Exit, Exit> {
        let answer = self.get(&format!("/v1/history?{query}")).await?;
        let text = String::from_utf8_lossy(&answer.body);
        let events: Result<Vec<Event>, _> = text.lines().map(serde_json::from_str).collect();
        let events = events.map_err(|_| other_version())?;
        show(&events, as_json, || report::history(&events, with_contact))
    }

    /// What happened, then what happens, each as it is written: until the daemon stops, or nobody reads any more.
    async fn follow(&self, query: &str, with_contact: bool, as_json: bool) -> Result<Exit, Exit> {
        let path = format!("/v1/history?follow=true&{query}");
        let mut lines = self.local.lines(&path).await.map_err(|failure| self.silent(&failure))?;
        let status = lines.status();
        let broken = |failure| {
            print::complain(&format!("the daemon broke off: {failure}; it drops whoever reads too slowly"));
            Exit::Unreachable
        };
        while let Some(line) = lines.next().await.map_err(broken)? {
            if status != 200 {
                return Err(refused(status, line.as_bytes()));
            }
            let event: Event = serde_json::from_str(&line).map_err(|_| other_version())?;
            let text = if as_json { line } else { report::happening(&event, with_contact) };
            if !print::more(&text)? {
                return Ok(Exit::Done);
            }
        }
        print::say("The daemon stopped.");
        Ok(Exit::Done)
    }

    /// Has the daemon write its ledger to `out`.
    pub async fn export(&self, out: &mut dyn std::io::Write) -> Result<(), Exit> {
        let mut lines = self.local.lines("/v1/state").await.map_err(|failure| self.silent(&failure))?;
        if lines.status() != 200 {
            // The problem, said.
            self.get("/v1/state").await?;
            return Err(other_version());
        }
        while let Some(line) = lines.next().await.map_err(|failure| self.silent(&failure))? {
            if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")) {
                print::complain(&format!("the archive cannot be written: {}", error.kind()));
                return Err(Exit::CannotWrite);
            }
        }
        Ok(())
    }

    async fn retry(&self, contacts: &[String], as_json: bool) -> Result<Exit, Exit> {
        let mut released = Vec::new();
        for contact in contacts {
            let answer = self.post(&format!("/v1/people/{}/retry", segment(contact)), &Value::Null).await?;
            released.push(parse::<Value>(&answer)?);
        }
        let total = released.iter().filter_map(|answer| answer["released"].as_u64()).sum();
        show(&released, as_json, || {
            format!("Tried again now: {}.\n", print::count(total, "change", "changes"))
        })
    }

    async fn switch(&self, target: Option<&str>, order: &str, as_json: bool) -> Result<Exit, Exit> {
        let targets = match target {
            Some(target) => vec![target.to_owned()],
            None => {
                let status: StatusAnswer = self.parsed("/v1/status").await?;
                status.engine.targets.keys().map(ToString::to_string).collect()
            }
        };
        let mut answers = Vec::new();
        for target in &targets {
            let answer = self.post(&format!("/v1/targets/{}/{order}", segment(target)), &Value::Null).await?;
            answers.push(parse::<Value>(&answer)?);
        }
        let done = if order == "pause" { "Paused" } else { "Resumed" };
        show(&answers, as_json, || format!("{done}: {}.\n", targets.join(", ")))
    }

    async fn shown<T: DeserializeOwned + serde::Serialize>(
        &self,
        path: &str,
        as_json: bool,
        for_people: ForPeople<T>,
    ) -> Result<Exit, Exit> {
        let answer: T = self.parsed(path).await?;
        show(&answer, as_json, || for_people(&answer))
    }

    async fn ordered(
        &self,
        path: &str,
        body: &Value,
        as_json: bool,
        for_people: ForPeople<Value>,
    ) -> Result<Exit, Exit> {
        let answer: Value = parse(&self.post(path, body).await?)?;
        show(&answer, as_json, || for_people(&answer) + "\n")
    }

    async fn parsed<T: DeserializeOwned>(&self, path: &str) -> Result<T, Exit> {
        parse(&self.get(path).await?)
    }

    /// The answer, or `None` for "not known".
    async fn found(&self, path: &str) -> Result<Option<Response>, Exit> {
        let answer = self.local.get(path).await.map_err(|failure| self.silent(&failure))?;
        if answer.status == 404 { Ok(None) } else { good(answer).map(Some) }
    }

    async fn get(&self, path: &str) -> Result<Response, Exit> {
        good(self.local.get(path).await.map_err(|failure| self.silent(&failure))?)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Response, Exit> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        good(self.local.post(path, body).await.map_err(|failure| self.silent(&failure))?)
    }

    fn silent(&self, failure: &Failure) -> Exit {
        let socket = &self.socket;
        match failure {
            Failure::NotSent(_) => {
                let allowed = std::os::unix::net::UnixStream::connect(socket);
                if allowed.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied) {
                    print::complain(&format!(
                        "you may not use {socket}; become root, or a member of the socket's group (see systemd/README.md)"
                    ));
                    return Exit::NotAllowed;
                }
                print::complain(&format!(
                    "no daemon answers on {socket}; start it with `systemctl start hiresync` (or `hiresync run --config FILE`), or name its socket with --socket"
                ));
            }
            other => print::complain(&format!("the daemon on {socket} did not answer: the question {other}")),
        }
        Exit::Unreachable
    }
}

fn explain_path(contact: &str) -> String {
    format!("/v1/people/{}/explain?live=true", segment(contact))
}

/// Prints the document, or what it says to people.
fn show(
    document: &impl serde::Serialize,
    as_json: bool,
    for_people: impl FnOnce() -> String,
) -> Result<Exit, Exit> {
    if as_json {
        print::json(document)?
    } else {
        print::answer(&for_people())?
    }
    Ok(Exit::Done)
}

fn parse<T: DeserializeOwned>(answer: &Response) -> Result<T, Exit> {
    serde_json::from_slice(&answer.body).map_err(|_| other_version())
}

fn other_version() -> Exit {
    print::complain("the daemon's answer is not understood; is it of another version than this command?");
    Exit::Unreachable
}

/// The answer, if it is one; else its problem, said, and how to end.
fn good(answer: Response) -> Result<Response, Exit> {
    if (200..300).contains(&answer.status) { Ok(answer) } else { Err(refused(answer.status, &answer.body)) }
}

/// Says the problem; how to end.
fn refused(status: u16, body: &[u8]) -> Exit {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    print::complain(&print::safe(
        problem["detail"].as_str().unwrap_or("the daemon refused without a reason"),
    ));
    match status {
        400 | 404 => Exit::BadInput,
        403 => Exit::NotAllowed,
        409 => Exit::Busy,
        507 => Exit::CannotWrite,
        500 => Exit::Bug,
        _ => Exit::Unreachable,
    }
}

/// The first line in its colour, then the figures.
fn status_page(answer: &StatusAnswer) -> String {
    let tone = match answer {
        StatusAnswer { ok: false, .. } => print::Tone::Bad,
        _ if answer.summary.starts_with("All right") => print::Tone::Good,
        _ => print::Tone::Plain,
    };
    let summary = print::wrapped(&answer.summary, 0, print::width());
    format!("{}\n\n{}", print::toned(summary.trim_end(), tone), report::status(answer))
}

fn one_line(document: &impl serde::Serialize) -> Result<String, Exit> {
    serde_json::to_string(document).map_err(|_| Exit::Bug)
}

fn history_query(contact: Option<&str>, since: Option<&str>) -> String {
    let pairs = [("contact", contact), ("since", since)];
    let query: Vec<String> =
        pairs.iter().filter_map(|(name, value)| Some(format!("{name}={}", segment((*value)?)))).collect();
    query.join("&")
}

/// The text as one segment of a path, or one value of a query.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment_whatever_it_holds() {
        assert_eq!(segment("a/b?c=d%e#ü"), "a%2Fb%3Fc%3Dd%25e%23%C3%BC");
    }
}
