use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// Everything that is ever done with an answer.
fn decode(body: &[u8]) {
    let reasons = crate::kept::Reasons::of(["hired"], ["other"]);
    let text = readable(body);
    for shape in [Shape::Strict, Shape::Loose] {
        let Ok(page) = list(&text, shape) else { continue };
        for (at, raw) in page.records.into_iter().enumerate() {
            if let Ok((opportunity, keys)) = Opportunity::from_list(at, raw) {
                let again: Map<String, Value> = serde_json::from_str(&canonical(&keys, &[])).unwrap();
                assert!(again.keys().eq(keys.keys()));
                let _ = crate::person::person(
                    opportunity.contact.clone(),
                    &[(opportunity, people::Candidacy::Hired)],
                    &reasons,
                    |_| Default::default(),
                );
            }
            let form = Form::from_list(at, raw);
            let _ = crate::person::profile_answers(&"o1".parse().unwrap(), form.into_iter().collect());
            let offer = Offer::from_list(at, raw);
            let _ = crate::person::offer_that_counts(offer.into_iter().collect(), Some("p"));
            let _ = (Reason::from_list(at, raw), record_id(raw), note_texts(raw), hook(at, raw));
        }
    }
    let _ = new_hook(&text);
    let _ = one_record(&text, |keys| {
        (posting("p", keys), requisition_details("r", keys), user("u", keys), Contact::from_keys(keys))
    });
}

/// An opportunity, an offer, a form, a posting and a requisition in one: every key that is ever looked at.
fn whole_record() -> Value {
    let record = r#"{
        "id": "o1", "contact": {"id": "c1"}, "name": "Amara", "emails": ["a@example.com"], "createdAt": 1768003200000,
        "phones": [{"type": "mobile", "value": "1"}], "location": {"name": "Leeds"}, "links": [], "updatedAt": null,
        "archived": {"reason": "hired", "archivedAt": 1769907600456}, "confidentiality": "non-confidential",
        "isAnonymized": false, "dataProtection": {"store": {"allowed": true, "expiresAt": 1}}, "owner": "u1",
        "tags": ["x"], "sources": ["y"], "origin": "applied", "urls": {"show": "s"}, "opportunityLocation": "Leeds",
        "applications": [{"id": "a1", "posting": "p1", "archived": {"archivedAt": 1}, "postingHiringManager": {"id": "u3"},
            "requisitionForHire": {"id": "r1", "requisitionCode": "c", "hiringManagerOnHire": "u2"},
            "customQuestions": [{"baseTemplateId": "t", "completedAt": 1, "deletedAt": null, "fields": [
                {"id": "f", "type": "date", "text": "q", "value": 1},
                {"type": "file-upload", "text": "q", "value": {"id": "x", "name": "cv.pdf", "size": "17"}},
                {"type": "multiple-select", "text": "q", "value": ["a", {"text": "b"}]}]}]}],
        "status": "signed", "posting": "p1", "baseTemplateId": "t", "completedAt": 1, "deletedAt": null,
        "employmentStatus": "Full-time", "compensationBand": {"min": 1, "max": "2", "currency": "GBP"},
        "customFields": {"cost_center": "4711", "start_date": 1772409600000, "approver": {"name": "Rae"}},
        "fields": [{"id": "f", "type": "currency", "text": "q", "value": "7"},
            {"type": "file-upload", "text": "q", "value": {"id": "x", "name": "cv.pdf", "uploadedAt": 1}},
            {"identifier": "anticipated_start_date", "value": 1772409600000}, {"identifier": "salary_amount", "value": 6.5}],
        "text": "Engineer", "categories": {"team": "Data"}, "requisitionCode": "ENG", "externalDirectoryId": "17", "type": "hired"
    }"#;
    serde_json::from_str(record).unwrap()
}

