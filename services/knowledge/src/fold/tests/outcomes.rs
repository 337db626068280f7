//! Whatever is counted of a solution is what a recount of all contacts says, at any time, however the log is read.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_ledger::Contacts;
use aftercall_proto::model::v1::VersionStats;
use aftercall_view::Store;
use aftercall_view::testing::MemoryEngine;
use jiff::Timestamp as Instant;

use self::steps::{CUSTOMERS, Said, Step, customer_id, of_contact, record, step};
use super::*;
use crate::echoes;
use crate::stats;

mod bounded;
mod steps;

const HOUR: i64 = 3_600;
const SOLUTIONS: [&str; 2] = ["s-0", "s-1"];
const VERSIONS: u32 = 3;

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
            Step::Published { .. } | Step::Merged { .. } => {}
        }
    }
    all
}

/// What is known beside the contacts.
#[derive(Debug, Default)]
struct Beside {
    /// How many events each solution has had, and each customer.
    sequences: BTreeMap<String, u64>,
    /// The reason of each version.
    reasons: BTreeMap<(usize, u32), u8>,
    /// Who is one with whom, as the first of them says.
    merged: BTreeSet<(u8, u8)>,
}

impl Beside {
    fn of(log: &[Step]) -> Self {
        let mut beside = Self::default();
        for step in log {
            match step {
                Step::Published {
                    solution,
                    sequence,
                    version,
                    reason,
                } if beside.is_next(SOLUTIONS[*solution], *sequence, true) => {
                    beside.reasons.insert((*solution, *version), *reason);
                }
                Step::Merged {
                    customer,
                    other,
                    sequence,
                    are_one,
                } => {
                    let pair = (*customer, *other);
                    let is_other = beside.merged.contains(&pair) != *are_one;
                    if beside.is_next(&customer_id(*customer), *sequence, is_other) {
                        match are_one {
                            true => beside.merged.insert(pair),
                            false => beside.merged.remove(&pair),
                        };
                    }
                }
                _ => {}
            }
        }
        beside
    }

    /// Whether an event of something is its next one, and counts.
    fn is_next(&mut self, of: &str, sequence: u64, counts: bool) -> bool {
        let before = self.sequences.entry(of.to_owned()).or_default();
        let is_next = counts && sequence == *before + 1;
        *before += u64::from(is_next);
        is_next
    }

    /// Whether two customers are the same person.
    fn are_one(&self, one: u8, other: u8) -> bool {
        let mut known = BTreeSet::from([one]);
        for _ in 0..CUSTOMERS {
            for (a, b) in &self.merged {
                if known.contains(a) || known.contains(b) {
                    known.extend([*a, *b]);
                }
            }
        }
        known.contains(&other)
    }
}

/// Counts a version, or without one all of them, of all contacts.
fn recount(
    (all, beside): (&BTreeMap<(String, u8), Contact>, &Beside),
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
        let reasons = &contact.said.reasons;
        let own = latest.and_then(|latest| beside.reasons.get(&(solution, latest)));
        let own = own.filter(|own| reasons.contains(own));
        let reason = own.or(reasons.first()).filter(|_| contact.customer != 0);
        let Some(reason) = reason else {
            counted.untraced_count += 1;
            continue;
        };
        let came_back = all.values().any(|other| {
            let after = other.said.at_s - contact.said.at_s;
            beside.are_one(contact.customer, other.customer)
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
    // In this log nobody searches, and nobody raises flags.
    counted.helpful_count = counted.success_count;
    counted.unhelpful_count = counted.failure_count + counted.rejected_count;
    counted.told_count = version.map_or(0, |_| told.len() as u64);
    counted
}

/// The same as it is read.
fn read(store: &Store, (solution, version): (usize, Option<u32>), now_s: i64) -> VersionStats {
    let (id, now) = (SOLUTIONS[solution], Instant::from_second(now_s).unwrap());
    let numbers = stats::Numbers::read(store, (TENANT, id), now).unwrap();
    let mut read = match version {
        Some(version) => {
            let uses = stats::version_uses(store, (TENANT, id), version).unwrap();
            let echo = echoes::read(store, (TENANT, id), version).unwrap();
            stats::of_version(&numbers, version, &uses, echo)
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
                helpful_count: all.helpful_count,
                unhelpful_count: all.unhelpful_count,
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
        let (all, beside) = (contacts(&log), Beside::of(&log));
        for (half_days, more) in now_s {
            let now_s = half_days * 12 * HOUR + more;
            for solution in 0..SOLUTIONS.len() {
                for version in [None, Some(1), Some(2), Some(3)] {
                    let of = (solution, version);
                    let counted = recount((&all, &beside), of, now_s);
                    prop_assert_eq!(read(&store, of, now_s), counted, "{:?}", of);
                }
            }
        }
        let fold = |turns: &[_]| fold(&written, &mut KnowledgeView::new(Fields::new(), Notes::default()), turns);
        let folded = fold(&turns);
        // The first partition first, and the last one.
        for first in [0, 3] {
            prop_assert_eq!(&folded, &fold(&[(first, usize::MAX)]));
        }
    }

    /// Nothing is left of what was taken back.
    #[test]
    fn what_is_taken_back_leaves_no_trace(log in prop::collection::vec(of_contact(), 0..30)) {
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
