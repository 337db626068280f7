//! Trees of codes.

use aftercall_domain::setting::{Taxonomy, TaxonomyKind, TaxonomyNode, UnknownCodes};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::{enums, instant, time};
use crate::model::v1 as wire;

enums::closed!(TaxonomyKind {
    ContactReason,
    Disposition,
    Driver,
    RootCause
});

enums::closed!(UnknownCodes { Refuse, Warn });

pub(super) fn read(
    taxonomy: wire::Taxonomy,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Taxonomy {
    let wire::Taxonomy {
        display_name,
        kind,
        nodes,
        unknown_codes,
    } = taxonomy;
    let list = at.field("nodes");
    let nodes = nodes.into_iter().enumerate();
    Taxonomy {
        display_name,
        kind: enums::required::<wire::TaxonomyKind>(kind, at.field("kind"), found),
        nodes: nodes
            .map(|(place, node)| read_node(node, list.index(place), found))
            .collect(),
        unknown_codes: enums::optional::<wire::UnknownCodes>(
            unknown_codes,
            at.field("unknown_codes"),
            found,
        ),
    }
}

fn read_node(node: wire::TaxonomyNode, at: FieldPath<'_>, found: &mut Violations) -> TaxonomyNode {
    let wire::TaxonomyNode {
        code,
        label,
        parent_code,
        active_from,
        active_to,
        maps_to,
    } = node;
    TaxonomyNode {
        code,
        label,
        parent_code,
        active_from: instant::optional(active_from, at.field("active_from"), found),
        active_to: instant::optional(active_to, at.field("active_to"), found),
        maps_to,
    }
}

impl From<Taxonomy> for wire::Taxonomy {
    fn from(taxonomy: Taxonomy) -> Self {
        let Taxonomy {
            display_name,
            kind,
            nodes,
            unknown_codes,
        } = taxonomy;
        Self {
            display_name,
            kind: wire::TaxonomyKind::from(kind).into(),
            nodes: nodes.into_iter().map(Into::into).collect(),
            unknown_codes: enums::number::<wire::UnknownCodes>(unknown_codes),
        }
    }
}

impl From<TaxonomyNode> for wire::TaxonomyNode {
    fn from(node: TaxonomyNode) -> Self {
        let TaxonomyNode {
            code,
            label,
            parent_code,
            active_from,
            active_to,
            maps_to,
        } = node;
        Self {
            code,
            label,
            parent_code,
            active_from: active_from.map(time::to_wire),
            active_to: active_to.map(time::to_wire),
            maps_to,
        }
    }
}
