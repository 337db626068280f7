//! Messages within messages, and lists of them.

use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations};

/// Reads the domain's value from a message, and goes on after what is wrong.
pub(crate) trait FromWire<W> {
    /// The value, with stand-ins where `found` got a violation.
    fn from_wire(wire: W, at: FieldPath<'_>, found: &mut Violations) -> Self;
}

/// Lets `wire` messages be read on their own, with paths from their own root.
macro_rules! readable {
    ($($name:ident),*) => {$(
        impl TryFrom<wire::$name> for $name {
            type Error = aftercall_domain::Violations;

            fn try_from(wire: wire::$name) -> Result<Self, Self::Error> {
                let mut found = aftercall_domain::Violations::new();
                let at = aftercall_domain::FieldPath::ROOT;
                let value = $crate::convert::message::FromWire::from_wire(wire, at, &mut found);
                found.into_result(value)
            }
        }
    )*};
}
pub(crate) use readable;

/// A message that may be left out.
pub(crate) fn optional<W, D: FromWire<W>>(
    wire: Option<W>,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<D> {
    wire.map(|wire| D::from_wire(wire, at, found))
}

/// A message that says nothing when it is empty: the same as when it is left out.
pub(crate) fn optional_unless_empty<W: Default + PartialEq, D: FromWire<W>>(
    wire: Option<W>,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<D> {
    optional(wire.filter(|wire| *wire != W::default()), at, found)
}

/// A list of messages; of one that is too long, only the beginning is read.
pub(crate) fn list<W, D: FromWire<W>>(
    wire: Vec<W>,
    len_max: usize,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Vec<D> {
    if wire.is_empty() {
        return Vec::new();
    }
    let wire = bounded(wire, len_max, at, found);
    let mut values = Vec::with_capacity(wire.len());
    for (index, wire) in wire.into_iter().enumerate() {
        values.push(D::from_wire(wire, at.index(index), found));
    }
    values
}

/// A list; of one that is too long, the beginning.
pub(crate) fn bounded<T>(
    mut list: Vec<T>,
    len_max: usize,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Vec<T> {
    let len = list.len();
    if len > len_max {
        let text = format!("has {len} elements; at most {len_max} are taken");
        found.add(at, Reason::TooMany, text);
        list.truncate(len_max);
    }
    list
}

/// A list on its way out.
pub(crate) fn outward<D, W: From<D>>(list: Vec<D>) -> Vec<W> {
    list.into_iter().map(W::from).collect()
}
