//! What HR and the engineer read: each obstacle with its code and its remedy, and the New Starter task. No name, no address, no
//! telephone number is in any of them.

use adapter_sdk::Obstacle;
use people::{FieldName, OpportunityId, Pii, Value, Wanted};

use crate::{mapping::COMPANY, odata::Property};

/// Longest piece of the server's own words that is kept.
const SAID_MAX: usize = 200;

fn obstacle(code: &str, what: String, remedy: String) -> Obstacle {
    Obstacle { code: code.to_owned(), what, remedy }
}

/// Why no employment can be made under a company code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompanyFault {
    /// The tenant shows its companies, and this is none of them.
    Unknown,
    /// It is closed, or not open yet, on that day.
    NotActive,
    /// The tenant does not show its companies, and nobody is employed under this code.
    Unused,
}

impl CompanyFault {
    /// Whether the tenant itself says so, so that it surely takes no employment.
    pub(crate) fn is_certain(self) -> bool {
        self != CompanyFault::Unused
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            CompanyFault::Unknown => "is not known (any more)",
            CompanyFault::NotActive => "is not active on the hire date",
            CompanyFault::Unused => "is refused, and nobody is employed under it",
        }
    }
}

pub(crate) fn employment_refused(
    code: &str,
    company: &str,
    fault: Option<CompanyFault>,
    said: &Said,
) -> Obstacle {
    match fault {
        Some(fault) => obstacle(
            "company_code",
            format!("employment not created: company code {company} {}", fault.words()),
            "in Cezanne, see that the company is active and its code unchanged; else correct company_code. The person is there; what \
             is missing follows by itself"
                .to_owned(),
        ),
        None => obstacle(
            "employment_refused",
            format!("employment of {code} not created: Cezanne refused it{said}"),
            "correct what it names, in Lever or in the mapping, or enter the employment in Cezanne: then it is taken as it is"
                .to_owned(),
        ),
    }
}

pub(crate) fn employment_gone(code: &str, id: &str) -> Obstacle {
    obstacle(
        "employment_gone",
        format!("employment {id} of {code} is not shown to us (any more)"),
        "if HR removed or renamed it, nothing: it is HR's; else let the service account user see it"
            .to_owned(),
    )
}

pub(crate) const EMPLOYED_ALREADY: &str = "employed_already";

pub(crate) fn employed_already(code: &str, other: &str, id: &str) -> Obstacle {
    obstacle(
        "employed_already",
        format!(
            "employment not created: {code} has the employment {other}, which is not ours and has not ended"
        ),
        format!(
            "if the person is hired again, end it in Cezanne, and the new one follows by itself; if it is this hire's, give it the \
             employment id {id}, or the opportunity id where keep.opportunity says"
        ),
    )
}

pub(crate) fn gender(description: &str, code: &str, said: &Said) -> Obstacle {
    obstacle(
        "gender",
        format!(
            "person not created: Cezanne refused it{said}, and nobody there has the gender \"{description}\""
        ),
        format!(
            "in Cezanne's picklist Gender, look how the item with the code {code} is called now, and set gender_description to that"
        ),
    )
}

pub(crate) fn person_refused(code: &str, said: &Said) -> Obstacle {
    obstacle(
        "person_refused",
        format!("person {code} not created: Cezanne refused it{said}"),
        "correct what it names, in Lever or in the mapping; then `hiresync retry`. If it says that the code is taken, the record is \
         hidden from the service account user: give it the role HR Professional"
            .to_owned(),
    )
}

pub(crate) fn change_refused(code: &str, said: &Said) -> Obstacle {
    obstacle(
        "change_refused",
        format!("{code} not changed: Cezanne refused it{said}"),
        "correct what it names, in Lever or in the mapping, then `hiresync retry`; or change it in Cezanne"
            .to_owned(),
    )
}

