//! Webhooks of the account, as far as they were made through the API: those made in Lever's settings are not in its list, and
//! each event group has to be switched on there by a Super Admin before anything is sent (Lever's documentation, "Webhooks").

use adapter_sdk::{Error, ErrorKind, Result};
use http::Method;
use people::Secret;
use serde_json::json;

use crate::{
    Lever,
    call::{Ask, Endpoint, Trouble, What},
    wire::{NotUnderstood, Shape, hook, list, new_hook, readable},
};

/// Attempts at removing a webhook: once more does no harm.
const ATTEMPTS: u32 = 3;

/// One webhook: where Lever sends one kind of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its id.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Which event, in Lever's word.
    pub event: String,
}

/// A webhook made just now.
#[derive(Debug)]
pub struct NewHook {
    /// Its id.
    pub id: String,
    /// What its deliveries are signed with. Lever shows it this once.
    pub token: Secret,
}

impl Lever {
    /// Every webhook made through the API.
    pub async fn webhooks(&self) -> Result<Vec<Hook>> {
        let decode = |text: &str| {
            let page = list(text, Shape::Loose)?;
            let records = page.records.into_iter().enumerate();
            Ok((records.map(|(at, raw)| hook(at, raw)).collect::<Result<Vec<_>, _>>()?, page.next))
        };
        Ok(self.caller.all(&Ask::list(Endpoint::Webhooks), decode).await?)
    }

    /// Makes one. Lever makes another each time, also for the same address and event, so look first. An outcome that is
    /// unknown is an error that says so: there may be a webhook then whose token nobody knows.
    pub async fn create_webhook(&self, url: &str, event: &str) -> Result<NewHook> {
        let ask = Ask::list(Endpoint::AddWebhook);
        let body = json!({ "url": url, "event": event });
        let response = match self.caller.change(Method::Post, &ask, Some(&body)).await {
            Ok(response) => response,
            Err(trouble) if trouble.is_unknown() => {
                return Err(Error::from(trouble)
                    .find_first()
                    .with("remedy", "it may have been made; look at the list"));
            }
            Err(trouble) => return Err(trouble.into()),
        };
        match new_hook(&readable(&response.body)) {
            Some((id, Some(token))) => Ok(NewHook { id, token }),
            Some((id, None)) => {
                self.delete_webhook(&id).await?;
                Err(Error::new(ErrorKind::Unexpected, "making a webhook")
                    .with("problem", "Lever gave no signature token for it, and it was removed again"))
            }
            None => {
                let what = What::NotUnderstood(NotUnderstood::at("data.id"));
                Err(Error::from(self.caller.trouble(Endpoint::AddWebhook, what, 1))
                    .find_first()
                    .with("remedy", "it may have been made; look at the list"))
            }
        }
    }

    /// Removes one; `false` when there is none of that id.
    pub async fn delete_webhook(&self, id: &str) -> Result<bool> {
        let ask = Ask::of(Endpoint::RemoveWebhook, id);
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.caller.change(Method::Delete, &ask, None).await {
                Ok(_) => return Ok(true),
                // Gone already, perhaps by an attempt of ours whose answer was lost.
                Err(Trouble { what: What::Missing, .. }) => return Ok(attempts > 1),
                Err(trouble) if trouble.is_unknown() && attempts < ATTEMPTS => {
                    self.caller.pause(attempts, None).await;
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
    }
}
