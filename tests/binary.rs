//! The program, as `crates/hiresync/src/main.rs` starts it; what a test planted in it comes by its environment.

mod planting;

use std::process::ExitCode;

fn main() -> ExitCode {
    planting::plant(|_| {});
    hiresync::run(std::env::args_os()).into()
}
