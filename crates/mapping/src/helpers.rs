//! Every filter and test of an expression: the table of them, and putting it into the language.
//!
//! | module | helpers |
//! |---|---|
//! | `call` | what a helper is called with, and what it says when it cannot do its work |
//! | `text` | of texts: letters, white space, parts of a name |
//! | `list` | of lists |
//! | `day` | days and moments |
//! | `number` | numbers and amounts |
//! | `phone` | telephone numbers |
//! | `table` | tables of the configuration |
//!
//! A blank (nothing, the empty text, the empty list) passes through every filter as nothing, unless its entry says
//! otherwise. What a helper is told wrong shows even then: an expression evaluated once on a person about whom nothing is
//! known has its arguments checked.

mod call;
mod day;
mod list;
mod number;
mod phone;
mod table;
#[cfg(test)]
mod tests;
mod text;

use adapter_sdk::FieldKind;
use minijinja::{Environment, Error, State, Value, value::Kwargs};

use call::Call;
pub(crate) use call::{lack, misused, told, too_long};
pub(crate) use day::YEARS;

/// The hidden name under which a context hands over the tables of the configuration: a map of the table's name to a map
/// of text to text. No expression can spell it.
pub(crate) const TABLES: &str = " tables";

/// One helper of the expression language.
#[derive(Debug, Clone, Copy)]
pub struct Helper {
    /// As written in an expression.
    pub name: &'static str,
    /// How it is written: `x | name`, or `x is name`.
    pub kind: HelperKind,
    /// An example.
    pub usage: &'static str,
    /// What it does.
    pub about: &'static str,
    /// What comes out; `None`: that depends.
    pub gives: Option<FieldKind>,
    /// How many arguments may be given by position: the first so many of [`Helper::keywords`].
    pub positional: usize,
    /// How many arguments must be given, either way: the first so many of [`Helper::keywords`].
    pub required: usize,
    /// The names of its arguments.
    pub keywords: &'static [&'static str],
    run: fn(&Call<'_>) -> Result<Value, Error>,
}

/// How a helper is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelperKind {
    /// `x | name`
    Filter,
    /// `x is name`
    Test,
}

impl Helper {
    /// What is wrong with a call that gives so many arguments by position and these by name; `None`: nothing.
    pub fn misuse(&self, positional: usize, keywords: &[&str]) -> Option<String> {
        let name = self.name;
        if positional > self.positional {
            return Some(match self.positional {
                0 if self.keywords.is_empty() => format!("{name} takes no argument"),
                0 => format!("{name} takes its arguments by name: {}", self.keywords.join(", ")),
                most => format!(
                    "{name} takes at most {most} unnamed argument{}",
                    if most == 1 { "" } else { "s" }
                ),
            });
        }
        if let Some(unknown) = keywords.iter().find(|keyword| !self.keywords.contains(keyword)) {
            return Some(format!("{name} takes no argument {unknown}"));
        }
        self.keywords.iter().enumerate().find_map(|(at, keyword)| {
            match (at < positional, keywords.contains(keyword)) {
                (true, true) => Some(format!("{name} is given {keyword} twice")),
                (false, false) if at < self.required => Some(format!("{name} needs the argument {keyword}")),
                _ => None,
            }
        })
    }
}

impl Helper {
    /// What is wrong with arguments that are right in number and name, whoever the helper is applied to.
    pub(crate) fn mistold(&self, positional: &[Value], keywords: &Kwargs) -> Option<String> {
        let told = Call::new(self, &Value::UNDEFINED, positional, keywords, &|_| None)
            .and_then(|call| (self.run)(&call));
        told.err().filter(misused).and_then(|error| error.detail().map(str::to_owned))
    }
}

