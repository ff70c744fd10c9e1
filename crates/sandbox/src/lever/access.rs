//! What the API key may do, and how somebody takes it away while a client is at work.

use super::Lever;
use super::query::Refusal;
use super::routes::{ROUTES, Route};
use super::world::OpportunityId;
use crate::message::Request;

/// What is expanded, and the permission a strict reading asks for: Lever does not say (ref §1.3).
const EXPANSIONS: &[(&str, &str)] =
    &[("applications", "applications:read:admin"), ("contact", "contact:read:admin")];

/// Whether something here takes this permission: `offers:read:admin` is one, `offer:read:admin` is not.
pub fn is_permission(name: &str) -> bool {
    let scope = ["read", "write"].iter().find_map(|act| name.strip_suffix(&format!(":{act}:admin")));
    scope.is_some_and(|scope| ROUTES.iter().any(|route| route.scope == scope))
}

impl Lever {
    /// Takes a permission away, named as Lever names it: `offers:read:admin`, `notes:write:admin`.
    pub fn deny(&mut self, permission: &str) {
        self.settings.denied.insert(permission.to_owned());
    }

    /// Gives it back.
    pub fn allow(&mut self, permission: &str) {
        self.settings.denied.remove(permission);
    }

    /// Somebody deletes the key: 401 from now on.
    pub fn revoke_key(&mut self) {
        self.is_revoked = true;
    }

    /// The key works again.
    pub fn restore_key(&mut self) {
        self.is_revoked = false;
    }

    /// Whether the key sees confidential data from now on.
    pub fn grant_confidential(&mut self, granted: bool) {
        self.settings.confidential_granted = granted;
    }

    /// Narrows the key: lists leave this candidacy out with status 200, and asking for it answers 403.
    pub fn hide(&mut self, opportunity: &OpportunityId) {
        self.hidden.insert(opportunity.clone());
    }

    /// Ends what [`Lever::hide`] began.
    pub fn show(&mut self, opportunity: &OpportunityId) {
        self.hidden.remove(opportunity);
    }

    /// 403 if the key may not do this. What is denied is denied, also where a wider permission stands.
    pub(super) fn permit(&self, route: &Route, request: &Request) -> Result<(), Refusal> {
        if self.settings.denied.is_empty() {
            return Ok(());
        }
        let act = if request.method == "GET" { "read" } else { "write" };
        let asked = format!("{}:{act}:admin", route.scope);
        let expansions = request.query.iter().filter(|(name, _)| name == "expand");
        let more = expansions
            .filter_map(|(_, value)| EXPANSIONS.iter().find(|(name, _)| name == value))
            .map(|(_, permission)| *permission);
        match more.chain([asked.as_str()]).find(|permission| self.settings.denied.contains(*permission)) {
            Some(permission) => {
                Err(Refusal::new(403, "Forbidden", format!("this key has no permission {permission}")))
            }
            None => Ok(()),
        }
    }
}
