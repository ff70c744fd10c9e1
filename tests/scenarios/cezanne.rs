//! Cezanne HR as the target of the real program: what arrives, what goes wrong over there, and what HR reads. The rows H1 to H15
//! of the failure catalogue as far as a process, a network and a clock of its own matter; the adapter's own tests have the rest.
//!
//! | row | what goes wrong | where |
//! |---|---|---|
//! | H1 | applied, and the answer lost | here (`under …`); `adapters/cezanne/tests/sequence.rs` at each step; conformance |
//! | H2 | a look that lags | `sequence.rs`; `engine` (four looks over four minutes) |
//! | H3 | the person made, the employment refused | here; `sequence.rs` |
//! | H4 | there already, once or twice | here; `sequence.rs`; conformance |
//! | H5 | a shared address, a shared name | here; `sequence.rs` |
//! | H6 | refused for good | `refused.rs` |
//! | H7 | HR edited | here; `sequence.rs` |
//! | H8 | HR deleted, hid or renumbered | here; `sequence.rs` |
//! | H9 | a token that dies | here (`under …`); `odata::service` and `oauth` |
//! | H10 | the service user expired | here; `refused.rs` |
//! | H11 | slow, or away | here; `engine` |
//! | H12 | 200 with an error, 201 with nothing | `sequence.rs`; `relay.rs` |
//! | H13 | a name that is a filter | here; `odata::filter`; the fuzzer |
//! | H14 | an adapter that panics | `adapter-sdk`'s layers |
//! | H15 | another tenant, a wrong company code | here; `refused.rs` |

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use sandbox::{
    NewContact,
    cezanne::{Access, Receiver, Settings, Table, Variant},
};
use serde_json::json;

use crate::harness::{
    PretendCezanne, World,
    cezanne::{Company, KEEPING},
    lever::hire,
    number,
    wait::within,
    wait_until,
};

fn variants() -> [Settings; 3] {
    [Variant::Description, Variant::Code, Variant::V4]
        .map(|variant| Settings { variant, ..Settings::default() })
}

fn code_of(company: &Company, email: &str) -> String {
    let rows = company.cezanne.account().communications();
    let row = rows.iter().find(|row| row.text("EXTERNALEMAILADDRESS") == email);
    row.unwrap_or_else(|| panic!("nobody there has {email}\n{}", company.world.everything_said()))
        .text("PERSONID")
        .to_owned()
}

#[test]
fn a_hire_arrives_as_person_contact_details_and_employment_and_hr_gets_the_new_starter_task() {
    for settings in variants() {
        let company = Company::new(settings);
        company.world.lever.hire("Ada Example");

        company.world.once(&[]).expect(0);

        company.assert_exact();
        let code = code_of(&company, "ada@example.com");
        let person = company.cezanne.account().person(&code).unwrap();
        assert_eq!((person.text("GIVENNAME"), person.text("FAMILYNAME")), ("Ada", "Example"));
        assert_eq!(person.text("GENDERCODE"), "U");
        let _daemon = company.world.daemon();
        company.world.ask(&["tasks"]).expect(0).says(&[
            "New starter",
            &code,
            "BIRTHDATE",
            "GENDERDESCRIPTION",
        ]);
    }
}

#[test]
fn a_second_run_over_unchanged_people_writes_nothing() {
    let company = Company::new(Settings::default());
    for name in ["Ada Example", "Ben Example", "Cy Example"] {
        company.world.lever.hire(name);
    }
    company.world.once(&[]).expect(0);
    let writes = company.cezanne.writes();
    let requests = company.cezanne.account().figures().requests;

    company.world.once(&["--full"]).expect(0);

    assert_eq!(company.cezanne.writes(), writes);
    let asked = company.cezanne.account().figures().requests - requests;
    assert!(asked <= 10, "only the check of a new process asked anything: {asked} requests");
    company.assert_exact();
}

