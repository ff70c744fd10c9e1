use crate::Pii;

/// A person's name: one free string in Lever, split by a stated rule, the original kept.
///
/// Two splits, both linear in the name's length and neither able to lose a word. White space (Unicode's) separates words.
///
/// | part | rule |
/// |---|---|
/// | [`first`](FullName::first) | the first word |
/// | [`last`](FullName::last) | the last word; empty for a name of one word |
/// | [`middle`](FullName::middle) | the words between the two |
///
/// The second split knows more. A comma separates words too, and is part of none. In this order:
///
/// | part | rule |
/// |---|---|
/// | [`suffix`](FullName::suffix) | every suffix word, the first word excepted, with nothing but suffixes between it and a comma or the end: `Jr`, `Sr`, `Esq`, `PhD`, `DPhil`, … in any case; `II`, `III`, `IV`, `MD`, `MBA`, … only in capitals (`Iv` is a surname); dots do not count. No single letter is one: `Priya V` |
/// | comma form | exactly one comma is left between words: what stands before it is the surname, what stands after it is given |
/// | East Asian | no comma is left, the first word is in Han characters or Hangul, and so is every other, or in kana: the first word is the surname, the others are given. `山田 花子`, but `ジョン スミス` is given first |
/// | [`surname`](FullName::surname) | the last word with the particles right before it, the first word excepted: `van`, `von`, `der`, `de`, `la`, `al`, `bin`, `ben`, …; empty for a name of one word. In the comma form: the words before the comma, and the particles that end the words after it (`Berg, Anna van der`) |
/// | [`particles`](FullName::particles) | the particles with which the surname begins |
/// | [`given`](FullName::given) | everything else |
///
/// Words stay as typed and are joined by one blank. Invisible characters at the edges of a word (bidi controls, joiners) do
/// not count when it is compared with a particle or a suffix. A name in a script without blanks is one word, hence given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FullName(Pii<String>);

impl FullName {
    /// Wraps the name as typed.
    pub fn new(name: impl Into<String>) -> Self {
        FullName(Pii::new(name.into()))
    }

    /// The name as typed.
    pub fn full(&self) -> &str {
        self.0.reveal()
    }

    /// The first word (Unicode white space separates words); empty for a blank name.
    pub fn first(&self) -> &str {
        self.words().next().unwrap_or_default()
    }

    /// The last word; empty for a blank name and for a name of one word.
    pub fn last(&self) -> &str {
        self.words().skip(1).last().unwrap_or_default()
    }

    /// The words between the first and the last, joined by one blank.
    pub fn middle(&self) -> String {
        let words: Vec<&str> = self.words().collect();
        match words.as_slice() {
            [_, middle @ .., _] => middle.join(" "),
            _ => String::new(),
        }
    }

    /// What stands before the surname: `Anna Maria` of `Anna Maria van der Berg PhD`; the word itself for a name of one word.
    pub fn given(&self) -> String {
        Parts::of(self.full()).given.join(" ")
    }

    /// The last word with the particles before it: `van der Berg`; empty for a name of one word.
    pub fn surname(&self) -> String {
        Parts::of(self.full()).surname.join(" ")
    }

    /// The particles with which the surname begins: `van der`; empty when there are none.
    pub fn particles(&self) -> String {
        Parts::of(self.full()).particles().join(" ")
    }

    /// What follows the name: `PhD`, `Jr.`; empty when nothing does.
    pub fn suffix(&self) -> String {
        Parts::of(self.full()).suffix.join(" ")
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.reveal().split_whitespace()
    }
}

/// Words that belong to the surname they precede.
const PARTICLES: &[&str] = &[
    "van", "von", "vom", "der", "den", "de", "del", "dello", "della", "dei", "degli", "dalla", "di", "da",
    "do", "dos", "das", "du", "la", "las", "le", "los", "el", "al", "bin", "ibn", "bint", "ben", "ter",
    "ten", "'t", "’t", "op", "zu", "zum", "zur", "af", "av", "بن", "ابن", "بنت", "בן",
];
/// Suffixes in any case.
const SUFFIXES: &[&str] = &["jr", "sr", "esq", "phd", "dphil", "edd", "psyd", "pharmd"];
/// Suffixes only in capitals: in small letters some are names.
const CAPITAL_SUFFIXES: &[&str] = &[
    "II", "III", "IV", "VII", "VIII", "MD", "DDS", "DVM", "LLB", "LLM", "MBA", "MPA", "MPH", "CPA", "CFA",
    "PMP", "OBE", "MBE", "CBE",
];
/// In bytes: no particle and no suffix is longer, with a dot after each letter.
const LONGEST: usize = 16;

fn is_comma(c: char) -> bool {
    matches!(c, ',' | '،' | '，')
}

/// Characters that show nothing and order or join what they stand beside.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether the word belongs to the surname it precedes: `van`, `de la`.
pub fn is_particle(word: &str) -> bool {
    let word = word.trim_matches(is_invisible);
    word.len() <= LONGEST && PARTICLES.iter().any(|particle| particle.eq_ignore_ascii_case(word))
}

