//! Whose records a caller reads: decided once for each request, by the caller's roles, by the teams and
//! sites that the credentials say, and by the tenant's rules. `docs/permissions.md` has the same for
//! people, and a test compares them.

use aftercall_domain::{Parties, Party, Scope};
use serde::{Deserialize, Serialize};

use crate::{Principal, Role};

/// Whose records callers read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Whose records agents read. Default: their teams'.
    pub agents: Agents,
    /// Whose records supervisors read. Default: their sites'.
    pub supervisors: Supervisors,
    /// What everybody who may ask for it is shown of the customer in hand. Default: the whole.
    pub context: Context,
}

/// Whose records agents read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Agents {
    /// Their own alone.
    Own,
    /// Those of their teams, and their own.
    #[default]
    Team,
    /// All of the tenant's; so do team leads and supervisors then.
    All,
}

/// Whose records supervisors read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Supervisors {
    /// Those of their sites and teams, and their own.
    #[default]
    Site,
    /// All of the tenant's.
    All,
}

/// What is shown of the customer in hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// All that the house knows: who picks up the phone must know what was tried and promised.
    #[default]
    Whole,
    /// What the caller reads elsewhere, too.
    Scope,
}

/// How far a role reaches; each reaches as far as those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// What the caller had a part in.
    Own,
    /// What the caller's teams had.
    Team,
    /// What the caller's sites had.
    Site,
    /// All of the tenant.
    Tenant,
}

impl Reach {
    /// The name in `docs/permissions.md`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Team => "team",
            Self::Site => "site",
            Self::Tenant => "tenant",
        }
    }
}

impl Access {
    /// How far a role reaches.
    pub const fn reach(self, role: Role) -> Reach {
        match role {
            Role::Agent | Role::KbCandidate | Role::KbContributor => match self.agents {
                Agents::Own => Reach::Own,
                Agents::Team => Reach::Team,
                Agents::All => Reach::Tenant,
            },
            Role::TeamLead => match self.agents {
                Agents::Own | Agents::Team => Reach::Team,
                Agents::All => Reach::Tenant,
            },
            Role::Supervisor | Role::QaAnalyst | Role::KbCoach => {
                match (self.agents, self.supervisors) {
                    (Agents::Own | Agents::Team, Supervisors::Site) => Reach::Site,
                    (Agents::All, _) | (_, Supervisors::All) => Reach::Tenant,
                }
            }
            Role::KbPublisher
            | Role::KbDomainExpert
            | Role::ComplianceOfficer
            | Role::PrivacyOfficer
            | Role::Integration
            | Role::Auditor => Reach::Tenant,
            // They call nothing that reads a tenant's records.
            Role::TenantAdmin | Role::Scheduler | Role::Operator => Reach::Own,
        }
    }

    /// Whose records `principal` reads: as far as the widest of the roles reaches. Without a team and a site
    /// in the credentials that is the own alone, unless a role reaches through all of the tenant.
    pub fn scope(self, principal: &Principal) -> Scope {
        let reach = principal.roles.iter().map(|role| self.reach(role)).max();
        let reach = reach.unwrap_or(Reach::Own);
        if reach == Reach::Tenant {
            return Scope::All;
        }
        let teams = principal.teams.iter().filter(|_| reach >= Reach::Team);
        let sites = principal.sites.iter().filter(|_| reach >= Reach::Site);
        let own = [Party::Agent(&principal.actor_id)].into_iter();
        Scope::of(
            own.chain(teams.map(|id| Party::Team(id)))
                .chain(sites.map(|id| Party::Site(id))),
        )
    }

    /// Whose records `principal` is shown of the customer in hand.
    pub fn scope_in_hand(self, principal: &Principal) -> Scope {
        match self.context {
            Context::Whole => Scope::All,
            Context::Scope => self.scope(principal),
        }
    }

    /// How far `principal` reaches, if that is not all of the tenant: for people who wonder where the rest is.
    pub(crate) fn note(self, principal: &Principal) -> Option<String> {
        let scope = self.scope(principal);
        let Parties { teams, sites, .. } = scope.parties()?;
        Some(format!("own, teams={}, sites={}", teams.len(), sites.len()))
    }

    /// Whether `principal` has a role that reads its teams' or sites' records, and none are named: then it reads
    /// its own alone, which is rarely meant.
    pub(crate) fn lacks_teams(self, principal: &Principal) -> bool {
        let reach = principal.roles.iter().map(|role| self.reach(role)).max();
        let is_named = match reach {
            Some(Reach::Team) => !principal.teams.is_empty(),
            Some(Reach::Site) => !principal.teams.is_empty() || !principal.sites.is_empty(),
            None | Some(Reach::Own | Reach::Tenant) => true,
        };
        !is_named
    }
}
