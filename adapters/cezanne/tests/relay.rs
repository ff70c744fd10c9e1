//! `new_starter = "lever-webhook"`: the hire is handed to Cezanne's own receiver, signed as Lever signs, once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod tenant;

use std::sync::Arc;

use adapter_sdk::{Error, ErrorKind, Next, Receipt, TaskKind};
use async_trait::async_trait;
use http::{Failure, Request, Response, Transport};
use sandbox::cezanne::{RECEIVER_PATH, Receiver, Settings};
use tenant::{ANN, HIRES, HOST, Story, Tenant, VARIANTS, ann, assert_impersonal, hire, said};

const TOKEN: &str = "sandbox-secret";

fn receiver() -> Receiver {
    Receiver {
        subdomain: "AcmeHR".to_owned(),
        token: TOKEN.to_owned(),
        administrator: "hr.ops@example.com".to_owned(),
        company: "ACME-UK".to_owned(),
        directory: [(ANN.to_owned(), ("Ann".to_owned(), "O'Neil".to_owned()))].into(),
    }
}

/// The bench's one secret file has the signature token in it.
fn text(more: &str) -> String {
    format!(
        "new_starter = \"lever-webhook\"\nwebhook_url = \"{HOST}{RECEIVER_PATH}AcmeHR\"\nsignature_token = {{ file = \
         \"cezanne-secret\" }}\nnew_hire_administrator = \"hr.ops@example.com\"\n{more}"
    )
}

fn tenant_with(receiver: Receiver) -> Tenant {
    Tenant::configured(Settings { receiver: Some(receiver), ..Settings::default() }, &text("")).unwrap()
}

async fn hand_over(tenant: &Tenant) -> Result<Receipt, Error> {
    let mut story = Story::of(tenant, ann());
    let delivery = story.delivery();
    story.adapter().deliver(&[delivery]).await.remove(0)
}

