//! The conformance run against the pretend Cezanne, in each of its three kinds of `$metadata`.

mod tenant;

use std::{collections::BTreeMap, sync::Arc};

use adapter_sdk::{
    Columns, HrisAdapter, Registration,
    conformance::{Bench, Seen, Somebody, Trouble},
    settings::Reading,
};
use async_trait::async_trait;
use people::{OpportunityId, Wanted};
use sandbox::cezanne::{Fault, Settings, Variant};
use tenant::Tenant;

/// Ids are kept in a comment, and in the hiring comment of each employment.
const KEEPING: &str = r#"
[keep]
contact = "COMMENTS"
opportunity = "HIRINGCOMMENT"
"#;
/// The person code is the contact id; the employment says by its number which hire it is of.
const BY_CODE: &str = r#"
[person]
PERSONID = "contact"
"#;

fn records(tenant: &Tenant) -> Vec<Seen> {
    let account = tenant.account();
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for person in account.people() {
        let code = person.text("PERSONID").to_owned();
        let kept = Some(person.text("COMMENTS")).filter(|kept| !kept.is_empty()).unwrap_or(&code);
        seen.insert(code.clone(), Seen { contact: kept.parse().expect("a contact id"), hires: Vec::new() });
    }
    for employment in account.employments() {
        let Some(seen) = seen.get_mut(employment.text("PERSONID")) else { continue };
        let hire: OpportunityId = match employment.text("HIRINGCOMMENT") {
            "" => tenant.hire_of(&seen.contact, employment.text("EMPLOYMENTID")),
            kept => kept.parse().expect("an opportunity id"),
        };
        seen.hires.push(hire);
    }
    seen.into_values().collect()
}

fn trouble(tenant: &Tenant, trouble: Trouble) -> bool {
    let fault = match trouble {
        Trouble::Refused => return tenant.refuse_once(),
        Trouble::RateLimited(pause) => format!("429={}@read", pause.as_secs()),
        Trouble::Unauthorized => "401*2".to_owned(),
        Trouble::Garbage => "html@read/People".to_owned(),
        // Nor can what came of it be read back.
        Trouble::AnswerLost => return tenant.lose_the_next_person(),
        Trouble::Slow => return false,
        Trouble::Partial => "400@write/Employments".to_owned(),
    };
    tenant.account().add_fault(Fault::parse(&fault).expect("the fault is right"));
    true
}

macro_rules! bench {
    ($module:ident, $bench:ident, $variant:expr, $more:expr) => {
        struct $bench(Tenant);

        #[async_trait]
        impl Bench for $bench {
            async fn start() -> Self {
                $bench(Tenant::empty(Settings { variant: $variant, ..Settings::default() }, $more))
            }

            fn adapter(&self) -> Arc<dyn HrisAdapter> {
                self.0.adapter()
            }

            fn wanted(&self, somebody: &Somebody) -> Wanted {
                self.0.wanted(somebody)
            }

            async fn records(&self) -> Vec<Seen> {
                records(&self.0)
            }

            fn trouble(&self, trouble: Trouble) -> bool {
                self::trouble(&self.0, trouble)
            }

            fn secrets(&self) -> Vec<String> {
                vec![self.0.account().settings().access.client_secret.clone()]
            }

            fn registration() -> Option<Registration> {
                Some(cezanne::REGISTRATION)
            }

            fn reading() -> Reading {
                tenant::reading()
            }

            fn columns() -> Columns {
                Columns::default()
            }
        }

        mod $module {
            adapter_sdk::conformance!(super::$bench);
        }
    };
}

bench!(gender_by_text, ByText, Variant::Description, KEEPING);
bench!(gender_by_code, ByCode, Variant::Code, KEEPING);
bench!(odata_4, OData4, Variant::V4, KEEPING);
bench!(without_a_place_for_ids, WithoutAPlace, Variant::Description, BY_CODE);
