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

#[test]
fn who_takes_only_an_old_version_gets_no_light() {
    let mut cezanne = of(Variant::Description);
    let mut asked = |accept: &str| {
        let request = Request::get(&format!("{SERVICE_PATH}/People('1001')"))
            .with_header("accept", accept)
            .with_header("maxdataserviceversion", "2.0");
        let reply = send(&mut cezanne, request);
        let is_verbose = reply.header("content-type").unwrap_or_default().contains("verbose");
        (reply.status, is_verbose, text(&reply).contains(r#""BIRTHDATE":"/Date("#))
    };
    assert_eq!(asked("application/json"), (200, true, true));
    assert_eq!(asked("application/json;odata=verbose"), (200, true, true));
    assert_eq!(asked("application/json;odata=minimalmetadata").0, 415);
}

#[test]
fn format_goes_before_accept_where_it_is_understood() {
    let mut cezanne = of(Variant::Description);
    assert!(read(&mut cezanne, "People('1001')?$format=verbosejson")["d"].is_object());
    assert!(text(&get(&mut cezanne, "People('1001')?$format=atom")).contains("<entry "));
    assert_eq!(get(&mut cezanne, "People('1001')?$format=csv").status, 415);
    let mut old = Cezanne::new(Settings { format_option: false, ..Settings::default() }, NOW);
    assert_eq!(get(&mut old, "People?$format=json").status, 400);
}

#[test]
fn a_list_looks_as_its_format_says() {
    let mut cezanne = Cezanne::new(Settings { staff: 5, page_size: 2, ..Settings::default() }, NOW);
    let light = read(&mut cezanne, "Employments?$inlinecount=allpages&$select=PERSONID");
    let root = "http://acme.example.com/cezanneondemand/v7/dataservice.svc";
    assert_eq!(light["odata.metadata"], format!("{root}/$metadata#Employments"));
    assert_eq!((&light["odata.count"], &light["value"][0]), (&json!("5"), &json!({"PERSONID": "1001"})));
    assert!(light["odata.nextLink"].as_str().unwrap().starts_with(&format!("{root}/Employments?")));

    let verbose = read(&mut cezanne, "Employments?$inlinecount=allpages&$format=verbosejson");
    assert_eq!(verbose["d"]["__count"], "5");
    assert!(verbose["d"]["__next"].is_string());
    let row = &verbose["d"]["results"][0];
    assert_eq!(row["__metadata"]["type"], "CezanneModel.Employment");
    assert_eq!(row["__metadata"]["uri"], format!("{root}/Employments(EMPLOYMENTID='1001',PERSONID='1001')"));

    let atom = text(&get(&mut cezanne, "Employments?$format=atom"));
    assert!(atom.contains("<d:PERSONID>1001</d:PERSONID>") && atom.contains("<link rel=\"next\""), "{atom}");

    let settings = Settings { staff: 5, page_size: 2, variant: Variant::V4, ..Settings::default() };
    let v4 = read(&mut Cezanne::new(settings, NOW), "Employments?$count=true");
    assert_eq!((&v4["@odata.count"], v4["value"].as_array().unwrap().len()), (&json!(5), 2));
    assert!(v4["@odata.nextLink"].is_string() && v4["@odata.context"].is_string());
}

#[test]
fn values_look_as_their_version_says() {
    let from = |variant: Variant, path: &str| read(&mut of(variant), path)["EFFECTIVEFROM"].clone();
    let key = "Employments(PERSONID='1001',EMPLOYMENTID='1001')";
    let plain = from(Variant::Description, key);
    let plain = plain.as_str().unwrap();
    assert_eq!((plain.len(), &plain[10..]), (19, "T00:00:00"));
    assert_eq!(from(Variant::V4, key), format!("{plain}Z"));
    let verbose = read(&mut of(Variant::V2), key)["d"]["EFFECTIVETO"].clone();
    assert_eq!(verbose, "/Date(253402214400000)/");
    let person = read(&mut of(Variant::V4), "People('1001')");
    assert_eq!(person["BIRTHDATE"].as_str().unwrap().len(), 10);
    let service = |variant| read(&mut of(variant), key)["LENGTHOFSERVICE"].clone();
    assert!(service(Variant::Description).is_string() && service(Variant::V4).is_number());
    assert!(read(&mut of(Variant::Description), "People('1001')?$format=verbosejson")["d"]["PeopleToCommunications"]["__deferred"]["uri"].is_string());
}

#[test]
fn an_update_is_understood_in_each_version() {
    let mut v4 = of(Variant::V4);
    let coded = but(but(ada(), "GENDERDESCRIPTION", None), "GENDERCODE", json!("u"));
    assert_eq!(post(&mut v4, "People", &coded), 400, "a moment is no day");
    assert_eq!(post(&mut v4, "People", &but(coded, "BIRTHDATE", json!("2026-02-02"))), 201);
    let mut zoned = but(job(), "EFFECTIVEFROM", json!("2026-02-02T00:00:00Z"));
    assert_eq!(post(&mut v4, "Employments", &zoned), 400, "the other end has no zone");
    zoned["EFFECTIVETO"] = json!("9999-12-31T00:00:00+00:00");
    assert_eq!(post(&mut v4, "Employments", &zoned), 201);
    assert_eq!(v4.employments().last().unwrap().text("EFFECTIVETO"), "9999-12-31T00:00:00");

    let mut v2 = of(Variant::V2);
    let born = but(ada(), "BIRTHDATE", json!("/Date(1769990400000)/"));
    let request =
        call("POST", "People").with_header("content-type", "application/json").with_body(born.to_string());
    let reply = send(&mut v2, request);
    assert_eq!((reply.status, body(&reply)["d"]["BIRTHDATE"].clone()), (201, json!("/Date(1769990400000)/")));
}

#[test]
fn a_body_of_another_kind_is_refused() {
    let mut cezanne = cezanne();
    for (kind, version, status) in [
        (None, "3.0", 415),
        (Some("application/atom+xml"), "3.0", 415),
        (Some("text/plain"), "3.0", 415),
        (Some("application/json;odata=minimalmetadata"), "2.0", 415),
        (Some("application/json;odata=minimalmetadata"), "3.0", 201),
    ] {
        let request =
            call("POST", "People").with_header("dataserviceversion", version).with_body(ada().to_string());
        let request =
            kind.into_iter().fold(request, |request, kind| request.with_header("content-type", kind));
        assert_eq!(send(&mut cezanne, request).status, status, "{kind:?} {version}");
    }
}

#[test]
fn an_error_has_the_shape_of_its_format_or_the_one_that_was_set() {
    use super::super::ErrorShape::{Empty, Flat, Html, Light, Negotiated, Verbose, Xml};
    let said = |errors, variant, path: &str| {
        let mut cezanne = Cezanne::new(Settings { errors, variant, ..Settings::default() }, NOW);
        let reply = get(&mut cezanne, path);
        assert_eq!(reply.status, 404);
        text(&reply)
    };
    let value =
        |text: String, name: &str| serde_json::from_str::<Value>(&text).unwrap()[name]["message"].clone();
    let path = "People('1')";
    let message = json!({"lang": "en-GB", "value": "Resource not found for the segment 'People'."});
    assert_eq!(value(said(Negotiated, Variant::Description, path), "odata.error"), message);
    assert_eq!(value(said(Negotiated, Variant::V2, path), "error"), message);
    assert_eq!(value(said(Negotiated, Variant::V4, path), "error"), message["value"]);
    assert_eq!(value(said(Light, Variant::V4, path), "odata.error"), message);
    assert_eq!(value(said(Verbose, Variant::Description, path), "error"), message);
    assert_eq!(value(said(Flat, Variant::Description, path), "error"), message["value"]);
    let atom = said(Negotiated, Variant::Description, "People('1')?$format=atom");
    assert!(atom.contains("<m:message xml:lang=\"en-GB\">Resource not found"), "{atom}");
    assert!(said(Xml, Variant::Description, path).contains("<m:error "));
    assert!(said(Html, Variant::Description, path).contains("<title>Resource not found"));
    assert_eq!(said(Empty, Variant::Description, path), "");
}
