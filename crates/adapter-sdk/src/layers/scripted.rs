//! Test-only layers around any adapter: faults on order, and a record of what was asked.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use people::RemoteId;

use crate::{
    AdapterInfo, CheckReport, Delivery, Found, HrisAdapter, Identity, Link, Receipt, RemoteState, Result,
    memory::{Call, Fault},
};

/// An adapter whose calls of `deliver` meet scripted faults, one each, first in first out, and whose calls are recorded.
/// [`Fault::Partial`] is the target's own business: here it is as [`Fault::Nothing`].
pub struct Scripted {
    inner: Arc<dyn HrisAdapter>,
    faults: Mutex<VecDeque<Fault>>,
    calls: Mutex<Vec<Call>>,
}

impl Scripted {
    /// Puts the script around `adapter`.
    pub fn around(adapter: Arc<dyn HrisAdapter>) -> Arc<Scripted> {
        Arc::new(Scripted { inner: adapter, faults: Mutex::default(), calls: Mutex::default() })
    }

    /// Orders what happens to the next calls of `deliver`. Afterwards all is well.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }

    /// Every call, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record(&self, call: Call) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    fn next_fault(&self) -> Fault {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(Fault::Nothing)
    }
}

#[async_trait]
impl HrisAdapter for Scripted {
    fn info(&self) -> &AdapterInfo {
        self.inner.info()
    }

    async fn check(&self) -> Result<CheckReport> {
        self.record(Call::Check);
        self.inner.check().await
    }

    async fn find(&self, who: &Identity) -> Result<Vec<Found>> {
        self.record(Call::Find(who.contact.clone()));
        self.inner.find(who).await
    }

    async fn read(&self, link: &Link) -> Result<Option<RemoteState>> {
        self.record(Call::Read(link.remote.clone()));
        self.inner.read(link).await
    }

    async fn list(&self, after: Option<RemoteId>) -> Result<Vec<Found>> {
        self.record(Call::List);
        self.inner.list(after).await
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        self.record(Call::Deliver(deliveries.to_vec()));
        let fault = self.next_fault();
        match fault {
            Fault::Nothing | Fault::Partial => return self.inner.deliver(deliveries).await,
            Fault::AnswerLost | Fault::HangAfterApply => drop(self.inner.deliver(deliveries).await),
            _ => {}
        }
        let answers = deliveries.iter().map(|_| fault.meet("delivering by script"));
        futures::future::join_all(answers).await.into_iter().map(Err).collect()
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ErrorKind, Generation, Intent, Next,
        memory::{Fault, Memory},
    };

    #[tokio::test]
    async fn a_real_adapter_applies_and_its_answer_is_lost() {
        // given
        let target = Memory::new("hr");
        let adapter = Scripted::around(target.adapter());
        adapter.script([Fault::Unavailable, Fault::AnswerLost]);
        let delivery = Delivery {
            target: "hr".parse().unwrap(),
            contact: "ada".parse().unwrap(),
            generation: Generation(1),
            intent: Intent::Add,
            wanted: people::Wanted::default(),
            order: Vec::new(),
            looked_at: false,
            seen: None,
            link: None,
            changed: Vec::new(),
            withdrawn: Default::default(),
            unfinished: Vec::new(),
        };
        // when
        let mut answers = Vec::new();
        for _ in 0..3 {
            let answer = adapter.deliver(std::slice::from_ref(&delivery)).await.remove(0);
            answers
                .push((answer.map_err(|error| (error.kind(), error.next())).err(), target.records().len()));
        }
        // then
        let refused = (ErrorKind::Unavailable, Next::Retry { after: None });
        let lost = (ErrorKind::Unavailable, Next::FindFirst);
        assert_eq!(answers, [(Some(refused), 0), (Some(lost), 1), (None, 1)]);
        assert_eq!(adapter.calls().len(), 3);
    }
}
