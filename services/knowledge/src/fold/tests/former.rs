//! What was said of candidates by the ids that they had once.

use aftercall_ledger::testing::fold_to_store;
use aftercall_proto::model::v1::CandidateState;
use aftercall_view::Store;

use super::*;
use crate::candidates::Groups;

/// A case of the first way.
fn case() -> Next {
    Next::Contact {
        interaction: 1,
        customer: 1,
        sequence: 1,
        way: 1,
        used: None,
        outcome: 0,
    }
}

/// A decision on one way. Those of an even sequence name the former id.
fn decision(decision: u8, way: u8, sequence: u64) -> Next {
    Next::Decide {
        decision,
        ways: vec![way],
        sequence,
        request: 0,
    }
}

fn folded(log: &[Next]) -> Store {
    let mut written = Partitions::new(1);
    for next in log {
        written.append(record(next));
    }
    let mut view = KnowledgeView::new(Fields::new(), Notes::default());
    fold_to_store(&written, &mut view, &[(0, usize::MAX)])
}

#[test]
fn what_was_decided_by_a_former_id_holds_whether_its_case_came_before_or_after() {
    let (other, rejected) = (decision(1, 3, 1), decision(2, 1, 2));
    let before = vec![case(), other.clone(), rejected.clone()];
    let after = vec![other, rejected, case()];
    for mut log in [before, after] {
        for name in [former(1), candidate(1)] {
            let store = folded(&log);
            let groups = Groups::new(&store, (TENANT, None), 0);
            let group = groups.of(&name).unwrap().unwrap();
            assert_eq!(group.state(), CandidateState::Rejected);
            assert_eq!(group.candidate_ids().collect::<Vec<_>>(), [candidate(1)]);
        }
        // What is decided by its own id later counts.
        log.push(decision(1, 1, 3));
        let store = folded(&log);
        let groups = Groups::new(&store, (TENANT, None), 0);
        let group = groups.of(&former(1)).unwrap().unwrap();
        assert_eq!(group.state(), CandidateState::Open);
    }
}

#[test]
fn a_solution_that_was_made_by_a_former_id_is_that_of_its_case_until_it_is_given_up() {
    let solution = |what, sequence| Next::Solution {
        way: 2,
        sequence,
        what,
        // The third one is given up where it is given back.
        version: 3,
        // The draft names the former id of this way.
        other: 3,
    };
    let of_third = Next::Contact {
        interaction: 2,
        customer: 2,
        sequence: 1,
        way: 3,
        used: None,
        outcome: 0,
    };
    let state = |log: &[Next]| {
        let store = folded(log);
        let groups = Groups::new(&store, (TENANT, None), 0);
        let group = groups.of(&candidate(3)).unwrap();
        group.unwrap().state()
    };
    let (drafted, given_up) = (solution(0, 1), solution(4, 2));
    for log in [[&of_third, &drafted], [&drafted, &of_third]] {
        assert_eq!(state(&log.map(Next::clone)), CandidateState::Promoted);
    }
    for log in [
        [&of_third, &drafted, &given_up],
        [&drafted, &of_third, &given_up],
        [&drafted, &given_up, &of_third],
    ] {
        assert_eq!(state(&log.map(Next::clone)), CandidateState::Open);
    }
}
