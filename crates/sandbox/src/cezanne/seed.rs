//! The companies, the units, and a staff of people who do not exist.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::day;
use super::schema::Table;
use super::settings::{OpenEnded, Settings};
use super::tenant::{Fields, Tenant};
use crate::lever::names::{Invented, invent, pick};
use crate::message::Millis;

/// Since when companies and units are there.
const FOUNDED: &str = "1998-01-01T00:00:00";

/// All that is there on the first day.
pub(super) fn furnish(settings: &Settings, now: Millis) -> Tenant {
    let mut tenant = Tenant::default();
    tenant.genders = settings.genders.iter().cloned().collect();
    tenant.lag_max = settings.lag_by_key_ms.max(settings.lag_by_filter_ms);
    for code in &settings.companies {
        tenant.insert(0, Table::Companies, company(settings, code));
    }
    for (nth, code) in settings.org_units.iter().enumerate() {
        let unit = fields([
            ("ORGUNITCODE", json!(code)),
            ("ORGUNITNAME", json!(format!("Unit {code}"))),
            ("EFFECTIVEFROM", json!(FOUNDED)),
            ("EFFECTIVETO", open_end(settings)),
            ("SORTORDER", json!(nth)),
        ]);
        tenant.insert(0, Table::OrgUnits, unit);
    }
    let mut dice = ChaCha8Rng::seed_from_u64(settings.seed);
    for nth in 0..settings.staff {
        employ(&mut tenant, settings, &mut dice, nth, &day::midnight(now));
    }
    tenant
}

/// A company that is open for ever.
pub(super) fn company(settings: &Settings, code: &str) -> Fields {
    fields([
        ("COMPANYCODE", json!(code)),
        ("COMPANYNAME", json!(format!("Company {code}"))),
        ("EFFECTIVEFROM", json!(FOUNDED)),
        ("EFFECTIVETO", open_end(settings)),
    ])
}

/// What stands for "no end" in this tenant.
pub(super) fn open_end(settings: &Settings) -> Value {
    match settings.open_ended {
        OpenEnded::Sentinel => json!(day::OPEN_END),
        OpenEnded::Null => Value::Null,
    }
}

pub(super) fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// One member of staff. Every eighth has left.
fn employ(tenant: &mut Tenant, settings: &Settings, dice: &mut ChaCha8Rng, nth: usize, today: &str) {
    let code = json!((1001 + nth).to_string());
    let somebody = invent(dice, nth);
    let genders: Vec<&str> = settings.genders.iter().map(|(code, _)| code.as_str()).collect();
    let gender = if genders.is_empty() { Value::Null } else { json!(pick(dice, &genders)) };
    let hired_on = day::later(today, -dice.random_range(30..5000_i64));
    let end = if nth % 8 == 7 {
        json!(day::later(today, -dice.random_range(1..30_i64)))
    } else {
        open_end(settings)
    };
    let (given, family) = split(&somebody.name);
    tenant.insert(
        0,
        Table::People,
        fields([
            ("PERSONID", code.clone()),
            ("GIVENNAME", json!(given)),
            ("FAMILYNAME", json!(family)),
            ("PREFERREDGIVENNAME", json!(given)),
            ("FORMATTEDNAME", json!(format!("{given} {family}"))),
            ("GENDERCODE", gender),
            ("BIRTHDATE", json!(day::later(today, -dice.random_range(19 * 365..64 * 365_i64)))),
        ]),
    );
    tenant.insert(0, Table::Communications, communications(&code, &somebody, dice, nth));
    let Some(company) = settings.companies.get(nth % settings.companies.len().max(1)) else { return };
    tenant.insert(
        0,
        Table::Employments,
        fields([
            ("PERSONID", code.clone()),
            ("EMPLOYMENTID", code.clone()),
            ("COMPANYCODE", json!(company)),
            ("EFFECTIVEFROM", json!(hired_on)),
            ("EFFECTIVETO", end.clone()),
            ("PRIMARYEMPLOYMENT", json!(1)),
        ]),
    );
    if let Some(unit) =
        settings.org_units.get(nth % settings.org_units.len().max(1)).filter(|_| settings.deployments)
    {
        tenant.insert(
            0,
            Table::Deployments,
            fields([
                ("PERSONID", code.clone()),
                ("EMPLOYMENTID", code),
                ("EFFECTIVEFROM", json!(hired_on)),
                ("EFFECTIVETO", end),
                ("ORGUNITCODE", json!(unit)),
            ]),
        );
    }
}

fn communications(code: &Value, somebody: &Invented, dice: &mut ChaCha8Rng, nth: usize) -> Fields {
    let mut row = fields([
        ("PERSONID", code.clone()),
        ("MOBILEPHONENUMBER", json!(somebody.phone(dice))),
        ("EXTERNALEMAILADDRESS", json!(format!("{}.{nth}@example.org", somebody.handle))),
    ]);
    if nth.is_multiple_of(3) {
        row.insert(
            "INTERNALEMAILADDRESS".to_owned(),
            json!(format!("{}.{nth}@corp.example.com", somebody.handle)),
        );
    }
    row
}

/// First names and surname. Whoever has one name has no other surname than a dash.
pub(super) fn split(name: &str) -> (String, String) {
    let words: Vec<&str> = name.split_whitespace().collect();
    match words.split_last() {
        Some((last, first)) if !first.is_empty() => (first.join(" "), (*last).to_owned()),
        Some((only, _)) => ((*only).to_owned(), "-".to_owned()),
        None => ("-".to_owned(), "-".to_owned()),
    }
}
