use std::{fs, sync::Arc};

use people::{Clock, Secret};
use sandbox::{NewContact, Settings as Account};

use super::{hooks::Created, tokens::Tokens, *};
use crate::sandbox::PretendLever;

/// A pretend Lever behind a port, and the real client in front of it.
fn set_up() -> (PretendLever, Lever) {
    let clock = once::clock();
    let account = sandbox::Lever::new(Account { rate: None, ..Account::default() });
    let key = Secret::new(Account::default().api_key);
    let pretend = PretendLever::start("127.0.0.1:0".parse().unwrap(), account, &clock).unwrap();
    let base = http::check_base(&format!("http://{}/v1", pretend.address)).unwrap();
    let settings = Settings { requests_per_second: 10.0, ..Settings::new(base, key) };
    let way = once::way().unwrap();
    (pretend, Lever::new(settings, way, clock, 1))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    once::runtime().unwrap().block_on(future)
}

fn events(hooks: &[::lever::Hook]) -> Vec<&str> {
    hooks.iter().map(|hook| hook.event.as_str()).collect()
}

#[test]
fn each_event_gets_one_webhook_and_its_token_is_in_the_file_and_nowhere_else() {
    let (pretend, lever) = set_up();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let url = hooks::address("https://hooks.example.com/lever").unwrap();
    let all = EVENTS.map(str::to_owned);
    let some = [&all[..2], &all[..1]].concat();
    block_on(async {
        let mut created = Created::default();
        hooks::make(&lever, &url, &some, &file, &mut created).await.unwrap();
        assert_eq!((events(&created.made), created.there.len()), (EVENTS[..2].to_vec(), 0));

        let mut created = Created::default();
        hooks::make(&lever, &url, &all, &file, &mut created).await.unwrap();
        assert_eq!(events(&created.made), EVENTS[2..]);
        assert_eq!(events(&created.there), EVENTS[..2]);
        let text = created.text();
        assert!(
            text.contains(&format!("signature_tokens = [{{ file = \"{}\" }}]", file.display())),
            "{text}"
        );
        assert!(text.contains("Super Admin") && text.contains("does not show it again"), "{text}");

        let tokens: Vec<String> =
            pretend.account().webhooks().iter().map(|hook| hook.signature_token.clone()).collect();
        assert_eq!(fs::read_to_string(&file).unwrap().lines().collect::<Vec<_>>(), tokens);
        assert!(tokens.len() == 5 && tokens.iter().all(|token| !text.contains(token)));

        // Nothing to make: nothing to keep.
        let elsewhere = folder.path().join("elsewhere");
        hooks::make(&lever, &url, &all, &elsewhere, &mut Created::default()).await.unwrap();
        assert!(!elsewhere.exists());
        assert_eq!(hooks::delete(&lever, &[], Some(&url), true).await, Ok(Exit::Done));
        assert!(pretend.account().webhooks().is_empty());
    });
}

#[test]
fn without_a_place_for_its_token_no_webhook_is_left() {
    let (pretend, lever) = set_up();
    let folder = tempfile::tempdir().unwrap();
    let url = hooks::address("https://hooks.example.com/lever").unwrap();
    let all = EVENTS.map(str::to_owned);
    let mut created = Created::default();
    let outcome = block_on(hooks::make(&lever, &url, &all, folder.path(), &mut created));
    assert_eq!((outcome, created.made.len()), (Err(Exit::CannotWrite), 0));
    let writes = || pretend.account().figures().writes;
    assert_eq!(writes(), 0, "a file that cannot be opened is found out before");

    let mut tokens = Tokens::unwritable(&folder.path().join("tokens"));
    let outcome = block_on(hooks::make_one(&lever, &url, "candidateHired", &mut tokens));
    assert_eq!(outcome, Err(Exit::CannotWrite));
    assert_eq!(writes(), 2, "made, and removed");
    assert!(pretend.account().webhooks().is_empty());
}

#[test]
fn an_id_that_lever_does_not_know_and_a_key_that_may_not_are_told_apart() {
    let (pretend, lever) = set_up();
    let unknown = ["nobody".to_owned()];
    assert_eq!(block_on(hooks::delete(&lever, &unknown, None, true)), Ok(Exit::BadInput));
    pretend.account().deny("webhooks:write:admin");
    assert_eq!(block_on(hooks::delete(&lever, &unknown, None, true)), Err(Exit::NotAllowed));
    pretend.account().deny("webhooks:read:admin");
    assert_eq!(block_on(hooks::list(&lever, true)), Err(Exit::NotAllowed));
}

#[test]
fn only_https_without_a_name_is_an_address_for_a_webhook() {
    for (text, is_good) in [
        ("https://hooks.example.com/lever", true),
        ("http://127.0.0.1:8470/lever", true),
        ("http://hooks.example.com/lever", false),
        ("https://user:planted@hooks.example.com/lever", false),
        ("hooks.example.com/lever", false),
        ("mailto:x@example.com", false),
        ("", false),
    ] {
        assert_eq!(hooks::address(text).is_ok(), is_good, "{text}");
    }
}

#[test]
fn ids_of_every_kind_become_lines_in_their_order() {
    let (pretend, lever) = set_up();
    let clock: Arc<dyn Clock> = once::clock();
    let now = crate::sandbox::millis(clock.as_ref());
    // 23:30 UTC on 30 June is the next day in Berlin.
    let hired_at = 1_782_862_200_000;
    let (contact, hired, open, lonely) = {
        let mut account = pretend.account();
        let contact = account.add_contact(NewContact::named("Ada Example"));
        let hired = account.add_opportunity(now - 5, &contact, None).unwrap();
        account.hire(hired_at, &hired).unwrap();
        let open = account.add_opportunity(now - 4, &contact, None).unwrap();
        let lonely = account.add_contact(NewContact::named("Eve Example"));
        (contact, hired, open, lonely)
    };
    let zone = chrono_tz::Europe::Berlin;
    let given =
        [open.as_str(), "no-such-id", lonely.as_str(), contact.as_str(), open.as_str()].map(str::to_owned);
    let answer = block_on(resolve::answer(&lever, given.to_vec(), zone)).unwrap();
    let of =
        |given: &str| format!("{given},{contact},{hired},hired,2026-07-01\n{given},{contact},{open},open,\n");
    let wanted = [
        "given,contact_id,opportunity_id,state,hired_on\n".to_owned(),
        of(open.as_str()),
        "no-such-id,,,unknown,\n".to_owned(),
        format!("{lonely},{lonely},,none,\n"),
        of(contact.as_str()),
        of(open.as_str()),
    ];
    assert_eq!(answer.csv(), wanted.concat());
    assert_eq!(answer.exit(), Exit::NeedsHuman);
    assert!(answer.table().starts_with("GIVEN"));
    let document = answer.document();
    assert_eq!(document["unknown"], 1);
    assert_eq!(document["ids"][0]["contacts"][0]["opportunities"][0]["hired_on"], "2026-07-01");
    assert_eq!(document["ids"][1]["contacts"], serde_json::json!([]));

    let known = block_on(resolve::answer(&lever, vec![hired.to_string()], zone)).unwrap();
    assert_eq!(known.exit(), Exit::Done);
}
