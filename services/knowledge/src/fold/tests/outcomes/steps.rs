//! What happens to contacts, to the solutions that are used in them, and to customers.

use aftercall_proto::envelope::customer_key;
use aftercall_proto::event::v1::{CustomersMerged, CustomersUnmerged, InteractionIdentified};
use aftercall_proto::model::v1::Direction;

use super::*;

/// A contact as one event says it is.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) at_s: i64,
    pub(super) inbound: bool,
    /// By number; the first one is the primary one.
    pub(super) reasons: Vec<u8>,
    /// Solution, version, kind, and whether it was relied on.
    pub(super) uses: Vec<(usize, u32, SolutionUseKind, bool)>,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    Contact {
        interaction: u8,
        customer: u8,
        sequence: u64,
        said: Said,
    },
    Identified {
        interaction: u8,
        customer: u8,
        sequence: u64,
        as_customer: u8,
    },
    /// A version of a solution is published, or published anew, for a reason.
    Published {
        solution: usize,
        sequence: u64,
        version: u32,
        reason: u8,
    },
    /// Two customers are one, or not any more.
    Merged {
        customer: u8,
        other: u8,
        sequence: u64,
        are_one: bool,
    },
}

fn said() -> impl Strategy<Value = Said> {
    use SolutionUseKind::{Rejected, UsedAsIs, UsedModified, Viewed};
    let kind = prop::sample::select(vec![UsedAsIs, UsedAsIs, UsedModified, Viewed, Rejected]);
    let used = (0..2_usize, 1..=VERSIONS, kind, prop::bool::weighted(0.2));
    // Few different times, so that many are the same or at the very end of a window.
    let at = (
        0..12_i64,
        prop::sample::select(vec![-1, 0, 1, HOUR / 2, HOUR]),
    );
    (
        at,
        prop::bool::weighted(0.8),
        prop::collection::vec(0..4_u8, 0..4),
        prop::collection::vec(used, 0..3),
    )
        .prop_map(|((days, more), inbound, reasons, uses)| Said {
            at_s: days * 84 * HOUR + more,
            inbound,
            reasons,
            uses,
        })
}

/// How many customers there are, nobody included.
pub(super) const CUSTOMERS: u8 = 4;

pub(super) fn of_contact() -> impl Strategy<Value = Step> {
    let of = || (0..8_u8, 0..CUSTOMERS, 1..4_u64);
    prop_oneof![
        6 => (of(), said()).prop_map(|((interaction, customer, sequence), said)| Step::Contact {
            interaction,
            customer,
            sequence,
            said,
        }),
        1 => (of(), 0..CUSTOMERS).prop_map(|((interaction, customer, sequence), as_customer)| {
            Step::Identified { interaction, customer, sequence, as_customer }
        }),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let published = (0..2_usize, 1..5_u64, 1..=VERSIONS, 0..4_u8);
    let merged = (
        1..CUSTOMERS,
        1..CUSTOMERS - 1,
        1..4_u64,
        prop::bool::weighted(0.7),
    );
    prop_oneof![
        8 => of_contact(),
        2 => published.prop_map(|(solution, sequence, version, reason)| {
            Step::Published { solution, sequence, version, reason }
        }),
        2 => merged.prop_map(|(customer, apart, sequence, are_one)| Step::Merged {
            customer,
            other: (customer - 1 + apart) % (CUSTOMERS - 1) + 1,
            sequence,
            are_one,
        }),
    ]
}

pub(super) fn customer_id(customer: u8) -> String {
    match customer {
        0 => String::new(),
        customer => format!("customer-{customer}"),
    }
}

fn interaction(id: &str, said: &Said) -> Interaction {
    let reasons = said.reasons.iter().enumerate();
    let uses = said.uses.iter();
    let direction = match said.inbound {
        true => Direction::Inbound,
        false => Direction::Outbound,
    };
    Interaction {
        interaction_id: id.to_owned(),
        occurred_at: Some(Timestamp {
            seconds: said.at_s,
            nanos: 0,
        }),
        direction: direction.into(),
        agent_id: format!("agent-{}", said.at_s % 3),
        contact_reasons: reasons
            .map(|(place, reason)| ContactReason {
                code: format!("reason-{reason}"),
                primary: place == 0,
                ..ContactReason::default()
            })
            .collect(),
        solution_uses: uses
            .map(|(solution, version, kind, relied)| SolutionUse {
                solution_id: SOLUTIONS[*solution].to_owned(),
                version: *version,
                kind: (*kind).into(),
                relied_on_for_statement: *relied,
            })
            .collect(),
        ..Interaction::default()
    }
}

pub(super) fn record(step: &Step) -> Record {
    let (key, id, sequence, customer, fact) = match step {
        Step::Contact {
            interaction,
            customer,
            sequence,
            ..
        }
        | Step::Identified {
            interaction,
            customer,
            sequence,
            ..
        } => {
            let (id, customer) = (format!("i-{interaction}"), customer_id(*customer));
            let fact = of_interaction(step, &id);
            let key = contact_key(TENANT, &customer, &id);
            (key, id, *sequence, customer, fact)
        }
        Step::Published {
            solution,
            sequence,
            version,
            reason,
        } => {
            let id = SOLUTIONS[*solution].to_owned();
            let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
                solution: Some(Solution {
                    version: *version,
                    reason_code: format!("reason-{reason}"),
                    ..Solution::default()
                }),
                ..SolutionPublished::default()
            }));
            let key = solution_key(TENANT, &id);
            (key, id, *sequence, String::new(), fact)
        }
        Step::Merged {
            customer,
            other,
            sequence,
            are_one,
        } => {
            let (id, other) = (customer_id(*customer), customer_id(*other));
            let fact = match are_one {
                true => Fact::CustomersMerged(CustomersMerged {
                    merged_customer_id: other,
                    ..CustomersMerged::default()
                }),
                false => Fact::CustomersUnmerged(CustomersUnmerged {
                    merged_customer_id: other,
                    ..CustomersUnmerged::default()
                }),
            };
            let key = customer_key(TENANT, &id);
            (key, id.clone(), *sequence, id, fact)
        }
    };
    let event = Event {
        tenant_id: TENANT.to_owned(),
        aggregate_id: id,
        sequence,
        customer_id: customer,
        ..fact.event()
    };
    Record {
        key,
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    }
}

/// What a step says of a contact.
fn of_interaction(step: &Step, id: &str) -> Fact {
    match step {
        Step::Contact { said, sequence, .. } if *sequence == 1 => {
            Fact::InteractionRecorded(Box::new(InteractionRecorded {
                interaction: Some(interaction(id, said)),
                ..InteractionRecorded::default()
            }))
        }
        Step::Contact { said, .. } => Fact::InteractionAmended(Box::new(InteractionAmended {
            update_mask: Some(pbjson_types::FieldMask {
                paths: [
                    "contact_reasons",
                    "direction",
                    "occurred_at",
                    "solution_uses",
                ]
                .map(str::to_owned)
                .to_vec(),
            }),
            interaction: Some(interaction(id, said)),
            reason: String::new(),
        })),
        Step::Identified { as_customer, .. } => {
            Fact::InteractionIdentified(InteractionIdentified {
                customer_id: customer_id(*as_customer),
                ..InteractionIdentified::default()
            })
        }
        Step::Published { .. } | Step::Merged { .. } => unreachable!(),
    }
}
