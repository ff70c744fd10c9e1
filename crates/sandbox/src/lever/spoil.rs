//! What a fault does to an answer that is already text.

use bytes::Bytes;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};

use super::faults::Drift;
use crate::message::Reply;

/// Keys whose values come from a fixed list of words.
const ENUMS: &[&str] =
    &["confidentiality", "interval", "origin", "salary_interval", "state", "status", "type", "workplaceType"];

/// Keys whose values are addresses somebody might fetch.
const ADDRESSES: &[&str] = &["downloadUrl", "list", "show"];

/// How deep `deep` nests.
const DEPTH: usize = 10_000;

/// Rewrites the envelope of an answer; what is no JSON stays.
pub(super) fn reshape(reply: &mut Reply, change: impl FnOnce(&mut Value)) {
    if let Ok(mut envelope) = serde_json::from_slice::<Value>(&reply.body) {
        change(&mut envelope);
        reply.body = envelope.to_string().into();
    }
}

/// Spoils one record of a list; an empty list stays as it is.
pub(super) fn garble(dice: &mut ChaCha8Rng, envelope: &mut Value) {
    let Some(records) = envelope["data"].as_array_mut().filter(|records| !records.is_empty()) else {
        return;
    };
    let at = dice.random_range(0..records.len());
    let record = &mut records[at];
    match (dice.random_range(0..4), record.as_object_mut()) {
        (0, Some(fields)) => {
            fields.remove("id");
        }
        (1, Some(fields)) => {
            fields.insert("id".to_owned(), json!({"was": "here"}));
        }
        (2, Some(fields)) => {
            for (field, wrong) in [("contact", json!([7])), ("archived", json!("yes")), ("id", json!(12_345))]
            {
                fields.insert(field.to_owned(), wrong);
            }
        }
        _ => *record = json!("record"),
    }
}

/// The first record of a page went to the page before, which was read already.
pub(super) fn shift(envelope: &mut Value) {
    if let Some(records) = envelope["data"].as_array_mut().filter(|records| !records.is_empty()) {
        records.remove(0);
    }
}

/// The first record of a page comes again at its end.
pub(super) fn twice(envelope: &mut Value) {
    if let Some(records) = envelope["data"].as_array_mut()
        && let Some(first) = records.first().cloned()
    {
        records.push(first);
    }
}

/// Changes everything under `data` as a new version of the API might.
pub(super) fn drift(envelope: &mut Value, drift: Drift) {
    walk(&mut envelope["data"], &mut |fields| {
        for (key, value) in fields.iter_mut() {
            match drift {
                Drift::Numbers if value.is_number() => *value = json!(value.to_string()),
                Drift::Enums if value.is_string() && ENUMS.contains(&key.as_str()) => {
                    *value = json!("unheard-of");
                }
                Drift::Nulls if *value == json!("") || *value == json!([]) => *value = Value::Null,
                _ => {}
            }
        }
        if drift == Drift::Fields {
            fields.insert("addedLater".to_owned(), json!({"list": [1, null, {"x": 1e300}], "flag": true}));
        }
    });
}

/// Every address leads to this machine or to a neighbour of it, `host` being ours; a list of files has one.
pub(super) fn bait(envelope: &mut Value, host: &str, of_files: bool) {
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    let traps = [
        format!("http://{host}/sandbox/trap/plain"),
        format!("http://[::ffff:127.0.0.1]:{port}/sandbox/trap/mapped"),
        format!("http://2130706433:{port}/sandbox/trap/decimal"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "file:///etc/hostname".to_owned(),
    ];
    if let Some(records) = envelope["data"].as_array_mut().filter(|records| of_files && records.is_empty()) {
        records
            .push(json!({"id": "file-1", "downloadUrl": "", "file": {"name": "cv.pdf", "downloadUrl": ""}}));
    }
    let mut turns = (0..traps.len()).cycle();
    walk(&mut envelope["data"], &mut |fields| {
        for (key, value) in fields.iter_mut() {
            match key.as_str() {
                "links" => *value = json!(traps),
                "resume" => *value = json!({"file": {"downloadUrl": traps[0]}}),
                address if value.is_string() && ADDRESSES.contains(&address) => {
                    *value = json!(traps[turns.next().unwrap_or(0)]);
                }
                _ => {}
            }
        }
    });
}

/// Half of a character in every name: `\ud83d` without its other half. No Rust text holds it, JSON's notation does.
pub(super) fn surrogate(reply: &mut Reply) {
    let text = String::from_utf8_lossy(&reply.body).replace("\"name\":\"", "\"name\":\"\\ud83d");
    reply.body = text.into();
}

/// One more key, with lists in lists in lists.
pub(super) fn deep(reply: &mut Reply) {
    let Some(rest) = reply.body.strip_prefix(b"{") else { return };
    let head = format!("{{\"deep\":{}{},", "[".repeat(DEPTH), "]".repeat(DEPTH));
    reply.body = [head.as_bytes(), rest].concat().into();
}

/// Blanks before the answer.
pub(super) fn huge(reply: &mut Reply, mebibytes: usize) {
    let blanks = " ".repeat(mebibytes << 20);
    reply.body = Bytes::from([blanks.as_bytes(), &reply.body].concat());
}

/// Every object below, the inner ones first.
fn walk(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| walk(value, change));
            change(fields);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, change)),
        _ => {}
    }
}
