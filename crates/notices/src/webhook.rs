//! A channel: one POST of JSON. Its address lets whoever knows it write there, so it is a secret.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{Failure, Method, Request, Way, is_loopback};
use people::Secret;
use serde_json::{Value, json};
use url::Url;

use crate::{Kind, Notice, Refusal, Text};

const DEADLINE: Duration = Duration::from_secs(20);
/// Of an answer nothing is read but its status.
const ANSWER_MAX: usize = 64 << 10;
/// Longest text, in bytes: a card of Teams may have 28 KB with everything around it, line breaks included, and Slack cuts at 40,000 characters.
const BODY_MAX: usize = 14_000;

/// Which JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{"text": …}`, as Slack's incoming webhooks and what imitates them take it.
    /// <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>
    Slack,
    /// A message with one adaptive card, as Teams' workflows take it.
    /// <https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook>
    Teams,
    /// Id, kind, subject and text, for a program of your own.
    Json,
}

/// Where to.
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    url: Secret,
    shape: Shape,
}

impl Channel {
    /// `None` where the secret holds no https address, nor an http one of this machine.
    pub fn new(url: Secret, shape: Shape) -> Option<Channel> {
        let channel = Channel { url, shape };
        let parsed = channel.address()?;
        let is_safe = parsed.scheme() == "https" || parsed.scheme() == "http" && is_loopback(&parsed);
        let is_bare = parsed.username().is_empty() && parsed.password().is_none() && parsed.has_host();
        (is_safe && is_bare).then_some(channel)
    }

    fn address(&self) -> Option<Url> {
        Url::parse(self.url.reveal().trim()).ok()
    }

    /// The host, which is no secret.
    pub fn host(&self) -> String {
        self.address().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Posts one letter. A channel does not know a letter again: one whose answer was lost may stand there twice.
    pub async fn send(&self, way: &Way, notice: &Notice, text: &Text) -> Result<(), Refusal> {
        let Some(url) = self.address() else { return Err(Refusal::new(Kind::Refused, "no address")) };
        let mut request = Request::new(Method::Post, url);
        request.headers.push(("content-type", "application/json".to_owned()));
        request.body = Bytes::from(self.shape.document(notice, text).to_string());
        (request.deadline, request.body_max) = (DEADLINE, ANSWER_MAX);
        match way.send("(webhook)", request).await {
            // What it says beside its status is of no use to us.
            Ok(answer) => judge(answer.status),
            Err(Failure::TooLong) => Ok(()),
            Err(failure) => Err(Refusal::new(Kind::Unreachable, failure.to_string())),
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.shape, self.host())
    }
}

fn judge(status: u16) -> Result<(), Refusal> {
    let kind = match status {
        200..300 => return Ok(()),
        408 | 425 | 429 | 500.. => Kind::Later,
        400..500 => Kind::Refused,
        _ => Kind::Unclear,
    };
    Err(Refusal { kind, code: Some(status), said: format!("status {status}") })
}

impl Shape {
    /// What is posted.
    pub fn document(self, notice: &Notice, text: &Text) -> Value {
        let body = cut(&text.body);
        match self {
            Shape::Slack => {
                let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                json!({ "text": format!("*{}*\n{}", plain(&text.subject), plain(&body)) })
            }
            Shape::Teams => {
                let block = |text: &str| json!({ "type": "TextBlock", "text": text, "wrap": true });
                let mut blocks = vec![json!({
                    "type": "TextBlock", "text": text.subject, "wrap": true, "weight": "Bolder", "size": "Medium",
                })];
                blocks.extend(body.split("\n\n").map(|part| block(&part.replace('\n', "\n\n"))));
                json!({
                    "type": "message",
                    "attachments": [{
                        "contentType": "application/vnd.microsoft.card.adaptive",
                        "contentUrl": null,
                        "content": {
                            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                            "type": "AdaptiveCard",
                            "version": "1.2",
                            "body": blocks,
                        },
                    }],
                })
            }
            Shape::Json => json!({
                "id": notice.letter.id,
                "about": notice.letter.about.word(),
                "at": notice.letter.at,
                "subject": text.subject,
                "text": body,
            }),
        }
    }
}

/// The first lines that fit.
fn cut(body: &str) -> String {
    if body.len() <= BODY_MAX {
        return body.to_owned();
    }
    let mut kept = String::new();
    for line in body.split_inclusive('\n').take_while({
        let mut length = 0;
        move |line| {
            length += line.len();
            length <= BODY_MAX
        }
    }) {
        kept.push_str(line);
    }
    kept + "… and more: `hiresync tasks` and `hiresync status` say the rest.\n"
}

#[cfg(test)]
mod tests;
