//! The cases, one public function each. `conformance!` names them as tests.

use std::{future::Future, task::Poll, time::Duration};

use futures::{FutureExt as _, future::poll_fn};

use super::{Bench, Run, Somebody, Trouble, build, id, journal::Journal};
use crate::{
    Delivery, Effect, ErrorKind, Intent, Link, Next, Receipt, Result,
    settings::{Node, Reading},
};

/// Ends the case, with the reason, unless `$needed`.
macro_rules! need {
    ($needed:expr, $why:literal) => {
        if !$needed {
            eprintln!("skipped: {}", $why);
            return;
        }
    };
}

fn next_of(answer: &Result<Receipt>) -> Next {
    match answer {
        Ok(receipt) => panic!("expected a failure, got {:?}", receipt.effect),
        Err(error) => error.next(),
    }
}

/// `check` changes nothing over there, however often it is asked.
pub async fn a_check_changes_nothing<B: Bench>() {
    let mut run = Run::<B>::start().await;
    run.adapter().check().await.expect("a fresh target can be used");
    run.assert_holds(&[]).await;
    let ada = Somebody::ada("ada");
    run.add(&ada).await;
    run.adapter().check().await.expect("a used target can be used");
    run.assert_holds(&[&ada]).await;
}

/// An add makes one record, and says which.
pub async fn an_add_makes_one_record<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let (ada, bob) = (Somebody::ada("ada"), Somebody::ada("bob"));
    let (_, first) = run.add(&ada).await;
    let (_, second) = run.add(&bob).await;
    assert_eq!((first.effect, second.effect), (Effect::Created, Effect::Created));
    assert_ne!(first.link.remote, second.link.remote, "two people have two records");
    assert!(first.link.hires.keys().eq(ada.hires.keys()), "the receipt names each hire");
    run.assert_holds(&[&ada, &bob]).await;
}

/// The same delivery sent twice makes one record.
pub async fn the_same_delivery_twice_makes_one_record<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let ada = Somebody::ada("ada");
    let (delivery, first) = run.add(&ada).await;
    let second = run.resume(&ada, &delivery).await.expect("sending again is harmless");
    assert_eq!(second.effect, Effect::Unchanged);
    assert_eq!(second.link, first.link);
    run.assert_holds(&[&ada]).await;
}

/// Applied, then the answer was lost: the adapter says so, and going on leaves one record.
pub async fn a_lost_answer_means_look_first_and_leaves_one_record<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let ada = Somebody::ada("ada");
    let delivery = run.delivery(&ada, Intent::Add, None);
    if run.bench.trouble(Trouble::AnswerLost) {
        assert_eq!(next_of(&run.send(&delivery).await), Next::FindFirst);
    } else {
        eprintln!("the bench cannot lose an answer: the answer is thrown away instead");
        drop(run.send(&delivery).await);
    }
    run.resume(&ada, &delivery).await.expect("going on after a lost answer");
    run.assert_holds(&[&ada]).await;
}

/// The caller went away in the middle, after any number of steps; called again, there is one record.
pub async fn a_call_that_was_dropped_midway_and_called_again_leaves_one_record<B: Bench>() {
    for polls in 1..=8 {
        let mut run = Run::<B>::start().await;
        let ada = Somebody::ada("ada");
        let delivery = run.delivery(&ada, Intent::Add, None);
        let adapter = run.adapter();
        drop_after(adapter.deliver(std::slice::from_ref(&delivery)), polls).await;
        run.resume(&ada, &delivery).await.expect("going on after a call that was dropped");
        run.assert_holds(&[&ada]).await;
    }
}

