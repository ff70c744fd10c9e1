use serde_json::json;

use super::*;
use crate::lever::{Delivery, StageId};

const HERE: &str = "http://127.0.0.1:9/lever";

fn listen(lever: &mut Lever, event: &str) -> Value {
    let order = json!({"url": HERE, "event": event}).to_string();
    let (status, answer) = send(lever, NOW, "POST", "/v1/webhooks", &order);
    assert_eq!(status, 201, "{answer}");
    answer["data"].clone()
}

/// What is due now, acknowledged at once.
fn heard(lever: &mut Lever, now: Millis) -> Vec<Value> {
    let due = lever.outbox(now);
    due.iter().for_each(|delivery| lever.delivered(delivery.id, now, true));
    due.iter().map(|delivery| serde_json::from_str(&delivery.body).unwrap()).collect()
}

/// The keys of an event's data that are not null.
fn keys(body: &Value) -> Vec<&str> {
    let data = body["data"].as_object().unwrap();
    data.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str()).collect()
}

#[test]
fn the_signing_key_is_shown_once_and_the_same_hook_twice_makes_two() {
    let mut lever = lever();
    let first = listen(&mut lever, "candidateHired");
    let second = listen(&mut lever, "candidateHired");
    let token = |hook: &Value| hook["configuration"]["signatureToken"].as_str().unwrap().to_owned();
    assert_eq!(token(&first).len(), 48);
    assert_ne!((token(&first), &first["id"]), (token(&second), &second["id"]));
    let listed = read(&mut lever, NOW, "/v1/webhooks");
    assert_eq!((ids(&listed).len(), listed.get("hasNext")), (2, None));
    assert!(!listed.to_string().contains("signatureToken"));
}

#[test]
fn a_hook_is_changed_in_the_collection_and_deleted_by_id() {
    let mut lever = lever();
    let id = listen(&mut lever, "candidateHired")["id"].as_str().unwrap().to_owned();
    let change = json!({"data": [{
        "id": id,
        "url": "https://hooks.example.com/new",
        "configuration": {"conditions": {"origins": ["referred"]}},
    }]});
    let (status, listed) = send(&mut lever, NOW + 5, "PUT", "/v1/webhooks", &change.to_string());
    assert_eq!((status, &listed["data"][0]["url"]), (200, &json!("https://hooks.example.com/new")));
    assert_eq!(listed["data"][0]["configuration"]["conditions"]["origins"], json!(["referred"]));
    assert_eq!(listed["data"][0]["updatedAt"], NOW + 5);
    assert_eq!(send(&mut lever, NOW, "DELETE", &format!("/v1/webhooks/{id}"), ""), (204, Value::Null));
    assert_eq!(send(&mut lever, NOW, "DELETE", &format!("/v1/webhooks/{id}"), "").0, 404);
    assert!(lever.webhooks().is_empty());
}

#[test]
fn a_hook_that_makes_no_sense_is_refused() {
    let mut lever = lever();
    let limited = json!({"conditions": {"origins": ["applied"]}});
    for order in [
        json!({"url": HERE, "event": "offerSigned"}),
        json!({"url": HERE}),
        json!({"url": "http://hooks.example.com/", "event": "candidateHired"}),
        json!({"event": "candidateHired"}),
        json!({"url": HERE, "event": "candidateHired", "configuration": {"conditions": {"origins": ["moon"]}}}),
        json!({"url": HERE, "event": "contactUpdated", "configuration": limited}),
    ] {
        assert_eq!(send(&mut lever, NOW, "POST", "/v1/webhooks", &order.to_string()).0, 400, "{order}");
    }
    let absent = r#"{"data": [{"id": "none"}]}"#;
    assert_eq!(send(&mut lever, NOW, "PUT", "/v1/webhooks", absent).0, 404);
    assert_eq!(ask(&mut lever, NOW, "/v1/webhooks/none").status, 404);
}

#[test]
fn what_recruiters_do_is_told_with_what_lever_documents() {
    let mut lever = lever();
    for event in [
        "applicationCreated",
        "candidateHired",
        "candidateStageChange",
        "candidateArchiveChange",
        "candidateDeleted",
        "contactCreated",
        "contactUpdated",
        "interviewUpdated",
    ] {
        listen(&mut lever, event);
    }
    let (contact, id) = candidate(&mut lever, NOW, "Ada Example");
    let told = heard(&mut lever, NOW);
    assert_eq!(
        told.iter().map(|body| body["event"].as_str().unwrap()).collect::<Vec<_>>(),
        ["contactCreated", "applicationCreated"]
    );
    assert_eq!(keys(&told[0]), ["accountId", "contactId", "createdAt"]);
    assert_eq!(keys(&told[1]), ["applicationId", "contactId", "opportunityId"]);
    assert_eq!(told[1]["data"]["opportunityId"], id.as_str());

    lever.advance(NOW + 1, &id, &StageId::from("offer")).unwrap();
    let told = heard(&mut lever, NOW + 1);
    assert_eq!(
        (&told[0]["event"], &told[0]["triggeredAt"]),
        (&json!("candidateStageChange"), &json!(NOW + 1))
    );
    assert_eq!(told[0]["data"]["fromStageId"], "applicant-new");
    assert_eq!(told[0]["data"]["toStageId"], "offer");

    lever.hire(NOW + 2, &id).unwrap();
    let told = heard(&mut lever, NOW + 2);
    assert_eq!(told.len(), 2);
    let of = |event: &str| told.iter().find(|body| body["event"] == event).unwrap();
    assert_eq!(keys(of("candidateHired")), ["contactId", "opportunityId"]);
    let archived = &of("candidateArchiveChange")["data"];
    assert_eq!(
        (&archived["fromArchived"], &archived["toArchived"]["archivedAt"]),
        (&Value::Null, &json!(NOW + 2))
    );

    lever.unarchive(NOW + 3, &id).unwrap();
    let told = heard(&mut lever, NOW + 3);
    assert_eq!((told.len(), &told[0]["data"]["toArchived"]), (1, &Value::Null));
    assert_eq!(told[0]["data"]["fromArchived"]["reason"], lever.hired_reason().as_str());

    lever.rename(NOW + 4, &contact, "Ada Sample").unwrap();
    let told = heard(&mut lever, NOW + 4);
    assert_eq!((told.len(), &told[0]["data"]["contactId"]), (1, &json!(contact.as_str())));

    lever.tell_of_interview(NOW + 5, &id, "interviewUpdated").unwrap();
    assert_eq!(
        keys(&heard(&mut lever, NOW + 5)[0]),
        ["interviewId", "opportunityId", "panelId", "updatedAt"]
    );
    assert!(lever.tell_of_interview(NOW + 5, &id, "interviewMoved").is_err());

    lever.delete(NOW + 6, &id).unwrap();
    assert_eq!(keys(&heard(&mut lever, NOW + 6)[0]), ["contactId", "deletedBy", "opportunityId"]);
}

