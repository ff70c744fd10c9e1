//! The words of `hiresync links`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use engine::Treatment;

/// Which record over there is whose.
#[derive(Debug, Subcommand)]
pub enum LinksOrder {
    /// Adopt the people who are in a target already, from a CSV file: every row is answered, and all that is right is linked at once
    #[command(after_help = "\
The file has a column remote_id and one of contact_id, opportunity_id and candidate_id (an old candidate id is an opportunity id \
today); where there are several, the first that is not empty counts. With a column confirm, as `links find --out` writes it, only \
rows that say yes are taken. Lever and the target are asked about every row first; a fault on the way links nobody.

Exit codes: 0 all linked; 1 a row needs a human; 65 a bad file, and nothing was linked; 69 Lever or the target cannot be reached, \
and nothing was linked.

Examples:
  hiresync links import staff.csv --target cezanne-uk --config hiresync.toml --dry-run
  hiresync links import staff.csv --target cezanne-uk")]
    Import {
        /// The file
        file: PathBuf,
        /// Only say what would become of each row
        #[arg(long)]
        dry_run: bool,
        /// Where
        #[command(flatten)]
        place: Place,
    },
    /// Ask a target who may be who: everybody hired, whenever that was, who is not linked yet
    #[command(after_help = "\
certain: an id of ours or of theirs stands on the record. likely: address and name agree, and the record is nobody else's. weak: \
an address alone. several: more than one record, or more than one person. Nothing is linked: weak and several ones become tasks, \
and --out writes the list for a human, who corrects its column confirm and hands it to `links import`.

Examples:
  hiresync links find --target cezanne-uk --out review.csv
  hiresync links import review.csv --target cezanne-uk")]
    Find {
        /// Only these contacts
        contact: Vec<String>,
        /// Write the list there, readable for you alone
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Where
        #[command(flatten)]
        place: Place,
    },
    /// Say which record is somebody's
    Set {
        /// The contact's id
        contact: String,
        /// The record's id over there
        remote: String,
        /// Where
        #[command(flatten)]
        place: Place,
    },
    /// Say that the record is not somebody's; nothing is deleted over there
    Remove {
        /// The contact's id
        contact: String,
        /// Where
        #[command(flatten)]
        place: Place,
    },
    /// List every link
    List {
        /// Where
        #[command(flatten)]
        place: Place,
    },
    /// Show all that is known of one contact's links
    Show {
        /// The contact's id
        contact: String,
        /// Where
        #[command(flatten)]
        place: Place,
    },
    /// Print every link as CSV that `links import` takes
    Export {
        /// Where
        #[command(flatten)]
        place: Place,
    },
    /// Have Lever's ids written onto the records that were there before, where they are missing; nothing else is changed
    Backfill {
        /// Where
        #[command(flatten)]
        place: Place,
    },
    /// Say what another hire of somebody is over there
    Rehire {
        /// The contact's id
        contact: String,
        /// The hire's opportunity id
        opportunity: String,
        /// An employment of its own, a change of the latest one, or nothing
        #[arg(value_parser = ["new_employment", "update", "ignore"])]
        treatment: String,
        /// Where
        #[command(flatten)]
        place: Place,
    },
}

/// Where it is done.
#[derive(Debug, Default, Args)]
pub struct Place {
    /// Which target; may be left out where there is one only
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// Which configuration, where no daemon runs
    #[arg(long = "config", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl LinksOrder {
    pub(super) fn place(&self) -> &Place {
        match self {
            LinksOrder::Import { place, .. }
            | LinksOrder::Find { place, .. }
            | LinksOrder::Set { place, .. }
            | LinksOrder::Remove { place, .. }
            | LinksOrder::List { place }
            | LinksOrder::Show { place, .. }
            | LinksOrder::Export { place }
            | LinksOrder::Backfill { place }
            | LinksOrder::Rehire { place, .. } => place,
        }
    }
}

/// What is done with another hire, by its word.
pub(super) fn treatment(word: &str) -> Option<Treatment> {
    Treatment::ALL.iter().find(|(known, _)| *known == word).map(|(_, treatment)| *treatment)
}
