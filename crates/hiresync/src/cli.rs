//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{links::LinksOrder, state::StateOrder};

/// Keeps HR systems in step with the people Lever has hired.
#[derive(Debug, Parser)]
#[command(name = "hiresync", version, max_term_width = 110, after_help = EXAMPLES)]
pub struct Cli {
    /// What is logged, to standard error: error, warn, info, debug or trace, also by part, like engine=debug,info
    /// [default: info for the daemon, else warn]
    #[arg(long, global = true, env = "HIRESYNC_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// The socket of the running daemon
    #[arg(
        long,
        global = true,
        env = "HIRESYNC_SOCKET",
        default_value = "/run/hiresync/hiresync.sock",
        value_name = "PATH"
    )]
    pub socket: PathBuf,
    /// Answer with one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  hiresync demo                                     see it work on this machine
  hiresync check --config hiresync.toml             is everything set up right?
  hiresync map try --config hiresync.toml --contact ID
                                                    what the mapping makes of one person
  hiresync plan --config hiresync.toml              what would be sent, and why
  hiresync run --config hiresync.toml               the daemon
  hiresync status                                   is it all right?
  hiresync explain ada@example.com                  why is Ada not there yet?

Exit codes: 0 done; 1 done, but somebody needs a human; 64 command line; 65 unknown argument; 69 daemon, Lever or target cannot be reached; 70 a bug; 73, 74 cannot write; 75 busy, try later; 77 not allowed; 78 configuration.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon; with --once, do a single cycle and end
    #[command(after_help = "\
The first sweep of a new ledger reads everybody hired, later ones what changed. A cycle that would create or change more \
people than [guards] allow holds all of them until `hiresync approve`, or `run --once --approve`.

Examples:
  hiresync run --config /etc/hiresync/hiresync.toml
  hiresync run --config hiresync.toml --once --approve --json")]
    Run {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Do one cycle (sweep, read, plan, deliver what is due), print its summary and end
        #[arg(long)]
        once: bool,
        /// Ask Lever for everybody hired, not only for what changed
        #[arg(long, requires = "once")]
        full: bool,
        /// Let go what the guard holds, now and in this cycle
        #[arg(long, requires = "once")]
        approve: bool,
    },
    /// Check the configuration, and ask Lever and every target whether it fits; changes nothing
    #[command(after_help = "\
--data-flow prints the page that a data-protection officer asks for: which data of whom goes where, why, and what is asked \
of Lever for it. It is made from the configuration alone.

Examples:
  hiresync check --config hiresync.toml
  hiresync check --config hiresync.toml --offline
  hiresync check --config hiresync.toml --data-flow > data-flow.txt")]
    Check {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Check the file only; ask nobody. Needs no secret where $CREDENTIALS_DIRECTORY is not set
        #[arg(long)]
        offline: bool,
        /// Check the file only, and say which data goes where, and why
        #[arg(long)]
        data_flow: bool,
    },
    /// Write a mapping: try it on one person, or see what there is to map; writes nothing
    Map {
        /// What to see
        #[command(subcommand)]
        question: MapQuestion,
    },
    /// Ask Lever, or arrange there, what takes no daemon: webhooks, and whom the ids mean that you kept
    Lever {
        /// What
        #[command(subcommand)]
        order: LeverOrder,
    },
    /// See whether mail and the channel of [notices] work
    Notify {
        /// What
        #[command(subcommand)]
        order: NotifyOrder,
    },
    /// Show what would be sent to which target, field by field, and why; writes nothing
    #[command(after_help = "\
Beside a running daemon it asks the daemon (root and the service user only, since it shows names and addresses). --out keeps \
ids, decisions and digests, no values, for `hiresync apply`.

