use std::collections::BTreeMap;

use adapter_sdk::TaskKind;
use engine::{Fault, SourceStatus, TargetStatus};
use ledger::{Counts, Task, TaskId};
use people::{FieldKey, FieldName};

use super::*;
use crate::notices::NoticesStatus;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn status(counts: Counts) -> Status {
    let target = TargetStatus {
        obstacles: Vec::new(),
        adapter: "file-export".to_owned(),
        paused: false,
        health: TargetHealth::Active,
        rebuilding: false,
        in_scope: counts.in_scope(),
        counts,
        unexplained: 0,
        past_due: 0,
        to_correct: 0,
        started: 0,
        certificate: None,
        unknown_records: None,
    };
    Status {
        cycle: 3,
        activity: Activity::Idle,
        last_good_cycle_at: Some(at("2026-05-01T09:58:00Z")),
        last_cycle: None,
        last_fault: None,
        source: SourceStatus::default(),
        targets: BTreeMap::from([("roster".parse().unwrap(), target)]),
        tasks_open: 0,
        marked: 0,
        to_repair: 0,
        next_due_at: None,
    }
}

fn verdict(status: &Status, guards: &[GuardTrip], needs_human: bool) -> (String, Tone) {
    Facts { status, guards, needs_human, now: at("2026-05-01T10:00:00Z") }.verdict()
}

#[test]
fn the_first_line_says_whether_it_is_all_right() {
    let (text, tone) = verdict(&status(Counts { agreed: 41, ..Counts::default() }), &[], false);
    assert_eq!(text, "All right: 41 in scope, 41 agreed; last good cycle 2 minutes ago");
    assert_eq!(tone, Tone::Good);
}

#[test]
fn what_needs_a_human_is_named_with_the_command_that_helps() {
    let trip = GuardTrip { cycle: 3, creates: 12, changes: 0, withdrawals: 0, held: 12 };
    let counts = Counts { agreed: 28, held: 12, parked: 1, ..Counts::default() };
    let (text, tone) = verdict(&status(counts), &[trip], true);
    assert_eq!(tone, Tone::Bad);
    assert!(text.starts_with("Needs a human: the guard holds 12 changes"), "{text}");
    assert!(text.contains("`hiresync approve 3`") && text.contains("1 parked (roster"), "{text}");
}

#[test]
fn a_hire_whose_record_cannot_be_used_is_not_all_right() {
    let mut status = status(Counts::default());
    let unread = BTreeMap::from([("gone".to_owned(), 1), ("unreadable".to_owned(), 2)]);
    let target = status.targets.values_mut().next().unwrap();
    target.certificate = Some(Certificate { hired: 3, unread, ..Certificate::default() });
    let (text, tone) = verdict(&status, &[], true);
    let needs = "2 people hired whose record in Lever cannot be used (roster; `hiresync tasks` says where)";
    assert_eq!((text, tone), (format!("Needs a human: {needs}"), Tone::Bad));
}

#[test]
fn who_waits_for_a_value_is_neither_under_way_nor_hidden_by_what_needs_a_human() {
    let held = Counts { held: 3, ..Counts::default() };
    let (text, tone) = verdict(&status(held), &[], false);
    let figures = "3 in scope, 0 agreed, 3 held until Lever has their values; last good cycle 2 minutes ago";
    assert_eq!((text, tone), (format!("All right: {figures}"), Tone::Good));

    let (text, tone) = verdict(&status(Counts { agreed: 1, sent: 2, ..held }), &[], false);
    let figures = "6 in scope, 1 agreed, 2 under way, 3 held until Lever has their values";
    assert_eq!((text, tone), (format!("At work: {figures}; last good cycle 2 minutes ago"), Tone::Plain));

    let mut status = status(Counts { held: 9, ..held });
    let target = status.targets.values_mut().next().unwrap();
    (target.past_due, target.to_correct) = (1, 2);
    let trip = GuardTrip { cycle: 3, creates: 4, changes: 0, withdrawals: 0, held: 4 };
    let (text, _) = verdict(&status, &[trip], true);
    assert!(text.ends_with("; besides, 2 held until Lever has their values"), "{text}");
}

#[test]
fn a_lasting_fault_comes_before_everything_else() {
    let mut status = status(Counts::default());
    status.last_fault = Some(Fault {
        code: "unauthorized".to_owned(),
        what: "Lever refuses the key".to_owned(),
        remedy: "Check [lever] api_key.".to_owned(),
        since: at("2026-05-01T07:00:00Z"),
    });
    let (text, _) = verdict(&status, &[], true);
    assert_eq!(text, "Lever cannot be read for 3 hours: Lever refuses the key. Check [lever] api_key.");
}

