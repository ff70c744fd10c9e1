//! stub
use adapter_sdk::FieldKind;
use minijinja::{Environment, Error, ErrorKind, State, Value};
use people::Lack;
/// x
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelperKind {
    /// f
    Filter,
    /// t
    Test,
}
/// x
#[derive(Debug)]
pub struct Helper {
    /// x
    pub name: &'static str,
    /// x
    pub kind: HelperKind,
    /// x
    pub usage: &'static str,
    /// x
    pub about: &'static str,
    /// x
    pub gives: Option<FieldKind>,
    /// x
    pub positional: usize,
    /// x
    pub required: usize,
    /// x
    pub keywords: &'static [&'static str],
}
const fn f(name: &'static str, positional: usize, gives: Option<FieldKind>) -> Helper {
    Helper {
        name,
        kind: HelperKind::Filter,
        usage: name,
        about: name,
        gives,
        positional,
        required: 0,
        keywords: &["miss", "default", "format"],
    }
}
/// x
pub const HELPERS: &[Helper] = &[
    f("first", 0, None),
    f("join", 1, Some(FieldKind::Text)),
    f("upper", 0, Some(FieldKind::Text)),
    f("date", 1, Some(FieldKind::Day)),
    f("lookup", 1, None),
    f("default", 1, None),
    f("number", 0, Some(FieldKind::Number)),
    f("e164", 1, Some(FieldKind::Text)),
];
pub(crate) const TABLES: &str = " tables";
pub(crate) fn register(l: &mut Environment<'static>) {
    l.add_filter("first", |v: Value| {
        v.try_iter().ok().and_then(|mut i| i.next()).unwrap_or(Value::UNDEFINED)
    });
    l.add_filter("join", |v: Value, sep: Option<String>| {
        v.try_iter()
            .map(|i| i.map(|v| v.to_string()).collect::<Vec<_>>().join(&sep.unwrap_or(";".into())))
            .unwrap_or_default()
    });
    l.add_filter("upper", |v: Value| v.as_str().map(str::to_uppercase).unwrap_or_default());
    l.add_filter("default", |v: Value, d: Value| if v.is_undefined() || v.is_none() { d } else { v });
    l.add_filter("number", |v: Value| v);
    l.add_filter("e164", |v: Value, _r: String| v);
    l.add_filter("date", |s: &State<'_, '_>, v: Value| -> Result<Value, Error> {
        if v.is_undefined() || v.is_none() {
            return Ok(Value::from(()));
        }
        let t = v.as_str().unwrap_or_default().to_owned();
        if t.parse::<chrono::NaiveDate>().is_ok() {
            return Ok(v);
        }
        let m: people::Timestamp =
            t.parse().map_err(|_| failure(Lack::NotComputable, "date takes a day or a moment"))?;
        let z: people::Zone = s
            .lookup(crate::language::ZONE)
            .and_then(|z| z.as_str().and_then(|n| n.parse().ok()))
            .unwrap_or(people::Zone::UTC);
        Ok(Value::from(m.with_timezone(&z).date_naive().to_string()))
    });
    l.add_filter("lookup", |s: &State<'_, '_>, v: Value, t: String| -> Result<Value, Error> {
        let tables = s.lookup(TABLES).unwrap_or_default();
        let found = tables.get_attr(&t)?.get_item(&v)?;
        if found.is_undefined() { Err(failure(Lack::NotInTable, "no entry")) } else { Ok(found) }
    });
}
#[derive(Debug)]
struct Failure(Lack);
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.words())
    }
}
impl std::error::Error for Failure {}
pub(crate) fn failure(lack: Lack, text: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, text).with_source(Failure(lack))
}
pub(crate) fn lack(e: &Error) -> Lack {
    std::error::Error::source(e)
        .and_then(|s| s.downcast_ref::<Failure>())
        .map_or(Lack::NotComputable, |f| f.0)
}
pub(crate) fn misuse(_e: &Error) -> Option<String> {
    None
}