fn oddity() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(1e300)),
        Just(json!(i64::MAX)),
        Just(json!(i64::MIN)),
        Just(json!("9223372036854775808")),
        ".{0,12}".prop_map(Value::from),
        Just(json!("")),
        Just(json!("2026-02-30")),
        Just(json!("\u{0}\u{202e}\u{fffd}😀")),
        Just(json!("x".repeat(5_000))),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("id|name|text|value|reason|[a-z]{0,3}", inner, 0..4)
                .prop_map(|keys| Value::Object(keys.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Puts `odd` somewhere into `value`; `path` decides where.
fn planted(value: &mut Value, path: &mut impl Iterator<Item = usize>, odd: Value) {
    let next = path.next();
    match (value, next) {
        (Value::Object(keys), Some(at)) if !keys.is_empty() => {
            let key = keys.keys().nth(at % keys.len()).cloned().unwrap();
            planted(&mut keys[&key], path, odd);
        }
        (Value::Array(items), Some(at)) if !items.is_empty() => {
            let at = at % items.len();
            planted(&mut items[at], path, odd);
        }
        (value, _) => *value = odd,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        decode(&body);
    }

    #[test]
    fn arbitrary_text_in_a_record_never_panics(text in r#"(\\u[dD][89a-fA-F][0-9a-f]{2}|\\u00..|\\|"|[\x00-\x1f]|.|é|😀){0,30}"#) {
        decode(format!(r#"{{"data":[{{"id":"o1","contact":"c1","name":"{text}"}}]}}"#).as_bytes());
    }

    #[test]
    fn a_record_with_anything_anywhere_never_panics(
        places in prop::collection::vec((prop::collection::vec(0..40_usize, 0..6), oddity()), 1..5)
    ) {
        let mut record = whole_record();
        for (path, odd) in places {
            planted(&mut record, &mut path.into_iter(), odd);
        }
        decode(json!({"data": [record], "hasNext": false}).to_string().as_bytes());
        decode(json!({"data": record}).to_string().as_bytes());
    }

    #[test]
    fn a_page_that_was_cut_or_whose_bytes_were_changed_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut body = json!({"data": [whole_record(), whole_record()], "hasNext": true, "next": "n"}).to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        decode(&body);
        decode(&body[..cut.index(body.len())]);
    }

    #[test]
    fn text_that_is_right_already_stays_as_it_is(value in oddity()) {
        let text = value.to_string();
        prop_assert!(matches!(readable(text.as_bytes()), std::borrow::Cow::Borrowed(same) if same == text));
    }
}

#[test]
fn a_page_nested_a_million_deep_neither_overflows_the_stack_nor_costs_its_neighbours() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let body = format!(
        r#"{{"deep":{deep},"data":[{{"id":"o1","contact":"c1","x":{deep}}},{{"id":"o2","contact":"c2"}}]}}"#
    );
    let page = list(&body, Shape::Strict).unwrap();
    let unread = Opportunity::from_list(0, page.records[0]).unwrap_err();
    assert_eq!(
        (unread.contact.unwrap().as_str(), unread.place.starts_with("opportunity o1: ")),
        ("c1", true)
    );
    assert!(Opportunity::from_list(1, page.records[1]).is_ok());
    decode(deep.as_bytes());
}

#[test]
fn a_name_of_a_mebibyte_is_a_name() {
    let name = "ñ".repeat(1 << 19);
    let body = json!({"data": [{"id": "o1", "contact": "c1", "name": name, "emails": vec!["a@b"; 10_000]}]})
        .to_string();
    let page = list(&body, Shape::Strict).unwrap();
    let (opportunity, _) = Opportunity::from_list(0, page.records[0]).unwrap();
    assert_eq!((opportunity.person.name, opportunity.person.emails.len()), (name, 10_000));
}

#[test]
fn child_lists_come_as_array_object_null_or_without_envelope() {
    for (text, records) in [
        (r#"{"data":[1,2]}"#, Some(2)),
        (r#"{"data":{"id":"x"}}"#, Some(1)),
        (r#"{"data":null}"#, Some(0)),
        (r#" [{},{},{}] "#, Some(3)),
        (r#"{}"#, None),
        (r#"{"message":"no"}"#, None),
        (r#"{"data":7}"#, None),
        (r#"null"#, None),
        ("[1,", None),
    ] {
        assert_eq!(list(text, Shape::Loose).ok().map(|page| page.records.len()), records, "{text}");
    }
}

#[test]
fn keys_are_in_order_at_every_depth_and_only_the_top_loses_its_volatile_ones() {
    let keys: Map<String, Value> =
        serde_json::from_str(r#"{"b":[{"z":1,"a":1.50,"t":"\""}],"t":0,"a":{"t":true,"k":null}}"#).unwrap();
    assert_eq!(canonical(&keys, &["t"]), r#"{"a":{"k":null,"t":true},"b":[{"a":1.5,"t":"\"","z":1}]}"#);
}
