//! What people who know another language write, and what is to be written here.

/// What other languages write so, and what is to be written here.
pub(super) const SLIPS: &[(&str, &str)] = &[
    ("{{", "leave the braces out: \"name.first\""),
    ("{%", "write A if condition else B"),
    ("=", "to compare, write =="),
    ("“", QUOTES),
    ("”", QUOTES),
    ("„", QUOTES),
    ("‘", QUOTES),
    ("’", QUOTES),
    ("&", "write and, or ~ to put texts together"),
    ("|", "write or; a helper stands after one bar: emails | first"),
    ("!", "write not, or != to compare"),
    ("?", "write A if condition else B"),
    ("if ", "write A if condition else B"),
    ("AND ", "write and"),
    ("OR ", "write or"),
    ("NOT ", "write not"),
    ("<>", "write !="),
    ("{", "leave the braces out: \"name.first\""),
];
const QUOTES: &str = "write straight quotes: 'GB'";

/// Helpers, tests and names as other languages call them, and what is meant.
const ELSEWHERE: &[(&str, &str)] = &[
    ("none", "write is blank"),
    ("null", "write '' for a blank, and is blank to ask for one"),
    ("undefined", "write is blank"),
    ("defined", "write is not blank"),
    ("capitalize", "did you mean title?"),
    ("uppercase", "did you mean upper?"),
    ("lowercase", "did you mean lower?"),
    ("strip", "did you mean trim?"),
    ("concat", "put texts together with ~, or a list with | join(' ')"),
    ("slice", "did you mean truncate?"),
    ("substring", "did you mean truncate?"),
    ("round", "did you mean number(decimals=2)?"),
    ("if", "write A if condition else B"),
    ("iferror", "write … | default('instead')"),
    ("ifblank", "write … | default('instead')"),
    ("vlookup", "write … | lookup('NAME') and [tables.NAME]"),
    ("concatenate", "put texts together with ~: name.first ~ ' ' ~ name.last"),
    ("text", "write … | date(format='%d.%m.%Y') or … | number(decimals=2)"),
    ("left", "write … | truncate(3)"),
    ("mid", "write … | truncate(3) or … | split('-')"),
    ("right", "write … | split('-') | last"),
    ("proper", "write … | title"),
    ("len", "write … | length"),
    ("substitute", "write … | replace('a', 'b')"),
    ("first_name", "did you mean name.first?"),
    ("last_name", "did you mean name.last or name.surname?"),
    ("surname", "did you mean name.surname?"),
    ("full_name", "did you mean name.full?"),
    ("candidate.name", "did you mean name.full?"),
    ("email", "did you mean emails | first?"),
    ("mobile", "write phone('mobile')"),
    ("phones.mobile", "write phone('mobile')"),
    ("start_date", "did you mean offer.start_date?"),
    ("salary", "did you mean offer.salary_amount?"),
    ("job_title", "did you mean offer.job_title or posting.title?"),
    ("title", "did you mean posting.title?"),
    ("department", "did you mean posting.department?"),
    ("country", "did you mean posting.country?"),
    ("hire.id", "did you mean opportunity?"),
    ("candidate.id", "did you mean contact?"),
    ("id", "did you mean contact or opportunity?"),
];

/// What to write instead of a word that other languages have.
pub(super) fn elsewhere(word: &str) -> Option<String> {
    let found = ELSEWHERE.iter().find(|(other, _)| other.eq_ignore_ascii_case(word));
    found.map(|(_, remedy)| (*remedy).to_owned())
}
