//! A mail server on loopback, without TLS: takes letters, or does not. What a real one says is tried in `peers/smtp.sh`.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use super::wait::within;

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is taken.
    Taking,
    /// It is taken, and the answer never comes.
    Silent,
    /// Its recipient is refused with this code.
    Refusing(u16),
}

/// A letter that was taken.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: String,
    pub raw: String,
}

impl Letter {
    /// A header's value, unfolded; words that are encoded stay so.
    pub fn header(&self, name: &str) -> String {
        let (head, _) = self.raw.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in\n{head}")).to_owned()
    }

    pub fn subject(&self) -> String {
        self.header("Subject")
    }

    /// The text, with the soft line breaks of quoted-printable taken out. Enough for what is ASCII.
    pub fn body(&self) -> String {
        let (_, body) = self.raw.split_once("\r\n\r\n").unwrap();
        body.replace("=\r\n", "").replace("\r\n", "\n").replace("=3D", "=")
    }
}

/// The server. Its threads end with the test.
pub struct Mailbox {
    address: SocketAddr,
    letters: Arc<Mutex<Vec<Letter>>>,
    mode: Arc<Mutex<Mode>>,
}

impl Mailbox {
    pub fn open() -> Mailbox {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mailbox = Mailbox {
            address: listener.local_addr().unwrap(),
            letters: Arc::default(),
            mode: Arc::new(Mutex::new(Mode::Taking)),
        };
        let (letters, mode) = (Arc::clone(&mailbox.letters), Arc::clone(&mailbox.mode));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (letters, mode) = (Arc::clone(&letters), Arc::clone(&mode));
                // Whoever is killed in the middle of a conversation ends it.
                thread::spawn(move || drop(converse(stream, &letters, &mode)));
            }
        });
        mailbox
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.letters.lock().unwrap().clone()
    }

    /// Waits until there are so many letters with this in their subject.
    #[track_caller]
    pub fn wait_for(&self, count: usize, subject: &str, deadline: Duration) -> Vec<Letter> {
        let of = || -> Vec<Letter> {
            self.letters().into_iter().filter(|letter| letter.subject().contains(subject)).collect()
        };
        let found = within(deadline, || Some(of()).filter(|found| found.len() >= count));
        found.unwrap_or_else(|| {
            let subjects: Vec<String> = self.letters().iter().map(Letter::subject).collect();
            panic!("never {count} letters of `{subject}`, but {subjects:?}")
        })
    }
}

fn converse(stream: TcpStream, letters: &Mutex<Vec<Letter>>, mode: &Mutex<Mode>) -> std::io::Result<()> {
    let mut answer = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    let mut say = |text: &str| answer.write_all(format!("{text}\r\n").as_bytes());
    let mut to = String::new();
    say("220 pretend mail")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mode_now = *mode.lock().unwrap();
        match line.to_uppercase().split([' ', ':', '\r']).next() {
            Some("EHLO") => say("250 pretend mail")?,
            Some("RCPT") => match mode_now {
                Mode::Refusing(code) => say(&format!("{code} 5.1.1 {}", line.trim()))?,
                _ => {
                    line.trim().trim_start_matches("RCPT TO:<").trim_end_matches('>').clone_into(&mut to);
                    say("250 ok")?;
                }
            },
            Some("DATA") => {
                say("354 go on")?;
                let mut raw = String::new();
                while !raw.ends_with("\r\n.\r\n") {
                    if lines.read_line(&mut raw)? == 0 {
                        return Ok(());
                    }
                }
                letters.lock().unwrap().push(Letter { to: to.clone(), raw });
                if mode_now != Mode::Silent {
                    say("250 taken")?;
                }
            }
            Some("QUIT") => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
}
