//! Somebody who is nobody, on whom a mapping is tried when it is compiled: what goes wrong then does so for everybody.

use people::{Candidacy, Hire, OpportunityId, Person};

use crate::{Mapping, apply::fit, expression::Compiled, helpers, mapping::Field};

/// Of whom nothing is known but that they were hired.
pub(crate) struct Specimen {
    person: Person,
    opportunity: OpportunityId,
}

impl Specimen {
    pub(crate) fn new() -> Specimen {
        let opportunity: OpportunityId = "specimen".parse().expect("the word is an id");
        let mut person = Person::new("specimen".parse().expect("the word is an id"));
        person.hires.insert(opportunity.clone(), Hire::new(people::Timestamp::UNIX_EPOCH));
        person.opportunities.insert(opportunity.clone(), Candidacy::Hired);
        Specimen { person, opportunity }
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
