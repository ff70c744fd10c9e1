//! The play with Cezanne HR: the same beginning against a pretend tenant, a company that is closed for one person, and the tenant
//! against Lever's own truth.

use engine::{CycleReport, SweepKind};
use people::ContactId;
use sandbox::cezanne::{Access, Cezanne, SERVICE_PATH, Settings, TOKEN_PATH};
use serde_json::json;

use super::{
    Opening, Show, loopback, refused, stage,
    tenant_truth::{self, Comparison, Holdings},
    truth,
};
use crate::{
    cli::Demo,
    exit::Exit,
    once, print,
    print::count,
    report,
    sandbox::{Running, millis},
};

/// People who are there before anybody is hired.
const STAFF: usize = 40;
const COMPANY: &str = "ACME-UK";
/// Lines of the history shown about the person whose employment is refused.
const LINES_SHOWN: usize = 3;

/// `demo --target cezanne`
pub(super) fn run(demo: &Demo, as_json: bool) -> Result<Exit, Exit> {
    let clock = once::clock();
    let settings = Settings {
        seed: demo.seed,
        staff: STAFF,
        custom_fields: tenant_truth::CUSTOM_FIELDS.map(|(name, most)| (name.to_owned(), most)).to_vec(),
        ..Settings::default()
    };
    let access = settings.access.clone();
    let tenant = Running::start(loopback(), Cezanne::new(settings, millis(clock.as_ref())), &clock)?;
    let script = stage::Script {
        target: target(&format!("http://{}", tenant.address), &access),
        secrets: vec![("cezanne-secret", access.client_secret)],
    };
    let show = Show::set(demo, &script, clock, as_json)?;
    let play = Play { show, tenant };
    let told = play.play(demo)?;
    play.show.close(&told.document(&play), &told.text(&play), told.comparison.is_exact())
}

/// What an engineer would write.
fn target(address: &str, access: &Access) -> String {
    let [(contact, _), (opportunities, _)] = tenant_truth::CUSTOM_FIELDS;
    format!(
        r#"[targets.cezanne]
adapter       = "cezanne"
service_root  = "{address}{SERVICE_PATH}"
token_url     = "{address}{TOKEN_PATH}"
client_id     = "{client_id}"
client_secret = {{ file = "cezanne-secret" }}
company_code  = "{COMPANY}"
new_hire_administrator = "hr.ops@example.com"
calls_per_second_max   = 500                      # the pretend one is patient; leave the line out for the real one

[targets.cezanne.keep]                            # Lever's ids, kept over there
contact       = "{contact}"
opportunities = "{opportunities}"
opportunity   = "{opportunity}"
"#,
        client_id = access.client_id,
        opportunity = tenant_truth::OPPORTUNITY,
    )
}

struct Play {
    show: Show,
    tenant: Running<Cezanne>,
}

/// What happened.
struct Told {
    opening: Opening,
    idle: CycleReport,
    idle_writes: u64,
    last: CycleReport,
    refused: CycleReport,
    refused_in_words: Vec<String>,
    healed: CycleReport,
    comparison: Comparison,
    holdings: Holdings,
    held: u64,
    parked: u64,
    tasks: usize,
    writes: u64,
    puts: u64,
    deletes: u64,
}

impl Play {
    fn play(&self, demo: &Demo) -> Result<Told, Exit> {
        let show = &self.show;
        show.say(&format!(
            "A pretend Cezanne HR with {STAFF} people answers on http://{}.",
            self.tenant.address
        ));
        let opening = show.open(demo)?;
        show.say(&format!("   … and they are in Cezanne: {}.", self.holdings().in_words()));
        let tasks = self.tasks()?;
        show.say(&format!(
            "   {} for hr.ops@example.com: a New Starter each, and each value that Cezanne demands and nobody gave.",
            count(tasks as u64, "task", "tasks")
        ));
        show.say("\n2. A second cycle, in which nobody did anything …");
        let before = self.writes();
        let idle = show.cycle(SweepKind::Changes)?;
        let idle_writes = self.writes() - before;
        show.say(&format!(
            "   … costs Lever {} and writes {} to Cezanne.",
            count(idle.requests, "request", "requests"),
            count(idle_writes, "record", "records")
        ));
        let acts = show.recruit()?;
        show.say(&format!("\n3. Recruiters act: {}.\n   A third cycle …", acts.in_words()));
        let last = show.cycle(SweepKind::Changes)?;
        show.say(&format!(
            "   … delivers exactly that: {} created, {} updated, and a task for what a human must decide.",
            last.delivered.created, last.delivered.updated
        ));
        let (ben, refused, refused_in_words) = self.close_company()?;
        let healed = self.open_company(&ben)?;
        let status = show.engine.status().map_err(|error| once::ledger_fault(&error))?;
        let hired = truth::in_scope(&show.lever.account(), show.stage.hired_since);
        let tenant = self.tenant.account();
        let figures = tenant.figures();
        Ok(Told {
            opening,
            idle,
            idle_writes,
            last,
            refused,
            refused_in_words,
            healed,
            comparison: Comparison::of(&hired, &acts, &tenant),
            holdings: Holdings::of(&tenant, STAFF),
            held: status.targets.values().map(|target| target.counts.held).sum(),
            parked: status.targets.values().map(|target| target.counts.parked).sum(),
            tasks: status.tasks_open,
            writes: tenant_truth::writes(figures),
            puts: figures.puts,
            deletes: figures.deletes,
        })
    }

