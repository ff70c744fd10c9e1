//! The pretend Cezanne on a port of its own, a world whose only target it is, and the comparison with Lever's truth.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::Path,
    sync::MutexGuard,
};

use sandbox::cezanne::{Cezanne, Fault, Refused, SERVICE_PATH, Settings, TOKEN_PATH};

use super::{PretendLever, World, lever::now_ms, port::Port, roster::in_scope};

/// A pretend Cezanne that answers on loopback until it is dropped.
pub struct PretendCezanne(Port<Cezanne>);

impl PretendCezanne {
    /// Serves a tenant that is set up so.
    pub fn start(settings: Settings) -> PretendCezanne {
        PretendCezanne(Port::open(Cezanne::new(settings, now_ms())))
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Connections are refused from now on.
    pub fn go_away(&mut self) {
        self.0.close();
    }

    /// The same port answers again.
    pub fn come_back(&mut self) {
        self.0.reopen();
    }

    /// The tenant itself.
    pub fn account(&self) -> MutexGuard<'_, Cezanne> {
        self.0.account()
    }

    /// What HR does, now.
    pub fn act<T>(&self, act: impl FnOnce(&mut Cezanne, u64) -> Result<T, Refused>) -> T {
        act(&mut self.account(), now_ms()).unwrap()
    }

    /// Plans faults, in the sandbox's text form.
    pub fn plan_faults(&self, list: &str) {
        let faults = Fault::parse_list(list).unwrap();
        let mut account = self.account();
        faults.into_iter().for_each(|fault| account.add_fault(fault));
    }

    /// Nothing goes wrong from now on.
    pub fn mend(&self) {
        self.account().clear_faults();
    }

    /// Requests so far that change something.
    pub fn writes(&self) -> u64 {
        let account = self.account();
        let figures = account.figures();
        let changing = |method: &str| !matches!(method, "GET" | "HEAD");
        figures
            .by_request
            .iter()
            .filter(|((method, place), _)| changing(method) && *place != "token")
            .map(|(_, count)| count)
            .sum()
    }
}

/// A company on Lever and Cezanne.
pub struct Company {
    pub world: World,
    pub cezanne: PretendCezanne,
    /// People who were there before, by code.
    before: BTreeSet<String>,
}

impl Company {
    /// With a little staff, and Lever's ids kept in comments.
    pub fn new(settings: Settings) -> Company {
        Company::with(settings, KEEPING)
    }

    /// With more settings of the target.
    pub fn with(settings: Settings, more: &str) -> Company {
        let staff = if settings.staff == 0 { 8 } else { settings.staff };
        let cezanne = PretendCezanne::start(Settings { staff, ..settings });
        let world = World::around(PretendLever::empty());
        let before = cezanne.account().people().iter().map(|row| row.text("PERSONID").to_owned()).collect();
        let company = Company { world, cezanne, before };
        company.write_secret(&company.cezanne.account().settings().access.client_secret.clone());
        company.configure(more);
        company
    }

    /// Writes the configuration with these settings of the target.
    pub fn configure(&self, more: &str) {
        self.world.write_config(&self.world.config_text_of(&self.target(more)));
    }

    /// `[targets.cezanne-uk]`
    pub fn target(&self, more: &str) -> String {
        let address = self.cezanne.address();
        let account = self.cezanne.account();
        let Settings { access, companies, .. } = account.settings();
        let company = if more.contains("company_code") {
            String::new()
        } else {
            format!("company_code = \"{}\"", companies[0])
        };
        format!(
            r#"[targets.cezanne-uk]
adapter       = "cezanne"
service_root  = "http://{address}{SERVICE_PATH}"
token_url     = "http://{address}{TOKEN_PATH}"
client_id     = "{}"
client_secret = {{ file = "cezanne-secret" }}
calls_per_second_max = 1000
new_hire_administrator = "hr.ops@example.com"
{company}
{more}
"#,
            access.client_id
        )
    }

    pub fn write_secret(&self, secret: &str) {
        fs::write(self.world.path("cezanne-secret"), secret).unwrap();
    }

    /// The ledger is gone.
    pub fn lose_the_ledger(&self) {
        let state: &Path = &self.world.setup.state;
        fs::remove_dir_all(state).unwrap();
    }

    /// What is wrong over there, against Lever's truth: everybody with a hire is there once, with their contact details and one
    /// employment for each hire; nobody else came. Told apart by their addresses, of which everybody has one of their own.
    pub fn wrongs(&self) -> Vec<String> {
        let hired = in_scope(&self.world.lever.account(), self.world.setup.hired_since);
        let account = self.cezanne.account();
        let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in account.communications() {
            let code = row.text("PERSONID").to_owned();
            if !self.before.contains(&code) {
                people.entry(row.text("EXTERNALEMAILADDRESS").to_owned()).or_default().push(code);
            }
        }
        let counts = account.rows_by_person();
        let mut wrongs = Vec::new();
        let mut expected: BTreeMap<String, usize> = BTreeMap::new();
        for hire in &hired {
            *expected.entry(hire.emails[0].clone()).or_default() += 1;
        }
        for (email, hires) in &expected {
            match people.get(email).map(Vec::as_slice) {
                Some([code]) => {
                    let count = counts.get(code).copied().unwrap_or_default();
                    if (count.communications, count.employments) != (1, *hires) {
                        wrongs.push(format!("{code}: {hires} hires, and {count:?}"));
                    }
                }
                Some(codes) => wrongs.push(format!("one person, several records: {codes:?}")),
                None => wrongs.push(format!("nobody there for a person with {hires} hires")),
            }
        }
        let came = counts.keys().filter(|code| !self.before.contains(*code)).count();
        if came != expected.len() {
            wrongs.push(format!("{came} people came, and {} were hired", expected.len()));
        }
        let figures = account.figures();
        if (figures.puts, figures.deletes, figures.function_calls) != (0, 0, 0) {
            wrongs.push(format!(
                "{} PUT, {} DELETE, {} calls of functions",
                figures.puts, figures.deletes, figures.function_calls
            ));
        }
        wrongs
    }

    #[track_caller]
    pub fn assert_exact(&self) {
        let wrongs = self.wrongs();
        assert!(wrongs.is_empty(), "{wrongs:#?}\n{}", self.world.everything_said());
    }
}

/// Where Lever's ids are kept.
pub const KEEPING: &str = r#"
[targets.cezanne-uk.keep]
contact = "COMMENTS"
opportunity = "HIRINGCOMMENT"
"#;
