//! What a version's reason makes of its uses is known at once, however many they are.

use super::*;

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

fn written(steps: &[Step]) -> u64 {
    let mut log = Partitions::new(1);
    for step in steps {
        log.append(record(step));
    }
    let engines = [MemoryEngine::default(), MemoryEngine::default()];
    let mut view = KnowledgeView::new(Fields::new(), Notes::default());
    log.fold_into(&engines, &mut Contacts, &mut view, &[(0, 1)]);
    engines[1].written_bytes()
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
