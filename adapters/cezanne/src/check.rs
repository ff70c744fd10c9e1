//! `check` for a tenant: what works, what does not fit, and what nobody could know before asking. Reads only.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{CheckReport, Result};
use people::{Date, Value};
use sha2::{Digest as _, Sha256};

use crate::{
    adapter::{Cezanne, email_of, read_failed, text},
    config::OpenEnded,
    contract::{Contract, Set},
    mapping::{COMPANY, EMAIL, HIRE_DATE, PERSON_CODE, TERMINATION_DATE},
    odata::{self, Filter, Literal, Query, Row},
    words::CompanyFault,
};

/// People by whom the tenant is recognised: so many of the first by code, and so many of the first by name.
const LANDMARKS_BY_CODE: usize = 50;
const LANDMARKS_BY_NAME: usize = 100;
/// Hardly anybody's changes.
const FIRST_NAME: &str = "GIVENNAME";
/// Contact details that are looked through for people who are there twice.
const SAMPLE: usize = 100;

impl Cezanne {
    pub(crate) async fn check_tenant(&self) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        let contract = self.contract().await?;
        report.good("a token was given, and $metadata read");
        contract.report(&mut report);
        self.check_end(&contract, &mut report).await?;
        self.check_company(&contract, &mut report).await;
        report.landmarks = self.landmarks(&contract).await?;
        if report.landmarks.is_empty() {
            report.warn(
                "nobody is shown to us: the tenant is empty, or the service account user may see nobody",
                "if the tenant has people, give that user the role HR Professional",
            );
        } else {
            report.good("people are shown to us (whether all of them are, only Cezanne knows: the service account user must be an HR Professional)");
        }
        self.check_native(&contract, &mut report).await;
        self.check_kept(&contract, &mut report);
        Ok(report)
    }

    async fn check_end(&self, contract: &Contract, report: &mut CheckReport) -> Result<()> {
        if !self.rules.create_employment {
            report.good("employments are left to HR (create_employment = false)");
            return Ok(());
        }
        let demanded = contract.employments.property(TERMINATION_DATE).is_some_and(|spec| !spec.nullable);
        if demanded && matches!(self.rules.open_ended, OpenEnded::Omit | OpenEnded::Null) {
            report.warn(
                "EFFECTIVETO is mandatory here, and open_ended leaves it out: employments will probably be refused",
                "set open_ended to \"learn\", or to the day that stands for no end",
            );
        }
        let end = self.open_end(contract).await?;
        report.good(match (&end, self.rules.open_ended) {
            (None, _) => "an employment without an end has no EFFECTIVETO".to_owned(),
            (Some(end), OpenEnded::Learn) => {
                format!("an employment without an end has {end}, like the tenant's own")
            }
            (Some(end), _) => format!("an employment without an end has {end} (open_ended)"),
        });
        Ok(())
    }

    async fn check_company(&self, contract: &Contract, report: &mut CheckReport) {
        let Some(code) = self.rules.company.as_deref().filter(|_| self.rules.create_employment) else {
            return;
        };
        let today = self.build.clock.now().date_naive();
        match self.company_fault(contract, code, Some(today)).await {
            None => report.good(format!("company code {code} is known")),
            Some(fault) => report.warn(
                format!("company code {code} {}", fault.words()),
                "see that the company is active and its code unchanged in Cezanne, else correct company_code: without it people are \
                 made, and their employments are not",
            ),
        }
    }

    /// What is wrong with a company code on that day, as far as the tenant shows it.
    pub(crate) async fn company_fault(
        &self,
        contract: &Contract,
        code: &str,
        day: Option<Date>,
    ) -> Option<CompanyFault> {
        let by_code = || Query::by(Filter::eq(COMPANY, Literal::text(code)));
        if let Some(set) = &contract.companies {
            // Row security may hide it; then its use shows.
            let rows = self.service.query(&set.name, &by_code()).await.ok()?;
            let rows: Vec<&Row> =
                rows.iter().filter(|row| text(row, COMPANY).as_deref() == Some(code)).collect();
            if !rows.is_empty() {
                let open = |row: &&&Row| day.is_none_or(|day| is_open(set, row, day));
                return if rows.iter().any(|row| open(&row)) { None } else { Some(CompanyFault::NotActive) };
            }
            return Some(CompanyFault::Unknown);
        }
        let query = Query { top: Some(1), ..by_code() };
        let page = self.service.page(&contract.employments.name, &query).await.ok()?;
        page.rows.is_empty().then_some(CompanyFault::Unused)
    }

    /// Some of the people there are, as digests of code and name. By code alone newcomers might take the place of all of them:
    /// `1000` comes before `101`, and an import has whatever codes it has. By name they come in between.
    async fn landmarks(&self, contract: &Contract) -> Result<Vec<String>> {
        let is_there = |name: &&str| contract.people.property(name).is_some();
        let known = |names: [&str; 3]| names.into_iter().filter(is_there).map(str::to_owned).collect();
        let by_code = Query {
            select: known([PERSON_CODE, FIRST_NAME, "FAMILYNAME"]),
            order_by: vec![PERSON_CODE.to_owned()],
            top: Some(LANDMARKS_BY_CODE),
            ..Query::default()
        };
        let by_name = Query {
            order_by: known([FIRST_NAME, "FAMILYNAME", PERSON_CODE]),
            top: Some(LANDMARKS_BY_NAME),
            ..by_code.clone()
        };
        let set = &contract.people.name;
        let mut rows = self.service.page(set, &by_code).await.map_err(read_failed)?.rows;
        // A service that does not sort by names is recognised by codes.
        if let Ok(page) = self.service.page(set, &by_name).await {
            rows.extend(page.rows);
        }
        // Two tenants may both begin at 1001, but not with the same people. Nobody's name leaves this function.
        let landmark = |row: &Row| {
            let name = |property| text(row, property).unwrap_or_default();
            let who = format!("{}\n{}\n{}", text(row, PERSON_CODE)?, name(FIRST_NAME), name("FAMILYNAME"));
            Some(hex::encode(Sha256::digest(who)))
        };
        Ok(rows.iter().filter_map(landmark).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Cezanne's own integration makes every hire as well, if it is still on: then people of one address stand there twice.
    async fn check_native(&self, contract: &Contract, report: &mut CheckReport) {
        if contract.communications.property(EMAIL).is_none() {
            return;
        }
        let query = Query {
            select: vec![PERSON_CODE.to_owned(), EMAIL.to_owned()],
            order_by: vec![PERSON_CODE.to_owned()],
            descending: true,
            top: Some(SAMPLE),
            ..Query::default()
        };
        let Ok(page) = self.service.page(&contract.communications.name, &query).await else { return };
        let mut by_email: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in &page.rows {
            if let (Some(email), Some(code)) = (email_of(row), text(row, PERSON_CODE)) {
                by_email.entry(email).or_default().push(code);
            }
        }
        let twice: Vec<String> =
            by_email.into_values().filter(|codes| codes.len() > 1).map(|codes| codes.join(" = ")).collect();
        if twice.is_empty() {
            report.good("none of the newest people stands there twice under one e-mail address");
        } else {
            report.warn(
                format!("people of one e-mail address: {}", twice.join(", ")),
                "switch Cezanne's own Lever integration off (Integrations > Lever, and Cezanne's access in Lever): while it is on, \
                 every hire is made twice",
            );
        }
    }

    fn check_kept(&self, contract: &Contract, report: &mut CheckReport) {
        let Some(field) = &self.rules.keep.contact else {
            report.warn(
                "Lever's contact id is kept in no field over there",
                "set keep.contact (and keep.opportunities) to a field of People: without one, a person whose code HR changed is found \
                 again after a lost ledger by the e-mail address only, and then waits for a human",
            );
            return;
        };
        report.good(format!("Lever's contact id is kept in {field}"));
        let short = self.rules.keep.opportunities.as_ref().and_then(|field| contract.people.property(field));
        if let Some(most) = short.and_then(|spec| spec.length_max).filter(|most| *most < 255) {
            report.warn(
                format!(
                    "keep.opportunities names a field of {most} characters, room for {} opportunities",
                    most / 37
                ),
                "name a longer field: whoever has more opportunities is not sent",
            );
        }
    }
}

fn is_open(set: &Set, row: &Row, day: Date) -> bool {
    let at = |name: &str| {
        let spec = set.property(name)?;
        match odata::read(row.fields.get(name)?, spec.edm) {
            Value::Day(day) => Some(day),
            _ => None,
        }
    };
    at(HIRE_DATE).is_none_or(|from| from <= day) && at(TERMINATION_DATE).is_none_or(|to| to >= day)
}
