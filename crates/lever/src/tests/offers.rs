use people::{AnswerValue, Date, Offer};
use serde_json::{Value, value::RawValue};

use crate::{person::offer_that_counts, wire};

fn offers(text: &str) -> Vec<wire::Offer> {
    let records: Vec<&RawValue> = serde_json::from_str(text).unwrap();
    records.into_iter().enumerate().map(|(at, raw)| wire::Offer::from_list(at, raw).unwrap()).collect()
}

fn chosen(text: &str) -> Option<Offer> {
    offer_that_counts(offers(text), Some("p1"))
}

#[test]
fn the_offer_that_counts_is_signed_first_then_for_the_posting_then_newest() {
    for (given, wanted) in [
        (r#"[]"#, None),
        (
            r#"[{"id":"d","status":"draft"},{"id":"n","status":"denied"},{"id":"a","status":"approval-sent"}]"#,
            None,
        ),
        (r#"[{"id":"w","status":"withdrawn-somehow"},{"id":"x"}]"#, None),
        (
            r#"[{"id":"new","status":"sent","createdAt":9},{"id":"old","status":"signed","createdAt":1}]"#,
            Some("old"),
        ),
        (
            r#"[{"id":"a","status":"signed","createdAt":1},{"id":"b","status":"signed","createdAt":2}]"#,
            Some("b"),
        ),
        (
            r#"[{"id":"b","status":"signed","createdAt":2},{"id":"a","status":"signed","createdAt":1}]"#,
            Some("b"),
        ),
        (r#"[{"id":"b","status":"signed","createdAt":"2"},{"id":"a","status":"signed"}]"#, Some("b")),
        (
            r#"[{"id":"a","status":"signed","createdAt":1,"posting":"p1"},{"id":"b","status":"signed","createdAt":2,"posting":"p2"}]"#,
            Some("a"),
        ),
        (
            r#"[{"id":"a","status":"signed","createdAt":1},{"id":"b","status":"signed","createdAt":2,"posting":{"id":"p2"}}]"#,
            Some("a"),
        ),
        (
            r#"[{"id":"a","status":"signed","posting":"p2"},{"id":"b","status":"approved","posting":"p1"}]"#,
            Some("a"),
        ),
        (r#"[{"id":"a","status":"approved"},{"id":"b","status":"sent-manually"}]"#, Some("b")),
        (
            r#"[{"id":"a","status":"approved"},{"id":"b","status":"sent"},{"id":"c","status":"opened"}]"#,
            Some("a"),
        ),
        (
            r#"[{"id":"b","status":"sent","createdAt":1},{"id":"c","status":"opened","createdAt":2}]"#,
            Some("c"),
        ),
        (
            r#"[{"id":"n","status":"denied","createdAt":9},{"id":"s","status":"sent","createdAt":1}]"#,
            Some("s"),
        ),
    ] {
        assert_eq!(chosen(given).map(|offer| offer.id).as_deref(), wanted, "{given}");
    }
}

#[test]
fn the_start_date_is_the_utc_calendar_day() {
    for (value, day) in [
        ("1772409600000", Some("2026-03-02")),
        ("1772409599999", Some("2026-03-01")),
        ("1772495999999", Some("2026-03-02")),
        (r#""1772409600000""#, Some("2026-03-02")),
        ("1772409600000.0", Some("2026-03-02")),
        (r#""2026-03-02""#, Some("2026-03-02")),
        (r#""2026-03-02T23:30:00-08:00""#, Some("2026-03-02")),
        (r#""as soon as possible""#, None),
        (r#""é026-03-02""#, None),
        ("null", None),
        (r#""""#, None),
        ("{}", None),
        ("1e300", None),
        ("-1", Some("1969-12-31")),
    ] {
        let text = format!(
            r#"[{{"id":"a","status":"signed","fields":[{{"identifier":"anticipated_start_date","value":{value}}}]}}]"#
        );
        let wanted = day.map(|day| day.parse::<Date>().unwrap());
        assert_eq!(chosen(&text).unwrap().start_date, wanted, "{value}");
    }
}

#[test]
fn every_field_of_an_offer_is_there_by_its_identifier() {
    let offer = chosen(
        r#"[{"id":"a","status":"signed","fields":[
            {"identifier":"salary_amount","value":64000},
            {"identifier":"compensation_currency","value":"GBP"},
            {"identifier":"location/office","value":"Leeds"},
            {"identifier":"custom_perk","value":null},
            {"identifier":"custom_perk","value":"car"},
            {"identifier":"custom_perk","value":"bicycle"},
            {"identifier":"custom_visa_date","value":1772409600000},
            {"identifier":"custom_blank","value":"  "},
            {"identifier":"custom_yes","value":true},
            {"text":"no identifier","value":"lost"},
            null, 7
        ]}]"#,
    )
    .unwrap();
    let text = |text: &str| AnswerValue::Text(text.to_owned());
    let day = AnswerValue::Day("2026-03-02".parse().unwrap());
    let fields: Vec<(&str, AnswerValue)> = offer
        .fields
        .iter()
        .map(|(identifier, value)| (identifier.as_str(), value.reveal().clone()))
        .collect();
    assert_eq!(
        fields,
        [
            ("compensation_currency", text("GBP")),
            ("custom_blank", AnswerValue::Blank),
            ("custom_perk", text("car")),
            ("custom_visa_date", day),
            ("custom_yes", text("yes")),
            ("location/office", text("Leeds")),
            ("salary_amount", AnswerValue::Number(64000.0)),
        ]
    );
}

#[test]
fn an_offer_without_an_id_is_not_left_out_silently() {
    let raw = serde_json::value::to_raw_value(&Value::Null).unwrap();
    assert!(wire::Offer::from_list(0, &raw).is_err());
    let raw = serde_json::value::to_raw_value(&serde_json::json!({"status": "signed"})).unwrap();
    let why = wire::Offer::from_list(3, &raw).unwrap_err();
    assert_eq!((why.place.as_str(), why.is_record), ("offers[3]: id", true));
}
