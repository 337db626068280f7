//! Whom a provider says that somebody is, as it is kept with the session.

use std::collections::BTreeSet;

use aftercall_service::{Principal, Role, Roles};
use serde::{Deserialize, Serialize};

/// What stands for a token of ours: the session's tenant and actor are beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Granted {
    /// The fingerprint of the settings by which it was granted: by others it may be somebody else.
    pub(super) settings: String,
    kind: String,
    roles: Vec<String>,
    teams: BTreeSet<String>,
    sites: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    country: Option<String>,
}

impl Granted {
    pub(super) fn new(who: &Principal, settings: &str) -> Self {
        Self {
            settings: settings.to_owned(),
            kind: who.actor_kind.name().to_owned(),
            roles: who
                .roles
                .iter()
                .map(|role| role.name().to_owned())
                .collect(),
            teams: BTreeSet::clone(&who.teams),
            sites: BTreeSet::clone(&who.sites),
            country: who.country.map(|country| country.to_string()),
        }
    }

    /// Who that is. None where the file says what no version of ours wrote.
    pub(super) fn principal(&self, tenant: &str, actor: &str) -> Option<Principal> {
        let roles = self.roles.iter().map(|role| role.parse::<Role>().ok());
        let roles: Roles = roles.collect::<Option<Vec<_>>>()?.into_iter().collect();
        let country = match &self.country {
            None => None,
            Some(code) => Some(code.parse().ok()?),
        };
        let principal = Principal::new(tenant, actor, self.kind.parse().ok()?, roles);
        let principal = principal.of_groups(self.teams.clone(), self.sites.clone());
        Some(principal.in_country(country))
    }
}

#[cfg(test)]
mod tests {
    use aftercall_service::ActorKind;

    use super::*;

    #[test]
    fn who_was_kept_is_the_same_again() {
        let roles: Roles = [Role::TeamLead, Role::KbPublisher].into_iter().collect();
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let ann = Principal::new("acme", "ann", ActorKind::Supervisor, roles)
            .of_groups(names(&["billing", "a b"]), names(&["lyon"]))
            .in_country("DE".parse().ok());
        let kept = serde_json::to_string(&Granted::new(&ann, "one")).unwrap();
        let again: Granted = serde_json::from_str(&kept).unwrap();
        assert_eq!(again.principal("acme", "ann"), Some(ann));
        let unknown = kept.replace("team_lead", "emperor");
        let unknown: Granted = serde_json::from_str(&unknown).unwrap();
        assert_eq!(unknown.principal("acme", "ann"), None);
    }
}
