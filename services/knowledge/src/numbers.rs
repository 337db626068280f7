//! Solutions by the numbers that people tell each other.
//!
//! A number follows from the solution's id. Whoever begins a solution looks whether another one has it, and takes the next
//! that follows if so; the log says which it is, so that every reader has the same one in whatever order it reads.
//! Two solutions that are begun at one moment, or were before the log said numbers, may have one all the same, once
//! in a million million pairs: then whoever asks by it is told of both.

use aftercall_domain::SolutionId;
use aftercall_domain::solution::SolutionNumber;
use aftercall_proto::model::v1::Solution;
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;

use crate::failure::Error;
use crate::keys::versions as keys;
use crate::limits::NUMBERS_TRIED_MAX;
use crate::reader::Viewer;
use crate::solutions;

/// The number of a solution whose first version an event brings: the one that it says, or the first that follows from
/// the id.
pub(crate) fn of(tenant_id: &str, solution: &Solution) -> SolutionNumber {
    let said = SolutionNumber::read(&solution.solution_number);
    said.unwrap_or_else(|| SolutionNumber::derived(tenant_id, &solution.solution_id, 0))
}

/// A number for a solution that is begun, which no other one has as far as is known.
pub(crate) fn free(
    store: &Store,
    tenant_id: &str,
    solution_id: &str,
) -> Result<SolutionNumber, ApplyError> {
    for attempt in 0..NUMBERS_TRIED_MAX {
        let number = SolutionNumber::derived(tenant_id, solution_id, attempt);
        let holders = holders(store, tenant_id, &number)?;
        if holders.iter().all(|holder| holder == solution_id) {
            return Ok(number);
        }
    }
    Ok(SolutionNumber::derived(tenant_id, solution_id, 0))
}

/// The solutions that have a number, by their ids.
pub(crate) fn holders(
    store: &Store,
    tenant_id: &str,
    number: &SolutionNumber,
) -> Result<Vec<String>, ApplyError> {
    let all = keys::all_numbered(tenant_id, number.as_str());
    let rows = store.scan_prefix(all, Direction::Ascending);
    let ids = rows.map(|entry| keys::read_numbered(&entry?.0).map_err(ApplyError::record));
    ids.collect()
}

/// The id of the solution that somebody names by its id or its number. What is neither stays as it is: nothing is found
/// under it.
///
/// # Errors
/// [`Error::NumberShared`] if several have the number that are there for them.
pub(crate) fn id(
    store: &Store,
    viewer: &Viewer,
    named: &str,
    now: Timestamp,
) -> Result<String, Error> {
    let Some(number) = SolutionNumber::read(named) else {
        return Ok(SolutionId::read(named).into_string());
    };
    let mut solution_ids = Vec::new();
    for id in holders(store, viewer.tenant_id(), &number).map_err(Error::internal)? {
        if solutions::given(store, viewer, (&id, true), now)?.is_some() {
            solution_ids.push(id);
        }
    }
    match &mut solution_ids[..] {
        [] => Ok(named.to_owned()),
        [only] => Ok(std::mem::take(only)),
        _ => Err(Error::NumberShared {
            number: number.into_string(),
            solution_ids,
        }),
    }
}

#[cfg(test)]
mod tests {
    use aftercall_view::testing::MemoryEngine;
    use aftercall_view::{Engine, Txn};

    use super::*;

    #[test]
    fn a_number_that_another_solution_has_is_not_taken() {
        let engine = MemoryEngine::default();
        let store = Store::on(Box::new(engine.clone()));
        let first = SolutionNumber::derived("acme", "mine", 0);
        let second = SolutionNumber::derived("acme", "mine", 1);
        assert_eq!(free(&store, "acme", "mine").unwrap(), first);
        let mut txn = Txn::new(&store);
        let key = keys::numbered("acme", first.as_str(), "another");
        txn.put(key, "").unwrap();
        engine.apply(txn.into_changes()).unwrap();
        assert_eq!(free(&store, "acme", "mine").unwrap(), second);
        assert_eq!(holders(&store, "acme", &first).unwrap(), ["another"]);
        // Another tenant's number is another number.
        assert_eq!(
            free(&store, "other", "mine").unwrap(),
            SolutionNumber::derived("other", "mine", 0)
        );
    }

    #[test]
    fn a_number_is_what_the_log_says_or_follows_from_the_id() {
        let mut solution = Solution {
            solution_id: "mine".to_owned(),
            ..Solution::default()
        };
        let derived = SolutionNumber::derived("acme", "mine", 0);
        assert_eq!(of("acme", &solution), derived);
        solution.solution_number = "not one".to_owned();
        assert_eq!(of("acme", &solution), derived);
        solution.solution_number = "S-0000-0001".to_owned();
        assert_eq!(of("acme", &solution).as_str(), "S-0000-0001");
    }
}