/// Polls `future` so often at most, then drops it.
async fn drop_after<T>(future: impl Future<Output = T>, polls: u32) {
    let mut future = Box::pin(future);
    let mut left = polls;
    poll_fn(|context| {
        left -= 1;
        match future.poll_unpin(context) {
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending if left == 0 => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
}

/// An answer that takes longer than the adapter's own limit has an unknown outcome.
pub async fn an_answer_that_never_comes_has_an_unknown_outcome<B: Bench>() {
    let mut run = Run::<B>::start().await;
    need!(run.can().call_timeout <= Duration::from_secs(5), "the adapter waits longer than a test should");
    let ada = Somebody::ada("ada");
    let delivery = run.delivery(&ada, Intent::Add, None);
    need!(run.bench.trouble(Trouble::Slow), "the bench cannot keep a caller waiting");
    assert_eq!(next_of(&run.send(&delivery).await), Next::FindFirst);
    run.resume(&ada, &delivery).await.expect("going on after an answer that never came");
    run.assert_holds(&[&ada]).await;
}

/// After a lost ledger the record is found by proof, adopted and not doubled.
pub async fn an_existing_record_is_adopted_and_not_doubled<B: Bench>() {
    let mut run = Run::<B>::start().await;
    need!(run.can().find, "the adapter does not find");
    let ada = Somebody::ada("ada");
    let (delivery, receipt) = run.add(&ada).await;
    let found = run.adapter().find(&run.identity(&ada)).await.expect("looking for somebody who is there");
    assert_eq!(found.iter().map(|found| &found.link).collect::<Vec<_>>(), [&receipt.link]);
    assert!(found[0].evidence.is_proof(), "found by more than an address");
    run.resume(&ada, &delivery).await.expect("delivering somebody who is there");
    run.assert_holds(&[&ada]).await;
    let stranger =
        run.adapter().find(&run.identity(&Somebody::ada("bob"))).await.expect("looking for a stranger");
    assert!(stranger.iter().all(|found| !found.evidence.is_proof()), "a stranger is not found");
}

/// Two records stand where one should: a human decides, nothing is written.
pub async fn two_matching_records_are_a_conflict<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let ada = Somebody::ada("ada");
    need!(run.bench.plant(&ada).await, "the bench cannot plant a record");
    need!(run.bench.plant(&ada).await, "the bench cannot plant a second record");
    let before = run.seen().await;
    if run.can().find {
        let found =
            run.adapter().find(&run.identity(&ada)).await.expect("looking for somebody who is there twice");
        assert_eq!(found.len(), 2, "both are found");
    }
    if run.can().dedupes_by_key {
        let delivery = run.delivery(&ada, Intent::Add, None);
        let error = run.send(&delivery).await.expect_err("an add must not choose between two records");
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    assert_eq!(run.seen().await, before, "nothing was written");
}

/// "Made, but the rest was refused" is no failure: the receipt says what is missing, a retry does only that.
pub async fn a_partial_success_resumes_at_the_missing_step<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let ada = Somebody::ada("ada");
    let mut delivery = run.delivery(&ada, Intent::Add, None);
    need!(run.bench.trouble(Trouble::Partial), "the bench cannot refuse half a delivery");
    let first = run.send(&delivery).await.unwrap_or_else(|error| panic!("partly made: {}", error.chain()));
    assert!(!first.unfinished.is_empty(), "the receipt says what is missing");
    assert_eq!(run.seen().await.len(), 1, "the person is there");
    delivery.link = Some(first.link.clone());
    delivery.unfinished = first.unfinished;
    let second = run.send(&delivery).await.unwrap_or_else(|error| panic!("resuming: {}", error.chain()));
    assert!(second.unfinished.is_empty(), "nothing is missing any more");
    assert_eq!(second.link.remote, first.link.remote, "it is the same record");
    run.assert_holds(&[&ada]).await;
}

/// Hired again: one person, two hires.
pub async fn a_second_hire_is_one_person_with_two_hires<B: Bench>() {
    let mut run = Run::<B>::start().await;
    need!(run.can().rehire, "the adapter keeps one hire for each person");
    let (_, first) = run.add(&Somebody::ada("ada")).await;
    let again = Somebody::ada("ada").hired_again("ada");
    let delivery = run.delivery(&again, Intent::AddHire, Some(first.link.clone()));
    let second = run.send(&delivery).await.unwrap_or_else(|error| panic!("adding a hire: {}", error.chain()));
    assert_eq!(second.link.remote, first.link.remote, "it is the same person");
    assert!(second.link.hires.keys().eq(again.hires.keys()), "the receipt names both hires");
    run.assert_holds(&[&again]).await;
    let twice = run.send(&delivery).await.expect("adding the hire again is harmless");
    assert_eq!(twice.effect, Effect::Unchanged);
    run.assert_holds(&[&again]).await;
}

/// Profiles were merged in Lever: the hire moves to the surviving contact, and is there once.
pub async fn a_hire_moves_with_its_merged_profile<B: Bench>() {
    let mut run = Run::<B>::start().await;
    need!(run.can().moves_hires, "the adapter does not move hires");
    let (_, first) = run.add(&Somebody::ada("ada")).await;
    let mut merged = Somebody::ada("ada");
    merged.contact = id("surviving-contact");
    let (intent, link) =
        if run.can().update { (Intent::Update, Some(first.link)) } else { (Intent::Add, None) };
    let delivery = run.delivery(&merged, intent, link);
    run.send(&delivery).await.unwrap_or_else(|error| panic!("moving a hire: {}", error.chain()));
    run.assert_holds(&[&merged]).await;
}

/// An update is whole: sent twice, the second changes nothing.
pub async fn an_update_sent_twice_changes_nothing_the_second_time<B: Bench>() {
    let mut run = Run::<B>::start().await;
    need!(run.can().update, "the adapter does not update");
    let (_, first) = run.add(&Somebody::ada("ada")).await;
    let mut renamed = Somebody::ada("ada");
    renamed.last = "King".to_owned();
    let delivery = run.delivery(&renamed, Intent::Update, Some(first.link));
    let answers = [run.send(&delivery).await, run.send(&delivery).await];
    let effects =
        answers.map(|answer| answer.unwrap_or_else(|error| panic!("updating: {}", error.chain())).effect);
    assert_eq!(effects, [Effect::Updated, Effect::Unchanged]);
    run.assert_holds(&[&renamed]).await;
}

/// A batch has one answer for each person, in order.
pub async fn everybody_of_a_batch_gets_an_answer_in_order<B: Bench>() {
    let mut run = Run::<B>::start().await;
    need!(run.can().batch_max > 1, "the adapter takes one person at a time");
    let people: Vec<Somebody> = ["cy", "ada", "bob"].into_iter().map(Somebody::ada).collect();
    let count = people.len().min(run.can().batch_max);
    let batch: Vec<Delivery> =
        people[..count].iter().map(|somebody| run.delivery(somebody, Intent::Add, None)).collect();
    let answers = run.adapter().deliver(&batch).await;
    assert_eq!(answers.len(), count);
    for (answer, somebody) in answers.into_iter().zip(&people) {
        let receipt = answer.unwrap_or_else(|error| panic!("adding in a batch: {}", error.chain()));
        assert!(receipt.link.hires.keys().eq(somebody.hires.keys()), "the answers are in order");
    }
    run.assert_holds(&people[..count].iter().collect::<Vec<_>>()).await;
}

/// `list` names everybody once, in order of their ids, and ends.
pub async fn everybody_is_listed_once_in_order<B: Bench>() {
    let mut run = Run::<B>::start().await;
    need!(run.can().list, "the adapter does not list");
    let mut expected: Vec<Link> = Vec::new();
    for key in ["cy", "ada", "bob"] {
        expected.push(run.add(&Somebody::ada(key)).await.1.link);
    }
    expected.sort_by(|a, b| a.remote.cmp(&b.remote));
    let mut listed: Vec<Link> = Vec::new();
    loop {
        let after = listed.last().map(|link| link.remote.clone());
        let page = run.adapter().list(after).await.expect("listing");
        if page.is_empty() {
            break;
        }
        listed.extend(page.into_iter().map(|found| found.link));
        assert!(listed.len() <= expected.len(), "the list ends");
    }
    assert_eq!(listed, expected);
}

/// `read` gives back the fields that were written; nobody touched them.
pub async fn what_was_written_is_read_back_untouched<B: Bench>() {
    let mut run = Run::<B>::start().await;
    need!(run.can().read, "the adapter does not read");
    let (delivery, receipt) = run.add(&Somebody::ada("ada")).await;
    let state = run.adapter().read(&receipt.link).await.expect("reading what was just written");
    let state = state.expect("the record is there");
    assert_eq!(state.link, receipt.link);
    for (field, value) in &delivery.wanted.person {
        let held = state.person.get(field).map(|held| held.reveal().to_text());
        assert_eq!(held, Some(value.reveal().to_text()), "person.{field}");
    }
    for (opportunity, fields) in &delivery.wanted.hires {
        for (field, value) in fields {
            let held = state.hires.get(opportunity).and_then(|hire| hire.get(field));
            let held = held.map(|held| held.reveal().to_text());
            assert_eq!(held, Some(value.reveal().to_text()), "hire.{field}");
        }
    }
    let nobody =
        run.adapter().read(&Link::to(id("nobody"))).await.expect("reading a record that is not there");
    assert!(nobody.is_none());
}

/// A one-word name, no mail, no phone, no title.
pub async fn the_smallest_person_fits<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let mut smallest = Somebody::ada("smallest");
    (smallest.first, smallest.last) = ("Suharto".to_owned(), String::new());
    (smallest.email, smallest.phone) = (None, None);
    smallest.hires.values_mut().for_each(String::clear);
    run.add(&smallest).await;
    run.assert_holds(&[&smallest]).await;
}

/// Chinese, Arabic, combining marks, emoji, quotes, line breaks.
pub async fn names_in_any_script_fit<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let names = [
        ("王", "小明"),
        ("محمد", "الأحمد"),
        ("Zoe\u{308}", "O'Brien, \"Zo\""),
        ("🦊", "Two\r\nLines"),
        ("=1+1", "+cmd|x"),
    ];
    let mut people = Vec::new();
    for (index, (first, last)) in names.into_iter().enumerate() {
        let mut somebody = Somebody::ada(&format!("name{index}"));
        (somebody.first, somebody.last) = (first.to_owned(), last.to_owned());
        run.add(&somebody).await;
        people.push(somebody);
    }
    run.assert_holds(&people.iter().collect::<Vec<_>>()).await;
}

