//! The fold, against a model of it.

use std::collections::{BTreeMap, HashMap};

use aftercall_log::{Entry, Record};
use aftercall_view::{Changes, Direction, Engine, EngineScan, StoreError};
use bytes::Bytes;
use parking_lot::Mutex;
use proptest::prelude::*;

use super::*;

const TENANT: &str = "acme";

/// A store in memory.
#[derive(Debug, Default)]
struct MapEngine(Mutex<BTreeMap<Bytes, Bytes>>);

impl Engine for MapEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0.lock().get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan {
        let within = |key: &Bytes| &key[..] >= from && to.is_none_or(|to| &key[..] < to);
        let entries = self.0.lock().clone().into_iter();
        let mut entries: Vec<_> = entries.filter(|(key, _)| within(key)).map(Ok).collect();
        if direction == Direction::Descending {
            entries.reverse();
        }
        Box::new(entries.into_iter())
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut held = self.0.lock();
        for (key, value) in changes {
            match value {
                Some(value) => held.insert(key, value),
                None => held.remove(&key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// An event as any process may have written it, races and repetitions included.
#[derive(Debug, Clone)]
struct Written {
    id: u8,
    /// None for a record.
    amendment: Option<(u8, u64)>,
    hash: u8,
}

fn written() -> impl Strategy<Value = Written> {
    let amendment = prop::option::of((0..4_u8, 1..6_u64));
    (0..3_u8, amendment, any::<u8>()).prop_map(|(id, amendment, hash)| Written {
        id,
        amendment,
        hash,
    })
}

fn entry(offset: u64, written: &Written) -> Entry {
    let (r#type, sequence, request_id) = match written.amendment {
        None => (EventType::InteractionRecorded, 1, String::new()),
        Some((request, sequence)) => (
            EventType::InteractionAmended,
            sequence,
            format!("request-{request}"),
        ),
    };
    let event = Event {
        tenant_id: TENANT.to_owned(),
        r#type: r#type.into(),
        aggregate_id: id(written.id).to_string(),
        sequence,
        request_id,
        request_hash: vec![written.hash; 16].into(),
        ..Event::default()
    };
    Entry {
        position: Position {
            partition: 0,
            offset,
        },
        record: Record {
            key: Bytes::new(),
            recorded_at_us: 0,
            body: event.encode_to_vec().into(),
        },
    }
}

fn id(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

/// Folds the log, cut into batches of the given sizes.
fn fold(log: &[Written], cuts: &[usize]) -> Store {
    let store = Store::on(Box::new(MapEngine::default()));
    let mut fold = LedgerFold::new(Arc::new(Pending::new(1)));
    let mut entries = log.iter().enumerate().peekable();
    let mut cuts = cuts.iter().cycle();
    while entries.peek().is_some() {
        let mut txn = Txn::new(&store);
        for (offset, written) in entries.by_ref().take(*cuts.next().unwrap()) {
            fold.apply(&entry(offset as u64, written), &mut txn)
                .unwrap();
        }
        let changes = txn.into_changes();
        store.apply(changes).unwrap();
        fold.committed(&Positions::new());
    }
    store
}

proptest! {
    #[test]
    fn the_first_record_and_the_next_amendment_count_however_the_log_is_cut(
        log in prop::collection::vec(written(), 0..60),
        cuts in prop::collection::vec(1..9_usize, 1..5),
    ) {
        let mut recorded: HashMap<u8, (u64, u8, u64)> = HashMap::new();
        let mut amended: HashMap<u8, (u64, u8, u64)> = HashMap::new();
        for (offset, written) in log.iter().enumerate() {
            let place = (offset as u64, written.hash);
            match written.amendment {
                None => {
                    recorded.entry(written.id).or_insert((place.0, place.1, 1));
                }
                Some((request, sequence)) => {
                    let Some(current) = recorded.get_mut(&written.id) else { continue };
                    if sequence == current.2 + 1 {
                        current.2 = sequence;
                        amended.entry(request).or_insert((place.0, place.1, sequence));
                    }
                }
            }
        }
        let ledger = Ledger::new(fold(&log, &cuts));
        for number in 0..3 {
            let key = Key { tenant_id: TENANT.into(), id: id(number) };
            let found = ledger.interaction(&key).unwrap().map(|one| short(&one));
            prop_assert_eq!(found, recorded.get(&number).copied());
        }
        for request in 0..4 {
            let found = ledger.amendment(TENANT, &format!("request-{request}")).unwrap();
            prop_assert_eq!(found.map(|one| short(&one)), amended.get(&request).copied());
        }
    }
}

fn short(recorded: &Recorded) -> (u64, u8, u64) {
    (recorded.offset, recorded.hash[0], recorded.version)
}