#[test]
fn silence_is_unhealthy_and_a_long_first_backfill_is_not() {
    let (start, interval) = (at("2026-05-01T08:00:00Z"), TimeDelta::minutes(5));
    let now = at("2026-05-01T10:00:00Z");
    let asked = |good: Option<&str>, activity| health(good.map(at), start, interval, activity, now);
    assert!(asked(Some("2026-05-01T09:50:00Z"), Activity::Idle).is_ok());
    assert!(asked(Some("2026-05-01T09:30:00Z"), Activity::Idle).is_err());
    assert!(asked(None, Activity::Idle).is_err());
    assert!(asked(None, Activity::Reading { read: 5, of: 9 }).is_ok());
    assert!(asked(Some("2026-04-01T09:50:00Z"), Activity::Idle).is_err());
    // The clock was set back by hours.
    let before = at("2026-05-01T07:00:00Z");
    let set_back = |good: &str| health(Some(at(good)), start, interval, Activity::Idle, before);
    assert!(set_back("2026-05-01T09:50:00Z").is_err());
    assert!(set_back("2026-05-01T06:55:00Z").is_ok());
}

#[test]
fn a_status_survives_its_form_on_the_socket() {
    let now = at("2026-05-01T10:00:00Z");
    let answer = StatusAnswer {
        summary: "All right".to_owned(),
        ok: true,
        needs_human: false,
        version: "0".to_owned(),
        now,
        started_at: now,
        uptime_seconds: 0,
        next_poll_at: now,
        next_full_sweep_at: now,
        requests_per_second: 9.0,
        confidential: false,
        reload_refused_at: None,
        expiring: Vec::new(),
        recovery: None,
        webhook: Some(WebhookStatus {
            listening: "127.0.0.1:8470".to_owned(),
            genuine: 5,
            ignored: 2,
            forged: 7,
            last_genuine_at: Some(at("2026-05-01T09:55:00Z")),
            ..WebhookStatus::default()
        }),
        notices: Some(NoticesStatus {
            recipients: 2,
            pending: 1,
            failing_since: Some(at("2026-05-01T09:00:00Z")),
            why: Some("the server cannot be reached".to_owned()),
            last_sent_at: None,
        }),
        guards: Vec::new(),
        engine: status(Counts { agreed: 2, sent: 1, ..Counts::default() }),
    };
    let text = serde_json::to_string(&answer).unwrap();
    let back: StatusAnswer = serde_json::from_str(&text).unwrap();
    assert_eq!(back.engine, answer.engine);
    let shown = super::status(&back);
    assert!(shown.contains("roster  file-export  active  3         2"), "{shown}");
    let line = "Webhook  127.0.0.1:8470; 5 genuine (2 asked nothing), 7 forged; last one signed by Lever 5 minutes ago\n";
    assert!(shown.contains(line), "{shown}");
    let failing = "Notices  NOT TAKEN for 60 minutes (1 waiting): the server cannot be reached; none sent since the start\n";
    assert!(shown.contains(failing), "{shown}");
    let without = StatusAnswer { webhook: None, ..back };
    assert!(!super::status(&without).contains("Webhook"));
}

#[test]
fn a_task_names_its_fields_unless_its_text_does() {
    let task = |text: &str, fields: &[&str]| Task {
        id: TaskId("t-1".to_owned()),
        kind: TaskKind::ChangeByHand,
        target: Some("roster".parse().unwrap()),
        contact: "c1".parse().unwrap(),
        text: text.to_owned(),
        fields: fields.iter().map(|field| FieldName::new(*field)).collect(),
        raised_at: at("2026-05-01T10:00:00Z"),
        done_at: None,
    };
    for (text, fields, shown) in [
        ("Enter them by hand.", &["tax_id", "sex"][..], "Enter them by hand. Fields: tax_id, sex."),
        ("The field person.tax_id holds a placeholder.", &["tax_id"], "holds a placeholder.\n"),
        ("The field tax_id is new.", &["id"], "is new. Fields: id."),
        ("Decide.", &[], "Decide.\n"),
    ] {
        let task = task(text, fields);
        let explained = explained(task.clone(), &Doers::new());
        for page in [tasks(&explained.tasks, None), explain(&explained, false)] {
            assert!(page.contains(shown), "{shown} is not in\n{page}");
        }
    }
}

fn explained(task: Task, doers: &Doers) -> Explained {
    let explanation = engine::Explanation {
        contact: task.contact.clone(),
        marked: false,
        targets: Vec::new(),
        tasks: vec![task],
        history: Vec::new(),
        merged_into: None,
        forgotten: false,
    };
    Explained::of(explanation, doers)
}

