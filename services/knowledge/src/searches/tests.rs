//! What is counted does not depend on how partitions are read beside each other, and is what a recount finds.

mod echoes;
mod scores;

use aftercall_ledger::testing::{fold, fold_to_store};
use aftercall_log::Record;
use aftercall_proto::envelope::{Fact, contact_key, search_key, solution_key};
use aftercall_proto::event::v1::{
    CallReported, Event, InteractionAmended, InteractionIdentified, InteractionRecorded,
    LinkJudged, SearchReported, SearchUnanswered,
};
use aftercall_proto::model::v1::{
    CallEvent, CallEventKind, ContactReason, Customer, Direction, Hold, HoldReason, Interaction,
    LinkVerdict, SearchOutcome, SearchQuestion, Segment, SegmentKind, SolutionUse, SolutionUseKind,
};
use aftercall_view::Store;
use aftercall_view::key::Key;
use aftercall_view::testing::Partitions;
use bytes::Bytes;
use pbjson_types::Timestamp;
use proptest::prelude::*;
use prost::Message;

use super::records::{COMES_BACK_WITHIN_US, Trace};
use crate::index::Fields;
use crate::keys::search as keys;
use crate::notes::Notes;
use crate::view::KnowledgeView;

const TENANT: &str = "acme";
const DAY_S: i64 = 86_400;

/// What a contact's record says.
#[derive(Debug, Clone, Copy)]
struct Says {
    inbound: bool,
    reason: u8,
    day: u8,
    lookups: u8,
    used: Option<u8>,
}

/// An event as any process may have written it, races and repetitions included.
#[derive(Debug, Clone)]
enum Next {
    Contact {
        interaction: u8,
        customer: u8,
        sequence: u64,
        says: Says,
    },
    Identified {
        interaction: u8,
        customer: u8,
        sequence: u64,
        as_customer: u8,
    },
    Search {
        search: u8,
        sequence: u64,
        interaction: Option<u8>,
        reason: u8,
        /// None for what the server keeps.
        outcome: Option<u8>,
        solution: u8,
    },
    Judged {
        solution: u8,
        interaction: u8,
        sequence: u64,
        is_right: bool,
    },
    /// Telephony tells of the call that a contact is.
    Told {
        interaction: u8,
        event: u8,
        kind: CallEventKind,
        second: i64,
    },
}

/// What is told of calls: an agent looks something up, and the customer hangs up.
const TOLD: [CallEventKind; 4] = [
    CallEventKind::Queued,
    CallEventKind::Held,
    CallEventKind::Resumed,
    CallEventKind::Ended,
];

fn says() -> impl Strategy<Value = Says> {
    let said = (
        prop::bool::weighted(0.7),
        0..2_u8,
        0..12_u8,
        0..9_u8,
        prop::option::of(0..2_u8),
    );
    said.prop_map(|(inbound, reason, day, lookups, used)| Says {
        inbound,
        reason,
        day,
        lookups,
        used,
    })
}

fn next() -> impl Strategy<Value = Next> {
    let contact = (0..4_u8, 0..3_u8, 1..4_u64, says());
    let search = (
        0..3_u8,
        1..4_u64,
        prop::option::of(0..4_u8),
        0..3_u8,
        prop::option::of(1..5_u8),
        0..2_u8,
    );
    prop_oneof![
        5 => contact.prop_map(|(interaction, customer, sequence, says)| Next::Contact {
            interaction,
            customer,
            sequence,
            says,
        }),
        1 => (0..4_u8, 0..3_u8, 2..4_u64, 0..3_u8).prop_map(|(interaction, customer, sequence, of)| {
            Next::Identified { interaction, customer, sequence, as_customer: of }
        }),
        3 => search.prop_map(|(search, sequence, interaction, reason, outcome, solution)| Next::Search {
            search,
            sequence,
            interaction,
            reason,
            outcome,
            solution,
        }),
        1 => (0..2_u8, 0..4_u8, 1..3_u64, any::<bool>()).prop_map(|(solution, interaction, sequence, is_right)| {
            Next::Judged { solution, interaction, sequence, is_right }
        }),
        5 => (0..4_u8, 0..9_u8, prop::sample::select(TOLD.to_vec()), 0..90_i64).prop_map(
            |(interaction, event, kind, second)| Next::Told { interaction, event, kind, second }
        ),
    ]
}

fn contact_id(n: u8) -> String {
    format!("0199{n:04x}-0000-7000-8000-000000000001")
}

fn solution_id(n: u8) -> String {
    format!("0199{n:04x}-0000-7000-8000-000000000002")
}