/// Ten thousand characters are taken, or refused without leaving half a person.
pub async fn a_very_long_name_is_taken_whole_or_refused_whole<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let mut long = Somebody::ada("long");
    long.last = "é".repeat(10_000);
    let delivery = run.delivery(&long, Intent::Add, None);
    match run.send(&delivery).await {
        Ok(_) => run.assert_holds(&[&long]).await,
        Err(error) => {
            assert_eq!((error.kind(), error.next()), (ErrorKind::Rejected, Next::Park));
            run.assert_holds(&[]).await;
        }
    }
}

/// Nobody listens: surely not applied, so it is tried again.
pub async fn a_refused_connection_is_retried<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let ada = Somebody::ada("ada");
    let delivery = run.delivery(&ada, Intent::Add, None);
    need!(run.bench.trouble(Trouble::Refused), "the bench cannot refuse a connection");
    assert!(matches!(next_of(&run.send(&delivery).await), Next::Retry { .. }));
    run.assert_holds(&[]).await;
}

/// The pause that the target names reaches the engine.
pub async fn a_rate_limit_is_retried_after_the_pause_it_names<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let pause = Duration::from_secs(7);
    let delivery = run.delivery(&Somebody::ada("ada"), Intent::Add, None);
    need!(run.bench.trouble(Trouble::RateLimited(pause)), "the bench has no rate limit");
    let error = run.send(&delivery).await.expect_err("the limit was reached");
    assert_eq!((error.kind(), error.next()), (ErrorKind::RateLimited, Next::Retry { after: Some(pause) }));
    run.assert_holds(&[]).await;
}

