//! Helpers of texts.

use std::borrow::Cow;

use minijinja::{Error, Value};
use people::{FullName, is_particle};
use unicode_segmentation::UnicodeSegmentation;

use super::call::{Call, blank, is_blank};

pub(super) fn default(call: &Call<'_>) -> Result<Value, Error> {
    let otherwise = call.argument("value").unwrap_or_else(blank);
    Ok(if is_blank(call.value()) { otherwise } else { call.value().clone() })
}

pub(super) fn upper(call: &Call<'_>) -> Result<Value, Error> {
    map(call, |text| text.to_uppercase())
}

pub(super) fn lower(call: &Call<'_>) -> Result<Value, Error> {
    map(call, |text| text.to_lowercase())
}

pub(super) fn title(call: &Call<'_>) -> Result<Value, Error> {
    map(call, |text| {
        let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
        let mut titled: Vec<Cow<'_, str>> = Vec::with_capacity(words.len());
        // `van der` before a word whose capitals somebody chose stays as typed.
        let mut is_chosen = false;
        for word in words.into_iter().rev() {
            is_chosen &= !word.contains(char::is_uppercase) && is_particle(word.trim_end());
            titled.push(if is_chosen { word.into() } else { self::titled(word) });
            is_chosen |= is_mixed(word);
        }
        titled.into_iter().rev().collect::<String>()
    })
}

pub(super) fn trim(call: &Call<'_>) -> Result<Value, Error> {
    map(call, |text| text.trim().to_owned())
}

pub(super) fn replace(call: &Call<'_>) -> Result<Value, Error> {
    let from = call.text_argument("from")?.unwrap_or_default();
    let to = call.text_argument("to")?.unwrap_or_default();
    let Some(text) = call.text()? else { return Ok(blank()) };
    if from.is_empty() {
        return call.gives(text);
    }
    let found = text.matches(&from).count();
    call.fits((text.len() - found * from.len()).saturating_add(found.saturating_mul(to.len())))?;
    call.gives(text.replace(&from, &to))
}

pub(super) fn split(call: &Call<'_>) -> Result<Value, Error> {
    let separator = call.text_argument("sep")?.unwrap_or_default();
    let Some(text) = call.text()? else { return Ok(blank()) };
    if separator.is_empty() {
        return Ok([Value::from(text)].into_iter().collect());
    }
    call.fits_items(text.matches(&separator).count() + 1)?;
    Ok(text.split(&separator).collect())
}

pub(super) fn truncate(call: &Call<'_>) -> Result<Value, Error> {
    let length = call.whole_argument("length")?.unwrap_or_default();
    let length = usize::try_from(length).map_err(|_| call.misused("length is negative"))?;
    map(call, |text| truncated(text, length).to_owned())
}

pub(super) fn name(call: &Call<'_>) -> Result<Value, Error> {
    type Part = fn(&FullName) -> Cow<'_, str>;
    let parts: [(&str, Part); 7] = [
        ("first", |name| name.first().into()),
        ("middle", |name| name.middle().into()),
        ("last", |name| name.last().into()),
        ("given", |name| name.given().into()),
        ("surname", |name| name.surname().into()),
        ("particles", |name| name.particles().into()),
        ("suffix", |name| name.suffix().into()),
    ];
    let part = call.choice("part", &parts)?;
    map(call, |text| part(&FullName::new(text)).into_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "the type of all helpers")]
pub(super) fn blankness(call: &Call<'_>) -> Result<Value, Error> {
    Ok(Value::from(is_blank(call.value())))
}

pub(super) fn starts(call: &Call<'_>) -> Result<Value, Error> {
    test(call, |text, wanted| text.starts_with(wanted))
}

pub(super) fn ends(call: &Call<'_>) -> Result<Value, Error> {
    test(call, |text, wanted| text.ends_with(wanted))
}

pub(super) fn contains(call: &Call<'_>) -> Result<Value, Error> {
    test(call, |text, wanted| text.contains(wanted))
}

fn map(call: &Call<'_>, change: impl Fn(&str) -> String) -> Result<Value, Error> {
    call.text()?.map_or_else(|| Ok(blank()), |text| call.gives(change(&text)))
}

fn test(call: &Call<'_>, holds: impl Fn(&str, &str) -> bool) -> Result<Value, Error> {
    let wanted = call.text_argument("text")?.unwrap_or_default();
    let text = call.text()?;
    Ok(Value::from(!wanted.is_empty() && text.is_some_and(|text| holds(&text, &wanted))))
}

/// The most grapheme clusters that have at most so many characters, without white space at the end. A text that has no
/// more stays as it is.
fn truncated(text: &str, length: usize) -> &str {
    if text.chars().nth(length).is_none() {
        return text;
    }
    let mut characters = 0;
    let end = text.grapheme_indices(true).find_map(|(at, grapheme)| {
        characters += grapheme.chars().count();
        (characters > length).then_some(at)
    });
    text[..end.unwrap_or(text.len())].trim_end()
}

/// Numerals that follow a name or a title.
const NUMERALS: [&str; 3] = ["II", "III", "IV"];

/// A word with the white space after it, its parts capitalised unless it says itself which letters are capitals.
fn titled(word: &str) -> Cow<'_, str> {
    if is_mixed(word) || NUMERALS.contains(&word.trim_end()) {
        return word.into();
    }
    let mut after_apostrophe = false;
    let mut titled = String::with_capacity(word.len());
    for part in word.split_inclusive(ends_part) {
        // The `s` of `DRIVER'S` is no part of its own.
        let is_ending = after_apostrophe && part.chars().filter(|c| c.is_alphabetic()).count() == 1;
        push_capitalised(&mut titled, part, !is_ending);
        after_apostrophe = part.ends_with(is_apostrophe);
    }
    titled.into()
}

fn is_mixed(word: &str) -> bool {
    word.chars().any(char::is_uppercase) && word.chars().any(char::is_lowercase)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`')
}

fn ends_part(c: char) -> bool {
    is_apostrophe(c) || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '.' | '/' | ',' | '&' | '(')
}

fn push_capitalised(to: &mut String, part: &str, capital: bool) {
    let first = part.char_indices().find(|(_, c)| c.is_alphanumeric());
    let Some((at, first)) = first.filter(|_| capital) else {
        to.push_str(&part.to_lowercase());
        return;
    };
    to.push_str(&part[..at]);
    // In small letters as a whole: what a final sigma is depends on what stands before it.
    let small = part[at..].to_lowercase();
    let rest = small.char_indices().nth(first.to_lowercase().count()).map_or("", |(at, _)| &small[at..]);
    push_title_case(to, first);
    to.push_str(rest);
}

/// Unicode's title case of one letter, which the standard library lacks.
fn push_title_case(to: &mut String, letter: char) {
    match letter {
        'Ǆ'..='ǆ' => to.push('ǅ'),
        'Ǉ'..='ǉ' => to.push('ǈ'),
        'Ǌ'..='ǌ' => to.push('ǋ'),
        'Ǳ'..='ǳ' => to.push('ǲ'),
        // Georgian has capitals for whole words only.
        'ა'..='ჿ' | 'Ა'..='Ჿ' => to.extend(letter.to_lowercase()),
        _ if letter.is_uppercase() => to.push(letter),
        // One letter that becomes several (`ß`, `ﬁ`): only the first is a capital.
        _ => to.extend(letter.to_uppercase().enumerate().flat_map(|(at, c)| {
            let small = (at > 0).then(|| c.to_lowercase());
            let capital = (at == 0).then_some(c);
            small.into_iter().flatten().chain(capital)
        })),
    }
}
