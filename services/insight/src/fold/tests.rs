//! What rows say is the same however the log is read, and there is one for each contact that was recorded and for each
//! call that nobody recorded.

use std::collections::BTreeMap;

use aftercall_domain::Scope;
use aftercall_domain::measure::{Facts, Feeling, Terms};
use aftercall_ledger::testing::fold_to_store;
use aftercall_log::Record;
use aftercall_proto::envelope::{Fact, contact_key, customer_key};
use aftercall_proto::event::v1::{
    ActorKind, CallClosed, CallClosing, CallDropJudged, CallReported, CallWrapUpSaved,
    CustomersMerged, Event, InteractionAnalysed,
};
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_proto::model::v1 as wire;
use aftercall_service::Checker;
use aftercall_view::testing::Partitions;
use aftercall_view::{Direction, StoreError};
use bytes::Bytes;
use pbjson_types::{FieldMask, Timestamp};
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::filter::Filter;
use crate::keys::Address;
use crate::scan::{self, Asked};

const TENANT: &str = "acme";
const CONTACTS: u8 = 5;
const REASONS: [&str; 3] = ["billing.refund", "billing.invoice", "outage"];

/// What is told of calls.
const KINDS: [wire::CallEventKind; 10] = [
    wire::CallEventKind::Started,
    wire::CallEventKind::MenuStep,
    wire::CallEventKind::Queued,
    wire::CallEventKind::Answered,
    wire::CallEventKind::Held,
    wire::CallEventKind::Resumed,
    wire::CallEventKind::Dropped,
    wire::CallEventKind::Ended,
    wire::CallEventKind::AcwBegan,
    wire::CallEventKind::AcwEnded,
];

/// What the record of a contact says. Times are in seconds.
#[derive(Debug, Clone, Copy)]
struct Says {
    reason: usize,
    began: i64,
    took: Option<i64>,
    is_lost: Option<bool>,
    waited: Option<i64>,
    has_trouble: bool,
}

/// All columns, in their order.
const COLUMNS: [Column; 15] = [
    Column::Agent,
    Column::Team,
    Column::Site,
    Column::Queue,
    Column::Reason,
    Column::Disposition,
    Column::Language,
    Column::ClientAccount,
    Column::Parties,
    Column::RepeatCommitment,
    Column::RepeatTeam,
    Column::RootCause,
    Column::Driver,
    Column::IvrPath,
    Column::Scorer,
];

/// What happens next with a contact, as any process may have written it, races and repetitions included.
#[derive(Debug, Clone)]
enum Next {
    Record(Says),
    Amend(u64, Says),
    /// How the customer felt is said later, by one of two scorers, and a signal is found.
    Analyse(u64, u8, i8),
    Identify(u64, u8),
    Tell {
        event: u8,
        kind: wire::CallEventKind,
        second: i64,
    },
    Close(bool),
    Judge {
        is_lost: bool,
        back: Option<i64>,
    },
    Save(usize),
    /// Its customer and another one become one.
    Merge(u64, u8),
}

fn says() -> impl Strategy<Value = Says> {
    let ends = (
        prop::option::weighted(0.3, 0..900_i64),
        prop::option::weighted(0.3, any::<bool>()),
        prop::option::weighted(0.3, 0..900_i64),
    );
    let begins = (0..REASONS.len(), 0..4_000_i64, prop::bool::weighted(0.2));
    (begins, ends).prop_map(|(begins, ends)| Says {
        reason: begins.0,
        began: begins.1,
        took: ends.0,
        is_lost: ends.1,
        waited: ends.2,
        has_trouble: begins.2,
    })
}