/// Refused credentials are said to be that, so that the target waits and not five hundred people.
pub async fn refused_credentials_concern_the_whole_target<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let delivery = run.delivery(&Somebody::ada("ada"), Intent::Add, None);
    need!(run.bench.trouble(Trouble::Unauthorized), "the bench has no credentials");
    assert_eq!(run.send(&delivery).await.expect_err("refused").kind(), ErrorKind::Unauthorized);
    run.assert_holds(&[]).await;
}

/// An answer nobody can read is an unknown outcome, and no panic.
pub async fn a_garbage_answer_is_no_panic<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let ada = Somebody::ada("ada");
    let delivery = run.delivery(&ada, Intent::Add, None);
    need!(run.bench.trouble(Trouble::Garbage), "the bench cannot answer with garbage");
    // Past the layers: they would hide a panic.
    let answers = run.bench.adapter().deliver(std::slice::from_ref(&delivery)).await;
    assert_eq!(answers.len(), 1);
    assert!(answers[0].is_err(), "garbage is no success");
    run.resume(&ada, &delivery).await.expect("going on after garbage");
    run.assert_holds(&[&ada]).await;
}

/// What the adapter does not declare is refused before it is asked.
pub async fn what_is_not_declared_is_unsupported_and_leaves_the_target_alone<B: Bench>() {
    let mut run = Run::<B>::start().await;
    let can = run.can();
    let ada = Somebody::ada("ada");
    let (_, receipt) = run.add(&ada).await;
    let before = run.seen().await;
    let mut refused = Vec::new();
    if !can.find {
        refused.push(run.adapter().find(&run.identity(&ada)).await.err());
    }
    if !can.read {
        refused.push(run.adapter().read(&receipt.link).await.err());
    }
    if !can.list {
        refused.push(run.adapter().list(None).await.err());
    }
    for (declared, intent) in
        [(can.update, Intent::Update), (can.rehire, Intent::AddHire), (can.withdraw, Intent::Withdraw)]
    {
        if !declared {
            let delivery = run.delivery(&ada, intent, Some(receipt.link.clone()));
            refused.push(run.send(&delivery).await.err());
        }
    }
    for error in refused {
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Unsupported));
    }
    assert_eq!(run.seen().await, before, "the target was left alone");
}

