//! Who is told a version is noted for the keeper only if it was recalled before: when it is recalled, the keeper goes
//! through all who were told it until then.

use aftercall_ledger::Happening;
use aftercall_view::Projection;

use super::*;

/// The fold alone, with all that it noted.
#[derive(Default)]
struct Noting(Noted);

impl Projection for Noting {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "noting"
    }

    fn version(&self) -> u32 {
        1
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        apply(fact, txn, &mut self.0)
    }
}

/// A contact in which the solution of the first way was used.
fn used(interaction: u8) -> Next {
    Next::Contact {
        interaction,
        customer: interaction,
        sequence: 1,
        way: 0,
        used: Some(1),
        outcome: 0,
    }
}

/// The version that is used there is recalled.
fn recalled() -> Next {
    Next::Solution {
        way: 1,
        sequence: 1,
        what: 8,
        version: 0,
        other: 2,
    }
}

/// How many are noted who were told something.
fn noted(log: &[Next]) -> usize {
    let mut written = Partitions::new(1);
    for next in log {
        written.append(record(next));
    }
    let mut noting = Noting::default();
    fold(&written, &mut noting, &[(0, usize::MAX)]);
    noting.0.told.len()
}

#[test]
fn who_is_told_a_version_is_noted_once_it_is_recalled() {
    assert_eq!(noted(&[used(1), used(2)]), 0);
    assert_eq!(noted(&[used(1), used(2), recalled()]), 0);
    assert_eq!(noted(&[used(1), recalled(), used(2), used(3)]), 2);
}
