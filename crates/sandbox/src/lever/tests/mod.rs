//! The pretend Lever as a client sees it.

mod access;
mod doors;
mod endpoints;
mod forms;
mod hooks;
mod identity;
mod limits;
mod listing;
mod playing;
mod seeding;
mod updates;
mod writes;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ContactId, Fault, Lever, NewContact, OpportunityId, Settings};
use crate::message::{Millis, Reply, Request, percent_encode};

const NOW: Millis = 1_770_000_000_000;
const MINUTE: Millis = 60_000;

fn unlimited() -> Settings {
    Settings { rate: None, ..Settings::default() }
}

fn lever() -> Lever {
    Lever::new(unlimited())
}

/// A person with one active opportunity for the first posting.
fn candidate(lever: &mut Lever, now: Millis, name: &str) -> (ContactId, OpportunityId) {
    let posting = lever.postings()[0].id.clone();
    let contact = lever.add_contact(NewContact::named(name));
    let opportunity = lever.add_opportunity(now, &contact, Some(&posting)).unwrap();
    (contact, opportunity)
}

fn ask(lever: &mut Lever, now: Millis, target: &str) -> Reply {
    let key = lever.settings().api_key.clone();
    lever.handle(now, &Request::get(target).with_key(&key))
}

/// Status and body of a request that writes, or of one at a door.
fn send(lever: &mut Lever, now: Millis, method: &str, target: &str, order: &str) -> (u16, Value) {
    let key = lever.settings().api_key.clone();
    let reply = lever.handle(now, &Request::new(method, target).with_key(&key).with_body(order.to_owned()));
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

/// The body of an answer that has to be 200.
fn read(lever: &mut Lever, now: Millis, target: &str) -> Value {
    let reply = ask(lever, now, target);
    assert_eq!(reply.status, 200, "{target}: {}", text(&reply));
    json(&reply)
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

/// The status and the `message` of a refusal.
fn refusal(reply: &Reply) -> (u16, String) {
    (reply.status, json(reply)["message"].as_str().unwrap().to_owned())
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

/// The next page's target: the token encoded as any query value.
fn next(target: &str, page: &Value) -> Option<String> {
    assert_eq!(page["hasNext"].as_bool().unwrap(), page["next"].is_string());
    let joint = if target.contains('?') { '&' } else { '?' };
    page["next"].as_str().map(|token| format!("{target}{joint}offset={}", percent_encode(token)))
}

/// All records of a list, page by page.
fn walk(lever: &mut Lever, now: Millis, target: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut wanted = Some(target.to_owned());
    while let Some(page_target) = wanted {
        let page = read(lever, now, &page_target);
        wanted = next(target, &page);
        records.extend(page["data"].as_array().unwrap().iter().cloned());
    }
    records
}

fn set(ids: impl IntoIterator<Item = impl AsRef<str>>) -> BTreeSet<String> {
    ids.into_iter().map(|id| id.as_ref().to_owned()).collect()
}

/// The ids a list has, all pages.
fn found(lever: &mut Lever, now: Millis, target: &str) -> BTreeSet<String> {
    walk(lever, now, target).iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn plan(lever: &mut Lever, faults: &str) {
    for fault in Fault::parse_list(faults).unwrap() {
        lever.add_fault(fault);
    }
}