    /// HR closes the company, and one more is hired: the person is made, the employment is refused, and the log says so.
    fn close_company(&self) -> Result<(ContactId, CycleReport, Vec<String>), Exit> {
        let show = &self.show;
        let now = millis(show.clock.as_ref());
        self.tenant.account().close_company(now, COMPANY).map_err(|_| Exit::Bug)?;
        let ben = stage::hire_new(&mut show.lever.account(), "Ben Example", "ben@example.com", now);
        let ben: ContactId = ben.map_err(refused)?.as_str().parse().map_err(|_| Exit::Bug)?;
        show.say(&format!(
            "\n4. HR closes the company {COMPANY} in Cezanne, and Ben Example is hired.\n   A fourth cycle makes the person, and the log \
             says what is missing:"
        ));
        let report = show.cycle(SweepKind::Changes)?;
        let history = show.engine.ledger().history(&ben).map_err(|error| once::ledger_fault(&error))?;
        let errors: Vec<_> = history.into_iter().filter(|event| event.outcome.is_error()).collect();
        let words: Vec<String> = report::history(&errors, false).lines().skip(1).map(str::to_owned).collect();
        for line in words.iter().take(LINES_SHOWN) {
            show.say(&print::wrapped(line, 5, Some(print::width().unwrap_or(110))));
        }
        Ok((ben, report, words))
    }

    /// The company is open again: what is missing follows, and only that.
    fn open_company(&self, ben: &ContactId) -> Result<CycleReport, Exit> {
        let show = &self.show;
        let now = millis(show.clock.as_ref());
        self.tenant.account().reopen_company(now, COMPANY).map_err(|_| Exit::Bug)?;
        show.say(
            "   HR opens it again. What is missing follows by itself, or at once with `hiresync retry` …",
        );
        show.engine.retry(ben, super::own_uid()).map_err(|error| {
            print::complain(&error.to_string());
            Exit::Bug
        })?;
        let before = self.writes();
        let report = show.cycle(SweepKind::Skip)?;
        show.say(&format!(
            "   … and is made: {} written, the person was not touched again.",
            count(self.writes() - before, "record", "records")
        ));
        Ok(report)
    }

    fn holdings(&self) -> Holdings {
        Holdings::of(&self.tenant.account(), STAFF)
    }

    fn writes(&self) -> u64 {
        tenant_truth::writes(self.tenant.account().figures())
    }

    fn tasks(&self) -> Result<usize, Exit> {
        Ok(self.show.engine.status().map_err(|error| once::ledger_fault(&error))?.tasks_open)
    }
}

impl Told {
    fn document(&self, play: &Play) -> serde_json::Value {
        let comparison = &self.comparison;
        json!({
            "target": "cezanne",
            "hired": comparison.hired,
            "delivered": comparison.delivered,
            "duplicates": comparison.twice,
            "missing": comparison.missing,
            "unexpected": comparison.unexpected,
            "stale": comparison.stale,
            "nameless": comparison.nameless,
            "taken_back": comparison.taken_back,
            "people": self.holdings.people,
            "communications": self.holdings.communications,
            "employments": self.holdings.employments,
            "held": self.held,
            "parked": self.parked,
            "tasks": self.tasks,
            "held_by_guard_first": self.opening.held,
            "idle_requests": self.idle.requests,
            "idle_writes": self.idle_writes,
            "refused": self.refused_in_words,
            "writes": self.writes,
            "puts": self.puts,
            "deletes": self.deletes,
            "cycles": [self.opening.first, self.opening.approved, self.idle, self.last, self.refused, self.healed],
            "files": [play.show.stage.config],
        })
    }

    fn text(&self, play: &Play) -> String {
        let comparison = &self.comparison;
        let mut text = Show::verdict(
            comparison.is_exact(),
            &format!(
                "{} hired in Lever, {} employed in Cezanne, {} missing, {} twice.",
                comparison.hired, comparison.delivered, comparison.missing, comparison.twice
            ),
        );
        text.push_str(&format!(
            "By Cezanne's own count: {}. {} written, {} replaced, {} deleted.\n",
            self.holdings.in_words(),
            count(self.writes, "record was", "records were"),
            self.puts,
            self.deletes
        ));
        text.push_str(&format!(
            "Waiting for a human: {} held, {} parked, {}.\n",
            self.held,
            self.parked,
            count(self.tasks as u64, "task", "tasks")
        ));
        if comparison.nameless > 0 {
            text.push_str(&format!(
                "{} no name in Lever, and Cezanne demands one: held until there is one.\n",
                count(comparison.nameless, "hire has", "hires have")
            ));
        }
        text.push_str(&format!(
            "{} taken back in Lever: the employment stays until HR decides; that is what a task is about.\n",
            count(comparison.taken_back, "hire was", "hires were")
        ));
        text.push_str(&format!(
            "\nThe configuration that was used is {}.\nA pretend tenant to play with, which says what the settings have to be: {} sandbox cezanne --staff {STAFF}\n",
            play.show.stage.config.display(),
            super::program()
        ));
        text.push_str("\nYour own Cezanne: adapters/cezanne/README.md goes step by step, and begins with what to switch off first.\n");
        text
    }
}
