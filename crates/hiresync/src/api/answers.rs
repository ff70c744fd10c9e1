//! Route by route.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{Extension, Path, Query, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use engine::{CycleError, Engine, OrderError, PlanFile};
use ledger::TaskId;
use people::{ContactId, Pii, TargetName, Timestamp};
use planted::Bug;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{sync::oneshot, time::timeout};

use super::{ANSWER_TIME, Ask, HEAD_MAX, Need, PLAN_TIME, Pace, Peer, REQUEST_TIME, Shared};
use crate::{
    report::{
        ApplyAnswer, Explained, ForgottenAnswer, NamedTasks, ParkedLine, PlanAnswer, ReportAnswer, TaskLine,
    },
    schedule::Ordered,
    wiring::Equipped,
};

/// For what Lever says about one person: the page is of use without it.
const LOOK_TIME: Duration = Duration::from_secs(20);
/// What an error says it is.
const PROBLEM: &str = "application/problem+json";
/// Longest body of a question.
const QUESTION_MAX: usize = 4 << 10;
/// Longest body of an order: some thousand contacts.
const BODY_MAX: usize = 64 << 10;
/// Longest plan: some hundred thousand lines.
const PLAN_MAX: usize = 128 << 20;

/// An error as RFC 9457 has it. Never repeats what was sent.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

/// A problem as RFC 9457 writes it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProblemBody {
    /// Always about:blank: the status and the code say what it is.
    #[serde(rename = "type")]
    of_type: String,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// A stable code.
    code: String,
    /// What happened, and what to do. Never repeats what was sent.
    detail: String,
}

/// What was marked to be read.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Marked {
    /// How many contacts.
    marked: usize,
    /// Whether Lever is asked who changed as well.
    sweep: bool,
}

/// What goes on.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Released {
    /// Whose.
    contact: ContactId,
    /// How many changes.
    released: usize,
}

/// What a guard let go.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Approved {
    /// Of which cycle.
    cycle: u64,
    /// How many changes.
    released: usize,
}

/// How a target is now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Switched {
    /// Which one.
    target: TargetName,
    /// Whether it is paused.
    paused: bool,
}

/// A task that was closed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TaskClosed {
    /// Which one.
    task: TaskId,
    /// Always true.
    done: bool,
}

/// Who is meant.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Resolved {
    /// Null: Lever knows nobody by that.
    contact: Option<ContactId>,
}

pub(super) type Answer = Result<Response, Problem>;

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, code, detail: detail.into() }
    }

    pub(super) fn bad(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    pub(super) fn unknown(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "unknown", detail)
    }

    pub(super) fn stopping() -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the daemon is stopping")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            of_type: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
        };
        (self.status, [(header::CONTENT_TYPE, PROBLEM)], serde_json::to_vec(&body).unwrap_or_default())
            .into_response()
    }
}

impl From<ledger::Error> for Problem {
    fn from(error: ledger::Error) -> Self {
        tracing::error!(code = "ledger", "{error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "ledger", error.to_string())
    }
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Ledger(error) => error.into(),
            error @ OrderError::UnderWay(_) => {
                Problem::new(StatusCode::CONFLICT, "under_way", error.to_string())
            }
            error => Problem::unknown(error.to_string()),
        }
    }
}

impl From<adapter_sdk::Error> for Problem {
    fn from(error: adapter_sdk::Error) -> Self {
        let detail = format!("Lever could not be asked: {}", error.chain());
        Problem::new(StatusCode::BAD_GATEWAY, error.kind().code(), detail)
    }
}

impl From<CycleError> for Problem {
    fn from(error: CycleError) -> Self {
        match error {
            CycleError::Stopped => Problem::stopping(),
            CycleError::Source(error) => error.into(),
            CycleError::Ledger(error) => error.into(),
        }
    }
}

/// Decides who may, before the body is read.
pub(super) async fn permit(
    Extension(peer): Extension<Peer>,
    Extension(pace): Extension<Pace>,
    request: Request,
    next: Next,
) -> Response {
    if head_length(&request) > HEAD_MAX && !planted::bug(Bug::SocketUnbounded) {
        let detail = format!("the head of the request is longer than {} KiB", HEAD_MAX >> 10);
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Problem::new(status, "too_long", detail).into_response();
    }
    let need = Need::of(request.method(), request.uri().path());
    if need.is_met_by(peer) {
        let response = next.run(request).await;
        pace.answered();
        return in_our_words(response);
    }
    let detail = "this is for root and the user that runs hiresync; others may only ask";
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response()
}

/// An error as a problem, also where axum found it: a query or a path that it could not read.
fn in_our_words(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.headers().get(header::CONTENT_TYPE).is_some_and(|of| of == PROBLEM) {
        return response;
    }
    let detail = "the path or the query is not understood; GET /v1/openapi.json describes both";
    Problem::new(status, "bad_request", detail).into_response()
}

