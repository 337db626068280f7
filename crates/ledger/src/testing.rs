//! For the tests of folds: logs judged and folded as no single run loop would.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CustomersMerged, CustomersUnmerged};
use aftercall_view::testing::{Folded, MemoryEngine, Partitions};
use aftercall_view::{Projection, Store};

use crate::{Contacts, Happening};

/// What an event of the first of two customers says: that they are one, or two again.
pub fn merged(first: &str, other: &str, are_one: bool) -> Fact {
    let (customer_id, merged_customer_id) = (first.to_owned(), other.to_owned());
    let reason = String::new();
    match are_one {
        true => Fact::CustomersMerged(CustomersMerged {
            customer_id,
            merged_customer_id,
            reason,
        }),
        false => Fact::CustomersUnmerged(CustomersUnmerged {
            customer_id,
            merged_customer_id,
            reason,
        }),
    }
}

/// Judges `log`, and folds what counts: see [`Partitions::fold`].
pub fn fold<P: Projection<Fact = Happening>>(
    log: &Partitions,
    projection: &mut P,
    turns: &[(usize, usize)],
) -> Folded {
    log.fold(&mut Contacts, projection, turns)
}

/// The same, for who asks the view's store afterwards.
pub fn fold_to_store<P: Projection<Fact = Happening>>(
    log: &Partitions,
    projection: &mut P,
    turns: &[(usize, usize)],
) -> Store {
    let engines = [MemoryEngine::default(), MemoryEngine::default()];
    log.fold_into(&engines, &mut Contacts, projection, turns);
    let [_, engine] = engines;
    Store::on(Box::new(engine))
}

/// Judges `log`, and folds what counts, record by record; says how many bytes that writes to the ledger and
/// to the view.
pub fn written_bytes<P: Projection<Fact = Happening>>(
    log: &Partitions,
    projection: &mut P,
) -> [u64; 2] {
    let engines = [MemoryEngine::default(), MemoryEngine::default()];
    log.fold_into(&engines, &mut Contacts, projection, &[(0, 1)]);
    engines.map(|engine| engine.written_bytes())
}
