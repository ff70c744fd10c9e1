//! What every adapter must survive.
//!
//! The author says how to look at the target from outside ([`Bench`]) and writes one line:
//!
//! ```ignore
//! adapter_sdk::conformance!(MyBench);
//! ```
//!
//! It becomes one test per case below. A case that needs an ability the adapter does not declare, or a trouble the bench
//! cannot make, is skipped and prints why. The cases talk to the adapter as the engine does: through
//! [`layers::wrap`], finding first where an unknown outcome must not simply be sent again.

mod cases;
mod journal;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use people::{ContactId, FullName, OpportunityId, Pii, SystemClock, Wanted};

pub use cases::*;

use crate::{
    Build, Columns, Delivery, Generation, HrisAdapter, Identity, Intent, Link, Receipt, Registration, Result,
    layers, settings::Reading,
};

/// One fresh target and everything the kit must know to judge an adapter by it.
#[async_trait]
pub trait Bench: Send + Sync + Sized + 'static {
    /// Starts a fresh, empty target of its own: own folder, own port.
    async fn start() -> Self;

    /// A new adapter to this target, as after a restart of the daemon: nothing may be remembered but over there.
    fn adapter(&self) -> Arc<dyn HrisAdapter>;

    /// `somebody` in the target's own fields. Write the contact id and the opportunity ids wherever [`Bench::records`]
    /// finds them again.
    fn wanted(&self, somebody: &Somebody) -> Wanted;

    /// What the target holds, looked at directly and never through the adapter: one entry per person's record.
    async fn records(&self) -> Vec<Seen>;

    /// Makes the next delivery meet `trouble`; false when this bench cannot.
    fn trouble(&self, trouble: Trouble) -> bool {
        let _ = trouble;
        false
    }

    /// Puts one more record of `somebody` into the target by hand, so that `find` meets it; false when it cannot.
    async fn plant(&self, somebody: &Somebody) -> bool {
        let _ = somebody;
        false
    }

    /// The secrets the adapter was given. None may ever be seen.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// The adapter's registration; `None` for one that is in no configuration.
    fn registration() -> Option<Registration> {
        None
    }

    /// Where the example's relative paths and credentials are.
    fn reading() -> Reading {
        Reading::default()
    }

    /// The mapped fields for the example.
    fn columns() -> Columns {
        Columns::default()
    }
}

/// A person's record, as somebody sees it who looks at the target itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Whose it is.
    pub contact: ContactId,
    /// Its hires. A hire that stands there twice is listed twice.
    pub hires: Vec<OpportunityId>,
}

/// What a target can do to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody listens: the delivery is surely not applied.
    Refused,
    /// Too many calls; come back after this time.
    RateLimited(Duration),
    /// The credentials are refused.
    Unauthorized,
    /// The answer is garbage.
    Garbage,
    /// The delivery is applied, and no answer comes.
    AnswerLost,
    /// The delivery is applied, and the answer takes for ever.
    Slow,
    /// The person's record is made, the rest is refused.
    Partial,
}

/// The person a case is about, before the bench puts it into the target's fields.
#[derive(Debug, Clone)]
pub struct Somebody {
    /// The contact.
    pub contact: ContactId,
    /// First name; may be empty.
    pub first: String,
    /// Last name; may be empty.
    pub last: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Each hire's job title.
    pub hires: BTreeMap<OpportunityId, String>,
}

impl Somebody {
    /// Ada Lovelace, hired once. Her ids begin with `key`.
    pub fn ada(key: &str) -> Self {
        Somebody {
            contact: id(&format!("{key}-contact")),
            first: "Ada".to_owned(),
            last: "Lovelace".to_owned(),
            email: Some(format!("{key}@example.com")),
            phone: Some("+44 7700 900123".to_owned()),
            hires: BTreeMap::from([(id(&format!("{key}-first")), "Engineer".to_owned())]),
        }
    }

    /// The same person, hired once more.
    pub fn hired_again(mut self, key: &str) -> Self {
        self.hires.insert(id(&format!("{key}-second")), "Principal Engineer".to_owned());
        self
    }

    fn identity(&self) -> Identity {
        Identity {
            hires: self.hires.keys().cloned().collect(),
            order: self.hires.keys().cloned().collect(),
            name: FullName::new(format!("{} {}", self.first, self.last)),
            emails: self.email.iter().cloned().map(Pii::new).collect(),
            ..Identity::new(self.contact.clone(), self.hires.keys().cloned().collect())
        }
    }
}

fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("the kit's ids are printable and short")
}

/// One run: the bench and what the engine would remember.
struct Run<B> {
    bench: B,
    generation: u64,
}

impl<B: Bench> Run<B> {
    async fn start() -> Self {
        Run { bench: B::start().await, generation: 0 }
    }

    fn adapter(&self) -> Arc<dyn HrisAdapter> {
        layers::wrap(self.bench.adapter())
    }

    fn can(&self) -> crate::Capabilities {
        self.bench.adapter().info().capabilities
    }

