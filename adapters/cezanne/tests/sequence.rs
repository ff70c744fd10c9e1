//! Person, contact details, employment: what becomes of a hire when one of the steps is refused, gets no answer, or was done by
//! somebody else meanwhile.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod tenant;

use adapter_sdk::{Effect, ErrorKind, Evidence, Found, Link, Next, Step};
use people::{FullName, Phone, PhoneKind, Pii};
use sandbox::cezanne::{Settings, Table, Variant};
use serde_json::json;
use tenant::{ANN, HIRES, Story, Tenant, VARIANTS, ann, assert_impersonal, hire, said};

const KEEP: &str = "[keep]\ncontact = \"COMMENTS\"";
/// Another of Lever's contacts.
const BOB: &str = "0d8c7b6a-1111-4222-8333-944455556666";

fn of(variant: Variant) -> Settings {
    Settings { variant, ..Settings::default() }
}

/// The code under which Ann stands, if nobody else has it.
async fn codes_of_ann() -> (String, String) {
    let tenant = Tenant::empty(Settings::default(), KEEP);
    let first = Story::of(&tenant, ann()).done().await.link.remote.to_string();
    tenant
        .account()
        .edit(tenant.now(), Table::People, &[("PERSONID", &first)], "COMMENTS", json!(BOB))
        .unwrap();
    let second = Story::of(&tenant, ann()).done().await.link.remote.to_string();
    (first, second)
}