/// Its line and its fields, as they were sent.
fn head_length(request: &Request) -> usize {
    let line = request.method().as_str().len() + request.uri().to_string().len() + " HTTP/1.1\r\n".len() + 1;
    let fields =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    line + fields.sum::<usize>() + 2
}

pub(super) async fn nowhere() -> Problem {
    Problem::unknown("nothing is here; GET /v1/status is a beginning")
}

pub(super) async fn not_so() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this path takes another method")
}

pub(super) async fn people(State(shared): State<Arc<Shared>>) -> Answer {
    blocking(&shared, |engine| Ok(document(&engine.people()?))).await
}

pub(super) async fn person(State(shared): State<Arc<Shared>>, Path(contact): Path<String>) -> Answer {
    let contact = contact_id(&contact)?;
    blocking(&shared, move |engine| match engine.person(&contact)? {
        lines if lines.is_empty() => Err(nobody()),
        lines => Ok(document(&lines)),
    })
    .await
}

#[derive(Debug, Deserialize)]
pub(super) struct ExplainQuery {
    #[serde(default)]
    live: bool,
}

pub(super) async fn explain(
    State(shared): State<Arc<Shared>>,
    Path(contact): Path<String>,
    Query(query): Query<ExplainQuery>,
) -> Answer {
    let contact = contact_id(&contact)?;
    let (doers, asked_about) = (shared.doers(), contact.clone());
    let explained = blocking(&shared, move |engine| {
        let explanation = engine.explain(&contact)?;
        let is_known = explanation.marked
            || explanation.merged_into.is_some()
            || !explanation.history.is_empty()
            || !explanation.tasks.is_empty()
            || explanation.targets.iter().any(|target| target.code != "unknown");
        if is_known { Ok(Explained::of(explanation, &doers)) } else { Err(nobody()) }
    });
    let mut explained = explained.await?;
    if query.live {
        let (reply, answer) = oneshot::channel();
        shared.ask(Ask::Look(asked_about, reply));
        match timeout(LOOK_TIME, answer).await {
            Ok(Ok(Ok(live))) => explained.live = Some(live),
            Ok(Ok(Err(error))) => explained.live_failed = Some(Problem::from(error).detail),
            Ok(Err(_)) => explained.live_failed = Some("the daemon is stopping".to_owned()),
            Err(_) => explained.live_failed = Some("it takes too long to answer".to_owned()),
        }
    }
    Ok(document(&explained))
}

/// The log does not say who: that would be kept.
pub(super) async fn forget(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path(contact): Path<String>,
) -> Answer {
    let contact = contact_id(&contact)?;
    let forgotten = asked(&shared, |reply| Ask::Forget(contact, reply)).await??;
    tracing::info!(code = "order.forget", user = peer.uid, "a person was forgotten");
    let destinations = shared.destinations().as_ref().clone();
    Ok(document(&ForgottenAnswer { forgotten, destinations }))
}

pub(super) async fn report(State(shared): State<Arc<Shared>>, Path(contact): Path<String>) -> Answer {
    let contact = contact_id(&contact)?;
    let destinations = shared.destinations().as_ref().clone();
    blocking(&shared, move |engine| {
        Ok(document(&ReportAnswer { report: engine.report(&contact)?, destinations }))
    })
    .await
}

#[derive(Debug, Deserialize)]
pub(super) struct TasksQuery {
    #[serde(default)]
    names: bool,
}

pub(super) async fn tasks(State(shared): State<Arc<Shared>>, Query(query): Query<TasksQuery>) -> Answer {
    let doers = shared.doers();
    let tasks = blocking(&shared, move |engine| {
        let tasks = engine.ledger().tasks()?.into_iter();
        Ok(tasks.map(|task| TaskLine::of(task, &doers)).collect::<Vec<_>>())
    });
    let tasks = tasks.await?;
    if query.names { named_tasks(&shared, tasks).await } else { Ok(document(&tasks)) }
}

/// The open ones, with the names that Lever has now. Without Lever the list is as good as before.
async fn named_tasks(shared: &Shared, mut tasks: Vec<TaskLine>) -> Answer {
    tasks.retain(|line| line.task.done_at.is_none());
    let mut who: Vec<ContactId> = tasks.iter().map(|line| line.task.contact.clone()).collect();
    who.sort();
    who.dedup();
    let (names, outcome) = asked(shared, |reply| Ask::Names(who, reply)).await?;
    let names_missing = outcome.err().map(|error| format!("Lever could not be asked: {}", error.chain()));
    let tasks = tasks.into_iter().map(|line| line.named(&names)).collect();
    Ok(document(&NamedTasks { tasks, names_missing }))
}