#[test]
fn a_refused_company_code_leaves_the_person_says_so_and_only_the_employment_follows_once_it_is_mended() {
    let company = Company::new(Settings::default());
    company.cezanne.act(|tenant, now| tenant.close_company(now, "ACME-UK"));
    company.world.lever.hire("Ada Example");
    company.world.lever.hire("Ben Example");

    let first = company.world.once(&[]).expect(1);

    first.says(&["company code ACME-UK is not active", "company_code"]);
    let people = company.cezanne.account().figures().of("POST", "People");
    company.cezanne.act(|tenant, now| tenant.reopen_company(now, "ACME-UK"));
    let mut daemon = company.world.daemon();
    company.world.ask(&["history"]).expect(0).says(&["Error", "employment not created", "ACME-UK"]);
    for line in company.world.ask(&["people", "--json"]).expect(0).json().as_array().unwrap() {
        company.world.ask(&["retry", line["contact"].as_str().unwrap()]).expect(0);
    }
    wait_until("nothing is wrong any more", Duration::from_secs(20), || {
        company.wrongs().is_empty().then_some(())
    });
    assert!(daemon.ended().is_none());
    assert_eq!(company.cezanne.account().figures().of("POST", "People"), people, "nobody was made again");
    assert!(company.world.ask(&["parked", "--json"]).expect(0).json().as_array().unwrap().is_empty());
}

#[test]
fn taking_somebody_out_of_hired_and_back_retries_what_is_missing_and_repeats_nothing() {
    let company = Company::new(Settings::default());
    company.cezanne.act(|tenant, now| tenant.close_company(now, "ACME-UK"));
    let ada = company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(1);
    company.cezanne.act(|tenant, now| tenant.reopen_company(now, "ACME-UK"));

    company.world.lever.act(|lever, now| {
        lever.unarchive(now, &ada.opportunity)?;
        lever.hire(now + 1, &ada.opportunity)
    });
    company.world.once(&[]).expect(0);

    company.assert_exact();
    assert_eq!(company.cezanne.account().figures().of("POST", "People"), 1);
}

#[test]
fn an_expired_service_user_stops_the_target_with_one_message_and_everything_flows_again_by_itself() {
    let company = Company::new(Settings::default());
    company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(0);
    company.cezanne.account().expire_user(true);
    company.cezanne.account().revoke_tokens();
    for name in ["Ben Example", "Cy Example"] {
        company.world.lever.hire(name);
    }

    let failed = company.world.once(&[]);

    failed.says(&["service account user"]);
    assert_ne!(failed.code, Some(0));
    company.cezanne.account().expire_user(false);
    company.world.once(&[]).expect(0);
    company.assert_exact();
}

#[test]
fn a_wrong_secret_is_named_and_nobody_is_parked() {
    let company = Company::new(Settings::default());
    company.write_secret("another");
    company.world.lever.hire("Ada Example");

    let failed = company.world.once(&[]);

    failed.says(&["client_secret"]);
    company.write_secret(&company.cezanne.account().settings().access.client_secret.clone());
    company.world.once(&[]).expect(0);
    company.assert_exact();
}

#[test]
fn a_renamed_gender_item_is_named_with_its_setting_and_nobody_is_parked() {
    let company = Company::new(Settings::default());
    company.cezanne.act(|tenant, _| tenant.rename_gender("U", "Unspecified"));
    company.world.lever.hire("Ada Example");
    company.world.lever.hire("Ben Example");

    let refused = company.world.once(&[]).expect(1);

    refused.says(&["gender_description", "Not Known"]);
    let status = company.world.once(&["--json"]).json();
    assert_eq!(status["targets"]["cezanne-uk"]["parked"], 0, "{status}");
    company.configure(&format!("gender_description = \"Unspecified\"\n{KEEPING}"));
    company.world.once(&[]).expect(0);
    company.assert_exact();
}

#[test]
fn after_a_lost_ledger_everybody_is_adopted_nothing_is_written_and_the_next_hire_needs_nobody() {
    for more in [KEEPING, ""] {
        let company = Company::with(Settings::default(), more);
        for nth in 0..14 {
            company.world.lever.hire(&format!("Person{nth} Example"));
        }
        company.world.once(&["--approve"]).expect(0);
        company.assert_exact();
        let writes = company.cezanne.writes();
        company.lose_the_ledger();
        let mut world_setup = company.world.config_head();
        world_setup = world_setup.replace("creates_per_cycle_max = 100000", "creates_per_cycle_max = 10");
        company.world.write_config(&format!("{world_setup}\n{}", company.target(more)));

        company.world.once(&[]).expect(0);

        assert_eq!(company.cezanne.writes(), writes, "{}", company.world.everything_said());
        company.world.lever.hire("Late Example");
        company.world.once(&[]).expect(0);
        company.assert_exact();
    }
}

