//! The program, watched and misled more closely than `binary.rs` can: all that it writes under the folders of `HIRESYNC_RECORD` (parted
//! by `:`) is written down in `HIRESYNC_RECORD_LOG`, and its wall clock is `HIRESYNC_LATER` seconds ahead.

mod planting;

use std::{path::PathBuf, process::ExitCode};

use planted::Point;
use planting::asked;

fn main() -> ExitCode {
    if let Some(seconds) = asked("HIRESYNC_LATER") {
        recorder::live_later(seconds.parse().expect("HIRESYNC_LATER is a number of seconds"));
    }
    if let Some(roots) = asked("HIRESYNC_RECORD") {
        let log = asked("HIRESYNC_RECORD_LOG").expect("HIRESYNC_RECORD_LOG names a file");
        let roots = roots.split(':').map(PathBuf::from).collect();
        recorder::start(roots, log.as_ref()).expect("the trace can be written");
    }
    planting::plant(|point| {
        if point == Point::CommitDone {
            recorder::mark(point.name());
        }
    });
    hiresync::run(std::env::args_os()).into()
}
