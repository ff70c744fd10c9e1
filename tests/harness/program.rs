//! The real program: run to its end, or as a daemon that is asked, signalled, killed.

use std::{
    ffi::OsString,
    fmt,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    socket::{self, Answer},
    wait::{wait_until, within},
};

/// The program under test: what `hiresync` is, under a name that cargo gives to tests.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_hiresync-under-test");
/// Nothing in a scenario takes longer.
const PATIENCE: Duration = Duration::from_secs(180);

/// How a run of the program ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ended {
    /// Insists on the exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "the exit code\n{self}");
        self
    }

    /// Insists that standard error or standard output says all of this.
    #[track_caller]
    pub fn says(&self, words: &[&str]) -> &Ended {
        for word in words {
            assert!(self.stderr.contains(word) || self.stdout.contains(word), "nowhere `{word}`\n{self}");
        }
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ended { code, stdout, stderr, took } = self;
        write!(f, "ended with {code:?} after {took:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// The program with these arguments, in an environment that holds nothing of the caller's, from a folder that is not ours.
pub fn command(args: &[&str]) -> Command {
    // A long soak keeps its own copy, so that the next build does not change it under its feet.
    let program = std::env::var_os("HIRESYNC_PROGRAM").unwrap_or_else(|| PROGRAM.into());
    let mut command = Command::new(program);
    clean(&mut command);
    command.args(args);
    command
}

/// The program, with what it writes written down and its clock set, as its environment says.
pub fn recorded() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hiresync-recorded"));
    clean(&mut command);
    command
}

/// Empties the environment but for what a program finds programs by, and for what is planted in it.
pub fn clean(command: &mut Command) {
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/").stdin(Stdio::null());
    if let Some(name) = planted() {
        command.env(PLANTED, name);
    }
}

/// By which a mistake comes to the program.
const PLANTED: &str = "HIRESYNC_PLANTED";

/// The mistake that is planted in this thread, or that whoever runs the tests names.
pub fn planted() -> Option<OsString> {
    let here = planted::arm::planted().map(|bug| bug.name().into());
    here.or_else(|| std::env::var_os(PLANTED))
}

/// Runs a command to its end; what it says goes through files named after `said`.
#[track_caller]
pub fn run(mut command: Command, said: &Path) -> Ended {
    let (out, err) = (said.with_extension("out"), said.with_extension("err"));
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = within(PATIENCE, || child.try_wait().unwrap());
    let took = began.elapsed();
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let ended = Ended { code: status.and_then(|it| it.code()), stdout: text(&out), stderr: text(&err), took };
    assert!(status.is_some(), "{command:?} does not end\n{ended}");
    ended
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    said: PathBuf,
    socket: PathBuf,
}

impl Daemon {
    /// Starts a command that is a daemon with this socket.
    pub fn start(mut command: Command, said: &Path, socket: &Path) -> Daemon {
        let (out, err) = (said.with_extension("out"), said.with_extension("err"));
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let child = command.spawn().unwrap();
        Daemon { child, said: said.to_owned(), socket: socket.to_owned() }
    }

    /// What it wrote to standard error so far.
    pub fn log(&self) -> String {
        text(&self.said.with_extension("err"))
    }

    /// Waits until the log holds all of these words.
    #[track_caller]
    pub fn wait_for_log(&mut self, words: &[&str], deadline: Duration) {
        let found = within(deadline, || {
            let log = self.log();
            words.iter().all(|word| log.contains(word)).then_some(())
        });
        assert!(found.is_some(), "the log never said {words:?}; it is\n{}", self.log());
    }

    /// Waits until the socket answers.
    #[track_caller]
    pub fn wait_ready(mut self) -> Daemon {
        let ready = within(Duration::from_secs(20), || {
            assert!(self.child.try_wait().unwrap().is_none(), "the daemon ended by itself\n{}", self.log());
            socket::get(&self.socket, "/v1/status").ok().filter(|answer| answer.status == 200)
        });
        assert!(ready.is_some(), "the socket never answered\n{}", self.log());
        self
    }

    /// The status document.
    #[track_caller]
    pub fn status(&self) -> Value {
        self.get("/v1/status").json()
    }

    /// Asks the socket.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        socket::get(&self.socket, path).unwrap_or_else(|error| panic!("GET {path}: {error}\n{}", self.log()))
    }

    /// Orders something over the socket.
    #[track_caller]
    pub fn post(&self, path: &str, body: &str) -> Answer {
        socket::post(&self.socket, path, body)
            .unwrap_or_else(|error| panic!("POST {path}: {error}\n{}", self.log()))
    }

    /// Waits until the status fulfils a condition.
    #[track_caller]
    pub fn wait_for_status(&self, what: &str, deadline: Duration, is_so: impl Fn(&Value) -> bool) -> Value {
        let found = within(deadline, || Some(self.status()).filter(|status| is_so(status)));
        found.unwrap_or_else(|| panic!("never so: {what}\n{:#}\n{}", self.status(), self.log()))
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it in the middle of whatever it does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; how it ended.
    #[track_caller]
    pub fn terminate(mut self) -> Ended {
        let began = Instant::now();
        self.signal(Signal::TERM);
        let status =
            wait_until("the daemon ends", Duration::from_secs(30), || self.child.try_wait().unwrap());
        let stdout = text(&self.said.with_extension("out"));
        Ended { code: status.code(), stdout, stderr: self.log(), took: began.elapsed() }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
