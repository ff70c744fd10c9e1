use chrono::DateTime;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinSet,
};

use super::*;

fn mailer(port: u16) -> Mailer {
    Mailer {
        server: "127.0.0.1".to_owned(),
        port,
        tls: Tls::None,
        login: None,
        from: "hiresync <hiresync@example.com>".parse().unwrap(),
        helo: Some("hiresync.example.com".to_owned()),
    }
}

fn words() -> Text {
    Text { subject: "Zoë\r\nBcc: all@example.com".to_owned(), body: "Größe\n.\nend\n".to_owned() }
}

fn at() -> Timestamp {
    DateTime::from_timestamp(1_764_000_000, 0).unwrap()
}

#[test]
fn a_letter_has_an_id_of_its_own_and_nobody_adds_a_header_by_a_line_break() {
    let message =
        mailer(1).message(&"HR <hr@example.com>".parse().unwrap(), "tasks.1.k", at(), &words()).unwrap();
    let raw = String::from_utf8(message.formatted()).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap();
    for line in [
        "Message-ID: <tasks.1.k@example.com>",
        "Auto-Submitted: auto-generated",
        "Date: Mon, 24 Nov 2025 16:00:00 +0000",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(head.lines().any(|found| found == line), "{line}\n{head}");
    }
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(!body.contains('ö'), "what is not ASCII is encoded: {body}");
    assert_eq!(message.envelope().to().len(), 1);
    for wrong in ["", "hr", "hr@", "hr@example.com\r\nBcc: x@example.com", "a@b@c"] {
        assert!(wrong.parse::<Address>().is_err(), "{wrong}");
    }
}

#[test]
fn neither_password_nor_address_is_in_any_debug_text() {
    let login = Some(("robot@example.com".to_owned(), Secret::new("s3cret".to_owned())));
    let shown = format!("{:?}", Mailer { login, ..mailer(25) });
    assert_eq!(shown, "127.0.0.1:25 None");
}

/// Says these lines, one after each line it hears, the first at once; a message is one line.
async fn server(says: &'static [&'static str]) -> (u16, JoinSet<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut task = JoinSet::new();
    task.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut heard = Vec::new();
        let mut is_message = false;
        for line in says {
            stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
            is_message |= line.starts_with("354");
            let mut said = String::new();
            while stream.read_line(&mut said).await.unwrap_or(0) > 0
                && is_message
                && !said.ends_with("\r\n.\r\n")
            {}
            is_message = false;
            heard.push(said);
        }
        heard
    });
    (port, task)
}

#[tokio::test]
async fn a_letter_that_was_taken_is_sent_and_every_answer_has_its_kind() {
    let to: Address = "hr@example.com".parse().unwrap();
    for (says, kind) in [
        (&["220 hi", "250 hi", "250 ok", "250 ok", "354 go on", "250 taken", "221 bye"][..], None),
        (&["220 hi", "250 hi", "250 ok", "550 5.1.1 <hr@example.com> is nobody here"], Some(Kind::Refused)),
        (&["220 hi", "250 hi", "250 ok", "451 4.7.1 come back"], Some(Kind::Later)),
        (&["421 too many"], Some(Kind::Later)),
        (&["SSH-2.0-OpenSSH"], Some(Kind::Unclear)),
    ] {
        let (port, heard) = server(says).await;
        let sent = mailer(port).send(&to, "tasks.1.k", at(), &words()).await;
        assert_eq!(sent.as_ref().err().map(|refusal| refusal.kind), kind, "{says:?}");
        assert!(!format!("{sent:?}").contains("hr@"), "{sent:?}");
        let heard = heard.join_all().await.concat().join("");
        assert_eq!(heard.contains("Message-ID: <tasks.1.k@example.com>"), kind.is_none(), "{heard}");
    }
}

#[tokio::test]
async fn where_nothing_is_secret_nothing_is_said() {
    let to: Address = "hr@example.com".parse().unwrap();
    let (port, heard) = server(&["220 hi", "250 hi", "221 bye"]).await;
    let login = Some(("robot".to_owned(), Secret::new("s3cret".to_owned())));
    let sent = Mailer { tls: Tls::Starttls, login, ..mailer(port) }.send(&to, "i", at(), &words()).await;
    assert_eq!(sent.unwrap_err().kind, Kind::Tls);
    assert_eq!(heard.join_all().await.concat()[1..], ["QUIT\r\n", ""]);
}
