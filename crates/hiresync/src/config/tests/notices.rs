//! `[notices]`: what may be written, and what is said about the rest.

use super::{Desk, TEN_LINES, every_key};
use crate::data_flow::DataFlow;

fn with(notices: &str) -> String {
    format!("{TEN_LINES}{notices}")
}

#[test]
fn mail_takes_five_lines_and_the_rest_has_defaults() {
    let desk = Desk::new();
    let text = with(
        "[notices.mail]\nserver = \"smtp.example.com\"\nfrom = \"hiresync@example.com\"\nhr = [\"HR <hr@example.com>\"]\n",
    );
    let config = desk.shipped(&text).unwrap_or_else(|faults| panic!("{faults}"));
    let notices = config.notices.unwrap();
    let mail = notices.mail.unwrap();
    assert_eq!(format!("{:?}", mail.mailer), "smtp.example.com:587 Starttls");
    assert_eq!((notices.names, notices.webhook.is_none(), mail.hr.len()), (false, true, 1));
    assert_eq!(notices.digest_at.as_str(), "0 0 8 * * 1-5");
    for (tls, port) in [("tls", 465), ("starttls", 587)] {
        let text = text.replace("from =", &format!("tls = \"{tls}\"\nfrom ="));
        assert_eq!(desk.shipped(&text).unwrap().notices.unwrap().mail.unwrap().mailer.port, port);
    }
    assert!(desk.shipped(TEN_LINES).unwrap().notices.is_none());
}

#[test]
fn every_fault_of_notices_is_said_at_once_and_none_repeats_a_secret() {
    let desk = Desk::new();
    let text = with(
        r#"[notices]
digest_at = "8 o'clock"
nmaes = true
[notices.mail]
server = "smtp.example.com:587"
port = 0
tls = "ssl"
user = "robot"
from = "hiresync"
hr = ["hr@example.com", "hr@example.com\r\nBcc: x@example.com", 7]
[notices.webhook]
url = { file = "key" }
shape = "irc"
for = ["everybody"]
"#,
    );
    let faults = desk.faults(&text, &[]).join("\n");
    for said in [
        "notices.digest_at: is no cron expression of six fields",
        "notices.nmaes: is not a known key; did you mean names?",
        "notices.mail.server: is no name of a machine",
        "notices.mail.port: is out of range",
        "notices.mail.tls: is none of the choices",
        "notices.mail.user: stands without password",
        "notices.mail.from: is no mail address",
        "notices.mail.hr[1]: is no mail address",
        "notices.mail.hr[2]: is no mail address",
        "notices.webhook.shape: is none of the choices",
        "notices.webhook.for: is not an array of",
    ] {
        assert!(faults.contains(said), "{said}\n{faults}");
    }
    let clear = with(
        "[notices.mail]\nserver = \"smtp.example.com\"\ntls = \"none\"\nfrom = \"a@example.com\"\nhr = [\"b@example.com\"]\n",
    );
    assert!(
        desk.faults(&clear, &[])[0]
            .contains("notices.mail.tls: is \"none\", and the server is not this machine")
    );
    let here = clear.replace("smtp.example.com", "localhost");
    assert!(desk.shipped(&here).is_ok());
    let hook = with("[notices.webhook]\nurl = { file = \"key\" }\nshape = \"slack\"\n");
    let faults = desk.faults(&hook, &[]).join("");
    assert!(
        faults.contains("notices.webhook.url: holds no https address") && !faults.contains("k3y"),
        "{faults}"
    );
    let pasted = with("[notices.webhook]\nurl = \"https://hooks.example.com/s3cret\"\nshape = \"slack\"\n");
    let faults = desk.faults(&pasted, &[]).join("");
    assert!(faults.contains("notices.webhook.url: ") && !faults.contains("s3cret"), "{faults}");
    assert!(desk.faults(&with("[notices]\nnames = true\n"), &[])[0].contains("notices.mail: is missing"));
}

#[test]
fn the_page_of_data_flows_names_everybody_who_is_told_anything() {
    let page = DataFlow::of(&Desk::new().shipped(&every_key()).unwrap()).text();
    for line in [
        "Who is told what, without asking",
        "  By mail through smtp.example.com",
        "    hr@example.com: tasks that nobody else does, the digest",
        "    it@example.com: alarms",
        "    hr.ops@example.com: tasks of cezanne",
        "    webhook at hooks.example.com: tasks of cezanne, tasks that nobody else does, the digest, alarms",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    assert!(!page.contains("s3cret"), "{page}");
}
