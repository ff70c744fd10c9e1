//! Where log lines go and what they look like: for a human on a terminal, for journald, for a collector.
//!
//! **Invariant:** no name, address or token. Ids and codes only; a panic is reported by its place, without its text.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer,
    fmt::{self, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// Kept quiet unless asked for by name: their lines say nothing to an operator, and some quote what they handle. What sled
/// has to say, the ledger says in words.
const QUIET: &str = "sled=off,hyper=warn,hyper_util=warn,reqwest=warn,rustls=warn,h2=warn,tokio_cron_scheduler=warn,config=warn";

/// Starts logging to standard error. `filter` is what `--log` or `HIRESYNC_LOG` says.
pub fn start(filter: &str) -> Result<(), String> {
    let directives = format!("{QUIET},{filter}");
    let filter = EnvFilter::builder().parse(directives).map_err(|_| {
        "--log is no filter; write a level (error, warn, info, debug, trace) or like engine=debug,info"
            .to_owned()
    })?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let layer = if std::env::var_os("JOURNAL_STREAM").is_some() {
        lines.event_format(Journal).with_ansi(false).boxed()
    } else if std::io::stderr().is_terminal() {
        lines
            .with_ansi(std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty()))
            .with_target(false)
            .boxed()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    };
    // A second start, in a test, keeps the first.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug: a panic at {place}; please report this line");
    }));
    Ok(())
}

/// One plain line with the priority that journald reads; it adds the time itself.
struct Journal;

impl<S, N> FormatEvent<S, N> for Journal
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &fmt::FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> std::fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        write!(writer, "<{priority}>")?;
        ctx.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}
