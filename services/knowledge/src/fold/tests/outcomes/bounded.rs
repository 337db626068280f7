//! What a version's reason makes of its uses is known at once, however many they are; and of customers that are merged all
//! are looked at.

use super::*;
use crate::limits::USES_LOOKED_AT_ONCE;

/// A contact of a customer's, and what it was about.
fn contact(customer: u8, interaction: u8, reasons: &[u8], is_use: bool) -> Step {
    let used = is_use.then_some((0, 1, SolutionUseKind::UsedAsIs, false));
    Step::Contact {
        interaction,
        customer,
        sequence: 1,
        said: Said {
            at_s: i64::from(interaction) * HOUR,
            inbound: true,
            reasons: reasons.to_vec(),
            uses: used.into_iter().collect(),
        },
    }
}

/// What the view has after all of them.
fn folded(steps: &[Step]) -> MemoryEngine {
    let mut log = Partitions::new(1);
    for step in steps {
        log.append(record(step));
    }
    let engines = [MemoryEngine::default(), MemoryEngine::default()];
    let mut view = KnowledgeView::new(Fields::new(), Notes::default());
    log.fold_into(&engines, &mut Contacts, &mut view, &[(0, 1)]);
    let [_, engine] = engines;
    engine
}

fn written(steps: &[Step]) -> u64 {
    folded(steps).written_bytes()
}

/// How many bytes are written when a version is published for the second reason of the contacts in which so many customers
/// were told it, who all came back for that one.
fn by_its_reason(customers: u8) -> u64 {
    let told = (1..=customers).map(|customer| contact(customer, 0, &[0, 1], true));
    let returned = (1..=customers).map(|customer| contact(customer, 1, &[1], false));
    let mut steps: Vec<Step> = told.chain(returned).collect();
    let before = written(&steps);
    steps.push(Step::Published {
        solution: 0,
        sequence: 1,
        version: 1,
        reason: 1,
    });
    written(&steps) - before
}

#[test]
fn another_reason_takes_as_much_of_many_uses_as_of_few() {
    let (few, many) = (by_its_reason(2), by_its_reason(200));
    // Larger numbers are a few bytes longer.
    assert!(few > 0 && many <= few + 64, "{many} bytes for {few}");
}

#[test]
fn all_uses_of_a_merged_customer_are_looked_at_however_many() {
    let count = u8::try_from(2 * USES_LOOKED_AT_ONCE + 1).unwrap();
    let called = |interaction: u8, customer: u8, at_s: i64, inbound: bool| Step::Contact {
        interaction,
        customer,
        sequence: 1,
        said: Said {
            at_s,
            inbound,
            reasons: vec![0],
            uses: match inbound {
                true => Vec::new(),
                false => vec![(0, 1, SolutionUseKind::UsedAsIs, false)],
            },
        },
    };
    // One every half an hour, and then the other customer comes back: within days of all of them.
    let told = (0..count).map(|number| called(number, 1, i64::from(number) * HOUR / 2, false));
    let back = called(count, 2, i64::from(count) * HOUR / 2, true);
    let mut steps: Vec<Step> = told.chain([back]).collect();
    let failed = |steps: &[Step]| {
        let store = Store::on(Box::new(folded(steps)));
        let counted = read(&store, (0, None), 90 * 24 * HOUR);
        (counted.link_count, counted.failure_count)
    };
    let all = u64::from(count);
    assert_eq!(failed(&steps), (all, 0));
    for (sequence, are_one, expected) in [(1, true, all), (2, false, 0)] {
        steps.push(Step::Merged {
            customer: 1,
            other: 2,
            sequence,
            are_one,
        });
        assert_eq!(failed(&steps), (all, expected));
    }
}
