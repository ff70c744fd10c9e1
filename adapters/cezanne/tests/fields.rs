//! Each row of "Fields Sent to Cezanne" (Lever's help page on the integration), from a Lever person to what stands in the tenant.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod tenant;

use adapter_sdk::{Finding, TaskKind};
use people::{Answer, AnswerValue, FullName, Lack, Offer, Person, PhoneKind, Pii, Posting};
use sandbox::cezanne::{OpenEnded, Record, Settings, Table, Variant};
use tenant::{HIRES, Story, TODAY, Tenant, VARIANTS, ann, assert_impersonal, hire, said};

fn day(text: &str) -> people::Date {
    text.parse().unwrap()
}

fn of(variant: Variant) -> Settings {
    Settings { variant, ..Settings::default() }
}

/// What came of one hire: the person, the contact details, the employment.
async fn hired(tenant: &Tenant, person: Person) -> [Record; 3] {
    Story::of(tenant, person).done().await;
    [tenant.only_person(), tenant.only_communications(), tenant.only_employment()]
}

fn values(record: &Record, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| record.text(name).to_owned()).collect()
}

fn midnight(day: &str) -> String {
    format!("{day}T00:00:00")
}

// ---- the published table

#[tokio::test(start_paused = true)]
async fn every_row_of_the_published_table_arrives_in_each_kind_of_tenant() {
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), "");
        let receipt = Story::of(&tenant, ann()).done().await;
        let code = receipt.link.remote.as_str();
        assert!(code.starts_with("LV-") && code.len() == 15, "{code}");
        let names = ["GIVENNAME", "FAMILYNAME", "PREFERREDGIVENNAME", "FORMATTEDNAME", "LEGALNAME"];
        let person = tenant.only_person();
        assert_eq!(
            values(&person, &names),
            ["Ann", "O'Neil", "Ann", "Ann O'Neil", "Ann O'Neil"],
            "{variant:?}"
        );
        assert_eq!(person.text("MIDDLENAME"), "");
        let more = ["PERSONID", "GENDERCODE", "BIRTHDATE"];
        assert_eq!(values(&person, &more), [code, "U", &midnight(TODAY)], "{variant:?}");
        let phones =
            ["HOMEPHONENUMBER", "WORKPHONENUMBER", "MOBILEPHONENUMBER", "OTHERPHONENUMBER", "SKYPENAME"];
        let communications = tenant.only_communications();
        // As published, the Home Number comes from Lever's work number.
        let sent =
            ["+44 20 7946 0002", "+44 20 7946 0002", "+44 7700 900123", "+44 20 7946 0003", "ann.oneil"];
        assert_eq!(values(&communications, &phones), sent, "{variant:?}");
        let addresses = ["EXTERNALEMAILADDRESS", "ALTERNATEEMAILADDRESS", "INTERNALEMAILADDRESS"];
        assert_eq!(values(&communications, &addresses), ["ann+jobs@example.org", "", ""]);
        let row = ["PERSONID", "EMPLOYMENTID", "EFFECTIVEFROM", "EFFECTIVETO", "COMPANYCODE"];
        let employment = values(&tenant.only_employment(), &row);
        assert_eq!(
            employment,
            [code, code, &midnight(TODAY), &midnight("9999-12-31"), "ACME-UK"],
            "{variant:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_gave_is_reported_as_filled_and_named_in_the_new_starter_task() {
    let tenant = Tenant::empty(Settings::default(), "");
    let receipt = Story::of(&tenant, ann()).done().await;
    let filled: Vec<String> = receipt.filled.iter().map(|filled| filled.field.to_string()).collect();
    assert_eq!(filled, ["person.GENDERDESCRIPTION", "person.BIRTHDATE"]);
    let [task] = &receipt.tasks[..] else { panic!("one task: {:?}", receipt.tasks) };
    assert_eq!((task.kind, task.cause.as_str()), (TaskKind::NewStarter, HIRES[0]));
    for word in [receipt.link.remote.as_str(), "GENDERDESCRIPTION, BIRTHDATE", "Onboarding"] {
        assert!(task.text.contains(word), "{word}: {}", task.text);
    }
    assert_impersonal(&task.text);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_of_odata_2_gets_the_same_fields() {
    let tenant = Tenant::empty(of(Variant::V2), "");
    let [person, communications, employment] = hired(&tenant, ann()).await;
    assert_eq!(
        values(&person, &["FAMILYNAME", "GENDERCODE", "BIRTHDATE"]),
        ["O'Neil", "U", &midnight(TODAY)]
    );
    assert_eq!(communications.text("EXTERNALEMAILADDRESS"), "ann+jobs@example.org");
    assert_eq!(employment.text("EFFECTIVETO"), midnight("9999-12-31"));
}

// ---- names

#[tokio::test(start_paused = true)]
async fn a_name_is_split_at_any_white_space_and_its_middle_is_left_out_or_sent_as_told() {
    for (more, middle) in [("", ""), ("middle_name = true", "Maria van der")] {
        let tenant = Tenant::empty(Settings::default(), more);
        let mut person = ann();
        person.name = FullName::new("\u{a0}Ann  Maria\u{a0}van\u{2003}der Berg ");
        let [person, ..] = hired(&tenant, person).await;
        let names = ["GIVENNAME", "MIDDLENAME", "FAMILYNAME", "FORMATTEDNAME"];
        assert_eq!(values(&person, &names), ["Ann", middle, "Berg", "Ann Berg"], "{more}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_of_one_word_gets_the_configured_surname_and_the_task_says_so() {
    for (more, surname) in [("", "-"), ("missing_surname = \"(none)\"", "(none)")] {
        let tenant = Tenant::empty(Settings::default(), more);
        let mut person = ann();
        person.name = FullName::new("Suharto");
        let receipt = Story::of(&tenant, person).done().await;
        let person = tenant.only_person();
        let names = ["GIVENNAME", "FAMILYNAME", "FORMATTEDNAME", "LEGALNAME"];
        assert_eq!(values(&person, &names), ["Suharto", surname, "Suharto", "Suharto"]);
        assert!(receipt.tasks[0].text.contains("FAMILYNAME"), "{}", receipt.tasks[0].text);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_without_a_name_is_sent() {
    let tenant = Tenant::empty(Settings::default(), "");
    let mut person = ann();
    person.name = FullName::new("\u{a0} ");
    let missing = tenant.wanted_of(&person).missing;
    assert!(missing.iter().any(|it| it.field.to_string() == "person.GIVENNAME" && it.lack == Lack::Absent));
}

// ---- gender and date of birth

#[tokio::test(start_paused = true)]
async fn the_configured_gender_is_sent_by_its_code_where_the_tenant_has_codes_and_else_by_its_text() {
    let more = "gender_code = \"X\"\ngender_description = \"Keine Angabe\"";
    for variant in VARIANTS {
        let mut settings = of(variant);
        settings.genders =
            [("F", "Weiblich"), ("X", "Keine Angabe")].map(|(a, b)| (a.into(), b.into())).to_vec();
        let tenant = Tenant::empty(settings, more);
        let [person, ..] = hired(&tenant, ann()).await;
        assert_eq!(person.text("GENDERCODE"), "X", "{variant:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gender_code_of_the_mapping_is_sent_and_its_gap_is_filled_with_the_configured_code() {
    let more = "[person]\nGENDERCODE = \"answer('Gender')\"";
    for variant in [Variant::Code, Variant::V4] {
        for (answered, code) in [(Some("F"), "F"), (None, "U")] {
            let tenant = Tenant::empty(of(variant), more);
            let mut person = ann();
            person.answers.extend(answered.map(|text| answer("Gender", AnswerValue::Text(text.to_owned()))));
            let receipt = Story::of(&tenant, person).done().await;
            assert_eq!(tenant.only_person().text("GENDERCODE"), code);
            let is_filled =
                receipt.filled.iter().any(|filled| filled.field.to_string() == "person.GENDERCODE");
            assert_eq!(is_filled, answered.is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_onboarding_form_comes_before_the_placeholder() {
    let more = "[person]\nBIRTHDATE = \"answer('Date of birth')\"";
    for variant in VARIANTS {
        for (answered, born, filled) in
            [(Some(AnswerValue::Day(day("1990-02-28"))), "1990-02-28", 1), (None, TODAY, 2)]
        {
            let tenant = Tenant::empty(of(variant), more);
            let mut person = ann();
            person.answers.extend(answered.map(|value| answer("date of  birth", value)));
            let receipt = Story::of(&tenant, person).done().await;
            assert_eq!(tenant.only_person().text("BIRTHDATE"), midnight(born), "{variant:?}");
            assert_eq!(receipt.filled.len(), filled);
        }
    }
}

fn answer(question: &str, value: AnswerValue) -> Answer {
    Answer {
        opportunity: HIRES[0].parse().unwrap(),
        posting: None,
        template: None,
        field: None,
        question: question.to_owned(),
        value: Pii::new(value),
        at: None,
    }
}

#[tokio::test(start_paused = true)]
async fn with_placeholder_hold_nothing_is_invented_and_what_is_missing_is_named() {
    let hold = "placeholder = \"hold\"";
    let asked = "[person]\nGENDERDESCRIPTION = \"answer('Gender')\"\nBIRTHDATE = \"answer('Date of birth')\"";
    for more in [hold.to_owned(), format!("{hold}\n{asked}")] {
        let tenant = Tenant::empty(Settings::default(), &more);
        let wanted = tenant.wanted_of(&ann());
        let mut missing: Vec<String> = wanted.missing.iter().map(|it| it.field.to_string()).collect();
        missing.sort();
        assert_eq!(missing, ["person.BIRTHDATE", "person.GENDERDESCRIPTION"]);
        assert!(wanted.filled.is_empty());
        assert_eq!(tenant.writes(), [0, 0, 0]);
    }
}

// ---- contact details

#[tokio::test(start_paused = true)]
async fn the_home_number_comes_from_where_the_setting_says() {
    let (home, work) = (Some("+44 20 7946 0001"), Some("+44 20 7946 0002"));
    for (source, from, expected) in [
        ("work", [home, work], work),
        ("work", [home, None], None),
        ("home", [home, work], home),
        ("home", [None, work], None),
        ("home_then_work", [home, work], home),
        ("home_then_work", [None, work], work),
        ("home_then_work", [None, None], None),
    ] {
        let tenant = Tenant::empty(Settings::default(), &format!("home_number_source = \"{source}\""));
        let mut person = ann();
        person.phones.retain(|phone| match phone.kind {
            Some(PhoneKind::Home) => from[0].is_some(),
            Some(PhoneKind::Work) => from[1].is_some(),
            _ => true,
        });
        let [_, communications, _] = hired(&tenant, person).await;
        assert_eq!(communications.text("HOMEPHONENUMBER"), expected.unwrap_or_default(), "{source} {from:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_neither_phone_nor_address_gets_no_row_of_contact_details() {
    let tenant = Tenant::empty(Settings::default(), "");
    let mut person = ann();
    person.phones.clear();
    person.emails.clear();
    Story::of(&tenant, person).done().await;
    assert_eq!(tenant.writes(), [1, 0, 1]);
    assert!(tenant.account().communications().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_second_address_is_sent_where_it_is_mapped() {
    let tenant = Tenant::empty(Settings::default(), "[person]\nALTERNATEEMAILADDRESS = \"emails[1]\"");
    let [_, communications, _] = hired(&tenant, ann()).await;
    assert_eq!(communications.text("ALTERNATEEMAILADDRESS"), "ann@example.net");
}

// ---- person code

#[tokio::test(start_paused = true)]
async fn a_person_code_begins_as_told_and_stays_the_same_in_every_run() {
    let code = |more: &'static str| async move {
        let tenant = Tenant::empty(Settings::default(), more);
        Story::of(&tenant, ann()).done().await.link.remote.to_string()
    };
    let (first, again, other) = (code("").await, code("").await, code("person_code_prefix = \"NEW_\"").await);
    assert_eq!(first, again);
    assert_eq!(other.strip_prefix("NEW_"), first.strip_prefix("LV-"));
}

#[tokio::test(start_paused = true)]
async fn a_mapped_person_code_is_taken_and_one_made_of_a_name_is_refused_by_the_mapping() {
    let more = "[person]\nPERSONID = \"'E' ~ requisition.code\"";
    // A requisition belongs to a hire, and a person may have several.
    assert!(Tenant::told(Settings::default(), more).is_err());
    let more = "[person]\nPERSONID = \"answer('Payroll number')\"";
    let tenant = Tenant::empty(Settings::default(), more);
    let mut person = ann();
    person.answers = vec![answer("Payroll number", AnswerValue::Number(40_711.0))];
    Story::of(&tenant, person).done().await;
    assert_eq!(tenant.only_person().text("PERSONID"), "40711");
    assert_eq!(tenant.employment_ids(), ["40711"]);
    for personal in ["name.last", "emails | first", "name.first ~ contact"] {
        let faults = Tenant::told(Settings::default(), &format!("[person]\nPERSONID = \"{personal}\""));
        let Err(faults) = faults else { panic!("{personal} is no key") };
        assert!(faults[0].contains("kept and logged"), "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mapped_person_code_that_cannot_be_kept_is_refused_before_anybody_is_made() {
    for code in ["E 17", "Ünal", " "] {
        let tenant = Tenant::empty(Settings::default(), "[person]\nPERSONID = \"answer('Payroll number')\"");
        let mut person = ann();
        person.answers = vec![answer("Payroll number", AnswerValue::Text(code.to_owned()))];
        let error = Story::of(&tenant, person).attempt().await.expect_err(code);
        assert_eq!(error.kind(), adapter_sdk::ErrorKind::Rejected, "{error}");
        assert!(said(&error).contains("PERSONID"), "{}", said(&error));
        assert_eq!(tenant.writes(), [0, 0, 0], "{code}");
    }
}

// ---- employment

#[tokio::test(start_paused = true)]
async fn the_hire_date_is_the_day_that_the_setting_names() {
    for (setting, day_of_hire) in
        [("processed", TODAY), ("hired_at", "2026-04-20"), ("offer_start_date", "2026-06-01")]
    {
        for variant in VARIANTS {
            let tenant = Tenant::empty(of(variant), &format!("hire_date = \"{setting}\""));
            let mut person = ann();
            hire(&mut person, 0).offer =
                Some(Offer { start_date: Some(day("2026-06-01")), ..Offer::default() });
            let [.., employment] = hired(&tenant, person).await;
            assert_eq!(employment.text("EFFECTIVEFROM"), midnight(day_of_hire), "{setting} {variant:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hire_whose_offer_names_no_start_is_held_where_that_is_the_hire_date() {
    let tenant = Tenant::empty(Settings::default(), "hire_date = \"offer_start_date\"");
    let missing = tenant.wanted_of(&ann()).missing;
    assert_eq!(missing.len(), 1);
    assert!(missing[0].field.to_string().ends_with(".EFFECTIVEFROM"), "{missing:?}");
}

#[tokio::test(start_paused = true)]
async fn the_company_comes_from_the_table_by_location_department_or_tag_and_else_from_the_code() {
    let posting = |location: &str, department: &str, tags: &[&str]| Posting {
        location: Some(location.to_owned()),
        department: Some(department.to_owned()),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..Posting::default()
    };
    for (by, posting, company) in [
        ("location", Some(posting("Dublin", "Sales", &[])), "ACME-IE"),
        ("location", Some(posting("Oslo", "Engineering", &["irish"])), "ACME-UK"),
        ("department", Some(posting("London", "Engineering", &[])), "ACME-IE"),
        ("department", None, "ACME-UK"),
        ("tag", Some(posting("London", "Sales", &["urgent", "irish"])), "ACME-IE"),
        ("tag", Some(posting("Dublin", "Engineering", &[])), "ACME-UK"),
    ] {
        let more = format!("company = {{ by = \"{by}\", table = \"companies\" }}");
        let tenant = Tenant::empty(Settings::default(), &more);
        let mut person = ann();
        hire(&mut person, 0).posting = posting;
        let [.., employment] = hired(&tenant, person).await;
        assert_eq!(employment.text("COMPANYCODE"), company, "{by}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_end_is_written_as_the_tenant_keeps_it_or_as_told() {
    let end = |told: &str| if told.is_empty() { String::new() } else { format!("open_ended = \"{told}\"") };
    for variant in VARIANTS {
        for (kept, told, written) in [
            (OpenEnded::Sentinel, "", midnight("9999-12-31")),
            (OpenEnded::Sentinel, "learn", midnight("9999-12-31")),
            (OpenEnded::Sentinel, "2999-12-31", midnight("2999-12-31")),
            (OpenEnded::Null, "", String::new()),
            (OpenEnded::Null, "omit", String::new()),
            (OpenEnded::Null, "null", String::new()),
            (OpenEnded::Null, "9999-12-31", midnight("9999-12-31")),
        ] {
            let tenant = Tenant::new(Settings { open_ended: kept, staff: 5, ..of(variant) }, &end(told));
            let receipt = Story::of(&tenant, ann()).done().await;
            let code = receipt.link.remote.as_str();
            let rows = tenant.account().employments();
            let row = rows.iter().find(|row| row.text("PERSONID") == code).unwrap();
            assert_eq!(row.text("EFFECTIVETO"), written, "{variant:?} {kept:?} {told}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_end_that_no_employment_shows_is_asked_for_before_anybody_is_made() {
    for variant in VARIANTS {
        let tenant = Tenant::new(of(variant), "");
        let mut story = Story::of(&tenant, ann());
        let error = story.attempt().await.expect_err("nothing shows an open end");
        assert_eq!(error.kind(), adapter_sdk::ErrorKind::ConfigInvalid);
        assert!(said(&error).contains("open_ended"), "{error}");
        assert!(said(&tenant.adapter().check().await.unwrap_err()).contains("open_ended"));
        assert_eq!(tenant.writes(), [0, 0, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mapped_end_is_sent_and_one_that_is_taken_away_leaves_the_employment_open() {
    let more = "[hire]\nEFFECTIVETO = \"offer.custom_end\"";
    for variant in VARIANTS {
        let tenant = Tenant::empty(of(variant), more);
        let offer = |end: Option<&str>| Offer {
            fields: end
                .map(|end| ("custom_end".to_owned(), Pii::new(AnswerValue::Day(day(end)))))
                .into_iter()
                .collect(),
            ..Offer::default()
        };
        let mut person = ann();
        hire(&mut person, 0).offer = Some(offer(Some("2026-12-31")));
        let mut story = Story::of(&tenant, person);
        story.done().await;
        assert_eq!(tenant.only_employment().text("EFFECTIVETO"), midnight("2026-12-31"));
        hire(&mut story.person, 0).offer = Some(offer(None));
        story.done().await;
        assert_eq!(tenant.only_employment().text("EFFECTIVETO"), midnight("9999-12-31"), "{variant:?}");
        // And so it is read: nobody over there changed anything.
        let link = story.link.clone().unwrap();
        let state = story.adapter().read(&link).await.unwrap().unwrap();
        let end = state.hires.values().next().and_then(|fields| fields.get("EFFECTIVETO")).unwrap();
        assert!(end.reveal().is_blank(), "an open end is read as none");
    }
}

#[tokio::test(start_paused = true)]
async fn without_create_employment_hr_makes_it_by_the_process() {
    let tenant = Tenant::empty(Settings::default(), "create_employment = false");
    let receipt = Story::of(&tenant, ann()).done().await;
    assert_eq!(tenant.writes(), [1, 1, 0]);
    assert!(receipt.tasks[0].text.contains("Rehire > Start Process"), "{}", receipt.tasks[0].text);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_made_once_where_the_tenant_has_them_and_a_unit_is_mapped() {
    let more = "[hire]\n\"Deployments.ORGUNITCODE\" = \"posting.department\"";
    for variant in VARIANTS {
        let tenant = Tenant::empty(Settings { deployments: true, ..of(variant) }, more);
        let mut person = ann();
        hire(&mut person, 0).posting =
            Some(Posting { department: Some("ENG".to_owned()), ..Posting::default() });
        let mut story = Story::of(&tenant, person);
        let receipt = story.done().await;
        story.done().await;
        let rows = tenant.account().records(Table::Deployments);
        assert_eq!(rows.len(), 1);
        let code = receipt.link.remote.as_str();
        let names = ["PERSONID", "EMPLOYMENTID", "ORGUNITCODE", "EFFECTIVEFROM"];
        assert_eq!(values(&rows[0], &names), [code, code, "ENG", &midnight(TODAY)], "{variant:?}");
        assert_eq!(tenant.writes_to("Deployments"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_unit_leaves_person_and_employment_and_is_made_up_for_later() {
    let more = "[hire]\n\"Deployments.ORGUNITCODE\" = \"posting.department\"";
    let tenant = Tenant::empty(Settings { deployments: true, ..Settings::default() }, more);
    let mut person = ann();
    hire(&mut person, 0).posting =
        Some(Posting { department: Some("NONE".to_owned()), ..Posting::default() });
    let mut story = Story::of(&tenant, person);
    let receipt = story.attempt().await.unwrap();
    assert_eq!(receipt.obstacle.unwrap().code, "deployment");
    hire(&mut story.person, 0).posting =
        Some(Posting { department: Some("OPS".to_owned()), ..Posting::default() });
    story.done().await;
    assert_eq!(tenant.writes(), [1, 1, 1]);
    assert_eq!(tenant.account().records(Table::Deployments).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_without_deployments_says_so_once_and_by_name() {
    let tenant =
        Tenant::empty(Settings::default(), "[hire]\n\"Deployments.ORGUNITCODE\" = \"posting.department\"");
    let error = tenant.adapter().check().await.unwrap_err();
    let text = said(&error);
    assert!(text.contains("no entity set Deployments") && text.contains("faults=1"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_ids_of_lever_are_kept_where_told_and_a_check_says_so_or_warns() {
    for (keep, comments, is_good) in [
        ("[keep]\ncontact = \"COMMENTS\"", tenant::ANN.to_owned(), true),
        ("[keep]\nopportunities = \"COMMENTS\"", HIRES[0].to_owned(), false),
        (
            "[keep]\ncontact = \"COMMENTS\"\nopportunities = \"COMMENTS\"",
            format!("Lever contact {}, opportunities {}", tenant::ANN, HIRES[0]),
            true,
        ),
    ] {
        let tenant = Tenant::empty(Settings::default(), keep);
        let [person, ..] = hired(&tenant, ann()).await;
        assert_eq!(person.text("COMMENTS"), comments);
        let report = tenant.adapter().check().await.unwrap();
        let warns = report.findings.iter().any(|finding| {
            matches!(finding, Finding::Warning { what, remedy } if what.contains("contact id") && remedy.contains("keep.contact"))
        });
        assert_eq!(warns, !is_good, "{keep}");
    }
}
