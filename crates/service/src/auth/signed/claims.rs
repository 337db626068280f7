//! What a token claims, and whom that makes of its bearer.

use std::collections::BTreeSet;
use std::time::Duration;

use aftercall_domain::limits::GROUPS_MAX;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::issuer::{Issuer, Tenant};
use crate::auth::credentials::{is_group, is_name};
use crate::{Principal, Roles};

/// How far ahead the end of a token may lie: no clock of ours counts further.
const LEFT_MAX: Duration = Duration::from_secs(366 * 86_400);

/// All claims of a token whose signature is good.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// Whether `issuer` gave the token out, and for us.
    pub(super) fn are_of(&self, issuer: &Issuer) -> bool {
        let given_by = self.0.get("iss").and_then(Value::as_str);
        let given_for = match self.0.get("aud") {
            Some(Value::String(audience)) => *audience == issuer.audience,
            Some(Value::Array(audiences)) => audiences
                .iter()
                .any(|one| one.as_str() == Some(&issuer.audience)),
            _ => false,
        };
        given_by == Some(&issuer.name) && given_for
    }

    /// How long the token is still good at `now`; none when it is not, or does not say until when.
    pub(super) fn left(&self, now: Timestamp, skew: Duration) -> Option<Duration> {
        let now = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).ok()?;
        if let Some(begins) = self.0.get("nbf")
            && seconds(begins)? > now + skew
        {
            return None;
        }
        let ends = seconds(self.0.get("exp")?)? + skew;
        let left = ends.checked_sub(now).filter(|left| !left.is_zero())?;
        Some(left.min(LEFT_MAX))
    }

    /// Whom `issuer` says that the bearer is.
    pub(super) fn principal(&self, issuer: &Issuer) -> Option<Principal> {
        let tenant = match &issuer.tenant {
            Tenant::Always(tenant) => tenant,
            Tenant::Claimed(claim) => self.name(claim)?,
        };
        let actor = self.name(&issuer.actor_claim)?;
        let given = self.words(&issuer.roles_claim).into_iter();
        let roles: Roles = given.filter_map(|given| issuer.role(given)).collect();
        let principal = Principal::new(tenant, actor, issuer.kind, roles);
        let (teams, sites) = (
            self.groups(&issuer.teams_claim),
            self.groups(&issuer.sites_claim),
        );
        Some(principal.of_groups(teams, sites).in_country(issuer.country))
    }

    /// The teams or sites of a claim. Of very many the first ones: whoever has fewer reads less.
    fn groups(&self, claim: &str) -> BTreeSet<String> {
        let given = self.words(claim).into_iter();
        let groups = given.filter(|name| is_group(name)).take(GROUPS_MAX);
        groups.map(str::to_owned).collect()
    }

    /// The words of a claim that is a list, or words with spaces between, as scopes are written.
    fn words(&self, claim: &str) -> Vec<&str> {
        match self.at(claim) {
            Some(Value::Array(given)) => given.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(given)) => given.split(' ').collect(),
            _ => Vec::new(),
        }
    }

    /// What can be a part of keys.
    fn name(&self, claim: &str) -> Option<&str> {
        let name = self.at(claim)?.as_str();
        name.filter(|name| is_name(name))
    }

    /// The claim of that name, or the one at that path, as in `realm_access.roles`.
    fn at(&self, claim: &str) -> Option<&Value> {
        if let Some(value) = self.0.get(claim) {
            return Some(value);
        }
        let mut names = claim.split('.');
        let first = self.0.get(names.next()?)?;
        names.try_fold(first, |value, name| value.as_object()?.get(name))
    }
}

/// A time of a token: seconds since the Unix epoch, and nothing else.
fn seconds(value: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(value.as_f64()?).ok()
}
