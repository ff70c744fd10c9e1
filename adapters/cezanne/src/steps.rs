//! One delivery: the person, their contact details, their employments, in this order. Each step looks before it writes, reads
//! back what got no answer, and leaves what is there as it is; so the same delivery may come again at any point.
//!
//! **Invariant:** nothing is undone. Where a later step is refused, the person stays, and what is missing is said (that is what
//! Cezanne's own integration does as well).

use std::collections::BTreeMap;

use adapter_sdk::{
    Delivery, Effect, Error, ErrorKind, Identity, Intent, Level, Link, Obstacle, Receipt, Result, Step,
    TaskKind, TaskRequest,
};
use people::{FieldKey, FieldName, Fields, OpportunityId, Pii, RemoteHireId, RemoteId, Value};
use planted::{Bug, Point};
use serde_json::{Map, Value as Json};

use crate::{
    adapter::{Cezanne, read_failed, text},
    code,
    contract::{Contract, EMPLOYMENT_ID, Entity, Set},
    errors::{Trouble, TroubleKind},
    look::Whose,
    mapping::{COMPANY, GENDER_CODE, GENDER_TEXT, HIRE_DATE, PERSON_CODE, TERMINATION_DATE},
    odata::{self, Filter, Key, Literal, Query, Row},
    words::{self, CompanyFault, Said},
};

const COMMUNICATIONS: &str = "communications";
const EMPLOYMENT: &str = "employment";
/// An employment before which another one has to end.
const EMPLOYED: &str = "employed";
const DEPLOYMENT: &str = "deployment";

/// Why a step was not done.
pub(crate) enum Stop {
    /// It may have been done.
    Unknown(Error),
    /// It was not, and may be tried again as it is.
    Later(Error),
    /// It was refused: a human has to mend something.
    Refused(Obstacle),
}

type Done<T = ()> = std::result::Result<T, Stop>;

/// What has been done so far.
#[derive(Default)]
struct Progress {
    created: bool,
    changed: bool,
    hires: BTreeMap<OpportunityId, RemoteHireId>,
    unfinished: Vec<Step>,
    obstacle: Option<Obstacle>,
}

impl Progress {
    /// Whether this attempt came to nothing yet, so that all of it may be sent again.
    fn is_untouched(&self) -> bool {
        !self.created && !self.changed && self.unfinished.is_empty() && self.obstacle.is_none()
    }
}

/// What is written of one delivery, and how.
struct Job<'d> {
    contract: &'d Contract,
    delivery: &'d Delivery,
    /// Everything is looked at, not only what changed.
    whole: bool,
    end: Option<Json>,
}

impl Job<'_> {
    /// Whether trouble with a write means that it was refused. A rule of the business that is broken may come as a 500, as
    /// anything else that nobody foresaw ([MS-ODATA] knows no other status for it): at first it is unknown what came of it; when
    /// it was looked for, sent again and answered alike, it is refused.
    fn was_refused(&self, trouble: &Trouble) -> bool {
        match trouble.kind {
            TroubleKind::Refused | TroubleKind::Conflict | TroubleKind::NoSuchRecord => true,
            TroubleKind::ServerError => !self.delivery.unfinished.is_empty(),
            _ => false,
        }
    }

    /// What trouble with a write means to a step.
    fn stopped_by(&self, trouble: Trouble, refused: impl FnOnce() -> Obstacle) -> Stop {
        if self.was_refused(&trouble) {
            Stop::Refused(refused())
        } else if trouble.is_unknown_for_a_write() {
            Stop::Unknown(trouble.into_error(true).find_first())
        } else {
            Stop::Later(trouble.into_error(true))
        }
    }
}

impl Cezanne {
    pub(crate) async fn deliver_one(&self, delivery: &Delivery) -> Result<Receipt> {
        let contract = self.contract().await?;
        let end = if self.rules.create_employment { self.open_end(&contract).await? } else { None };
        let whole = delivery.link.is_none() || !delivery.unfinished.is_empty();
        let job = Job { contract: &contract, delivery, whole, end };
        let mut progress = Progress::default();
        let code = match &delivery.link {
            Some(link) => {
                progress.hires = link.hires.clone();
                let code = self.code_now(&job, link).await?;
                self.change_person(&job, &code, &mut progress).await?;
                code
            }
            None => self.make_person(&job, &mut progress).await?,
        };
        let outcome = self.communicate(&job, &code, &mut progress).await;
        Self::note(&mut progress, COMMUNICATIONS, outcome)?;
        if self.rules.create_employment {
            self.employ(&job, &code, &mut progress).await?;
        } else {
            self.leave_to_hr(&job, &code, &mut progress);
        }
        self.receipt(&job, &code, progress)
    }