const fn filter(
    name: &'static str,
    run: fn(&Call<'_>) -> Result<Value, Error>,
    gives: Option<FieldKind>,
    usage: &'static str,
    about: &'static str,
) -> Helper {
    Helper {
        name,
        kind: HelperKind::Filter,
        usage,
        about,
        gives,
        positional: 0,
        required: 0,
        keywords: &[],
        run,
    }
}

const fn test(
    name: &'static str,
    run: fn(&Call<'_>) -> Result<Value, Error>,
    usage: &'static str,
    about: &'static str,
) -> Helper {
    Helper { kind: HelperKind::Test, ..filter(name, run, Some(FieldKind::Flag), usage, about) }
}

impl Helper {
    /// With these arguments: the first `positional` also without their names, the first `required` never left out.
    const fn takes(self, required: usize, positional: usize, keywords: &'static [&'static str]) -> Helper {
        Helper { required, positional, keywords, ..self }
    }
}

const TEXT: Option<FieldKind> = Some(FieldKind::Text);
const LIST: Option<FieldKind> = Some(FieldKind::List);

/// The table of helpers: all filters and tests there are.
pub const HELPERS: &[Helper] = &[
    filter("default", text::default, None, "offer.grade | default('A1')", "the argument if the value is blank")
        .takes(1, 1, &["value"]),
    filter("first", list::first, None, "emails | first", "the first of a list; a text as it is"),
    filter("last", list::last, None, "emails | last", "the last of a list; a text as it is"),
    filter("join", list::join, TEXT, "emails | join(';')", "a list as one text, blanks left out; sep=';'")
        .takes(0, 1, &["sep"]),
    filter("unique", list::unique, LIST, "tags | unique", "a list without what it already has"),
    filter("sort", list::sort, LIST, "tags | sort", "a list in order: numbers, then texts by their characters"),
    filter(
        "length",
        list::length,
        Some(FieldKind::Whole),
        "tags | length",
        "how many items a list has or characters a text has; 0 of a blank",
    ),
    filter("upper", text::upper, TEXT, "posting.country | upper", "in capitals, whatever the machine's language"),
    filter("lower", text::lower, TEXT, "emails | first | lower", "in small letters"),
    filter(
        "title",
        text::title,
        TEXT,
        "name.full | title",
        "words all in capitals or all in small letters get one capital, also after - . / and an apostrophe; mixed words \
         stay as typed, so do II, III and IV and the small `van der` right before a mixed word",
    ),
    filter("trim", text::trim, TEXT, "location | trim", "without white space at both ends"),
    filter("replace", text::replace, TEXT, "location | replace(' ', '_')", "each occurrence of one text by another")
        .takes(2, 2, &["from", "to"]),
    filter("split", text::split, LIST, "location | split(',')", "a text as a list").takes(1, 1, &["sep"]),
    filter(
        "truncate",
        text::truncate,
        TEXT,
        "posting.title | truncate(30)",
        "at most so many characters, never part of what is seen as one",
    )
    .takes(1, 1, &["length"]),
    filter(
        "date",
        day::date,
        None,
        "offer.start_date | date(format='%d.%m.%Y')",
        "the calendar day of a moment in the configured zone, or in zone='Europe/Berlin'; a day stays. from='%d/%m/%Y' \
         says how it was typed, days=-3 shifts it, next='monday' moves it to the first such day from then on, \
         format='%d.%m.%Y' says how to write it",
    )
    .takes(0, 1, &["format", "zone", "from", "days", "next"]),
    filter(
        "e164",
        phone::e164,
        TEXT,
        "phone('mobile') | e164('GB')",
        "a telephone number as +442079460018. A number without its country code has to be a valid one of the region. What \
         is no number, and one with an extension, stays as typed, is left blank (miss='blank') or holds the person \
         (miss='hold')",
    )
    .takes(1, 1, &["region", "miss"]),
    filter(
        "number",
        number::number,
        None,
        "offer.salary_amount | number(decimals=2, point=',', thousands='.')",
        "a number, or a text that plainly is one, written so; without arguments a text becomes a number",
    )
    .takes(0, 1, &["decimals", "point", "thousands"]),
    filter(
        "currency",
        number::currency,
        TEXT,
        "offer.salary_amount | currency('GBP')",
        "an amount as GBP 64,000.00, with as many decimals as the currency has",
    )
    .takes(1, 1, &["code"]),
    filter(
        "lookup",
        table::lookup,
        TEXT,
        "posting.department | lookup('cost_centres', miss='hold')",
        "the text's entry in a table of the configuration, capitals aside if need be; of a list, the entry of the first that has \
         one. What has none holds the person, is \
         left blank (miss='blank'), stays (miss='keep') or is given default='X'; a blank stays blank",
    )
    .takes(1, 1, &["table", "miss", "default"]),
    filter(
        "name",
        text::name,
        TEXT,
        "manager.name | name('surname')",
        "first, middle, last, given, surname, particles or suffix of any name, as of the person's own",
    )
    .takes(1, 1, &["part"]),
    test("blank", text::blankness, "offer.grade is blank", "nothing, the empty text or the empty list"),
    test("startingwith", text::starts, "location is startingwith('Lon')", "the text begins so; never of a blank")
        .takes(1, 1, &["text"]),
    test("endingwith", text::ends, "location is endingwith('UK')", "the text ends so; never of a blank")
        .takes(1, 1, &["text"]),
    test("containing", text::contains, "location is containing('don')", "the text has it in it; never of a blank")
        .takes(1, 1, &["text"]),
];

/// Helpers that a list is not too much for.
pub(crate) const TAKES_LISTS: [&str; 9] =
    ["default", "first", "last", "join", "unique", "sort", "length", "lookup", "blank"];

/// What minijinja brings along even without its built-in helpers.
const BUILTIN_FILTERS: [&str; 3] = ["safe", "escape", "e"];
const BUILTIN_TESTS: [&str; 5] = ["undefined", "defined", "none", "safe", "escaped"];

/// Makes [`HELPERS`] the filters and tests of `language`, and nothing else.
pub(crate) fn register(language: &mut Environment<'static>) {
    BUILTIN_FILTERS.into_iter().for_each(|name| language.remove_filter(name));
    BUILTIN_TESTS.into_iter().for_each(|name| language.remove_test(name));
    for helper in HELPERS {
        let run = move |state: &State<'_, '_>, value: &Value, arguments: &[Value], keywords: Kwargs| {
            Call::new(helper, value, arguments, &keywords, &|name| state.lookup(name))
                .and_then(|call| (helper.run)(&call))
        };
        match helper.kind {
            HelperKind::Filter => language.add_filter(helper.name, run),
            HelperKind::Test => language.add_test(helper.name, run),
        }
    }
}
