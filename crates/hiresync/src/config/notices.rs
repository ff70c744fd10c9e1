//! `[notices]`: who is told what without asking, and by which way.

use std::net::IpAddr;

use ::notices::{Address, Channel, Mailer, Shape, Tls};
use adapter_sdk::settings::{Node, Reading, Section};
use croner::Cron;
use people::{Secret, Zone};

use crate::schedule::Schedule;

const DIGEST_AT: &str = "0 0 8 * * Mon-Fri";
const PORT_STARTTLS: i64 = 587;
const PORT_TLS: i64 = 465;
const PORT_PLAIN: i64 = 25;

/// `[notices]`: at least one of the two ways.
#[derive(Debug, Clone)]
pub struct NoticesConfig {
    /// `[notices.mail]`
    pub mail: Option<MailConfig>,
    /// `[notices.webhook]`
    pub webhook: Option<ChannelConfig>,
    /// When HR gets the digest, in `zone`.
    pub digest_at: Cron,
    /// `[lever] timezone`
    pub zone: Zone,
    /// Whether mail says what people are called.
    pub names: bool,
}

/// `[notices.mail]`
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// By which server.
    pub mailer: Mailer,
    /// Who gets tasks and the digest.
    pub hr: Vec<Address>,
    /// Who gets alarms.
    pub engineer: Vec<Address>,
}

/// `[notices.webhook]`
#[derive(Debug, Clone)]
pub struct ChannelConfig {
    /// Where to; `None`: the secret was not looked at.
    pub channel: Option<Channel>,
    /// Tasks and the digest.
    pub hr: bool,
    /// Alarms.
    pub engineer: bool,
}

/// Reads `[notices]`; `None` after a fault.
pub(super) fn notices(reading: &Reading, mut section: Section<'_>, zone: Zone) -> Option<NoticesConfig> {
    let digest_at = section.text("digest_at").unwrap_or_else(|| DIGEST_AT.to_owned());
    let digest_at = Schedule::cron(&digest_at)
        .map_err(|problem| {
            let remedy = "write six fields: second minute hour day month weekday, e.g. \"0 0 8 * * Mon-Fri\"";
            section.fault("digest_at", problem, remedy);
        })
        .ok();
    let names = section.flag("names").unwrap_or(false);
    let (has_mail, has_webhook) = (section.has("mail"), section.has("webhook"));
    let mail_section = section.section("mail");
    let mail = if has_mail { mail(mail_section).map(Some) } else { Some(None) };
    let webhook_section = section.section("webhook");
    let webhook = if has_webhook { channel(reading, webhook_section).map(Some) } else { Some(None) };
    if !has_mail && !has_webhook {
        section.fault(
            "mail",
            "is missing, and so is webhook: nobody could be told",
            "add [notices.mail] or [notices.webhook], or remove [notices]",
        );
    }
    section.finish();
    Some(NoticesConfig { mail: mail?, webhook: webhook?, digest_at: digest_at?, zone, names })
}

fn mail(mut section: Section<'_>) -> Option<MailConfig> {
    let server = section.text("server").filter(|server| is_name(&section, "server", server));
    let server = section.required("server", server, "\"smtp.example.com\"");
    let choices = [("starttls", Tls::Starttls), ("tls", Tls::Implicit), ("none", Tls::None)];
    let tls = section.choice("tls", &choices).unwrap_or(Tls::Starttls);
    if tls == Tls::None && server.as_deref().is_some_and(|server| !is_this_machine(server)) {
        section.fault(
            "tls",
            "is \"none\", and the server is not this machine",
            "write \"starttls\" or \"tls\"; letters about people do not go in the clear",
        );
    }
    let usual = match tls {
        Tls::Starttls => PORT_STARTTLS,
        Tls::Implicit => PORT_TLS,
        Tls::None => PORT_PLAIN,
    };
    let port = section.integer("port", 1..=65_535).unwrap_or(usual);
    let user = section.text("user");
    let password = section.secret("password");
    for (key, other) in [("user", "password"), ("password", "user")] {
        if section.has(key) && !section.has(other) {
            section.fault(key, format!("stands without {other}"), format!("add {other}, or remove {key}"));
        }
    }
    let from = one(&mut section, "from");
    let from = section.required("from", from, "\"hiresync@example.com\"");
    let helo = section.text("helo").filter(|helo| is_name(&section, "helo", helo));
    let (hr, engineer) = (several(&mut section, "hr"), several(&mut section, "engineer"));
    if hr.is_empty() && engineer.is_empty() && !section.has("hr") && !section.has("engineer") {
        section.fault(
            "hr",
            "is missing, and so is engineer: nobody gets anything",
            "add hr = [\"hr@example.com\"]",
        );
    }
    section.finish();
    let login: Option<(String, Secret)> = user.zip(password);
    let mailer = Mailer { server: server?, port: port.try_into().ok()?, tls, login, from: from?, helo };
    Some(MailConfig { mailer, hr, engineer })
}