Examples:
  hiresync plan --config hiresync.toml --out first-import.plan
  hiresync plan --config hiresync.toml --contact 4b0d2c9e-5a77-4c1e-9d0b-1f1d1c6a8e10")]
    Plan {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Only this contact; may be repeated
        #[arg(long, value_name = "ID")]
        contact: Vec<String>,
        /// Keep it here, for `hiresync apply`
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Carry out exactly that plan, or nothing if anything moved since it was made
    #[command(after_help = "\
Everybody in the plan is read again, in Lever and over there. If a person, the mapping, a policy, a record, a target's settings \
or the ledger is not as it was, nothing is written, and what moved is named (exit code 1). Else exactly the plan is sent; no guard \
holds it, since somebody looked. Beside a running daemon the daemon does it. A plan is applied once, and a renewed Lever API key \
makes it void.

Example:
  hiresync apply --config hiresync.toml first-import.plan")]
    Apply {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// What `hiresync plan --out` wrote
        #[arg(value_name = "PLANFILE")]
        plan: PathBuf,
        /// Of the plan only this contact; may be repeated
        #[arg(long, value_name = "ID")]
        contact: Vec<String>,
    },
    /// Is it all right? One line, then the figures
    Status {
        /// Go on looking: the page every two seconds on a terminal, else a line for each change; Ctrl-C ends it
        #[arg(long)]
        watch: bool,
    },
    /// Everybody the daemon knows of, with where they stand
    People,
    /// Why somebody is, or is not, over there, and what to do about it
    #[command(after_help = "\
WHO is a contact id, an opportunity id, a Lever profile link, or an e-mail address. An address is looked up in Lever now and \
is stored nowhere. Lever is asked what it says now; where it cannot be asked, the page says so and shows what is known.

What each code means: crates/hiresync/REASONS.md.")]
    Explain {
        /// Contact id, opportunity id, Lever profile link or e-mail address
        who: String,
        /// Add what an engineer asks next: ids, generation, phase, rehire decisions
        #[arg(long)]
        verbose: bool,
    },
    /// What happened, oldest first
    History {
        /// Only this contact
        contact: Option<String>,
        /// Only since this moment, e.g. 2026-05-01 or 2026-05-01T09:00:00Z
        #[arg(long, value_name = "MOMENT")]
        since: Option<String>,
        /// Go on with what happens from now on, line by line, until Ctrl-C or the daemon's end
        #[arg(long)]
        follow: bool,
    },
    /// What a human has to do; `tasks done ID` closes one
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "\
A task names nobody: the contact id stands for the person. --names asks Lever now what they are called; it is shown and stored \
nowhere."
    )]
    Tasks {
        /// Ask Lever now for the name of each contact, and show it
        #[arg(long)]
        names: bool,
        /// What is ordered about them, if anything
        #[command(subcommand)]
        order: Option<TaskOrder>,
    },
    /// Which record over there is whose: adopt the staff you have, look who may be who, say who is who
    #[command(after_help = "\
Examples:\n  hiresync links find --target cezanne-uk --out review.csv --config hiresync.toml\n  hiresync links import review.csv --target cezanne-uk --config hiresync.toml\n  hiresync links show 4b0d2c9e-5a77-4c1e-9d0b-1f1d1c6a8e10")]
    Links {
        /// What; the list of all, if nothing is said
        #[command(subcommand)]
        order: Option<LinksOrder>,
    },
    /// Back the ledger up, put it back, or look whether everything in it is as it should be
    State {
        /// What
        #[command(subcommand)]
        order: StateOrder,
    },
    /// Who was refused by a target and waits for a human
    Parked,
    /// Cycles that the guard holds
    Guards,
    /// Ask Lever now, for everybody changed or for these contacts
    Sync {
        /// Contact ids
        contact: Vec<String>,
    },
    /// Send again what was parked, held or is waiting for its next attempt
    Retry {
        /// Contact ids
        #[arg(required = true)]
        contact: Vec<String>,
    },
    /// Forget a person: remove all that is held about them here, and never make them again
    #[command(after_help = "\
Nothing is deleted in the targets: the answer names the records that hold the person, this once. What stays here is a tombstone, a \
keyed hash that names nobody.

