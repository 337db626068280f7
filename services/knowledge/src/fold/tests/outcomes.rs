//! Whatever is counted of a solution is what a recount of all contacts says, at any time, however the log is read.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_ledger::Contacts;
use aftercall_proto::event::v1::InteractionIdentified;
use aftercall_proto::model::v1::{Direction, VersionStats};
use aftercall_view::Store;
use aftercall_view::testing::MemoryEngine;
use jiff::Timestamp as Instant;

use super::*;

use crate::stats;

const HOUR: i64 = 3_600;
const SOLUTIONS: [&str; 2] = ["s-0", "s-1"];
const VERSIONS: u32 = 3;

/// A contact as one event says it is.
#[derive(Debug, Clone)]
struct Said {
    at_s: i64,
    inbound: bool,
    /// By number; the first one is the primary one.
    reasons: Vec<u8>,
    /// Solution, version, kind, and whether it was relied on.
    uses: Vec<(usize, u32, SolutionUseKind, bool)>,
}

#[derive(Debug, Clone)]
enum Step {
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
        prop::collection::vec(0..3_u8, 0..3),
        prop::collection::vec(used, 0..3),
    )
        .prop_map(|((days, more), inbound, reasons, uses)| Said {
            at_s: days * 84 * HOUR + more,
            inbound,
            reasons,
            uses,
        })
}

fn step() -> impl Strategy<Value = Step> {
    let of = || (0..8_u8, 0..3_u8, 1..4_u64);
    prop_oneof![
        6 => (of(), said()).prop_map(|((interaction, customer, sequence), said)| Step::Contact {
            interaction,
            customer,
            sequence,
            said,
        }),
        1 => (of(), 0..3_u8).prop_map(|((interaction, customer, sequence), as_customer)| {
            Step::Identified { interaction, customer, sequence, as_customer }
        }),
    ]
}

