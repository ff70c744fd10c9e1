//! What the configuration says about one target's fields, before it is compiled.

use std::{collections::BTreeMap, fmt, str::FromStr};

use adapter_sdk::{FieldRule, Level, Placeholder};
use people::{Date, OpportunityId};

/// Which fields a target gets, from which facts, and for which hires.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// `when = "expression"`: the hires this target is told about; `None`: every hire.
    pub when: Option<String>,
    /// `[targets.NAME.person]`, in its order.
    pub person: Vec<(String, Rule)>,
    /// `[targets.NAME.hire]`, in its order.
    pub hire: Vec<(String, Rule)>,
    /// `inherit = false`: the target's own default fields are left out.
    pub without_defaults: bool,
}

/// How one field comes to its value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rule {
    /// The expression.
    pub value: String,
    /// A blank holds the person.
    pub required: bool,
    /// When the field is written; `None`: as the target's schema says.
    pub write: Option<FieldRule>,
    /// A blank never replaces what was written before.
    pub never_clear: bool,
    /// Longest text, in characters.
    pub length_max: Option<usize>,
    /// The only values there may be, as text; empty: any.
    pub one_of: Vec<String>,
    /// A blank holds the person, and is needed by a day.
    pub hold: Option<Hold>,
    /// What is sent where nobody gave a value: reported as filled, and a task asks for the right one.
    pub placeholder: Option<Placeholder>,
    /// Why the target gets it: for the data-flow page.
    pub purpose: Option<String>,
}

impl Rule {
    /// The short form: an expression and nothing else.
    pub fn new(expression: impl Into<String>) -> Rule {
        Rule { value: expression.into(), ..Rule::default() }
    }
}

impl Rules {
    /// Short forms only: fields and expressions.
    pub fn short(person: &[(&str, &str)], hire: &[(&str, &str)]) -> Rules {
        let own = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(field, value)| ((*field).to_owned(), Rule::new(*value))).collect()
        };
        Rules { person: own(person), hire: own(hire), ..Rules::default() }
    }
}

/// One key of a field's long form: how it is written, and what it means.
pub type Key = (&'static str, &'static str, &'static str);

/// Every key of a field's long form: its name, an example, what it does.
pub const KEYS: &[Key] = &[
    (
        "value",
        "\"name.first\"",
        "the expression; the only key there must be. `field = \"…\"` is short for it",
    ),
    ("required", "true", "a blank holds the person until Lever has a value"),
    (
        "hold",
        "\"3 days before start\"",
        "the same, with the day by which it is needed: `N days|weeks before|after start|hire`, `on start`; `true` for no day",
    ),
    (
        "placeholder",
        "\"U\"",
        "this very text, number or day instead of a blank: reported as filled, and a task asks for the right value",
    ),
    ("only_on_create", "true", "written when the record is made; afterwards the field is HR's"),
    ("only_if_empty", "true", "written only while it is empty over there"),
    ("never_clear", "true", "a blank in Lever leaves the old value where it is"),
    ("clear", "true", "a blank in Lever empties the field: what happens anyway, said aloud"),
    ("max_length", "50", "a longer text holds the person; it is never cut (`| truncate(50)` cuts)"),
    ("one_of", "[\"F\", \"M\", \"U\"]", "any other value holds the person; a blank is no value"),
    ("purpose", "\"payroll\"", "why the target gets it, for `check --data-flow`"),
];

/// `[tables.NAME]`: what `lookup` looks up.
pub type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// "Today" of each hire, as pinned in its standing.
pub type Decisions = BTreeMap<OpportunityId, Date>;

/// By when a missing value is needed: `hold = true`, or `hold = "3 days before start"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hold {
    /// `None`: no day is known.
    pub due: Option<Due>,
}

/// A day reckoned from a hire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Days after it; negative: before.
    pub days: i32,
    /// After what.
    pub milestone: Milestone,
}

/// What a due date is reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// The offer's start date.
    Start,
    /// The day of hire.
    Hire,
}

/// What a due date looks like.
pub const DUE_FORMS: &str = "\"3 days before start\", \"on start\" or \"1 week after hire\"";

impl FromStr for Hold {
    type Err = String;

    /// `on start`, `N days before start`, `N weeks after hire`.
    fn from_str(text: &str) -> Result<Hold, String> {
        let wrong = || format!("is no due date; write {DUE_FORMS}");
        let milestone = |word: &str| match word {
            "start" => Ok(Milestone::Start),
            "hire" => Ok(Milestone::Hire),
            _ => Err(wrong()),
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (days, word) = match words.as_slice() {
            ["on", word] => (0, *word),
            [count, unit, side, word] => {
                let count: i32 =
                    count.parse().ok().filter(|count| (0..=366).contains(count)).ok_or_else(wrong)?;
                let unit = match *unit {
                    "day" | "days" => 1,
                    "week" | "weeks" => 7,
                    _ => return Err(wrong()),
                };
                match *side {
                    "before" => (-count * unit, *word),
                    "after" => (count * unit, *word),
                    _ => return Err(wrong()),
                }
            }
            _ => return Err(wrong()),
        };
        Ok(Hold { due: Some(Due { days, milestone: milestone(word)? }) })
    }
}

/// Something wrong with the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFault {
    /// Where.
    pub place: Place,
    /// At which character of the expression, from 1, if that is known.
    pub at: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// Where in a target's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `when`
    When,
    /// A field.
    Field {
        /// In which table.
        level: Level,
        /// Which one.
        field: String,
        /// Which key of its long form; `value` is the expression, in either form.
        key: &'static str,
    },
}

impl fmt::Display for Place {
    /// As a path below the target's: `person.birth_date.hold`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::When => f.write_str("when"),
            Place::Field { level, field, key: "value" } => write!(f, "{}.{field}", level.word()),
            Place::Field { level, field, key } => write!(f, "{}.{field}.{key}", level.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_date_is_reckoned_from_the_start_or_the_hire() {
        for (text, days, milestone) in [
            ("3 days before start", -3, Milestone::Start),
            ("1 day before start", -1, Milestone::Start),
            ("2 weeks after hire", 14, Milestone::Hire),
            ("on  start", 0, Milestone::Start),
        ] {
            assert_eq!(text.parse(), Ok(Hold { due: Some(Due { days, milestone }) }), "{text}");
        }
        for text in
            ["", "soon", "3 days", "-3 days before start", "3 months before start", "3 days before Easter"]
        {
            assert!(text.parse::<Hold>().unwrap_err().contains("3 days before start"), "{text}");
        }
    }
}
