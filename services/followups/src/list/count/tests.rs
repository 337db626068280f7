//! Counts of promises that change while they are counted.

use std::collections::BTreeMap;

use aftercall_domain::Scope;
use aftercall_domain::commitment::{Commitment, Outcome};
use aftercall_log::Position;
use aftercall_proto::followups::v1::CommitmentFilter;
use aftercall_service::{Failure, Reason};
use aftercall_view::testing::MemoryEngine;
use aftercall_view::{Engine, Positions};
use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::list::tests::{HOME, TENANT, promise};
use crate::watch::{ChangeRow, changes_row};
use crate::{keys, stored};

/// Something becomes of a promise, or there is another one.
#[derive(Debug, Clone)]
enum Next {
    Move { promise: usize, due: i64 },
    Close { promise: usize },
    Give { promise: usize, owner: u8 },
    Add { owner: u8 },
}

fn nexts() -> impl Strategy<Value = Next> {
    prop_oneof![
        4 => (0_usize..12, 0_i64..2_000).prop_map(|(promise, due)| Next::Move { promise, due }),
        2 => (0_usize..12).prop_map(|promise| Next::Close { promise }),
        2 => (0_usize..12, 0_u8..3).prop_map(|(promise, owner)| Next::Give { promise, owner }),
        1 => (0_u8..3).prop_map(|owner| Next::Add { owner }),
    ]
}

/// A store as the fold leaves it, and the promises in it.
#[derive(Default)]
struct Folded {
    held: MemoryEngine,
    promises: Vec<Commitment>,
    offset: u64,
}

impl Folded {
    fn at(&self) -> Positions {
        Positions::through(Position {
            partition: 0,
            offset: self.offset,
        })
    }

    fn put(&mut self, before: Option<&Commitment>, after: &Commitment) {
        let mut changes: Vec<(Bytes, Option<Bytes>)> = Vec::new();
        let old = before.map_or_else(Vec::new, |before| keys::indexes(TENANT, before, HOME));
        changes.extend(old.into_iter().map(|(key, _)| (key.into(), None)));
        self.held.apply(changes.into_iter().collect()).unwrap();
        self.offset += 1;
        let at = Position {
            partition: 0,
            offset: self.offset,
        };
        let row = changes_row(vec![ChangeRow::of(before, after, HOME.whose)]);
        let key = keys::commitment(TENANT, &after.commitment_id, HOME.whose);
        let mut changes: Vec<(Bytes, Option<Bytes>)> = vec![
            (
                keys::promise_changes_at(TENANT, at).into(),
                Some(row.into()),
            ),
            (
                key.into(),
                Some(stored::encode_commitment(after.clone()).into()),
            ),
        ];
        let new = keys::indexes(TENANT, after, HOME).into_iter();
        changes.extend(new.map(|(key, beside)| (key.into(), Some(beside))));
        self.held.apply(changes.into_iter().collect()).unwrap();
    }

    fn add(&mut self, owner: u8) {
        let no = i64::try_from(self.promises.len()).unwrap();
        let added = Commitment {
            owner: Some(owned_by(owner)),
            ..promise(100 * no)
        };
        self.put(None, &added);
        self.promises.push(added);
    }

    fn write(&mut self, next: &Next) {
        let (Next::Move { promise, .. } | Next::Close { promise } | Next::Give { promise, .. }) =
            next
        else {
            let Next::Add { owner } = next else { return };
            return self.add(*owner);
        };
        let place = promise % self.promises.len().max(1);
        let Some(before) = self.promises.get(place).cloned() else {
            return;
        };
        let mut after = before.clone();
        match next {
            Next::Move { due, .. } => after.promised_by = Timestamp::from_second(*due).unwrap(),
            Next::Close { .. } => {
                after.lifecycle = Lifecycle::Fulfilled;
                after.outcome = Some(Outcome::Kept);
            }
            Next::Give { owner, .. } => after.owner = Some(owned_by(*owner)),
            Next::Add { .. } => {}
        }
        self.put(Some(&before), &after);
        self.promises[place] = after;
    }
}

fn owned_by(owner: u8) -> Owner {
    Owner::Agent(format!("agent-{owner}"))
}

