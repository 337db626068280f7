//! What a list is to hold.

use aftercall_domain::commitment::{Commitment, Lifecycle, Outcome, Owner, Timeliness};
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::followups::v1::ListCommitmentsRequest;
use aftercall_proto::model::v1 as wire;
use aftercall_service::{Checker, given};
use jiff::Timestamp;

use crate::failure::Refused;
use crate::keys::Scope;
use crate::limits::PAGE;

/// The filters of a list. All of them must hold.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) tenant_id: String,
    /// The index that is read.
    pub(super) scope: Scope,
    owner: Option<Owner>,
    team_id: Option<String>,
    lifecycle: Option<Lifecycle>,
    timeliness: Option<Timeliness>,
    outcome: Option<Outcome>,
    due_from: Option<Timestamp>,
    due_before: Option<Timestamp>,
}

impl Filter {
    /// The request's filters, and how many promises it wants.
    pub(super) fn new(
        tenant_id: String,
        request: ListCommitmentsRequest,
    ) -> Result<(Self, usize), Refused> {
        let mut checker = Checker::new();
        checker.id("customer_id", &request.customer_id);
        checker.id("owner_agent_id", &request.owner_agent_id);
        checker.id("owner_queue_id", &request.owner_queue_id);
        checker.id("team_id", &request.team_id);
        if !(request.owner_agent_id.is_empty() || request.owner_queue_id.is_empty()) {
            let text = "a promise has one owner; give an agent or a queue";
            checker.conflicting("owner_queue_id", text);
        }
        let lifecycle =
            checker.choice::<wire::CommitmentLifecycle, _>("lifecycle", request.lifecycle);
        let timeliness = checker.choice::<wire::Timeliness, _>("timeliness", request.timeliness);
        let outcome = checker.choice::<wire::CommitmentOutcome, _>("outcome", request.outcome);
        let due_from = checker.time("due_from", request.due_from.as_ref());
        let due_before = checker.time("due_before", request.due_before.as_ref());
        let count_max = checker.count("page_size", request.page_size, PAGE);

        let agent = given(request.owner_agent_id).map(Owner::Agent);
        let owner = agent.or_else(|| given(request.owner_queue_id).map(Owner::Queue));
        let customer = given(request.customer_id).map(Scope::Customer);
        let scope = customer.or_else(|| owner.clone().map(Scope::Owner));
        let filter = Self {
            tenant_id,
            scope: scope.unwrap_or(Scope::Tenant),
            owner,
            team_id: given(request.team_id),
            lifecycle,
            timeliness,
            outcome,
            due_from,
            due_before,
        };
        Ok(checker.done((filter, count_max))?)
    }

    /// The lifecycles in which there can be a match, the open one first.
    pub(super) fn lifecycles(&self) -> impl Iterator<Item = Lifecycle> {
        let by_outcome: &[Lifecycle] = match self.outcome {
            None => &[
                Lifecycle::Active,
                Lifecycle::Fulfilled,
                Lifecycle::Cancelled,
            ],
            Some(Outcome::Kept | Outcome::KeptLate) => &[Lifecycle::Fulfilled],
            Some(Outcome::Broken | Outcome::ReleasedByCustomer) => &[Lifecycle::Cancelled],
            Some(Outcome::NotApplicable) => &[Lifecycle::Fulfilled, Lifecycle::Cancelled],
        };
        let wanted = self.lifecycle;
        let matches = move |one: &Lifecycle| wanted.is_none_or(|wanted| wanted == *one);
        by_outcome.iter().copied().filter(matches)
    }

    /// No match is due before this.
    pub(super) fn due_from_us(&self) -> i64 {
        self.due_from.map_or(i64::MIN, microseconds)
    }

    /// No match is due then or later.
    pub(super) fn due_before_us(&self) -> Option<i64> {
        // Part of a microsecond may still lie before it.
        self.due_before
            .map(|before| microseconds(before).saturating_add(1))
    }

    /// Whether every filter holds for `commitment` at `now`.
    pub(super) fn admits(&self, commitment: &Commitment, now: Timestamp) -> bool {
        let Self {
            tenant_id: _,
            scope: _,
            owner,
            team_id,
            lifecycle,
            timeliness,
            outcome,
            due_from,
            due_before,
        } = self;
        let due = commitment.promised_by;
        owner
            .as_ref()
            .is_none_or(|owner| commitment.owner.as_ref() == Some(owner))
            && team_id
                .as_ref()
                .is_none_or(|team_id| commitment.team_id == *team_id)
            && lifecycle.is_none_or(|lifecycle| commitment.lifecycle == lifecycle)
            && timeliness.is_none_or(|timeliness| commitment.timeliness(now) == timeliness)
            && outcome.is_none_or(|outcome| commitment.outcome == Some(outcome))
            && due_from.is_none_or(|from| due >= from)
            && due_before.is_none_or(|before| due < before)
    }
}
