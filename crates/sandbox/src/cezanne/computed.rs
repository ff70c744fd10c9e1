//! What the server derives.

use serde_json::{Value, json};

use super::day;
use super::schema::{Column, Rule, Table};
use super::tenant::{Fields, Tenant, Version, fold};
use crate::message::Millis;

/// The value of a property: kept, or derived.
pub(super) fn value(tenant: &Tenant, now: Millis, table: Table, column: &Column, version: &Version) -> Value {
    let fields = &version.fields;
    match (column.rule, column.name.as_str()) {
        (Rule::Version, _) => json!(version.number.to_string()),
        (_, "GENDERDESCRIPTION") => gender(tenant, fields),
        (Rule::Computed, name) => derived(tenant, &day::midnight(now), table, name, fields),
        (_, name) => fields.get(name).cloned().unwrap_or(Value::Null),
    }
}

fn gender(tenant: &Tenant, fields: &Fields) -> Value {
    let code = fields.get("GENDERCODE").and_then(Value::as_str);
    code.and_then(|code| tenant.genders.get(code)).map_or(Value::Null, |text| json!(text))
}

fn derived(tenant: &Tenant, today: &str, table: Table, name: &str, fields: &Fields) -> Value {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let service = || {
        let end = text("EFFECTIVETO");
        let until = if end.is_empty() || end > today { today } else { end };
        day::months_between(text("EFFECTIVEFROM"), until).unwrap_or(0)
    };
    match (table, name) {
        (Table::People, "ACTIVEEMPLOYEE") => {
            let works = |fields: &Fields| covers(fields, today);
            json!(i16::from(tenant.rows_of_person(Table::Employments, text("PERSONID")).any(works)))
        }
        (Table::People, "AGEYEARS") => age(fields, today).map_or(Value::Null, |months| json!(months / 12)),
        (Table::People, "AGEMONTHS") => age(fields, today).map_or(Value::Null, |months| json!(months % 12)),
        (_, "PERSONNAME") => name_of(tenant, text("PERSONID")),
        (_, "TRANSLATEDCOMPANYNAME") => {
            let company = tenant.row(Table::Companies, &vec![fold(text("COMPANYCODE"))]);
            company.and_then(|row| row.truth().fields.get("COMPANYNAME").cloned()).unwrap_or(Value::Null)
        }
        (_, "LENGTHOFSERVICE" | "CONTINUOSSERVICE") => {
            let months = service();
            json!(format!("{}.{:02}", months / 12, months % 12 * 100 / 12))
        }
        (_, "LENGTHOFSERVICEYEARS" | "CONTINUOUSSERVICEYEARS") => json!(service() / 12),
        (_, "LENGTHOFSERVICEMONTHS" | "CONTINUOUSSERVICEMONTHS") => json!(service() % 12),
        _ => Value::Null,
    }
}

fn age(fields: &Fields, today: &str) -> Option<i64> {
    day::months_between(fields.get("BIRTHDATE")?.as_str()?, today)
}

fn name_of(tenant: &Tenant, code: &str) -> Value {
    let Some(person) = tenant.row(Table::People, &vec![fold(code)]) else { return Value::Null };
    let text = |name: &str| person.truth().fields.get(name).and_then(Value::as_str);
    let spelled =
        || format!("{} {}", text("GIVENNAME").unwrap_or_default(), text("FAMILYNAME").unwrap_or_default());
    json!(text("FORMATTEDNAME").map_or_else(spelled, str::to_owned))
}

/// Whether `EFFECTIVEFROM` … `EFFECTIVETO` has this moment in it; without an end, for ever.
pub(super) fn covers(fields: &Fields, moment: &str) -> bool {
    let bound = |name: &str| fields.get(name).and_then(Value::as_str);
    bound("EFFECTIVEFROM").is_none_or(|from| from <= moment)
        && bound("EFFECTIVETO").is_none_or(|to| moment <= to)
}