/// Whatever is asked and whatever goes wrong: no secret and no personal value in `Debug`, `Display` or a log line.
pub async fn no_secret_and_no_personal_value_is_ever_shown<B: Bench>() {
    let (journal, _listening) = Journal::listen();
    let mut run = Run::<B>::start().await;
    let mut canary = Somebody::ada("canary");
    (canary.first, canary.last) = ("Xanthippe-canary".to_owned(), "Quagga-canary".to_owned());
    canary.email = Some("zebra-canary@example.com".to_owned());
    canary.phone = Some("+44 7700 900987".to_owned());
    let mut shown = Vec::new();
    let troubles = [
        Trouble::Refused,
        Trouble::RateLimited(Duration::from_secs(1)),
        Trouble::Unauthorized,
        Trouble::Garbage,
        Trouble::AnswerLost,
    ];
    for trouble in troubles {
        if run.bench.trouble(trouble) {
            let delivery = run.delivery(&canary, Intent::Add, None);
            let answer = run.send(&delivery).await;
            shown.push(format!("{answer:?}"));
            shown.extend(answer.err().map(|error| error.chain()));
            drop(run.resume(&canary, &delivery).await);
        }
    }
    let delivery = run.delivery(&canary, Intent::Add, None);
    let receipt =
        run.resume(&canary, &delivery).await.unwrap_or_else(|error| panic!("adding: {}", error.chain()));
    let adapter = run.adapter();
    shown.push(format!("{delivery:?} {receipt:?} {adapter:?} {:?}", run.bench.adapter()));
    shown.push(format!("{:?}", adapter.check().await));
    shown.push(format!("{:?}", adapter.find(&run.identity(&canary)).await));
    shown.push(format!("{:?}", adapter.read(&receipt.link).await));
    shown.push(format!("{:?}", adapter.list(None).await));
    assert!(journal.text().contains(canary.contact.as_str()), "the journal hears what is logged");
    shown.push(journal.text());
    let mut never =
        vec!["Xanthippe".to_owned(), "Quagga".to_owned(), "zebra-canary".to_owned(), "900987".to_owned()];
    never.extend(run.bench.secrets());
    for (index, text) in shown.iter().enumerate() {
        assert!(
            never.iter().all(|value| !text.contains(value.as_str())),
            "text {index} shows what must not be shown"
        );
    }
}

