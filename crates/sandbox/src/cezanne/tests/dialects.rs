//! Formats: which is asked for, and how each looks.

use super::*;

/// Reads one person with this `Accept`, and says what kind of answer came.
fn accepting(variant: Variant, accept: &str) -> (u16, String) {
    let mut cezanne = of(variant);
    let request = Request::get(&format!("{SERVICE_PATH}/People('1001')")).with_header("accept", accept);
    let reply = send(&mut cezanne, request);
    let kind = reply.header("content-type").unwrap_or_default().replace(";charset=utf-8", "");
    (reply.status, kind.replace("application/", ""))
}

#[test]
fn the_format_is_the_best_that_is_accepted() {
    use Variant::{Description, V2, V4};
    let usual = "application/json;odata=minimalmetadata, application/json;odata=verbose;q=0.8, application/json;q=0.5";
    for (variant, accept, kind) in [
        (Description, "", "atom+xml"),
        (Description, "*/*", "atom+xml"),
        (Description, "application/xml", "atom+xml"),
        (Description, "application/json", "json;odata=minimalmetadata"),
        (Description, "application/json;odata=verbose", "json;odata=verbose"),
        (Description, "application/json;odata=nometadata", "json;odata=nometadata"),
        (Description, usual, "json;odata=minimalmetadata"),
        (Description, "application/json;odata=verbose;q=0.3, application/json", "json;odata=minimalmetadata"),
        (Description, "text/html, application/json;q=0, */*;q=0.1", "atom+xml"),
        (V2, usual, "json;odata=verbose"),
        (V2, "application/json", "json;odata=verbose"),
        (V4, usual, "json;odata.metadata=minimal"),
        (V4, "", "json;odata.metadata=minimal"),
        (V4, "application/json;odata.metadata=none", "json;odata.metadata=none"),
    ] {
        assert_eq!(accepting(variant, accept), (200, kind.to_owned()), "{variant:?} {accept}");
    }
    for (variant, accept) in
        [(Description, "text/html"), (V2, "application/json;odata=nometadata"), (V4, "application/xml")]
    {
        assert_eq!(accepting(variant, accept).0, 415, "{variant:?} {accept}");
    }
}