    /// What was refused or put off is left to do; what is unknown is looked up first.
    fn note(progress: &mut Progress, step: &str, outcome: Done) -> Result<()> {
        let step = || Step(step.to_owned());
        match outcome {
            Ok(()) => {}
            Err(Stop::Unknown(error)) => return Err(error),
            // Nothing was done and nothing found out: the engine must know, for it may concern everybody.
            Err(Stop::Later(error)) if progress.is_untouched() => return Err(error),
            // Not refused: nobody was asked to do it by hand.
            Err(Stop::Later(_)) => progress.unfinished.push(Step::rest()),
            Err(Stop::Refused(obstacle)) => {
                progress.unfinished.push(step());
                progress.obstacle.get_or_insert(obstacle);
            }
        }
        Ok(())
    }

    fn receipt(&self, job: &Job<'_>, code: &str, progress: Progress) -> Result<Receipt> {
        let effect = match (progress.created, progress.changed) {
            (true, _) => Effect::Created,
            (false, true) => Effect::Updated,
            (false, false) => Effect::Unchanged,
        };
        let remote = code.parse().map_err(|_| no_code(job))?;
        Ok(Receipt {
            tasks: self.new_starter_tasks(job, code),
            filled: job.delivery.wanted.filled.clone(),
            unfinished: progress.unfinished,
            obstacle: progress.obstacle,
            ..Receipt::new(Link { remote, hires: progress.hires }, effect)
        })
    }

    // ---- the person ----

    /// The code under which somebody stands whose delivery is resumed: HR may have changed it meanwhile.
    async fn code_now(&self, job: &Job<'_>, link: &Link) -> Result<String> {
        let code = link.remote.as_str().to_owned();
        if !job.whole || self.person_row(job.contract, &code).await?.is_some() {
            return Ok(code);
        }
        let found = self.look_for(job.contract, &self.who(job.delivery)).await?;
        let mut proven = found.iter().filter(|found| found.evidence.is_proof());
        match (proven.next(), proven.next()) {
            (Some(found), None) => Ok(found.link.remote.as_str().to_owned()),
            _ => Err(Error::new(ErrorKind::Conflict, "completing a person who is not shown to us")
                .retry(None)
                .obstacle(words::hidden(&code))),
        }
    }

    /// Makes the person, unless they are there; answers their code.
    async fn make_person(&self, job: &Job<'_>, progress: &mut Progress) -> Result<String> {
        let who = self.who(job.delivery);
        for code in self.codes(job.contract, &who) {
            check_code(job, &code)?;
            if !planted::bug(Bug::NoLookBeforeCreate)
                && let Some(row) = self.person_row(job.contract, &code).await?
            {
                match self.whose(job.contract, &row, &code, &who).await? {
                    Whose::Theirs => return Ok(code),
                    Whose::Anothers => continue,
                    Whose::Unclear if job.delivery.looked_at => continue,
                    Whose::Unclear => return Err(taken(&code)),
                }
            }
            let fields = self.new_fields(job, Entity::People, &job.delivery.wanted.person);
            let mut fields = fields.map_err(refused)?;
            fields.insert(PERSON_CODE.to_owned(), Json::String(code.clone()));
            planted::point(Point::PersonNext);
            let Err(trouble) = self.service.insert(&job.contract.people.name, fields).await else {
                planted::point(Point::PersonMade);
                progress.created = true;
                return Ok(code);
            };
            return match self.settle_person(job, &code, &who, trouble).await? {
                Some(code) => {
                    progress.created = true;
                    Ok(code)
                }
                None => continue,
            };
        }
        Err(Error::new(ErrorKind::Conflict, "making a person code: each of the codes is somebody else's")
            .with("codes", code::CANDIDATES))
    }

    /// What came of a person that was not simply made: read back by the code. `None`: it is another person's.
    async fn settle_person(
        &self,
        job: &Job<'_>,
        code: &str,
        who: &Identity,
        trouble: Trouble,
    ) -> Result<Option<String>> {
        let unknown = trouble.is_unknown_for_a_write();
        let was_answered = matches!(trouble.kind, TroubleKind::Refused | TroubleKind::Conflict);
        if !unknown && !was_answered {
            return Err(trouble.into_error(true));
        }
        match self.person_row(job.contract, code).await {
            Ok(Some(row)) => match self.whose(job.contract, &row, code, who).await? {
                Whose::Theirs => Ok(Some(code.to_owned())),
                Whose::Anothers => Ok(None),
                Whose::Unclear => Err(taken(code)),
            },
            // Not shown, and perhaps not yet: it is looked for again before anything is sent.
            Ok(None) if trouble.kind == TroubleKind::ServerError => {
                Err(self.person_unsettled(job, trouble).await)
            }
            _ if unknown => Err(trouble.into_error(true).find_first()),
            Ok(None) => Err(self.person_refused(job, code, trouble).await),
            Err(error) => Err(error),
        }
    }

