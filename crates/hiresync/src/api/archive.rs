//! `GET /v1/state`: the whole ledger, as one moment had it.

use std::{
    fs::File,
    io::{BufWriter, Read, Seek, Write},
    sync::Arc,
};

use axum::{
    body::{Body, Bytes},
    extract::{Extension, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use futures::stream;
use ledger::{ArchiveError, StateFolder};

use super::{
    Peer, Shared,
    answers::{Answer, Problem, blocking},
};

/// Sent at once.
const CHUNK: usize = 64 << 10;

/// Written to a file without a name first: whoever reads slowly must not hold up the ledger.
pub(super) async fn export(State(shared): State<Arc<Shared>>, Extension(peer): Extension<Peer>) -> Answer {
    let (dir, keeps_key) = shared.state.clone();
    let now = shared.clock.now();
    let written = blocking(&shared, move |engine| {
        let key = if keeps_key { StateFolder::kept_key(&dir)? } else { None };
        let written = || -> Result<File, ArchiveError> {
            let unwritten = |source| ArchiveError::File { doing: "written", source };
            let mut out = BufWriter::new(tempfile::tempfile_in(&dir).map_err(unwritten)?);
            engine.ledger().export(key.as_ref(), now, &mut out)?;
            out.flush().map_err(unwritten)?;
            let mut file = out.into_inner().map_err(|error| unwritten(error.into_error()))?;
            file.rewind().map_err(unwritten)?;
            Ok(file)
        };
        written().map_err(|error| {
            tracing::error!(code = "state.export", "the ledger could not be exported: {error}");
            let detail =
                format!("the daemon cannot write the archive beside its ledger: {error}; free space there");
            Problem::new(StatusCode::INSUFFICIENT_STORAGE, "export", detail)
        })
    });
    let file = written.await?;
    tracing::info!(code = "order.export", user = peer.uid, "the ledger was exported");
    let chunks = stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk)?;
            chunk.truncate(read);
            std::io::Result::Ok((chunk, file))
        });
        match read.await {
            Ok(Ok((chunk, _))) if chunk.is_empty() => None,
            Ok(Ok((chunk, file))) => Some((Ok(Bytes::from(chunk)), Some(file))),
            // Cut off: whoever gets it sees that its end is missing.
            Ok(Err(error)) => Some((Err(error), None)),
            Err(_) => Some((Err(std::io::ErrorKind::Other.into()), None)),
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(chunks)).into_response())
}
