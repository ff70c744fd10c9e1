//! The program, as `crates/hiresync/src/main.rs` starts it.

use std::process::ExitCode;

fn main() -> ExitCode {
    hiresync::run(std::env::args_os()).into()
}