    /// A refusal, in HR's words.
    async fn person_refused(&self, job: &Job<'_>, code: &str, trouble: Trouble) -> Error {
        self.service.forget_metadata().await;
        let said = words::scrubbed(trouble.said.as_ref(), &job.delivery.wanted);
        if trouble.kind == TroubleKind::Conflict {
            return trouble.into_error(true).obstacle(words::hidden(code));
        }
        match self.gender_obstacle(job, &said).await {
            Some(obstacle) => trouble.into_error(true).retry(None).obstacle(obstacle),
            None => trouble.into_error(true).obstacle(words::person_refused(code, &said)),
        }
    }

    /// A 500, and nobody there yet: looked for again, since it may have been done. It may as well be a refusal; what is known of
    /// one is said.
    async fn person_unsettled(&self, job: &Job<'_>, trouble: Trouble) -> Error {
        let said = words::scrubbed(trouble.said.as_ref(), &job.delivery.wanted);
        let error = trouble.into_error(true).find_first();
        match self.gender_obstacle(job, &said).await {
            Some(obstacle) => error.obstacle(obstacle),
            None => error,
        }
    }

    async fn gender_obstacle(&self, job: &Job<'_>, said: &Said) -> Option<Obstacle> {
        let gender = &self.rules.gender;
        let is_unused = self.is_unused_gender(job).await;
        is_unused.then(|| words::gender(&gender.description, &gender.code, said))
    }

    /// Whether the person has the placeholder for a gender, and nobody else in the tenant has: then it was probably renamed.
    async fn is_unused_gender(&self, job: &Job<'_>) -> bool {
        let Some((field, value)) = job.delivery.wanted.person.iter().find(|(field, _)| {
            [GENDER_TEXT, GENDER_CODE].contains(&field.as_str()) && is_filled(job.delivery, field)
        }) else {
            return false;
        };
        let Some(place) = job.contract.place(Level::Person, field) else { return false };
        let text = self.gender_text(place.as_gender_code, value.reveal());
        let query = Query {
            select: vec![PERSON_CODE.to_owned()],
            top: Some(1),
            ..Query::by(Filter::eq(place.property.clone(), Literal::text(text)))
        };
        let set = &job.contract.people.name;
        let nobody_has_it = self.service.page(set, &query).await.is_ok_and(|page| page.rows.is_empty());
        let anybody = Query { filter: None, ..query };
        // In a tenant without people that says nothing.
        nobody_has_it && self.service.page(set, &anybody).await.is_ok_and(|page| !page.rows.is_empty())
    }

    /// The person is there: what changed is written, if anything did.
    async fn change_person(&self, job: &Job<'_>, code: &str, progress: &mut Progress) -> Result<()> {
        let fields = self.changed_fields(job, Entity::People, &job.delivery.wanted.person, None);
        let fields = fields.map_err(refused)?;
        if fields.is_empty() {
            return Ok(());
        }
        let key = Key::single(PERSON_CODE, code);
        let set = &job.contract.people.name;
        let Some(row) = self.service.get(set, &key).await.map_err(read_failed)? else {
            return Err(Error::new(ErrorKind::Conflict, "changing a person who is not shown to us")
                .obstacle(words::hidden(code)));
        };
        let fields = moves(&job.contract.people, &row, fields);
        if fields.is_empty() {
            return Ok(());
        }
        if self.was_changed_meanwhile(job, Entity::People, &row, None) {
            return Err(changed_meanwhile());
        }
        planted::point(Point::PersonChanging);
        match self.service.change(set, &key, fields, row.etag.as_deref()).await {
            Ok(()) => {
                planted::point(Point::PersonChanged);
                progress.changed = true;
                Ok(())
            }
            Err(trouble) => {
                let said = words::scrubbed(trouble.said.as_ref(), &job.delivery.wanted);
                let was_refused = matches!(trouble.kind, TroubleKind::Refused);
                let error = trouble.into_error(true);
                Err(if was_refused { error.obstacle(words::change_refused(code, &said)) } else { error })
            }
        }
    }

    /// Whether a field that is about to change holds something else than when the change was decided: then it is HR's, and the change
    /// is decided anew.
    fn was_changed_meanwhile(
        &self,
        job: &Job<'_>,
        entity: Entity,
        row: &Row,
        hire: Option<&OpportunityId>,
    ) -> bool {
        let Some(seen) = &job.delivery.seen else { return false };
        let (level, before) = match hire {
            Some(hire) => (Level::Hire, seen.hires.get(hire)),
            None => (Level::Person, Some(&seen.person)),
        };
        let Some(before) = before else { return false };
        let now = self.fields_of(job.contract, level, entity, row);
        now.iter().any(|(field, now)| {
            is_changed(job.delivery, hire, field) && before.get(field).is_some_and(|before| before != now)
        })
    }

