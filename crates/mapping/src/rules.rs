//! The compiled mapping of one target.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use adapter_sdk::{Columns, FieldSchema, Level, settings::nearest};
use minijinja::{Expression, value::ValueKind};
use people::{
    Candidacy, Date, FieldKey, FieldName, Fields, Hire, Missing, OpportunityId, Person, Pii, Value, Wanted,
    Zone,
};

use crate::{
    Needs, Scope, Writes,
    facts::{self, Facts},
    language, names,
};

/// What the configuration says: fields and expressions, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// `[targets.NAME.person]`
    pub person: Vec<(String, String)>,
    /// `[targets.NAME.hire]`
    pub hire: Vec<(String, String)>,
}

/// Something wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFault {
    /// `person` or `hire`.
    pub level: Level,
    /// Which field.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// "Today" of each hire, as pinned in its standing.
pub type Decisions = BTreeMap<OpportunityId, Date>;

/// The compiled mapping of one target: total and deterministic. An expression yields a value, a blank, or a field that is
/// missing; never a panic.
pub struct Mapping {
    person: Vec<Rule>,
    hire: Vec<Rule>,
    needs: Needs,
    pinned: BTreeSet<FieldName>,
    writes: Writes,
    zone: Zone,
}

struct Rule {
    field: FieldName,
    expression: Expression<'static, 'static>,
    needs: Needs,
}

impl Mapping {
    /// Compiles `rules` against the fields a target takes. Every fault is reported, none is left for the first hire.
    pub fn compile(rules: &Rules, schema: &FieldSchema, zone: Zone) -> Result<Mapping, Vec<MappingFault>> {
        let mut compiling =
            Compiling { schema, faults: Vec::new(), needs: Needs::default(), pinned: BTreeSet::new() };
        let mut mapping = Mapping {
            person: compiling.level(Level::Person, &rules.person),
            hire: compiling.level(Level::Hire, &rules.hire),
            needs: Needs::default(),
            pinned: BTreeSet::new(),
            writes: Writes::default(),
            zone,
        };
        compiling.across_levels(rules);
        if compiling.faults.is_empty() {
            compiling.try_once(&mapping);
        }
        mapping.needs = compiling.needs;
        mapping.pinned = compiling.pinned;
        if compiling.faults.is_empty() { Ok(mapping) } else { Err(compiling.faults) }
    }

    /// What has to be asked of Lever.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Fields of a hire that depend on the day of the decision: a ledger that lost that day leaves them as they are.
    pub fn pinned(&self) -> &BTreeSet<FieldName> {
        &self.pinned
    }

    /// When each field is written.
    pub fn writes(&self) -> &Writes {
        &self.writes
    }

    /// The target's `when`, as written.
    pub fn when(&self) -> Option<&str> {
        None
    }

    /// Whether the target is told about a hire of `person`.
    pub fn scope(&self, _person: &Person, _opportunity: &OpportunityId, _today: Option<Date>) -> Scope {
        Scope::In
    }

    /// Whether the configuration states a placeholder for a field.
    pub fn has_placeholder(&self, _field: &FieldKey) -> bool {
        false
    }

    /// The mapped fields in the order of the configuration.
    pub fn columns(&self) -> Columns {
        let fields = |rules: &[Rule]| rules.iter().map(|rule| rule.field.clone()).collect();
        Columns { person: fields(&self.person), hire: fields(&self.hire) }
    }

    /// What a target should hold about `person`, with one record for each of the hires `in_scope`.
    pub fn apply(
        &self,
        person: &Person,
        in_scope: &BTreeSet<&OpportunityId>,
        decided_on: &Decisions,
    ) -> Wanted {
        let mut facts = facts::of_person(person, self.zone);
        let mut wanted = Wanted::default();
        wanted.person =
            evaluate(self.person.iter(), &facts, &mut wanted.missing, |field| FieldKey::Person { field });
        for (opportunity, hire) in person.hires.iter().filter(|(id, _)| in_scope.contains(id)) {
            facts.extend(facts::of_hire(opportunity, hire, decided_on.get(opportunity).copied()));
            let key = |field| FieldKey::Hire { opportunity: opportunity.clone(), field };
            // What was withheld is unknown: such a field is not ours to write, least of all as a blank.
            let known = self.hire.iter().filter(|rule| !rule.needs.meets(hire.withheld));
            let fields = evaluate(known, &facts, &mut wanted.missing, key);
            wanted.hires.insert(opportunity.clone(), fields);
        }
        wanted
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping").field("columns", &self.columns()).field("needs", &self.needs).finish()
    }
}

