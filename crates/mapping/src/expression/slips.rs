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
];

/// What to write instead of a word that other languages have.
pub(super) fn elsewhere(word: &str) -> Option<String> {
    let found = ELSEWHERE.iter().find(|(other, _)| other.eq_ignore_ascii_case(word));
    found.map(|(_, remedy)| (*remedy).to_owned())
}
