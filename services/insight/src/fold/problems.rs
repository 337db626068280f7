//! Problems as they stand, and as they were version by version.

use aftercall_ledger::{Accepted, Problem as What};
use aftercall_proto::insight::v1::ProblemVersion;
use aftercall_proto::model::v1::{Problem, ProblemState};
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use crate::keys;

/// Keeps what became of a problem, and what it was before.
pub(super) fn apply(fact: &Accepted, what: &What, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let event = &fact.event;
    let (tenant_id, problem_id) = (&*event.tenant_id, &*event.aggregate_id);
    let key = keys::problem(tenant_id, problem_id);
    let before = txn.get(&key)?.map(Problem::decode).transpose();
    let before = before.map_err(ApplyError::record)?;
    let Some((mut problem, note)) = changed(fact, before.as_ref(), what) else {
        return keys::COMMANDS.remember(fact, problem_id, bytes::Bytes::new, txn);
    };
    let created = before.as_ref();
    problem.problem_id = problem_id.to_owned();
    problem.version = event.sequence;
    problem.changed_at = event.recorded_at;
    problem.changed_by.clone_from(&event.actor_id);
    problem.created_at = created.map_or(event.recorded_at, |it| it.created_at);
    problem.created_by = created.map_or(&event.actor_id, |it| &it.created_by).clone();
    let bytes = problem.encode_to_vec();
    let version = ProblemVersion {
        problem: Some(problem),
        note,
    };
    let versions = keys::problem_versions(tenant_id, problem_id);
    // The latest comes first.
    txn.put(versions.u64(!event.sequence), version.encode_to_vec())?;
    txn.put(key, bytes.clone())?;
    keys::COMMANDS.remember(fact, problem_id, || bytes.into(), txn)
}

/// The problem as an event leaves it, and why; none of one that nobody made.
fn changed(fact: &Accepted, before: Option<&Problem>, what: &What) -> Option<(Problem, String)> {
    match what {
        What::Changed(changed) => {
            let improvements = before.map(|it| it.improvements.clone());
            let problem = Problem {
                improvements: improvements.unwrap_or_default(),
                ..changed.problem.clone()?
            };
            Some((problem, changed.note.clone()))
        }
        What::Improved(improved) => {
            let mut problem = before?.clone();
            let mut improvement = improved.improvement.clone()?;
            let number = problem.improvements.len().saturating_add(1);
            improvement.number = u32::try_from(number).unwrap_or(u32::MAX);
            improvement.recorded_by.clone_from(&fact.event.actor_id);
            improvement.recorded_at = fact.event.recorded_at;
            problem.improvements.push(improvement);
            problem.state = ProblemState::Improved.into();
            Some((problem, String::new()))
        }
    }
}
