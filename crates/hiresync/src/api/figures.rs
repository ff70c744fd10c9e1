//! Is it all right? The same facts as a document, as one word, and as figures for Prometheus.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use engine::{Engine, Status};
use ledger::Origin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Shared,
    answers::{Answer, Problem, blocking, document},
};
use crate::{
    metrics::{self, CONTENT_TYPE, Figures},
    print::Tone,
    report::{Facts, StatusAnswer, health as healthy},
};

/// `GET /v1/health`, while it is.
#[derive(Debug, JsonSchema, Serialize, Deserialize)]
pub(super) struct HealthAnswer {
    /// Always true: else a problem says why not.
    healthy: bool,
    /// What that is known by.
    detail: String,
}

pub(super) async fn status(State(shared): State<Arc<Shared>>) -> Answer {
    let facts = Arc::clone(&shared);
    blocking(&shared, move |engine| Ok(document(&status_of(&facts, engine)?))).await
}

fn status_of(shared: &Shared, engine: &Engine) -> ledger::Result<StatusAnswer> {
    let (status, guards, needs_human) = (engine.status()?, engine.guards()?, engine.needs_human()?);
    let now = shared.clock.now();
    let (summary, tone) = Facts { status: &status, guards: &guards, needs_human, now }.verdict();
    let recovery = match engine.ledger().origin() {
        Origin::Fresh => None,
        Origin::Recovery { why, .. } => Some(why.clone()),
    };
    let schedule = shared.schedule();
    Ok(StatusAnswer {
        summary,
        ok: tone != Tone::Bad,
        needs_human,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now,
        started_at: shared.started_at,
        uptime_seconds: (now - shared.started_at).num_seconds(),
        next_poll_at: schedule.next_poll(now),
        next_full_sweep_at: schedule.next_full_sweep(now),
        requests_per_second: shared.asking().requests_per_second,
        confidential: shared.asking().confidential,
        reload_refused_at: shared.reload_refused_at(),
        expiring: shared.expiring(now),
        recovery,
        webhook: shared.webhook.status(),
        notices: shared.notices.status(),
        guards,
        engine: status,
    })
}

pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Answer {
    let status = blocking(&shared, |engine| Ok(engine.status()?)).await?;
    match judged(&shared, &status) {
        Ok(detail) => Ok(document(&HealthAnswer { healthy: true, detail })),
        Err(why) => {
            let why = match status.last_fault {
                Some(fault) => format!("{why}: {} ({}). {}", fault.what, fault.code, fault.remedy),
                None => why,
            };
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unhealthy", why))
        }
    }
}

/// Whether it is healthy, and what that is known by.
fn judged(shared: &Shared, status: &Status) -> Result<String, String> {
    let now = shared.clock.now();
    // A key that is refused will not mend itself: that is said at once, however young the last good cycle is.
    let refused =
        status.last_fault.as_ref().filter(|fault| fault.code == adapter_sdk::ErrorKind::Unauthorized.code());
    match refused {
        Some(_) => Err("Lever refuses the key".to_owned()),
        None => {
            let interval = shared.schedule().interval(now);
            healthy(status.last_good_cycle_at, shared.started_at, interval, status.activity, now)
        }
    }
}

pub(super) async fn page(State(shared): State<Arc<Shared>>) -> Response {
    metrics(&shared).await
}

/// The figures as Prometheus reads them.
pub async fn metrics(shared: &Arc<Shared>) -> Response {
    let facts = Arc::clone(shared);
    let page = blocking(shared, move |engine| {
        let status = status_of(&facts, engine)?;
        let figures = Figures {
            healthy: judged(&facts, &status.engine).is_ok(),
            interval: facts.schedule().interval(status.now),
            tasks: &engine.ledger().tasks()?,
            delivered: &engine.delivered(),
            cycles: &facts.cycles,
            status: &status,
        };
        Ok(metrics::text(&figures))
    });
    match page.await {
        Ok(page) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], page).into_response(),
        Err(problem) => problem.into_response(),
    }
}
