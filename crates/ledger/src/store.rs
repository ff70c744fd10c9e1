//! The seam to the disk: ordered keys and bytes in a few trees, written atomically and durably. Names no engine, so that a
//! second one can stand behind it.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

/// The result of anything the ledger does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the ledger cannot go on. Each message names the place and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the state folder.
    #[error("{} is in use by another hiresync (process {pid}); stop it, or give this one a [state] dir of its own", dir.display())]
    Locked {
        /// The state folder.
        dir: PathBuf,
        /// Who holds it, as far as the lock file says.
        pid: String,
    },
    /// A file of the state folder cannot be used.
    #[error("cannot {doing} {}: check that the folder exists, belongs to the user that runs hiresync and has free space", path.display())]
    File {
        /// What we were doing, e.g. `create`.
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store refused a step. Nothing that depends on the step was sent.
    #[error(
        "the store could not {doing}; free space on its disk, then start hiresync again: nothing acknowledged is lost"
    )]
    Store {
        /// What we were doing.
        doing: &'static str,
        /// What the store said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A record does not hold what was written. Found at start this leads to recovery; found later, to a restart.
    #[error(
        "a record of tree {tree} is damaged; start hiresync again: it will rebuild what it can from the targets"
    )]
    Damaged {
        /// Which tree.
        tree: &'static str,
    },
    /// The state was written by a newer hiresync.
    #[error(
        "the state folder has schema {found}, this hiresync knows {known}; install the newer version again"
    )]
    TooNew {
        /// What is there.
        found: u32,
        /// What we know.
        known: u32,
    },
}

/// What could not be done with a file.
pub(crate) fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::File { doing, path, source }
}

/// The trees of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// Contacts to be read again.
    Marks,
    /// One value per (target, contact).
    Standings,
    /// Opportunity to contact, and the digest last seen.
    Opportunities,
    /// What a human has to do.
    Tasks,
    /// What happened, contact by contact.
    History,
    /// Cursors, target states.
    Meta,
    /// Whose history goes on, event by event. Last: a record's checksum covers the number of its tree.
    Journal,
}

impl Tree {
    /// Every tree.
    pub const ALL: [Tree; 7] = [
        Tree::Marks,
        Tree::Standings,
        Tree::Opportunities,
        Tree::Tasks,
        Tree::History,
        Tree::Meta,
        Tree::Journal,
    ];

    /// The tree's name on disk.
    pub fn name(self) -> &'static str {
        match self {
            Tree::Marks => "marks",
            Tree::Standings => "standings",
            Tree::Opportunities => "opportunities",
            Tree::Tasks => "tasks",
            Tree::History => "history",
            Tree::Meta => "meta",
            Tree::Journal => "journal",
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key, and the bytes under it.
pub type Entry = (Vec<u8>, Vec<u8>);

/// One atomic step: new values, and `None` for what is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch(pub BTreeMap<(Tree, Vec<u8>), Option<Vec<u8>>>);

/// Ordered keys and bytes on disk.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// The value of `key`.
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Up to `limit` entries whose key begins with `prefix` and is greater than `after`, in order of their keys. An empty
    /// `after` begins at the first.
    fn scan(&self, tree: Tree, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Entry>>;

    /// Applies the whole batch or nothing, and returns only once it would survive a power failure.
    fn commit(&self, batch: &Batch) -> Result<()>;
}
