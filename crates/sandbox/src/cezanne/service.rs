//! One call: who is let in, what goes wrong on order, what is done.

use super::dialect::{Format, negotiate, takes_v3, usual};
use super::edmx;
use super::faults::{FaultKind, Occasion};
use super::path::{Target, dangerous};
use super::problem::{Problem, page};
use super::render::{Pen, version_header};
use super::settings::ErrorShape;
use super::{Cezanne, SERVICE_PATH};
use crate::message::{Millis, Reply, Request, Sending, http_date};

impl Cezanne {
    /// `…/OAuth/Token`
    pub(super) fn handle_token(&mut self, now: Millis, request: &Request) -> Reply {
        self.figures.token_requests += 1;
        if let Some(status) = self.closed {
            return page(status, "The service is unavailable.");
        }
        let occasion = Occasion { method: &request.method, place: "token", is_list: false };
        let fault = self.faults.play(now, &occasion);
        let format = usual(self.schema.version);
        self.with_fault(now, fault, format, |cezanne| {
            let (reply, is_given) = cezanne.tokens.answer(now, &cezanne.settings.access, request);
            cezanne.figures.tokens += u64::from(is_given);
            reply
        })
    }

    /// Anything below the service root.
    pub(super) fn handle_data(&mut self, now: Millis, path: &[String], request: &Request) -> Reply {
        let method = effective(request);
        let target = Target::read(&self.schema, path);
        self.figures.count(now, &method, target.as_ref().map_or("unknown", Target::place));
        let mut reply = self.answer(now, &method, path, target, request);
        let (name, version) = version_header(self.schema.version, takes_v3(request));
        reply.headers.push((name, version.to_owned()));
        self.figures.count_reply(reply.status);
        reply
    }

    fn answer(
        &mut self,
        now: Millis,
        method: &str,
        path: &[String],
        target: Result<Target, Problem>,
        request: &Request,
    ) -> Reply {
        let shape = self.settings.errors;
        if let Some(status) = self.closed {
            return page(status, "The service is unavailable.");
        }
        if let Some(refusal) = dangerous(path) {
            return refusal;
        }
        if let Err(problem) = self.tokens.admit(now, request) {
            self.figures.token_refusals += 1;
            return problem.into_reply(shape, usual(self.schema.version));
        }
        // $metadata is XML whatever is asked for, and needs no negotiation.
        let format = match target {
            Ok(Target::Metadata) => Ok(Format::Atom),
            _ => negotiate(&self.settings, request),
        };
        let (target, format) = match (target, format) {
            (Err(problem), format) => {
                return problem.into_reply(shape, format.unwrap_or(usual(self.schema.version)));
            }
            (_, Err(problem)) => return problem.into_reply(shape, usual(self.schema.version)),
            (Ok(target), Ok(format)) => (target, format),
        };
        let is_list = method == "GET" && matches!(target, Target::Set(_));
        let occasion = Occasion { method, place: target.place(), is_list };
        let fault = self.faults.play(now, &occasion);
        let light = !self.faults.refuses_light(now, &occasion);
        let patch = if method == "PATCH" { self.faults.refuses_patch(now, &occasion) } else { None };
        if let Some(status) = patch {
            return Problem::new(status, "Method Not Allowed").into_reply(shape, format);
        }
        self.with_fault(now, fault, format, |cezanne| {
            let done = cezanne.execute(now, method, &target, format, light, request);
            done.unwrap_or_else(|problem| problem.into_reply(shape, format))
        })
    }

