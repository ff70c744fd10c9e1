//! Answers: from bytes to rows, in whichever of the dialects they come.
//!
//! Source: [MS-ODATA] 2.2.6.3 (verbose JSON of versions 1 to 3), OData 3.0 JSON Light, OData JSON Format 4.0. What cannot be
//! read is `None` and never a shorter list: a missing row is no evidence of anything.

use std::fmt;

use serde_json::{Map, Value};

use super::xml::{Node, Nodes};

/// The longest error text that is kept, in bytes.
const SAID_MAX: usize = 512;
/// An error page is looked through up to here.
const LOOKED_AT_MAX: usize = 64 << 10;

type Object = Map<String, Value>;

/// One record.
#[derive(Clone, PartialEq)]
pub(crate) struct Row {
    /// The properties, without annotations and without links that were not followed.
    pub(crate) fields: Map<String, Value>,
    pub(crate) etag: Option<String>,
}

/// A part of a list of records.
#[derive(Clone, PartialEq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    /// Where the next part is.
    pub(crate) next: Option<String>,
    /// How many there are in all parts, if that was asked for.
    pub(crate) count: Option<u64>,
}

/// What the answer to a successful write holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Written {
    /// The record as it is now.
    Row(Row),
    /// Nothing of use.
    Nothing,
    /// Something that throws doubt on the success: an error, half a document, no JSON.
    Doubtful,
}

/// The list in `body`. `None`: there is none, or part of it makes no sense.
pub(crate) fn page(body: &[u8]) -> Option<Page> {
    let Value::Object(mut outer) = json(body)? else { return None };
    if is_error(&outer) {
        return None;
    }
    let (rows, about) = match outer.remove("d") {
        Some(Value::Array(rows)) => (rows, outer),
        Some(Value::Object(mut inner)) => (array(inner.remove("results")?)?, inner),
        Some(_) => return None,
        None => (array(outer.remove("value")?)?, outer),
    };
    Some(Page {
        rows: rows.into_iter().map(row).collect::<Option<_>>()?,
        next: next(&about)?,
        count: ["odata.count", "@odata.count", "@count", "__count"]
            .iter()
            .find_map(|name| whole(about.get(*name)?)),
    })
}

/// The record in `body`. `None`: there is none.
pub(crate) fn entity(body: &[u8]) -> Option<Row> {
    match written(body) {
        Written::Row(row) => Some(row),
        Written::Nothing | Written::Doubtful => None,
    }
}

/// What the `body` of a successful write holds.
pub(crate) fn written(body: &[u8]) -> Written {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Written::Nothing;
    }
    match json(body) {
        None => Written::Doubtful,
        Some(Value::Object(object)) if is_error(&object) => Written::Doubtful,
        Some(Value::Object(object)) => record(object).map_or(Written::Nothing, Written::Row),
        Some(_) => Written::Nothing,
    }
}

/// What `body` says went wrong, at most 512 bytes in one line.
pub(crate) fn error_text(body: &[u8], content_type: Option<&str>) -> Option<String> {
    let text = match json(body) {
        Some(body) => json_error(&body),
        None => {
            let body = String::from_utf8_lossy(body.get(..LOOKED_AT_MAX).unwrap_or(body));
            let body = body.trim_start_matches('\u{feff}').trim_start();
            if is_html(body.as_bytes(), content_type) {
                title(body)
            } else if body.starts_with('<') {
                xml_error(body)
            } else {
                Some(body.to_owned())
            }
        }
    };
    tidied(&text?)
}

/// Whether `body` is an error of the data service itself, and not of whatever stands in front of it.
pub(crate) fn is_refusal(body: &[u8]) -> bool {
    match json(body) {
        Some(Value::Object(object)) => is_error(&object),
        Some(_) => false,
        None => {
            let body = String::from_utf8_lossy(body.get(..LOOKED_AT_MAX).unwrap_or(body));
            matches!(Nodes::new(body.trim_start()).first(), Some(tag) if tag.name() == "error")
        }
    }
}