    // ---- contact details ----

    /// One row for a person: it may be there already, made with the person. Only what is empty is filled in; only what changed is
    /// changed.
    async fn communicate(&self, job: &Job<'_>, code: &str, progress: &mut Progress) -> Done {
        let wanted = &job.delivery.wanted.person;
        let new = self.new_fields(job, Entity::Communications, wanted).map_err(Stop::Refused)?;
        let moved = self.changed_fields(job, Entity::Communications, wanted, None).map_err(Stop::Refused)?;
        if new.is_empty() && moved.is_empty() || !job.whole && moved.is_empty() {
            return Ok(());
        }
        let set = &job.contract.communications.name;
        let key = Key::single(PERSON_CODE, code);
        let mut row = self.service.get(set, &key).await.map_err(stopped)?;
        if row.is_none() {
            if new.is_empty() {
                return Ok(());
            }
            let mut fields = new.clone();
            fields.insert(PERSON_CODE.to_owned(), Json::String(code.to_owned()));
            planted::point(Point::ContactNext);
            let Err(trouble) = self.service.insert(set, fields).await else {
                planted::point(Point::ContactMade);
                progress.changed = true;
                return Ok(());
            };
            // It may have come by itself meanwhile, or our own may have arrived.
            row = match self.service.get(set, &key).await {
                Ok(Some(row)) => Some(row),
                _ => return Err(self.contact_details_stopped(job, trouble)),
            };
        }
        let Some(row) = row else { return Ok(()) };
        let is_empty = |name: &String| row.fields.get(name).is_none_or(|held| held.is_null() || held == "");
        let mut fields: Map<String, Json> = match job.whole {
            true => new.into_iter().filter(|(name, _)| is_empty(name)).collect(),
            false => Map::new(),
        };
        fields.extend(moves(&job.contract.communications, &row, moved));
        if !fields.is_empty() && self.was_changed_meanwhile(job, Entity::Communications, &row, None) {
            return Err(Stop::Later(changed_meanwhile()));
        }
        if fields.is_empty() {
            return Ok(());
        }
        match self.service.change(set, &key, fields, row.etag.as_deref()).await {
            Ok(()) => {
                progress.changed = true;
                Ok(())
            }
            Err(trouble) => Err(self.contact_details_stopped(job, trouble)),
        }
    }

    fn contact_details_stopped(&self, job: &Job<'_>, trouble: Trouble) -> Stop {
        let said = words::scrubbed(trouble.said.as_ref(), &job.delivery.wanted);
        job.stopped_by(trouble, || words::contact_details_refused(&said))
    }

    // ---- employments ----

    async fn employ(&self, job: &Job<'_>, code: &str, progress: &mut Progress) -> Result<()> {
        let wanted = &job.delivery.wanted.hires;
        let missing: Vec<&OpportunityId> =
            ordered(job.delivery).into_iter().filter(|hire| !progress.hires.contains_key(*hire)).collect();
        if !missing.is_empty() {
            let rows = match self.employments(job.contract, code).await.map_err(stopped) {
                Ok(_) if planted::bug(Bug::EmploymentUnlooked) => Vec::new(),
                Ok(rows) => rows,
                Err(stop) => return Self::note(progress, EMPLOYMENT, Err(stop)),
            };
            for hire in missing {
                let outcome = self.employ_for(job, code, hire, &rows, progress).await;
                // Only where ours was refused is one of HR's the answer to that.
                let step = match &outcome {
                    Err(Stop::Refused(obstacle)) if obstacle.code == words::EMPLOYED_ALREADY => EMPLOYED,
                    _ => EMPLOYMENT,
                };
                Self::note(progress, step, outcome)?;
            }
        }
        if job.contract.deployments.is_some() {
            let is_due = |hire: &OpportunityId| {
                job.whole || job.delivery.link.as_ref().is_none_or(|link| !link.hires.contains_key(hire))
            };
            for (hire, id) in
                progress.hires.clone().iter().filter(|(hire, _)| wanted.contains_key(*hire) && is_due(hire))
            {
                let outcome = self.deploy(job, code, id.as_str(), hire, progress).await;
                Self::note(progress, DEPLOYMENT, outcome)?;
            }
        }
        let linked = job.delivery.link.iter().flat_map(|link| &link.hires);
        for (hire, id) in linked.filter(|(hire, _)| wanted.contains_key(*hire)) {
            let outcome = self.change_employment(job, code, hire, id, progress).await;
            Self::note(progress, EMPLOYMENT, outcome)?;
        }
        Ok(())
    }

