//! `state`: the ledger as one file, back again, and whether everything in it is as it should be.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use ledger::{ArchiveError, Audit, DigestKey, Manifest, StateFolder, archive};
use people::Secret;
use serde::Serialize;
use serde_json::json;

use crate::{
    cli::ConfigFile,
    client::Client,
    config::{Config, Secrets},
    exit::Exit,
    once::{self, asking_config, clock, ledger_fault},
    print,
};

/// What is ordered about the ledger.
#[derive(Debug, Subcommand)]
pub enum StateOrder {
    /// Write the whole ledger to one file, beside a running daemon or without one
    #[command(after_help = "\
The file holds ids, decisions and keyed digests, no personal values; and the digest key, unless [state] digest_key names another \
place. It is made for you alone (mode 0600); keep it like the state folder. It replaces a file of that name only when it is whole.

Example:
  hiresync state export --config /etc/hiresync/hiresync.toml /var/backups/hiresync/monday.state")]
    Export {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Where to
        #[arg(value_name = "ARCHIVE")]
        archive: PathBuf,
    },
    /// Make an exported ledger the one of this configuration; the daemon must be stopped
    #[command(after_help = "\
Put back, the ledger is taken for a copy: links and decisions stay, every target is asked and every record compared before anything \
is sent, so nobody is made twice and nothing old is written. Who was forgotten since is forgotten again.

Example:
  systemctl stop hiresync
  hiresync state import --config /etc/hiresync/hiresync.toml --replace /var/backups/hiresync/monday.state
  chown -R hiresync: /var/lib/hiresync && systemctl start hiresync")]
    Import {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Move a ledger that is there aside; it is kept
        #[arg(long)]
        replace: bool,
        /// What `hiresync state export` wrote
        #[arg(value_name = "ARCHIVE")]
        archive: PathBuf,
    },
    /// Read every record of the ledger, or of an exported one; changes nothing. The daemon must be stopped
    #[command(after_help = "\
Exit code 1: something is wrong with the ledger; 65: with the archive.

Examples:
  hiresync state verify --config /etc/hiresync/hiresync.toml
  hiresync state verify --config /etc/hiresync/hiresync.toml /var/backups/hiresync/monday.state")]
    Verify {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// What `hiresync state export` wrote; the ledger itself if absent
        #[arg(value_name = "ARCHIVE")]
        archive: Option<PathBuf>,
    },
}

/// `state`
pub fn run(order: &StateOrder, as_json: bool) -> Result<Exit, Exit> {
    match order {
        StateOrder::Export { config, archive } => export(&config.path, archive, as_json),
        StateOrder::Import { config, replace, archive } => import(&config.path, archive, *replace, as_json),
        StateOrder::Verify { config, archive: None } => verify(&config.path, as_json),
        StateOrder::Verify { archive: Some(archive), .. } => verify_archive(archive, as_json),
    }
}

/// Of the secrets only the digest key is needed, and that only where no daemon has it.
fn read(path: &Path) -> Result<Config, Exit> {
    let config = asking_config(path, Secrets::IfThere)?;
    if config.unread.iter().any(|secret| secret == "state.digest_key") {
        return once::config_beside(path, asking_config);
    }
    Ok(config)
}

/// An archive, for people and programs.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    archive: &'a Path,
    records: u64,
    made_at: people::Timestamp,
    schema: u32,
    has_digest_key: bool,
}

impl Answer<'_> {
    fn of(archive: &Path, manifest: Manifest) -> Answer<'_> {
        let Manifest { schema, made_at, has_key, records, .. } = manifest;
        Answer { archive, records, made_at, schema, has_digest_key: has_key }
    }

    fn text(&self) -> String {
        let key = if self.has_digest_key {
            "with the digest key: keep it like the state folder"
        } else {
            "without the digest key, which is where [state] digest_key says: keep that too"
        };
        format!(
            "{}: {} of {}, {key}.\n",
            self.archive.display(),
            print::count(self.records, "record", "records"),
            self.made_at.format("%Y-%m-%d %H:%M UTC")
        )
    }

    fn said(&self, as_json: bool) -> Result<Exit, Exit> {
        if as_json {
            print::json(self)?
        } else {
            print::answer(&self.text())?
        }
        Ok(Exit::Done)
    }
}

fn export(config: &Path, path: &Path, as_json: bool) -> Result<Exit, Exit> {
    let config = read(config)?;
    if std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        print::complain(&format!("{} is there and no regular file; name another one", path.display()));
        return Err(Exit::CannotCreate);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made with mode 0600.
    let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot("made", path, &error))?;
    let mut out = BufWriter::new(fresh.as_file_mut());
    match copied(&config)? {
        Some(ours) => ours.export(&config, &mut out)?,
        None => {
            let client = Client::new(&config.socket)?;
            once::runtime()?.block_on(Box::pin(client.export(&mut out)))?;
        }
    }
    let written = out.flush();
    drop(out);
    written.and_then(|()| fresh.as_file().sync_all()).map_err(|error| cannot("written", path, &error))?;
    let manifest = manifest_of(fresh.path()).map_err(|error| archive_fault(path, &error))?;
    fresh.persist(path).map_err(|error| cannot("made", path, &error.error))?;
    Answer::of(path, manifest).said(as_json)
}

