//! A tenant that cannot be used as it is configured: one message that names the cause and the setting, the same from `check` and
//! from a delivery, nothing personal in it, nothing written, and everything flows again once it is mended.

mod tenant;

use std::time::Duration;

use adapter_sdk::{CheckReport, Error, ErrorKind, Finding, HrisAdapter, Next};
use sandbox::cezanne::{Access, ErrorShape, Settings, Variant};
use sha2::{Digest as _, Sha256};
use tenant::{HOST, Story, Tenant, VARIANTS, ann, assert_impersonal, said};

fn of(variant: Variant) -> Settings {
    Settings { variant, ..Settings::default() }
}

/// What is wrong, as `check` and a delivery say it: the same thing, about the whole target, and nothing is written.
async fn refusal(tenant: &Tenant, adapter: &dyn HrisAdapter) -> Error {
    let checked = adapter.check().await.expect_err("check says so");
    let delivery = Story::of(tenant, ann()).delivery();
    let sent = adapter.deliver(&[delivery]).await.remove(0).expect_err("a delivery says so");
    assert_eq!((checked.kind(), checked.next()), (sent.kind(), sent.next()), "{checked} / {sent}");
    for error in [&checked, &sent] {
        assert_impersonal(&said(error));
        assert!(!said(error).contains(&tenant.account().settings().access.client_secret), "no secret");
    }
    assert_eq!(tenant.writes(), [0, 0, 0]);
    sent
}

fn assert_names(error: &Error, words: &[&str]) {
    for word in words {
        assert!(error.chain().contains(word), "{word}: {}", error.chain());
    }
}

/// Mended, it flows: with the same adapter, as in the daemon.
async fn assert_flows(tenant: &Tenant, adapter: &dyn HrisAdapter) {
    adapter.check().await.unwrap_or_else(|error| panic!("{}", error.chain()));
    let delivery = Story::of(tenant, ann()).delivery();
    let receipt =
        adapter.deliver(&[delivery]).await.remove(0).unwrap_or_else(|error| panic!("{}", error.chain()));
    assert_eq!((receipt.unfinished.len(), receipt.obstacle), (0, None));
    drop((tenant.only_person(), tenant.only_communications(), tenant.only_employment()));
}

fn warnings(report: &CheckReport) -> Vec<String> {
    let text = |finding: &Finding| match finding {
        Finding::Warning { what, remedy } => Some(format!("{what}; {remedy}")),
        Finding::Good { .. } => None,
    };
    report.findings.iter().filter_map(text).collect()
}