#[test]
fn a_person_whose_code_hr_changed_is_never_made_again() {
    let company = Company::with(Settings::default(), "");
    let ada = company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(0);
    let code = code_of(&company, "ada@example.com");
    company.cezanne.act(|tenant, now| tenant.change_code(now, &code, "1900"));
    company.world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Married"));

    company.world.once(&["--full"]);
    company.world.once(&["--full"]);

    company.assert_exact();
    company.lose_the_ledger();
    company.world.once(&[]).expect(1);
    company.assert_exact();
}

#[test]
fn with_a_kept_contact_id_a_person_whose_code_hr_changed_is_found_and_changed_under_it() {
    let company = Company::new(Settings::default());
    let ada = company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(0);
    let code = code_of(&company, "ada@example.com");
    company.cezanne.act(|tenant, now| tenant.change_code(now, &code, "1900"));
    company.world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Married"));

    company.world.once(&["--full"]);
    company.world.once(&["--full"]);

    company.assert_exact();
    assert_eq!(company.cezanne.account().person("1900").unwrap().text("FAMILYNAME"), "Married");
}

#[test]
fn a_hidden_person_is_never_made_again() {
    let company = Company::with(Settings::default(), "");
    company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(0);
    let code = code_of(&company, "ada@example.com");
    company.cezanne.account().hide(&code);
    company.lose_the_ledger();

    company.world.once(&[]).expect(1).says(&["hidden from the service account user"]);

    company.assert_exact();
}

#[test]
fn what_hr_corrected_stays_and_what_lever_changed_arrives() {
    for settings in variants() {
        let birthday = if settings.variant == Variant::V4 { "1990-02-03" } else { "1990-02-03T00:00:00" };
        let company = Company::new(settings);
        let ada = company.world.lever.hire("Ada Example");
        company.world.once(&[]).expect(0);
        let code = code_of(&company, "ada@example.com");
        company.cezanne.act(|tenant, now| {
            tenant.edit(now, Table::People, &[("PERSONID", &code)], "PREFERREDGIVENNAME", json!("Addie"))?;
            tenant.edit(now, Table::People, &[("PERSONID", &code)], "BIRTHDATE", json!(birthday))
        });
        company.world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Augusta Newname"));

        company.world.once(&[]);

        let person = company.cezanne.account().person(&code).unwrap();
        assert_eq!((person.text("GIVENNAME"), person.text("FAMILYNAME")), ("Augusta", "Newname"));
        assert_eq!(person.text("PREFERREDGIVENNAME"), "Addie");
        assert!(person.text("BIRTHDATE").starts_with("1990-02-03"));
        company.assert_exact();
    }
}

#[test]
fn somebody_hired_again_is_one_person_with_a_second_employment() {
    for settings in variants() {
        let company = Company::new(settings);
        let ada = company.world.lever.hire("Ada Example");
        company.world.once(&[]).expect(0);
        company.world.lever.hire_again(&ada.contact);

        company.world.once(&[]).expect(0);

        company.assert_exact();
        let code = code_of(&company, "ada@example.com");
        let employments = company.cezanne.account().employments();
        let ids: Vec<&str> = employments
            .iter()
            .filter(|row| row.text("PERSONID") == code)
            .map(|row| row.text("EMPLOYMENTID"))
            .collect();
        assert_eq!(ids, [code.clone(), format!("{code}-2")]);
    }
}

#[test]
fn somebody_whose_address_is_there_already_is_held_until_a_human_has_looked() {
    let company = Company::with(Settings::default(), "");
    company.cezanne.act(|tenant, now| {
        let staff = [("PERSONID", "1001")];
        tenant.edit(now, Table::Communications, &staff, "EXTERNALEMAILADDRESS", json!("ada@example.com"))
    });
    let ada = company.world.lever.hire("Ada Example");

    company.world.once(&[]).expect(1).says(&["1 held for a human"]);

    assert_eq!(company.cezanne.account().figures().of("POST", "People"), 0);
    let _daemon = company.world.daemon();
    company.world.ask(&["tasks"]).expect(0).says(&["May be this person already: 1001"]);
    company.world.ask(&["retry", ada.contact.as_str()]).expect(0);
    wait_until("the person was made by order", Duration::from_secs(20), || {
        (company.cezanne.account().figures().of("POST", "People") == 1).then_some(())
    });
}