fn is_suffix(word: &str) -> bool {
    let word = word.trim_matches(is_invisible);
    word.len() <= LONGEST && {
        let letters = word.replace('.', "");
        CAPITAL_SUFFIXES.contains(&letters.as_str())
            || SUFFIXES.iter().any(|suffix| suffix.eq_ignore_ascii_case(&letters))
    }
}

/// One word, and whether a comma stands between it and the next.
struct Word<'n> {
    text: &'n str,
    comma: bool,
}

#[derive(Default)]
struct Parts<'n> {
    given: Vec<&'n str>,
    surname: Vec<&'n str>,
    suffix: Vec<&'n str>,
}

impl<'n> Parts<'n> {
    fn of(name: &'n str) -> Self {
        let (words, suffix) = without_suffixes(words(name));
        let mut commas = words.iter().enumerate().filter(|(_, word)| word.comma).map(|(at, _)| at + 1);
        let surname_first = match (commas.next(), commas.next()) {
            (Some(end), None) => Some(end),
            (None, _) if is_east_asian(&words) => Some(1),
            _ => None,
        };
        let mut words: Vec<&str> = words.into_iter().map(|word| word.text).collect();
        // `Berg, Anna` is read as `Anna Berg`, in which at least `Berg` is the surname.
        words.rotate_left(surname_first.unwrap_or_default());
        let last = words.len() - surname_first.unwrap_or(1).min(words.len());
        let particles = words[..last].iter().skip(1).rev().take_while(|word| is_particle(word)).count();
        let surname = words.split_off((last - particles).max(1).min(words.len()));
        Parts { given: words, surname, suffix }
    }

    fn particles(&self) -> &[&'n str] {
        let before_last = &self.surname[..self.surname.len().saturating_sub(1)];
        let count = before_last.iter().take_while(|word| is_particle(word)).count();
        &before_last[..count]
    }
}

/// Whether the name is written in characters whose users put the surname first.
fn is_east_asian(words: &[Word<'_>]) -> bool {
    let han_or_hangul = |c: char| matches!(c, '々' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '\u{e0100}'..='\u{e01ef}');
    let kana = |c: char| matches!(c, '\u{3041}'..='\u{30ff}');
    let [first, others @ ..] = words else { return false };
    first.text.chars().all(han_or_hangul)
        && others.iter().all(|word| word.text.chars().all(|c| han_or_hangul(c) || kana(c)))
}

/// The words of a name. A comma before the first or after the last separates nothing.
fn words(name: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    for (at, piece) in name.split(is_comma).enumerate() {
        let mut pieces = piece.split_whitespace().peekable();
        if at > 0 && pieces.peek().is_some() {
            words.last_mut().into_iter().for_each(|word| word.comma = true);
        }
        words.extend(pieces.map(|text| Word { text, comma: false }));
    }
    words
}

/// Takes the suffixes out, with the commas around them where nothing follows.
fn without_suffixes(words: Vec<Word<'_>>) -> (Vec<Word<'_>>, Vec<&str>) {
    let (mut kept, mut suffixes): (Vec<Word<'_>>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut ends = true;
    let mut comma = false;
    for (at, word) in words.into_iter().enumerate().rev() {
        ends |= word.comma;
        comma |= word.comma;
        if at > 0 && ends && is_suffix(word.text) {
            suffixes.push(word.text);
        } else {
            kept.push(Word { text: word.text, comma: comma && !kept.is_empty() });
            (ends, comma) = (false, false);
        }
    }
    kept.reverse();
    suffixes.reverse();
    (kept, suffixes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_splits_at_its_first_and_last_word() {
        for (name, first, middle, last) in [
            ("Amara Okafor-Lind", "Amara", "", "Okafor-Lind"),
            ("  Anna   Maria van der\u{a0}Berg ", "Anna", "Maria van der", "Berg"),
            ("Suharto", "Suharto", "", ""),
            ("", "", "", ""),
            (" \t\u{3000}", "", "", ""),
            ("王\u{3000}小明", "王", "", "小明"),
        ] {
            let name = FullName::new(name);
            assert_eq!((name.first(), name.middle().as_str(), name.last()), (first, middle, last));
        }
    }

    #[test]
    fn the_surname_brings_its_particles_and_leaves_the_suffix() {
        for (name, given, particles, surname, suffix) in [
            ("Anna Maria van der Berg PhD", "Anna Maria", "van der", "van der Berg", "PhD"),
            ("Okafor, Amara", "Amara", "", "Okafor", ""),
            ("Berg, Anna van der", "Anna", "van der", "van der Berg", ""),
            ("King, Jr., Otis M.", "Otis M.", "", "King", "Jr."),
            ("Van Moray", "Van", "", "Moray", ""),
            ("山田 花子", "花子", "", "山田", ""),
            ("ジョン スミス", "ジョン", "", "スミス", ""),
            ("Amara", "Amara", "", "", ""),
            ("", "", "", "", ""),
        ] {
            let name = FullName::new(name);
            assert_eq!(
                [name.given(), name.particles(), name.surname(), name.suffix()],
                [given, particles, surname, suffix]
            );
        }
    }
}