fn new_starter(target: &str, contact: &str) -> Task {
    Task {
        id: TaskId("t-1".to_owned()),
        kind: TaskKind::NewStarter,
        target: Some(target.parse().unwrap()),
        contact: contact.parse().unwrap(),
        text: "New starter: person code LV-1. In Cezanne: People > All People, open the person.".to_owned(),
        fields: Vec::new(),
        raised_at: at("2026-05-01T10:00:00Z"),
        done_at: None,
    }
}

#[test]
fn a_task_is_for_whom_the_configuration_names_and_is_broken_where_a_terminal_ends() {
    let doers = Doers::from([("cezanne".parse().unwrap(), "hr.ops@example.com".to_owned())]);
    let shown = explained(new_starter("cezanne", "c1"), &doers);
    assert!(
        explain(&shown, false).contains("t-1, for hr.ops@example.com: New starter"),
        "{}",
        explain(&shown, false)
    );
    assert_eq!(
        tasks(&shown.tasks, Some(50)),
        "t-1, since 2026-05-01 10:00:00Z, in cezanne, for\nhr.ops@example.com, contact c1\n  New starter: person code LV-1. In Cezanne:\n  \
         People > All People, open the person.\n"
    );
    let of_another = explained(new_starter("roster", "c1"), &doers);
    assert!(!explain(&of_another, false).contains("for hr.ops"));
    let document = serde_json::to_value(&shown.tasks).unwrap();
    assert_eq!(
        (document[0]["for"].as_str(), document[0]["name"].as_str()),
        (Some("hr.ops@example.com"), None)
    );
}

#[test]
fn a_name_stands_beside_the_contact_it_was_asked_for_and_what_is_missing_is_said() {
    let names =
        crate::names::Names::from([("c1".parse().unwrap(), people::Pii::new("Ada Example".to_owned()))]);
    let line = |contact| TaskLine::of(new_starter("cezanne", contact), &Doers::new()).named(&names);
    let answer =
        NamedTasks { tasks: vec![line("c1"), line("c2")], names_missing: Some("Lever is away".to_owned()) };
    let text = named(&answer, None);
    assert!(text.contains("contact c1, Ada Example\n") && text.contains("contact c2\n"), "{text}");
    assert!(text.ends_with("\nNames are missing: Lever is away\n"), "{text}");
}

#[test]
fn the_log_says_what_hr_knows_from_cezanne_and_is_not_a_list_of_fields() {
    let event = |outcome, fields: &[FieldKey]| Event {
        at: at("2026-05-01T10:00:00Z"),
        contact: "c1".parse().unwrap(),
        target: Some("cezanne".parse().unwrap()),
        actor: Actor::Cycle,
        outcome,
        generation: None,
        fields: fields.to_vec(),
    };
    let person = |name: &str| FieldKey::Person { field: FieldName::new(name) };
    let of_hire =
        |name: &str| FieldKey::Hire { opportunity: "o1".parse().unwrap(), field: FieldName::new(name) };
    let fields = [person("GIVENNAME"), of_hire("COMPANYCODE"), person("BIRTHDATE"), of_hire("EFFECTIVEFROM")];
    let obstacle = adapter_sdk::Obstacle {
        code: "company_code".to_owned(),
        what: "employment not created: company code ACME-UK is not active".to_owned(),
        remedy: "correct company_code".to_owned(),
    };
    let refused = Outcome::Unfinished { steps: Vec::new(), obstacle: Some(obstacle) };
    let raised = Outcome::TaskRaised { id: TaskId("t-1".to_owned()), kind: Some(TaskKind::NewStarter) };
    let log = history(
        &[
            event(Outcome::Owed { intent: Intent::Add }, &fields),
            event(Outcome::Owed { intent: Intent::Update }, &fields),
            event(raised, &[]),
            event(refused, &[]),
        ],
        false,
    );
    for line in [
        "Information  cezanne  hiresync  decided to add (4 fields)",
        "decided to update: GIVENNAME, BIRTHDATE; COMPANYCODE, EFFECTIVEFROM of hire o1",
        "Information  cezanne  hiresync  New Starter task raised: t-1",
        "Error        cezanne  hiresync  employment not created: company code ACME-UK is not active; correct company_code (company_code)",
    ] {
        assert!(log.contains(line), "{line} is not in\n{log}");
    }
}

#[test]
fn who_is_parked_is_told_what_stands_in_the_way_and_what_to_do() {
    let line = ParkedLine {
        contact: "c1".parse().unwrap(),
        target: "cezanne".parse().unwrap(),
        code: "waiting.company_code".to_owned(),
        what: "employment not created".to_owned(),
        remedy: "correct company_code".to_owned(),
        standing: Standing::default(),
    };
    assert_eq!(
        parked(&[line], None),
        "c1  cezanne  waiting.company_code\n  employment not created\n  What to do: correct company_code\n"
    );
    assert_eq!(parked(&[], None), "Nobody is parked.\n");
}