pub(crate) fn contact_details_refused(said: &Said) -> Obstacle {
    obstacle(
        "contact_details",
        format!("contact details not written: Cezanne refused them{said}"),
        "correct what it names in Lever, or enter the contact details in Cezanne".to_owned(),
    )
}

pub(crate) fn deployment_refused(code: &str, said: &Said) -> Obstacle {
    obstacle(
        "deployment",
        format!("deployment of {code} not created: Cezanne refused it{said}"),
        "look whether the org unit is known and open, or remove Deployments.* from the mapping".to_owned(),
    )
}

pub(crate) fn hidden(code: &str) -> Obstacle {
    obstacle(
        "hidden",
        format!("{code} is taken in Cezanne, and the record is not shown to us"),
        "give the service account user the role HR Professional, or look whether HR changed the code or deleted the person; nobody is \
         made twice"
            .to_owned(),
    )
}

pub(crate) fn code_taken(code: &str) -> Obstacle {
    obstacle(
        "code_taken",
        format!(
            "{code} is the person's code, and the record there has another name and another e-mail address"
        ),
        "look whether it is this person. With keep.contact set, hiresync can tell by itself".to_owned(),
    )
}

pub(crate) fn no_code(length_max: Option<usize>) -> Obstacle {
    let most = length_max.map(|most| format!(", {most} at most")).unwrap_or_default();
    obstacle(
        "person_code",
        "person not created: what is mapped to PERSONID gives no person code".to_owned(),
        format!("map PERSONID to something of letters, digits and signs without blanks{most}"),
    )
}

pub(crate) fn does_not_fit(field: &FieldName, spec: &Property) -> Obstacle {
    let takes = match spec.length_max {
        Some(most) => format!("at most {most} characters"),
        None => format!("{:?}", spec.edm),
    };
    obstacle(
        "does_not_fit",
        format!("{field} has a value that Cezanne does not take ({takes})"),
        format!(
            "correct the value in Lever, or the expression of {field} (`| truncate(…)` cuts, nothing else does)"
        ),
    )
}

pub(crate) fn new_starter(
    code: &str,
    hire: &OpportunityId,
    filled: &[FieldName],
    has_employment: bool,
) -> String {
    let placeholders = match filled {
        [] => String::new(),
        fields => {
            let names: Vec<&str> = fields.iter().map(FieldName::as_str).collect();
            format!(" Placeholder data, to be corrected: {}.", names.join(", "))
        }
    };
    let steps = if has_employment {
        "In Cezanne: People > All People, open the person, correct what is placeholder data, complete Employment, then start Onboarding \
         (Processes > Onboarding, \"already in the system\"). If the employment is missing, `hiresync history` says why; add it there"
    } else {
        "In Cezanne: People > All People, open the person, Rehire > Start Process: the New Starter Process asks for the employment"
    };
    format!("New starter: person code {code} (opportunity {hire}).{placeholders} {steps}.")
}

/// The server's own words, without the person's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said(Option<String>);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(text) => write!(f, " ({text})"),
            None => Ok(()),
        }
    }
}

/// Takes out of `said` every value of the person, whole and word by word, in any case. What we made up ourselves stays: it is
/// nobody's.
pub(crate) fn scrubbed(said: Option<&Pii<String>>, wanted: &Wanted) -> Said {
    let Some(said) = said else { return Said(None) };
    let is_filled = |field: &FieldName| {
        wanted
            .filled
            .iter()
            .any(|filled| matches!(&filled.field, people::FieldKey::Person { field: own } if own == field))
    };
    let of_hires = wanted.hires.values().flatten().filter(|(field, _)| field.as_str() != COMPANY);
    let of_person = wanted.person.iter().filter(|(field, _)| !is_filled(field));
    let own = of_person.chain(of_hires).map(|(_, value)| value.reveal());
    let mut values: Vec<String> = Vec::new();
    for value in own.filter(|value| !matches!(value, Value::Blank)) {
        let text = value.to_text().to_lowercase();
        values.extend(
            text.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.chars().count() > 1)
                .map(str::to_owned),
        );
        values.push(text);
    }
    // The longest first: a name before its first word.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let mut text: String = said.reveal().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for value in values.iter().filter(|value| !value.is_empty()) {
        text = without(&text, value);
    }
    Said(Some(text.chars().take(SAID_MAX).collect()))
}

