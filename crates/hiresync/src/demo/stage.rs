//! The demo's folder and configuration, and what its recruiters do.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use people::{Clock, Date};
use sandbox::{ContactId, Lever, NewContact, NewOffer, OpportunityId, PostingId, Refused};

use super::truth;
use crate::{cli::Demo, exit::Exit, print, sandbox::PretendLever};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// What one play differs from another in.
#[derive(Debug)]
pub(super) struct Script {
    /// The part of the configuration that is about the target.
    pub target: String,
    /// Secrets that it names: file and text.
    pub secrets: Vec<(&'static str, String)>,
}

/// Where everything is.
#[derive(Debug)]
pub(super) struct Stage {
    pub dir: PathBuf,
    pub config: PathBuf,
    pub hired_since: Date,
}

impl Stage {
    pub fn set(
        demo: &Demo,
        lever: &PretendLever,
        api_key: &str,
        script: &Script,
        clock: &dyn Clock,
    ) -> Result<Stage, Exit> {
        let dir = match &demo.keep {
            Some(dir) => empty(dir)?,
            None => tempfile::Builder::new()
                .prefix("hiresync-demo-")
                .tempdir()
                .map(tempfile::TempDir::keep)
                .map_err(|error| cannot("make", &std::env::temp_dir(), &error))?,
        };
        let hired_since = clock.today(people::Zone::UTC) - chrono::TimeDelta::days(365);
        let own = [("lever-api-key", api_key)];
        let others = script.secrets.iter().map(|(name, secret)| (*name, secret.as_str()));
        for (name, secret) in own.into_iter().chain(others) {
            keep_secret(&dir.join(name), secret)?;
        }
        let config = dir.join("hiresync.toml");
        let text = configuration(lever, hired_since, &script.target);
        fs::write(&config, text).map_err(|error| cannot("write", &config, &error))?;
        Ok(Stage { dir, config, hired_since })
    }
}

fn keep_secret(path: &Path, secret: &str) -> Result<(), Exit> {
    let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    written.and_then(|mut file| writeln!(file, "{secret}")).map_err(|error| cannot("write", path, &error))
}

fn empty(dir: &Path) -> Result<PathBuf, Exit> {
    fs::create_dir_all(dir).map_err(|error| cannot("make", dir, &error))?;
    let mut entries = fs::read_dir(dir).map_err(|error| cannot("read", dir, &error))?;
    if entries.next().is_some() {
        print::complain(&format!("{} is not empty; --keep takes a new or an empty folder", dir.display()));
        return Err(Exit::Usage);
    }
    fs::canonicalize(dir).map_err(|error| cannot("find", dir, &error))
}

fn cannot(doing: &str, path: &Path, error: &std::io::Error) -> Exit {
    print::complain(&format!("cannot {doing} {}: {}", path.display(), error.kind()));
    Exit::CannotCreate
}

/// What an engineer would write, with every path in the demo's own folder.
fn configuration(lever: &PretendLever, hired_since: Date, target: &str) -> String {
    format!(
        r#"# Written by `hiresync demo`.

[lever]
base_url    = "http://{address}/v1"          # the pretend Lever; leave the line out for the real one
api_key     = {{ file = "lever-api-key" }}
hired_since = {hired_since}                          # nobody hired before this day is ever created

[state]
dir = "state"

[socket]
path = "hiresync.sock"

{target}"#,
        address = lever.address
    )
}

/// What the recruiters did, for the comparison and for the story.
#[derive(Debug)]
pub(super) struct Acts {
    /// What somebody in the file is called now.
    pub renamed: &'static str,
    /// A hire that was taken back.
    pub taken_back: OpportunityId,
}

impl Acts {
    pub fn in_words(&self) -> String {
        format!(
            "Ada Example is hired, somebody marries and becomes {}, somebody is hired for a second job, and one hire is taken back",
            self.renamed
        )
    }
}

/// A new hire, a rename, a second hire, a hire taken back: of three different people who are in the file.
pub(super) fn recruiters_act(lever: &mut Lever, hired_since: Date, now: u64) -> Result<Acts, Refused> {
    let hired = truth::in_scope(lever, hired_since);
    let mut contacts: Vec<ContactId> = Vec::new();
    for hire in &hired {
        if !contacts.contains(&hire.contact) && !hire.name.trim().is_empty() {
            contacts.push(hire.contact.clone());
        }
    }
    let posting =
        lever.postings().iter().find(|posting| !posting.is_confidential).map(|posting| posting.id.clone());
    let new = lever.add_contact(NewContact::named("Ada Example").with_email("ada@example.com"));
    let new_hire = hire(lever, &new, posting.as_ref(), now)?;
    // With very few people one of them plays several parts.
    let player = |part: usize| contacts[part % contacts.len()].clone();
    let renamed = if contacts.is_empty() { new.clone() } else { player(0) };
    let rehired = if contacts.is_empty() { new } else { player(1) };
    let name = "Robin Newname-Example";
    lever.rename(now, &renamed, name)?;
    hire(lever, &rehired, posting.as_ref(), now)?;
    let leaver = (!contacts.is_empty()).then(|| player(2));
    let taken_back = hired
        .iter()
        .find(|hire| Some(&hire.contact) == leaver.as_ref())
        .map_or_else(|| new_hire.clone(), |hire| hire.opportunity.clone());
    lever.unarchive(now, &taken_back)?;
    Ok(Acts { renamed: name, taken_back })
}

/// One more, who is nobody else's concern.
pub(super) fn hire_new(lever: &mut Lever, name: &str, email: &str, now: u64) -> Result<ContactId, Refused> {
    let posting =
        lever.postings().iter().find(|posting| !posting.is_confidential).map(|posting| posting.id.clone());
    let new = lever.add_contact(NewContact::named(name).with_email(email));
    hire(lever, &new, posting.as_ref(), now)?;
    Ok(new)
}

fn hire(
    lever: &mut Lever,
    contact: &ContactId,
    posting: Option<&PostingId>,
    now: u64,
) -> Result<OpportunityId, Refused> {
    let opportunity = lever.add_opportunity(now, contact, posting)?;
    let offer = NewOffer { start_date: Some(now + 30 * DAY), ..NewOffer::default() };
    let offer = lever.add_offer(now, &opportunity, offer)?;
    lever.sign_offer(now, &opportunity, &offer)?;
    lever.hire(now, &opportunity)?;
    Ok(opportunity)
}