fn channel(reading: &Reading, mut section: Section<'_>) -> Option<ChannelConfig> {
    let url = section.secret("url");
    let url = section.required("url", url, "{ credential = \"notices-webhook\" }");
    let shapes = [("slack", Shape::Slack), ("teams", Shape::Teams), ("json", Shape::Json)];
    let shape = section.choice("shape", &shapes);
    let shape = section.required("shape", shape, "\"slack\"");
    let (hr, engineer) = for_whom(&mut section);
    let is_unread = reading.unread().contains(&section.at("url"));
    let channel = url.zip(shape).filter(|_| !is_unread).map(|(url, shape)| {
        let channel = Channel::new(url, shape);
        if channel.is_none() {
            section.fault(
                "url",
                "holds no https address",
                "put the whole address of the webhook into the file, as the channel shows it; http is for this machine only",
            );
        }
        channel
    });
    section.finish();
    shape?;
    Some(ChannelConfig { channel: channel.unwrap_or(None), hr, engineer })
}

fn for_whom(section: &mut Section<'_>) -> (bool, bool) {
    const FORM: &str = "an array of \"hr\" and \"engineer\"";
    let entries = match section.any("for") {
        None => return (true, true),
        Some(Node::List(entries)) => entries,
        Some(other) => return section.wrong("for", &other, FORM).unwrap_or_default(),
    };
    let (mut hr, mut engineer) = (false, false);
    for entry in &entries {
        match entry {
            Node::Text(word) if word == "hr" => hr = true,
            Node::Text(word) if word == "engineer" => engineer = true,
            _ => section.fault("for", format!("is not {FORM}"), format!("write {FORM}")),
        }
    }
    if entries.is_empty() {
        section.fault("for", "is empty: nobody is told", format!("write {FORM}, or remove the table"));
    }
    (hr, engineer)
}

fn one(section: &mut Section<'_>, key: &'static str) -> Option<Address> {
    let text = section.text(key)?;
    let address = text.parse().ok();
    if address.is_none() {
        section.fault(key, "is no mail address", "write one such as \"hiresync@example.com\"");
    }
    address
}

fn several(section: &mut Section<'_>, key: &'static str) -> Vec<Address> {
    const FORM: &str = "an array of mail addresses, e.g. [\"hr@example.com\"]";
    let entries = match section.any(key) {
        None => return Vec::new(),
        Some(Node::List(entries)) => entries,
        Some(other) => return section.wrong(key, &other, FORM).unwrap_or_default(),
    };
    let address = |(at, entry): (usize, &Node)| {
        let address = match entry {
            Node::Text(text) => text.parse().ok(),
            _ => None,
        };
        if address.is_none() {
            section.fault(
                &format!("{key}[{at}]"),
                "is no mail address",
                "write one such as \"hr@example.com\"",
            );
        }
        address
    };
    entries.iter().enumerate().filter_map(address).collect()
}

fn is_name(section: &Section<'_>, key: &str, name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_name = !name.is_empty() && (name.bytes().all(is_plain) || name.parse::<IpAddr>().is_ok());
    if !is_name {
        section.fault(
            key,
            "is no name of a machine",
            "write one such as \"smtp.example.com\", without a port",
        );
    }
    is_name
}

fn is_this_machine(server: &str) -> bool {
    server.eq_ignore_ascii_case("localhost")
        || server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