/// `text` with every occurrence of `value`, which is in small letters, made unreadable.
fn without(text: &str, value: &str) -> String {
    let wanted: Vec<char> = value.chars().collect();
    let chars: Vec<char> = text.chars().collect();
    let is_here = |at: usize| {
        chars.len() - at >= wanted.len()
            && wanted
                .iter()
                .zip(&chars[at..])
                .all(|(ours, theirs)| theirs.to_lowercase().eq(std::iter::once(*ours)))
    };
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        if is_here(at) {
            kept.push('…');
            at += wanted.len();
        } else {
            kept.push(chars[at]);
            at += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use adapter_sdk::Level;
    use people::{FieldKey, Filled};

    use super::*;

    fn wanted(values: &[(&str, &str)], filled: &[&str]) -> Wanted {
        let person = values
            .iter()
            .map(|(name, value)| (FieldName::new(*name), Pii::new(Value::Text((*value).to_owned()))))
            .collect();
        let filled = filled
            .iter()
            .map(|name| Filled {
                field: FieldKey::Person { field: FieldName::new(*name) },
                why: String::new(),
            })
            .collect();
        Wanted { person, filled, ..Wanted::default() }
    }

    #[test]
    fn the_servers_words_are_kept_without_the_persons_values() {
        let wanted = wanted(
            &[("FAMILYNAME", "van der Berg"), ("EMAIL", "Ada+x@example.org"), ("GENDER", "Not Known")],
            &["GENDER"],
        );
        let said = Pii::new(
            "Family name 'VAN DER BERG' (ada+x@example.org, Berg) conflicts; gender 'Not Known' is no item\n"
                .to_owned(),
        );
        let Said(Some(text)) = scrubbed(Some(&said), &wanted) else { panic!("something was said") };
        for gone in ["BERG", "Berg", "ada", "example.org", "der"] {
            assert!(!text.contains(gone), "{text}");
        }
        assert!(text.contains("Family name '…'") && text.contains("'Not Known'"), "{text}");
        let _ = Level::Person;
    }

    #[test]
    fn what_the_server_says_at_length_is_cut() {
        let said = Pii::new("x".repeat(1_000));
        assert_eq!(scrubbed(Some(&said), &Wanted::default()).to_string().len(), SAID_MAX + 3);
        assert_eq!(scrubbed(None, &Wanted::default()).to_string(), "");
    }

    #[test]
    fn every_obstacle_names_a_code_and_a_remedy() {
        let said = Said(Some("no".to_owned()));
        let fits = Property {
            edm: crate::odata::Edm::String,
            nullable: true,
            length_max: Some(3),
            read_only: false,
            has_default: false,
            concurrency: false,
        };
        let all = [
            employment_refused("LV-1", "ACME-UK", Some(CompanyFault::NotActive), &said),
            employment_refused("LV-1", "ACME-UK", None, &said),
            employment_gone("LV-1", "LV-1"),
            employed_already("LV-1", "1001", "LV-1"),
            gender("Not Known", "U", &said),
            person_refused("LV-1", &said),
            change_refused("LV-1", &said),
            contact_details_refused(&said),
            deployment_refused("LV-1", &said),
            hidden("LV-1"),
            code_taken("LV-1"),
            no_code(Some(50)),
            does_not_fit(&FieldName::new("GIVENNAME"), &fits),
        ];
        for obstacle in &all {
            assert!(!obstacle.remedy.is_empty() && !obstacle.what.ends_with('.'), "{obstacle}");
        }
        assert!(all[0].to_string().contains("company code ACME-UK is not active"), "{}", all[0]);
    }
}
