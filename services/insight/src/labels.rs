//! What people call the codes of answers, and which codes may be said: by the tenant's taxonomies, as they are now.

use std::sync::Arc;

use aftercall_domain::setting::{CodeTree, Judged, TaxonomyKind, default_label, judge};
use aftercall_ledger::{InUse, Ready};
use aftercall_proto::insight::v1::Dimension;
use aftercall_view::ApplyError;
use jiff::Timestamp;

/// A tenant's taxonomies.
#[derive(Debug)]
pub(crate) struct Labels(Arc<[InUse<CodeTree>]>);

impl Labels {
    pub(crate) fn read(trees: &Ready<CodeTree>, tenant_id: &str) -> Result<Self, ApplyError> {
        Ok(Self(trees.all(tenant_id)?))
    }

    /// What people call a value of a dimension; empty where it is no code, or has no name. Of a kind of which the tenant has
    /// no taxonomy, the default one says it.
    pub(crate) fn of(&self, dimension: Dimension, value: &str) -> &str {
        let Some(kind) = kind(dimension).filter(|_| !value.is_empty()) else {
            return "";
        };
        let mut own = self
            .0
            .iter()
            .filter(|one| one.set.kind() == kind)
            .peekable();
        let label = match own.peek() {
            Some(_) => own.find_map(|one| one.set.label(value)),
            None => default_label(kind, value),
        };
        label.unwrap_or_default()
    }

    /// What the taxonomies of a kind say of a code of what happened then.
    pub(crate) fn judge(&self, code: &str, kind: TaxonomyKind, at: Timestamp) -> Judged {
        let editions: Vec<_> = self.0.iter().map(InUse::edition).collect();
        judge(code, kind, at, &editions)
    }
}

/// Of which kind the codes are that a dimension's values are, or whose families.
const fn kind(dimension: Dimension) -> Option<TaxonomyKind> {
    match dimension {
        Dimension::Reason | Dimension::ReasonFamily => Some(TaxonomyKind::ContactReason),
        Dimension::Disposition => Some(TaxonomyKind::Disposition),
        Dimension::DriverSegment | Dimension::DriverFamily => Some(TaxonomyKind::Driver),
        Dimension::RootCause => Some(TaxonomyKind::RootCause),
        _ => None,
    }
}