    /// Makes the employment of a hire, unless it is there.
    async fn employ_for(
        &self,
        job: &Job<'_>,
        code: &str,
        hire: &OpportunityId,
        rows: &[Row],
        progress: &mut Progress,
    ) -> Done {
        if let Some(id) = self.kept_on(hire, rows) {
            progress.hires.insert(hire.clone(), id);
            return Ok(());
        }
        let id = self.employment_id(job, code, hire, rows, progress);
        let there = rows.iter().find(|row| text(row, EMPLOYMENT_ID).as_deref() == Some(&id));
        if there.is_none()
            && let Some(other) = self.by_hand(job, rows, progress)
        {
            // HR entered it as the task asked, because ours was refused.
            if let (true, Ok(other)) = (is_resumed(job.delivery, EMPLOYMENT), other.parse()) {
                progress.hires.insert(hire.clone(), other);
                return Ok(());
            }
            return Err(Stop::Refused(words::employed_already(code, &other, &id)));
        }
        if there.is_none() {
            let fields = &job.delivery.wanted.hires[hire];
            let mut new = self.new_fields(job, Entity::Employments, fields).map_err(Stop::Refused)?;
            new.insert(PERSON_CODE.to_owned(), Json::String(code.to_owned()));
            new.insert(EMPLOYMENT_ID.to_owned(), Json::String(id.clone()));
            if let (Some(end), false) = (&job.end, new.contains_key(TERMINATION_DATE)) {
                new.insert(TERMINATION_DATE.to_owned(), end.clone());
            }
            self.set_flags(job, rows.is_empty() && progress.hires.is_empty(), &mut new);
            planted::point(Point::EmploymentNext);
            self.make_employment(job, code, &id, fields, new).await?;
            planted::point(Point::EmploymentMade);
            progress.created = true;
        }
        if let Ok(remote) = id.parse() {
            progress.hires.insert(hire.clone(), remote);
        }
        Ok(())
    }

    async fn make_employment(
        &self,
        job: &Job<'_>,
        code: &str,
        id: &str,
        fields: &Fields,
        new: Map<String, Json>,
    ) -> Done {
        let set = &job.contract.employments.name;
        let Err(trouble) = self.service.insert(set, new).await else { return Ok(()) };
        let is_unknown = trouble.is_unknown_for_a_write();
        if !is_unknown && !matches!(trouble.kind, TroubleKind::Refused | TroubleKind::Conflict) {
            return Err(stopped(trouble));
        }
        match self.employments(job.contract, code).await {
            Ok(rows) if rows.iter().any(|row| text(row, EMPLOYMENT_ID).as_deref() == Some(id)) => {
                return Ok(());
            }
            Err(_) if is_unknown => return Err(Stop::Unknown(trouble.into_error(true).find_first())),
            Err(other) => return Err(stopped(other)),
            Ok(_) => {}
        }
        let company = fields.get(COMPANY).map(|value| value.reveal().to_text()).unwrap_or_default();
        let day = match fields.get(HIRE_DATE).map(Pii::reveal) {
            Some(Value::Day(day)) => Some(*day),
            _ => None,
        };
        let fault = self.company_fault(job.contract, &company, day).await;
        let is_why = trouble.kind == TroubleKind::ServerError && fault.is_some_and(CompanyFault::is_certain);
        if is_unknown && !is_why && !job.was_refused(&trouble) {
            return Err(Stop::Unknown(trouble.into_error(true).find_first()));
        }
        self.service.forget_metadata().await;
        let said = words::scrubbed(trouble.said.as_ref(), &job.delivery.wanted);
        Err(Stop::Refused(words::employment_refused(code, &company, fault, &said)))
    }

    /// The employment on which the hire's opportunity id is kept, whoever wrote it there.
    fn kept_on(&self, hire: &OpportunityId, rows: &[Row]) -> Option<RemoteHireId> {
        let kept = self.rules.keep.opportunity.as_deref()?;
        let row = rows.iter().find(|row| text(row, kept).is_some_and(|said| said.trim() == hire.as_str()))?;
        text(row, EMPLOYMENT_ID)?.parse().ok()
    }

