//! `[webhook]`, `[targets.NAME.write_back]` and what belongs to them.

use std::fs;

use adapter_sdk::Finding;

use super::{Desk, TEN_LINES};
use crate::config::WebhookConfig;

const WEBHOOK: &str = "[webhook]\nsignature_tokens = [{ file = \"tokens\" }]\n";

/// The receiver of a configuration whose token file holds `tokens`.
fn webhook(desk: &Desk, tokens: &str, section: &str) -> WebhookConfig {
    fs::write(desk.dir.path().join("tokens"), tokens).unwrap();
    let config = desk.read(&format!("{TEN_LINES}{section}"), &[]);
    config.unwrap_or_else(|faults| panic!("{faults}")).webhook.expect("it is written")
}

fn revealed(webhook: &WebhookConfig) -> Vec<&str> {
    webhook.tokens.iter().map(people::Secret::reveal).collect()
}

#[test]
fn without_its_section_nothing_listens_and_a_token_alone_is_enough_for_it() {
    let desk = Desk::new();
    assert!(desk.read(TEN_LINES, &[]).unwrap().webhook.is_none());
    let webhook = webhook(&desk, "t0ken\n", WEBHOOK);
    assert_eq!((webhook.listen.to_string().as_str(), webhook.path.as_str()), ("127.0.0.1:8470", "/lever"));
    assert_eq!(webhook.age_max.num_hours(), 24);
    assert_eq!(revealed(&webhook), ["t0ken"]);
    assert!(!format!("{webhook:?}").contains("t0ken"));
}

#[test]
fn every_line_of_every_token_file_is_a_token_and_blank_lines_are_none() {
    let desk = Desk::new();
    fs::write(desk.dir.path().join("more"), "third").unwrap();
    let section = "[webhook]\nsignature_tokens = [{ file = \"tokens\" }, { file = \"more\" }]\nmax_age_hours = 2\n\
        listen = \"[::1]:0\"\npath = \"/hooks/lever-1\"\n";
    let webhook = webhook(&desk, "first\n\n  second \r\n\n", section);
    assert_eq!(revealed(&webhook), ["first", "second", "third"]);
    assert_eq!((webhook.listen.to_string().as_str(), webhook.path.as_str()), ("[::1]:0", "/hooks/lever-1"));
    assert_eq!(webhook.age_max.num_hours(), 2);
}

#[test]
fn a_receiver_without_a_token_is_refused_and_no_token_is_repeated() {
    let desk = Desk::new();
    for (tokens, section, fault) in [
        ("", "[webhook]\n", "hiresync.toml:10:2: webhook.signature_tokens: is missing and required; add "),
        ("", WEBHOOK, "hiresync.toml:11:21: webhook.signature_tokens[0]: "),
        ("\n \n", WEBHOOK, "hiresync.toml:11:21: webhook.signature_tokens[0]: holds no token"),
        (
            "one two\n",
            WEBHOOK,
            "hiresync.toml:11:21: webhook.signature_tokens[0]: holds no token, or a character",
        ),
        (
            "t0ken",
            "[webhook]\nsignature_tokens = \"t0ken\"\n",
            "hiresync.toml:11:1: webhook.signature_tokens: is a text",
        ),
        (
            "t0ken",
            "[webhook]\nsignature_tokens = [\"t0ken\"]\n",
            "hiresync.toml:11:21: webhook.signature_tokens[0]: must not hold",
        ),
        (
            "t0ken",
            "[webhok]\nsignature_tokens = []\n",
            "hiresync.toml:10:2: webhok: is not a known key; did you mean webhook?",
        ),
    ] {
        fs::write(desk.dir.path().join("tokens"), tokens).unwrap();
        let faults = desk.faults(&format!("{TEN_LINES}{section}"), &[]);
        assert!(faults[0].starts_with(fault), "{section}\n{faults:?}");
        assert!(!faults.join("").contains("t0ken") && !faults.join("").contains("one two"), "{faults:?}");
    }
}

