//! The pretend Cezanne as a client sees it.

mod dialects;
mod faults;
mod hr;
mod queries;
mod reading;
mod receiving;
mod schema;
mod tokens;
mod writing;

use serde_json::{Value, json};

use super::{Cezanne, Fault, SERVICE_PATH, Settings, TOKEN_PATH, Variant};
use crate::message::{Millis, Reply, Request, percent_encode};

/// 2026-02-02T02:40:00Z
const NOW: Millis = 1_770_000_000_000;

fn cezanne() -> Cezanne {
    Cezanne::new(Settings::default(), NOW)
}

fn staffed(staff: usize) -> Cezanne {
    Cezanne::new(Settings { staff, ..Settings::default() }, NOW)
}

fn of(variant: Variant) -> Cezanne {
    Cezanne::new(Settings { variant, staff: 5, ..Settings::default() }, NOW)
}

/// A request to the data service that says what JSON it takes, without a token.
fn call(method: &str, path: &str) -> Request {
    Request::new(method, &format!("{SERVICE_PATH}/{path}"))
        .with_header("host", "acme.example.com")
        .with_header("accept", "application/json;odata=minimalmetadata, application/json;odata=verbose;q=0.8, application/json;q=0.5")
        .with_header("maxdataserviceversion", "3.0")
}

fn send(cezanne: &mut Cezanne, request: Request) -> Reply {
    send_at(cezanne, NOW, request)
}

fn send_at(cezanne: &mut Cezanne, now: Millis, request: Request) -> Reply {
    let token = cezanne.give_token(now);
    cezanne.handle(now, &request.with_header("authorization", &format!("Bearer {token}")))
}

fn get(cezanne: &mut Cezanne, path: &str) -> Reply {
    send(cezanne, call("GET", path))
}

fn read(cezanne: &mut Cezanne, path: &str) -> Value {
    let reply = get(cezanne, path);
    assert_eq!(reply.status, 200, "{path}: {}", text(&reply));
    body(&reply)
}

/// The keys of what a filter finds.
fn found(cezanne: &mut Cezanne, set: &str, filter: &str) -> Vec<String> {
    let answer = read(cezanne, &format!("{set}?$filter={}", percent_encode(filter)));
    let rows = answer["value"].as_array().unwrap();
    rows.iter().map(|row| row["PERSONID"].as_str().unwrap().to_owned()).collect()
}

fn write(cezanne: &mut Cezanne, method: &str, path: &str, fields: &Value) -> Reply {
    send(cezanne, writing(method, path, fields))
}

fn writing(method: &str, path: &str, fields: &Value) -> Request {
    call(method, path)
        .with_header("content-type", "application/json")
        .with_header("dataserviceversion", "3.0")
        .with_body(fields.to_string())
}

fn post(cezanne: &mut Cezanne, set: &str, fields: &Value) -> u16 {
    write(cezanne, "POST", set, fields).status
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

fn ada() -> Value {
    json!({
        "PERSONID": "LV-1", "GIVENNAME": "Ada", "FAMILYNAME": "O'Neil", "FORMATTEDNAME": "Ada O'Neil",
        "GENDERDESCRIPTION": "Not Known", "BIRTHDATE": "2026-02-02T00:00:00",
    })
}

fn job() -> Value {
    json!({
        "PERSONID": "LV-1", "EMPLOYMENTID": "LV-1", "COMPANYCODE": "ACME-UK",
        "EFFECTIVEFROM": "2026-02-02T00:00:00", "EFFECTIVETO": "9999-12-31T00:00:00",
    })
}

/// The same with another value, or without it if that is none.
fn but(fields: Value, name: &str, value: impl Into<Option<Value>>) -> Value {
    let mut fields = fields;
    let object = fields.as_object_mut().unwrap();
    match value.into() {
        Some(value) => drop(object.insert(name.to_owned(), value)),
        None => drop(object.remove(name)),
    }
    fields
}

fn plan(cezanne: &mut Cezanne, spec: &str) {
    Fault::parse_list(spec).unwrap().into_iter().for_each(|fault| cezanne.add_fault(fault));
}

/// Asks for a token with the ID and the secret in the header.
fn ask_token(cezanne: &mut Cezanne, now: Millis, form: &str) -> (u16, Value) {
    let reply =
        cezanne.handle(now, &token_request(form).with_header("authorization", &basic("sandbox-secret")));
    (reply.status, body(&reply))
}

fn token_request(form: &str) -> Request {
    Request::new("POST", TOKEN_PATH)
        .with_header("content-type", "application/x-www-form-urlencoded")
        .with_body(form.to_owned())
}

fn basic(secret: &str) -> String {
    format!("Basic {}", crate::message::base64(format!("sandbox-client:{secret}").as_bytes()))
}
