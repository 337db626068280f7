//! Problems: troubles that many contacts have in common, who can do something about each, what was done, and what came of
//! it.
//!
//! A problem is an aggregate of its own. Which contacts it has follows from its cluster whenever it is asked for: whoever
//! says later what the root cause of a contact was moves the contact into its problem or out of it.

mod commands;
mod listing;
mod measuring;
mod server;

use aftercall_domain::Violations;
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_proto::model::v1::{Problem, ProblemCluster};
use aftercall_service::Checker;
use aftercall_view::Store;
use prost::Message;

use crate::Insight;
use crate::failure::Unanswered;
use crate::filter::Filter;
use crate::keys;

/// The service of problems. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Problems(Insight);

impl Problems {
    pub(crate) fn of(insight: &Insight) -> Self {
        Self(insight.clone())
    }
}

/// A problem as it stands.
fn problem(
    store: &Store,
    tenant_id: &str,
    problem_id: &str,
) -> Result<Option<Problem>, Unanswered> {
    let stored = store.get(keys::problem(tenant_id, problem_id))?;
    Ok(stored.map(Problem::decode).transpose()?)
}

/// Asks for the contacts of a problem.
fn asking_for(problem: &Problem) -> ContactFilter {
    let ProblemCluster {
        root_cause_codes,
        reason_codes,
        reason_families,
        disposition_codes,
        client_account_ids,
    } = problem.cluster.clone().unwrap_or_default();
    ContactFilter {
        root_cause_codes,
        reason_codes,
        reason_families,
        disposition_codes,
        client_account_ids,
        ..ContactFilter::default()
    }
}

/// The same, ready to be asked for: what was checked when it was recorded.
fn filter(wire: &ContactFilter) -> Result<Filter, Violations> {
    let mut checker = Checker::new();
    let filter = Filter::of(wire, &mut checker);
    checker.done(filter)
}
