//! Every route of the socket, once: the router is built from this table, and so is the document that describes it
//! (`GET /v1/openapi.json`, OpenAPI 3.1, <https://spec.openapis.org/oas/v3.1.0>). Neither can name what the other does not.

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    http::{Method, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use engine::{
    GuardTrip, PersonLine, PlanFile,
    links::{LinkAnswer, LinkLine, LinkOrder, LinksOf},
};
use ledger::Event;
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    Need, Shared,
    answers::{self, Approved, Contacts, Marked, ProblemBody, Released, Resolved, Switched, TaskClosed, Who},
    archive,
    figures::{self, HealthAnswer},
    follow, links,
};
use crate::report::{
    ApplyAnswer, Explained, ForgottenAnswer, NamedTasks, ParkedLine, PlanAnswer, ReportAnswer, StatusAnswer,
    TaskLine,
};

/// One route.
pub(super) struct Route {
    pub method: Method,
    pub path: &'static str,
    /// What it is for, in a sentence.
    what: &'static str,
    query: &'static [Query],
    takes: Option<Written>,
    gives: Vec<Gives>,
    handler: fn() -> MethodRouter<Arc<Shared>>,
}

/// A value of a query: its name, the type of its JSON Schema, what it does.
type Query = (&'static str, &'static str, &'static str);
/// How a type's schema is made.
type Written = fn(&mut SchemaGenerator) -> Schema;

/// An answer that is no problem.
struct Gives {
    status: u16,
    content_type: &'static str,
    schema: Written,
}

const SINCE: Query = ("since", "string", "Only since this moment, e.g. 2026-05-01 or 2026-05-01T09:00:00Z.");
const FOLLOW: Query = (
    "follow",
    "boolean",
    "Go on with each line as it is written, until the daemon stops. At most eight follow at once; whoever does not read is dropped.",
);

/// Every route there is.
pub(super) fn routes() -> Vec<Route> {
    vec![
        asks("/v1/status", "Is it all right? The figures.", || get(figures::status)).gives::<StatusAnswer>(),
        asks("/v1/health", "200 while the last good cycle is young enough, else 503 and why.", || {
            get(figures::health)
        })
        .gives::<HealthAnswer>(),
        asks("/v1/people", "Everybody known, with where they stand.", || get(answers::people))
            .gives::<Vec<PersonLine>>(),
        asks("/v1/people/{contact}", "Where one person stands, target by target.", || get(answers::person))
            .gives::<Vec<PersonLine>>(),
        asks("/v1/people/{contact}/explain", "Why somebody is, or is not, over there.", || {
            get(answers::explain)
        })
        .query(&[("live", "boolean", "Ask Lever what it says now, too.")])
        .gives::<Explained>(),
        asks(
            "/v1/people/{contact}/report",
            "All that is held about a person, and who received what.",
            || get(answers::report),
        )
        .gives::<ReportAnswer>(),
        orders("/v1/people/{contact}/forget", "Forget a person for good.", || post(answers::forget))
            .gives::<ForgottenAnswer>(),
        orders("/v1/people/{contact}/sync", "Read one person again now.", || post(answers::sync_one))
            .gives_later::<Marked>(),
        orders("/v1/people/{contact}/retry", "Send again what was parked, held or waits.", || {
            post(answers::retry)
        })
        .gives_later::<Released>(),
        asks("/v1/history", "What happened, oldest first, one JSON document a line.", || {
            get(follow::history)
        })
        .query(&[("contact", "string", "Only of this contact."), SINCE, FOLLOW])
        .gives_as::<Event>("application/x-ndjson"),
        asks(
            "/v1/tasks",
            "What a human has to do. With names=true: open tasks, with what Lever calls each person now.",
            || get(answers::tasks),
        )
        .query(&[("names", "boolean", "Ask Lever for names.")])
        .gives::<Tasks>(),
        orders("/v1/tasks/{id}/done", "Close a task.", || post(answers::task_done)).gives::<TaskClosed>(),
        asks("/v1/parked", "Who was refused and waits for a human.", || get(answers::parked))
            .gives::<Vec<ParkedLine>>(),
        asks("/v1/guards", "Cycles that the guard holds.", || get(answers::guards)).gives::<Vec<GuardTrip>>(),
        orders("/v1/guards/{cycle}/approve", "Let go what the guard of a cycle holds.", || {
            post(answers::approve)
        })
        .gives_later::<Approved>(),
        asks("/v1/links", "Which record over there is whose.", || get(links::list))
            .query(&[("target", "string", "Only of this target.")])
            .gives::<Vec<LinkLine>>(),
        asks("/v1/links/{what}", "One contact's records.", || get(links::show)).gives::<LinksOf>(),
        orders(
            "/v1/links/{what}",
            "An order about links: import, find, set, remove, backfill, rehire.",
            || post(links::order),
        )
        .takes::<LinkOrder>()
        .gives::<LinkAnswer>(),
        asks(
            "/v1/state",
            "The whole ledger, as one moment had it: what `hiresync state export` writes.",
            || get(archive::export),
        )
        .gives_as::<Map<String, Value>>("application/x-ndjson"),
        orders("/v1/sync", "Ask Lever now, for everybody changed or for these contacts.", || {
            post(answers::sync)
        })
        .takes::<Contacts>()
        .gives_later::<Marked>(),
        orders("/v1/targets/{target}/pause", "Send nothing to a target until resume.", || {
            post(answers::pause)
        })
        .gives::<Switched>(),
        orders(
            "/v1/targets/{target}/resume",
            "Send again after pause, or try a quarantined target now.",
            || post(answers::resume),
        )
        .gives::<Switched>(),
        orders("/v1/resolve", "Which contact is meant, by an id, a profile link or an e-mail.", || {
            post(answers::resolve)
        })
        .takes::<Who>()
        .gives::<Resolved>(),
        orders("/v1/plan", "What would be sent. Shows personal values.", || post(answers::plan))
            .takes::<Contacts>()
            .gives::<PlanAnswer>(),
        orders("/v1/apply", "Carry out exactly that plan, or nothing: 409 names what moved.", || {
            post(answers::apply)
        })
        .takes::<PlanFile>()
        .gives::<ApplyAnswer>()
        .gives_later::<ApplyAnswer>(),
        asks("/v1/openapi.json", "This document.", || get(openapi)).gives::<Map<String, Value>>(),
        asks("/metrics", "Figures for Prometheus.", || get(figures::page))
            .gives_as::<String>("text/plain; version=0.0.4"),
    ]
}

/// `GET /v1/tasks`
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used: the two are answered as they are")]
enum Tasks {
    /// Every task.
    All(Vec<TaskLine>),
    /// Open tasks, with names.
    Named(NamedTasks),
}

/// The router of all of them.
pub(super) fn router() -> Router<Arc<Shared>> {
    routes().into_iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)()))
}

