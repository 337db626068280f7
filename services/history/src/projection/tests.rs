//! The fold does not depend on how partitions are read beside each other.

mod as_of;
mod found;
mod moves;

use aftercall_domain::commitment::{Change, Clock, Evidence, Lapse, Outcome, Rescheduled};
use aftercall_ledger::testing::fold;
use aftercall_log::Record;
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::{Fact, contact_key};
use aftercall_proto::event::v1::{CallReported, Event};
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind, CommitmentDraft, Customer, Handle, HandleKind, Interaction,
};
use aftercall_view::testing::Partitions;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

const TENANT: &str = "acme";

/// What customers are called; the last time nothing is said.
const NAMES: [&str; 4] = ["Anna Meier", "Anna Schulz", "Ann", ""];

const CALL_EVENTS: [CallEventKind; 4] = [
    CallEventKind::Started,
    CallEventKind::Identified,
    CallEventKind::Answered,
    CallEventKind::Ended,
];

/// An event as any process may have written it, races and repetitions included.
#[derive(Debug, Clone)]
struct Next {
    interaction: u8,
    /// 0 for a customer who isn't identified.
    customer: u8,
    recorded_at: u8,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Record {
        occurred_at: u8,
        imported: bool,
    },
    Amend {
        sequence: u64,
        label: u8,
        occurred_at: Option<u8>,
    },
    /// It turns out to be another customer's.
    Identify {
        sequence: u64,
        customer: u8,
    },
    Follow {
        sequence: u64,
        kind: u8,
        ahead: u8,
    },
    /// Telephony tells of it.
    Call {
        event: u8,
        kind: CallEventKind,
    },
}

fn next() -> impl Strategy<Value = Next> {
    let what = prop_oneof![
        2 => (0..4_u8, any::<bool>())
            .prop_map(|(occurred_at, imported)| What::Record { occurred_at, imported }),
        2 => (1..4_u64, 0..3_u8, prop::option::of(0..4_u8)).prop_map(
            |(sequence, label, occurred_at)| What::Amend { sequence, label, occurred_at }
        ),
        2 => (1..4_u64, 0..4_u8)
            .prop_map(|(sequence, customer)| What::Identify { sequence, customer }),
        2 => (1..4_u64, 0..4_u8, 0..4_u8)
            .prop_map(|(sequence, kind, ahead)| What::Follow { sequence, kind, ahead }),
        2 => (0..9_u8, prop::sample::select(CALL_EVENTS.to_vec()))
            .prop_map(|(event, kind)| What::Call { event, kind }),
    ];
    (0..3_u8, 0..4_u8, 0..4_u8, what).prop_map(|(interaction, customer, recorded_at, what)| Next {
        interaction,
        customer,
        recorded_at,
        what,
    })
}

/// All times lie within a day of each other.
fn at(hour: u8) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour.into())
}

fn interaction_id(number: u8) -> String {
    uuid::Uuid::from_u128(number.into()).to_string()
}

fn customer_id(number: u8) -> String {
    match number {
        0 => String::new(),
        number => format!("customer-{number}"),
    }
}

/// Every contact makes a promise of the same id: what a careless caller sends.
fn contact(next: &Next, occurred_at: u8) -> Interaction {
    Interaction {
        interaction_id: interaction_id(next.interaction),
        occurred_at: Some(to_wire(at(occurred_at))),
        customer: Some(Customer {
            customer_id: customer_id(next.customer),
            candidate_customer_ids: vec![customer_id(1), customer_id(2)],
            display_name: NAMES[usize::from(occurred_at) % NAMES.len()].to_owned(),
            handles: vec![Handle {
                kind: HandleKind::Telephone.into(),
                value: "+4930999001".to_owned(),
                ..Handle::default()
            }],
            ..Customer::default()
        }),
        commitments: vec![CommitmentDraft {
            commitment_id: interaction_id(9),
            told_to_customer: true,
            promised_by: Some(to_wire(at(5))),
            ..CommitmentDraft::default()
        }],
        ..Interaction::default()
    }
}