    fn delivery(&mut self, somebody: &Somebody, intent: Intent, link: Option<Link>) -> Delivery {
        self.generation += 1;
        let wanted = self.bench.wanted(somebody);
        Delivery {
            target: self.bench.adapter().info().target.clone(),
            contact: somebody.contact.clone(),
            generation: Generation(self.generation),
            intent,
            changed: wanted.iter().map(|(key, _)| key).collect(),
            order: somebody.hires.keys().cloned().collect(),
            looked_at: false,
            seen: None,
            wanted,
            link,
            withdrawn: Default::default(),
            unfinished: Vec::new(),
        }
    }

    /// Adds `somebody` and insists that it works.
    async fn add(&mut self, somebody: &Somebody) -> (Delivery, Receipt) {
        let delivery = self.delivery(somebody, Intent::Add, None);
        let receipt = self.send(&delivery).await.unwrap_or_else(|error| panic!("adding: {}", error.chain()));
        (delivery, receipt)
    }

    /// One attempt by an adapter that remembers nothing.
    async fn send(&self, delivery: &Delivery) -> Result<Receipt> {
        let mut answers = self.adapter().deliver(std::slice::from_ref(delivery)).await;
        assert_eq!(answers.len(), 1, "one answer for each delivery");
        answers.remove(0)
    }

    /// What the engine does after an unknown outcome: send again where that makes no second record, else look first.
    async fn resume(&self, somebody: &Somebody, delivery: &Delivery) -> Result<Receipt> {
        if self.can().dedupes_by_key || !self.can().find {
            return self.send(delivery).await;
        }
        let found = self.adapter().find(&self.identity(somebody)).await?;
        let mut again = delivery.clone();
        if let Some(found) = found.into_iter().find(|found| found.evidence.is_proof()) {
            again.link = Some(found.link);
            again.intent = if self.can().update { Intent::Update } else { Intent::Add };
        }
        self.send(&again).await
    }

    /// Whom the engine would look for: with the record's own key, where the configuration makes it.
    fn identity(&self, somebody: &Somebody) -> Identity {
        let schema = self.bench.adapter().info().schema.clone();
        let wanted = self.bench.wanted(somebody);
        let key = schema.key.and_then(|key| wanted.person.get(&key).map(|value| value.reveal().to_text()));
        Identity { key: key.filter(|key| !key.is_empty()), ..somebody.identity() }
    }

    async fn seen(&self) -> Vec<Seen> {
        let mut seen = self.bench.records().await;
        seen.iter_mut().for_each(|record| record.hires.sort());
        seen.sort();
        seen
    }

    async fn assert_holds(&self, people: &[&Somebody]) {
        let mut expected: Vec<Seen> = people
            .iter()
            .map(|somebody| Seen {
                contact: somebody.contact.clone(),
                hires: somebody.hires.keys().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
            })
            .collect();
        expected.sort();
        assert_eq!(self.seen().await, expected, "what the target holds");
    }
}

/// What the example is built with.
fn build<B: Bench>() -> Build {
    Build::without_network(id("bench"), B::columns(), Arc::new(SystemClock))
}

/// Expands to one named `#[tokio::test]` per case, for the [`Bench`] it is given. The calling crate needs `tokio` with
/// `macros` and `rt` among its dev-dependencies.
#[macro_export]
macro_rules! conformance {
    ($bench:ty) => {
        $crate::conformance!(@cases $bench:
            a_check_changes_nothing,
            an_add_makes_one_record,
            the_same_delivery_twice_makes_one_record,
            a_lost_answer_means_look_first_and_leaves_one_record,
            a_call_that_was_dropped_midway_and_called_again_leaves_one_record,
            an_answer_that_never_comes_has_an_unknown_outcome,
            an_existing_record_is_adopted_and_not_doubled,
            two_matching_records_are_a_conflict,
            a_partial_success_resumes_at_the_missing_step,
            a_second_hire_is_one_person_with_two_hires,
            a_hire_moves_with_its_merged_profile,
            an_update_sent_twice_changes_nothing_the_second_time,
            everybody_of_a_batch_gets_an_answer_in_order,
            everybody_is_listed_once_in_order,
            what_was_written_is_read_back_untouched,
            the_smallest_person_fits,
            names_in_any_script_fit,
            a_very_long_name_is_taken_whole_or_refused_whole,
            a_refused_connection_is_retried,
            a_rate_limit_is_retried_after_the_pause_it_names,
            refused_credentials_concern_the_whole_target,
            a_garbage_answer_is_no_panic,
            what_is_not_declared_is_unsupported_and_leaves_the_target_alone,
            no_secret_and_no_personal_value_is_ever_shown,
            the_example_configuration_builds,
            each_missing_or_unknown_key_is_refused_by_name_all_at_once,
        );
    };
    (@cases $bench:ty: $($case:ident,)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::conformance::$case::<$bench>().await;
            }
        )*
    };
}
