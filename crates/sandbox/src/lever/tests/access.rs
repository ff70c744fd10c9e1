use super::*;

#[test]
fn a_denied_permission_is_403_on_its_endpoints_and_on_no_other() {
    let mut lever = lever();
    let (contact, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    let posting = lever.postings()[0].id.clone();
    let requisition = lever.requisitions()[0].id.clone();
    let of_opportunity = |rest: &str| format!("/v1/opportunities/{opportunity}{rest}");
    let endpoints = [
        ("opportunities:read:admin", "GET", "/v1/opportunities".to_owned()),
        ("opportunities:read:admin", "GET", of_opportunity("")),
        ("opportunities:read:admin", "GET", "/v1/opportunities/deleted".to_owned()),
        ("opportunities:write:admin", "POST", of_opportunity("/addTags")),
        ("opportunities:write:admin", "POST", of_opportunity("/addLinks")),
        ("notes:write:admin", "POST", of_opportunity("/notes")),
        ("notes:read:admin", "GET", of_opportunity("/notes")),
        ("offers:read:admin", "GET", of_opportunity("/offers")),
        ("applications:read:admin", "GET", of_opportunity("/applications")),
        ("forms:read:admin", "GET", of_opportunity("/forms")),
        ("contact:read:admin", "GET", format!("/v1/contacts/{contact}")),
        ("archive_reasons:read:admin", "GET", "/v1/archive_reasons".to_owned()),
        ("stages:read:admin", "GET", "/v1/stages/offer".to_owned()),
        ("postings:read:admin", "GET", format!("/v1/postings/{posting}")),
        ("requisitions:read:admin", "GET", format!("/v1/requisitions/{requisition}")),
        ("users:read:admin", "GET", "/v1/users".to_owned()),
        ("webhooks:read:admin", "GET", "/v1/webhooks".to_owned()),
        ("webhooks:write:admin", "POST", "/v1/webhooks".to_owned()),
    ];
    let order =
        r#"{"tags": [], "links": [], "value": "x", "event": "candidateHired", "url": "https://a.example"}"#;
    for denied in &endpoints {
        lever.deny(denied.0);
        for (permission, method, target) in &endpoints {
            let (status, answer) = send(&mut lever, NOW, method, target, order);
            assert_eq!(status == 403, *permission == denied.0, "{method} {target} without {}", denied.0);
            assert!(status < 300 || answer["message"].as_str().unwrap().ends_with(permission));
        }
        lever.allow(denied.0);
    }
}

#[test]
fn what_is_expanded_takes_a_permission_of_its_own() {
    let mut lever = lever();
    candidate(&mut lever, NOW, "Ada Example");
    for (permission, field) in
        [("applications:read:admin", "applications"), ("contact:read:admin", "contact")]
    {
        lever.deny(permission);
        assert_eq!(ask(&mut lever, NOW, "/v1/opportunities?expand=stage").status, 200);
        let target = format!("/v1/opportunities?expand=stage&expand={field}");
        assert_eq!(ask(&mut lever, NOW, &target).status, 403);
        lever.allow(permission);
        assert_eq!(ask(&mut lever, NOW, &target).status, 200);
    }
}

#[test]
fn a_key_can_be_made_without_a_permission() {
    let denied = ["offers:read:admin".to_owned()].into();
    let mut lever = Lever::new(Settings { denied, ..unlimited() });
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    assert_eq!(ask(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}/offers")).status, 403);
}

#[test]
fn a_revoked_key_is_let_in_nowhere_until_it_is_restored() {
    let mut lever = lever();
    lever.revoke_key();
    assert_eq!(ask(&mut lever, NOW, "/v1/stages").status, 401);
    assert_eq!(send(&mut lever, NOW, "POST", "/v1/webhooks", "{}").0, 401);
    lever.restore_key();
    assert_eq!(ask(&mut lever, NOW, "/v1/stages").status, 200);
}

#[test]
fn a_narrowed_key_reads_shorter_lists_and_is_refused_what_it_asks_for() {
    let mut lever = lever();
    let (contact, hidden) = candidate(&mut lever, NOW, "Ada Example");
    let (_, seen) = candidate(&mut lever, NOW, "Ben Example");
    lever.hide(&hidden);
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?limit=1"), set([seen.as_str()]));
    assert!(found(&mut lever, NOW, &format!("/v1/opportunities?contact_id={contact}")).is_empty());
    for path in ["", "/offers", "/forms"] {
        assert_eq!(ask(&mut lever, NOW, &format!("/v1/opportunities/{hidden}{path}")).status, 403);
    }
    let target = format!("/v1/opportunities/{hidden}/addTags");
    assert_eq!(send(&mut lever, NOW, "POST", &target, r#"{"tags": ["x"]}"#).0, 403);
    lever.show(&hidden);
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities").len(), 2);
}

#[test]
fn the_grant_for_confidential_data_can_be_taken_away_while_somebody_reads() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.make_confidential(NOW, &opportunity).unwrap();
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?confidentiality=all").len(), 1);
    lever.grant_confidential(false);
    assert_eq!(ask(&mut lever, NOW, "/v1/opportunities?confidentiality=all").status, 403);
    assert_eq!(ask(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}")).status, 403);
    assert!(found(&mut lever, NOW, "/v1/opportunities").is_empty());
    lever.grant_confidential(true);
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?confidentiality=all").len(), 1);
}
