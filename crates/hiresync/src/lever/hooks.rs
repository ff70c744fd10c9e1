//! `lever webhook`

use std::path::{Path, PathBuf};

use lever::{Hook, Lever};
use serde_json::json;
use url::Url;

use super::{refused, tokens::Tokens};
use crate::{exit::Exit, print};

const SWITCH_ON: &str = "Lever sends nothing before a Super Admin has switched the events on: Settings > Integrations and API > Webhooks.";

/// Where Lever can send to. A name or a password in it would stand in Lever's settings for everybody to see.
pub(super) fn address(text: &str) -> Result<Url, Exit> {
    let url = Url::parse(text).ok().filter(|url| url.has_host());
    let good = |url: &Url| {
        (url.scheme() == "https" || url.scheme() == "http" && http::is_loopback(url))
            && url.username().is_empty()
            && url.password().is_none()
    };
    url.filter(good).ok_or_else(|| {
        print::complain(
            "--url must be an https address without a user name, like https://hooks.example.com/lever",
        );
        Exit::Usage
    })
}

/// `lever webhook list`
pub(super) async fn list(lever: &Lever, as_json: bool) -> Result<Exit, Exit> {
    let hooks = known(lever).await?;
    if as_json {
        print::json(&json!({ "webhooks": hooks.iter().map(document).collect::<Vec<_>>() }))?;
    } else if hooks.is_empty() {
        print::answer(
            "No webhook was made through the API; those made in Lever's settings are shown there only.\n",
        )?;
    } else {
        print::answer(&table(&hooks))?;
    }
    Ok(Exit::Done)
}

/// What `create` did.
#[derive(Debug, Default)]
pub(super) struct Created {
    /// Made now; the token of each is in the file.
    pub(super) made: Vec<Hook>,
    /// There before. Its token is nowhere but where somebody put it then.
    pub(super) there: Vec<Hook>,
    /// Where the tokens are.
    pub(super) file: Option<PathBuf>,
}

/// `lever webhook create`
pub(super) async fn create(
    lever: &Lever,
    url: &Url,
    events: &[String],
    tokens: &Path,
    as_json: bool,
) -> Result<Exit, Exit> {
    let mut created = Created::default();
    let outcome = make(lever, url, events, tokens, &mut created).await;
    // What was made is said whatever came after it.
    if as_json {
        let documents = |hooks: &[Hook]| hooks.iter().map(document).collect::<Vec<_>>();
        print::json(&json!({
            "made": documents(&created.made),
            "there": documents(&created.there),
            "tokens": created.file,
        }))?;
    } else {
        print::answer(&created.text())?;
    }
    outcome.map(|()| Exit::Done)
}

/// Makes what is not there yet, one after the other, and writes down each token before the next.
pub(super) async fn make(
    lever: &Lever,
    url: &Url,
    events: &[String],
    tokens: &Path,
    created: &mut Created,
) -> Result<(), Exit> {
    let known = known(lever).await?;
    let mut file = None;
    for (at, event) in events.iter().enumerate() {
        if events[..at].contains(event) {
            continue;
        }
        let same = |hook: &&Hook| hook.event == *event && is_same(&hook.url, url);
        if let Some(hook) = known.iter().find(same) {
            created.there.push(hook.clone());
            continue;
        }
        let open = match &mut file {
            Some(open) => open,
            // Before anything is made: a token that cannot be kept is lost.
            None => {
                let opened = Tokens::open(tokens).map_err(|why| cannot_keep(tokens, &why))?;
                created.file = Some(opened.path().to_owned());
                file.insert(opened)
            }
        };
        created.made.push(make_one(lever, url, event, open).await?);
    }
    Ok(())
}

/// Makes one and writes down its token, or leaves none.
pub(super) async fn make_one(
    lever: &Lever,
    url: &Url,
    event: &str,
    tokens: &mut Tokens,
) -> Result<Hook, Exit> {
    let new = lever.create_webhook(url.as_str(), event).await.map_err(|error| refused(&error))?;
    let Err(why) = tokens.add(&new.token) else {
        return Ok(Hook { id: new.id, url: url.to_string(), event: event.to_owned() });
    };
    let exit = cannot_keep(tokens.path(), &why.kind().to_string());
    match lever.delete_webhook(&new.id).await {
        Ok(_) => print::say(&format!("The webhook for {event} was removed again.")),
        Err(error) => {
            refused(&error);
            print::say(&format!("What to do: hiresync lever webhook delete {}", print::safe(&new.id)));
        }
    }
    Err(exit)
}

fn cannot_keep(tokens: &Path, why: &str) -> Exit {
    print::complain(&format!("no signature token can be kept in {}: {why}", tokens.display()));
    Exit::CannotWrite
}

impl Created {
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if !self.made.is_empty() {
            let file = self.file.as_deref().unwrap_or(Path::new("")).display();
            text.push_str(&format!(
                "{}\nMade; the token of each was added to {file}, a line each. In the configuration:\n\n  [webhook]\n  \
                 signature_tokens = [{{ file = \"{file}\" }}]\n\n{SWITCH_ON}\n",
                table(&self.made)
            ));
        }
        if !self.there.is_empty() {
            text.push_str(&format!(
                "{}\nThere already, and left as it is. Lever showed the token when the webhook was made and does not show it \
                 again: if you do not have it, remove the webhook with `hiresync lever webhook delete` and make it anew.\n",
                table(&self.there)
            ));
        }
        text
    }
}

/// `lever webhook delete`
pub(super) async fn delete(
    lever: &Lever,
    ids: &[String],
    url: Option<&Url>,
    as_json: bool,
) -> Result<Exit, Exit> {
    let ids: Vec<String> = match url {
        Some(url) => {
            let hooks = known(lever).await?.into_iter();
            hooks.filter(|hook| is_same(&hook.url, url)).map(|hook| hook.id).collect()
        }
        None => ids.to_vec(),
    };
    let (mut removed, mut unknown) = (Vec::new(), Vec::new());
    for id in ids {
        match lever.delete_webhook(&id).await {
            Ok(true) => removed.push(id),
            Ok(false) => unknown.push(id),
            Err(error) => {
                print::say(&format!(
                    "Removed so far: {}.",
                    print::count(removed.len() as u64, "webhook", "webhooks")
                ));
                return Err(refused(&error));
            }
        }
    }
    if as_json {
        print::json(&json!({ "removed": removed, "unknown": unknown }))?;
    } else {
        let removed = removed.iter().map(|id| format!("removed  {}\n", print::safe(id)));
        let unknown = unknown.iter().map(|id| format!("unknown  {}\n", print::safe(id)));
        let text: String = removed.chain(unknown).collect();
        print::answer(if text.is_empty() { "There is no webhook to that address.\n" } else { &text })?;
    }
    Ok(if unknown.is_empty() { Exit::Done } else { Exit::BadInput })
}

async fn known(lever: &Lever) -> Result<Vec<Hook>, Exit> {
    lever.webhooks().await.map_err(|error| refused(&error))
}

/// Whether both are the same address, however they are written.
fn is_same(text: &str, url: &Url) -> bool {
    Url::parse(text).is_ok_and(|other| other == *url)
}

fn table(hooks: &[Hook]) -> String {
    let row = |hook: &Hook| vec![hook.event.clone(), hook.id.clone(), hook.url.clone()];
    print::table(&["event", "id", "url"], &hooks.iter().map(row).collect::<Vec<_>>())
}

fn document(hook: &Hook) -> serde_json::Value {
    json!({ "id": hook.id, "event": hook.event, "url": hook.url })
}