    /// The first hire's employment has the person's own code, the next ones a number; what is taken by another hire is passed over.
    fn employment_id(
        &self,
        job: &Job<'_>,
        code: &str,
        hire: &OpportunityId,
        rows: &[Row],
        progress: &Progress,
    ) -> String {
        let who = self.who(job.delivery);
        let codes = self.codes(job.contract, &who);
        // HR may have changed the person's code: an employment of ours is known by our own.
        let base = codes.iter().find(|own| *own == code).or(codes.first()).cloned().unwrap_or_default();
        let position = who.order.iter().position(|id| id == hire).unwrap_or_default() + 1;
        let kept = self.rules.keep.opportunity.as_deref();
        let is_free = |nth: &usize| {
            let id = code::employment_id(&base, *nth);
            let linked = progress.hires.values().any(|taken| taken.as_str() == id);
            let said = rows
                .iter()
                .find(|row| text(row, EMPLOYMENT_ID).as_deref() == Some(&id))
                .and_then(|row| text(row, kept?));
            !linked && said.is_none_or(|said| said == hire.as_str())
        };
        let nth = (position..position + 100).find(is_free).unwrap_or(position);
        code::employment_id(&base, nth)
    }

    /// A current employment that is none of ours.
    fn by_hand(&self, job: &Job<'_>, rows: &[Row], progress: &Progress) -> Option<String> {
        let codes = self.codes(job.contract, &self.who(job.delivery));
        let today = self.build.clock.now().date_naive();
        let edm = job.contract.employments.property(TERMINATION_DATE).map(|spec| spec.edm);
        let is_over = |row: &Row| {
            let end = row.fields.get(TERMINATION_DATE).zip(edm).map(|(end, edm)| odata::read(end, edm));
            matches!(end, Some(Value::Day(day)) if day < today)
        };
        let is_ours = |id: &str| {
            codes.iter().any(|own| code::nth_employment(own, id).is_some())
                || progress.hires.values().any(|own| own.as_str() == id)
        };
        rows.iter()
            .filter(|row| !is_over(row))
            .filter_map(|row| text(row, EMPLOYMENT_ID))
            .find(|id| !is_ours(id))
    }

    async fn change_employment(
        &self,
        job: &Job<'_>,
        code: &str,
        hire: &OpportunityId,
        id: &RemoteHireId,
        progress: &mut Progress,
    ) -> Done {
        let fields = &job.delivery.wanted.hires[hire];
        let moved =
            self.changed_fields(job, Entity::Employments, fields, Some(hire)).map_err(Stop::Refused)?;
        if moved.is_empty() {
            return Ok(());
        }
        let set = &job.contract.employments.name;
        let key = Key::of([(EMPLOYMENT_ID, id.as_str()), (PERSON_CODE, code)]);
        let Some(row) = self.service.get(set, &key).await.map_err(stopped)? else {
            return Err(Stop::Refused(words::employment_gone(code, id.as_str())));
        };
        let moved = moves(&job.contract.employments, &row, moved);
        if moved.is_empty() {
            return Ok(());
        }
        if self.was_changed_meanwhile(job, Entity::Employments, &row, Some(hire)) {
            return Err(Stop::Later(changed_meanwhile()));
        }
        match self.service.change(set, &key, moved, row.etag.as_deref()).await {
            Ok(()) => {
                progress.changed = true;
                Ok(())
            }
            Err(trouble) => {
                let said = words::scrubbed(trouble.said.as_ref(), &job.delivery.wanted);
                Err(job.stopped_by(trouble, || words::change_refused(code, &said)))
            }
        }
    }

    /// Where the tenant demands it: whether this is the person's first employment.
    fn set_flags(&self, job: &Job<'_>, first: bool, new: &mut Map<String, Json>) {
        for (name, spec) in &job.contract.employments.entity.properties {
            if crate::contract::is_flag(name) && !spec.nullable && !new.contains_key(name) {
                let value = Value::Integer(i64::from(first));
                let value = odata::write(&value, spec.edm, job.contract.version).unwrap_or(Json::Bool(first));
                new.insert(name.clone(), value);
            }
        }
    }

    /// `create_employment = false`: HR's process makes it.
    fn leave_to_hr(&self, job: &Job<'_>, code: &str, progress: &mut Progress) {
        for hire in job.delivery.wanted.hires.keys() {
            if let Ok(remote) = code.parse() {
                progress.hires.entry(hire.clone()).or_insert(remote);
            }
        }
    }

    // ---- deployments ----