pub(super) async fn parked(State(shared): State<Arc<Shared>>) -> Answer {
    blocking(&shared, |engine| {
        let lines: Vec<ParkedLine> = engine.parked()?.into_iter().map(ParkedLine::from).collect();
        Ok(document(&lines))
    })
    .await
}

pub(super) async fn guards(State(shared): State<Arc<Shared>>) -> Answer {
    blocking(&shared, |engine| Ok(document(&engine.guards()?))).await
}

/// Whom an order is about.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Contacts {
    /// Contact ids; everybody, if there is none.
    #[serde(default)]
    contacts: Vec<String>,
}

impl Contacts {
    async fn of(request: Request) -> Result<Vec<ContactId>, Problem> {
        Contacts::read(&body(request).await?)
    }

    pub(super) fn read(body: &[u8]) -> Result<Vec<ContactId>, Problem> {
        let said: Contacts = if body.is_empty() {
            Contacts::default()
        } else {
            serde_json::from_slice(body)
                .map_err(|_| Problem::bad("the body is no {\"contacts\": [\"…\"]}"))?
        };
        said.contacts.iter().map(|contact| contact_id(contact)).collect()
    }
}

pub(super) async fn sync(State(shared): State<Arc<Shared>>, request: Request) -> Answer {
    let contacts = Contacts::of(request).await?;
    order_sync(&shared, contacts).await
}

pub(super) async fn sync_one(State(shared): State<Arc<Shared>>, Path(contact): Path<String>) -> Answer {
    let contact = contact_id(&contact)?;
    order_sync(&shared, vec![contact]).await
}

async fn order_sync(shared: &Arc<Shared>, contacts: Vec<ContactId>) -> Answer {
    let count = contacts.len();
    let ordered = Ordered { work: true, sweep: contacts.is_empty() };
    blocking(shared, move |engine| Ok(engine.sync(&contacts)?)).await?;
    tracing::info!(code = "order.sync", contacts = count, "a sync was ordered");
    shared.order(ordered);
    Ok(accepted(&Marked { marked: count, sweep: ordered.sweep }))
}

pub(super) async fn retry(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path(contact): Path<String>,
) -> Answer {
    let contact = contact_id(&contact)?;
    let asked = contact.clone();
    let released = blocking(&shared, move |engine| {
        if engine.person(&asked)?.is_empty() {
            return Err(nobody());
        }
        Ok(engine.retry(&asked, peer.uid)?)
    })
    .await?;
    tracing::info!(code = "order.retry", %contact, released, "a retry was ordered");
    shared.order(Ordered { work: true, sweep: false });
    Ok(accepted(&Released { contact, released }))
}

pub(super) async fn approve(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path(cycle): Path<String>,
) -> Answer {
    let cycle: u64 =
        cycle.parse().map_err(|_| Problem::bad("a cycle is a number; GET /v1/guards lists them"))?;
    let released = blocking(&shared, move |engine| Ok(engine.approve(cycle, peer.uid)?)).await?;
    tracing::info!(
        code = "order.approve",
        cycle,
        released,
        user = peer.uid,
        "what the guard held was approved"
    );
    shared.order(Ordered { work: true, sweep: false });
    Ok(accepted(&Approved { cycle, released }))
}

pub(super) async fn pause(State(shared): State<Arc<Shared>>, Path(target): Path<String>) -> Answer {
    let target = target_name(&target)?;
    let asked = target.clone();
    blocking(&shared, move |engine| Ok(engine.pause(&asked)?)).await?;
    tracing::info!(code = "order.pause", target_name = %target, "the target was paused");
    Ok(document(&Switched { target, paused: true }))
}

pub(super) async fn resume(State(shared): State<Arc<Shared>>, Path(target): Path<String>) -> Answer {
    let target = target_name(&target)?;
    let asked = target.clone();
    blocking(&shared, move |engine| Ok(engine.resume(&asked)?)).await?;
    tracing::info!(code = "order.resume", target_name = %target, "the target was resumed");
    shared.order(Ordered { work: true, sweep: false });
    Ok(document(&Switched { target, paused: false }))
}

pub(super) async fn task_done(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path(id): Path<String>,
) -> Answer {
    let task = TaskId(id);
    blocking(&shared, move |engine| match engine.task_done(&task, peer.uid)? {
        true => Ok(document(&TaskClosed { task, done: true })),
        false => Err(Problem::unknown("no open task has that id; `hiresync tasks` lists them")),
    })
    .await
}

/// Who is looked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    /// A contact or opportunity id, a profile link or an e-mail address.
    who: String,
}

impl Who {
    pub(super) fn read(body: &[u8]) -> Result<Who, Problem> {
        serde_json::from_slice(body).map_err(|_| Problem::bad("the body is no {\"who\": \"…\"}"))
    }
}

