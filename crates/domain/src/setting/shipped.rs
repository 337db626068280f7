//! Trees of codes to begin with. Those that are the default are what codes are called by as long as a tenant has set up none
//! of the kind.
//!
//! A tree is a text: on each line a code, a tab, and what people call it. What stands before the last dot of a code is the
//! code above it.

use std::sync::LazyLock;

use super::{CodeTree, Taxonomy, TaxonomyKind, TaxonomyNode};

/// A tree to begin with.
#[derive(Debug, Clone, Copy)]
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    display_name: &'static str,
    kind: TaxonomyKind,
    lines: &'static str,
}

impl Shipped {
    /// All of them: contact reasons of several industries, and one tree of each other kind.
    pub const ALL: [Self; 8] = [
        reasons(
            "general",
            "Contact reasons: general",
            include_str!("shipped/general.txt"),
        ),
        reasons(
            "telecom",
            "Contact reasons: telecom",
            include_str!("shipped/telecom.txt"),
        ),
        reasons(
            "hospitality",
            "Contact reasons: hospitality",
            include_str!("shipped/hospitality.txt"),
        ),
        reasons(
            "retail-banking",
            "Contact reasons: retail banking",
            include_str!("shipped/retail_banking.txt"),
        ),
        reasons(
            "utilities",
            "Contact reasons: utilities",
            include_str!("shipped/utilities.txt"),
        ),
        Self {
            name: "dispositions",
            display_name: "Dispositions",
            kind: TaxonomyKind::Disposition,
            lines: include_str!("shipped/dispositions.txt"),
        },
        Self {
            name: "drivers",
            display_name: "Drivers",
            kind: TaxonomyKind::Driver,
            lines: include_str!("shipped/drivers.txt"),
        },
        Self {
            name: "root-causes",
            display_name: "Root causes",
            kind: TaxonomyKind::RootCause,
            lines: include_str!("shipped/root_causes.txt"),
        },
    ];

    /// The tree, as a tenant may set it up.
    pub fn taxonomy(&self) -> Taxonomy {
        let node = |line: &str| {
            let (code, label) = line.split_once('\t').unwrap_or((line, ""));
            let parent = code.rsplit_once('.').map_or("", |(parent, _)| parent);
            TaxonomyNode {
                code: code.to_owned(),
                label: label.to_owned(),
                parent_code: parent.to_owned(),
                ..TaxonomyNode::default()
            }
        };
        Taxonomy {
            display_name: self.display_name.to_owned(),
            kind: self.kind,
            nodes: self.lines.lines().map(node).collect(),
            unknown_codes: None,
        }
    }
}

const fn reasons(name: &'static str, display_name: &'static str, lines: &'static str) -> Shipped {
    Shipped {
        name,
        display_name,
        kind: TaxonomyKind::ContactReason,
        lines,
    }
}

/// The default trees: of each kind the first one that is shipped.
static DEFAULTS: LazyLock<[CodeTree; 4]> = LazyLock::new(|| {
    [
        TaxonomyKind::ContactReason,
        TaxonomyKind::Disposition,
        TaxonomyKind::Driver,
        TaxonomyKind::RootCause,
    ]
    .map(|kind| {
        let mut shipped = Shipped::ALL.iter();
        let first = shipped.find(|one| one.kind == kind);
        CodeTree::new(first.map_or_else(|| Taxonomy::empty(kind), Shipped::taxonomy))
    })
});

/// What people call a code of a kind of which a tenant has set up no tree.
pub fn default_label(kind: TaxonomyKind, code: &str) -> Option<&'static str> {
    let tree = DEFAULTS.iter().find(|tree| tree.kind() == kind)?;
    tree.label(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FieldPath, Violations};

    #[test]
    fn what_is_shipped_is_taken_as_it_is() {
        for shipped in Shipped::ALL {
            let taxonomy = shipped.taxonomy();
            let mut found = Violations::new();
            taxonomy.check(FieldPath::ROOT, &mut found);
            assert!(found.is_empty(), "{}: {found:?}", shipped.name);
            assert!(taxonomy.nodes.iter().all(|node| !node.label.is_empty()));
        }
    }

    #[test]
    fn every_kind_has_a_default_tree() {
        assert_eq!(
            default_label(TaxonomyKind::ContactReason, "billing.double_charge"),
            Some("Charged twice")
        );
        for (kind, code) in [
            (TaxonomyKind::Driver, "incident.outage"),
            (TaxonomyKind::Driver, "change"),
        ] {
            assert!(default_label(kind, code).is_some(), "{code}");
        }
        assert!(DEFAULTS.iter().all(|tree| !tree.is_empty()));
        assert_eq!(default_label(TaxonomyKind::RootCause, "no.such.code"), None);
    }
}
