use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::DateTime;
use http::{Response, Transport};

use super::*;
use crate::{About, Letter};

fn notice() -> Notice {
    let at = DateTime::from_timestamp(1_764_000_000, 0).unwrap();
    let about = About::Tasks { ids: vec!["T-1".to_owned()] };
    let letter =
        Letter { id: "tasks.1764000000000.k".to_owned(), at, about, attempts: 0, refused: 0, not_before: at };
    Notice { to: "k".to_owned(), letter }
}

fn words() -> Text {
    Text { subject: "1 < 2 & so on".to_owned(), body: "First line.\nSecond line.\n\nNext part.\n".to_owned() }
}

#[test]
fn slack_gets_one_text_in_which_nothing_is_a_mention() {
    let text = "*1 &lt; 2 &amp; so on*\nFirst line.\nSecond line.\n\nNext part.\n";
    assert_eq!(Shape::Slack.document(&notice(), &words()), json!({ "text": text }));
    let mention = Text { subject: "<!channel>".to_owned(), body: String::new() };
    assert!(!Shape::Slack.document(&notice(), &mention).to_string().contains("<!channel>"));
}

#[test]
fn teams_gets_a_message_with_one_adaptive_card() {
    let card = Shape::Teams.document(&notice(), &words());
    assert_eq!(
        card,
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.2",
                    "body": [
                        { "type": "TextBlock", "text": "1 < 2 & so on", "wrap": true, "weight": "Bolder", "size": "Medium" },
                        { "type": "TextBlock", "text": "First line.\n\nSecond line.", "wrap": true },
                        { "type": "TextBlock", "text": "Next part.\n\n", "wrap": true },
                    ],
                },
            }],
        })
    );
}

#[test]
fn a_program_gets_id_kind_and_words_and_no_text_is_longer_than_a_card_may_be() {
    let document = Shape::Json.document(&notice(), &words());
    assert_eq!(document["id"], "tasks.1764000000000.k");
    assert_eq!((&document["about"], &document["subject"]), (&json!("tasks"), &json!("1 < 2 & so on")));
    let long = Text { subject: "s".to_owned(), body: "Zoë\n".repeat(100_000) };
    for shape in [Shape::Slack, Shape::Teams, Shape::Json] {
        assert!(shape.document(&notice(), &long).to_string().len() < 28_000, "{shape:?}");
    }
}

#[test]
fn an_address_is_https_or_of_this_machine_and_is_never_shown() {
    let channel = |url: &str| Channel::new(Secret::new(url.to_owned()), Shape::Slack);
    for good in ["https://hooks.slack.com/services/T0/B0/s3cret", "http://127.0.0.1:1/s3cret?sig=s3cret\n"] {
        let channel = channel(good).expect(good);
        assert!(!format!("{channel:?}").contains("s3cret"), "{channel:?}");
    }
    for bad in
        ["", "hooks.slack.com/x", "http://hooks.slack.com/x", "https://user:pw@example.com/", "ftp://x/"]
    {
        assert!(channel(bad).is_none(), "{bad}");
    }
}

#[derive(Debug, Default)]
struct Posted(Mutex<Vec<Request>>, u16);

#[async_trait]
impl Transport for Posted {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        self.0.lock().unwrap().push(request);
        Ok(Response { status: self.1, headers: Vec::new(), body: Bytes::new() })
    }
}

#[tokio::test]
async fn one_letter_is_one_post_and_whatever_is_no_success_is_a_refusal_that_tells_no_address() {
    for (status, kind) in [
        (200, None),
        (202, None),
        (302, Some(Kind::Unclear)),
        (403, Some(Kind::Refused)),
        (404, Some(Kind::Refused)),
        (429, Some(Kind::Later)),
        (503, Some(Kind::Later)),
    ] {
        let posted = Arc::new(Posted(Mutex::default(), status));
        let way = Way::whole(Arc::<Posted>::clone(&posted));
        let url = Secret::new("https://hooks.slack.com/s3cret".to_owned());
        let channel = Channel::new(url, Shape::Slack).unwrap();
        let sent = channel.send(&way, &notice(), &words()).await;
        assert_eq!(sent.as_ref().err().map(|refusal| refusal.kind), kind, "{status}");
        assert!(!format!("{sent:?}").contains("s3cret"));
        assert_eq!(posted.0.lock().unwrap().len(), 1);
    }
}
