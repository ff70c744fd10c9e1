//! Nobody's name, address or number, and no secret, anywhere but in the export folder.

use std::{fs, path::Path, time::Duration};

use sandbox::{Lever, NewContact, Settings};

use crate::harness::{PretendLever, World};

const SOON: Duration = Duration::from_secs(40);
const KEY: &str = "canary-key-5f1d9e77";
/// What is planted in people, and must not turn up.
const CANARIES: [&str; 7] = [
    "Zebedäus",
    "Quillfeather",
    "zq.canary@example.org",
    "+44 7700 900987",
    "Oxbowhistle",
    "zq.second@example.org",
    KEY,
];

#[test]
fn no_personal_data_and_no_secret_stands_in_logs_ledger_or_answers() {
    let settings = Settings { rate: None, api_key: KEY.to_owned(), ..Settings::default() };
    let world = World::around(PretendLever::start(Lever::new(settings)));
    let canary = || {
        NewContact::named(&format!("{} {}", CANARIES[0], CANARIES[1]))
            .with_email(CANARIES[2])
            .with_phone("mobile", CANARIES[3])
    };
    let first = world.lever.hire_whom(canary());
    let other = world.lever.hire_whom(canary());
    let daemon = world.launch_with(&["--log", "trace"]).wait_ready();
    world.wait_for_roster("both", SOON, |roster| roster.rows.len() == 2);
    assert_eq!(
        world.roster().row(&first.opportunity)["last_name"],
        CANARIES[1],
        "the file is where they belong"
    );

    world
        .lever
        .act(|lever, now| lever.rename(now, &first.contact, &format!("{} {}", CANARIES[0], CANARIES[4])));
    world.lever.act(|lever, now| lever.set_emails(now, &other.contact, vec![CANARIES[5].to_owned()]));
    world.wait_for_roster("the rename", SOON, |roster| {
        roster.row(&first.opportunity)["last_name"] == CANARIES[4]
    });
    for fault in ["html", "half", "garbled", "500", "404@/contacts/:id"] {
        world.lever.plan_faults(fault);
    }
    world.lever.act(|lever, now| lever.unarchive(now, &other.opportunity));
    daemon.wait_for_status("a task was raised", SOON, |status| status["tasks_open"] == 1);
    let roster_copy = fs::read_to_string(world.roster_file()).unwrap();
    fs::write(world.roster_file(), roster_copy.replace("mobile", "Mobile")).unwrap();
    world
        .lever
        .act(|lever, now| lever.rename(now, &first.contact, &format!("{} {}", CANARIES[0], CANARIES[1])));
    daemon.wait_for_status("the target refuses an edited header", SOON, |status| {
        status["targets"]["roster"]["health"]["state"] == "quarantined"
    });

    let mut places = vec![];
    let contact = first.contact.as_str();
    for path in [
        "/v1/status",
        "/v1/health",
        "/v1/people",
        &format!("/v1/people/{contact}"),
        &format!("/v1/people/{contact}/explain"),
        &format!("/v1/people/{contact}/explain?live=true"),
        &format!("/v1/people/{contact}/report"),
        "/v1/history",
        "/v1/tasks",
        "/v1/parked",
        "/v1/guards",
        "/v1/state",
        "/metrics",
    ] {
        places.push((format!("GET {path}"), daemon.get(path).body));
    }
    // Looked up live, and stored nowhere.
    world.ask(&["explain", CANARIES[2], "--log", "trace"]);
    // Names are in this answer and nowhere else.
    let named = daemon.get("/v1/tasks?names=true").expect(200).text();
    assert!(CANARIES.iter().any(|canary| named.contains(canary)), "{named}");
    world.ask(&["status", "--log", "trace"]);
    daemon.terminate().expect(0);
    world.write_key("canary-wrong-key");
    let _ = world.once(&["--log", "trace"]);
    collect(&world.path("said"), &mut places);
    collect(&world.setup.state, &mut places);
    assert!(places.iter().any(|(place, _)| place.ends_with("store/db")), "the ledger was looked at");

    let mut found = Vec::new();
    for (place, bytes) in &places {
        for canary in CANARIES.iter().chain(&["canary-wrong-key"]) {
            found.extend(
                disguises(canary)
                    .into_iter()
                    .filter(|it| contains(bytes, &it.1))
                    .map(|it| format!("`{canary}` {} in {place}", it.0)),
            );
        }
    }
    let size: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("{} canaries looked for in {} places, {size} bytes", CANARIES.len() + 1, places.len());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for (_, bytes) in disguises("Quillfeather") {
        let hay = [b"xx", bytes.as_slice(), b"yy"].concat();
        assert!(disguises("Quillfeather").iter().any(|it| contains(&hay, &it.1)));
    }
    let shifted = base64(b"ab: Quillfeather!");
    assert!(disguises("Quillfeather").iter().any(|it| contains(shifted.as_bytes(), &it.1)), "{shifted}");
}

/// Every file below `folder`.
fn collect(folder: &Path, places: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, places);
        } else {
            places.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

/// The text plain, in hexadecimal, percent-encoded, escaped as JSON, and in base64 at each of its three alignments.
fn disguises(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    let hex = |upper: bool| {
        bytes
            .iter()
            .map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") })
            .collect::<String>()
    };
    let percent: String = bytes
        .iter()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
                char::from(*byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let escaped: String = text
        .chars()
        .map(
            |letter| {
                if letter.is_ascii() { letter.to_string() } else { format!("\\u{:04x}", u32::from(letter)) }
            },
        )
        .collect();
    let mut all = vec![
        ("plain", bytes.to_vec()),
        ("in hexadecimal", hex(false).into_bytes()),
        ("in hexadecimal", hex(true).into_bytes()),
        ("percent-encoded", percent.into_bytes()),
        ("escaped", escaped.into_bytes()),
    ];
    for shift in 0..3 {
        // The letters that depend on neighbours are left out at both ends.
        let encoded = base64(&[&[0; 2][..shift], bytes].concat());
        let from = [0, 2, 3][shift];
        let whole = encoded.trim_end_matches('=').len();
        let to = if (shift + bytes.len()).is_multiple_of(3) { whole } else { whole - 1 };
        all.push(("in base64", encoded.as_bytes()[from..to].to_vec()));
    }
    all
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_u32, |word, at| word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
