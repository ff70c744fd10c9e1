//! Links over the socket: questions for whoever may ask, orders for root and the service's user. What is asked of Lever and of a
//! target goes at their pace, so an answer may take its time.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Extension, Path, Query, Request, State},
    http::StatusCode,
};
use engine::links::{LinkError, LinkOrder};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Ask, Peer, Shared,
    answers::{Answer, Problem, asked_within, blocking, body_within, contact_id, document, target_name},
};
use crate::schedule::Ordered;

/// Longest list of links: some fifty thousand rows.
const BODY_MAX: usize = 8 << 20;
/// For four hundred people and a target that takes two calls a second, several for each of them.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(3600);

#[derive(Debug, Deserialize)]
pub(super) struct LinksQuery {
    target: Option<String>,
}

pub(super) async fn list(State(shared): State<Arc<Shared>>, Query(query): Query<LinksQuery>) -> Answer {
    let target = query.target.as_deref().map(target_name).transpose()?;
    blocking(&shared, move |engine| Ok(document(&engine.links(target.as_ref())?))).await
}

pub(super) async fn show(State(shared): State<Arc<Shared>>, Path(contact): Path<String>) -> Answer {
    let contact = contact_id(&contact)?;
    blocking(&shared, move |engine| Ok(document(&engine.links_of(&contact)?))).await
}

pub(super) async fn order(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    let order = read(&name, &body_within(request, BODY_MAX).await?)?;
    let writes = !matches!(order, LinkOrder::Find { .. } | LinkOrder::Import { dry: true, .. });
    let answer = asked_within(&shared, ANSWER_TIME, |reply| Ask::Links(order, peer.uid, reply)).await??;
    if writes {
        tracing::info!(
            code = "order.links",
            order = name,
            user = peer.uid,
            "an order about links was carried out"
        );
        shared.order(Ordered { work: true, sweep: false });
    }
    Ok(document(&answer))
}

/// The order of that name. What is wrong with it is not repeated.
pub(super) fn read(name: &str, body: &[u8]) -> Result<LinkOrder, Problem> {
    let mut order: Value =
        if body.is_empty() { Value::Object(serde_json::Map::new()) } else { parsed(body)? };
    let Some(fields) = order.as_object_mut() else { return Err(not_understood()) };
    fields.insert("order".to_owned(), name.into());
    serde_json::from_value(order).map_err(|_| not_understood())
}

fn parsed(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body).map_err(|_| not_understood())
}

fn not_understood() -> Problem {
    Problem::bad(
        "this is no order about links: import, find, set, remove, backfill or rehire, each with its own body",
    )
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        let text = error.to_string();
        match error {
            LinkError::Order(error) => error.into(),
            LinkError::Source(error) => error.into(),
            LinkError::Target(_, cause) => {
                let detail = format!("{text}: {}", cause.chain());
                Problem::new(StatusCode::BAD_GATEWAY, cause.kind().code(), detail)
            }
            LinkError::WhichTarget(_) | LinkError::CannotLook(_) => Problem::bad(text),
            LinkError::NotLinked(..) => Problem::unknown(text),
            LinkError::UnderWay(..) => Problem::new(StatusCode::CONFLICT, "under_way", text),
            LinkError::Stopped => Problem::stopping(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_its_path_and_its_body_and_nothing_else_is_taken() {
        for (name, body, is_order) in [
            ("backfill", "", true),
            ("backfill", r#"{"target": "hr"}"#, true),
            ("find", r#"{"contacts": ["c1"]}"#, true),
            ("set", r#"{"target": "hr", "contact": "c1", "remote": "1001"}"#, true),
            ("set", r#"{"target": "hr", "contact": "c 1", "remote": "1001"}"#, false),
            ("import", r#"{"rows": [{"line": 2, "remote": "1", "who": {"candidate": "o1"}}]}"#, true),
            (
                "import",
                r#"{"rows": [{"line": 2, "remote": "1", "who": {"email": "ada@example.com"}}]}"#,
                false,
            ),
            ("rehire", r#"{"contact": "c1", "opportunity": "o1", "treatment": "update"}"#, true),
            ("backfill", r#"{"targets": "hr"}"#, false),
            ("backfill", "[]", false),
            ("delete", "", false),
        ] {
            assert_eq!(read(name, body.as_bytes()).is_ok(), is_order, "{name} {body}");
        }
    }
}