#[test]
fn the_environment_moves_the_receiver_and_never_holds_a_token() {
    let desk = Desk::new();
    fs::write(desk.dir.path().join("tokens"), "t0ken").unwrap();
    let text = format!("{TEN_LINES}{WEBHOOK}");
    let config = desk.read(&text, &[("HIRESYNC__WEBHOOK__LISTEN", "127.0.0.1:9")]).unwrap();
    assert_eq!(config.webhook.unwrap().listen.port(), 9);
    for name in ["HIRESYNC__WEBHOOK__SIGNATURE_TOKENS", "HIRESYNC__WEBHOOK__SIGNATURE_TOKENS__FILE"] {
        let faults = desk.faults(&text, &[(name, "s3cret")]);
        assert!(faults.iter().any(|fault| fault.starts_with(&format!("{name}: "))), "{faults:?}");
        assert!(!faults.join("").contains("s3cret"));
    }
}

#[test]
fn check_warns_where_more_than_this_machine_reaches_the_receiver() {
    let desk = Desk::new();
    for (listen, is_warned) in
        [("127.0.0.1:8470", false), ("[::1]:8470", false), ("0.0.0.0:8470", true), ("10.1.2.3:8470", true)]
    {
        let webhook = webhook(&desk, "t0ken", &format!("{WEBHOOK}listen = \"{listen}\"\n"));
        assert_eq!(matches!(webhook.finding(), Finding::Warning { .. }), is_warned, "{listen}");
    }
}

#[test]
fn what_lever_is_told_is_a_tag_a_link_a_note_or_several_of_them() {
    let desk = Desk::new();
    let read = |lines: &str| {
        let text = format!("{TEN_LINES}[targets.roster.write_back]\n{lines}");
        desk.read(&text, &[]).unwrap_or_else(|faults| panic!("{faults}")).targets.remove(0).write_back
    };
    let some = |text: &str| Some(text.to_owned());
    let all = read("tag = \"in HR\"\nlink = \"https://hr.example.com/{record}\"\nnote = \"as {record}\"\n");
    assert_eq!(
        (all.tag, all.link, all.note),
        (some("in HR"), some("https://hr.example.com/{record}"), some("as {record}"))
    );
    assert!(read("note = \"there\"\n").is_on());
    let none = desk.read(TEN_LINES, &[]).unwrap();
    assert!(!none.targets[0].write_back.is_on());
    assert_eq!(none.lever.perform_as, None);
}

#[test]
fn what_cannot_be_told_to_lever_is_refused_at_its_line() {
    let desk = Desk::new();
    let long = format!("tag = \"{}\"\n", "x".repeat(101));
    for (lines, fault) in [
        (
            "",
            "hiresync.toml:10:17: targets.roster.write_back.tag: is missing, and so are link and note; add one",
        ),
        (
            "tga = \"x\"\n",
            "hiresync.toml:11:1: targets.roster.write_back.tga: is not a known key; did you mean tag?",
        ),
        (
            &long,
            "hiresync.toml:11:1: targets.roster.write_back.tag: is too long; write a text of at most 100",
        ),
        (
            "link = \"javascript:{record}\"\n",
            "hiresync.toml:11:1: targets.roster.write_back.link: is no web address",
        ),
        ("note = \"{{record}}\"\n", "hiresync.toml:11:1: targets.roster.write_back.note: has a brace"),
        ("note = 7\n", "hiresync.toml:11:1: targets.roster.write_back.note: is a whole number"),
    ] {
        let faults = desk.faults(&format!("{TEN_LINES}[targets.roster.write_back]\n{lines}"), &[]);
        assert!(faults.iter().any(|found| found.starts_with(fault)), "{fault}\n{faults:?}");
    }
    let faults = desk.faults(&TEN_LINES.replace("[targets", "perform_as = \"Ada E\"\n[targets"), &[]);
    assert!(faults[0].contains("lever.perform_as: is no id"), "{faults:?}");
}