/// The registration's example is a configuration that builds.
#[allow(clippy::unused_async, reason = "every case is called alike")]
pub async fn the_example_configuration_builds<B: Bench>() {
    let Some(registration) = B::registration() else {
        eprintln!("skipped: the adapter is in no configuration");
        return;
    };
    let reading = B::reading();
    let section = || reading.section("targets.bench", Some(example(registration.example)));
    let adapter = (registration.build)(section(), build::<B>());
    assert_eq!(faults(&reading), Vec::<String>::new());
    let adapter = adapter.expect("an example without faults builds");
    assert_eq!(adapter.info().kind, registration.kind);
    assert_eq!(adapter.info().schema, (registration.schema)(&section()));
}

/// Every missing and every unknown key is refused by its own name, and all of them at once.
#[allow(clippy::unused_async, reason = "every case is called alike")]
pub async fn each_missing_or_unknown_key_is_refused_by_name_all_at_once<B: Bench>() {
    let Some(registration) = B::registration() else {
        eprintln!("skipped: the adapter is in no configuration");
        return;
    };
    let Node::Table(entries) = example(registration.example) else { panic!("the example is a table") };
    let attempt = |entries: Vec<(String, Node)>| {
        let reading = B::reading();
        let section = reading.section("targets.bench", Some(Node::Table(entries)));
        let built = (registration.build)(section, build::<B>()).is_some();
        (built, reading.faults().into_iter().map(|fault| fault.path).collect::<Vec<_>>())
    };
    let mut required = Vec::new();
    for (key, _) in &entries {
        let (built, paths) = attempt(entries.iter().filter(|(name, _)| name != key).cloned().collect());
        assert_eq!(built, paths.is_empty(), "without {key}: it builds exactly when there is no fault");
        if !built {
            assert_eq!(paths, [format!("targets.bench.{key}")], "without {key}");
            required.push(paths[0].clone());
        }
        let mut misspelt = entries.clone();
        misspelt.push((format!("{key}_"), Node::Flag(true)));
        // Only the list of faults counts here: an adapter need not know what `Section::finish` found.
        let (_, paths) = attempt(misspelt);
        assert_eq!(paths, [format!("targets.bench.{key}_")], "an unknown key is refused by name");
    }
    let alien = [("alien_one", Node::Integer(1)), ("alien_two", Node::Text("x".to_owned()))];
    let (_, paths) = attempt(alien.map(|(key, node)| (key.to_owned(), node)).to_vec());
    required.extend(["targets.bench.alien_one".to_owned(), "targets.bench.alien_two".to_owned()]);
    for path in required {
        assert!(paths.contains(&path), "{path} is among the faults of one attempt: {paths:?}");
    }
}

fn example(text: &str) -> Node {
    toml::from_str(text).unwrap_or_else(|error| panic!("the example is TOML: {error}"))
}

fn faults(reading: &Reading) -> Vec<String> {
    reading.faults().iter().map(ToString::to_string).collect()
}
