//! `completions`, `man`: what a package carries beside the program, made from the words of the command line.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};

use crate::{cli::Cli, exit::Exit, print};

/// `completions SHELL`: the script that completes commands and options, to standard output.
pub fn completions(shell: Shell) -> Result<Exit, Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), PROGRAM, &mut script);
    print::answer(&String::from_utf8(script).map_err(|_| Exit::Bug)?)?;
    Ok(Exit::Done)
}

/// `man`: the page of the program to standard output; `man DIR`: a page for it and for each command, as files.
pub fn man(dir: Option<&Path>) -> Result<Exit, Exit> {
    match dir {
        None => {
            let mut page = Vec::new();
            render(&program(), &mut page).map_err(|_| Exit::Bug)?;
            print::answer(&String::from_utf8(page).map_err(|_| Exit::Bug)?)?;
        }
        Some(dir) => pages(dir).map_err(|error| {
            print::complain(&format!("cannot write manual pages to {}: {}", dir.display(), error.kind()));
            Exit::CannotCreate
        })?,
    }
    Ok(Exit::Done)
}

const PROGRAM: &str = "hiresync";

/// Section 8 of the manual: what administrators run (man-pages(7)).
const SECTION: &str = "8";

/// The words of the command line; `help` has no page, since each page is one.
fn program() -> Command {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    program
}

/// Writes the page of the program and of each command, `hiresync-links-import.8` and the like.
fn pages(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let mut open = vec![program()];
    while let Some(command) = open.pop() {
        let name = command.get_display_name().unwrap_or(PROGRAM);
        let mut file = fs::File::create(dir.join(format!("{name}.{SECTION}")))?;
        render(&command, &mut file)?;
        file.flush()?;
        open.extend(command.get_subcommands().filter(|command| !command.is_hide_set()).cloned());
    }
    Ok(())
}

/// One page. Examples keep the lines they were given; prose is filled by whoever shows the page.
fn render(command: &Command, to: &mut dyn io::Write) -> io::Result<()> {
    let page = Man::new(command.clone()).section(SECTION).manual("hiresync");
    page.render_title(to)?;
    page.render_name_section(to)?;
    page.render_synopsis_section(to)?;
    page.render_description_section(to)?;
    page.render_options_section(to)?;
    if command.has_subcommands() {
        page.render_subcommands_section(to)?;
    }
    match command.get_after_help() {
        Some(notes) => notes_of(&notes.to_string()).to_writer(to),
        None => Ok(()),
    }
}

/// What stands below the options in the help. A line that begins with a blank is an example.
fn notes_of(text: &str) -> Roff {
    let mut notes = Roff::new();
    notes.control("SH", ["NOTES"]);
    for line in text.lines() {
        match line {
            "" => notes.control("PP", []),
            example if example.starts_with(' ') => {
                notes.control("nf", []).text([roman(example)]).control("fi", [])
            }
            prose => notes.text([roman(prose)]),
        };
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_its_parent_names() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(man(Some(&dir.path().join("man8"))), Ok(Exit::Done));
        let page = |name: &str| fs::read_to_string(dir.path().join("man8").join(name)).unwrap();
        assert!(page("hiresync.8").contains("hiresync\\-status(8)"));
        assert!(page("hiresync-lever.8").contains("hiresync\\-lever\\-webhook(8)"));
        assert!(!page("hiresync.8").contains("help(8)"));
        assert!(page("hiresync-man.8").contains(".nf\n  hiresync man | man \\-l \\-\n.fi"));
        assert!(page("hiresync-lever-webhook-create.8").contains("\\-\\-tokens"));
        let shown = Cli::command().get_subcommands().filter(|command| !command.is_hide_set()).count();
        assert!(fs::read_dir(dir.path().join("man8")).unwrap().count() > shown);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_said_and_no_panic() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(man(Some(&file.path().join("man"))), Err(Exit::CannotCreate));
    }
}