Example:
  hiresync forget 4b0d2c9e-5a77-4c1e-9d0b-1f1d1c6a8e10")]
    Forget {
        /// Contact id
        contact: String,
        /// Where no daemon runs: the configuration file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// All that is held about a person, and who received what
    #[command(after_help = "Asks Lever nothing, and shows no personal values: none are kept.")]
    Report {
        /// Contact id
        contact: String,
        /// Where no daemon runs: the configuration file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Let go what the guard holds of this cycle
    Approve {
        /// The cycle's number, as `guards` shows it
        cycle: u64,
    },
    /// Send nothing to a target, or to any, until `resume`
    Pause {
        /// The target; all of them if absent
        target: Option<String>,
    },
    /// Send again after `pause`, or try a quarantined target now
    Resume {
        /// The target; all of them if absent
        target: Option<String>,
    },
    /// See the whole thing on this machine: a pretend Lever, the real daemon parts, real files
    #[cfg(feature = "demo")]
    Demo(Demo),
    /// Run a pretend vendor to try things against
    #[cfg(feature = "demo")]
    Sandbox {
        /// Which one
        #[command(subcommand)]
        vendor: Vendor,
    },
    /// Print the script with which a shell completes these commands
    #[command(after_help = "\
Example:
  hiresync completions bash > ~/.local/share/bash-completion/completions/hiresync")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command
    #[command(after_help = "\
Examples:
  hiresync man | man -l -
  hiresync man /usr/local/share/man/man8")]
    Man {
        /// Write a page for each command into this folder
        dir: Option<PathBuf>,
    },
}

/// Which configuration.
#[derive(Debug, Args)]
pub struct ConfigFile {
    /// The configuration file
    #[arg(long = "config", value_name = "FILE")]
    pub path: PathBuf,
}

/// What to see of a mapping.
#[derive(Debug, Subcommand)]
pub enum MapQuestion {
    /// Show what the mapping makes of one person: every field with its value and the facts it came from
    #[command(after_help = "\
The person is read from Lever now, as a cycle would; the ledger and the targets are not looked at. The answer shows personal \
values and goes to standard output only.

Examples:
  hiresync map try --config hiresync.toml --contact 4b0d2c9e-5a77-4c1e-9d0b-1f1d1c6a8e10
  hiresync map try --config hiresync.toml --contact ada@example.com --target roster --json")]
    Try {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Contact id, opportunity id, Lever profile link or e-mail address
        #[arg(long, value_name = "ID")]
        contact: String,
        /// Only this target
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
    },
    /// List what an expression may use, what each target takes, and what is mapped to it; asks nobody
    #[command(after_help = "\
Examples:
  hiresync map fields --config hiresync.toml
  hiresync map fields --config hiresync.toml --target roster")]
    Fields {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Only this target
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
    },
}

/// What is to be told.
#[derive(Debug, Subcommand)]
pub enum NotifyOrder {
    /// Send one test notice to each recipient, each way, and say what the server answered
    #[command(after_help = "\
Exit codes: 0 all were taken; 69 a server cannot be reached or asks to come back later; 78 there is no [notices], or a server refuses
certificate, login, sender or recipient. `hiresync check` looks at server, TLS and login without sending.

Example:
  hiresync notify test --config /etc/hiresync/hiresync.toml")]
    Test {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
    },
}

/// What is asked of Lever by hand.
#[derive(Debug, Subcommand)]
pub enum LeverOrder {
    /// Webhooks made through the API: Lever tells the daemon at once instead of being asked every few minutes
    Webhook {
        /// What to do with them
        #[command(subcommand)]
        order: WebhookOrder,
    },
    /// Say which contact each id means, and what its opportunities are now; changes nothing
    #[command(after_help = "\
An id is a contact id, an opportunity id (once called candidate id; the value is the same), a Lever profile link, or an e-mail \
address. Fifty contact ids cost one request, every other id one each.

With --csv the answer is CSV as well: given,contact_id,opportunity_id,state,hired_on, one line for each opportunity, in the \
order of the file. The state is open, hired, closed, anonymised or unclear; none where a contact has no opportunity that may be \
seen, and unknown where Lever knows nobody. Days are days in lever.timezone.

Exit code 1: somebody is unknown, or an e-mail address is several people's.

Examples:
  hiresync lever resolve --config hiresync.toml 4b0d2c9e-5a77-4c1e-9d0b-1f1d1c6a8e10 ada@example.com
  hiresync lever resolve --config hiresync.toml --csv old.csv --column candidate_id > people.csv")]
    Resolve {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Contact ids, opportunity ids, Lever profile links or e-mail addresses
        #[arg(required_unless_present = "csv", conflicts_with = "csv")]
        id: Vec<String>,
        /// A CSV file with one id in each line
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// The column of the ids [default: the first there is of candidate_id, opportunity_id and contact_id, or the only one]
        #[arg(long, value_name = "NAME", requires = "csv", conflicts_with = "id")]
        column: Option<String>,
    },
}

/// What is ordered about webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookOrder {
    /// List them
    List {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Make one for each event that has none yet at this address, and keep its signature token
    #[command(after_help = "\
Lever shows the signature token of a webhook once, when it is made. Each is added to the file as a line of its own, readable \
for you alone, before the next webhook is made; none is printed. The key needs webhooks:read:admin and webhooks:write:admin.

Example:
  hiresync lever webhook create --config hiresync.toml --url https://hooks.example.com/lever --tokens webhook.tokens")]
    Create {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Where Lever is to send to: https, with a certificate that a public authority signed
        #[arg(long, value_name = "URL")]
        url: String,
        /// The file that the signature tokens are added to
        #[arg(long, value_name = "FILE")]
        tokens: PathBuf,
        /// Which event; may be repeated
        #[arg(
            long,
            value_name = "NAME",
            value_parser = ::lever::webhook::Kind::ALL.map(|(word, _)| word),
            default_values = crate::lever::EVENTS
        )]
        event: Vec<String>,
    },
    /// Remove them, by id or all of one address
    #[command(after_help = "\
