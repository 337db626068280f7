//! The fold does not depend on how partitions are read beside each other.

use aftercall_domain::solution::{candidate_id, solution_id};
use aftercall_ledger::testing::fold;
use aftercall_log::Record;
use aftercall_proto::envelope::{Fact, contact_key, solution_key};
use aftercall_proto::event::v1::SolutionPublished;
use aftercall_proto::model::v1::{
    ContactReason, Customer, Handling, Interaction, ReasonResolution, Solution, SolutionUse,
    SolutionUseKind,
};
use aftercall_view::testing::Partitions;
use pbjson_types::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::index::Fields;
use crate::view::KnowledgeView;

const TENANT: &str = "acme";

/// An event as any process may have written it, races and repetitions included.
#[derive(Debug, Clone)]
enum Next {
    /// A contact is recorded, or amended by a later sequence.
    Contact {
        interaction: u8,
        /// 0 for a customer who isn't identified.
        customer: u8,
        sequence: u64,
        /// By which way it was solved; 0 for none.
        way: u8,
        used: Option<u8>,
    },
    /// The candidate of a way becomes a solution.
    Publish { way: u8, request: u8, words: u8 },
}

fn next() -> impl Strategy<Value = Next> {
    let contact = (
        0..3_u8,
        0..4_u8,
        1..4_u64,
        0..3_u8,
        prop::option::of(1..3_u8),
    );
    prop_oneof![
        5 => contact.prop_map(|(interaction, customer, sequence, way, used)| Next::Contact {
            interaction,
            customer,
            sequence,
            way,
            used,
        }),
        1 => (1..3_u8, 0..2_u8, 0..3_u8)
            .prop_map(|(way, request, words)| Next::Publish { way, request, words }),
    ]
}

fn candidate(way: u8) -> String {
    let id = candidate_id(TENANT, "code", &words(way));
    id.unwrap().to_string()
}

fn words(way: u8) -> String {
    format!("Restart the router in way {way}")
}

fn contact(interaction_id: &str, customer_id: &str, way: u8, used: Option<u8>) -> Interaction {
    let resolution = match way {
        0 => ReasonResolution::NotResolved,
        _ => ReasonResolution::Resolved,
    };
    let used = used.map(|way| SolutionUse {
        solution_id: solution_id(TENANT, &candidate(way)).to_string(),
        kind: SolutionUseKind::UsedAsIs.into(),
        ..SolutionUse::default()
    });
    Interaction {
        interaction_id: interaction_id.to_owned(),
        // Amendments of one contact and contacts of one id have the same time.
        occurred_at: Some(Timestamp::default()),
        agent_id: "agent".to_owned(),
        customer: Some(Customer {
            customer_id: customer_id.to_owned(),
            ..Customer::default()
        }),
        contact_reasons: vec![ContactReason {
            code: "code".to_owned(),
            primary: true,
            resolution: resolution.into(),
            ..ContactReason::default()
        }],
        handling: Some(Handling {
            resolution: words(way),
            ..Handling::default()
        }),
        solution_uses: used.into_iter().collect(),
        ..Interaction::default()
    }
}

fn record(next: &Next) -> Record {
    let (key, fact, aggregate_id, sequence, request_id) = match next {
        Next::Contact {
            interaction,
            customer,
            sequence,
            way,
            used,
        } => {
            let id = format!("i-{interaction}");
            let customer_id = match customer {
                0 => String::new(),
                customer => format!("customer-{customer}"),
            };
            let key = contact_key(TENANT, &customer_id, &id);
            let interaction = Some(contact(&id, &customer_id, *way, *used));
            let fact = match sequence {
                1 => Fact::InteractionRecorded(Box::new(InteractionRecorded { interaction })),
                _ => Fact::InteractionAmended(Box::new(InteractionAmended {
                    update_mask: Some(pbjson_types::FieldMask {
                        paths: ["contact_reasons", "handling", "solution_uses"]
                            .map(str::to_owned)
                            .to_vec(),
                    }),
                    interaction,
                    reason: String::new(),
                })),
            };
            (key, fact, id, *sequence, String::new())
        }
        Next::Publish {
            way,
            request,
            words: title,
        } => {
            let candidate_id = candidate(*way);
            let id = solution_id(TENANT, &candidate_id).to_string();
            let solution = Solution {
                solution_id: id.clone(),
                title: format!("Title {title}"),
                resolution: words(*way),
                ..Solution::default()
            };
            let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
                solution: Some(solution),
                candidate_id,
                personal_reviewed: false,
            }));
            let key = solution_key(TENANT, &id);
            (key, fact, id, 1, format!("request-{request}"))
        }
    };
    let event = Event {
        tenant_id: TENANT.to_owned(),
        aggregate_id,
        sequence,
        request_id,
        ..fact.event()
    };
    Record {
        key,
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
        let fold = |turns: &[_]| fold(&written, &mut KnowledgeView::new(Fields::new()), turns);
        prop_assert_eq!(fold(&turns), fold(&[(0, usize::MAX)]));
    }
}