#[test]
fn another_tenant_under_the_same_name_is_refused() {
    let company = Company::new(Settings::default());
    company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(0);
    let other = PretendCezanne::start(Settings { staff: 8, ..Settings::default() });
    for nth in 1001..1009 {
        other.act(|tenant, now| tenant.change_code(now, &nth.to_string(), &format!("X{nth}")));
    }
    let config = company
        .world
        .config_text_of(&company.target(KEEPING))
        .replace(&company.cezanne.address().to_string(), &other.address().to_string());
    company.world.write_config(&config);
    company.world.lever.hire("Ben Example");

    let refused = company.world.once(&[]);

    refused.says(&["another one than before"]);
    assert_eq!(other.writes(), 0);
}

#[test]
fn a_name_that_looks_like_a_filter_stays_a_name() {
    let company = Company::new(Settings::default());
    let odd = NewContact::named("O'Brien' or '1' eq '1").with_email("o'brien+jobs@example.com");
    company.world.lever.hire_whom(odd);

    company.world.once(&[]).expect(0);

    company.assert_exact();
    let code = code_of(&company, "o'brien+jobs@example.com");
    assert_eq!(company.cezanne.account().person(&code).unwrap().text("GIVENNAME"), "O'Brien'");
}

/// `HIRESYNC_CEZANNE_HIRES=2000` is the soak; a run of the suite does with fewer.
#[test]
#[expect(clippy::disallowed_methods, reason = "how long a soak took is told, and decides nothing")]
fn under_lost_answers_limits_dying_tokens_and_kills_everybody_is_there_once_with_one_employment_for_each_hire()
 {
    let people = number("HIRESYNC_CEZANNE_HIRES").unwrap_or(40);
    let access = Access { calls_max: Some(50), ..Access::default() };
    let company = Company::new(Settings { access, ..Settings::default() });
    for nth in 0..people {
        let new = NewContact::named(&format!("Person{nth} Example"))
            .with_email(&format!("person{nth}@example.com"))
            .with_phone("mobile", &format!("+44 7700 {:06}", 900_000 + nth));
        let first = company.world.lever.hire_whom(new);
        if nth % 10 == 9 {
            company.world.lever.hire_again(&first.contact);
        }
    }
    for set in ["People", "Communications", "Employments"] {
        let ambiguous = format!("lost@write/{set}%15, after=503@write/{set}%8, after=500@write/{set}%7");
        company.cezanne.plan_faults(&ambiguous);
    }
    company.cezanne.plan_faults("429=0%9, 429=1%1");
    let mut kills = 0;
    let begun = Instant::now();
    while company.wrongs().iter().any(|wrong| wrong.starts_with("nobody")) {
        // Whoever was being made when the process was killed is looked for four times in four minutes.
        assert!(begun.elapsed() < Duration::from_secs(420 + 3 * people), "{:#?}", company.wrongs());
        let mut process = company.world.launch_with(&["--once", "--approve"]);
        let end = within(Duration::from_secs(4 + kills % 5), || process.ended());
        if end.is_none() {
            process.kill();
            kills += 1;
        }
    }
    company.cezanne.mend();
    let daemon = company.world.daemon();
    // What was under way at a kill is looked up after a minute.
    wait_until("nothing is wrong any more", Duration::from_secs(400), || {
        company.wrongs().is_empty().then_some(())
    });
    daemon.wait_for_status("everybody agreed", Duration::from_secs(400), |status| {
        status["targets"]["cezanne-uk"]["agreed"].as_u64() == Some(people)
    });
    let figures = company.cezanne.account().figures().clone();
    report(&format!(
        "{people} people under {} faults and {kills} kills: {} requests, {} tokens, at most {} at once, {} s",
        figures.faults,
        figures.requests,
        figures.tokens,
        figures.most_at_once,
        begun.elapsed().as_secs()
    ));
}

#[expect(clippy::print_stdout, reason = "a soak says what it came to")]
fn report(text: &str) {
    println!("{text}");
}

/// A world whose target is Cezanne's own Lever receiver.
fn relayed() -> (World, PretendCezanne) {
    let receiver = Receiver {
        subdomain: "CezanneHR".to_owned(),
        token: "signature-token".to_owned(),
        administrator: "hr.ops@example.com".to_owned(),
        company: "ACME-UK".to_owned(),
        directory: BTreeMap::new(),
    };
    let cezanne = PretendCezanne::start(Settings { receiver: Some(receiver), ..Settings::default() });
    let world = World::around(crate::harness::PretendLever::empty());
    fs::write(world.path("signature-token"), "signature-token").unwrap();
    world.write_config(&world.config_text_of(&format!(
        r#"[targets.cezanne-uk]
adapter = "cezanne"
new_starter = "lever-webhook"
webhook_url = "http://{}/cezannehr/api/v4/Lever/webhook/CezanneHR"
signature_token = {{ file = "signature-token" }}
new_hire_administrator = "hr.ops@example.com"
"#,
        cezanne.address()
    )));
    (world, cezanne)
}

