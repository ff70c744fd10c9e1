//! The mistakes.

macro_rules! bugs {
    ($($(#[$doc:meta])* $bug:ident = $name:literal,)*) => {
        /// A mistake that somebody has made in a program like this one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug { $($(#[$doc])* $bug,)* }

        impl Bug {
            /// All of them.
            pub const ALL: &[Bug] = &[$(Bug::$bug,)*];

            /// What it is called.
            pub const fn name(self) -> &'static str {
                match self { $(Bug::$bug => $name,)* }
            }
        }
    };
}

bugs! {
    /// The store acknowledges a step that it has not flushed.
    NoFlush = "no-flush",
    /// A delivery goes out before its mark is on disk.
    NoSentMark = "no-sent-mark",
    /// The store's data file is not synced after sled has flushed.
    NoDataSync = "no-data-sync",
    /// A file of the export is renamed to its name before its content is on disk.
    RenameWithoutFsync = "rename-without-fsync",
}

impl Bug {
    /// The mistake of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.iter().copied().find(|bug| bug.name() == name)
    }
}