fn evaluate<'r>(
    rules: impl Iterator<Item = &'r Rule>,
    facts: &Facts,
    missing: &mut Vec<Missing>,
    key: impl Fn(FieldName) -> FieldKey,
) -> Fields {
    let context = minijinja::Value::from(facts.clone());
    let mut fields = Fields::new();
    for rule in rules {
        match rule.expression.eval(context.clone()).ok().as_ref().and_then(value) {
            Some(value) => {
                fields.insert(rule.field.clone(), Pii::new(value));
            }
            None => missing.push(Missing {
                field: key(rule.field.clone()),
                lack: people::Lack::NotComputable,
                due: None,
            }),
        }
    }
    fields
}

/// The field's value; `None` for what no field can hold: a function, a table, an oversized text.
fn value(found: &minijinja::Value) -> Option<Value> {
    if found.is_undefined() || found.is_none() {
        return Some(Value::Blank);
    }
    match found.kind() {
        ValueKind::Bool => Some(Value::Bool(found.is_true())),
        ValueKind::Number => match i64::try_from(found.clone()) {
            Ok(number) => Some(Value::Integer(number)),
            Err(_) => f64::try_from(found.clone())
                .ok()
                .filter(|number| number.is_finite())
                .map(|number| facts::whole(number).map_or(Value::Decimal(number), Value::Integer)),
        },
        ValueKind::String => match found.as_str()? {
            "" => Some(Value::Blank),
            text if text.len() > language::RESULT_MAX => None,
            text => Some(Value::Text(text.to_owned())),
        },
        ValueKind::Seq | ValueKind::Iterable => {
            found.try_iter().ok()?.map(|item| value(&item)).collect::<Option<Vec<_>>>().map(Value::List)
        }
        _ => None,
    }
}

struct Compiling<'s> {
    schema: &'s FieldSchema,
    faults: Vec<MappingFault>,
    needs: Needs,
    pinned: BTreeSet<FieldName>,
}

