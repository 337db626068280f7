//! A promise that is closed between the reads of one page.

use aftercall_domain::Scope;
use aftercall_domain::commitment::{
    Actor, Commitment, CommitmentKind, Evidence, Fulfil, Made, Origin, Priority, Standing,
};
use aftercall_proto::followups::v1::CommitmentFilter;
use aftercall_view::testing::MemoryEngine;
use aftercall_view::{Changes, Direction, Engine, EngineScan, StoreError};
use jiff::SignedDuration;
use parking_lot::Mutex;

use super::*;
use crate::keys::{self, Home};

pub(crate) const TENANT: &str = "acme";
pub(crate) const HOME: Home = Home {
    partition: 0,
    whose: 7,
};

/// A store that changes after its first scan.
#[derive(Debug)]
struct ChangingEngine {
    held: MemoryEngine,
    later: Mutex<Option<Changes>>,
}

impl Engine for ChangingEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.held.get(key)
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan {
        let entries: Vec<_> = self.held.scan(from, to, direction).collect();
        if let Some(changes) = self.later.lock().take() {
            self.held.apply(changes).unwrap();
        }
        Box::new(entries.into_iter())
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        self.held.apply(changes)
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn reserve_bytes(&self) -> u64 {
        0
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

pub(crate) fn promise(no: i64) -> Commitment {
    let at = |seconds| Timestamp::from_second(seconds).unwrap();
    Commitment::new(Made {
        commitment_id: format!("c-{no}"),
        interaction_id: "i-1".to_owned(),
        customer_id: None,
        customer_name: String::new(),
        handles: Vec::new(),
        made_by: String::new(),
        team_id: String::new(),
        site_id: String::new(),
        kind: CommitmentKind::CallBack,
        kind_code: String::new(),
        origin: Origin::default(),
        promise_text: String::new(),
        told_to_customer: true,
        promised_by: at(1_000 + no),
        due: None,
        promised_not_before: None,
        time_zone: String::new(),
        owner: None,
        owner_team_id: String::new(),
        priority: Priority::P3,
        read_back_confirmed: false,
        policy: None,
        target: None,
        stages: Vec::new(),
        expire_after: SignedDuration::from_hours(1),
        proposed_until: None,
        depends_on: Vec::new(),
        series: None,
        plan_id: String::new(),
        step_no: 0,
        reopens: None,
        fulfilled_at: None,
        made_at: at(0),
        recorded_at: at(0),
        recorded_by: String::new(),
        imported: false,
    })
}

fn put(commitment: Commitment, changes: &mut Vec<(Bytes, Option<Bytes>)>) {
    for (key, beside) in keys::indexes(TENANT, &commitment, HOME) {
        changes.push((key.into(), Some(beside)));
    }
    let key = keys::commitment(TENANT, &commitment.commitment_id, HOME.whose);
    let commitment = stored::encode_commitment(commitment);
    changes.push((key.into(), Some(commitment.into())));
}

#[test]
fn a_promise_that_is_closed_between_two_reads_is_listed_once() {
    let held = MemoryEngine::default();
    let mut changes = Vec::new();
    (0..5).for_each(|no| put(promise(no), &mut changes));
    held.apply(changes.into_iter().collect()).unwrap();

    let mut closed = promise(2);
    let mut later: Vec<_> = keys::indexes(TENANT, &closed, HOME)
        .into_iter()
        .map(|(key, _)| (key.into(), None))
        .collect();
    let standing = Standing {
        team_lead: true,
        ..Standing::default()
    };
    let lead = Actor {
        id: "lead",
        standing,
    };
    let wish = Fulfil {
        fulfilled_at: None,
        evidence: Evidence::default(),
        note: String::new(),
    };
    let event = closed.fulfil(wish, lead, closed.recorded_at).unwrap();
    closed.apply(&event);
    put(closed, &mut later);

    let store = Store::on(Box::new(ChangingEngine {
        held,
        later: Mutex::new(Some(later.into_iter().collect())),
    }));
    let now = Timestamp::UNIX_EPOCH;
    let all = CommitmentFilter::default();
    let whose = (TENANT.to_owned(), Scope::All, "ana");
    let filter = Filter::new(whose, all, now, &mut Checker::new());
    let page = page(&store, &filter, None, now, 50).unwrap();
    let ids: Vec<_> = page
        .entries
        .iter()
        .map(|found| found.commitment_id.as_str())
        .collect();
    assert_eq!(ids, ["c-0", "c-1", "c-2", "c-3", "c-4"]);
    assert_eq!(page.next_after, None);
}