/// Whether this is a web page, by what the server or the page itself says.
pub(crate) fn is_html(body: &[u8], content_type: Option<&str>) -> bool {
    let begins = |with: &str| {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii_start();
        body.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
        || begins("<!doctype html")
        || begins("<html")
}

/// The body as JSON. Half an emoji, which .NET writes as it is when a text was cut there, must not cost the whole answer.
fn json(body: &[u8]) -> Option<Value> {
    let body = String::from_utf8_lossy(body);
    let body = body.trim_start_matches('\u{feff}');
    serde_json::from_str(body).or_else(|_| serde_json::from_str(&mended(body))).ok()
}

/// `text` with U+FFFD for every escaped half of a surrogate pair that lacks its other half.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (kept, len) = match (escaped_unit(rest), rest.get(6..).and_then(escaped_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (&rest[..12], 12),
            (Some(0xd800..=0xdfff), _) => ("\\ufffd", 6),
            // The backslash and the character after it, which may be a backslash.
            _ => {
                let len = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                (&rest[..len], len)
            }
        };
        out.push_str(kept);
        rest = &rest[len..];
    }
    out.push_str(rest);
    out
}

/// The code unit of the `\u0041` that `text` begins with.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}

fn array(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn row(value: Value) -> Option<Row> {
    let Value::Object(object) = value else { return None };
    if is_error(&object) {
        return None;
    }
    let etag = etag(&object);
    let fields = object.into_iter().filter(|(name, value)| is_property(name, value)).collect();
    Some(Row { fields, etag })
}

/// The record of an answer that is one record.
fn record(mut object: Object) -> Option<Row> {
    if object.len() == 1
        && let Some(inner) = object.remove("d")
    {
        return record(inner.as_object()?.clone());
    }
    let row = row(Value::Object(object))?;
    let is_list =
        row.fields.len() == 1 && row.fields.iter().any(|(name, it)| name == "value" && it.is_array());
    (!row.fields.is_empty() && !is_list).then_some(row)
}

/// Everything else is about the record: annotations, actions, links that were not followed.
fn is_property(name: &str, value: &Value) -> bool {
    let is_annotation =
        name.contains('@') || name.starts_with("odata.") || name.starts_with('#') || name == "__metadata";
    !is_annotation && value.get("__deferred").is_none()
}

fn etag(object: &Object) -> Option<String> {
    ["odata.etag", "@odata.etag", "@etag"]
        .iter()
        .find_map(|name| object.get(*name))
        .or_else(|| object.get("__metadata")?.get("etag"))?
        .as_str()
        .map(str::to_owned)
}

/// The link to the next part, if there is one. `None`: there is one that is no text, so the list has no known end.
#[expect(clippy::option_option, reason = "no link and no readable link are different things")]
fn next(about: &Object) -> Option<Option<String>> {
    let link =
        ["odata.nextLink", "@odata.nextLink", "@nextLink", "__next"].iter().find_map(|name| about.get(*name));
    match link {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(link)) if !link.is_empty() => Some(Some(link.clone())),
        Some(_) => None,
    }
}

/// A number, or the text of one: version 3 writes counts as texts.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn is_error(object: &Object) -> bool {
    object.contains_key("odata.error")
        || object
            .get("error")
            .is_some_and(|error| error.get("message").is_some() || error.get("code").is_some())
}

