//! The fold, against a model of it.

use std::collections::BTreeMap;

use aftercall_log::Record;
use aftercall_proto::envelope::contact_key;
use aftercall_view::testing::{Folded, MemoryEngine, Partitions};
use aftercall_view::{Changes, Engine};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

const TENANT: &str = "acme";

/// An event as any process may have written it, races and repetitions included.
#[derive(Debug, Clone)]
struct Written {
    id: u8,
    /// 0 for a customer who isn't identified.
    customer: u8,
    /// None for a record.
    amendment: Option<(u8, u64)>,
    hash: u8,
    recorded_at: u8,
}

fn written() -> impl Strategy<Value = Written> {
    let amendment = prop::option::of((0..4_u8, 1..4_u64));
    let name = (0..3_u8, 0..4_u8);
    (name, amendment, any::<u8>(), 0..4_u8).prop_map(
        |((id, customer), amendment, hash, recorded_at)| Written {
            id,
            customer,
            amendment,
            hash,
            recorded_at,
        },
    )
}

fn record(written: &Written) -> Record {
    let (r#type, sequence, request_id) = match written.amendment {
        None => (EventType::InteractionRecorded, 1, String::new()),
        Some((request, sequence)) => (
            EventType::InteractionAmended,
            sequence,
            format!("request-{request}"),
        ),
    };
    let recorded_at = Timestamp::from_microsecond(written.recorded_at.into()).unwrap();
    let event = Event {
        tenant_id: TENANT.to_owned(),
        r#type: r#type.into(),
        aggregate_id: id(written.id).to_string(),
        sequence,
        recorded_at: Some(time::to_wire(recorded_at)),
        request_id,
        request_hash: vec![written.hash; 16].into(),
        ..Event::default()
    };
    Record {
        key: key_of(written.id, written.customer),
        recorded_at_us: written.recorded_at.into(),
        body: event.encode_to_vec().into(),
    }
}

fn id(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

fn key_of(interaction: u8, customer: u8) -> bytes::Bytes {
    let customer_id = match customer {
        0 => String::new(),
        customer => format!("customer-{customer}"),
    };
    contact_key(TENANT, &customer_id, &id(interaction).to_string())
}

/// Where a record stands, with what, and in which version it is.
type Short = (Position, u8, u64);

/// What the ledger should say.
#[derive(Default)]
struct Model {
    /// By id and customer, with the time of recording.
    recorded: BTreeMap<(u8, u8), (u8, Short)>,
    /// By request, id and customer.
    amended: BTreeMap<(u8, u8, u8), Short>,
}

impl Model {
    fn write(&mut self, position: Position, written: &Written) {
        let name = (written.id, written.customer);
        let Some((request, sequence)) = written.amendment else {
            let short = (position, written.hash, 1);
            let first = (written.recorded_at, short);
            self.recorded.entry(name).or_insert(first);
            return;
        };
        let Some((_, current)) = self.recorded.get_mut(&name) else {
            return;
        };
        if sequence == current.2 + 1 {
            current.2 = sequence;
            let amended = (position, written.hash, sequence);
            self.amended
                .entry((request, name.0, name.1))
                .or_insert(amended);
        }
    }

    /// The first record of an id, of whichever customer.
    fn first(&self, id: u8) -> Option<Short> {
        let same = self.recorded.iter().filter(|((one, _), _)| *one == id);
        let first = same.min_by_key(|(_, (recorded_at, (position, ..)))| (*recorded_at, *position));
        first.map(|(_, (_, short))| *short)
    }
}

fn fold(log: &Partitions, turns: &[(usize, usize)]) -> Folded {
    log.fold(&mut LedgerFold::new(Arc::new(Pending::new(1))), turns)
}

fn ledger(folded: Folded) -> Ledger {
    let engine = MemoryEngine::default();
    let held = folded.held.into_iter();
    let changes: Changes = held.map(|(key, value)| (key, Some(value))).collect();
    engine.apply(changes).unwrap();
    Ledger::new(Store::on(Box::new(engine)))
}

proptest! {
    #[test]
    fn the_ledger_is_the_same_however_the_log_is_read(
        log in prop::collection::vec(written(), 0..60),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
    ) {
        let mut model = Model::default();
        let mut partitions = Partitions::new(partitions);
        for written in &log {
            let position = partitions.append(record(written));
            model.write(position, written);
        }
        let folded = fold(&partitions, &turns);
        prop_assert_eq!(&folded, &fold(&partitions, &[(0, usize::MAX)]));

        let ledger = ledger(folded);
        for number in 0..3 {
            let key = Key { tenant_id: TENANT.into(), id: id(number) };
            let first = ledger.interaction(&key).unwrap();
            prop_assert_eq!(first.as_ref().map(short), model.first(number));
            for customer in 0..4 {
                let whose = whose(&key_of(number, customer));
                let found = first.clone().and_then(|first| first.of(whose));
                let expected = model.recorded.get(&(number, customer)).map(|(_, short)| *short);
                prop_assert_eq!(found.as_ref().map(short), expected);
            }
        }
        for ((request, ..), amended) in &model.amended {
            let request = format!("request-{request}");
            let found = ledger.amendment(TENANT, &request, [amended.1; 16]).unwrap();
            prop_assert_eq!(found.map(|found| found.hash[0]), Some(amended.1));
            let other = ledger.amendment(TENANT, &request, [0; 16]).unwrap();
            prop_assert!(other.is_some(), "the request id is known");
        }
    }
}

fn short(recorded: &Recorded) -> Short {
    (recorded.position(), recorded.hash[0], recorded.version)
}
