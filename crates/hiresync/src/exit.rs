//! Exit codes, after sysexits: what a script may rely on.

use std::process::ExitCode;

use adapter_sdk::ErrorKind;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Done, but somebody needs a human: parked, held past due, held by a guard, quarantined.
    NeedsHuman,
    /// The command line makes no sense.
    Usage,
    /// An argument names nothing that is known.
    BadInput,
    /// The daemon, Lever or a target cannot be reached.
    Unreachable,
    /// A bug.
    Bug,
    /// A file cannot be made.
    CannotCreate,
    /// Writing failed.
    CannotWrite,
    /// Somebody else has the state folder or the socket; try later.
    Busy,
    /// Not allowed.
    NotAllowed,
    /// The configuration is faulty.
    Config,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::NeedsHuman => 1,
            Exit::Usage => 64,
            Exit::BadInput => 65,
            Exit::Unreachable => 69,
            Exit::Bug => 70,
            Exit::CannotCreate => 73,
            Exit::CannotWrite => 74,
            Exit::Busy => 75,
            Exit::NotAllowed => 77,
            Exit::Config => 78,
        }
    }

    /// How a command ends that the ledger stopped.
    pub fn of_ledger(error: &ledger::Error) -> Exit {
        match error {
            ledger::Error::Locked { .. } => Exit::Busy,
            ledger::Error::File { doing: "create" | "open" | "lock", .. } => Exit::CannotCreate,
            ledger::Error::File { .. } | ledger::Error::Store { .. } | ledger::Error::Damaged { .. } => {
                Exit::CannotWrite
            }
            ledger::Error::TooNew { .. } => Exit::Config,
        }
    }

    /// How `check` ends when Lever or a target answers with this.
    pub fn of_check(kind: ErrorKind) -> Exit {
        match kind {
            ErrorKind::ConfigInvalid => Exit::Config,
            ErrorKind::Unauthorized => Exit::NotAllowed,
            _ => Exit::Unreachable,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