fn search_id(n: u8) -> String {
    format!("0199{n:04x}-0000-7000-8000-000000000003")
}

fn customer_id(n: u8) -> String {
    match n {
        0 => String::new(),
        n => format!("customer-{n}"),
    }
}

fn contact(id: &str, customer_id: &str, says: Says) -> Interaction {
    let hold = Hold {
        reason: HoldReason::Lookup.into(),
        ..Hold::default()
    };
    // A record that says no segments is completed by what telephony tells.
    let segment = (says.lookups > 0).then(|| Segment {
        kind: SegmentKind::Agent.into(),
        holds: vec![hold; usize::from(says.lookups)],
        ..Segment::default()
    });
    let used = says.used.map(|of| SolutionUse {
        solution_id: solution_id(of),
        version: 1,
        kind: SolutionUseKind::UsedAsIs.into(),
        ..SolutionUse::default()
    });
    let direction = match says.inbound {
        true => Direction::Inbound,
        false => Direction::Outbound,
    };
    Interaction {
        interaction_id: id.to_owned(),
        direction: direction.into(),
        occurred_at: Some(Timestamp {
            seconds: i64::from(says.day) * DAY_S,
            nanos: 0,
        }),
        customer: Some(Customer {
            customer_id: customer_id.to_owned(),
            ..Customer::default()
        }),
        contact_reasons: vec![ContactReason {
            code: format!("reason-{}", says.reason),
            primary: true,
            ..ContactReason::default()
        }],
        segments: segment.into_iter().collect(),
        solution_uses: used.into_iter().collect(),
        ..Interaction::default()
    }
}

fn search(next: &Next) -> Option<(Vec<u8>, Fact, String, u64)> {
    let Next::Search {
        search,
        sequence,
        interaction,
        reason,
        outcome,
        solution,
    } = next
    else {
        return None;
    };
    let id = search_id(*search);
    let question = Some(SearchQuestion {
        text: "why".to_owned(),
        reason_code: match reason {
            0 => String::new(),
            reason => format!("reason-{}", reason - 1),
        },
        interaction_id: interaction.map(contact_id).unwrap_or_default(),
        ..SearchQuestion::default()
    });
    let fact = match outcome {
        None => Fact::SearchUnanswered(Box::new(SearchUnanswered {
            question,
            guessed_solution_ids: vec![solution_id(*solution)],
        })),
        Some(outcome) => Fact::SearchReported(Box::new(SearchReported {
            question,
            outcome: i32::from(*outcome),
            solution_id: match SearchOutcome::try_from(i32::from(*outcome)) {
                Ok(SearchOutcome::NoneFitted) => String::new(),
                _ => solution_id(*solution),
            },
            version: 1 + u32::from(sequence % 2 == 0),
            shown_solution_ids: vec![solution_id(0), solution_id(1)],
        })),
    };
    Some((search_key(TENANT, &id).to_vec(), fact, id, *sequence))
}

/// A contact that is recorded, or amended.
fn said(
    (interaction, customer): (u8, u8),
    sequence: u64,
    says: Says,
) -> (Vec<u8>, Fact, String, u64) {
    let (id, customer_id) = (contact_id(interaction), customer_id(customer));
    let key = contact_key(TENANT, &customer_id, &id);
    let said = Some(contact(&id, &customer_id, says));
    let paths = [
        "contact_reasons",
        "direction",
        "segments",
        "solution_uses",
        "occurred_at",
    ];
    let fact = match sequence {
        1 => Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction: said,
            ..InteractionRecorded::default()
        })),
        _ => Fact::InteractionAmended(Box::new(InteractionAmended {
            update_mask: Some(pbjson_types::FieldMask {
                paths: paths.map(str::to_owned).to_vec(),
            }),
            interaction: said,
            reason: String::new(),
        })),
    };
    (key.to_vec(), fact, id, sequence)
}

/// An event of a call, under the call's own key.
fn told(
    interaction: u8,
    event: u8,
    (kind, second): (CallEventKind, i64),
) -> (Vec<u8>, Fact, String, u64) {
    let id = contact_id(interaction);
    let event = CallEvent {
        source: "pbx".to_owned(),
        call_id: id.clone(),
        event_id: event.to_string(),
        kind: kind.into(),
        hold_reason: HoldReason::Lookup.into(),
        occurred_at: Some(Timestamp {
            seconds: second,
            nanos: 0,
        }),
        interaction_id: id.clone(),
        ..CallEvent::default()
    };
    let fact = Fact::CallReported(Box::new(CallReported {
        event: Some(event),
        ..CallReported::default()
    }));
    (contact_key(TENANT, "", &id).to_vec(), fact, id, 0)
}

