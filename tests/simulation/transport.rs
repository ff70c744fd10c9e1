//! The network between the real clients and the pretend Lever and Cezanne: bytes, on virtual time.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use http::{Failure, Request, Response, Transport};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sandbox::{Reply, Sending};
use tokio::time::sleep;

use super::{
    plan::{Plan, Stream, dice},
    world::Shared,
};

/// Where the pretend Cezanne is; whatever goes elsewhere goes to Lever.
pub const TENANT_HOST: &str = "acme.cezanne.example";
/// The longest way there. The way back takes what the plan says.
const THERE_MAX_MS: u64 = 40;

/// A network on which answers are late, cut off, or never come.
pub struct Network {
    world: Shared,
    dice: Mutex<ChaCha8Rng>,
    back_max: Duration,
}

impl Network {
    pub fn new(plan: &Plan, world: &Shared) -> Arc<Network> {
        Arc::new(Network {
            world: Arc::clone(world),
            dice: Mutex::new(dice(plan.seed, Stream::Network)),
            back_max: plan.setup.latency_max,
        })
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let (there, back) = {
            let mut dice = self.dice.lock().unwrap();
            let back = dice.random_range(Duration::ZERO..=self.back_max);
            (Duration::from_millis(dice.random_range(1..=THERE_MAX_MS)), back)
        };
        sleep(there).await;
        let asked = asked(&request);
        let reply = match request.url.host_str() {
            Some(TENANT_HOST) => Some(self.world.lock().unwrap().tenant_answer(&asked)),
            _ => self.world.lock().unwrap().answer(&asked),
        };
        let Some(reply) = reply else {
            return Err(Failure::NotSent("no route to host".to_owned()));
        };
        let patience = request.deadline.saturating_sub(there);
        let takes = match reply.sending {
            Sending::Hang => Duration::MAX,
            Sending::Slowly => back + Duration::from_secs(reply.body.len() as u64),
            Sending::Whole | Sending::Cut { .. } | Sending::Nothing => back,
        };
        if takes >= patience {
            sleep(patience).await;
            return Err(Failure::Unanswered("the deadline passed".to_owned()));
        }
        sleep(takes).await;
        if request.url.host_str() == Some(TENANT_HOST) {
            self.world.lock().unwrap().tenant.as_mut().expect("it answered").reaches(&reply);
        }
        match reply.sending {
            Sending::Cut { .. } | Sending::Nothing => {
                Err(Failure::Unanswered("the connection was closed".to_owned()))
            }
            _ if reply.body.len() > request.body_max => Err(Failure::TooLong),
            _ => Ok(answered(reply)),
        }
    }
}

fn asked(request: &Request) -> sandbox::Request {
    let target = match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    };
    let mut asked = sandbox::Request::new(request.method.as_str(), &target);
    asked.headers = request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    asked.headers.push(("host".to_owned(), request.url.authority().to_owned()));
    asked.body = request.body.clone();
    asked
}

fn answered(reply: Reply) -> Response {
    let headers = reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Response { status: reply.status, headers, body: reply.body }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}