    fn execute(
        &mut self,
        now: Millis,
        method: &str,
        target: &Target,
        format: Format,
        light: bool,
        request: &Request,
    ) -> Result<Reply, Problem> {
        let root = self.root(request);
        match (method, target) {
            (_, Target::Unknown) => Err(Problem::not_found("unknown")),
            (_, Target::Function) => Err(Problem::new(501, "Not Implemented")),
            ("GET", Target::Service) => Ok(edmx::service_document(&self.schema, format, &root)),
            ("GET", Target::Metadata) => Ok(edmx::metadata(&self.schema)),
            ("GET", Target::Count(table)) => self.count(now, *table, request),
            ("GET", Target::Set(table)) => self.read_many(
                now,
                &Pen { schema: &self.schema, format, root: &root, table: *table },
                request,
            ),
            ("GET", Target::One(table, named)) => self.read_one(
                now,
                &Pen { schema: &self.schema, format, root: &root, table: *table },
                named,
                request,
            ),
            ("POST", Target::Set(table)) => self.insert(now, format, *table, light, request),
            ("PATCH" | "MERGE", Target::One(table, named)) => {
                self.update(now, format, (*table, named), light, request)
            }
            _ => Err(Problem::new(405, "Method Not Allowed")),
        }
    }

    /// Plays a fault around what is done.
    pub(super) fn with_fault(
        &mut self,
        now: Millis,
        fault: Option<FaultKind>,
        format: Format,
        act: impl FnOnce(&mut Cezanne) -> Reply,
    ) -> Reply {
        let Some(fault) = fault else { return act(self) };
        self.figures.faults += 1;
        let shape = self.settings.errors;
        let unanswered = |sending| Reply { sending, ..Reply::empty(200) };
        match fault {
            FaultKind::Status(status) => return Problem::generic(status).into_reply(shape, format),
            FaultKind::Wait { status, seconds, as_date } => {
                let moment = now.saturating_add(u64::from(seconds) * 1000);
                let after = if as_date { http_date(moment) } else { seconds.to_string() };
                return Problem::generic(status).with("retry-after", after).into_reply(shape, format);
            }
            FaultKind::Close => return unanswered(Sending::Nothing),
            FaultKind::Hang => return unanswered(Sending::Hang),
            FaultKind::Login => {
                return Reply::text(302, "text/html; charset=utf-8", String::new())
                    .with("location", "/cezanneondemand/Account/LogIn?ReturnUrl=%2fcezanneondemand");
            }
            FaultKind::Html => return page(200, "Log in"),
            FaultKind::Soft { stored: false } => return soft(format),
            _ => {}
        }
        let mut reply = act(self);
        let length = reply.body.len();
        match fault {
            FaultKind::After(status) => return Problem::generic(status).into_reply(shape, format),
            FaultKind::Soft { .. } => return soft(format),
            FaultKind::Lost => reply.sending = Sending::Nothing,
            FaultKind::Stuck => reply.sending = Sending::Hang,
            FaultKind::Half => reply.body.truncate(length / 2),
            FaultKind::Cut => reply.sending = Sending::Cut { after: length / 2 },
            FaultKind::Slow => reply.sending = Sending::Slowly,
            FaultKind::Bare => reply.body.clear(),
            FaultKind::Foreign => reply = foreign(reply),
            _ => {}
        }
        reply
    }

    /// The service root as the client knows it.
    pub(super) fn root(&self, request: &Request) -> String {
        let of_host = || format!("http://{}", request.header("host").unwrap_or("127.0.0.1"));
        let origin = self.settings.origin.clone().unwrap_or_else(of_host);
        format!("{}{SERVICE_PATH}", origin.trim_end_matches('/'))
    }
}

/// The method meant: another one may travel in a header ([MS-ODATA] 2.2.5.8).
fn effective(request: &Request) -> String {
    let tunnelled = request.header("x-http-method").filter(|_| request.method == "POST");
    tunnelled.unwrap_or(&request.method).to_ascii_uppercase()
}

/// An error in the place of an answer.
fn soft(format: Format) -> Reply {
    Problem::generic(200).into_reply(ErrorShape::Negotiated, format)
}

/// Links lead to another host.
fn foreign(mut reply: Reply) -> Reply {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let links = ["\"odata.nextLink\":\"", "\"@odata.nextLink\":\"", "\"__next\":\""];
    let replaced = links.iter().fold(text, |text, link| {
        let Some(at) = text.find(link).map(|at| at + link.len()) else { return text };
        let end = text[at..].find("/cezanneondemand").map_or(at, |length| at + length);
        format!("{}https://elsewhere.example.net{}", &text[..at], &text[end..])
    });
    reply.body = replaced.into();
    reply
}