Examples:
  hiresync lever webhook delete --config hiresync.toml 0b9f3c1e-2d4a-4f6b-8c1d-5e7a9b0c2d4e
  hiresync lever webhook delete --config hiresync.toml --url https://hooks.example.com/lever")]
    Delete {
        /// Which configuration
        #[command(flatten)]
        config: ConfigFile,
        /// Ids, as `list` shows them
        #[arg(required_unless_present = "url", conflicts_with = "url")]
        id: Vec<String>,
        /// Every one that sends there
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
}

/// What is ordered about tasks.
#[derive(Debug, Subcommand)]
pub enum TaskOrder {
    /// Close a task that is done
    Done {
        /// The task's id, as `tasks` shows it
        id: String,
    },
}

/// `demo`
#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub struct Demo {
    /// Opportunities in the pretend Lever; about a third of them are hired
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub people: u32,
    /// Decides who they are
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where they go: a file, or a pretend Cezanne HR
    #[arg(
        long,
        default_value = "file-export",
        value_parser = [clap::builder::PossibleValue::new("file-export").alias("file"), "cezanne".into()]
    )]
    pub target: String,
    /// Leave configuration, ledger and files in this (new or empty) folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// The pretend vendors.
#[cfg(feature = "demo")]
#[derive(Debug, Subcommand)]
pub enum Vendor {
    /// A pretend Lever
    #[command(after_help = format!("\
Its API is http://ADDR:PORT/v1, its API key is `sandbox-key`. Outside /v1 sits the recruiter:
  curl -X POST http://ADDR:PORT/sandbox/hire -d '{{\"name\": \"Ada Example\", \"email\": \"ada@example.com\"}}'

{}
In hire, only the name is needed. A posting is named by its id or title; its state is internal, published, closed or draft. An \
answer without a type is a text. A form of a contact is what the person answers behind a posting, one of an opportunity stands \
on the profile. Most doors of an opportunity take no body.

A fault: 503, 503*20 (times), 503%20 (percent), 503~60s (for so long), html, half, cut, close, lost, hang, slow, empty, \
nonext, offset, garbled, huge, endless, plain, shift, twice, drift=numbers (enums, fields, nulls), surrogate, deep, bait, \
redirect, each also @/opportunities (on one endpoint); late=10m and skew=-24h stay until they are taken away.", sandbox::DOORS))]
    Lever {
        /// Where to listen; port 0 takes a free one
        #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
        listen: std::net::SocketAddr,
        /// Opportunities to begin with; about a third of them are hired
        #[arg(long, default_value_t = 300)]
        people: u32,
        /// Decides who they are
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Requests a second before it answers 429, with twice that at once; 0: no limit
        #[arg(long, value_name = "PER_SECOND", default_value_t = 10)]
        rate: u32,
        /// What goes wrong; may be repeated
        #[arg(long, value_name = "SPEC")]
        fault: Vec<String>,
        /// A permission the API key lacks, such as offers:read:admin; may be repeated
        #[arg(long, value_name = "PERMISSION")]
        deny: Vec<String>,
    },
    /// A pretend Cezanne HR
    #[command(after_help = format!("\
It prints what the settings of a target have to say to reach it. Beside its API sits HR:
  curl -X POST http://ADDR:PORT/_act -d '{{\"act\": \"close-company\", \"company\": \"ACME-UK\"}}'

{}
A fault: 503 (before anything is done), after=503 (it is done, and then), close, lost (the same without an answer), hang, stuck, \
429=30 and 503=30 (Retry-After in seconds), 429=date:30, login, html, half, cut, slow, bare, soft, soft=stored, foreign, \
nopatch=405, nolight. Each also @PLACE, made of a set, token, webhook, metadata, read, write or a method: \
after=503@write/People; and *2 (times), %20 (percent), ~60s (for so long).", sandbox::cezanne::ACTS))]
    Cezanne(CezanneArgs),
}