    /// The org unit, where the tenant has deployments and something is mapped to them. Made once, with the employment.
    async fn deploy(
        &self,
        job: &Job<'_>,
        code: &str,
        employment: &str,
        hire: &OpportunityId,
        progress: &mut Progress,
    ) -> Done {
        let Some(set) = &job.contract.deployments else { return Ok(()) };
        let fields = &job.delivery.wanted.hires[hire];
        let mut new = self.new_fields(job, Entity::Deployments, fields).map_err(Stop::Refused)?;
        if new.is_empty() {
            return Ok(());
        }
        let mut filter = Filter::eq(PERSON_CODE, Literal::text(code));
        if set.property(EMPLOYMENT_ID).is_some() {
            filter = filter.and(Filter::eq(EMPLOYMENT_ID, Literal::text(employment)));
            new.insert(EMPLOYMENT_ID.to_owned(), Json::String(employment.to_owned()));
        }
        let there = self.service.page(&set.name, &Query { top: Some(1), ..Query::by(filter.clone()) }).await;
        if !there.map_err(stopped)?.rows.is_empty() {
            return Ok(());
        }
        new.insert(PERSON_CODE.to_owned(), Json::String(code.to_owned()));
        if let (Some(spec), false, Some(day)) =
            (set.property(HIRE_DATE), new.contains_key(HIRE_DATE), fields.get(HIRE_DATE))
            && let Some(day) = odata::write(day.reveal(), spec.edm, job.contract.version)
        {
            new.insert(HIRE_DATE.to_owned(), day);
        }
        let demands_end = set.property(TERMINATION_DATE).is_some_and(|spec| !spec.nullable);
        if let (true, Some(end)) = (demands_end, &job.end) {
            new.insert(TERMINATION_DATE.to_owned(), end.clone());
        }
        planted::point(Point::DeploymentNext);
        let Err(trouble) = self.service.insert(&set.name, new).await else {
            planted::point(Point::DeploymentMade);
            progress.changed = true;
            return Ok(());
        };
        let again = self.service.page(&set.name, &Query { top: Some(1), ..Query::by(filter) }).await;
        if again.is_ok_and(|page| !page.rows.is_empty()) {
            return Ok(());
        }
        let said = words::scrubbed(trouble.said.as_ref(), &job.delivery.wanted);
        Err(job.stopped_by(trouble, || words::deployment_refused(code, &said)))
    }

    // ---- fields ----

    /// The fields of `entity` that have a value, as the tenant's properties.
    fn new_fields(&self, job: &Job<'_>, entity: Entity, fields: &Fields) -> Written {
        self.written(job, entity, fields, |_, value| !value.is_blank())
    }

    /// Those that changed, blanks included.
    fn changed_fields(
        &self,
        job: &Job<'_>,
        entity: Entity,
        fields: &Fields,
        hire: Option<&OpportunityId>,
    ) -> Written {
        if job.delivery.intent == Intent::Add || job.delivery.link.is_none() {
            return Ok(Map::new());
        }
        self.written(job, entity, fields, |field, _| is_changed(job.delivery, hire, field))
    }

    fn written(
        &self,
        job: &Job<'_>,
        entity: Entity,
        fields: &Fields,
        which: impl Fn(&FieldName, &Value) -> bool,
    ) -> Written {
        let level = match entity {
            Entity::People | Entity::Communications => Level::Person,
            Entity::Employments | Entity::Deployments => Level::Hire,
        };
        let mut written = Map::new();
        for (field, value) in fields.iter().filter(|(field, value)| which(field, value.reveal())) {
            let Some(place) = job.contract.place(level, field).filter(|place| place.entity == entity) else {
                continue;
            };
            if place.property == PERSON_CODE {
                continue;
            }
            // An end that was taken away leaves the employment open, however this tenant writes that.
            if let (TERMINATION_DATE, true, Some(end)) =
                (place.property.as_str(), value.reveal().is_blank(), &job.end)
            {
                written.insert(place.property.clone(), end.clone());
                continue;
            }
            let text = self.gender_text(place.as_gender_code, value.reveal());
            let value = if place.as_gender_code { &Value::Text(text) } else { value.reveal() };
            let too_long = place.spec.length_max.is_some_and(|most| value.to_text().chars().count() > most);
            let json = odata::write(value, place.spec.edm, job.contract.version);
            match json {
                Some(json) if !too_long && (place.spec.nullable || !json.is_null()) => {
                    written.insert(place.property.clone(), json);
                }
                _ => return Err(words::does_not_fit(field, &place.spec)),
            }
        }
        Ok(written)
    }

    /// A tenant that shows the gender's code is sent the code of our own placeholder; another text is taken for a code.
    fn gender_text(&self, as_code: bool, value: &Value) -> String {
        let text = value.to_text();
        if as_code && text == self.rules.gender.description { self.rules.gender.code.clone() } else { text }
    }

