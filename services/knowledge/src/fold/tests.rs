//! The fold does not depend on how partitions are read beside each other.

mod former;
mod solving;
mod told;

use aftercall_domain::solution::solution_id;
use aftercall_ledger::testing::fold;
use aftercall_log::Record;
use aftercall_proto::envelope::{Fact, candidates_key, contact_key, solution_key};
use aftercall_proto::event::v1::{
    CandidatesClaimed, CandidatesMerged, CandidatesRejected, CandidatesReleased,
    CommitmentFulfilled, SolutionPublished,
};
use aftercall_proto::model::v1::{
    CommitmentDraft, CommitmentKind, ContactReason, Customer, Escalation, Handling, Interaction,
    LentWords, ReasonResolution, Solution, SolutionUse, SolutionUseKind,
};
use aftercall_view::testing::Partitions;
use pbjson_types::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::form::Form;
use crate::index::Fields;
use crate::notes::Notes;
use crate::view::KnowledgeView;

mod outcomes;

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
        /// What came of an escalation; 0 for none.
        outcome: u8,
    },
    /// What the contact promised to put right is put right.
    Correct {
        interaction: u8,
        customer: u8,
        way: u8,
    },
    /// The candidate of a way becomes a solution, and those of near ways.
    Publish {
        way: u8,
        request: u8,
        words: u8,
        by_words: bool,
    },
    /// Something is done with the solution of a way, whether it could be decided or not.
    Solution {
        way: u8,
        sequence: u64,
        what: u8,
        version: u32,
        other: u8,
    },
    /// A reviewer decides on the candidates of some ways.
    Decide {
        decision: u8,
        ways: Vec<u8>,
        sequence: u64,
        request: u8,
    },
}

fn next() -> impl Strategy<Value = Next> {
    let contact = (
        0..3_u8,
        0..4_u8,
        1..4_u64,
        0..4_u8,
        prop::option::of(1..3_u8),
        0..4_u8,
    );
    let decide = (
        0..4_u8,
        prop::collection::vec(1..4_u8, 1..3),
        1..5_u64,
        0..3_u8,
    );
    prop_oneof![
        5 => contact.prop_map(|(interaction, customer, sequence, way, used, outcome)| Next::Contact {
            interaction,
            customer,
            sequence,
            way,
            used,
            outcome,
        }),
        1 => (0..3_u8, 0..4_u8, 1..4_u8)
            .prop_map(|(interaction, customer, way)| Next::Correct { interaction, customer, way }),
        1 => (1..4_u8, 0..2_u8, 0..3_u8, any::<bool>())
            .prop_map(|(way, request, words, by_words)| Next::Publish { way, request, words, by_words }),
        6 => (1..4_u8, 1..7_u64, 0..12_u8, 1..4_u32, 1..4_u8).prop_map(
            |(way, sequence, what, version, other)| Next::Solution {
                way,
                sequence,
                what,
                version,
                other,
            }
        ),
        2 => decide.prop_map(|(decision, ways, sequence, request)| Next::Decide {
            decision,
            ways,
            sequence,
            request,
        }),
    ]
}

fn candidate(way: u8) -> String {
    Form::of(&words(way)).unwrap().candidate_id(TENANT, "code")
}

/// The id that the candidate of a way had once.
fn former(way: u8) -> String {
    Form::former_id(&words(way), TENANT, "code").unwrap()
}

/// The first two say nearly the same.
fn words(way: u8) -> String {
    let extra = ["", "", "again", "twice"][usize::from(way)];
    format!("Restart the router beside the kitchen door, check every cable {extra}")
}

fn contact(
    (interaction_id, customer_id): (&str, &str),
    way: u8,
    used: Option<u8>,
    outcome: u8,
) -> Interaction {
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
        escalations: vec![Escalation {
            outcome: if outcome == 0 {
                String::new()
            } else {
                words(outcome)
            },
            ..Escalation::default()
        }],
        commitments: vec![CommitmentDraft {
            commitment_id: format!("p-{interaction_id}"),
            kind: CommitmentKind::CorrectMisinformation.into(),
            promised_by: Some(Timestamp::default()),
            ..CommitmentDraft::default()
        }],
        ..Interaction::default()
    }
}

