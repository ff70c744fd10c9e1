//! Being told: who gets which letter, once, whatever is killed, refused or silent in between.

use std::time::Duration;

use crate::harness::{Mailbox, World, mailbox::Mode, port::Reserved};

const SOON: Duration = Duration::from_secs(60);
/// On no day of a test.
const NEVER: &str = "0 0 0 29 2 *";

/// A world whose every hire raises a task, and who is told of it.
fn telling(mailbox_port: u16, digest_at: &str, more: &str) -> World {
    let world = World::empty();
    let export = world.setup.export.display().to_string();
    let text = world.config_text_of(&format!(
        r#"
[targets.roster]
adapter = "file-export"
path    = "{export}"
[targets.roster.person]
employee_ref = "contact"
first_name   = "name.first"
[targets.roster.person.gender]
value       = "answer('Gender')"
placeholder = "U"

[notices]
digest_at = "{digest_at}"
{more}
[notices.mail]
server   = "127.0.0.1"
port     = {mailbox_port}
tls      = "none"
from     = "hiresync <hiresync@example.com>"
hr       = ["hr@example.com"]
engineer = ["it@example.com"]
"#
    ));
    world.write_config(&text);
    world
}

#[test]
fn a_task_is_one_letter_also_when_the_daemon_is_killed_while_it_is_sent() {
    let mailbox = Mailbox::open();
    mailbox.set(Mode::Silent);
    let world = telling(mailbox.port(), NEVER, "");
    let ada = world.lever.hire("Ada Example");
    let daemon = world.daemon();
    let first = mailbox.wait_for(1, "needs something from you", SOON).remove(0);
    // The server has it, and the daemon does not know.
    daemon.kill();
    mailbox.set(Mode::Taking);

    let mut daemon = world.daemon();

    let letters = mailbox.wait_for(2, "needs something from you", SOON);
    let second = &letters[1];
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"), "a mail program shows it once");
    assert_eq!(
        (second.to.as_str(), second.header("Auto-Submitted")),
        ("hr@example.com", "auto-generated".to_owned())
    );
    let body = second.body();
    assert!(body.contains(ada.contact.as_str()) && body.contains("hiresync tasks done T-"), "{body}");
    assert!(!body.contains("Ada"), "names are for who asks for them\n{body}");
    daemon.wait_for_log(&["notice.sent"], SOON);
    daemon.wait_for_status("taken", SOON, |status| status["notices"]["pending"] == 0);
    // And once it was taken it is not sent again.
    daemon.kill();
    let daemon = world.daemon();
    daemon.wait_for_status("looked", SOON, |status| {
        status["notices"]["recipients"] == 2 && !status["last_good_cycle_at"].is_null()
    });
    world.ask(&["status"]).says(&["2 recipients"]);
    assert_eq!(mailbox.letters().len(), 2);
    let said = world.everything_said();
    assert!(!said.contains("hr@example.com") && !said.contains("it@example.com"), "{said}");
}

#[test]
fn two_hundred_tasks_at_once_are_one_letter() {
    let mailbox = Mailbox::open();
    let world = telling(mailbox.port(), NEVER, "");
    for nth in 0..200 {
        world.lever.hire(&format!("Person Number{nth}"));
    }
    let daemon = world.daemon();
    daemon.wait_for_status("all are there", SOON, |status| status["tasks_open"] == 200);
    let letters = mailbox.wait_for(1, "need something from you", SOON);
    assert_eq!(letters[0].subject(), "200 new starters need something from you");
    assert!(letters[0].body().contains("\n200. "), "each of them is in it");
    daemon.wait_for_status("taken", SOON, |status| status["notices"]["pending"] == 0);
    assert_eq!(mailbox.letters().len(), 1);
}

#[test]
fn hr_reads_how_it_is_and_with_names_where_that_is_wished_and_the_engineer_what_is_wrong() {
    let mailbox = Mailbox::open();
    let world = telling(mailbox.port(), "* * * * * *", "names = true");
    world.lever.hire("Zoe Example");
    let daemon = world.daemon();
    let task = mailbox.wait_for(1, "1 new starter", SOON).remove(0);
    assert!(task.body().contains("1. Zoe Example (contact "), "{}", task.body());
    let digest = mailbox.wait_for(1, "1 arrived, 0 waiting, 1 to do", SOON).remove(0);
    let body = digest.body();
    for words in [
        "roster\nArrived: 1\n* Zoe Example (contact ",
        "To do: 1\n* Zoe Example",
        "This letter comes on each of its days.",
    ] {
        assert!(body.contains(words), "{words}\n{body}");
    }
    assert_eq!((task.to.as_str(), digest.to.as_str()), ("hr@example.com", "hr@example.com"));

    world.lever.account().revoke_key();

    let alarm = mailbox.wait_for(1, "hiresync: Lever refuses the key", SOON).remove(0);
    assert_eq!(alarm.to, "it@example.com");
    assert!(
        alarm.body().contains("NEW: Lever refuses the key") && alarm.body().contains("What to do: "),
        "{}",
        alarm.body()
    );
    let log = daemon.log();
    assert!(!log.contains("Zoe"), "{log}");
}

#[test]
fn a_server_that_refuses_or_is_not_there_holds_up_no_cycle_and_is_said() {
    let nobody_there = Reserved::new();
    let world = telling(nobody_there.address().port(), NEVER, "");
    world.lever.hire("Ada Example");
    let daemon = world.daemon();
    daemon.wait_for_status("said", SOON, |status| {
        let why = status["notices"]["why"].as_str().unwrap_or_default();
        !status["notices"]["failing_since"].is_null() && why.contains("the server cannot be reached")
    });
    world.lever.hire("Ben Example");
    world.wait_for_roster("both are there", SOON, |roster| roster.rows.len() == 2);
    world.ask(&["status"]).says(&["Notices  NOT TAKEN"]);
    assert_eq!(daemon.get("/v1/health").status, 200, "mail is no part of the sync");
}

#[test]
fn notify_test_says_of_each_recipient_what_the_server_answered() {
    let mailbox = Mailbox::open();
    let world = telling(mailbox.port(), NEVER, "");
    let config = world.config();
    let test = || world.run(&["notify", "test", "--config", config.to_str().unwrap()]);
    test().expect(0).says(&["hr@example.com: taken", "it@example.com: taken"]);
    let letters = mailbox.letters();
    assert_eq!(
        letters.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(),
        ["hr@example.com", "it@example.com"]
    );
    mailbox.set(Mode::Refusing(550));
    test().expect(78).says(&[
        "hr@example.com: not taken",
        "(550)",
        "It said: ",
        "5.1.1",
        "What to do: check the recipient",
    ]);
    mailbox.set(Mode::Refusing(450));
    test().expect(69).says(&["(450)"]);
    assert_eq!(mailbox.letters().len(), 2);
    // `check` looks and sends nothing.
    world
        .run(&["check", "--config", config.to_str().unwrap()])
        .expect(0)
        .says(&["notices: good", "mail: 127.0.0.1:"]);
    assert_eq!(mailbox.letters().len(), 2);
    let without = World::empty();
    without
        .run(&["notify", "test", "--config", without.config().to_str().unwrap()])
        .expect(78)
        .says(&["no [notices]"]);
}