fn json_error(body: &Value) -> Option<String> {
    let error = body.get("odata.error").or_else(|| body.get("error")).unwrap_or(body);
    let outer = message(error).or_else(|| text_at(body, "error_description")).or_else(|| error.as_str());
    // Services answer with a general text outside and the reason inside.
    let inner = error.get("innererror").and_then(message).filter(|inner| Some(*inner) != outer);
    match (outer, inner) {
        (Some(outer), Some(inner)) => Some(format!("{outer} {inner}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

fn message(error: &Value) -> Option<&str> {
    let message = error.get("message").or_else(|| error.get("Message"))?;
    message.as_str().or_else(|| text_at(message, "value"))
}

fn text_at<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// The text of the first element `message`.
fn xml_error(body: &str) -> Option<String> {
    let mut nodes = Nodes::new(body);
    let mut text = String::new();
    let mut is_inside = false;
    while let Ok(Some(node)) = nodes.next() {
        match node {
            Node::Open(tag) if tag.name() == "message" => is_inside = true,
            Node::Close if is_inside => break,
            Node::Text(part) if is_inside => text.push_str(&part),
            _ => {}
        }
    }
    Some(text)
}

/// The title of a web page. Looked for as text: such pages are seldom well-formed.
fn title(body: &str) -> Option<String> {
    let lower = body.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(body[start..end].to_owned())
}

fn tidied(text: &str) -> Option<String> {
    let text = text.replace(char::is_control, " ");
    let mut tidy = String::with_capacity(SAID_MAX);
    for word in text.split_whitespace() {
        if !tidy.is_empty() {
            tidy.push(' ');
        }
        tidy.push_str(word);
        if tidy.len() > SAID_MAX {
            tidy.truncate(tidy.floor_char_boundary(SAID_MAX));
            break;
        }
    }
    (!tidy.is_empty()).then_some(tidy)
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The link quotes the filter.
        let more = self.next.is_some();
        f.debug_struct("Page").field("rows", &self.rows.len()).field("more", &more).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const LIGHT: &str = r#"{"odata.metadata":"https://h/$metadata#People","odata.count":"37",
        "value":[{"odata.etag":"W/\"1\"","PERSONID":"1001","FAMILYNAME":"O'Neil","X@odata.type":"Edm.Guid"}],
        "odata.nextLink":"https://h/People?$skiptoken='1001'"}"#;
    const VERBOSE: &str = r#"{"d":{"results":[{"__metadata":{"uri":"https://h/People('1001')","etag":"W/\"1\"","type":"M.Person"},
        "PERSONID":"1001","FAMILYNAME":"O'Neil","PeopleToAddresses":{"__deferred":{"uri":"https://h/x"}}}],
        "__count":"37","__next":"https://h/People?$skiptoken='1001'"}}"#;
    const V4: &str = r##"{"@odata.context":"https://h/$metadata#People","@odata.count":37,
        "value":[{"@odata.etag":"W/\"1\"","PERSONID":"1001","FAMILYNAME":"O'Neil","#M.Fire":{"target":"x"}}],
        "@odata.nextLink":"https://h/People?$skiptoken='1001'"}"##;

    #[test]
    fn a_list_is_the_same_list_in_every_dialect() {
        for body in [LIGHT, VERBOSE, V4] {
            let page = page(body.as_bytes()).expect(body);
            assert_eq!(
                Value::Object(page.rows[0].fields.clone()),
                json!({"PERSONID": "1001", "FAMILYNAME": "O'Neil"})
            );
            assert_eq!(page.rows[0].etag.as_deref(), Some("W/\"1\""));
            assert_eq!(page.next.as_deref(), Some("https://h/People?$skiptoken='1001'"));
            assert_eq!((page.rows.len(), page.count), (1, Some(37)));
        }
        let bare =
            page(b"\xef\xbb\xbf{\"d\":[{\"PERSONID\":\"1\"}]}").expect("version 1 with a byte order mark");
        assert_eq!((bare.rows.len(), bare.next, bare.count), (1, None, None));
    }

    #[test]
    fn a_list_that_cannot_be_read_whole_is_no_list() {
        for body in [
            "",
            "[]",
            "{}",
            "null",
            "<html></html>",
            r#"{"value":{}}"#,
            r#"{"value":[1]}"#,
            r#"{"value":[{"A":1},null]}"#,
            r#"{"d":7}"#,
            r#"{"d":{"A":1}}"#,
            r#"{"value":[{"A":1}"#,
            r#"{"value":[{"A":1}],"odata.nextLink":7}"#,
            r#"{"value":[],"odata.error":{"code":"","message":{"value":"broken"}}}"#,
            r#"{"value":[{"A":1},{"error":{"code":"x"}}]}"#,
            r#"{"error":{"code":"","message":"broken"}}"#,
        ] {
            assert_eq!(page(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_record_is_the_same_record_in_every_dialect() {
        for body in [
            r#"{"odata.metadata":"https://h/#People/@Element","odata.etag":"W/1","PERSONID":"1001","error":"none"}"#,
            r#"{"d":{"__metadata":{"etag":"W/1"},"PERSONID":"1001","error":"none"}}"#,
            r#"{"@odata.context":"https://h/","@odata.etag":"W/1","PERSONID":"1001","error":"none"}"#,
        ] {
            let row = entity(body.as_bytes()).expect(body);
            assert_eq!(Value::Object(row.fields), json!({"PERSONID": "1001", "error": "none"}));
            assert_eq!(row.etag.as_deref(), Some("W/1"));
        }
    }

    #[test]
    fn a_write_is_doubted_when_its_answer_is_an_error_or_no_json_and_not_when_it_is_empty() {
        for (body, is_doubtful) in [
            ("", false),
            (" \r\n", false),
            ("null", false),
            ("{}", false),
            (r#"{"odata.metadata":"x"}"#, false),
            (r#"{"value":[{"A":1}]}"#, false),
            (r#"{"d":null}"#, false),
            (r#"{"PERSONID":"1"#, true),
            ("created", true),
            (r#"{"PERSONID":"1","odata.error":{"message":{"value":"late"}}}"#, true),
            (r#"{"error":{"code":"","message":"late"}}"#, true),
        ] {
            let expected = if is_doubtful { Written::Doubtful } else { Written::Nothing };
            assert_eq!(written(body.as_bytes()), expected, "{body}");
            assert_eq!(entity(body.as_bytes()), None);
        }
    }

    #[test]
    fn an_error_says_the_same_in_every_shape() {
        let xml = "<?xml version=\"1.0\"?><m:error xmlns:m=\"urn:x\"><m:code/><m:message xml:lang=\"en\">no such &#99;ode &amp; more</m:message><m:innererror><m:message>x</m:message></m:innererror></m:error>";
        for (body, content_type, said) in [
            (
                r#"{"odata.error":{"code":"","message":{"lang":"en-GB","value":"no such code"}}}"#,
                None,
                Some("no such code"),
            ),
            (
                r#"{"odata.error":{"code":"","message":{"value":"An error occurred."},"innererror":{"message":"no such code"}}}"#,
                None,
                Some("An error occurred. no such code"),
            ),
            (
                r#"{"error":{"code":"","message":{"lang":"en-GB","value":"no such code"}}}"#,
                None,
                Some("no such code"),
            ),
            (r#"{"error":{"code":"","message":"no\r\n\u0000such   code"}}"#, None, Some("no such code")),
            (r#"{"error":{"message":"same","innererror":{"message":"same"}}}"#, None, Some("same")),
            (r#"{"error":"invalid_client","error_description":"who is it?"}"#, None, Some("who is it?")),
            (r#"{"error":"invalid_client"}"#, None, Some("invalid_client")),
            (r#"{"Message":"No HTTP resource was found"}"#, None, Some("No HTTP resource was found")),
            (xml, Some("application/xml"), Some("no such code & more")),
            ("<m:error><m:message>cut o", None, Some("cut o")),
            ("\u{feff} <!DOCTYPE html><head><TITLE lang=en>\n Log in </TITLE>", None, Some("Log in")),
            ("<div>no title</div>", Some("text/html; charset=utf-8"), None),
            ("<a><b/></a>", None, None),
            ("The service is unavailable.", Some("text/plain"), Some("The service is unavailable.")),
            ("{}", None, None),
            ("", None, None),
            ("[1,2]", None, None),
        ] {
            assert_eq!(error_text(body.as_bytes(), content_type).as_deref(), said, "{body}");
        }
    }

    #[test]
    fn half_an_emoji_costs_a_character_and_not_the_answer() {
        for (escaped, read) in [
            (r"Ada \ud83d", "Ada \u{fffd}"),
            (r"\ude00 Ada", "\u{fffd} Ada"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83d\u0041\ud83d", "\u{fffd}A\u{fffd}"),
            (r"\\ud83d \ud83d", r"\ud83d �"),
            (r"\ud83dé", "\u{fffd}é"),
        ] {
            let row = entity(format!(r#"{{"NAME":"{escaped}"}}"#).as_bytes()).expect(escaped);
            assert_eq!(row.fields["NAME"], json!(read), "{escaped}");
        }
        for body in [r#"{"A":"\ud83d"#, r#"{"A":"\u+123"}"#, r#"{"A":"\"#, "\\é", "\\u12é4"] {
            assert_eq!(entity(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn only_an_error_in_the_words_of_odata_is_one_of_the_service_itself() {
        for (body, is) in [
            (
                r#"{"odata.error":{"code":"","message":{"value":"Resource not found for the segment 'People'."}}}"#,
                true,
            ),
            (r#"{"error":{"code":"","message":"x"}}"#, true),
            ("<?xml version='1.0'?>\n<m:error xmlns:m='u'><m:code/></m:error>", true),
            ("\u{feff}<error/>", true),
            ("<!DOCTYPE html><error/>", false),
            ("<html><error/></html>", false),
            (r#"{"Message":"No HTTP resource was found"}"#, false),
            (r#"{"error":"not_found"}"#, false),
            ("[]", false),
            ("not found", false),
            ("", false),
        ] {
            assert_eq!(is_refusal(body.as_bytes()), is, "{body}");
        }
    }

    #[test]
    fn an_error_text_is_cut_at_512_bytes_and_never_inside_a_character() {
        for body in
            ["é".repeat(2000), "ab é ".repeat(500), format!("{{\"Message\":\"{}\"}}", "€".repeat(400))]
        {
            let said = error_text(body.as_bytes(), None).expect("there is text");
            assert!((509..=512).contains(&said.len()), "{}", said.len());
        }
    }

    #[test]
    fn an_entity_of_its_own_making_cannot_make_an_error_page_grow() {
        let bomb =
            r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><e><message>&b;</message></e>"#;
        assert_eq!(error_text(bomb.as_bytes(), None), None);
    }

    #[test]
    fn a_web_page_is_known_by_its_type_or_its_beginning() {
        for (body, content_type, is) in [
            ("", Some("text/html"), true),
            ("{}", Some("Text/HTML; charset=utf-8"), true),
            ("\r\n<!DocType HTML PUBLIC \"x\">", None, true),
            ("<HTML lang='en'>", Some("application/json"), true),
            ("{}", Some("application/json"), false),
            ("<feed xmlns='x'/>", Some("application/atom+xml"), false),
            ("<htm", None, false),
        ] {
            assert_eq!(is_html(body.as_bytes(), content_type), is, "{body}");
        }
    }

    #[test]
    fn neither_a_row_nor_a_page_shows_a_value() {
        let page = page(LIGHT.as_bytes()).expect("a page");
        let shown = format!("{page:?} {:?}", page.rows);
        assert!(
            shown.contains("FAMILYNAME") && !shown.contains("Neil") && !shown.contains("1001"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_of_answers_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[<>{}\\[\\]\"a-f:,/&;! é\\\\ud8]{0,80}") {
            for body in [bytes.as_slice(), text.as_bytes()] {
                let _ = (page(body), entity(body));
                prop_assert!(error_text(body, None).is_none_or(|said| said.len() <= SAID_MAX));
            }
        }
    }
}