/// The pretend Cezanne.
#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub struct CezanneArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    pub listen: std::net::SocketAddr,
    /// Its $metadata: OData v3 with gender by text, v3 with gender by code, v4, or v2
    #[arg(long, default_value = "description", value_parser = ["description", "code", "v4", "v2"])]
    pub metadata: String,
    /// How an employment without an end is kept: as 9999-12-31, or as nothing
    #[arg(long, default_value = "sentinel", value_parser = ["sentinel", "null"])]
    pub open_ended: String,
    /// People to begin with, coded from 1001
    #[arg(long, default_value_t = 20)]
    pub staff: u32,
    /// Decides who they are
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The code of a company; may be repeated
    #[arg(long, value_name = "CODE", default_values = ["ACME-UK", "ACME-IE"])]
    pub company: Vec<String>,
    /// Rows on a page of a list
    #[arg(long, value_name = "ROWS", default_value_t = 100)]
    pub page_size: u32,
    /// Milliseconds until a read sees what was written
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub lag: u64,
    /// Who is let in
    #[arg(long, value_name = "ID", default_value = "sandbox-client")]
    pub client_id: String,
    /// With which secret
    #[arg(long, value_name = "SECRET", default_value = "sandbox-secret")]
    pub client_secret: String,
    /// Scopes that have to be asked for, separated by blanks [default: none]
    #[arg(long)]
    pub scope: Option<String>,
    /// Seconds a token lives
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    pub token_lifetime: u32,
    /// Switches the native integration with Lever on: its signature token
    #[arg(long, value_name = "TOKEN")]
    pub signature_token: Option<String>,
    /// The last part of the address Lever's webhooks go to
    #[arg(long, value_name = "NAME", default_value = "acme")]
    pub subdomain: String,
    /// What goes wrong; may be repeated
    #[arg(long, value_name = "SPEC")]
    pub fault: Vec<String>,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::{CommandFactory, Parser};

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[cfg(feature = "demo")]
    #[test]
    fn the_help_of_the_pretend_lever_names_the_doors_beside_its_api() {
        let mut help = Cli::command();
        let sandbox = help.find_subcommand_mut("sandbox").unwrap();
        let help = sandbox.find_subcommand_mut("lever").unwrap().render_help().to_string();
        for door in [
            "POST   /sandbox/hire ",
            "GET    /sandbox/postings",
            "POST   /sandbox/postings ",
            "POST   /sandbox/contacts/{id}/forms ",
            "POST   /sandbox/opportunities/{id}/forms ",
            "POST   /sandbox/key/",
            "--deny <PERMISSION>",
        ] {
            assert!(help.contains(door), "{door} is not in\n{help}");
        }
    }

    #[test]
    fn a_webhook_is_made_for_the_events_we_listen_to_unless_others_that_lever_has_are_named() {
        let create = |more: &[&str]| {
            let words =
                ["hiresync", "lever", "webhook", "create", "--config", "f", "--url", "u", "--tokens", "t"];
            match Cli::try_parse_from(words.iter().chain(more)).ok()?.command {
                Command::Lever {
                    order: LeverOrder::Webhook { order: WebhookOrder::Create { event, .. } },
                } => Some(event),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(create(&[]).unwrap(), crate::lever::EVENTS);
        assert_eq!(create(&["--event", "contactCreated"]).unwrap(), ["contactCreated"]);
        assert_eq!(create(&["--event", "candidateFired"]), None);
    }

    #[test]
    fn what_is_to_be_resolved_or_removed_is_named_in_one_way() {
        for (words, is_good) in [
            (&["resolve", "a"][..], true),
            (&["resolve", "--csv", "f", "--column", "c"], true),
            (&["resolve"], false),
            (&["resolve", "a", "--csv", "f"], false),
            (&["resolve", "a", "--column", "c"], false),
            (&["webhook", "delete", "a", "b"], true),
            (&["webhook", "delete", "--url", "u"], true),
            (&["webhook", "delete"], false),
            (&["webhook", "delete", "a", "--url", "u"], false),
        ] {
            let words = ["hiresync", "lever"].iter().chain(words).chain(&["--config", "f"]);
            assert_eq!(Cli::try_parse_from(words.clone()).is_ok(), is_good, "{words:?}");
        }
    }

    #[test]
    fn options_may_follow_the_subcommand() {
        let cli = Cli::parse_from(["hiresync", "status", "--json", "--socket", "/s"]);
        assert!(cli.json && cli.socket == Path::new("/s"));
        let cli = Cli::parse_from(["hiresync", "tasks", "done", "t-1", "--socket", "/s"]);
        assert!(matches!(cli.command, Command::Tasks { order: Some(TaskOrder::Done { .. }), .. }));
        let cli = Cli::parse_from(["hiresync", "tasks", "--names"]);
        assert!(matches!(cli.command, Command::Tasks { order: None, names: true }));
        assert!(Cli::try_parse_from(["hiresync", "tasks", "--names", "done", "t-1"]).is_err());
        let cli = Cli::parse_from(["hiresync", "plan", "--contact", "a", "--config", "f", "--contact", "b"]);
        assert!(matches!(cli.command, Command::Plan { contact, .. } if contact == ["a", "b"]));
        let cli = Cli::parse_from(["hiresync", "lever", "resolve", "a", "--config", "f", "b", "--json"]);
        let Command::Lever { order: LeverOrder::Resolve { id, .. } } = cli.command else { panic!("resolve") };
        assert!(cli.json && id == ["a", "b"]);
        let cli = Cli::parse_from(["hiresync", "map", "try", "--contact", "a", "--json", "--config", "f"]);
        assert!(cli.json && matches!(cli.command, Command::Map { question: MapQuestion::Try { .. } }));
    }
}