#[test]
fn a_plan_shows_old_and_new_and_counts_its_decisions() {
    let line = |decision: &str, fields| PlanLine {
        target: "roster".to_owned(),
        contact: "c1".to_owned(),
        decision: decision.to_owned(),
        why: "hired".to_owned(),
        then: None,
        sends: true,
        record: None,
        fields,
        filled: Vec::new(),
        missing: vec![],
        needed_by: None,
        tasks: Vec::new(),
    };
    let field = PlanField {
        field: "person.first".to_owned(),
        old: Some("श्रेया O'Neil".to_owned()),
        new: "Ada\u{1b}\u{9b}".to_owned(),
    };
    let changes = vec![line("update", vec![field]), line("nothing", vec![])];
    let plan = PlanAnswer {
        id: "P-1".to_owned(),
        made_at: at("2026-05-04T09:00:00Z"),
        counts: PlanCounts { change: 1, nothing: 1, ..PlanCounts::default() },
        changes,
        guard: Some(PlanGuard { creates: (12, 10), changes: (1, 50), withdrawals: (0, 3), reworded: (0, 5) }),
        closed: [("hr".to_owned(), "it is paused".to_owned())].into(),
        unread: Vec::new(),
        file: None,
    };
    assert_eq!(
        plan.text(None),
        "roster c1: update: hired\n    person.first = \"श्रेया O'Neil\" → \"Ada\\u001b\u{fffd}\"\nNothing goes to hr now: it is paused.\n\
         The guard would hold all of a cycle with this: 12 new, and 10 pass. To apply this plan is to approve exactly this.\n\
         Plan P-1 for 1 person: 0 to create, 1 to change, 0 adopted, 0 held, 0 invented, 1 as they should be. Nothing was written.\n"
    );
}

#[test]
fn every_reason_is_in_the_page_of_reasons_as_it_is_in_the_code() {
    let page = include_str!("../../REASONS.md");
    let row =
        |reason: &engine::Reason| format!("| `{}` | {} | {} |", reason.code, reason.what, reason.remedy);
    let rows: Vec<String> = engine::story::REASONS.iter().map(row).collect();
    let found: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(found, rows, "the table is to be:\n{}", rows.join("\n"));
}

#[test]
fn the_page_about_a_contact_tells_the_way_from_lever_to_the_answer() {
    let target = engine::TargetExplanation {
        target: "hr".parse().unwrap(),
        code: "agreed".to_owned(),
        what: "The target holds what it should.".to_owned(),
        remedy: String::new(),
        standing: Standing::default(),
    };
    let mut explained = explained(new_starter("hr", "c1"), &Doers::new());
    explained.targets.push(target);
    explained.live = Some(engine::Live {
        at: at("2026-05-01T10:00:00Z"),
        code: "read.person".to_owned(),
        what: "Lever shows the person.".to_owned(),
        merged_into: None,
        opportunities: vec![engine::LiveOpportunity {
            opportunity: "o1".parse().unwrap(),
            state: "hired".to_owned(),
            hired_at: Some(at("2026-04-01T10:00:00Z")),
        }],
        targets: vec![engine::Preview {
            target: "hr".parse().unwrap(),
            code: "nothing".to_owned(),
            why: "The target holds what it should.".to_owned(),
            scope: vec![engine::ScopeLine {
                opportunity: "o1".parse().unwrap(),
                code: "in_scope".to_owned(),
                what: "the target is told about it".to_owned(),
            }],
            mapped: 12,
            fields: Vec::new(),
            missing: vec!["start_date (absent)".to_owned()],
            placeholders: Vec::new(),
        }],
    });
    let page = explain(&explained, false);
    for says in [
        "In Lever, asked 2026-05-01 10:00:00Z (read.person): Lever shows the person.",
        "opportunity o1: hired since 2026-04-01 10:00:00Z",
        "hr (agreed): The target holds what it should.",
        "What to do: Nothing.",
        "Hire o1 (in_scope): the target is told about it",
        "12 fields are mapped; missing: start_date (absent).",
        "A cycle now (nothing): The target holds what it should.",
        "Next: nothing, until something changes in Lever",
    ] {
        assert!(page.contains(says), "{says} is not in\n{page}");
    }
    assert!(!page.contains("generation") && explain(&explained, true).contains("generation 0"));
    explained.live = None;
    explained.live_failed = Some("it cannot be reached".to_owned());
    explained.merged_into = Some("c2".parse().unwrap());
    let page = explain(&explained, false);
    assert!(page.contains("merged into c2") && page.contains("could not be asked now: what"));
}
