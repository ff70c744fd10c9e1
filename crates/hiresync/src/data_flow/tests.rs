use super::*;
use crate::config::tests::{Desk, SHIPPED, every_key};

fn flow(text: &str) -> DataFlow {
    DataFlow::of(&Desk::new().shipped(text).unwrap_or_else(|faults| panic!("{faults}")))
}

/// The lines of one field.
fn block(page: &str, field: &str) -> String {
    let (own, inherited) = (format!("    {field}"), format!("    {field} (the target's default)"));
    let mut lines = page.lines().skip_while(|line| *line != own && *line != inherited);
    let first = lines.next().unwrap_or_else(|| panic!("no {field} in\n{page}"));
    let rest = lines.take_while(|line| line.starts_with("      "));
    std::iter::once(first).chain(rest).map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_field_of_everything_that_is_shipped_is_on_the_page_and_equal_configurations_give_equal_pages() {
    for text in SHIPPED.iter().map(|(_, text)| (*text).to_owned()).chain([every_key()]) {
        let page = flow(&text).text();
        for field in flow(&text).targets.iter().flat_map(|target| &target.fields) {
            let block = block(&page, &field.field);
            for word in ["data:", "why:", "written:", "if absent:"] {
                assert!(block.contains(word), "{block}");
            }
        }
        assert_eq!(page, flow(&text).text());
        assert!(page.lines().all(|line| line == line.trim_end()), "{page}");
    }
}

#[test]
fn a_field_says_what_it_is_made_of_why_and_what_happens_without_it() {
    let page = flow(SHIPPED[3].1).text();
    assert_eq!(
        block(&page, "birth_date"),
        "    birth_date
      data:       answers on forms (personal data)
      made of:    answer('Date of birth') (answers on forms, from Lever's applications)
      how:        answer('Date of birth') | date(format='%d/%m/%Y')
      why:        payroll
      written:    whenever it changes
      if absent:  the person is held; needed 7 days before the start date
"
    );
    for (field, lines) in [
        (
            "gender",
            &[
                "if absent:  the placeholder \"U\" is sent, and a task asks",
                "allowed:    one of F, M, U; anything",
            ][..],
        ),
        ("mobile", &["why:        sending payslips", "if absent:  nothing is written: what was there stays"]),
        (
            "salary",
            &[
                "data:       pay and terms",
                "from Lever's offers",
                "written:    only when the record is made",
                "if absent:  the person is held\n",
            ],
        ),
        ("assignment", &["if absent:  the field is blank\n"]),
        ("grade", &["if absent:  the field is blank, unless its expression says otherwise"]),
        ("approved_as", &["from Lever's requisitions"]),
    ] {
        for line in lines {
            assert!(block(&page, field).contains(line), "{line} is not in\n{}", block(&page, field));
        }
    }
}

#[test]
fn the_page_says_where_to_of_whom_and_what_is_asked_of_lever_and_what_never() {
    let page = flow(SHIPPED[3].1).text();
    for line in [
        "Goes to:  the folder /srv/hiresync/payroll-uk (file-export: ",
        "Of whom:  hires for which posting.country == 'GB' and not 'contractor' in tags",
        "decided by posting.country (employment, from Lever's postings); tags (recruiting, from Lever's opportunities)",
        "archived as hired on or after 2026-04-06, by days in Europe/London",
        "Confidential candidates: not read.",
        "postings: for payroll-uk.when, payroll-uk.hire.cost_centre, payroll-uk.hire.contract",
        "offers: for payroll-uk.person.birth_date, payroll-uk.hire.starts",
        "Not asked for, because nothing mapped needs it: users, profile forms",
        "Never asked for: answers about equal opportunities (EEO), feedback and interviews, résumés and other files, notes",
        "digests of values under a secret key",
        "Every field has a purpose.",
        "candidates who are not hired included: names, addresses and tags come with the record. Whoever is neither",
        "all opportunities are read with their applications, also those without success.",
        "Keeps:    the files themselves, and beside them, in `.hiresync`, a copy of every row as last written",
        "stay until somebody removes them",
        "What is kept at a target's side, values included, is said with the target.",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    let confidential = SHIPPED[1].1.replace("timezone ", "confidential = true\ntimezone ");
    assert!(flow(&confidential).text().contains("Confidential candidates: read and sent"));
}

#[test]
fn a_folder_is_named_by_its_whole_path() {
    let page = flow(&SHIPPED[2].1.replace("\"/srv/hiresync/core-hr\"", "\"./out/../core-hr\"")).text();
    let line = page.lines().find(|line| line.contains("Goes to:")).unwrap();
    assert!(line.contains("the folder /") && line.contains("/core-hr (") && !line.contains(".."), "{line}");
}

#[test]
fn a_field_without_a_purpose_is_listed_at_the_end() {
    let page = flow(&SHIPPED[2].1.replace("purpose = \"keeping the personnel file\"", "")).text();
    assert!(block(&page, "title").contains("why:        (no purpose stated)"), "{page}");
    let last = page.lines().last().unwrap();
    assert_eq!(
        last,
        "  Without a purpose: core-hr.person.employee_ref, core-hr.person.first_name, core-hr.person.last_name, core-hr.hire.hire_id, core-hr.hire.hired_on, core-hr.hire.title, core-hr.hire.department, core-hr.hire.start_date"
    );
}

#[test]
fn the_document_says_the_same_as_the_page() {
    let document = serde_json::to_value(flow(SHIPPED[2].1)).unwrap();
    assert_eq!(document["targets"][0]["destination"], "the folder /srv/hiresync/core-hr");
    assert_eq!(document["targets"][0]["fields"][4]["purpose"], "payroll and pension");
    assert_eq!(document["not_asked"][0], "requisitions");
    assert_eq!(document["without_purpose"].as_array().map(Vec::len), Some(0));
    assert!(!document.to_string().contains("k3y"));
}

#[test]
fn a_field_that_is_the_same_for_everybody_is_nobodys_data() {
    let text = SHIPPED[1].1.replace("hire_id    = \"opportunity\"", "company = \"'ACME'\"");
    let page = flow(&text).text();
    let block = block(&page, "company");
    assert!(
        block.contains("data:       the same for everybody") && block.contains("if absent:  never"),
        "{block}"
    );
}

#[test]
fn what_is_written_back_to_lever_stands_with_its_target_and_read_only_is_said_without_it() {
    let page = flow(SHIPPED[0].1).text();
    assert!(
        page.contains("read only: hiresync writes nothing there.") && page.contains("files, notes"),
        "{page}"
    );
    let page = flow(&every_key()).text();
    for line in [
        "what is written there is said with each target.",
        "Lever is told, once a hire is there: the tag \"in the roster\"",
        "and: the link \"https://hr.example.com/people/{record}\"",
        "and: the note \"In the roster as {record}.\"",
        "to /lever: of that only ids are used.",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    assert!(!page.contains("read only") && !page.contains("files, notes"), "{page}");
}

#[test]
fn what_cezanne_is_sent_without_a_source_is_said_to_be_invented() {
    let minimal = "[lever]\napi_key = { credential = \"lever-api-key\" }\nhired_since = \"2026-01-01\"\n[targets.cezanne]\nadapter = \"cezanne\"\n";
    let data = "service_root = \"https://acme.example.com/v7/dataservice.svc\"\ntoken_url = \"https://acme.example.com/OAuth/Token\"\n\
        client_id = \"hiresync\"\nclient_secret = { credential = \"cezanne-secret\" }\ncompany_code = \"ACME-UK\"\n";
    let page = flow(&format!("{minimal}{data}")).text();
    let gender = block(&page, "GENDERDESCRIPTION");
    assert!(
        gender.contains("nothing is mapped to it: the placeholder \"Not Known\" is always sent"),
        "{gender}"
    );
    assert!(!gender.contains("how:"), "{gender}");
    for line in [
        "Goes to:  the host acme.example.com (cezanne: ",
        "it is searched by a key made of the contact id, where it can be, e-mail addresses.",
        "made of:    today (employment, hiresync's own)",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    let kept = flow(&format!("{minimal}{data}keep = {{ contact = \"COMMENTS\" }}\n")).text();
    assert!(kept.contains("it is searched by contact id, opportunity ids, where it can be"), "{kept}");
    let relay = "new_starter = \"lever-webhook\"\nsubdomain = \"AcmeHR\"\nsignature_token = { credential = \"cezanne-signature-token\" }\n";
    let relay = flow(&format!("{minimal}{relay}")).text();
    assert!(relay.contains("Gets:     the ids of contact and opportunity, and nothing else."), "{relay}");
}