fn customer_id(customer: u8) -> String {
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

fn record(step: &Step) -> Record {
    let (of, customer, sequence) = match step {
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
        } => (*interaction, *customer, *sequence),
    };
    let id = format!("i-{of}");
    let customer_id_ = customer_id(customer);
    let fact = match step {
        Step::Contact { said, .. } if sequence == 1 => {
            Fact::InteractionRecorded(Box::new(InteractionRecorded {
                interaction: Some(interaction(&id, said)),
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
            interaction: Some(interaction(&id, said)),
            reason: String::new(),
        })),
        Step::Identified { as_customer, .. } => {
            Fact::InteractionIdentified(InteractionIdentified {
                customer_id: customer_id(*as_customer),
                ..InteractionIdentified::default()
            })
        }
    };
    let event = Event {
        tenant_id: TENANT.to_owned(),
        aggregate_id: id.clone(),
        sequence,
        customer_id: customer_id_.clone(),
        ..fact.event()
    };
    Record {
        key: contact_key(TENANT, &customer_id_, &id),
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    }
}

/// A contact, as it is after all that was accepted.
#[derive(Debug, Clone)]
struct Contact {
    agent: String,
    customer: u8,
    version: u64,
    said: Said,
}

/// All contacts by whom they were recorded for and by their number.
fn contacts(log: &[Step]) -> BTreeMap<(String, u8), Contact> {
    let mut all: BTreeMap<(String, u8), Contact> = BTreeMap::new();
    for step in log {
        match step {
            Step::Contact {
                interaction,
                customer,
                sequence,
                said,
            } => {
                let known = all.get_mut(&(customer_id(*customer), *interaction));
                match known {
                    None if *sequence == 1 => {
                        let contact = Contact {
                            agent: format!("agent-{}", said.at_s % 3),
                            customer: *customer,
                            version: 1,
                            said: said.clone(),
                        };
                        all.insert((customer_id(*customer), *interaction), contact);
                    }
                    Some(known) if *sequence == known.version + 1 => {
                        known.version += 1;
                        known.said = said.clone();
                    }
                    _ => {}
                }
            }
            Step::Identified {
                interaction,
                customer,
                sequence,
                as_customer,
            } => {
                let known = all.get_mut(&(customer_id(*customer), *interaction));
                if let Some(known) = known.filter(|known| *sequence == known.version + 1) {
                    known.version += 1;
                    known.customer = *as_customer;
                }
            }
        }
    }
    all
}

/// Counts a version, or without one all of them, of all contacts.
fn recount(
    all: &BTreeMap<(String, u8), Contact>,
    (solution, version): (usize, Option<u32>),
    now_s: i64,
) -> VersionStats {
    use SolutionUseKind::{Rejected, UsedAsIs, UsedModified, Viewed};
    const WINDOW: i64 = 7 * 24 * HOUR;
    let is_use = |kind: SolutionUseKind| kind == UsedAsIs || kind == UsedModified;
    let of_it = |contact: &Contact| -> Vec<(u32, SolutionUseKind, bool)> {
        let uses = contact.said.uses.iter();
        let uses = uses.filter(|one| one.0 == solution && version.is_none_or(|v| v == one.1));
        uses.map(|one| (one.1, one.2, one.3)).collect()
    };
    let with = |kind| {
        let has = |contact: &&Contact| of_it(contact).iter().any(|one| one.1 == kind);
        all.values().filter(has).count() as u64
    };
    let mut counted = VersionStats {
        version: version.unwrap_or_default(),
        used_as_is_count: with(UsedAsIs),
        used_modified_count: with(UsedModified),
        viewed_count: with(Viewed),
        rejected_count: with(Rejected),
        ..VersionStats::default()
    };
    let mut agents = BTreeSet::new();
    let mut told = BTreeSet::new();
    for (id, contact) in all {
        let uses = of_it(contact);
        if uses.iter().any(|one| is_use(one.1) || one.2) {
            let nobody = (contact.customer == 0).then_some(id);
            told.insert((contact.customer, nobody));
        }
        if uses.iter().any(|one| is_use(one.1)) {
            agents.insert(&contact.agent);
        }
        let used = contact.said.uses.iter();
        let used = used.filter(|one| one.0 == solution && is_use(one.2));
        let latest = used.map(|one| one.1).max();
        if latest.is_none() || version.is_some_and(|version| Some(version) != latest) {
            continue;
        }
        counted.link_count += 1;
        let Some(reason) = contact
            .said
            .reasons
            .first()
            .filter(|_| contact.customer != 0)
        else {
            counted.untraced_count += 1;
            continue;
        };
        let came_back = all.values().any(|other| {
            let after = other.said.at_s - contact.said.at_s;
            other.customer == contact.customer
                && other.said.inbound
                && other.said.reasons.contains(reason)
                && (1..=WINDOW).contains(&after)
        });
        match (came_back, contact.said.at_s + WINDOW <= now_s) {
            (true, _) => counted.failure_count += 1,
            (false, true) => counted.success_count += 1,
            (false, false) => counted.pending_count += 1,
        }
    }
    counted.distinct_agents_count = agents.len() as u64;
    counted.told_count = if version.is_some() {
        told.len() as u64
    } else {
        0
    };
    counted
}

/// The same as it is read.
fn read(store: &Store, (solution, version): (usize, Option<u32>), now_s: i64) -> VersionStats {
    let (id, now) = (SOLUTIONS[solution], Instant::from_second(now_s).unwrap());
    let numbers = stats::Numbers::read(store, (TENANT, id), now).unwrap();
    let mut read = match version {
        Some(version) => {
            let uses = stats::version_uses(store, (TENANT, id), version).unwrap();
            stats::of_version(&numbers, version, &uses)
        }
        None => {
            let family = [id.to_owned()];
            let all = stats::of_family(store, (TENANT, &family), 1, now).unwrap();
            VersionStats {
                version: 0,
                used_as_is_count: all.used_as_is_count,
                used_modified_count: all.used_modified_count,
                viewed_count: all.viewed_count,
                rejected_count: all.rejected_count,
                distinct_agents_count: all.distinct_agents_count,
                link_count: all.link_count,
                success_count: all.success_count,
                failure_count: all.failure_count,
                pending_count: all.pending_count,
                untraced_count: all.untraced_count,
                wilson_lower: 0.0,
                told_count: 0,
            }
        }
    };
    read.wilson_lower = 0.0;
    read
}

proptest! {
    #[test]
    fn every_count_equals_a_recount(
        log in prop::collection::vec(step(), 0..60),
        partitions in 1..5_u32,
        turns in prop::collection::vec((0..4_usize, 1..9_usize), 1..12),
        now_s in prop::collection::vec((0..90_i64, -1..2_i64), 1..4),
    ) {
        let mut written = Partitions::new(partitions);
        for step in &log {
            written.append(record(step));
        }
        let engines = [MemoryEngine::default(), MemoryEngine::default()];
        let mut view = KnowledgeView::new(Fields::new(), Notes::default());
        written.fold_into(&engines, &mut Contacts, &mut view, &turns);
        let store = Store::on(Box::new(engines[1].clone()));
        let all = contacts(&log);
        for (half_days, more) in now_s {
            let now_s = half_days * 12 * HOUR + more;
            for solution in 0..SOLUTIONS.len() {
                for version in [None, Some(1), Some(2), Some(3)] {
                    let of = (solution, version);
                    prop_assert_eq!(read(&store, of, now_s), recount(&all, of, now_s), "{:?}", of);
                }
            }
        }
        let fold = |turns: &[_]| fold(&written, &mut KnowledgeView::new(Fields::new(), Notes::default()), turns);
        prop_assert_eq!(fold(&turns), fold(&[(0, usize::MAX)]));
    }

    /// Nothing is left of what was taken back.
    #[test]
    fn what_is_taken_back_leaves_no_trace(log in prop::collection::vec(step(), 0..30)) {
        let mut written = Partitions::new(2);
        let mut taken_back = log.clone();
        for ((customer, interaction), contact) in contacts(&log) {
            let customer = customer.strip_prefix("customer-").map_or(0, |n| n.parse().unwrap());
            let said = Said { at_s: 0, inbound: false, reasons: vec![], uses: vec![] };
            let sequence = contact.version + 1;
            taken_back.push(Step::Contact { interaction, customer, sequence, said });
        }
        for step in &taken_back {
            written.append(record(step));
        }
        let folded = fold(&written, &mut KnowledgeView::new(Fields::new(), Notes::default()), &[(0, 7), (1, 3)]);
        // Nothing but the contacts themselves, and what searches know of them.
        let tags: BTreeSet<u8> = folded.held.keys().map(|key| key[0]).collect();
        let is_kept = |tag: &u8| *tag == 1 || (50..60).contains(tag);
        prop_assert!(tags.iter().all(is_kept), "{tags:?}");
    }
}
