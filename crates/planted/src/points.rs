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
    /// The state folder is there.
    FolderMade = "folder-made",
    /// The lock of the state folder is ours.
    FolderLocked = "folder-locked",
    /// The digest key is whole under another name.
    KeyWritten = "key-written",
    /// The digest key has its name, not yet durably.
    KeyNamed = "key-named",
    /// Half-written snapshots are gone.
    SnapshotsCleaned = "snapshots-cleaned",
    /// A new store is on the disk, and has another name.
    StoreMade = "store-made",
    /// sled has opened the store.
    StoreOpened = "store-opened",
    /// The names of the store's files are durable.
    StoreNamed = "store-named",
    /// Every record was read.
    StoreVerified = "store-verified",
    /// A new ledger has its first record.
    LedgerBegun = "ledger-begun",
    /// The ledger is open.
    LedgerOpened = "ledger-opened",
    /// A store that cannot be used was moved aside.
    StoreMovedAside = "store-moved-aside",
    /// The witness has forgotten the store that was moved aside.
    WitnessForgotten = "witness-forgotten",
    /// The ledger in a copied folder has a lineage of its own.
    CopyBegun = "copy-begun",
    /// A step is about to be written.
    CommitBegins = "commit-begins",
    /// The transaction is done and nothing was flushed.
    CommitApplied = "commit-applied",
    /// sled has flushed, and the kernel was not asked to.
    CommitFlushed = "commit-flushed",
    /// A step is on disk, and the witness was not told.
    CommitSynced = "commit-synced",
    /// The witness was told, not yet durably.
    WitnessWritten = "witness-written",
    /// A step is on disk, and nobody was told.
    CommitDone = "commit-done",
    /// The archive of an older schema is whole under another name.
    SchemaKeeping = "schema-keeping",
    /// The archive of an older schema has its name.
    SchemaKept = "schema-kept",
    /// A batch of what a new schema adds is written.
    SchemaStep = "schema-step",
    /// The number of the new schema is written.
    SchemaRaised = "schema-raised",
    /// An import has an empty store to fill.
    ImportBegun = "import-begun",
    /// An import has read its archive.
    ImportRead = "import-read",
    /// An import is whole, and not decided.
    ImportWhole = "import-whole",
    /// An import is decided, and nothing is in its place.
    ImportDecided = "import-decided",
    /// The store that an import replaces was moved aside.
    ImportAside = "import-aside",
    /// A part of an import is in its place.
    ImportPart = "import-part",
    /// All of an import is in its place.
    ImportPlaced = "import-placed",
    /// The configuration was read.
    Configured = "configured",
    /// The daemon's socket can be asked.
    SocketOpened = "socket-opened",
    /// The daemon has begun to stop.
    Stopping = "stopping",
    /// What a page of a sweep showed is marked.
    PageMarked = "page-marked",
    /// The sweep is over, and the cursor is where it was.
    SweepDone = "sweep-done",
    /// The cursor was moved.
    CursorMoved = "cursor-moved",
    /// What is owed was planned, and not written down.
    Planned = "planned",
    /// What is owed is written down.
    DebtsWritten = "debts-written",
    /// The target was asked for somebody, and knows nobody.
    LookedInVain = "looked-in-vain",
    /// Deliveries are about to be marked as sent.
    SentBegins = "sent-begins",
    /// Deliveries are marked as sent, and not sent.
    SentWritten = "sent-written",
    /// The target has answered, and that is not written down.
    Answered = "answered",
    /// What came back is written down.
    Settled = "settled",
    /// A delivery of unknown outcome was looked up.
    LookedUp = "looked-up",
    /// The cycle is done but for its certificate.
    Certifying = "certifying",
    /// A plan that is carried out is noted as such, and nothing was sent.
    PlanNoted = "plan-noted",
    /// The export's own folder is made.
    ExportFolderMade = "export-folder-made",
    /// The export's lock is ours.
    ExportLocked = "export-locked",
    /// A file of the export is half written.
    ExportFileHalf = "export-file-half",
    /// A file of the export is written, not yet durably.
    ExportFileWritten = "export-file-written",
    /// The private copy of every row is durable.
    ExportCopied = "export-copied",
    /// The file to publish is durable.
    ExportStaged = "export-staged",
    /// The index that describes both is durable.
    ExportDescribed = "export-described",
    /// The names of all three are durable.
    ExportPrepared = "export-prepared",
    /// The file was published, not yet durably.
    ExportPublished = "export-published",
    /// The file was published durably.
    ExportPublishedDurably = "export-published-durably",
    /// The manifest is written, under another name.
    ExportManifestWritten = "export-manifest-written",
    /// The manifest is in its place.
    ExportManifestPlaced = "export-manifest-placed",
    /// The older copy is gone.
    ExportCopyRemoved = "export-copy-removed",
    /// The index is in its place, not yet durably.
    ExportIndexPlaced = "export-index-placed",
    /// A person is about to be made.
    PersonNext = "person-next",
    /// A person was made.
    PersonMade = "person-made",
    /// A person is about to be changed.
    PersonChanging = "person-changing",
    /// A person was changed.
    PersonChanged = "person-changed",
    /// Contact details are about to be made.
    ContactNext = "contact-next",
    /// Contact details were made.
    ContactMade = "contact-made",
    /// An employment is about to be made.
    EmploymentNext = "employment-next",
    /// An employment was made.
    EmploymentMade = "employment-made",
    /// A deployment is about to be made.
    DeploymentNext = "deployment-next",
    /// A deployment was made.
    DeploymentMade = "deployment-made",
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