#[test]
fn cezannes_own_receiver_is_handed_each_hire_once_and_a_second_hire_is_a_task() {
    let (world, cezanne) = relayed();
    let ada = world.lever.hire("Ada Example");

    world.once(&[]).expect(0);
    world.once(&["--full"]).expect(0);

    let delivery = (ada.contact.as_str().to_owned(), ada.opportunity.as_str().to_owned());
    assert_eq!(cezanne.account().deliveries(), &BTreeMap::from([(delivery, 1)]));
    assert_eq!(cezanne.account().people().len(), 1);
    world.lever.hire_again(&ada.contact);
    world.once(&[]).expect(1);
    assert_eq!(cezanne.account().deliveries().len(), 1);
    let _daemon = world.daemon();
    world.ask(&["tasks"]).expect(0).says(&["Nothing was sent about this hire", "enter it there by hand"]);
}

#[test]
fn a_handed_over_hire_whose_answer_was_lost_is_never_sent_again_and_a_human_is_asked() {
    let (world, cezanne) = relayed();
    cezanne.plan_faults("lost@webhook");
    world.lever.hire("Ada Example");
    world.once(&[]);

    let daemon = world.daemon();
    daemon.wait_for_status("it is held", Duration::from_secs(100), |status| {
        status["targets"]["cezanne-uk"]["held"].as_u64() == Some(1)
    });

    world.ask(&["tasks"]).expect(0).says(&["no answer came"]);
    assert!(cezanne.account().deliveries().values().all(|count| *count == 1));
}

#[test]
fn a_handed_over_hire_that_was_refused_is_handed_over_once_the_token_is_right() {
    let (world, cezanne) = relayed();
    fs::write(world.path("signature-token"), "another").unwrap();
    world.lever.hire("Ada Example");

    world.once(&[]).says(&["signature_token"]);

    assert!(cezanne.account().people().is_empty());
    fs::write(world.path("signature-token"), "signature-token").unwrap();
    world.once(&[]).expect(0);
    assert_eq!(cezanne.account().people().len(), 1);
}

#[test]
fn while_cezanne_is_away_everything_owed_waits_and_goes_out_when_it_is_back() {
    let mut company = Company::new(Settings::default());
    company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(0);
    company.cezanne.go_away();
    let ben = company.world.lever.hire("Ben Example");
    company.world.once(&[]).expect(69);

    company.cezanne.come_back();
    let _daemon = company.world.daemon();
    company.world.ask(&["retry", ben.contact.as_str()]);
    wait_until("nothing is wrong any more", Duration::from_secs(90), || {
        company.wrongs().is_empty().then_some(())
    });
}

#[test]
fn a_web_page_with_200_is_no_hand_over_and_the_hire_is_not_sent_again_before_a_human_looked() {
    let (world, cezanne) = relayed();
    cezanne.plan_faults("html@webhook");
    let ada = world.lever.hire("Ada Example");

    world.once(&[]).says(&["webhook_url", "text/html"]);

    cezanne.mend();
    let daemon = world.daemon();
    daemon.wait_for_status("it is held", Duration::from_secs(100), |status| {
        status["targets"]["cezanne-uk"]["held"].as_u64() == Some(1)
    });
    world.ask(&["tasks"]).expect(0).says(&["Look whether this person is there"]);
    assert!(cezanne.account().people().is_empty());
    world.ask(&["retry", ada.contact.as_str()]).expect(0);
    wait_until("it is handed over", Duration::from_secs(90), || {
        (cezanne.account().people().len() == 1).then_some(())
    });
}

#[test]
fn somebody_hired_twice_before_the_first_hand_over_is_handed_over_once_and_the_other_hire_is_a_task() {
    let (world, cezanne) = relayed();
    let ada = world.lever.hire("Ada Example");
    world.lever.hire_again(&ada.contact);

    world.once(&[]).expect(1);

    assert_eq!(cezanne.account().deliveries().len(), 1);
    let _daemon = world.daemon();
    world.ask(&["tasks"]).expect(0).says(&["Nothing was sent about this hire", "enter it there by hand"]);
}