fn import(config: &Path, path: &Path, replace: bool, as_json: bool) -> Result<Exit, Exit> {
    let config = read(config)?;
    let folder = StateFolder::lock(&config.state.dir).map_err(|error| ledger_fault(&error))?;
    let imported = folder
        .import(path, config.state.digest_key.as_ref(), replace, clock().now())
        .map_err(|error| archive_fault(path, &error))?;
    let records = imported.manifest.records;
    if as_json {
        print::json(&json!({
            "records": records,
            "made_at": imported.manifest.made_at,
            "kept": imported.kept,
            "forgotten_again": imported.forgotten,
            "forgotten_unknown": imported.unknown,
        }))?;
        return Ok(Exit::Done);
    }
    let mut text = format!(
        "{} of {} are the ledger in {} now. It begins as a copy: every target is asked and every record compared before anything is sent.\n",
        print::count(records, "record", "records"),
        imported.manifest.made_at.format("%Y-%m-%d %H:%M UTC"),
        config.state.dir.display()
    );
    if let Some(kept) = imported.kept {
        text += &format!("The one that was there is kept in {}.\n", kept.display());
    }
    if imported.forgotten > 0 {
        let people = print::count(imported.forgotten as u64, "person who was", "people who were");
        text += &format!("{people} forgotten since it was made: forgotten again.\n");
    }
    if imported.unknown {
        text += "The ledger that was there cannot be read, or has another digest key: who was forgotten since is not known. Order \
                 `hiresync forget CONTACT` again, before the daemon starts.\n";
    }
    print::answer(&text)?;
    Ok(Exit::Done)
}

fn verify(config: &Path, as_json: bool) -> Result<Exit, Exit> {
    let config = read(config)?;
    let Some(copied) = copied(&config)? else {
        print::complain(
            "a daemon has the ledger; stop it first, or `hiresync state export`, which reads it to its end as well",
        );
        return Err(Exit::Busy);
    };
    let audit = match &copied.opened.lost {
        Some(why) => Audit { faults: vec![why.clone()], ..Audit::default() },
        None => copied.opened.ledger.audit().map_err(|error| ledger_fault(&error))?,
    };
    if as_json {
        print::json(&audit)?;
    } else {
        let mut text = String::new();
        for (tree, records) in &audit.records {
            text += &format!("{tree:<14} {records:>9}\n");
        }
        for fault in &audit.faults {
            text += &format!("Wrong: {fault}.\n");
        }
        text += if audit.faults.is_empty() {
            "Every record is there and can be read.\n"
        } else {
            "At its next start the daemon moves a ledger that it cannot use aside and finds everybody in the targets again; or put an \
             archive back with `hiresync state import --replace`.\n"
        };
        print::answer(&text)?;
    }
    Ok(if audit.faults.is_empty() { Exit::Done } else { Exit::NeedsHuman })
}

fn verify_archive(path: &Path, as_json: bool) -> Result<Exit, Exit> {
    let manifest = manifest_of(path).map_err(|error| archive_fault(path, &error))?;
    Answer::of(path, manifest).said(as_json)
}

fn manifest_of(path: &Path) -> Result<Manifest, ArchiveError> {
    let file = File::open(path).map_err(|source| ArchiveError::File { doing: "read", source })?;
    archive::verify(BufReader::new(file))
}

/// A copy of the ledger, opened: to open a store may change it.
struct Copied {
    opened: ledger::Opened,
    /// Where the configuration does not keep it.
    key: Option<Secret>,
    _folder: tempfile::TempDir,
}

/// `None`: a daemon has it.
fn copied(config: &Config) -> Result<Option<Copied>, Exit> {
    let dir = &config.state.dir;
    // A folder that one may not look into is the daemon's: it says who may.
    let Ok(is_there) = dir.join("store").try_exists() else { return Ok(None) };
    if !is_there {
        print::complain(&format!("there is no ledger in {}", dir.display()));
        return Err(Exit::BadInput);
    }
    let into = tempfile::tempdir().map_err(|error| cannot("made", &std::env::temp_dir(), &error))?;
    let configured = config.state.digest_key.clone().map(DigestKey::new);
    let key = match configured {
        Some(_) => None,
        None => StateFolder::kept_key(dir).map_err(|error| ledger_fault(&error))?,
    };
    match StateFolder::open_copy(dir, into.path(), configured, clock().now()) {
        Ok(opened) => Ok(Some(Copied { opened, key, _folder: into })),
        Err(ledger::Error::Locked { .. }) => Ok(None),
        Err(error) => Err(ledger_fault(&error)),
    }
}

impl Copied {
    fn export(&self, config: &Config, out: &mut dyn Write) -> Result<(), Exit> {
        let dir = &config.state.dir;
        if let Some(why) = &self.opened.lost {
            print::complain(&format!(
                "the ledger in {} cannot be exported: {why}; `hiresync run` moves it aside and finds everybody in the targets again, or \
                 put an older archive back with `hiresync state import --replace`",
                dir.display()
            ));
            return Err(Exit::NeedsHuman);
        }
        let exported = self.opened.ledger.export(self.key.as_ref(), clock().now(), out);
        exported.map(|_| ()).map_err(|error| archive_fault(dir, &error))
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Exit {
    print::complain(&format!("{} cannot be {what}: {}", path.display(), error.kind()));
    if what == "made" { Exit::CannotCreate } else { Exit::CannotWrite }
}

fn archive_fault(path: &Path, error: &ArchiveError) -> Exit {
    if let ArchiveError::Ledger(error) = error {
        return ledger_fault(error);
    }
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    print::complain(&format!("{}: {error}{cause}", path.display()));
    match error {
        ArchiveError::File { doing: "written", .. } => Exit::CannotWrite,
        ArchiveError::Occupied => Exit::CannotCreate,
        ArchiveError::TooNew { .. } | ArchiveError::OtherKey { .. } => Exit::Config,
        _ => Exit::BadInput,
    }
}
