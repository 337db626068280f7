//! Who reads solutions, by their credentials; what they are not to see is not there for them.

use aftercall_domain::Scope;
use aftercall_domain::solution::{Addressed, Audience, Reader};
use aftercall_proto::model::v1::Solution;
use aftercall_service::{Access, ActorKind, Call, Principal, Role};

use crate::solutions;

/// Who sees what is not published: those who work on solutions, or watch over it.
const WORKING: &[Role] = &[
    Role::KbCandidate,
    Role::KbContributor,
    Role::KbPublisher,
    Role::KbCoach,
    Role::KbDomainExpert,
    Role::Supervisor,
    Role::ComplianceOfficer,
    Role::Auditor,
];

/// Who asks, and whose contacts they read.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    pub(crate) principal: Principal,
    pub(crate) scope: Scope,
    reader: Reader,
}

impl Viewer {
    /// Who calls.
    pub(crate) fn of<T>(call: &Call<T>) -> Self {
        Self::new(call.principal.clone(), call.scope())
    }

    /// Somebody who reads the contacts of a scope.
    pub(crate) fn new(principal: Principal, scope: Scope) -> Self {
        Self {
            reader: reader(&principal),
            principal,
            scope,
        }
    }

    pub(crate) fn tenant_id(&self) -> &str {
        &self.principal.tenant_id
    }

    /// The tenant, and whose contacts are read.
    pub(crate) fn whose(&self) -> (&str, &Scope) {
        (&self.principal.tenant_id, &self.scope)
    }

    /// Which solutions they read.
    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Whether they see what is not published.
    pub(crate) fn works(&self) -> bool {
        matches!(self.reader, Reader::Within { .. }) && self.principal.require_any(WORKING).is_ok()
    }

    /// Refuses somebody who does not see what is not published.
    pub(crate) fn require_working(&self) -> Result<(), aftercall_service::Forbidden> {
        self.principal.require_any(WORKING)
    }

    /// The version as it is given to them; none where it is not there for them.
    pub(crate) fn given(&self, mut solution: Solution) -> Option<Solution> {
        let wrote = || {
            solution
                .editors
                .iter()
                .any(|id| **id == *self.principal.actor_id)
        };
        let reads = self.reader.reads(addressed(&solution));
        let is_open = solutions::is_open(solution.state());
        if !(reads || wrote()) || (is_open && !self.works()) {
            return None;
        }
        if self.reader.is_given_customer_wording_only() {
            only_customer_wording(&mut solution);
        }
        Some(solution)
    }
}

/// What a caller reads: programs that talk with customers, and customers, are outside; everybody else is within. That a
/// house lets everybody read all records does not open what is for a team.
pub(crate) fn reader(principal: &Principal) -> Reader {
    match principal.actor_kind {
        ActorKind::Ai => Reader::Outside {
            from: Audience::Bot,
        },
        ActorKind::Customer => Reader::Outside {
            from: Audience::Customer,
        },
        ActorKind::Agent | ActorKind::Supervisor | ActorKind::System | ActorKind::Integration => {
            let teams = match Access::default().scope(principal).is_all() {
                true => None,
                false => Some((*principal.teams).clone()),
            };
            Reader::Within { teams }
        }
    }
}

/// For whom a version is.
pub(crate) fn addressed(solution: &Solution) -> Addressed<'_> {
    Addressed {
        audience: solution.audience().try_into().unwrap_or(Audience::Internal),
        owner_group: &solution.owner_group,
        client_account_id: &solution.client_account_id,
    }
}

/// Leaves of a version what may be said to a customer as it stands, and what it is found and named by.
pub(crate) fn only_customer_wording(solution: &mut Solution) {
    *solution = Solution {
        solution_id: std::mem::take(&mut solution.solution_id),
        solution_number: std::mem::take(&mut solution.solution_number),
        title: std::mem::take(&mut solution.title),
        question_in_customer_words: std::mem::take(&mut solution.question_in_customer_words),
        customer_wording: std::mem::take(&mut solution.customer_wording),
        language: std::mem::take(&mut solution.language),
        client_account_id: std::mem::take(&mut solution.client_account_id),
        reason_code: std::mem::take(&mut solution.reason_code),
        version: solution.version,
        confidence: solution.confidence,
        audience: solution.audience,
        state: solution.state,
        published_at: solution.published_at,
        verify_by: solution.verify_by,
        live_version: solution.live_version,
        ..Solution::default()
    };
}