#[test]
fn a_hire_taken_back_before_its_employment_was_made_is_a_task() {
    let company = Company::new(Settings::default());
    company.cezanne.act(|tenant, now| tenant.close_company(now, "ACME-UK"));
    let ada = company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(1);

    company.world.lever.act(|lever, now| lever.unarchive(now, &ada.opportunity));
    company.world.once(&[]);

    let _daemon = company.world.daemon();
    company.world.ask(&["tasks"]).expect(0).says(&["no longer counts", "New starter"]);
}

#[test]
fn another_company_code_concerns_new_hires_only() {
    let company = Company::new(Settings::default());
    company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(0);
    company.configure(&format!("company_code = \"ACME-IE\"\n{KEEPING}"));
    company.world.lever.hire("Ben Example");

    company.world.once(&[]).expect(0);

    company.assert_exact();
    let code = code_of(&company, "ada@example.com");
    let employments = company.cezanne.account().employments();
    for row in employments.iter().filter(|row| row.text("PERSONID").starts_with("LV-")) {
        let expected = if row.text("PERSONID") == code { "ACME-UK" } else { "ACME-IE" };
        assert_eq!(row.text("COMPANYCODE"), expected);
    }
}

#[test]
fn two_ways_of_making_one_hire_are_refused_by_name() {
    let company = Company::new(Settings::default());
    fs::write(company.world.path("signature-token"), "signature-token").unwrap();
    let both = format!(
        "{}\n[targets.relay]\nadapter = \"cezanne\"\nnew_starter = \"lever-webhook\"\nsubdomain = \"CezanneHR\"\n\
         signature_token = {{ file = \"signature-token\" }}\n",
        company.target(KEEPING)
    );
    company.world.write_config(&company.world.config_text_of(&both));

    company.world.once(&[]).expect(78).says(&["targets.relay.new_starter", "made twice"]);
}

#[test]
fn a_number_that_two_people_have_makes_them_no_one_person() {
    let mapped = format!("{KEEPING}\n[targets.cezanne-uk.person]\nPERSONID = \"answer('Payroll number')\"\n")
        .replace("contact = \"COMMENTS\"\n", "");
    let company = Company::with(Settings::default(), &mapped);
    for mail in ["ada.one@example.com", "ada.two@example.com"] {
        let ada = company.world.lever.hire_whom(NewContact::named("Ada Example").with_email(mail));
        company.world.lever.act(|lever, now| {
            let posting = lever.postings()[0].id.clone();
            lever.fill_form(now, &ada.contact, &posting, &[("text", "Payroll number", json!("77001"))])
        });
    }

    company.world.once(&[]).expect(1);

    let people = company.cezanne.account().people();
    assert_eq!(people.iter().filter(|person| person.text("PERSONID") == "77001").count(), 1);
    let status = company.world.once(&["--json"]).json();
    assert_eq!(status["targets"]["cezanne-uk"]["agreed"], 1, "{status}");
}

#[test]
fn an_old_hire_that_is_archived_again_takes_no_number_from_the_new_one() {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let company = Company::with(Settings::default(), "");
    let old = company.world.lever.act(|lever, now| {
        let contact = lever.add_contact(NewContact::named("Ada Example").with_email("ada@example.com"));
        hire(lever, now - 90 * DAY, &contact)
    });
    company.world.once(&[]).expect(0);
    company.world.lever.act(|lever, now| lever.archive_again(now, &old.opportunity));
    company.world.lever.hire_again(&old.contact);

    company.world.once(&[]).expect(0);

    let code = code_of(&company, "ada@example.com");
    let employments = company.cezanne.account().employments();
    let hers: Vec<&str> = employments
        .iter()
        .filter(|row| row.text("PERSONID") == code)
        .map(|row| row.text("EMPLOYMENTID"))
        .collect();
    assert_eq!(hers, [code]);
}

#[test]
pub(super) fn one_token_does_for_everybody_who_is_sent_at_once() {
    let company = Company::new(Settings::default());
    for name in ["Ada Example", "Ben Example", "Cy Example"] {
        company.world.lever.hire(name);
    }

    company.world.once(&[]).expect(0);

    company.assert_exact();
    assert_eq!(company.cezanne.account().figures().token_requests, 1);
}