fn key_of(id: &str, code: &str) -> [(&'static str, String); 2] {
    [("EMPLOYMENTID", id.to_owned()), ("PERSONID", code.to_owned())]
}

fn edit_employment(tenant: &Tenant, id: &str, code: &str, name: &str, value: serde_json::Value) {
    let key = key_of(id, code);
    let key: Vec<(&str, &str)> = key.iter().map(|(name, value)| (*name, value.as_str())).collect();
    tenant.account().edit(tenant.now(), Table::Employments, &key, name, value).unwrap();
}

// ---- partial success

#[tokio::test(start_paused = true)]
async fn a_closed_company_leaves_the_person_and_the_employment_follows_once_it_is_open() {
    for variant in VARIANTS {
        for rule_status in [400, 500] {
            let tenant = Tenant::empty(Settings { rule_status, ..of(variant) }, "");
            tenant.account().close_company(tenant.now(), "ACME-UK").unwrap();
            let mut story = Story::of(&tenant, ann());
            for attempt in 1..=2 {
                let receipt =
                    story.attempt().await.unwrap_or_else(|error| panic!("{rule_status}: {}", error.chain()));
                let obstacle = receipt.obstacle.unwrap();
                assert_eq!(obstacle.code, "company_code");
                let told = "employment not created: company code ACME-UK is not active";
                assert!(obstacle.what.starts_with(told), "{obstacle}");
                assert!(obstacle.remedy.contains("company_code"), "{obstacle}");
                assert_impersonal(&obstacle.to_string());
                assert_eq!(receipt.unfinished, [Step("employment".to_owned())]);
                // What is there is not written again.
                assert_eq!(tenant.writes(), [1, 1, attempt], "{variant:?} {rule_status}");
            }
            tenant.account().reopen_company(tenant.now(), "ACME-UK").unwrap();
            let receipt = story.done().await;
            assert_eq!(tenant.writes(), [1, 1, 3]);
            assert_eq!(tenant.only_employment().text("EMPLOYMENTID"), receipt.link.remote.as_str());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_employment_that_hr_entered_because_ours_was_refused_is_taken_as_it_is() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        tenant.account().close_company(tenant.now(), "ACME-UK").unwrap();
        let mut story = Story::of(&tenant, ann());
        let code = story.attempt().await.unwrap().link.remote.to_string();
        tenant.account().employ(tenant.now(), &code, "4711", "ACME-IE", "2026-05-04").unwrap();
        let receipt = story.done().await;
        assert_eq!(receipt.link.hires[HIRES[0]].as_str(), "4711");
        assert_eq!((receipt.effect, tenant.writes()), (Effect::Unchanged, [1, 1, 1]), "{variant:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn refused_contact_details_keep_nobody_from_their_employment() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        tenant.plan("400@write/Communications");
        let mut story = Story::of(&tenant, ann());
        let receipt = story.attempt().await.unwrap();
        assert_eq!(receipt.obstacle.unwrap().code, "contact_details");
        assert_eq!(
            (receipt.unfinished, tenant.writes()),
            (vec![Step("communications".to_owned())], [1, 1, 1])
        );
        story.done().await;
        assert_eq!(tenant.writes(), [1, 2, 1], "{variant:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_answers_500_for_ever_keeps_nobody_from_the_steps_after_it() {
    for (at, code, made) in
        [("Communications", "contact_details", [1, 0, 1]), ("Employments", "employment_refused", [1, 1, 0])]
    {
        let tenant = Tenant::empty(Settings::default(), "");
        tenant.plan(&format!("500@write/{at}%100"));
        let mut story = Story::of(&tenant, ann());
        // At first it may have been done.
        assert_eq!(story.attempt().await.unwrap_err().next(), Next::FindFirst);
        story.look().await;
        // Looked for, sent again, and answered in the same way: it is refused.
        let receipt = story.attempt().await.unwrap();
        assert_eq!(receipt.obstacle.unwrap().code, code);
        let account = tenant.account();
        let rows = [account.people().len(), account.communications().len(), account.employments().len()];
        assert_eq!(rows, made, "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_the_whole_target_is_said_also_when_only_a_rest_is_owed() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        tenant.account().close_company(tenant.now(), "ACME-UK").unwrap();
        let mut story = Story::of(&tenant, ann());
        story.attempt().await.unwrap();
        tenant.account().change_secret("another");
        tenant.account().revoke_tokens();
        let error = story.attempt().await.unwrap_err();
        assert_eq!((error.kind(), error.next()), (ErrorKind::Unauthorized, Next::Park), "{error}");
        assert!(error.to_string().contains("client_secret"), "{error}");
        tenant.account().change_secret(&Settings::default().access.client_secret);
        tenant.plan("429=7");
        let error = story.attempt().await.unwrap_err();
        let pause = std::time::Duration::from_secs(7);
        assert_eq!(
            (error.kind(), error.next()),
            (ErrorKind::RateLimited, Next::Retry { after: Some(pause) })
        );
        tenant.account().reopen_company(tenant.now(), "ACME-UK").unwrap();
        story.done().await;
    }
}

// ---- what is there already

#[tokio::test(start_paused = true)]
async fn contact_details_that_appear_by_themselves_are_filled_in_and_not_added() {
    for variant in VARIANTS {
        for etags in [false, true] {
            let tenant = Tenant::empty(Settings { communications_appear: true, etags, ..of(variant) }, "");
            Story::of(&tenant, ann()).done().await;
            let account = tenant.account();
            let of = |method| account.figures().of(method, "Communications");
            assert_eq!((of("POST"), of("PATCH")), (0, 1), "{variant:?} {etags}");
            drop(account);
            assert_eq!(tenant.only_communications().text("EXTERNALEMAILADDRESS"), "ann+jobs@example.org");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_hr_entered_meanwhile_is_not_written_over() {
    let tenant = Tenant::empty(Settings { communications_appear: true, ..Settings::default() }, "");
    tenant.plan("400@write/Communications");
    let mut story = Story::of(&tenant, ann());
    let code = story.attempt().await.unwrap().link.remote.to_string();
    let key = [("PERSONID", code.as_str())];
    let number = json!("+44 20 7946 0999");
    tenant.account().edit(tenant.now(), Table::Communications, &key, "HOMEPHONENUMBER", number).unwrap();
    story.done().await;
    let row = tenant.only_communications();
    assert_eq!(row.text("HOMEPHONENUMBER"), "+44 20 7946 0999");
    assert_eq!(row.text("MOBILEPHONENUMBER"), "+44 7700 900123");
}

#[tokio::test(start_paused = true)]
async fn a_second_run_writes_nothing_also_after_a_restart_and_a_lost_ledger() {
    for variant in VARIANTS {
        for more in ["", KEEP] {
            let tenant = Tenant::empty(of(variant), more);
            let mut story = Story::of(&tenant, ann());
            let first = story.done().await;
            assert_eq!(first.effect, Effect::Created);
            assert_eq!(story.done().await.effect, Effect::Unchanged);
            story.restart();
            assert_eq!(story.done().await.effect, Effect::Unchanged);
            story.forget();
            story.look().await;
            assert_eq!(story.link, Some(first.link.clone()), "the same person, the same employment");
            assert_eq!(story.done().await.effect, Effect::Unchanged);
            // Also where nobody looked.
            story.forget();
            assert_eq!(story.done().await.link, first.link);
            assert_eq!(tenant.writes(), [1, 1, 1], "{variant:?} {more}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_writes_what_changed_and_nothing_else_with_and_without_etags() {
    for variant in VARIANTS {
        for etags in [false, true] {
            let tenant = Tenant::empty(Settings { etags, ..of(variant) }, "hire_date = \"hired_at\"");
            let mut story = Story::of(&tenant, ann());
            let code = story.done().await.link.remote.to_string();
            let key = [("PERSONID", code.as_str())];
            tenant
                .account()
                .edit(tenant.now(), Table::People, &key, "LEGALNAME", json!("Ann Marie O'Neil"))
                .unwrap();
            story.person.name = FullName::new("Anna O'Neil");
            assert_eq!(story.done().await.effect, Effect::Updated);
            let mobile =
                Phone { kind: Some(PhoneKind::Mobile), number: Pii::new("+44 7700 900777".to_owned()) };
            story.person.phones[0] = mobile;
            hire(&mut story.person, 0).hired_at = "2026-06-01T09:00:00Z".parse().unwrap();
            assert_eq!(story.done().await.effect, Effect::Updated);
            assert_eq!(tenant.writes(), [2, 2, 2], "{variant:?} {etags}");
            let person = tenant.only_person();
            assert_eq!((person.text("GIVENNAME"), person.text("FAMILYNAME")), ("Anna", "O'Neil"));
            assert_eq!(tenant.only_communications().text("MOBILEPHONENUMBER"), "+44 7700 900777");
            assert_eq!(tenant.only_employment().text("EFFECTIVEFROM"), "2026-06-01T00:00:00");
            story.done().await;
            assert_eq!(tenant.writes(), [2, 2, 2]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_moved_while_it_was_written_is_read_and_written_again() {
    let tenant = Tenant::empty(Settings { etags: true, ..Settings::default() }, "");
    let mut story = Story::of(&tenant, ann());
    story.done().await;
    story.person.name = FullName::new("Anna O'Neil");
    tenant.plan("412@PATCH/People");
    let error = story.attempt().await.unwrap_err();
    assert_eq!((error.kind(), error.next()), (ErrorKind::Conflict, Next::Retry { after: None }));
    story.done().await;
    assert_eq!(tenant.only_person().text("GIVENNAME"), "Anna");
}

// ---- dialects

#[tokio::test(start_paused = true)]
async fn where_patch_is_refused_a_merge_is_sent_and_from_then_on_only_that() {
    for (variant, refusal) in [(Variant::Description, "nopatch=405"), (Variant::Code, "nopatch=501")] {
        let tenant = Tenant::empty(Settings { etags: true, ..of(variant) }, "");
        tenant.plan(refusal);
        let mut story = Story::of(&tenant, ann());
        story.done().await;
        for (nth, name) in ["Anna O'Neil", "Anne O'Neil"].into_iter().enumerate() {
            story.person.name = FullName::new(name);
            story.done().await;
            let account = tenant.account();
            let of = |method| account.figures().of(method, "People");
            assert_eq!((of("PATCH"), of("MERGE")), (1, nth as u64 + 1), "{variant:?}");
        }
        assert_eq!(tenant.only_person().text("GIVENNAME"), "Anne");
    }
}

#[tokio::test(start_paused = true)]
async fn odata_4_has_no_merge_and_a_refused_patch_names_the_setting() {
    let tenant = Tenant::empty(of(Variant::V4), "");
    tenant.plan("nopatch=405");
    let mut story = Story::of(&tenant, ann());
    story.done().await;
    story.person.name = FullName::new("Anna O'Neil");
    let error = story.attempt().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert!(error.to_string().contains("odata_version"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn where_light_json_is_refused_the_verbose_one_is_sent_and_nothing_is_made_twice() {
    for variant in [Variant::Description, Variant::Code] {
        let tenant = Tenant::empty(of(variant), "");
        tenant.plan("nolight");
        let mut story = Story::of(&tenant, ann());
        story.done().await;
        story.person.name = FullName::new("Anna O'Neil");
        story.done().await;
        // The first was refused, and remembered.
        assert_eq!(tenant.writes(), [3, 1, 1], "{variant:?}");
        assert_eq!(tenant.only_person().text("GIVENNAME"), "Anna");
    }
}

#[tokio::test(start_paused = true)]
async fn employments_are_read_page_by_page_and_never_from_another_host() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(Settings { page_size: 1, ..of(variant) }, KEEP);
        let mut story = Story::of(&tenant, ann());
        story.done().await;
        hire(&mut story.person, 1);
        story.done().await;
        hire(&mut story.person, 2);
        tenant.plan("foreign@read/Employments");
        let error = story.attempt().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
        assert!(error.to_string().contains("service_root"), "{error}");
        story.done().await;
        assert_eq!(tenant.employment_ids().len(), 3, "{variant:?}");
    }
}

// ---- no answer

#[tokio::test(start_paused = true)]
async fn an_answer_lost_at_any_step_never_makes_two_rows_and_all_is_there_in_the_end() {
    let faults = [
        "lost",
        "after=500",
        "after=502",
        "after=503",
        "after=504",
        "cut",
        "half",
        "stuck",
        "soft=stored",
        "bare",
    ];
    for variant in VARIANTS {
        for fault in faults {
            for set in ["People", "Communications", "Employments"] {
                for more in ["", KEEP] {
                    let tenant = Tenant::empty(of(variant), more);
                    tenant.plan(&format!("{fault}@POST/{set}"));
                    let mut story = Story::of(&tenant, ann());
                    let attempts = story.go_on().await;
                    let what = format!("{variant:?} {fault} {set} {more}");
                    assert!(attempts <= 2, "{what}: {attempts}");
                    // It was read back, and so not even sent twice.
                    assert_eq!(tenant.writes(), [1, 1, 1], "{what}");
                    let code = tenant.only_person().text("PERSONID").to_owned();
                    assert_eq!(tenant.only_communications().text("PERSONID"), code);
                    assert_eq!(tenant.only_employment().text("EMPLOYMENTID"), code);
                    story.done().await;
                    assert_eq!(tenant.writes(), [1, 1, 1], "{what}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_got_no_answer_and_was_not_done_is_looked_for_and_then_done_once() {
    for variant in VARIANTS {
        for fault in ["close", "hang", "500", "502", "503", "504", "soft"] {
            for set in ["People", "Communications", "Employments"] {
                let tenant = Tenant::empty(of(variant), "");
                tenant.plan(&format!("{fault}@POST/{set}"));
                let mut story = Story::of(&tenant, ann());
                let error = story.attempt().await.unwrap_err();
                let what = format!("{variant:?} {fault} {set}");
                assert_eq!(error.next(), Next::FindFirst, "{what}: {error}");
                assert_impersonal(&said(&error));
                let found = story.look().await;
                assert_eq!(found.len(), usize::from(set != "People"), "{what}");
                assert_eq!(story.go_on().await, 1, "{what}");
                drop((tenant.only_person(), tenant.only_communications(), tenant.only_employment()));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_whom_no_read_shows_yet_is_looked_for_again_and_not_made_again() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), KEEP);
        tenant.account().set_lag(60_000, 120_000);
        tenant.plan("lost@POST/People");
        let mut story = Story::of(&tenant, ann());
        assert_eq!(story.attempt().await.unwrap_err().next(), Next::FindFirst);
        assert_eq!(story.look().await, [], "{variant:?}");
        // Now a read by key shows it, and a list does not yet.
        tenant.account().set_lag(0, 120_000);
        assert_eq!(story.look().await.len(), 1);
        tenant.account().set_lag(0, 0);
        story.go_on().await;
        assert_eq!(tenant.writes(), [1, 1, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_was_made_without_an_answer_is_known_by_their_name_however_it_is_split() {
    for (more, name) in [
        ("", "Ann O'Neil"),
        ("", "Suharto"),
        ("missing_surname = \"Unknown\"", "Suharto"),
        ("[person]\nGIVENNAME = \"name.given\"\nFAMILYNAME = \"name.surname\"", "Anna Maria van der Berg"),
        ("[person]\nGIVENNAME = \"name.given\"\nFAMILYNAME = \"name.surname\"", "Berg, Anna van der"),
        ("[person]\nFAMILYNAME = \"name.surname\"", "Anna van der Berg"),
        ("[person]\nGIVENNAME = \"name.given\"\nFAMILYNAME = \"name.surname\"", "山田 花子"),
    ] {
        let tenant = Tenant::empty(Settings::default(), more);
        let mut person = ann();
        person.name = FullName::new(name);
        // No answer, and no contact details by which to know them either.
        tenant.plan("lost@POST/People");
        let mut story = Story::of(&tenant, person);
        tenant.lose_the_next_person();
        assert_eq!(story.attempt().await.unwrap_err().next(), Next::FindFirst, "{name}");
        let found = story.look().await;
        assert_eq!(found.iter().map(|found| found.evidence).collect::<Vec<_>>(), [Evidence::Key], "{name}");
        assert_eq!(story.go_on().await, 1, "{name}");
        assert_eq!(tenant.writes()[0], 1, "{name}");
    }
}

// ---- hidden, changed, deleted, somebody else's

#[tokio::test(start_paused = true)]
async fn who_is_hidden_from_us_is_never_made_again_and_it_is_said() {
    for variant in VARIANTS {
        for (duplicate_status, code) in [(409, "hidden"), (400, "person_refused")] {
            let tenant = Tenant::empty(Settings { duplicate_status, ..of(variant) }, "");
            let mut story = Story::of(&tenant, ann());
            let link = story.done().await.link;
            tenant.account().hide(link.remote.as_str());
            assert_eq!(story.adapter().read(&link).await.unwrap(), None);
            story.forget();
            assert_eq!(story.look().await, []);
            let error = story.attempt().await.unwrap_err();
            let obstacle = error.stands_in_the_way().unwrap();
            assert_eq!(obstacle.code, code, "{variant:?}");
            assert!(obstacle.remedy.contains("HR Professional"), "{obstacle}");
            assert_impersonal(&said(&error));
            drop(tenant.only_person());
            tenant.account().show(link.remote.as_str());
            story.look().await;
            assert_eq!(story.done().await.link, link);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whose_code_hr_changed_is_found_by_the_contact_id_and_without_one_is_left_to_a_human() {
    for variant in VARIANTS {
        for (more, evidence) in [(KEEP, Evidence::ContactId), ("", Evidence::EmailAndName)] {
            let tenant = Tenant::empty(of(variant), more);
            let mut story = Story::of(&tenant, ann());
            let link = story.done().await.link;
            tenant.account().change_code(tenant.now(), link.remote.as_str(), "1042").unwrap();
            assert_eq!(story.adapter().read(&link).await.unwrap(), None);
            let found = story.look().await;
            assert_eq!(found.len(), 1, "{variant:?} {more}");
            assert_eq!((found[0].link.remote.as_str(), found[0].evidence), ("1042", evidence));
            if evidence.is_proof() {
                assert_eq!(found[0].link.hires, link.hires, "the employment kept its id");
                story.done().await;
                hire(&mut story.person, 1);
                story.done().await;
                let first = link.remote.as_str();
                assert_eq!(tenant.employment_ids(), [first.to_owned(), format!("{first}-2")]);
            }
            drop(tenant.only_person());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_of_hrs_that_is_no_id_is_seen_and_nobody_is_made_beside_it() {
    for (more, is_proven) in [(KEEP, true), ("", false)] {
        let tenant = Tenant::empty(Settings::default(), more);
        let mut story = Story::of(&tenant, ann());
        let link = story.done().await.link;
        tenant.account().change_code(tenant.now(), link.remote.as_str(), "ÖN 01").unwrap();
        let found = story.adapter().find(&story.identity()).await;
        if is_proven {
            let error = found.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            assert!(error.to_string().contains("person code"), "{error}");
        } else {
            assert_eq!(
                found.unwrap().iter().map(|found| found.evidence).collect::<Vec<_>>(),
                [Evidence::EmailAndName]
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whom_hr_deleted_is_read_as_not_there_and_a_change_makes_nobody() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        let mut story = Story::of(&tenant, ann());
        let link = story.done().await.link;
        tenant.account().delete_person(link.remote.as_str()).unwrap();
        assert_eq!(story.adapter().read(&link).await.unwrap(), None);
        story.person.name = FullName::new("Anna O'Neil");
        let error = story.attempt().await.unwrap_err();
        assert_eq!((error.kind(), error.next()), (ErrorKind::Conflict, Next::Park));
        assert_eq!(error.stands_in_the_way().unwrap().code, "hidden");
        let account = tenant.account();
        assert!(account.people().is_empty() && account.employments().is_empty(), "{variant:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_contact_under_our_code_means_the_next_code() {
    let (first, second) = codes_of_ann().await;
    assert!(second.starts_with(&first) && second.len() == first.len() + 4, "{first} {second}");
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), KEEP);
        let bob = [("GIVENNAME", "Bob"), ("FAMILYNAME", "Price"), ("COMMENTS", BOB)];
        tenant.account().add_person(tenant.now(), &first, &bob).unwrap();
        let mut story = Story::of(&tenant, ann());
        assert_eq!(story.look().await, []);
        assert_eq!(story.done().await.link.remote.as_str(), second, "{variant:?}");
        story.forget();
        story.look().await;
        assert_eq!(story.done().await.effect, Effect::Unchanged);
        assert_eq!(tenant.account().people().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_profile_of_one_human_is_for_hr_to_judge_and_who_only_shares_the_address_is_somebody_else() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), KEEP);
        let first = Story::of(&tenant, ann()).done().await.link.remote;
        let mut person = ann();
        person.contact = BOB.parse().unwrap();
        (person.hires, person.opportunities) = Default::default();
        hire(&mut person, 1);
        let mut story = Story::of(&tenant, person);

        let found = story.look().await;

        assert_eq!(found.len(), 1, "{variant:?}");
        let Found { link, contact, evidence } = &found[0];
        assert_eq!(
            (&link.remote, *evidence),
            (&first, Evidence::EmailAndName),
            "no proof, so a human is asked"
        );
        assert_eq!(contact.as_ref().map(|contact| contact.as_str()), Some(ANN));
        story.person.name = FullName::new("Bob Price");
        assert_eq!(story.look().await, []);
        assert_eq!(story.done().await.effect, Effect::Created);
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_unknown_under_our_code_is_left_alone_and_nothing_is_written() {
    let (first, _) = codes_of_ann().await;
    for (variant, more) in VARIANTS.into_iter().flat_map(|variant| [(variant, ""), (variant, KEEP)]) {
        let tenant = Tenant::empty(of(variant), more);
        let bob = [("GIVENNAME", "Bob"), ("FAMILYNAME", "Price")];
        tenant.account().add_person(tenant.now(), &first, &bob).unwrap();
        let mut story = Story::of(&tenant, ann());
        let found = story.look().await;
        assert_eq!(found.iter().map(|found| found.evidence).collect::<Vec<_>>(), [Evidence::Email]);
        let error = story.attempt().await.unwrap_err();
        assert_eq!((error.kind(), error.next()), (ErrorKind::Conflict, Next::Park));
        assert_eq!(error.stands_in_the_way().unwrap().code, "code_taken");
        assert_eq!(tenant.writes(), [0, 0, 0], "{variant:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_word_of_hrs_in_the_place_of_the_contact_id_makes_nobody_a_stranger() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), KEEP);
        let mut story = Story::of(&tenant, ann());
        let link = story.done().await.link;
        let key = [("PERSONID", link.remote.as_str())];
        for comment in ["VIP", "moved to Dublin", "see-HR-2026"] {
            tenant.account().edit(tenant.now(), Table::People, &key, "COMMENTS", json!(comment)).unwrap();
            story.forget();
            story.look().await;
            assert_eq!(story.link.as_ref(), Some(&link), "{comment}");
            assert_eq!(story.done().await.link, link);
        }
        drop(tenant.only_person());
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_of_one_name_is_not_taken_for_whoever_shares_it() {
    let more = "[person]\nPERSONID = \"answer('Payroll number')\"";
    let tenant = Tenant::empty(Settings::default(), more);
    let other = [("GIVENNAME", "Suharto"), ("FAMILYNAME", "Wijaya")];
    tenant.account().add_person(tenant.now(), "1001", &other).unwrap();
    let mut person = ann();
    person.name = FullName::new("Suharto");
    person.answers = vec![people::Answer {
        opportunity: HIRES[0].parse().unwrap(),
        posting: None,
        template: None,
        field: None,
        question: "Payroll number".to_owned(),
        value: Pii::new(people::AnswerValue::Text("1001".to_owned())),
        at: None,
    }];
    let mut story = Story::of(&tenant, person);
    assert!(story.look().await.iter().all(|found| !found.evidence.is_proof()));
    assert_eq!(story.attempt().await.unwrap_err().stands_in_the_way().unwrap().code, "code_taken");
    assert_eq!(tenant.writes(), [0, 0, 0]);
}

// ---- hired again

#[tokio::test(start_paused = true)]
async fn each_further_hire_is_an_employment_of_its_own_under_the_next_number() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        let mut story = Story::of(&tenant, ann());
        let code = story.done().await.link.remote.to_string();
        for nth in [1, 2] {
            hire(&mut story.person, nth);
            let receipt = story.done().await;
            assert_eq!(receipt.effect, Effect::Created);
            assert_eq!(
                receipt.tasks.iter().map(|task| task.cause.as_str()).collect::<Vec<_>>(),
                [HIRES[nth]]
            );
        }
        assert_eq!(tenant.employment_ids(), [code.clone(), format!("{code}-2"), format!("{code}-3")]);
        assert_eq!(tenant.writes(), [1, 1, 3], "{variant:?}");
        let link = story.link.clone().unwrap();
        story.forget();
        story.look().await;
        assert_eq!(story.link, Some(link), "each hire has its own again");
        story.done().await;
        assert_eq!(tenant.writes(), [1, 1, 3]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_ids_kept_over_there_grow_with_each_hire_and_are_found_by() {
    let more =
        "[keep]\ncontact = \"EXTERNALREF\"\nopportunities = \"COMMENTS\"\nopportunity = \"HIRINGCOMMENT\"";
    for variant in VARIANTS {
        let custom_fields = vec![("EXTERNALREF".to_owned(), 100)];
        let tenant = Tenant::empty(Settings { custom_fields, ..of(variant) }, more);
        let mut story = Story::of(&tenant, ann());
        story.done().await;
        hire(&mut story.person, 1);
        story.done().await;
        let person = tenant.only_person();
        assert_eq!(person.text("COMMENTS"), format!("{} {}", HIRES[0], HIRES[1]));
        assert_eq!(person.text("EXTERNALREF"), ANN);
        let kept: Vec<String> =
            tenant.account().employments().iter().map(|row| row.text("HIRINGCOMMENT").to_owned()).collect();
        assert_eq!(kept, HIRES[..2]);
        let link = story.link.clone().unwrap();
        tenant.account().change_code(tenant.now(), link.remote.as_str(), "1042").unwrap();
        for (empty, evidence) in [("", Evidence::ContactId), ("EXTERNALREF", Evidence::OpportunityId)] {
            if !empty.is_empty() {
                let key = [("PERSONID", "1042")];
                tenant.account().edit(tenant.now(), Table::People, &key, empty, json!(null)).unwrap();
            }
            story.forget();
            let found = story.look().await;
            assert_eq!((found.len(), found[0].evidence), (1, evidence), "{variant:?}");
            assert_eq!(found[0].link, Link { remote: "1042".parse().unwrap(), hires: link.hires.clone() });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_employment_that_was_there_before_is_never_taken_for_a_new_hires() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), KEEP);
        let ann_before = [("GIVENNAME", "Ann"), ("FAMILYNAME", "O'Neil"), ("COMMENTS", ANN)];
        tenant.account().add_person(tenant.now(), "1001", &ann_before).unwrap();
        tenant.account().employ(tenant.now(), "1001", "1001", "ACME-IE", "2019-04-01").unwrap();
        let mut story = Story::of(&tenant, ann());
        story.look().await;
        for _ in 0..3 {
            let receipt = story.attempt().await.unwrap();
            let obstacle = receipt.obstacle.unwrap();
            assert_eq!(obstacle.code, "employed_already", "{variant:?}");
            assert!(receipt.link.hires.is_empty());
            assert_eq!(tenant.writes()[2], 0);
        }
        let end = if variant == Variant::V4 { "2026-05-03T00:00:00Z" } else { "2026-05-03T00:00:00" };
        edit_employment(&tenant, "1001", "1001", "EFFECTIVETO", json!(end));
        story.done().await;
        assert_eq!(tenant.employment_ids().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn an_employment_of_hrs_that_names_the_opportunity_is_the_hires() {
    let more = "[keep]\ncontact = \"COMMENTS\"\nopportunity = \"HIRINGCOMMENT\"";
    let tenant = Tenant::empty(Settings::default(), more);
    let ann_before = [("GIVENNAME", "Ann"), ("FAMILYNAME", "O'Neil"), ("COMMENTS", ANN)];
    tenant.account().add_person(tenant.now(), "1001", &ann_before).unwrap();
    tenant.account().employ(tenant.now(), "1001", "1001", "ACME-IE", "2026-05-01").unwrap();
    let mut story = Story::of(&tenant, ann());
    story.look().await;
    assert_eq!(story.attempt().await.unwrap().obstacle.unwrap().code, "employed_already");
    edit_employment(&tenant, "1001", "1001", "HIRINGCOMMENT", json!(HIRES[0]));
    let receipt = story.done().await;
    assert_eq!(receipt.link.hires[HIRES[0]].as_str(), "1001");
    assert_eq!(tenant.writes()[2], 0);
}

// ---- HR at the same time

#[tokio::test(start_paused = true)]
async fn what_hr_changed_since_it_was_compared_is_not_written_over() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        let mut story = Story::of(&tenant, ann());
        let link = story.done().await.link;
        let seen = story.adapter().read(&link).await.unwrap().map(Box::new);
        let code = link.remote.to_string();
        let key = [("PERSONID", code.as_str())];
        tenant.account().edit(tenant.now(), Table::People, &key, "FAMILYNAME", json!("Byhand")).unwrap();
        tenant
            .account()
            .edit(tenant.now(), Table::Communications, &key, "MOBILEPHONENUMBER", json!("+44 20 1"))
            .unwrap();
        story.person.name = FullName::new("Ann Renamed");
        let delivery = adapter_sdk::Delivery { seen: seen.clone(), ..story.delivery() };

        let error = story.adapter().deliver(&[delivery]).await.remove(0).unwrap_err();

        assert!(matches!(error.next(), Next::Retry { .. }), "{}", error.chain());
        assert_eq!(tenant.account().person(&code).unwrap().text("FAMILYNAME"), "Byhand");
        // The telephone alone.
        story.person = ann();
        story.person.phones =
            vec![Phone { number: Pii::new("+44 20 2".to_owned()), kind: Some(PhoneKind::Mobile) }];
        let delivery = adapter_sdk::Delivery { seen, ..story.delivery() };
        story.adapter().deliver(&[delivery]).await.remove(0).unwrap_err();
        let row = &tenant.account().communications()[0];
        assert_eq!(row.text("MOBILEPHONENUMBER"), "+44 20 1");
    }
}
