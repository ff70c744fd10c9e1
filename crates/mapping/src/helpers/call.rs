//! What a helper is called with, and what it says when it cannot do its work.

use std::{borrow::Cow, error, fmt, iter};

use minijinja::{
    Error, ErrorKind, Value,
    value::{Kwargs, ValueKind},
};
use people::Lack;

use super::Helper;
use crate::language::RESULT_MAX;

/// Most items of a list that a helper works on.
const ITEMS_MAX: usize = 10_000;

/// Why a helper has no result. Travels as the source of minijinja's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// The expression is wrong, whoever it is applied to.
    Misused,
    TooLong,
    NotInTable,
    NotComputable,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trouble::Misused => "the expression is wrong",
            Trouble::TooLong => "longer than anything we send",
            Trouble::NotInTable => "no entry in the table",
            Trouble::NotComputable => "not computable from this value",
        })
    }
}

impl error::Error for Trouble {}

fn trouble(error: &Error) -> Option<Trouble> {
    iter::successors(Some(error as &dyn error::Error), |error| error.source())
        .find_map(|error| error.downcast_ref().copied())
}

/// What the value lacks of which `error` is all that came out.
pub(crate) fn lack(error: &Error) -> Lack {
    match trouble(error) {
        Some(Trouble::TooLong) => Lack::TooLong,
        Some(Trouble::NotInTable) => Lack::NotInTable,
        Some(Trouble::Misused | Trouble::NotComputable) | None => Lack::NotComputable,
    }
}

/// What a helper says that could not do its work. It names no value.
pub(crate) fn told(error: &Error) -> Option<String> {
    trouble(error).and_then(|_| error.detail()).map(str::to_owned)
}

/// Whether `error` says that a helper is told wrong: an unknown argument, region, zone, table or format. Then its text
/// names what it was told, so it is for a check of the configuration and not for a log of people's values.
pub(crate) fn misused(error: &Error) -> bool {
    trouble(error) == Some(Trouble::Misused)
}

/// What Lever says is longer than anything we send: whatever uses it fails.
pub(crate) fn too_long() -> Error {
    raise("the value is too long".to_owned(), Trouble::TooLong)
}

/// A blank value, as every filter passes it on.
pub(super) fn blank() -> Value {
    Value::UNDEFINED
}

/// Nothing, the empty text or the empty list.
pub(super) fn is_blank(value: &Value) -> bool {
    value.is_undefined()
        || value.is_none()
        || value.as_str() == Some("")
        || matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
            && value.try_iter().is_ok_and(|mut items| items.next().is_none())
}

/// A text, a number, or yes or no, as text; `None` for anything else.
pub(super) fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value.kind() {
        ValueKind::String => value.as_str().map(Cow::Borrowed),
        ValueKind::Number if value.is_integer() => Some(value.to_string().into()),
        ValueKind::Number => f64::try_from(value.clone()).ok().map(|number| number.to_string().into()),
        ValueKind::Bool => Some(value.is_true().to_string().into()),
        _ => None,
    }
}

/// One call of a helper, its arguments known to be ones it takes.
pub(super) struct Call<'c> {
    helper: &'c Helper,
    value: &'c Value,
    positional: &'c [Value],
    keywords: &'c Kwargs,
    lookup: &'c dyn Fn(&str) -> Option<Value>,
}

impl<'c> Call<'c> {
    pub(super) fn new(
        helper: &'c Helper,
        value: &'c Value,
        positional: &'c [Value],
        keywords: &'c Kwargs,
        lookup: &'c dyn Fn(&str) -> Option<Value>,
    ) -> Result<Self, Error> {
        let given: Vec<&str> = keywords.args().collect();
        match helper.misuse(positional.len(), &given) {
            Some(problem) => Err(raise(problem, Trouble::Misused)),
            None => Ok(Call { helper, value, positional, keywords, lookup }),
        }
    }