fn followed(next: &Next, kind: u8, ahead: u8) -> Fact {
    let recorded_at = at(next.recorded_at);
    let change = match kind {
        0 => Change::Lapsed(Lapse {
            clock: Clock::Promise,
            due_revision: 1,
            lapsed_at: at(5),
            detected_at: recorded_at,
        }),
        1 => Change::Fulfilled {
            fulfilled_at: recorded_at,
            outcome: Outcome::Kept,
            evidence: Evidence::default(),
            note: String::new(),
        },
        2 => Change::Cancelled {
            outcome: Outcome::Broken,
            customer_informed: Evidence::default(),
            reason: String::new(),
        },
        _ => Change::Rescheduled(Box::new(Rescheduled {
            number: 1,
            clock: Clock::Promise,
            target: None,
            stages: Vec::new(),
            due_revision: 2,
            from: at(5),
            to: at(6 + ahead),
            reason: String::new(),
            customer_informed: Evidence::default(),
            after_lapse: false,
            by: "lead".to_owned(),
            at: recorded_at,
            told_at: recorded_at,
            due: None,
        })),
    };
    fact(change)
}

/// What is told of a call.
fn told(next: &Next, event: u8, kind: CallEventKind) -> Fact {
    let event = CallEvent {
        source: "pbx".to_owned(),
        call_id: next.interaction.to_string(),
        event_id: event.to_string(),
        kind: kind.into(),
        occurred_at: Some(to_wire(at(next.recorded_at))),
        interaction_id: interaction_id(next.interaction),
        customer_id: customer_id(next.customer),
        agent_id: format!("agent-{}", event % 3),
        handles: vec![Handle {
            kind: HandleKind::Telephone.into(),
            value: "+4930999001".to_owned(),
            ..Handle::default()
        }],
        ..CallEvent::default()
    };
    Fact::CallReported(Box::new(CallReported {
        event: Some(event),
        ..CallReported::default()
    }))
}

fn record(next: &Next) -> Record {
    let id = interaction_id(next.interaction);
    let mut customer_id = customer_id(next.customer);
    let (fact, aggregate_id, sequence, import_batch) = match next.what {
        What::Record {
            occurred_at,
            imported,
        } => {
            let interaction = Some(contact(next, occurred_at));
            let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
                interaction,
                ..InteractionRecorded::default()
            }));
            (fact, id.clone(), 1, "batch".repeat(imported.into()))
        }
        What::Amend {
            sequence,
            label,
            occurred_at,
        } => {
            let mut paths = vec!["labels".to_owned()];
            paths.extend(occurred_at.map(|_| "occurred_at".to_owned()));
            let amended = InteractionAmended {
                update_mask: Some(FieldMask { paths }),
                interaction: Some(Interaction {
                    labels: vec![format!("label-{label}")],
                    occurred_at: occurred_at.map(|hour| to_wire(at(hour))),
                    ..Interaction::default()
                }),
                reason: String::new(),
            };
            let fact = Fact::InteractionAmended(Box::new(amended));
            (fact, id.clone(), sequence, String::new())
        }
        What::Identify { sequence, customer } => {
            let fact = Fact::InteractionIdentified(InteractionIdentified {
                customer_id: self::customer_id(customer),
                display_name: NAMES[usize::from(next.recorded_at) % NAMES.len()].to_owned(),
                ..InteractionIdentified::default()
            });
            (fact, id.clone(), sequence, String::new())
        }
        What::Follow {
            sequence,
            kind,
            ahead,
        } => {
            let fact = followed(next, kind, ahead);
            (fact, interaction_id(9), sequence, String::new())
        }
        What::Call { event, kind } => {
            // It stands for itself, whoever's it is.
            customer_id.clear();
            (told(next, event, kind), id.clone(), 0, String::new())
        }
    };
    let event = Event {
        tenant_id: TENANT.to_owned(),
        aggregate_id,
        sequence,
        occurred_at: Some(to_wire(at(next.recorded_at))),
        recorded_at: Some(to_wire(at(next.recorded_at))),
        customer_id: customer_id.clone(),
        interaction_id: id.clone(),
        import_batch,
        ..fact.event()
    };
    Record {
        key: contact_key(TENANT, &customer_id, &id),
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    }
}

proptest! {
    #[test]
    fn store_and_index_are_the_same_however_the_log_is_read(
        log in prop::collection::vec(next(), 0..60),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
    ) {
        let mut written = Partitions::new(partitions);
        for next in &log {
            written.append(record(next));
        }
        let fold = |turns: &[_]| fold(&written, &mut HistoryProjection::new(Fields::new()), turns);
        prop_assert_eq!(fold(&turns), fold(&[(0, usize::MAX)]));
    }
}
