//! The places between which a process can die.

macro_rules! points {
    ($($(#[$doc:meta])* $point:ident = $name:literal,)*) => {
        /// A place between two steps.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Point { $($(#[$doc])* $point,)* }

        impl Point {
            /// All of them.
            pub const ALL: &[Point] = &[$(Point::$point,)*];

            /// What it is called.
            pub const fn name(self) -> &'static str {
                match self { $(Point::$point => $name,)* }
            }
        }
    };
}

points! {
    /// A step is about to be written.
    CommitBegins = "commit-begins",
    /// The transaction is done and nothing was flushed.
    CommitApplied = "commit-applied",
    /// A step is on disk, and nobody was told.
    CommitDone = "commit-done",
    /// A file of the export is on disk under its private name.
    FileSynced = "file-synced",
    /// A file of the export was renamed.
    FileRenamed = "file-renamed",
}

impl Point {
    /// The point of that name.
    pub fn named(name: &str) -> Option<Point> {
        Point::ALL.iter().copied().find(|point| point.name() == name)
    }
}