#[test]
fn offers_merges_and_notes_are_told_to_nobody() {
    let mut lever = lever();
    let (winner, id) = candidate(&mut lever, NOW, "Ada Example");
    let (loser, _) = candidate(&mut lever, NOW, "Ada Sample");
    for event in super::super::hooks::EVENTS {
        listen(&mut lever, event);
    }
    let offer = lever.add_offer(NOW, &id, Default::default()).unwrap();
    lever.sign_offer(NOW, &id, &offer).unwrap();
    lever.merge(NOW, &winner, &loser).unwrap();
    send(&mut lever, NOW, "POST", &format!("/v1/opportunities/{id}/notes"), r#"{"value": "x"}"#);
    assert_eq!(lever.undelivered(), 0);
}

#[test]
fn a_hire_and_its_archiving_come_in_either_order() {
    let firsts = (0..20).map(|seed| {
        let mut lever = Lever::new(Settings { seed, ..unlimited() });
        let (_, id) = candidate(&mut lever, NOW, "Ada Example");
        listen(&mut lever, "candidateHired");
        listen(&mut lever, "candidateArchiveChange");
        lever.hire(NOW, &id).unwrap();
        heard(&mut lever, NOW)[0]["event"].as_str().unwrap().to_owned()
    });
    assert_eq!(set(firsts), set(["candidateHired", "candidateArchiveChange"]));
}

#[test]
fn a_hook_limited_to_origins_hears_of_those_only() {
    let mut lever = lever();
    let conditions = json!({"conditions": {"origins": ["applied"]}});
    let order = json!({"url": HERE, "event": "candidateHired", "configuration": conditions});
    assert_eq!(send(&mut lever, NOW, "POST", "/v1/webhooks", &order.to_string()).0, 201);
    let (contact, applied) = candidate(&mut lever, NOW, "Ada Example");
    let sourced = lever.add_opportunity(NOW, &contact, None).unwrap();
    lever.hire(NOW, &sourced).unwrap();
    lever.hire(NOW, &applied).unwrap();
    let told = heard(&mut lever, NOW);
    assert_eq!((told.len(), &told[0]["data"]["opportunityId"]), (1, &json!(applied.as_str())));
}

#[test]
fn a_failed_delivery_is_repeated_five_times_with_growing_pauses_and_the_same_body() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    listen(&mut lever, "candidateHired");
    lever.hire(NOW, &id).unwrap();
    let mut now = NOW;
    let mut bodies = BTreeSet::new();
    for (nth, pause) in [0, 1_000, 5_000, 30_000, 120_000, 600_000].into_iter().enumerate() {
        if pause > 0 {
            assert!(lever.outbox(now + pause - 1).is_empty(), "attempt {nth} is early");
        }
        now += pause;
        let due = lever.outbox(now);
        let [Delivery { id, url, body, attempt }] = &due[..] else { panic!("attempt {nth}: {due:?}") };
        assert_eq!((url.as_str(), *attempt), (HERE, nth as u32 + 1));
        bodies.insert(body.clone());
        lever.delivered(*id, now, false);
    }
    assert_eq!((bodies.len(), lever.undelivered()), (1, 0), "after the last it is gone");
}

#[test]
fn no_answer_within_five_seconds_is_a_failure_and_a_late_one_is_not_heard() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    listen(&mut lever, "candidateHired");
    lever.hire(NOW, &id).unwrap();
    let first = lever.outbox(NOW).remove(0);
    assert!(lever.outbox(NOW + 4_999).is_empty(), "it is on its way");
    assert!(lever.outbox(NOW + 5_000).is_empty(), "it failed, and waits for a second");
    lever.delivered(first.id, NOW + 5_500, true);
    let second = lever.outbox(NOW + 6_000).remove(0);
    assert_eq!((&second.body, second.attempt), (&first.body, 2));
    lever.delivered(first.id, NOW + 6_000, true);
    assert_eq!(lever.undelivered(), 1, "the outcome of the first is not that of the second");
    lever.delivered(second.id, NOW + 6_001, true);
    assert_eq!(lever.undelivered(), 0);
}

#[test]
fn webhooks_change_no_id_in_the_account() {
    let people = |hooks: bool| {
        let mut lever = lever();
        if hooks {
            listen(&mut lever, "candidateHired");
        }
        let (_, first) = candidate(&mut lever, NOW, "Ada Example");
        lever.hire(NOW, &first).unwrap();
        candidate(&mut lever, NOW, "Ben Example").1
    };
    assert_eq!(people(true), people(false));
}