async fn openapi() -> Response {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

fn asks(path: &'static str, what: &'static str, handler: fn() -> MethodRouter<Arc<Shared>>) -> Route {
    Route { method: Method::GET, path, what, query: &[], takes: None, gives: Vec::new(), handler }
}

fn orders(path: &'static str, what: &'static str, handler: fn() -> MethodRouter<Arc<Shared>>) -> Route {
    Route { method: Method::POST, ..asks(path, what, handler) }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Route {
    fn query(self, query: &'static [Query]) -> Route {
        Route { query, ..self }
    }

    fn takes<T: JsonSchema>(self) -> Route {
        Route { takes: Some(schema_of::<T>), ..self }
    }

    fn gives<T: JsonSchema>(self) -> Route {
        self.answers::<T>(200, "application/json")
    }

    /// It is written down, and done when its turn comes.
    fn gives_later<T: JsonSchema>(self) -> Route {
        self.answers::<T>(202, "application/json")
    }

    fn gives_as<T: JsonSchema>(self, content_type: &'static str) -> Route {
        self.answers::<T>(200, content_type)
    }

    fn answers<T: JsonSchema>(mut self, status: u16, content_type: &'static str) -> Route {
        self.gives.push(Gives { status, content_type, schema: schema_of::<T> });
        self
    }

    /// What stands in braces in the path.
    fn places(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    fn parameters(&self) -> Vec<Value> {
        let places = self.places().map(|name| {
            json!({
                "name": name, "in": "path", "required": true, "schema": { "type": "string" }, "description": place(name),
            })
        });
        let query = self.query.iter().map(|(name, of_type, what)| {
            json!({ "name": name, "in": "query", "schema": { "type": of_type }, "description": what })
        });
        places.chain(query).collect()
    }

    /// Which statuses a problem may have, each with when.
    fn problems(&self) -> Vec<(u16, &'static str)> {
        let is_order = Need::of(&self.method, self.path) == Need::Order;
        let has_place = self.places().next().is_some();
        [
            (400, has_place || self.takes.is_some() || !self.query.is_empty(), "Not understood."),
            (403, is_order, "For root and the user that runs hiresync."),
            (404, has_place, "Not known."),
            (408, self.takes.is_some(), "The body did not arrive in time."),
            (409, is_order, "Under way, or not as it was."),
            (413, self.takes.is_some(), "The body is too long."),
            (431, true, "The head is longer than 4 KiB."),
            (500, true, "The ledger cannot be used, or a bug."),
            (502, true, "Lever or a target could not be asked."),
            (503, true, "Unhealthy, stopping, or too many follow."),
            (504, true, "Lever takes too long."),
        ]
        .into_iter()
        .filter_map(|(status, may_be, when)| may_be.then_some((status, when)))
        .collect()
    }

    fn operation(&self, given: &mut SchemaGenerator, taken: &mut SchemaGenerator) -> Value {
        let mut responses = Map::new();
        for gives in &self.gives {
            let content = json!({ gives.content_type: { "schema": (gives.schema)(given) } });
            let when =
                if gives.status == 202 { "Written down; done when its turn comes." } else { "The answer." };
            responses.insert(gives.status.to_string(), json!({ "description": when, "content": content }));
        }
        let problem = given.subschema_for::<ProblemBody>();
        for (status, when) in self.problems() {
            let content = json!({ "application/problem+json": { "schema": problem } });
            responses.insert(status.to_string(), json!({ "description": when, "content": content }));
        }
        let mut operation = json!({
            "summary": self.what,
            "description": match Need::of(&self.method, self.path) {
                Need::Read => "For whoever may open the socket.",
                Need::Order => "For root and the user that runs hiresync.",
            },
            "parameters": self.parameters(),
            "responses": responses,
        });
        if let Some(takes) = self.takes {
            operation["requestBody"] =
                json!({ "content": { "application/json": { "schema": takes(taken) } } });
        }
        operation
    }
}

/// What is meant by a name in braces.
fn place(name: &str) -> &'static str {
    match name {
        "contact" => "A contact id.",
        "cycle" => "A cycle's number; GET /v1/guards lists them.",
        "target" => "A target's name.",
        "id" => "A task's id.",
        _ => "Asked: a contact id. Ordered: import, find, set, remove, backfill or rehire.",
    }
}

/// The document.
fn document() -> Value {
    let mut given = generator("/components/schemas", SchemaSettings::for_serialize);
    // Under a path of their own: what is read may leave out what is always written.
    let mut taken = generator("/components/schemas/Taken/$defs", SchemaSettings::for_deserialize);
    let mut paths = Map::new();
    for route in routes() {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        item[route.method.as_str().to_lowercase()] = route.operation(&mut given, &mut taken);
    }
    let mut schemas = given.take_definitions(true);
    schemas.insert("Taken".to_owned(), json!({ "$defs": taken.take_definitions(true) }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "hiresync",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the daemon answers on its Unix socket. Every error is a problem document of RFC 9457. No answer but that of \
                POST /v1/plan and GET /v1/tasks?names=true holds personal values.",
        },
        "servers": [{ "url": "http://localhost", "description": "curl --unix-socket /run/hiresync/hiresync.sock" }],
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn generator(path: &'static str, contract: fn(SchemaSettings) -> SchemaSettings) -> SchemaGenerator {
    contract(SchemaSettings::draft2020_12())
        .with(|settings| {
            settings.definitions_path = path.into();
            settings.meta_schema = None;
        })
        .into_generator()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` within.
    fn references(value: &Value) -> Vec<&str> {
        match value {
            Value::Object(map) => {
                let own = map.get("$ref").and_then(Value::as_str);
                own.into_iter().chain(map.values().flat_map(references)).collect()
            }
            Value::Array(list) => list.iter().flat_map(references).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn the_document_names_every_route_and_each_of_its_references_leads_somewhere() {
        let document = document();
        for route in routes() {
            let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
            assert!(operation["summary"].is_string(), "{} {}", route.method, route.path);
            let statuses = operation["responses"].as_object().unwrap();
            assert!(statuses.keys().any(|status| status.starts_with('2')), "{}", route.path);
            let is_order = Need::of(&route.method, route.path) == Need::Order;
            assert_eq!(statuses.contains_key("403"), is_order, "{}", route.path);
        }
        let references = references(&document);
        assert!(references.len() > 100, "{}", references.len());
        for reference in references {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }
}
