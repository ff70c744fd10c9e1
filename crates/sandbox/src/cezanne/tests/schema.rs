//! `$metadata` and the service document.

use super::super::OpenEnded;
use super::*;

fn metadata(settings: Settings) -> String {
    let mut cezanne = Cezanne::new(settings, NOW);
    let reply = send(
        &mut cezanne,
        Request::get(&format!("{SERVICE_PATH}/$metadata")).with_header("accept", "application/xml"),
    );
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/xml;charset=utf-8")));
    text(&reply)
}

fn of_variant(variant: Variant) -> String {
    metadata(Settings { variant, ..Settings::default() })
}

/// The line of a property.
fn property(document: &str, kind: &str, name: &str) -> String {
    let entity = document
        .split(&format!("<EntityType Name=\"{kind}\">"))
        .nth(1)
        .unwrap()
        .split("</EntityType>")
        .next()
        .unwrap();
    let at = entity.split(&format!("<Property Name=\"{name}\" ")).nth(1).unwrap_or_default();
    at.split('>').next().unwrap().trim_end_matches('/').to_owned()
}

#[test]
fn gender_is_a_text_or_a_code() {
    let description = of_variant(Variant::Description);
    assert_eq!(
        property(&description, "Person", "GENDERDESCRIPTION"),
        "Type=\"Edm.String\" Nullable=\"false\" MaxLength=\"50\""
    );
    assert_eq!(property(&description, "Person", "GENDERCODE"), "");
    let code = of_variant(Variant::Code);
    assert_eq!(
        property(&code, "Person", "GENDERCODE"),
        "Type=\"Edm.String\" Nullable=\"false\" MaxLength=\"10\""
    );
    assert!(property(&code, "Person", "GENDERDESCRIPTION").contains("StoreGeneratedPattern=\"Computed\""));
}

#[test]
fn each_version_has_its_shell_and_its_types() {
    for (variant, shell, from) in [
        (Variant::V2, "m:DataServiceVersion=\"2.0\"", "Edm.DateTime"),
        (Variant::Description, "m:DataServiceVersion=\"3.0\"", "Edm.DateTime"),
        (Variant::V4, "<edmx:Edmx Version=\"4.0\"", "Edm.DateTimeOffset"),
    ] {
        let document = of_variant(variant);
        assert!(document.contains(shell), "{variant:?}");
        let stated = property(&document, "Employment", "EFFECTIVEFROM");
        assert_eq!(stated, format!("Type=\"{from}\" Nullable=\"false\""), "{variant:?}");
        assert!(
            document
                .contains("<Key><PropertyRef Name=\"EMPLOYMENTID\"/><PropertyRef Name=\"PERSONID\"/></Key>")
        );
        assert!(document.contains(super::super::STARTER_FUNCTION));
    }
    assert!(
        of_variant(Variant::V4).contains("<Annotation Term=\"Org.OData.Core.V1.Computed\" Bool=\"true\"/>")
    );
    assert_eq!(
        property(&of_variant(Variant::V4), "Person", "BIRTHDATE"),
        "Type=\"Edm.Date\" Nullable=\"false\""
    );
}

#[test]
fn what_a_tenant_has_of_its_own_is_in_its_metadata() {
    let usual = of_variant(Variant::Description);
    assert!(!usual.contains("Deployments") && !usual.contains("ROWVERSION"));
    let own = metadata(Settings {
        deployments: true,
        etags: true,
        open_ended: OpenEnded::Null,
        custom_fields: vec![("CUSTOM_BADGE".to_owned(), 12)],
        ..Settings::default()
    });
    assert!(own.contains("<EntitySet Name=\"Deployments\" EntityType=\"CezanneModel.Deployment\"/>"));
    assert!(property(&own, "Person", "ROWVERSION").contains("ConcurrencyMode=\"Fixed\""));
    assert_eq!(property(&own, "Person", "CUSTOM_BADGE"), "Type=\"Edm.String\" MaxLength=\"12\"");
    assert_eq!(property(&own, "Employment", "EFFECTIVETO"), "Type=\"Edm.DateTime\"");
}

#[test]
fn a_field_of_the_tenants_own_is_written_as_any_other() {
    let settings = Settings { custom_fields: vec![("CUSTOM_BADGE".to_owned(), 3)], ..Settings::default() };
    let mut cezanne = Cezanne::new(settings, NOW);
    assert_eq!(post(&mut cezanne, "People", &but(ada(), "CUSTOM_BADGE", json!("7777"))), 400);
    assert_eq!(post(&mut cezanne, "People", &but(ada(), "CUSTOM_BADGE", json!("777"))), 201);
    assert_eq!(found(&mut cezanne, "People", "CUSTOM_BADGE eq '777'"), ["LV-1"]);
}

#[test]
fn the_service_document_lists_the_sets() {
    let light = read(&mut of(Variant::Description), "");
    assert_eq!(light["value"][0], json!({"name": "People", "url": "People"}));
    assert_eq!(read(&mut of(Variant::V2), "")["d"]["EntitySets"][2], "Employments");
    assert!(read(&mut of(Variant::V4), "")["@odata.context"].as_str().unwrap().ends_with("/$metadata"));
    let mut cezanne = of(Variant::Description);
    let reply = send(&mut cezanne, Request::get(SERVICE_PATH));
    assert!(text(&reply).contains("<collection href=\"OrgUnits\">"));
}