/// The same, where something else answers.
async fn hand_over_to(tenant: &Tenant, receiver: Says) -> Result<Receipt, Error> {
    let delivery = Story::of(tenant, ann()).delivery();
    tenant.adapter_on(Arc::new(receiver)).deliver(&[delivery]).await.remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_signed_hire_is_accepted_and_cezanne_makes_everything_itself() {
    for variant in VARIANTS {
        let settings = Settings { variant, receiver: Some(receiver()), ..Settings::default() };
        let tenant = Tenant::configured(settings, &text("")).unwrap();
        let receipt = hand_over(&tenant).await.unwrap();
        assert_eq!(receipt.link.remote.as_str(), ANN);
        assert_eq!(receipt.tasks.iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::NewStarter]);
        assert!(receipt.tasks[0].text.contains("Integrations > Lever > Log"), "{}", receipt.tasks[0].text);
        let account = tenant.account();
        let hires = [((ANN.to_owned(), HIRES[0].to_owned()), 1)];
        assert_eq!(*account.deliveries(), hires.into());
        assert_eq!((account.people().len(), account.employments().len(), account.tasks().len()), (1, 1, 1));
        // Nothing of ours goes to the data service, not even a look.
        assert_eq!((account.figures().requests, account.figures().token_requests), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_person_leaves_but_ids() {
    let tenant = tenant_with(receiver());
    let delivery = Story::of(&tenant, ann()).delivery();
    assert!(
        delivery.wanted.person.is_empty() && delivery.wanted.hires.values().all(|fields| fields.is_empty())
    );
    hand_over(&tenant).await.unwrap();
    let asked = tenant.network.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1);
    assert_impersonal(&asked[0].1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_or_subdomain_is_the_whole_targets_and_names_the_setting() {
    for (receiver, kind, setting) in [
        (Receiver { token: "another".to_owned(), ..receiver() }, ErrorKind::Unauthorized, "signature_token"),
        (Receiver { subdomain: "Other".to_owned(), ..receiver() }, ErrorKind::ConfigInvalid, "subdomain"),
    ] {
        let tenant = tenant_with(receiver);
        let error = hand_over(&tenant).await.unwrap_err();
        assert_eq!((error.kind(), error.next()), (kind, Next::Park));
        assert!(error.to_string().contains(setting), "{error}");
        assert!(!said(&error).contains(TOKEN));
        assert!(tenant.account().people().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_surely_not_taken_is_sent_again_and_then_there_once() {
    for (fault, next) in [
        ("429=7@webhook", Next::Retry { after: Some(std::time::Duration::from_secs(7)) }),
        ("422@webhook", Next::Retry { after: None }),
    ] {
        let tenant = tenant_with(receiver());
        tenant.plan(fault);
        assert_eq!(hand_over(&tenant).await.unwrap_err().next(), next, "{fault}");
        hand_over(&tenant).await.unwrap();
        assert_eq!(tenant.account().people().len(), 1);
    }
    let tenant = tenant_with(receiver());
    tenant.refuse_once();
    assert_eq!(hand_over(&tenant).await.unwrap_err().next(), Next::Retry { after: None });
    hand_over(&tenant).await.unwrap();
    assert_eq!(tenant.account().people().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_taken_is_never_sent_again_by_the_adapter() {
    for (fault, made) in [
        ("lost", 1),
        ("after=500", 1),
        ("after=502", 1),
        ("cut", 1),
        ("stuck", 1),
        ("close", 0),
        ("hang", 0),
        ("500", 0),
        ("503=7", 0),
        ("504", 0),
        ("408", 0),
    ] {
        let tenant = tenant_with(receiver());
        tenant.plan(&format!("{fault}@webhook"));
        let error = hand_over(&tenant).await.unwrap_err();
        assert_eq!((error.kind(), error.next()), (ErrorKind::Unavailable, Next::FindFirst), "{fault}");
        assert_impersonal(&said(&error));
        let account = tenant.account();
        assert_eq!((account.figures().webhooks, account.people().len()), (1, made), "{fault}");
    }
}

/// What came of it nobody knows, and whoever reads it is told what answered and which settings to look at.
fn assert_unknown(error: &Error, facts: &[&str]) {
    assert_eq!((error.kind(), error.next()), (ErrorKind::Unavailable, Next::FindFirst), "{error}");
    for fact in facts.iter().chain(&["subdomain or webhook_url", "Integrations > Lever > Log"]) {
        assert!(error.to_string().contains(fact), "{fact}: {error}");
    }
    assert_impersonal(&said(error));
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed_and_what_came_of_the_hire_is_unknown() {
    let tenant = tenant_with(receiver());
    tenant.plan("login@webhook");
    let error = hand_over(&tenant).await.unwrap_err();
    assert_unknown(&error, &["status=302", "content_type=text/html)"]);
    assert!(!said(&error).contains("Account/LogIn"), "where it leads is not said: {error}");
    assert_eq!(tenant.network.asked.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_success_that_is_a_web_page_or_an_error_may_have_been_taken() {
    for (fault, kind, made) in
        [("html", "text/html", 0), ("soft", "application/json", 0), ("soft=stored", "application/json", 1)]
    {
        let tenant = tenant_with(receiver());
        tenant.plan(&format!("{fault}@webhook"));
        let error = hand_over(&tenant).await.unwrap_err();
        assert_unknown(&error, &["status=200", &format!("content_type={kind})")]);
        let account = tenant.account();
        assert_eq!((account.figures().webhooks, account.people().len()), (1, made), "{fault}");
    }
}

/// Whatever it is asked, it answers the same.
#[derive(Debug)]
struct Says(u16, &'static str, &'static str);

#[async_trait]
impl Transport for Says {
    async fn send(&self, _request: Request) -> Result<Response, Failure> {
        let Says(status, kind, body) = *self;
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Ok(Response { status, headers, body: body.into() })
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_looks_like_a_receivers_success_is_taken_for_one() {
    let tenant = tenant_with(receiver());
    for says in [
        Says(200, "application/json", "{}"),
        Says(202, "text/plain; charset=utf-8", "OK"),
        Says(204, "application/json", ""),
    ] {
        let told = format!("{says:?}");
        assert!(hand_over_to(&tenant, says).await.is_ok(), "{told}");
    }
    for (says, facts) in [
        // What Express, PHP and plain ASP.NET say of any text.
        (Says(200, "text/html; charset=utf-8", "OK"), ["status=200", "content_type=text/html)"]),
        (Says(201, "text/html", ""), ["status=201", "content_type=text/html)"]),
        (Says(200, "", "<!DOCTYPE html><title>Ann</title>"), ["status=200", "content_type=unknown)"]),
        (Says(200, "text/html Ann", "Ann"), ["status=200", "content_type=unknown)"]),
        (Says(307, "text/plain", "Ann"), ["status=307", "content_type=text/plain)"]),
    ] {
        assert_unknown(&hand_over_to(&tenant, says).await.unwrap_err(), &facts);
    }
    // A page that comes with a refusal takes nothing from it.
    let error = hand_over_to(&tenant, Says(404, "text/html", "<html>Ann")).await.unwrap_err();
    assert_eq!((error.kind(), error.next()), (ErrorKind::ConfigInvalid, Next::Park));
}

#[tokio::test(start_paused = true)]
async fn a_second_hire_is_hrs_rehire_and_no_second_delivery() {
    let tenant = tenant_with(receiver());
    let mut story = Story::of(&tenant, ann());
    let delivery = story.delivery();
    let receipt = story.adapter().deliver(&[delivery]).await.remove(0).unwrap();
    assert!(!story.adapter().info().capabilities.rehire && !story.adapter().info().capabilities.update);
    story.link = Some(receipt.link);
    hire(&mut story.person, 1);
    let delivery = story.delivery();
    let error = story.adapter().deliver(&[delivery]).await.remove(0).unwrap_err();
    assert_eq!((error.kind(), error.next()), (ErrorKind::Unsupported, Next::Park));
    // Past the layers as well: two at once are no one delivery.
    let mut both = Story::of(&tenant, story.person.clone());
    let error = tenant.adapter().deliver(&[both.delivery()]).await.remove(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("Rehire"), "{error}");
    assert_eq!(tenant.account().figures().webhooks, 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_looked_up_there_and_a_check_says_so() {
    let tenant = tenant_with(receiver());
    let story = Story::of(&tenant, ann());
    assert_eq!(story.adapter().find(&story.identity()).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let report = story.adapter().check().await.unwrap();
    let text = format!("{:?}", report.findings);
    assert!(text.contains("switch off the webhook in Lever"), "{text}");
    assert_eq!(tenant.account().figures().webhooks, 0, "a check hands nothing over");
}

#[tokio::test(start_paused = true)]
async fn the_two_ways_are_never_mixed_and_each_alien_setting_is_named() {
    let data = [
        ("service_root", "\"https://a.example.com/x.svc\""),
        ("token_url", "\"https://a.example.com/t\""),
        ("client_id", "\"me\""),
        ("client_secret", "{ file = \"cezanne-secret\" }"),
        ("client_auth", "\"form\""),
        ("scope", "\"x\""),
        ("odata_version", "\"3\""),
        ("calls_per_second_max", "2"),
        ("company_code", "\"ACME-UK\""),
        ("company", "{ by = \"tag\", table = \"companies\" }"),
        ("create_employment", "true"),
        ("hire_date", "\"processed\""),
        ("open_ended", "\"learn\""),
        ("placeholder", "\"fill\""),
        ("missing_surname", "\"-\""),
        ("middle_name", "true"),
        ("home_number_source", "\"work\""),
        ("gender_code", "\"U\""),
        ("gender_description", "\"Not Known\""),
        ("person_code_prefix", "\"LV-\""),
        ("keep", "{ contact = \"COMMENTS\" }"),
        ("sets", "{ people = \"People\" }"),
    ];
    for (key, value) in data {
        let settings = Settings { receiver: Some(receiver()), ..Settings::default() };
        let tenant = Tenant::configured(settings, &text(&format!("{key} = {value}"))).unwrap();
        let faults = tenant.faults();
        assert_eq!(faults.len(), 1, "{key}: {faults:?}");
        assert!(faults[0].starts_with(&format!("targets.bench.{key}: ")), "{faults:?}");
        assert!(faults[0].contains("new_starter = \"task\""), "{faults:?}");
    }
    for (key, value) in [
        ("webhook_url", "\"https://w3.example.com/x\""),
        ("subdomain", "\"AcmeHR\""),
        ("signature_token", "\"x\""),
    ] {
        let tenant = Tenant::new(Settings::default(), &format!("{key} = {value}"));
        let faults = tenant.faults();
        assert_eq!(faults.len(), 1, "{key}: {faults:?}");
        assert!(faults[0].starts_with(&format!("targets.bench.{key}: ")), "{faults:?}");
        assert!(faults[0].contains("new_starter = \"lever-webhook\""), "{faults:?}");
    }
}
