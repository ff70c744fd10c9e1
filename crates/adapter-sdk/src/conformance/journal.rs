//! Catches everything that is logged on this thread, so that a case can look for what must not be there.

use std::{
    fmt::{self, Write as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// The text of every event and span at every level.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    text: Arc<Mutex<String>>,
    spans: Arc<AtomicU64>,
}

impl Journal {
    /// A journal that listens on this thread until the guard is dropped.
    pub(super) fn listen() -> (Journal, tracing::subscriber::DefaultGuard) {
        // What is logged first on a thread where nobody listens is otherwise taken, for good, for what nobody wants to hear.
        let _ = tracing::subscriber::set_global_default(Journal::default());
        let journal = Journal::default();
        let guard = tracing::subscriber::set_default(journal.clone());
        (journal, guard)
    }

    pub(super) fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, record: impl FnOnce(&mut Line)) {
        let mut line = Line(String::new());
        record(&mut line);
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&line.0);
        text.push('\n');
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("writing to a String cannot fail");
    }
}

impl Subscriber for Journal {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        self.write(|line| attributes.record(line));
        span::Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        self.write(|line| values.record(line));
    }

    fn event(&self, event: &Event<'_>) {
        self.write(|line| event.record(line));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