// ---- who we are

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_names_the_secret() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        let secret = tenant.account().settings().access.client_secret.clone();
        tenant.account().change_secret("regenerated");
        let adapter = tenant.adapter();
        let error = refusal(&tenant, &*adapter).await;
        assert_eq!((error.kind(), error.next()), (ErrorKind::Unauthorized, Next::Park));
        assert_names(&error, &["client_secret", "Regenerate"]);
        tenant.account().change_secret(&secret);
        assert_flows(&tenant, &*adapter).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_service_user_is_named_before_and_in_the_middle_of_everything() {
    for variant in VARIANTS {
        for had_a_token in [false, true] {
            let tenant = Tenant::empty(of(variant), "");
            let adapter = tenant.adapter();
            if had_a_token {
                adapter.check().await.unwrap();
            }
            tenant.account().expire_user(true);
            let error = refusal(&tenant, &*adapter).await;
            assert_eq!((error.kind(), error.next()), (ErrorKind::Unauthorized, Next::Park));
            assert_names(&error, &["service account user", "expired"]);
            tenant.account().expire_user(false);
            assert_flows(&tenant, &*adapter).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_scope_names_the_scope() {
    let access = Access { scope: Some("api:read api:write".to_owned()), ..Access::default() };
    let mut tenant = Tenant::empty(Settings { access, ..Settings::default() }, "");
    let error = refusal(&tenant, &*tenant.adapter()).await;
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_names(&error, &["scope", "Application Scopes"]);
    tenant.set("scope", "api:read api:write");
    assert_flows(&tenant, &*tenant.adapter()).await;
}

#[tokio::test(start_paused = true)]
async fn without_the_scope_for_writing_a_delivery_names_it_and_nobody_is_parked() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        tenant.account().allow_writes(false);
        let adapter = tenant.adapter();
        let error = adapter.deliver(&[Story::of(&tenant, ann()).delivery()]).await.remove(0).unwrap_err();
        assert_eq!((error.kind(), error.next()), (ErrorKind::Unauthorized, Next::Park));
        assert_names(&error, &["API write access", "HR Professional"]);
        assert_impersonal(&said(&error));
        assert!(tenant.account().people().is_empty());
        tenant.account().allow_writes(true);
        assert_flows(&tenant, &*adapter).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_early_is_renewed_without_anybody_noticing() {
    for variant in VARIANTS {
        let access = Access { calls_max: Some(2), ..Access::default() };
        let tenant = Tenant::empty(Settings { access, ..of(variant) }, "");
        assert_flows(&tenant, &*tenant.adapter()).await;
        let figures = tenant.account().figures().clone();
        assert!(figures.token_refusals > 0);
        assert_eq!(figures.by_status[&201], 3, "what was refused for its token was not done");
    }
}

// ---- where we knock

#[tokio::test(start_paused = true)]
async fn a_wrong_root_names_the_root_whatever_answers_there() {
    for (root, fault) in [
        (format!("{HOST}/cezanneondemand/v9/dataservice.svc"), ""),
        (format!("{HOST}/cezanneondemand"), ""),
        (format!("{HOST}/"), ""),
        (String::new(), "html%100"),
        (String::new(), "login%100"),
        (String::new(), "html@metadata%100"),
        (String::new(), "login@read%100"),
    ] {
        for variant in VARIANTS {
            let mut tenant = Tenant::empty(of(variant), "");
            let right = format!("{HOST}{}", sandbox::cezanne::SERVICE_PATH);
            if fault.is_empty() {
                tenant.set("service_root", &root);
            } else {
                tenant.plan(fault);
            }
            let error = refusal(&tenant, &*tenant.adapter()).await;
            assert_eq!(
                (error.kind(), error.next()),
                (ErrorKind::ConfigInvalid, Next::Park),
                "{root} {fault}"
            );
            assert_names(&error, &["service_root"]);
            tenant.account().clear_faults();
            tenant.set("service_root", &right);
            assert_flows(&tenant, &*tenant.adapter()).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_address_names_it() {
    for (url, fault) in [
        (format!("{HOST}/cezanneondemand/OAuth/Tokens"), ""),
        (String::new(), "html@token%100"),
        (String::new(), "login@token%100"),
    ] {
        let mut tenant = Tenant::empty(Settings::default(), "");
        if fault.is_empty() {
            tenant.set("token_url", &url);
        } else {
            tenant.plan(fault);
        }
        let error = refusal(&tenant, &*tenant.adapter()).await;
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{url} {fault}: {error}");
        assert_names(&error, &["token_url"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_tenant_is_waited_for() {
    for variant in VARIANTS {
        for (status, kind) in [(503, ErrorKind::Unavailable), (403, ErrorKind::Unauthorized)] {
            for had_a_token in [false, true] {
                let tenant = Tenant::empty(of(variant), "");
                let adapter = tenant.adapter();
                if had_a_token {
                    adapter.check().await.unwrap();
                }
                tenant.account().close(Some(status));
                let error = refusal(&tenant, &*adapter).await;
                assert_eq!(error.kind(), kind, "{variant:?} {status} {had_a_token}: {error}");
                tenant.account().close(None);
                assert_flows(&tenant, &*adapter).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_asks_for_patience_is_given_it_in_both_forms() {
    for variant in VARIANTS {
        for (fault, kind) in [
            ("429=7", ErrorKind::RateLimited),
            ("429=date:7", ErrorKind::RateLimited),
            ("503=7", ErrorKind::Unavailable),
            ("503=date:7", ErrorKind::Unavailable),
        ] {
            for at in ["read/People", "write/People"] {
                let tenant = Tenant::empty(of(variant), "");
                tenant.plan(&format!("{fault}@{at}"));
                let adapter = tenant.adapter();
                let error =
                    adapter.deliver(&[Story::of(&tenant, ann()).delivery()]).await.remove(0).unwrap_err();
                let next = Next::Retry { after: Some(Duration::from_secs(7)) };
                assert_eq!((error.kind(), error.next()), (kind, next), "{variant:?} {fault} {at}");
                if kind == ErrorKind::RateLimited {
                    assert_names(&error, &["calls_per_second_max"]);
                }
                assert_flows(&tenant, &*adapter).await;
            }
        }
    }
}

// ---- what the tenant has

#[tokio::test(start_paused = true)]
async fn what_the_mapping_wants_and_the_tenant_has_not_is_named_with_what_it_has() {
    for variant in VARIANTS {
        for (more, words) in [
            ("[person]\nLEGALNAMES = \"name.full\"", &["LEGALNAMES", "there is LEGALNAME", ".person"][..]),
            ("[hire]\nHIREDATE = \"today\"", &["HIREDATE", "Employments", ".hire"]),
            ("[person]\nAGEYEARS = \"'30'\"", &["AGEYEARS", "computed by Cezanne"]),
            ("[sets]\npeople = \"Persons\"", &["Persons", "sets.people"]),
            ("[keep]\ncontact = \"LEVERID\"", &["LEVERID"]),
        ] {
            let tenant = Tenant::empty(of(variant), more);
            let error = refusal(&tenant, &*tenant.adapter()).await;
            assert_eq!((error.kind(), error.next()), (ErrorKind::ConfigInvalid, Next::Park), "{more}");
            assert_names(&error, words);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_gender_code_of_the_mapping_is_refused_by_a_tenant_that_has_only_texts() {
    let tenant = Tenant::empty(Settings::default(), "[person]\nGENDERCODE = \"'F'\"");
    let error = refusal(&tenant, &*tenant.adapter()).await;
    assert_names(&error, &["GENDERCODE", "GENDERDESCRIPTION"]);
}

#[tokio::test(start_paused = true)]
async fn a_field_that_the_tenant_gets_later_is_seen_within_the_hour() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "[keep]\ncontact = \"LEVERID\"");
        let adapter = tenant.adapter();
        assert_names(&refusal(&tenant, &*adapter).await, &["LEVERID"]);
        let custom_fields = vec![("LEVERID".to_owned(), 50)];
        let origin = Some(HOST.to_owned());
        *tenant.account() =
            sandbox::cezanne::Cezanne::new(Settings { custom_fields, origin, ..of(variant) }, tenant.now());
        tokio::time::advance(Duration::from_secs(3600)).await;
        // Whoever asks first has it asked for again.
        drop(adapter.check().await);
        assert_flows(&tenant, &*adapter).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_renamed_gender_is_named_and_the_person_is_made_once_it_is_mended() {
    for rule_status in [400, 500] {
        let tenant = Tenant::new(Settings { rule_status, staff: 3, ..Settings::default() }, "");
        tenant.account().rename_gender("U", "Prefer not to say").unwrap();
        let mut story = Story::of(&tenant, ann());
        let error = story.attempt().await.unwrap_err();
        let next = if rule_status == 400 { Next::Retry { after: None } } else { Next::FindFirst };
        assert_eq!(error.next(), next, "{error}");
        let obstacle = error.stands_in_the_way().unwrap_or_else(|| panic!("{rule_status}: {error}"));
        assert_eq!(obstacle.code, "gender");
        for word in ["Not Known", "code U", "gender_description"] {
            assert!(obstacle.to_string().contains(word), "{obstacle}");
        }
        assert_impersonal(&said(&error));
        assert_eq!(tenant.account().people().len(), 3);
        let mended = tenant.with("gender_description = \"Prefer not to say\"");
        let receipt = Story::of(&mended, ann()).done().await;
        let code = receipt.link.remote.as_str();
        assert_eq!(tenant.account().person(code).unwrap().text("GENDERCODE"), "U");
    }
    // A tenant with codes does not mind.
    for variant in [Variant::Code, Variant::V4] {
        let tenant = Tenant::empty(of(variant), "");
        tenant.account().rename_gender("U", "Prefer not to say").unwrap();
        assert_flows(&tenant, &*tenant.adapter()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_company_code_that_is_unknown_closed_or_renamed_is_warned_of_and_said_of_each_hire() {
    for variant in VARIANTS {
        for (told, act, words) in [
            ("ACME-UK", "close", "is not active"),
            ("ACME-UK", "rename", "is not known"),
            ("ACME-US", "", "is not known"),
        ] {
            let mut tenant = Tenant::empty(of(variant), "");
            tenant.set("company_code", told);
            let tenant = match act {
                "" => Tenant::configured(of(variant), &tenant_text(told)).unwrap(),
                _ => tenant,
            };
            match act {
                "close" => tenant.account().close_company(tenant.now(), told).unwrap(),
                "rename" => tenant.account().rename_company(tenant.now(), told, "ACME-GB").unwrap(),
                _ => {}
            }
            let adapter = tenant.adapter();
            let warned = warnings(&adapter.check().await.unwrap());
            let warning =
                warned.iter().find(|text| text.contains(told)).unwrap_or_else(|| panic!("{warned:?}"));
            assert!(warning.contains(words) && warning.contains("company_code"), "{warning}");
            let receipt = adapter.deliver(&[Story::of(&tenant, ann()).delivery()]).await.remove(0).unwrap();
            let obstacle = receipt.obstacle.unwrap();
            assert_eq!(obstacle.code, "company_code", "{variant:?} {act}");
            assert!(obstacle.what.contains(&format!("company code {told} {words}")), "{obstacle}");
        }
    }
}

fn tenant_text(company: &str) -> String {
    format!(
        "service_root = \"{HOST}{}\"\ntoken_url = \"{HOST}{}\"\nclient_id = \"sandbox-client\"\nclient_secret = {{ file = \
         \"cezanne-secret\" }}\ncompany_code = \"{company}\"\ncalls_per_second_max = 1000\nopen_ended = \"9999-12-31\"\n",
        sandbox::cezanne::SERVICE_PATH,
        sandbox::cezanne::TOKEN_PATH
    )
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_in_the_tenants_words_whatever_their_form_and_never_with_a_persons() {
    for variant in VARIANTS {
        for errors in [
            ErrorShape::Negotiated,
            ErrorShape::Light,
            ErrorShape::Verbose,
            ErrorShape::Flat,
            ErrorShape::Xml,
            ErrorShape::Html,
            ErrorShape::Empty,
        ] {
            let tenant =
                Tenant::empty(Settings { errors, ..of(variant) }, "[person]\nCOMMENTS = \"name.full\"");
            tenant.plan("400@POST/People");
            let mut story = Story::of(&tenant, ann());
            let error = story.attempt().await.unwrap_err();
            assert_eq!(
                (error.kind(), error.next()),
                (ErrorKind::Rejected, Next::Park),
                "{variant:?} {errors:?}"
            );
            let obstacle = error.stands_in_the_way().unwrap();
            assert_eq!(obstacle.code, "person_refused");
            assert_eq!(
                obstacle.what.contains("An error occurred"),
                errors != ErrorShape::Empty,
                "{obstacle}"
            );
            assert_impersonal(&said(&error));
            story.done().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_too_long_parks_this_person_and_names_the_field() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        let mut person = ann();
        person.name = people::FullName::new(format!("Ann {}", "O'Neil".repeat(20)));
        let error = Story::of(&tenant, person).attempt().await.unwrap_err();
        assert_eq!((error.kind(), error.next()), (ErrorKind::Rejected, Next::Park));
        let obstacle = error.stands_in_the_way().unwrap();
        assert_eq!(obstacle.code, "does_not_fit");
        assert!(obstacle.what.contains("FAMILYNAME") && obstacle.what.contains("100"), "{obstacle}");
        assert_impersonal(&said(&error));
        assert_eq!(tenant.writes(), [0, 0, 0], "{variant:?}");
    }
}

// ---- what check finds

#[tokio::test(start_paused = true)]
async fn a_check_knows_the_tenant_again_and_sees_what_only_a_human_can_judge() {
    for variant in VARIANTS {
        let tenant = Tenant::new(Settings { staff: 4, ..of(variant) }, "");
        let report = tenant.adapter().check().await.unwrap();
        assert_eq!(report.landmarks.len(), 4);
        assert!(report.landmarks.iter().all(|landmark| landmark.len() == 64), "a digest, and nobody's name");
        assert_eq!(tenant.adapter().check().await.unwrap().landmarks, report.landmarks);
        let warned = warnings(&report);
        assert!(warned.iter().any(|text| text.contains(sandbox::cezanne::STARTER_FUNCTION)), "{warned:?}");
        assert!(!warned.iter().any(|text| text.contains("one e-mail address")), "{warned:?}");
        // The native integration made somebody as well.
        Story::of(&tenant, ann()).done().await;
        let twin = tenant.account().communications()[0].text("EXTERNALEMAILADDRESS").to_owned();
        let mut person = ann();
        person.contact = "0d8c7b6a-1111-4222-8333-944455556666".parse().unwrap();
        person.emails = vec![people::Pii::new(twin)];
        Story::of(&tenant, person).done().await;
        let warned = warnings(&tenant.adapter().check().await.unwrap());
        let twice = warned.iter().find(|text| text.contains("one e-mail address")).unwrap();
        assert!(twice.contains("1001") && twice.contains("Integrations > Lever"), "{twice}");
        assert_impersonal(&warned.join(" "));
        let before = tenant.account().figures().requests;
        let writes = tenant.writes();
        tenant.adapter().check().await.unwrap();
        assert_eq!(
            tenant.writes(),
            writes,
            "a check reads, {} times",
            tenant.account().figures().requests - before
        );
    }
}

/// So many landmarks are still there; the engine asks for a quarter of those it knows.
fn left(before: &CheckReport, now: &CheckReport) -> usize {
    before.landmarks.iter().filter(|landmark| now.landmarks.contains(landmark)).count()
}

/// Enters people under these codes. Their names are spread over the alphabet, however the codes are sorted.
fn enter(tenant: &Tenant, family: &str, codes: impl Iterator<Item = String>) {
    for code in codes {
        let given = hex::encode(Sha256::digest(&code));
        let name = [("GIVENNAME", given.as_str()), ("FAMILYNAME", family)];
        tenant.account().add_person(tenant.now(), &code, &name).expect("the code is free");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_known_again_though_newcomers_stand_before_everybody() {
    for variant in VARIANTS {
        for newcomers in ["1", "00"] {
            let tenant = Tenant::empty(of(variant), "");
            enter(&tenant, "Staff", (900..1000).map(|code| code.to_string()));
            let before = tenant.adapter().check().await.unwrap();
            // `1000` comes before `900`, as text.
            enter(&tenant, "Newcomer", (0..150).map(|nth| format!("{newcomers}{nth:03}")));
            let now = tenant.adapter().check().await.unwrap();
            let (left, known) = (left(&before, &now), before.landmarks.len());
            assert!(left * 4 >= known, "{variant:?} {newcomers}: {left} of {known}");
        }
        // The same codes, and other people.
        let [one, other] = ["Staff", "Crew"].map(|family| {
            let tenant = Tenant::empty(of(variant), "");
            enter(&tenant, family, (900..1000).map(|code| code.to_string()));
            tenant
        });
        let [one, other] = [one.adapter().check().await.unwrap(), other.adapter().check().await.unwrap()];
        assert_eq!(left(&one, &other), 0, "{variant:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_sort_by_names_is_known_by_its_codes() {
    let tenant = Tenant::new(Settings { staff: 4, ..Settings::default() }, "");
    let before = tenant.adapter().check().await.unwrap();
    tenant.refuse_to_sort_by_name();
    assert_eq!(tenant.adapter().check().await.unwrap().landmarks, before.landmarks);
}
