//! The receiver of Lever's webhooks.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::super::{RECEIVER_PATH, Receiver};
use super::*;

const KEY: &str = "3f0c9b7e5a1d4c2f8e6b0a9d7c5e3f1a2b4d6f8091a3c5e7";

fn receiving() -> Cezanne {
    let receiver = Receiver {
        subdomain: "acme".to_owned(),
        token: KEY.to_owned(),
        administrator: "Harriet HR".to_owned(),
        company: "ACME-UK".to_owned(),
        directory: [("c-1".to_owned(), ("Ada".to_owned(), "O'Neil".to_owned()))].into(),
    };
    Cezanne::new(Settings { receiver: Some(receiver), ..Settings::default() }, NOW)
}

fn hire(contact: &str) -> Value {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(format!("a token{NOW}").as_bytes());
    json!({
        "event": "candidateHired", "token": "a token", "triggeredAt": NOW,
        "signature": hex::encode(mac.finalize().into_bytes()),
        "data": {"contactId": contact, "opportunityId": "o-1"},
    })
}

fn deliver(cezanne: &mut Cezanne, subdomain: &str, delivery: &Value) -> Reply {
    let request =
        Request::new("POST", &format!("{RECEIVER_PATH}{subdomain}")).with_body(delivery.to_string());
    cezanne.handle(NOW, &request)
}

#[test]
fn a_hire_becomes_a_person_an_employment_and_a_process_by_itself() {
    let mut cezanne = receiving();
    assert_eq!(deliver(&mut cezanne, "acme", &hire("c-1")).status, 200);
    assert_eq!(deliver(&mut cezanne, "acme", &hire("c-2")).status, 200);
    let people = cezanne.people();
    assert_eq!((people[0].text("GIVENNAME"), people[0].text("FAMILYNAME")), ("Ada", "O'Neil"));
    assert_eq!((people[1].text("FORMATTEDNAME"), people[1].text("GENDERCODE")), ("Candidate c-2", "U"));
    assert_eq!(people[0].text("BIRTHDATE"), "2026-02-02T00:00:00");
    let employments = cezanne.employments();
    assert_eq!((employments.len(), employments[0].text("EFFECTIVETO")), (2, "9999-12-31T00:00:00"));
    assert_eq!((cezanne.tasks().len(), cezanne.tasks()[0].administrator.as_str()), (2, "Harriet HR"));
}

#[test]
fn a_delivery_that_comes_twice_is_a_person_twice() {
    let mut cezanne = receiving();
    deliver(&mut cezanne, "acme", &hire("c-1"));
    deliver(&mut cezanne, "acme", &hire("c-1"));
    assert_eq!(cezanne.people().len(), 2);
    assert_eq!(cezanne.deliveries()[&("c-1".to_owned(), "o-1".to_owned())], 2);
    assert_eq!(cezanne.figures().webhooks, 2);
}

#[test]
fn what_is_not_genuine_or_not_for_us_is_refused() {
    let mut cezanne = receiving();
    for (why, subdomain, delivery, status) in [
        ("another subdomain", "other", hire("c-1"), 404),
        ("altered time", "acme", but(hire("c-1"), "triggeredAt", json!(NOW + 1)), 401),
        ("altered token", "acme", but(hire("c-1"), "token", json!("another")), 401),
        ("no signature", "acme", but(hire("c-1"), "signature", None), 401),
        ("no hex", "acme", but(hire("c-1"), "signature", json!("zz")), 401),
        ("another event", "acme", but(hire("c-1"), "event", json!("candidateDeleted")), 200),
        ("a test", "acme", but(hire("c-1"), "data", json!({})), 200),
    ] {
        assert_eq!(deliver(&mut cezanne, subdomain, &delivery).status, status, "{why}");
    }
    assert_eq!(cezanne.people(), []);
    assert_eq!(deliver(&mut staffed(0), "acme", &hire("c-1")).status, 404, "nobody switched it on");
}

#[test]
fn in_a_closed_company_there_is_a_process_and_no_employment() {
    let mut cezanne = receiving();
    cezanne.close_company(NOW, "ACME-UK").unwrap();
    assert_eq!(deliver(&mut cezanne, "acme", &hire("c-1")).status, 200);
    assert_eq!((cezanne.people().len(), cezanne.employments().len(), cezanne.tasks().len()), (1, 0, 1));
    let levels: Vec<&str> = cezanne.log().iter().map(|entry| entry.level).collect();
    assert_eq!(levels, ["Error", "Information"]);
}

#[test]
fn faults_meet_a_delivery_too() {
    let mut cezanne = receiving();
    plan(&mut cezanne, "after=503@webhook,500@webhook");
    assert_eq!(deliver(&mut cezanne, "acme", &hire("c-1")).status, 503);
    assert_eq!(deliver(&mut cezanne, "acme", &hire("c-1")).status, 500);
    assert_eq!(cezanne.people().len(), 1);
}