/// A contact, whose it is, and what happens with it.
fn next() -> impl Strategy<Value = (u8, u8, Next)> {
    let tell = (0..9_u8, prop::sample::select(KINDS.to_vec()), 0..4_000_i64);
    let next = prop_oneof![
        4 => says().prop_map(Next::Record),
        2 => (2..4_u64, says()).prop_map(|(sequence, says)| Next::Amend(sequence, says)),
        2 => (2..4_u64, 0..2_u8, -3..4_i8)
            .prop_map(|(sequence, by, end)| Next::Analyse(sequence, by, end)),
        1 => (2..4_u64, 0..3_u8).prop_map(|(sequence, to)| Next::Identify(sequence, to)),
        12 => tell.prop_map(|(event, kind, second)| Next::Tell { event, kind, second }),
        1 => any::<bool>().prop_map(Next::Close),
        2 => (any::<bool>(), prop::option::of(0..4_000_i64))
            .prop_map(|(is_lost, back)| Next::Judge { is_lost, back }),
        1 => (0..REASONS.len()).prop_map(Next::Save),
        1 => (1..3_u64, 1..3_u8).prop_map(|(sequence, other)| Next::Merge(sequence, other)),
    ];
    (0..CONTACTS, 0..3_u8, next)
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

const fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn reasons(reason: usize) -> Vec<wire::ContactReason> {
    vec![wire::ContactReason {
        code: REASONS[reason].to_owned(),
        primary: true,
        ..wire::ContactReason::default()
    }]
}

fn sentiment(by: u8, end: i8) -> wire::Sentiment {
    wire::Sentiment {
        end: Some(end.into()),
        scorer: format!("scorer-{by}"),
        ..wire::Sentiment::default()
    }
}

fn contact(id: &str, customer_id: &str, says: Says) -> wire::Interaction {
    let waited = says.waited.map(|waited| wire::Segment {
        kind: wire::SegmentKind::Queue.into(),
        queue_id: "recorded".to_owned(),
        enqueued_at: at(says.began),
        dequeued_at: at(says.began + waited),
        ..wire::Segment::default()
    });
    let disconnect = says.is_lost.map(|is_lost| wire::Disconnect {
        drop_class: match is_lost {
            true => wire::DropClass::Confirmed.into(),
            false => wire::DropClass::NotADrop.into(),
        },
        ..wire::Disconnect::default()
    });
    wire::Interaction {
        interaction_id: id.to_owned(),
        direction: wire::Direction::Inbound.into(),
        team_id: "team".to_owned(),
        customer: Some(wire::Customer {
            customer_id: customer_id.to_owned(),
            ..wire::Customer::default()
        }),
        contact_reasons: reasons(says.reason),
        driver_segment: Some(wire::DriverSegment {
            code: REASONS[says.reason].to_owned(),
            ..wire::DriverSegment::default()
        }),
        occurred_at: at(says.began),
        ended_at: says.took.and_then(|took| at(says.began + took)),
        segments: waited.into_iter().collect(),
        disconnect,
        problem_onset_at: at(says.began - 500).filter(|_| says.has_trouble),
        // Who records a trouble says how the customer felt, too.
        sentiment: says.has_trouble.then(|| sentiment(2, -2)),
        ..wire::Interaction::default()
    }
}

/// What is told of a call, by whom its customer is known.
fn told(number: u8, customer: u8, (event, kind, second): (u8, wire::CallEventKind, i64)) -> Fact {
    Fact::CallReported(Box::new(CallReported {
        event: Some(wire::CallEvent {
            source: "pbx".to_owned(),
            call_id: number.to_string(),
            event_id: event.to_string(),
            kind: kind.into(),
            occurred_at: at(second),
            interaction_id: interaction_id(number),
            customer_id: customer_id(customer),
            direction: wire::Direction::Inbound.into(),
            queue_id: format!("queue-{event}"),
            team_id: format!("team-{event}"),
            menu_node: format!("step-{event}"),
            ..wire::CallEvent::default()
        }),
        ..CallReported::default()
    }))
}

/// What happened, and which event of what it is.
fn fact(number: u8, customer: u8, next: &Next) -> (Fact, String, u64) {
    let (id, whose) = (interaction_id(number), customer_id(customer));
    match *next {
        Next::Record(says) => {
            let interaction = Some(contact(&id, &whose, says));
            let recorded = InteractionRecorded {
                interaction,
                ..InteractionRecorded::default()
            };
            (Fact::InteractionRecorded(Box::new(recorded)), id, 1)
        }
        Next::Amend(sequence, says) => {
            let paths = [
                "segments",
                "ended_at",
                "occurred_at",
                "disconnect",
                "sentiment",
                "driver_segment",
            ];
            let amended = InteractionAmended {
                update_mask: Some(FieldMask {
                    paths: paths.map(str::to_owned).to_vec(),
                }),
                interaction: Some(contact(&id, &whose, says)),
                reason: String::new(),
            };
            (Fact::InteractionAmended(Box::new(amended)), id, sequence)
        }
        Next::Analyse(sequence, by, end) => {
            let analysed = InteractionAnalysed {
                sentiments: vec![sentiment(by, end)],
                signals: vec![wire::Signal {
                    kind: wire::SignalKind::Abuse.into(),
                    ..wire::Signal::default()
                }],
            };
            (Fact::InteractionAnalysed(Box::new(analysed)), id, sequence)
        }
        Next::Identify(sequence, to) => {
            let identified = InteractionIdentified {
                customer_id: customer_id(to),
                ..InteractionIdentified::default()
            };
            (Fact::InteractionIdentified(identified), id, sequence)
        }
        Next::Merge(sequence, other) => {
            let merged = CustomersMerged {
                customer_id: whose.clone(),
                merged_customer_id: customer_id(other),
                ..CustomersMerged::default()
            };
            (Fact::CustomersMerged(merged), whose, sequence)
        }
        _ => (of_call(number, customer, next), id, 1),
    }
}

/// What is said of a call.
fn of_call(number: u8, customer: u8, next: &Next) -> Fact {
    match *next {
        Next::Tell {
            event,
            kind,
            second,
        } => told(number, customer, (event, kind, second)),
        Next::Close(is_end) => {
            let closing = match is_end {
                true => CallClosing::End,
                false => CallClosing::WrapUp,
            };
            Fact::CallClosed(CallClosed {
                closing: closing.into(),
                due_at: None,
            })
        }
        Next::Judge { is_lost, .. } => {
            let class = match is_lost {
                true => wire::DropClass::Confirmed,
                false => wire::DropClass::NotADrop,
            };
            Fact::CallDropJudged(Box::new(CallDropJudged {
                drop_class: class.into(),
                ..CallDropJudged::default()
            }))
        }
        Next::Save(reason) => Fact::CallWrapUpSaved(Box::new(CallWrapUpSaved {
            update_mask: Some(FieldMask {
                paths: vec!["contact_reasons".to_owned()],
            }),
            interaction: Some(wire::Interaction {
                contact_reasons: reasons(reason),
                ..wire::Interaction::default()
            }),
        })),
        _ => unreachable!("it is about a contact or a customer"),
    }
}

fn record(place: usize, (number, customer, next): &(u8, u8, Next)) -> Record {
    let (fact, aggregate_id, sequence) = fact(*number, *customer, next);
    let (id, whose) = (interaction_id(*number), customer_id(*customer));
    let key = match next {
        Next::Merge(..) => customer_key(TENANT, &whose),
        Next::Record(_) | Next::Amend(..) | Next::Analyse(..) | Next::Identify(..) => {
            contact_key(TENANT, &whose, &id)
        }
        // A call stands for itself, whoever's it is.
        _ => contact_key(TENANT, "", &id),
    };
    let back = match next {
        Next::Judge { back, .. } => *back,
        _ => None,
    };
    let event = Event {
        event_id: place.to_string(),
        tenant_id: TENANT.to_owned(),
        aggregate_id,
        interaction_id: id,
        sequence,
        actor_kind: match back {
            Some(_) => ActorKind::System.into(),
            None => ActorKind::Agent.into(),
        },
        occurred_at: at(back.unwrap_or(0)),
        recorded_at: at(place as i64),
        customer_id: whose,
        ..fact.event()
    };
    Record {
        key,
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    }
}

/// What a row says: of which contact, when, how, in words, what it comes to, where its record stands, and how the customer
/// felt.
type Said = (
    [u8; 16],
    i64,
    [u8; 2],
    Vec<String>,
    Facts,
    (u64, BTreeMap<String, Feeling>),
);

fn rows(store: &Store) -> BTreeMap<Address, Said> {
    let (scope, terms) = (Scope::All, Terms::default());
    let filter = Filter::of(&ContactFilter::default(), &mut Checker::new());
    let asked = Asked::all((TENANT, &scope), &filter, &terms);
    let (mut rows, parties) = (BTreeMap::new(), Column::Parties as usize);
    let visited = scan::rows(store, asked, |seen| {
        let (row, (_, words)) = (seen.row, seen.partition());
        let numbers = COLUMNS.map(|column| row.word(column) as usize);
        let word = |(column, number): (usize, usize)| match column == parties {
            true => format!("{:?}", words.parties(number)),
            false => words.word(number).to_owned(),
        };
        let said = numbers.into_iter().enumerate().map(word).collect();
        let mut felt = BTreeMap::from([(String::new(), seen.feeling)]);
        seen.each_scorer(|scorer, feeling| {
            felt.insert(scorer.to_owned(), feeling);
            Ok::<_, StoreError>(())
        })?;
        let how = [row.channel(), row.direction()];
        let (id, at_us) = (row.interaction_id(), row.occurred_at_us());
        let of = (id, at_us, how, said, seen.facts(), (row.offset(), felt));
        let was = rows.insert(seen.address, of);
        assert!(was.is_none(), "each is shown once");
        Ok::<_, StoreError>(true)
    });
    visited.unwrap();
    rows
}

/// All that the store holds but rows, the numbers of their words, and hints by whom something went wrong.
fn rest(store: &Store) -> BTreeMap<Bytes, Bytes> {
    let all = store.scan_prefix([], Direction::Ascending);
    let all = all.map(|entry| entry.unwrap());
    all.filter(|(key, _)| ![1, 7, 8, 9, 211, 212].contains(&key[0]))
        .collect()
}

/// How many contacts of an id were recorded.
fn recorded(store: &Store, id: &str) -> usize {
    let kept = keys::all_kept(TENANT, id);
    store.scan_prefix(kept, Direction::Ascending).count()
}

proptest! {
    #[test]
    fn rows_are_the_same_however_the_log_is_read(
        log in prop::collection::vec(next(), 0..70),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
    ) {
        let mut written = Partitions::new(partitions);
        for (place, next) in log.iter().enumerate() {
            written.append(record(place, next));
        }
        let fold = |turns: &[_]| fold_to_store(&written, &mut InsightProjection::default(), turns);
        let (one, other) = (fold(&turns), fold(&[(0, usize::MAX)]));
        let found = rows(&one);
        prop_assert_eq!(&found, &rows(&other));
        prop_assert_eq!(rest(&one), rest(&other));
        for number in 0..CONTACTS {
            let id = interaction_id(number);
            let own = uuid::Uuid::from_u128(number.into()).into_bytes();
            let own = found.values().filter(|said| said.0 == own);
            let call = finished_call(TENANT, &id, |key| one.get(key)).unwrap();
            let expected = match recorded(&one, &id) {
                0 => usize::from(call.is_some()),
                recorded => recorded,
            };
            prop_assert_eq!(own.count(), expected);
        }
    }
}