fn record(next: &Next) -> Record {
    let (key, fact, aggregate_id, sequence) = match next {
        Next::Contact {
            interaction,
            customer,
            sequence,
            says,
        } => said((*interaction, *customer), *sequence, *says),
        Next::Identified {
            interaction,
            customer,
            sequence,
            as_customer,
        } => {
            let id = contact_id(*interaction);
            let key = contact_key(TENANT, &customer_id(*customer), &id);
            let fact = Fact::InteractionIdentified(InteractionIdentified {
                customer_id: customer_id(*as_customer),
                ..InteractionIdentified::default()
            });
            (key.to_vec(), fact, id, *sequence)
        }
        Next::Judged {
            solution,
            interaction,
            sequence,
            is_right,
        } => {
            let (of, contact) = (solution_id(*solution), contact_id(*interaction));
            let fact = Fact::LinkJudged(Box::new(LinkJudged {
                solution_id: of.clone(),
                version: 1,
                interaction_id: contact.clone(),
                verdict: match is_right {
                    true => LinkVerdict::Right.into(),
                    false => LinkVerdict::Wrong.into(),
                },
                note: String::new(),
            }));
            let key = solution_key(TENANT, &of).to_vec();
            (key, fact, format!("{of} {contact}"), *sequence)
        }
        Next::Told {
            interaction,
            event,
            kind,
            second,
        } => told(*interaction, *event, (*kind, *second)),
        search_event => search(search_event).unwrap(),
    };
    let event = Event {
        tenant_id: TENANT.to_owned(),
        aggregate_id,
        sequence,
        request_id: String::new(),
        ..fact.event()
    };
    Record {
        key: key.into(),
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    }
}

proptest! {
    #[test]
    fn what_is_counted_is_the_same_however_the_log_is_read(
        log in prop::collection::vec(next(), 0..60),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
    ) {
        let mut written = Partitions::new(partitions);
        for next in &log {
            written.append(record(next));
        }
        let view = || KnowledgeView::new(Fields::new(), Notes::default());
        let fold = |turns: &[_]| fold(&written, &mut view(), turns);
        prop_assert_eq!(fold(&turns), fold(&[(0, usize::MAX)]));
    }

    #[test]
    fn what_stands_beside_a_contact_is_what_a_look_at_all_contacts_finds(
        log in prop::collection::vec(next(), 0..60),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
    ) {
        let mut written = Partitions::new(partitions);
        for next in &log {
            written.append(record(next));
        }
        let mut view = KnowledgeView::new(Fields::new(), Notes::default());
        let store = fold_to_store(&written, &mut view, &turns);
        let all = traces(&store);
        for (own, trace) in &all {
            let Some((list, own)) = own else {
                let none = [trace.beside.is_repeat, trace.beside.came_back];
                prop_assert_eq!(none, [false; 2]);
                continue;
            };
            let same = all.iter().filter_map(|(place, other)| {
                let (of, key) = place.as_ref()?;
                let apart = other.occurred_at_us.abs_diff(trace.occurred_at_us);
                let is_close = apart <= COMES_BACK_WITHIN_US.unsigned_abs();
                // Where we called, the customer did not come back.
                (other.is_inbound && of == list && is_close).then_some(key)
            });
            let is_repeat = trace.is_inbound && same.clone().any(|key| key < own);
            let came_back = same.clone().any(|key| key > own);
            prop_assert_eq!(trace.beside.is_repeat, is_repeat);
            prop_assert_eq!(trace.beside.came_back, came_back);
        }
    }
}

/// All contacts' traces, each with the list that it stands in and its key there, if it is in one.
fn traces(store: &Store) -> Vec<(Option<(Key, Key)>, Trace)> {
    let of_contact = |number: u8| {
        let id = contact_id(number);
        let list = keys::traces(TENANT, &id);
        let rows = store.scan_prefix(&list, aftercall_view::Direction::Ascending);
        let read = move |row: Result<(Bytes, Bytes), _>| {
            let (key, value) = row.unwrap();
            let trace = Trace::decode(value).unwrap();
            let whose = keys::read_trace(&key, &list).unwrap();
            let is_known = !trace.customer_id.is_empty() && !trace.reason_code.is_empty();
            let place = is_known.then(|| {
                let list = keys::reached_out(TENANT, &trace.customer_id, &trace.reason_code);
                let own = list.clone().time(trace.occurred_at_us).id(&id).u64(whose);
                (list, own)
            });
            (place, trace)
        };
        rows.map(read).collect::<Vec<_>>()
    };
    (0..=u8::MAX).flat_map(of_contact).collect()
}
