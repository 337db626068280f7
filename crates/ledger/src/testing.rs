//! For the tests of folds: logs judged and folded as no single run loop would.

use aftercall_view::Projection;
use aftercall_view::testing::{Folded, Partitions};

use crate::{Contacts, Happening};

/// Judges `log`, and folds what counts: see [`Partitions::fold`].
pub fn fold<P: Projection<Fact = Happening>>(
    log: &Partitions,
    projection: &mut P,
    turns: &[(usize, usize)],
) -> Folded {
    log.fold(&mut Contacts, projection, turns)
}
