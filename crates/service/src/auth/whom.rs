//! Whom the claims of an issuer or provider make of somebody.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::Country;
use aftercall_domain::limits::GROUPS_MAX;
use serde_json::{Map, Value};

use super::credentials::{is_group, is_name};
use crate::{ActorKind, Principal, Role, Roles};

/// How claims are read: which of them says what, and what roles of ours are those of whoever made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whom {
    /// Whose the claims are.
    pub tenant: Tenant,
    /// The claim that is the actor.
    pub actor_claim: String,
    /// The claim that lists roles. It, and those of teams and sites, may be a path, as in `realm_access.roles`.
    pub roles_claim: String,
    /// What roles of ours theirs are; where it is empty, they have our names.
    pub roles: BTreeMap<String, Role>,
    /// The claim that lists teams.
    pub teams_claim: String,
    /// The claim that lists sites.
    pub sites_claim: String,
    /// What kind of actor all of them are.
    pub kind: ActorKind,
    /// Where their numbers without a country code are dialled.
    pub country: Option<Country>,
}

/// Whose claims are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tenant {
    /// All of them this tenant's.
    Always(String),
    /// The tenant's that this claim names.
    Claimed(String),
}

impl Tenant {
    /// By the settings `tenant` and `tenant_claim`, of which one is to be there.
    ///
    /// # Errors
    /// What is wrong with them, for people.
    pub fn of(tenant: Option<String>, claim: Option<String>) -> Result<Self, &'static str> {
        match (tenant, claim) {
            (Some(tenant), None) if is_name(&tenant) => Ok(Self::Always(tenant)),
            (None, Some(claim)) if !claim.is_empty() => Ok(Self::Claimed(claim)),
            _ => Err(
                "needs either tenant, whose all of its tokens are, or tenant_claim, which says so",
            ),
        }
    }
}

impl Whom {
    /// Whom `claims` name; none where they name no tenant or no actor. Roles that are none of ours count for nothing.
    pub fn principal(&self, claims: &Map<String, Value>) -> Option<Principal> {
        let tenant = match &self.tenant {
            Tenant::Always(tenant) => tenant,
            Tenant::Claimed(claim) => name(claims, claim)?,
        };
        let actor = name(claims, &self.actor_claim)?;
        let given = words(claims, &self.roles_claim).into_iter();
        let roles: Roles = given.filter_map(|given| self.role(given)).collect();
        let principal = Principal::new(tenant, actor, self.kind, roles);
        let (teams, sites) = (
            groups(claims, &self.teams_claim),
            groups(claims, &self.sites_claim),
        );
        Some(principal.of_groups(teams, sites).in_country(self.country))
    }

    /// What role of ours theirs is, if it is one.
    fn role(&self, given: &str) -> Option<Role> {
        match self.roles.is_empty() {
            true => given.parse().ok(),
            false => self.roles.get(given).copied(),
        }
    }
}

/// The teams or sites of a claim. Of very many the first ones: whoever has fewer reads less.
fn groups(claims: &Map<String, Value>, claim: &str) -> BTreeSet<String> {
    let given = words(claims, claim).into_iter();
    let groups = given.filter(|name| is_group(name)).take(GROUPS_MAX);
    groups.map(str::to_owned).collect()
}

/// The words of a claim that is a list, or words with spaces between, as scopes are written.
fn words<'a>(claims: &'a Map<String, Value>, claim: &str) -> Vec<&'a str> {
    match at(claims, claim) {
        Some(Value::Array(given)) => given.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(given)) => given.split(' ').collect(),
        _ => Vec::new(),
    }
}

/// What can be a part of keys.
fn name<'a>(claims: &'a Map<String, Value>, claim: &str) -> Option<&'a str> {
    let name = at(claims, claim)?.as_str();
    name.filter(|name| is_name(name))
}

/// The claim of that name, or the one at that path, as in `realm_access.roles`.
fn at<'a>(claims: &'a Map<String, Value>, claim: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(claim) {
        return Some(value);
    }
    let mut names = claim.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |value, name| value.as_object()?.get(name))
}