impl Compiling<'_> {
    fn level(&mut self, level: Level, rules: &[(String, String)]) -> Vec<Rule> {
        rules.iter().filter_map(|(field, source)| self.rule(level, field, source)).collect()
    }

    fn rule(&mut self, level: Level, field: &str, source: &str) -> Option<Rule> {
        self.known_field(level, field);
        let expression = match language::compile(source) {
            Ok(expression) => expression,
            Err(error) => {
                let detail = error.detail().unwrap_or("it cannot be understood").to_owned();
                self.fault(
                    level,
                    field,
                    format!("is no expression: {detail}"),
                    "write an expression such as \"name.first\"",
                );
                return None;
            }
        };
        let used: BTreeSet<String> = expression.undeclared_variables(true).into_iter().collect();
        let mut needs = Needs::default();
        for name in &used {
            needs = needs.union(self.known_name(level, field, name));
        }
        self.needs = self.needs.union(needs);
        if used.contains("today") {
            self.pinned.insert(FieldName::new(field));
        }
        Some(Rule { field: FieldName::new(field), expression, needs })
    }

    fn known_field(&mut self, level: Level, field: &str) {
        if self.schema.open
            || self.schema.fields.iter().any(|spec| spec.level == level && spec.name.as_str() == field)
        {
            return;
        }
        let fields =
            self.schema.fields.iter().filter(|spec| spec.level == level).map(|spec| spec.name.as_str());
        let remedy = nearest(field, fields)
            .map_or_else(|| "remove it".to_owned(), |name| format!("did you mean {name}?"));
        self.fault(level, field, "is no field of this target", remedy);
    }

    fn known_name(&mut self, level: Level, field: &str, name: &str) -> Needs {
        let entries = names::entries(name);
        if entries.is_empty() {
            let remedy = nearest(name, names::all()).map_or_else(
                || "see the table of names in the README".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            self.fault(level, field, format!("uses the unknown name {name}"), remedy);
        } else if level == Level::Person && entries.iter().all(|entry| entry.level == Level::Hire) {
            self.fault(
                level,
                field,
                format!("uses {name}, which belongs to one hire"),
                "move the field to the target's .hire table",
            );
        }
        entries.iter().fold(Needs::default(), |needs, entry| needs.union(entry.needs))
    }

    /// A column that both levels name would stand twice in a row.
    fn across_levels(&mut self, rules: &Rules) {
        for (field, _) in &rules.hire {
            if rules.person.iter().any(|(other, _)| other == field) {
                self.fault(Level::Hire, field, "is mapped under .person too", "keep one of the two");
            }
        }
    }

    /// An unknown filter or function shows only when evaluated: evaluate once, against a person about whom nothing is known.
    fn try_once(&mut self, mapping: &Mapping) {
        let (person, opportunity) = nobody();
        let facts = facts::of_person(&person, mapping.zone);
        self.try_level(Level::Person, &mapping.person, &facts);
        let mut facts = facts;
        facts.extend(facts::of_hire(&opportunity, &person.hires[&opportunity], None));
        self.try_level(Level::Hire, &mapping.hire, &facts);
    }

    fn try_level(&mut self, level: Level, rules: &[Rule], facts: &Facts) {
        let context = minijinja::Value::from(facts.clone());
        for rule in rules {
            let Err(error) = rule.expression.eval(context.clone()) else { continue };
            if matches!(
                error.kind(),
                minijinja::ErrorKind::UnknownFilter
                    | minijinja::ErrorKind::UnknownFunction
                    | minijinja::ErrorKind::UnknownTest
                    | minijinja::ErrorKind::UnknownMethod
                    | minijinja::ErrorKind::MissingArgument
                    | minijinja::ErrorKind::TooManyArguments
            ) {
                let detail = error.detail().unwrap_or("it uses something that does not exist").to_owned();
                self.fault(
                    level,
                    rule.field.as_str(),
                    format!("cannot be computed: {detail}"),
                    "use a filter or function of the README's table",
                );
            }
        }
    }

    fn fault(&mut self, level: Level, field: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(MappingFault {
            level,
            field: field.to_owned(),
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }
}

/// A person about whom nothing is known but that they were hired.
fn nobody() -> (Person, OpportunityId) {
    let opportunity: OpportunityId = "nobody".parse().expect("the word is an id");
    let mut person = Person::new("nobody".parse().expect("the word is an id"));
    person.hires.insert(opportunity.clone(), Hire::new(people::Timestamp::UNIX_EPOCH));
    person.opportunities.insert(opportunity.clone(), Candidacy::Hired);
    (person, opportunity)
}

#[cfg(test)]
mod tests {
    use people::{Answer, AnswerValue, FullName, Offer, Phone, PhoneKind, Posting};

    use super::*;

    const OPEN: FieldSchema = FieldSchema { fields: Vec::new(), open: true };

    fn rules(person: &[(&str, &str)], hire: &[(&str, &str)]) -> Rules {
        let own =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Rules { person: own(person), hire: own(hire) }
    }

    fn amara() -> (Person, OpportunityId) {
        let (mut person, opportunity) = nobody();
        person.contact = "c1".parse().unwrap();
        person.name = FullName::new("Amara Okafor-Lind");
        person.emails = vec![Pii::new("amara@example.com".to_owned()), Pii::new("a@example.org".to_owned())];
        person.phones = vec![
            Phone { kind: None, number: Pii::new("1".to_owned()) },
            Phone { kind: Some(PhoneKind::Mobile), number: Pii::new("+44 7700 900123".to_owned()) },
        ];
        person.opportunities.insert("o2".parse().unwrap(), Candidacy::Open);
        person.answers = [(1, "1990-01-01"), (2, "1991-02-03")]
            .map(|(at, text)| Answer {
                opportunity: "o2".parse().unwrap(),
                posting: None,
                template: None,
                field: None,
                question: "Date of birth ".to_owned(),
                value: Pii::new(AnswerValue::Text(text.to_owned())),
                at: people::Timestamp::from_timestamp(at, 0),
            })
            .into();
        let hire = person.hires.get_mut(&opportunity).unwrap();
        hire.hired_at = "2026-03-31T23:30:00Z".parse().unwrap();
        hire.posting = Some(Posting { title: Some("Engineer".to_owned()), ..Posting::default() });
        let fields = [("salary_amount".to_owned(), Pii::new(AnswerValue::Number(64000.0)))].into();
        hire.offer = Some(Offer { start_date: "2026-05-04".parse().ok(), fields, ..Offer::default() });
        (person, opportunity)
    }

    #[test]
    fn the_published_example_maps_a_person_and_a_hire() {
        let rules = rules(
            &[
                ("employee_ref", "contact"),
                ("first_name", "name.first"),
                ("last_name", "name.last"),
                ("email", "emails | first"),
                ("mobile", "phone('mobile')"),
                ("skype", "phone('skype')"),
                ("opportunities", "opportunities | join(';')"),
                ("born", "answer('Date of birth')"),
            ],
            &[
                ("hired_on", "hired_at | date"),
                ("title", "posting.title"),
                ("department", "posting.department"),
                ("start_date", "offer.start_date"),
                ("pay", "offer.salary_amount"),
                ("grade", "offer.custom_grade | upper"),
            ],
        );
        let mapping = Mapping::compile(&rules, &OPEN, chrono_tz::Europe::London).unwrap();
        let (person, opportunity) = amara();
        let wanted = mapping.apply(&person, &[&opportunity].into(), &Decisions::new());
        assert_eq!(wanted.missing, []);
        let cells = |fields: &Fields| -> Vec<String> {
            fields.iter().map(|(name, value)| format!("{name}={}", value.reveal().to_text())).collect()
        };
        assert_eq!(
            cells(&wanted.person),
            [
                "born=1991-02-03",
                "email=amara@example.com",
                "employee_ref=c1",
                "first_name=Amara",
                "last_name=Okafor-Lind",
                "mobile=+44 7700 900123",
                "opportunities=nobody;o2",
                "skype=",
            ]
        );
        assert_eq!(
            cells(&wanted.hires[&opportunity]),
            [
                "department=",
                "grade=",
                "hired_on=2026-04-01",
                "pay=64000",
                "start_date=2026-05-04",
                "title=Engineer"
            ]
        );
        assert_eq!(
            mapping.needs(),
            Needs { offers: true, postings: true, ..Needs::default() }
        );
    }

    #[test]
    fn a_hire_out_of_scope_gets_no_record_and_stays_in_the_list_of_opportunities() {
        let rules = rules(&[("all", "opportunities | join(';')")], &[("on", "today")]);
        let mapping = Mapping::compile(&rules, &OPEN, chrono_tz::UTC).unwrap();
        let (person, _) = amara();
        let wanted = mapping.apply(&person, &BTreeSet::new(), &Decisions::new());
        assert!(wanted.hires.is_empty());
        assert_eq!(wanted.person[&FieldName::new("all")].reveal().to_text(), "nobody;o2");
    }

    #[test]
    fn what_lever_withheld_is_left_out_and_not_written_as_a_blank() {
        let rules = rules(
            &[],
            &[("start", "offer.start_date"), ("title", "posting.title"), ("on", "hired_at | date")],
        );
        let mapping = Mapping::compile(&rules, &OPEN, chrono_tz::UTC).unwrap();
        let (mut person, opportunity) = amara();
        let hire = person.hires.get_mut(&opportunity).unwrap();
        hire.offer = None;
        hire.withheld = people::Withheld { offers: true, ..people::Withheld::default() };
        let wanted = mapping.apply(&person, &[&opportunity].into(), &Decisions::new());
        let fields: Vec<&str> = wanted.hires[&opportunity].keys().map(FieldName::as_str).collect();
        assert_eq!(fields, ["on", "title"]);
    }

    #[test]
    fn every_fault_of_a_mapping_is_found_when_it_is_compiled() {
        let rules = rules(
            &[
                ("a", "name.frist"),
                ("b", "emails | frist"),
                ("c", "name.first +"),
                ("d", "hired_at"),
                ("e", "salary"),
                ("f", "contact"),
            ],
            &[("f", "opportunity"), ("g", "range(10)")],
        );
        let faults = Mapping::compile(&rules, &OPEN, chrono_tz::UTC).unwrap_err();
        let said: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} {}; {}", fault.field, fault.problem, fault.remedy))
            .collect();
        assert_eq!(said[0], "a uses the unknown name name.frist; did you mean name.first?");
        assert!(said[1].starts_with("c is no expression: "), "{}", said[1]);
        assert_eq!(
            said[2],
            "d uses hired_at, which belongs to one hire; move the field to the target's .hire table"
        );
        assert!(said[3].starts_with("e uses the unknown name salary; "), "{}", said[3]);
        assert!(said[4].starts_with("g uses the unknown name range"), "{}", said[4]);
        assert_eq!(said[5], "f is mapped under .person too; keep one of the two");
        let faults = Mapping::compile(&self::rules(&[("b", "emails | frist")], &[]), &OPEN, chrono_tz::UTC)
            .unwrap_err();
        assert!(faults[0].problem.starts_with("cannot be computed: "), "{}", faults[0].problem);
    }

    #[test]
    fn an_expression_that_cannot_be_computed_makes_its_field_missing_and_holds_nobody_else() {
        let rules = rules(&[("bad", "contact | date"), ("long", "'x' * 2000000"), ("good", "contact")], &[]);
        let mapping = Mapping::compile(&rules, &OPEN, chrono_tz::UTC).unwrap();
        let (person, _) = amara();
        let wanted = mapping.apply(&person, &BTreeSet::new(), &Decisions::new());
        let missing: Vec<String> = wanted.missing.iter().map(|missing| missing.field.to_string()).collect();
        assert_eq!(
            (missing, wanted.person.len()),
            (vec!["person.bad".to_owned(), "person.long".to_owned()], 1)
        );
    }
}
