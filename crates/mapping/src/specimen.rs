//! Two people that are nobody: one of whom everything is known, one of whom nothing is. A mapping is tried on both when it is
//! compiled.

use people::{
    AnswerValue, Band, Candidacy, Colleague, FullName, Hire, Offer, OpportunityId, Person, Phone, PhoneKind,
    Pii, Posting, Requisition,
};

use crate::{Mapping, apply::fit, expression::Compiled, helpers, mapping::Field};

/// One of the two.
pub(crate) struct Specimen {
    person: Person,
    opportunity: OpportunityId,
}

impl Specimen {
    /// Nothing is known but that they were hired.
    pub(crate) fn bare() -> Specimen {
        let opportunity: OpportunityId = "specimen".parse().expect("the word is an id");
        let mut person = Person::new("specimen".parse().expect("the word is an id"));
        person.hires.insert(opportunity.clone(), Hire::new(people::Timestamp::UNIX_EPOCH));
        person.opportunities.insert(opportunity.clone(), Candidacy::Hired);
        Specimen { person, opportunity }
    }

    /// Everything with a fixed name is known.
    pub(crate) fn full() -> Specimen {
        let mut specimen = Specimen::bare();
        let said = |text: &str| Some(text.to_owned());
        let private = |text: &str| Pii::new(text.to_owned());
        let person = &mut specimen.person;
        person.name = FullName::new("Ada Maria van der Example Jr.");
        person.emails = vec![private("ada@example.com")];
        person.phones = PhoneKind::ALL
            .map(|(_, kind)| Phone { kind: Some(kind), number: private("+44 7700 900123") })
            .into();
        person.location = Some(private("London"));
        person.links = vec![private("https://example.com/ada")];
        let Some(hire) = person.hires.get_mut(&specimen.opportunity) else { return specimen };
        "specimen".clone_into(&mut hire.reason);
        hire.location = said("London");
        hire.origin = said("applied");
        hire.sources = vec!["Example".to_owned()];
        hire.tags = vec!["example".to_owned()];
        hire.profile = said("https://example.com/profile");
        hire.posting = Some(Posting {
            id: "specimen".to_owned(),
            title: said("Engineer"),
            team: said("Platform"),
            department: said("Engineering"),
            location: said("London"),
            commitment: said("Permanent"),
            level: said("Senior"),
            workplace: said("hybrid"),
            country: said("GB"),
            tags: vec!["example".to_owned()],
            state: said("published"),
        });
        let text = |text: &str| Pii::new(AnswerValue::Text(text.to_owned()));
        hire.offer = Some(Offer {
            id: "specimen".to_owned(),
            status: "signed".to_owned(),
            start_date: "2026-05-04".parse().ok(),
            fields: [
                ("job_title", text("Engineer")),
                ("team", text("Platform")),
                ("salary_amount", Pii::new(AnswerValue::Number(64_000.0))),
                ("compensation_currency", text("GBP")),
                ("salary_interval", text("per-year-salary")),
                ("hiring_manager", text("specimen")),
                ("direct_manager", text("specimen")),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        });
        hire.requisition = Some(Requisition {
            id: "specimen".to_owned(),
            code: said("ENG-1"),
            name: said("Engineer"),
            team: said("Platform"),
            department: said("Engineering"),
            location: said("London"),
            employment_status: said("Permanent"),
            band: Some(Band {
                min: Some(60_000.0),
                max: Some(70_000.0),
                currency: said("GBP"),
                interval: said("per-year-salary"),
            }),
            custom: std::collections::BTreeMap::new(),
        });
        let colleague = Colleague {
            id: "specimen".to_owned(),
            name: Some(private("Charles Example")),
            email: Some(private("charles@example.com")),
            external_directory_id: said("1"),
        };
        hire.manager = Some(colleague.clone());
        hire.recruiter = Some(colleague);
        specimen
    }

    /// What a trial shows to be wrong with an expression itself, field by field: a helper that is told something it does not
    /// know, and a value that is the same for everybody and right for nobody.
    pub(crate) fn try_out<'m>(&self, mapping: &'m Mapping) -> Vec<(Option<&'m Field>, String)> {
        let looking = mapping.look_at(&self.person);
        let hire = &self.person.hires[&self.opportunity];
        let at_person = looking.at_person();
        let at_hire = looking.at_hire(&self.opportunity, hire, "2026-05-04".parse().ok());
        let mut wrong = Vec::new();
        for (fields, seen) in [(&mapping.person, &at_person), (&mapping.hire, &at_hire)] {
            for field in fields {
                let constant = field.compiled.is_constant().then(|| field.compiled.compute(seen));
                let lack = constant
                    .and_then(|value| value.and_then(|value| fit(value, field.kind, &field.rule)).err());
                if let Some(problem) = misuse(&field.compiled, seen) {
                    wrong.push((Some(field), problem));
                } else if let Some(lack) = lack {
                    wrong.push((Some(field), format!("is the same for everybody, and {}", lack.words())));
                }
            }
        }
        let when = mapping.when.as_ref().and_then(|when| misuse(when, &at_hire));
        wrong.extend(when.map(|problem| (None, problem)));
        wrong
    }
}

fn misuse(expression: &Compiled, seen: &minijinja::Value) -> Option<String> {
    let error = expression.expression.eval(seen.clone()).err().filter(helpers::misused)?;
    Some(format!("cannot be computed: {}", error.detail().unwrap_or("a helper is told wrong")))
}