pub(super) async fn resolve(State(shared): State<Arc<Shared>>, request: Request) -> Answer {
    let body = body_within(request, QUESTION_MAX).await?;
    let Who { who } = Who::read(&body)?;
    let contact = asked(&shared, |reply| Ask::Resolve(Pii::new(who), reply)).await??;
    Ok(document(&Resolved { contact }))
}

pub(super) async fn plan(State(shared): State<Arc<Shared>>, request: Request) -> Answer {
    let contacts = Contacts::of(request).await?;
    let Equipped { asking, book, .. } = shared.equipped();
    let plan = asked_within(&shared, PLAN_TIME, |reply| Ask::Plan(contacts, reply)).await??;
    let file = book.file(&asking, &plan, shared.clock.now());
    Ok(document(&PlanAnswer::of(&plan, file)))
}

pub(super) async fn apply(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Answer {
    let bytes = body_within(request, PLAN_MAX).await?;
    let key = &shared.equipped().book.key;
    let plan = PlanFile::read(&bytes, key).map_err(|error| Problem::bad(error.to_string()))?;
    tracing::info!(code = "order.apply", plan = plan.id, user = peer.uid, "a plan is to be carried out");
    let (reply, applied) = oneshot::channel();
    shared.ask(Ask::Apply(Box::new(plan.clone()), reply));
    shared.wake.notify_one();
    let answer = match timeout(PLAN_TIME, applied).await {
        Ok(Ok(applied)) => ApplyAnswer::of(&plan, applied?),
        Ok(Err(_)) => return Err(Problem::stopping()),
        Err(_) => return Ok(accepted(&ApplyAnswer::under_way(plan.id))),
    };
    Ok(if answer.applied { document(&answer) } else { conflict(&answer) })
}

/// A problem with what moved in it.
fn conflict(answer: &ApplyAnswer) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": if answer.before.is_some() { "already_applied" } else { "moved" },
        "detail": answer.text(),
        "answer": answer,
    });
    (StatusCode::CONFLICT, [(header::CONTENT_TYPE, PROBLEM)], body.to_string()).into_response()
}

/// Asks the engine's thread.
async fn asked<T>(shared: &Shared, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Problem> {
    asked_within(shared, ANSWER_TIME, ask).await
}

/// The same, with a time of its own.
pub(super) async fn asked_within<T>(
    shared: &Shared,
    time: Duration,
    ask: impl FnOnce(oneshot::Sender<T>) -> Ask,
) -> Result<T, Problem> {
    let (reply, answer) = oneshot::channel();
    shared.ask(ask(reply));
    match timeout(time, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(Problem::stopping()),
        Err(_) => Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "Lever takes too long to answer")),
    }
}

/// Asks or orders the engine on a thread that may wait for the disk.
pub(super) async fn blocking<T: Send + 'static>(
    shared: &Shared,
    ask: impl FnOnce(&Engine) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let engine = shared.engine();
    let answer = tokio::task::spawn_blocking(move || ask(&engine)).await;
    answer.unwrap_or_else(|_| {
        Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "a bug; the log names its place"))
    })
}

async fn body(request: Request) -> Result<Bytes, Problem> {
    body_within(request, BODY_MAX).await
}

/// A body of at most so many bytes.
pub(super) async fn body_within(request: Request, most: usize) -> Result<Bytes, Problem> {
    let most = if planted::bug(Bug::SocketUnbounded) { usize::MAX } else { most };
    let whole = axum::body::to_bytes(request.into_body(), most);
    match timeout(REQUEST_TIME, whole).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let detail = format!("the body is longer than {} KiB", most >> 10);
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_long", detail))
        }
        Err(_) => {
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not arrive in time"))
        }
    }
}

pub(super) fn document(answer: &impl Serialize) -> Response {
    match serde_json::to_vec(answer) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "the answer has no JSON form")
            .into_response(),
    }
}

fn accepted(answer: &impl Serialize) -> Response {
    (StatusCode::ACCEPTED, document(answer)).into_response()
}

fn nobody() -> Problem {
    Problem::unknown(
        "nothing is known of this contact: not hired, hired before `hired_since`, or not seen yet",
    )
}

pub(super) fn contact_id(text: &str) -> Result<ContactId, Problem> {
    text.parse().map_err(|error| Problem::bad(format!("this is no contact id: {error}")))
}

pub(super) fn target_name(text: &str) -> Result<TargetName, Problem> {
    text.parse().map_err(|error| Problem::bad(format!("this is no target's name: {error}")))
}

pub(super) fn since(text: &str) -> Result<Timestamp, Problem> {
    let day = || text.parse::<people::Date>().map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc());
    text.parse()
        .or_else(|_| day())
        .map_err(|_| Problem::bad("`since` is no moment; write 2026-05-01 or 2026-05-01T09:00:00Z"))
}
