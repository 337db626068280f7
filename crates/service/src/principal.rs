//! Who calls: tenant, actor and roles, as the credentials say.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aftercall_domain::Country;

use crate::{Failure, Reason};

/// The caller of a request. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The tenant whose data the caller sees. No other tenant's data exists for it.
    pub tenant_id: Arc<str>,
    /// The person or program that acts.
    pub actor_id: Arc<str>,
    /// What kind of actor that is.
    pub actor_kind: ActorKind,
    /// What the actor may do.
    pub roles: Roles,
    /// The teams that the actor is of, as records name them.
    pub teams: Arc<BTreeSet<String>>,
    /// The sites that the actor is of.
    pub sites: Arc<BTreeSet<String>>,
    /// Where the tenant's numbers without a country code are dialled, if that is known.
    pub country: Option<Country>,
}

impl Principal {
    /// A principal of the given tenant, actor, kind and roles, and of no team.
    pub fn new(tenant_id: &str, actor_id: &str, actor_kind: ActorKind, roles: Roles) -> Self {
        Self {
            tenant_id: tenant_id.into(),
            actor_id: actor_id.into(),
            actor_kind,
            roles,
            teams: Arc::default(),
            sites: Arc::default(),
            country: None,
        }
    }

    /// The same, of these teams and sites.
    #[must_use]
    pub fn of_groups(self, teams: BTreeSet<String>, sites: BTreeSet<String>) -> Self {
        Self {
            teams: teams.into(),
            sites: sites.into(),
            ..self
        }
    }

    /// The same, where numbers without a country code are dialled in `country`.
    #[must_use]
    pub fn in_country(self, country: Option<Country>) -> Self {
        Self { country, ..self }
    }

    /// Refuses a caller that has no role at all, whatever it calls: so it learns nothing of what there is.
    ///
    /// # Errors
    /// [`Forbidden`], which names no role.
    pub fn require_some(&self) -> Result<(), Forbidden> {
        match self.roles == Roles::default() {
            true => Err(Forbidden { any_of: Vec::new() }),
            false => Ok(()),
        }
    }

    /// Refuses a caller that has none of `any_of`.
    ///
    /// # Errors
    /// [`Forbidden`], which names the roles that would do.
    pub fn require_any(&self, any_of: &[Role]) -> Result<(), Forbidden> {
        match any_of.iter().any(|role| self.roles.contains(*role)) {
            true => Ok(()),
            false => Err(Forbidden {
                any_of: any_of.to_vec(),
            }),
        }
    }
}

/// The principal that the authentication layer put into the request.
///
/// # Errors
/// [`Unauthenticated`] when the request did not come through that layer.
pub fn principal_of<T>(request: &tonic::Request<T>) -> Result<Principal, Unauthenticated> {
    request
        .extensions()
        .get()
        .cloned()
        .ok_or(Unauthenticated::Missing)
}

/// The name is not one of those that are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is not one of {known}")]
pub struct UnknownName {
    name: String,
    known: String,
}

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $type {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().copied().find(|known| known.name() == name);
                found.ok_or_else(|| UnknownName { name: name.to_owned(), known: list(Self::ALL) })
            }
        }
    };
}

named! {
    /// The kind of an actor.
    ActorKind {
        /// A person who talks to customers.
        Agent = "AGENT",
        /// A person who leads those.
        Supervisor = "SUPERVISOR",
        /// aftercall itself: its scheduler, its rules.
        System = "SYSTEM",
        /// Another program: a CRM, a telephone system.
        Integration = "INTEGRATION",
        /// The customer in person, by self-service.
        Customer = "CUSTOMER",
        /// A model that acts on somebody's behalf.
        Ai = "AI",
    }
}

named! {
    /// A set of capabilities.
    Role {
        /// Own interactions, own commitments, the context of the party in hand.
        Agent = "agent",
        /// A team: reassign, waive below a limit, approve amendments.
        TeamLead = "team_lead",
        /// A site: query history, export, silence, waive.
        Supervisor = "supervisor",
        /// Reads and evaluates interactions.
        QaAnalyst = "qa_analyst",
        /// Proposes knowledge.
        KbCandidate = "kb_candidate",
        /// Writes knowledge.
        KbContributor = "kb_contributor",
        /// Publishes knowledge.
        KbPublisher = "kb_publisher",
        /// Coaches those who write knowledge.
        KbCoach = "kb_coach",
        /// Answers for a domain of knowledge.
        KbDomainExpert = "kb_domain_expert",
        /// Disputes, legal hold, recall, governed solutions.
        ComplianceOfficer = "compliance_officer",
        /// Erasure, retention, redaction, subject access.
        PrivacyOfficer = "privacy_officer",
        /// A CRM or telephone system: appends and reads.
        Integration = "integration",
        /// Policy, calendars, taxonomies; no content of interactions.
        TenantAdmin = "tenant_admin",
        /// aftercall's own timers: lapse, warn, escalate, expire.
        Scheduler = "scheduler",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
        /// Runs the server: copies of the whole log, of all tenants. To be given sparingly.
        Operator = "operator",
    }
}

/// A set of [`Role`]s.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u32);

impl Roles {
    /// Every role there is.
    pub fn all() -> Self {
        Role::ALL.iter().copied().collect()
    }

    /// Whether `role` is in the set.
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// The roles of the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |set, role| set | 1 << role as u8))
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Role::name)).finish()
    }
}

/// The caller lacks the role that the request needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lacking(any_of))]
pub struct Forbidden {
    any_of: Vec<Role>,
}

fn lacking(any_of: &[Role]) -> String {
    match any_of {
        [] => "these credentials have no role; whoever keeps them can give them one".to_owned(),
        any_of => format!("this needs one of the roles {}", list(any_of)),
    }
}

impl Failure for Forbidden {
    fn reason(&self) -> Reason {
        Reason::RoleRequired
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self.any_of.as_slice() {
            [] => Vec::new(),
            any_of => vec![("any_of", list(any_of))],
        }
    }
}

/// The request carries no credentials that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// There are none.
    #[error("the request carries no credentials; send \"authorization: Bearer TOKEN\"")]
    Missing,
    /// They are not of the form that is understood.
    #[error("the authorization header is not of the form \"Bearer TOKEN\"")]
    Malformed,
    /// The token is not known.
    #[error("the token is not known")]
    UnknownToken,
    /// The client's certificate is of nobody.
    #[error("the client certificate is not known, and the request carries no token")]
    UnknownCertificate,
    /// They were good, and are not any more.
    #[error("the credentials were revoked, or have expired; call again with others")]
    Over,
}

impl Failure for Unauthenticated {
    fn reason(&self) -> Reason {
        Reason::Unauthenticated
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items
        .iter()
        .map(T::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
