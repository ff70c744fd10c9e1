//! `notify test`, and what `check` says about notices.

use std::path::Path;

use ::notices::{About, Kind, Letter, Notice, Refusal, Text};
use adapter_sdk::{CheckReport, Error, ErrorKind, Finding};
use serde_json::json;

use super::{Place, Setup};
use crate::{
    config::{Config, NoticesConfig, Secrets},
    exit::Exit,
    once, print,
};

/// `notify test`: one letter each way to each recipient, and what became of it. No ledger is opened; nothing is kept.
pub fn test(path: &Path, as_json: bool) -> Result<Exit, Exit> {
    let config = once::config(path, Secrets::Needed)?;
    let Some(setup) = Setup::of(&config) else {
        print::complain(
            "nobody is told anything: the configuration has no [notices]; systemd/hiresync.toml shows one",
        );
        return Err(Exit::Config);
    };
    let way = once::way()?;
    let now = once::clock().now();
    let outcomes = once::runtime()?.block_on(Box::pin(async {
        let mut outcomes = Vec::new();
        for (nth, (_, place)) in setup.everybody(str::to_owned).iter().enumerate() {
            let id = format!("test.{}.{nth}", now.timestamp_millis());
            let about = About::Tasks { ids: Vec::new() };
            let letter = Letter { id, at: now, about, attempts: 0, refused: 0, not_before: now };
            let notice = Notice { to: String::new(), letter };
            outcomes.push((setup.shown(place), setup.send(&way, place, &notice, &words()).await));
        }
        outcomes
    }));
    show(&outcomes, as_json)
}

fn words() -> Text {
    Text {
        subject: "Test of hiresync's notices".to_owned(),
        body: "Somebody ran `hiresync notify test`. Tasks, digests and alarms come the same way; nothing is to be done.\n"
            .to_owned(),
    }
}

fn show(outcomes: &[(String, Result<(), Refusal>)], as_json: bool) -> Result<Exit, Exit> {
    let worst = outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().err());
    let exit =
        worst.map(|refusal| if refusal.kind.is_of_settings() { Exit::Config } else { Exit::Unreachable });
    let exit = exit.max_by_key(|exit| exit.code()).unwrap_or(Exit::Done);
    if as_json {
        let line = |(to, outcome): &(String, Result<(), Refusal>)| match outcome {
            Ok(()) => json!({ "to": to, "ok": true }),
            Err(refusal) => json!({
                "to": to,
                "ok": false,
                "kind": refusal.kind.code(),
                "code": refusal.code,
                "said": refusal.said,
                "remedy": refusal.kind.remedy(),
            }),
        };
        print::json(&outcomes.iter().map(line).collect::<Vec<_>>())?;
        return Ok(exit);
    }
    let mut text = String::new();
    for (to, outcome) in outcomes {
        text.push_str(&match outcome {
            Ok(()) => format!("{to}: taken\n"),
            Err(refusal) => format!(
                "{to}: not taken, {refusal}\n  It said: {}\n  What to do: {}\n",
                print::flat(&refusal.said),
                refusal.kind.remedy()
            ),
        });
    }
    print::answer(&text)?;
    Ok(exit)
}

impl Setup {
    /// Where a letter goes, for whoever runs the test.
    pub(super) fn shown(&self, place: &Place) -> String {
        match place {
            Place::Mail(address) => print::flat(&address.plain()),
            Place::Channel => {
                let channel = self.config.webhook.as_ref().and_then(|webhook| webhook.channel.as_ref());
                format!("webhook at {}", channel.map(::notices::Channel::host).unwrap_or_default())
            }
        }
    }
}

/// What `check` finds: whether the server can be reached, TLS is trusted and the login right. Nothing is sent.
pub async fn check(config: &Config) -> Option<adapter_sdk::Result<CheckReport>> {
    let NoticesConfig { mail, webhook, .. } = config.notices.as_ref()?;
    let mut report = CheckReport::default();
    if let Some(mail) = mail {
        match mail.mailer.check().await {
            Ok(found) => found.into_iter().for_each(|what| report.good(format!("mail: {what}"))),
            Err(refusal) => return Some(Err(error(&refusal))),
        }
    }
    for target in config.targets.iter().filter(|_| mail.is_some()) {
        let doer = target.adapter.info().tasks_for.as_ref();
        if doer.is_some_and(|doer| doer.parse::<::notices::Address>().is_err()) {
            report.findings.push(Finding::Warning {
                what: format!(
                    "who does the tasks of {} is named without a mail address, so HR gets them",
                    target.name
                ),
                remedy: "write the address, e.g. new_hire_administrator = \"hr.ops@example.com\"".to_owned(),
            });
        }
    }
    if let Some(channel) = webhook.as_ref().and_then(|webhook| webhook.channel.as_ref()) {
        report.good(format!(
            "webhook: at {}; `hiresync notify test` posts there, this does not",
            channel.host()
        ));
    }
    Some(Ok(report))
}

fn error(refusal: &Refusal) -> Error {
    let kind = match refusal.kind {
        Kind::Login => ErrorKind::Unauthorized,
        Kind::Tls | Kind::Refused => ErrorKind::ConfigInvalid,
        Kind::Later | Kind::Unreachable => ErrorKind::Unavailable,
        Kind::Unclear => ErrorKind::Unexpected,
    };
    let said = print::flat(&refusal.said);
    Error::new(kind, format!("mail: {refusal}")).with("said", said).with("remedy", refusal.kind.remedy())
}