    /// What the helper is applied to, as it is.
    pub(super) fn value(&self) -> &'c Value {
        self.value
    }

    /// The hidden entry of that name in the context.
    pub(super) fn hidden(&self, name: &str) -> Option<Value> {
        (self.lookup)(name)
    }

    /// What the helper is applied to, as a text; `None` if it is blank. A list is an error.
    pub(super) fn text(&self) -> Result<Option<Cow<'c, str>>, Error> {
        if is_blank(self.value) {
            return Ok(None);
        }
        let text = plain(self.value).ok_or_else(|| self.cannot("takes a text"))?;
        self.fits(text.len())?;
        Ok(Some(text))
    }

    /// What the helper is applied to, as a list; anything that is none is the one item. `None` if it is blank.
    pub(super) fn list(&self) -> Result<Option<Vec<Value>>, Error> {
        if is_blank(self.value) {
            return Ok(None);
        }
        if !matches!(self.value.kind(), ValueKind::Seq | ValueKind::Iterable) {
            return Ok(Some(vec![self.value.clone()]));
        }
        let items = self.value.try_iter().map_err(|_| self.cannot("takes a list"))?;
        let items: Vec<Value> = items.take(ITEMS_MAX + 1).collect();
        self.fits_items(items.len())?;
        Ok(Some(items))
    }

    /// The argument of that name; `None` if it was not given, or nothing was given for it.
    pub(super) fn argument(&self, name: &str) -> Option<Value> {
        let at = self.helper.keywords.iter().position(|keyword| *keyword == name)?;
        let given = self.positional.get(at).cloned().or_else(|| self.keywords.peek(name).ok());
        given.filter(|value| !value.is_undefined() && !value.is_none())
    }

    /// The argument of that name as a text.
    pub(super) fn text_argument(&self, name: &str) -> Result<Option<String>, Error> {
        let Some(value) = self.argument(name) else { return Ok(None) };
        let text = plain(&value).ok_or_else(|| self.misused(format!("{name} is not a text")))?;
        self.fits(text.len())?;
        Ok(Some(text.into_owned()))
    }

    /// The argument of that name as a whole number.
    pub(super) fn whole_argument(&self, name: &str) -> Result<Option<i64>, Error> {
        let Some(value) = self.argument(name) else { return Ok(None) };
        let number = value.is_number().then(|| i64::try_from(value).ok()).flatten();
        number.map(Some).ok_or_else(|| self.misused(format!("{name} is not a whole number")))
    }

    /// The argument of that name, which is one of `choices`; the first of them if it was not given.
    pub(super) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T, Error> {
        let given = self.text_argument(name)?;
        let found = match &given {
            Some(word) => choices.iter().find(|(choice, _)| choice == word),
            None => choices.first(),
        };
        found.map(|&(_, choice)| choice).ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|&(word, _)| word).collect();
            self.misused(format!("{name} is one of {}", words.join(", ")))
        })
    }

    /// `text` as the result, unless it is too long to be one.
    pub(super) fn gives(&self, text: impl AsRef<str>) -> Result<Value, Error> {
        let text = text.as_ref();
        self.fits(text.len()).map(|()| Value::from(text))
    }

    /// An error if so many bytes are too long for a result.
    pub(super) fn fits(&self, bytes: usize) -> Result<(), Error> {
        if bytes <= RESULT_MAX { Ok(()) } else { Err(self.error("the text is too long", Trouble::TooLong)) }
    }

    /// An error if so many items are too many for a list.
    pub(super) fn fits_items(&self, items: usize) -> Result<(), Error> {
        if items <= ITEMS_MAX { Ok(()) } else { Err(self.error("the list is too long", Trouble::TooLong)) }
    }

    /// The expression is wrong, whoever it is applied to. Of all errors only this one may name an argument.
    pub(super) fn misused(&self, what: impl fmt::Display) -> Error {
        self.error(what, Trouble::Misused)
    }

    /// This value is none that the helper can work on.
    pub(super) fn cannot(&self, what: impl fmt::Display) -> Error {
        self.error(what, Trouble::NotComputable)
    }

    /// The table of the configuration has no entry for this value.
    pub(super) fn not_in_table(&self) -> Error {
        self.error("the table has no such entry", Trouble::NotInTable)
    }

    fn error(&self, what: impl fmt::Display, trouble: Trouble) -> Error {
        raise(format!("{}: {what}", self.helper.name), trouble)
    }
}

fn raise(detail: String, trouble: Trouble) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail).with_source(trouble)
}