fn record(next: &Next) -> Record {
    let (key, fact, aggregate_id, sequence, request_id) = match next {
        Next::Contact { .. } => contact_event(next),
        Next::Correct { .. } => correction(next),
        Next::Solution {
            way,
            sequence,
            what,
            version,
            other,
        } => {
            let of = |way: u8| solution_id(TENANT, &candidate(way)).to_string();
            let id = of(*way);
            let mut fact = solving::done(*what, (&id, *version), &of(*other));
            if let Fact::SolutionDrafted(drafted) = &mut fact {
                drafted.candidate_id = candidate(*way);
                drafted.near_candidate_ids = vec![former(*other)];
            }
            let key = solution_key(TENANT, &id);
            (key, fact, id, *sequence, String::new())
        }
        Next::Publish { .. } => publication(next),
        Next::Decide {
            decision,
            ways,
            sequence,
            request,
        } => {
            // Events of old name candidates by the ids that they had.
            let id: fn(u8) -> String = if sequence % 2 == 0 { former } else { candidate };
            let ids: Vec<_> = ways.iter().map(|way| id(*way)).collect();
            let key = candidates_key(TENANT, "code");
            let fact = decided(*decision, ids);
            (
                key,
                fact,
                "code".to_owned(),
                *sequence,
                format!("decision-{request}"),
            )
        }
    };
    let interaction_id = match next {
        Next::Correct { interaction, .. } => format!("i-{interaction}"),
        _ => String::new(),
    };
    let at = |seconds: u64| Timestamp {
        seconds: 1_780_000_000 + seconds as i64,
        nanos: 0,
    };
    let event = Event {
        occurred_at: Some(at(sequence * 7 % 5)),
        tenant_id: TENANT.to_owned(),
        aggregate_id,
        sequence,
        request_id,
        interaction_id,
        recorded_at: Some(Timestamp::default()),
        ..fact.event()
    };
    Record {
        key,
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    }
}

/// An event's key, what it says, of what, its sequence and its request.
type Said = (Bytes, Fact, String, u64, String);

fn customer_id(customer: u8) -> String {
    match customer {
        0 => String::new(),
        customer => format!("customer-{customer}"),
    }
}

fn contact_event(next: &Next) -> Said {
    let Next::Contact {
        interaction,
        customer,
        sequence,
        way,
        used,
        outcome,
    } = next
    else {
        unreachable!()
    };
    let id = format!("i-{interaction}");
    let customer_id = customer_id(*customer);
    let key = contact_key(TENANT, &customer_id, &id);
    let interaction = Some(contact((&id, &customer_id), *way, *used, *outcome));
    let fact = match sequence {
        1 => Fact::InteractionRecorded(Box::new(InteractionRecorded {
            interaction,
            ..InteractionRecorded::default()
        })),
        _ => Fact::InteractionAmended(Box::new(InteractionAmended {
            update_mask: Some(pbjson_types::FieldMask {
                paths: [
                    "contact_reasons",
                    "handling",
                    "solution_uses",
                    "escalations",
                ]
                .map(str::to_owned)
                .to_vec(),
            }),
            interaction,
            reason: String::new(),
        })),
    };
    (key, fact, id, *sequence, String::new())
}

fn correction(next: &Next) -> Said {
    let Next::Correct {
        interaction,
        customer,
        way,
    } = next
    else {
        unreachable!()
    };
    let id = format!("i-{interaction}");
    let fact = Fact::CommitmentFulfilled(CommitmentFulfilled {
        fulfilled_at: Some(Timestamp::default()),
        outcome: 1,
        note: words(*way),
        ..CommitmentFulfilled::default()
    });
    let key = contact_key(TENANT, &customer_id(*customer), &id);
    (key, fact, format!("p-{id}"), 2, String::new())
}

fn publication(next: &Next) -> Said {
    let Next::Publish {
        way,
        request,
        words: title,
        by_words,
    } = next
    else {
        unreachable!()
    };
    // An event of old names a candidate by its words alone.
    let of_words = aftercall_domain::solution::candidate_id(TENANT, "code", &words(*way));
    let candidate_id = match by_words {
        true => of_words.unwrap().to_string(),
        false => candidate(*way),
    };
    let near: fn(u8) -> String = if *title == 0 { former } else { candidate };
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
        near_candidate_ids: vec![near(way % 2 + 1)],
        ..SolutionPublished::default()
    }));
    let key = solution_key(TENANT, &id);
    (key, fact, id, 1, format!("request-{request}"))
}

fn decided(decision: u8, candidate_ids: Vec<String>) -> Fact {
    match decision {
        0 => Fact::CandidatesClaimed(CandidatesClaimed {
            candidate_ids,
            until: Some(Timestamp::default()),
        }),
        1 => Fact::CandidatesReleased(CandidatesReleased {
            candidate_ids,
            reason: String::new(),
            // Whether they were merged by that decision or not.
            solution_id: solution_id(TENANT, &candidate(1)).to_string(),
            merge_sequence: 1,
        }),
        2 => Fact::CandidatesRejected(CandidatesRejected {
            candidate_ids,
            reason: String::new(),
        }),
        _ => Fact::CandidatesMerged(Box::new(CandidatesMerged {
            solution_id: solution_id(TENANT, &candidate(1)).to_string(),
            lent: Some(LentWords {
                resolution: candidate_ids[0].clone(),
                ..LentWords::default()
            }),
            candidate_ids,
        })),
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
        let fold = |turns: &[_]| fold(&written, &mut KnowledgeView::new(Fields::new(), Notes::default()), turns);
        prop_assert_eq!(fold(&turns), fold(&[(0, usize::MAX)]));
    }
}
