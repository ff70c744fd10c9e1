use tokio::time::Instant;
use tracing::debug;

use crate::{Failure, Request, Response, Transport};

/// One attempt at `request`, with its line in the log: host, method, `template`, status, milliseconds. The template is
/// the path with its variable parts named, like `/opportunities/:id`; being `'static`, it cannot hold a value by accident.
pub async fn exchange(
    transport: &dyn Transport,
    template: &'static str,
    request: Request,
) -> Result<Response, Failure> {
    let host = request.url.host_str().unwrap_or("?").to_owned();
    let method = request.method.as_str();
    let began = Instant::now();
    let outcome = transport.send(request).await;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match &outcome {
        Ok(response) => {
            debug!(host, method, path = template, status = response.status, ms, "request answered")
        }
        Err(failure) => debug!(host, method, path = template, failure = failure.code(), ms, "request failed"),
    }
    outcome
}