    /// Who is delivered, as far as a delivery says.
    fn who(&self, delivery: &Delivery) -> Identity {
        let value = |name: &str| delivery.wanted.person.get(name).map(|value| value.reveal().to_text());
        let text = |name: &str| value(name).unwrap_or_default();
        let last = if is_filled(delivery, &FieldName::new("FAMILYNAME")) {
            String::new()
        } else {
            text("FAMILYNAME")
        };
        let email = value(crate::mapping::EMAIL).filter(|email| !email.is_empty());
        Identity {
            hires: ordered(delivery).into_iter().cloned().collect(),
            order: delivery.order.clone(),
            key: value(PERSON_CODE).filter(|key| !key.is_empty()),
            name: people::FullName::new(format!("{} {last}", text("GIVENNAME"))),
            emails: email.into_iter().map(Pii::new).collect(),
            ..Identity::new(delivery.contact.clone(), delivery.wanted.hires.keys().cloned().collect())
        }
    }

    // ---- what a human must do ----

    /// One for each hire that this delivery is about; raised once, whatever is sent again.
    fn new_starter_tasks(&self, job: &Job<'_>, code: &str) -> Vec<TaskRequest> {
        if job.delivery.intent == Intent::Update && job.delivery.unfinished.is_empty() {
            return Vec::new();
        }
        let linked = |hire: &OpportunityId| {
            job.delivery.link.as_ref().is_some_and(|link| link.hires.contains_key(hire))
        };
        let is_new = |hire: &&OpportunityId| job.whole || !linked(hire);
        let filled: Vec<FieldName> = job
            .delivery
            .wanted
            .filled
            .iter()
            .filter_map(|filled| match &filled.field {
                FieldKey::Person { field } => Some(field.clone()),
                FieldKey::Hire { .. } => None,
            })
            .collect();
        let hires = job.delivery.wanted.hires.keys().filter(is_new);
        hires
            .map(|hire| TaskRequest {
                kind: TaskKind::NewStarter,
                cause: hire.to_string(),
                text: words::new_starter(code, hire, &filled, self.rules.create_employment),
                fields: filled.clone(),
            })
            .collect()
    }
}

type Written = std::result::Result<Map<String, Json>, Obstacle>;

/// The fields that the row does not hold already, however it writes them.
fn moves(set: &Set, row: &Row, fields: Map<String, Json>) -> Map<String, Json> {
    let is_there = |name: &String, value: &Json| {
        let edm = set.property(name).map_or(odata::Edm::String, |spec| spec.edm);
        odata::read(row.fields.get(name).unwrap_or(&Json::Null), edm) == odata::read(value, edm)
    };
    fields.into_iter().filter(|(name, value)| !is_there(name, value)).collect()
}

/// The hires of a delivery, oldest first.
fn ordered(delivery: &Delivery) -> Vec<&OpportunityId> {
    let mut hires: Vec<&OpportunityId> =
        delivery.order.iter().filter(|hire| delivery.wanted.hires.contains_key(*hire)).collect();
    hires.extend(delivery.wanted.hires.keys().filter(|hire| !delivery.order.contains(hire)));
    hires
}

/// Whether a field of the person, or of a hire, is one that moved.
fn is_changed(delivery: &Delivery, hire: Option<&OpportunityId>, field: &FieldName) -> bool {
    delivery.changed.contains(&match hire {
        Some(hire) => FieldKey::Hire { opportunity: hire.clone(), field: field.clone() },
        None => FieldKey::Person { field: field.clone() },
    })
}

fn is_filled(delivery: &Delivery, field: &FieldName) -> bool {
    let key = FieldKey::Person { field: field.clone() };
    delivery.wanted.filled.iter().any(|filled| filled.field == key)
}

/// Whether an earlier attempt left this step.
fn is_resumed(delivery: &Delivery, step: &str) -> bool {
    delivery.unfinished.iter().any(|left| left.0 == step)
}

fn taken(code: &str) -> Error {
    Error::new(ErrorKind::Conflict, "making a person: somebody else stands under their code")
        .with("code", code)
        .obstacle(words::code_taken(code))
}

/// What is mapped to the person code need not be one, and is asked before anybody is made: the code is kept as an id.
fn check_code(job: &Job<'_>, code: &str) -> Result<()> {
    let most = job.contract.code_length_max().unwrap_or(usize::MAX);
    if code.parse::<RemoteId>().is_ok() && code.len() <= most { Ok(()) } else { Err(no_code(job)) }
}

fn no_code(job: &Job<'_>) -> Error {
    refused(words::no_code(job.contract.code_length_max()))
}

fn changed_meanwhile() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "changing a field that was changed in Cezanne a moment ago: it is compared once more",
    )
    .retry(None)
}

/// A value that cannot be sent: this person waits for somebody to correct it.
fn refused(obstacle: Obstacle) -> Error {
    Error::new(ErrorKind::Rejected, "writing a person's fields").obstacle(obstacle)
}

fn stopped(trouble: Trouble) -> Stop {
    Stop::Later(trouble.into_error(false))
}