fn by() -> By {
    By {
        dimensions: vec![
            CommitmentDimension::Owner,
            CommitmentDimension::Timeliness,
            CommitmentDimension::Lifecycle,
        ],
        days: None,
    }
}

fn filter(asked: CommitmentFilter, now: Timestamp) -> Filter {
    let whose = (TENANT.to_owned(), Scope::All, "ana");
    Filter::new(whose, asked, now, &mut Checker::new())
}

proptest! {
    /// Whatever becomes of them between the pieces: by the tenant's list, and by others.
    #[test]
    fn each_promise_counts_once_as_it_was_last(
        owners in prop::collection::vec(0_u8..3, 0..10),
        meanwhile in prop::collection::vec(nexts(), 0..20),
        room in 1_usize..4,
        by_owner in any::<bool>(),
    ) {
        let mut folded = Folded::default();
        owners.iter().for_each(|owner| folded.add(*owner));
        let store = Store::on(Box::new(folded.held.clone()));
        let now = Timestamp::from_second(1_000).unwrap();
        let asked = CommitmentFilter {
            owner_agent_ids: match by_owner {
                true => vec!["agent-1".to_owned(), "agent-2".to_owned()],
                false => Vec::new(),
            },
            ..CommitmentFilter::default()
        };
        let filter = filter(asked, now);
        let mut counting = Counting::new(filter.clone(), by(), now);
        let mut place = folded.at();
        let mut meanwhile = meanwhile.iter();
        while !counting.piece(&store, room).unwrap() {
            if let Some(next) = meanwhile.next() {
                folded.write(next);
            }
        }
        meanwhile.for_each(|next| folded.write(next));
        while !counting.again(&store, (&mut place, 1), room).unwrap() {}
        let (by, groups) = counting.done();
        let mut expected = BTreeMap::new();
        for one in folded.promises.iter().filter(|one| filter.admits_at(one, now)) {
            let group = by.group(&Tally::of(one), one.lifecycle, now);
            *expected.entry(group).or_insert(0_u64) += 1;
        }
        prop_assert_eq!(groups, expected.into_iter().collect::<Vec<_>>());
        prop_assert!(place.covers_all(&folded.at()));
    }
}

/// More than any bound was, by what stands in the tenant's list alone: no promise is read, and none is there.
#[test]
fn a_count_of_very_many_is_exact() {
    let many = 60_001;
    let held = MemoryEngine::default();
    let places = (0..many).map(|no| {
        let late = Commitment {
            owner: Some(owned_by(u8::try_from(no % 3).unwrap())),
            ..promise(no)
        };
        let mut indexes = keys::indexes(TENANT, &late, HOME).into_iter();
        let (key, beside) = indexes.next().unwrap();
        (Bytes::from(key), Some(beside))
    });
    held.apply(places.collect()).unwrap();
    let store = Store::on(Box::new(held));
    let now = Timestamp::from_second(1_000 + 40_000).unwrap();
    let filter = filter(CommitmentFilter::default(), now);
    let mut counting = Counting::new(filter, by(), now);
    let mut pieces = 1;
    while !counting.piece(&store, COUNTED_AT_ONCE).unwrap() {
        pieces += 1;
    }
    assert_eq!(pieces, 7, "others read between them");
    assert_eq!(counting.len(), 60_001);
    let answer = answer(counting.done());
    assert_eq!(answer.total_size, 60_001);
    let late = answer.groups.iter();
    let late = late.filter(|group| group.timeliness() == wire::Timeliness::Overdue);
    assert_eq!(late.map(|group| group.count).sum::<u64>(), 40_000);
    assert_eq!(answer.groups.len(), 6);
}

/// A count that nobody waits for any more has included all that it had to: it took too long.
#[tokio::test]
async fn a_count_for_which_nobody_waits_any_more_is_late_and_not_behind() {
    let over = Instant::now();
    let late = [
        in_time(over).unwrap_err(),
        turn(&Semaphore::new(0), over).await.map(drop).unwrap_err(),
    ];
    for unread in late {
        let refused = Refused::from(unread);
        assert_eq!(refused.reason(), Reason::RequestTimeout);
        let status = aftercall_service::to_status(refused);
        assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
        assert!(status.message().contains("narrower filter"));
    }
    assert!(turn(&Semaphore::new(1), over).await.is_ok());
}
