//! Silences.

use aftercall_domain::setting::{LabelMatcher, Silence};
use aftercall_domain::{FieldPath, Violations};

use crate::convert::{instant, time};
use crate::model::v1 as wire;

/// Reads a silence. A stand-in is there beside each violation.
pub(super) fn read(silence: wire::Silence, at: FieldPath<'_>, found: &mut Violations) -> Silence {
    let wire::Silence {
        matchers,
        starts_at,
        ends_at,
        reason,
        created_by,
    } = silence;
    Silence {
        matchers: matchers.into_iter().map(Into::into).collect(),
        starts_at: instant::optional(starts_at, at.field("starts_at"), found),
        ends_at: ends_at.map(|end| instant::required(Some(end), at.field("ends_at"), found)),
        reason,
        created_by,
    }
}

impl From<Silence> for wire::Silence {
    fn from(silence: Silence) -> Self {
        let Silence {
            matchers,
            starts_at,
            ends_at,
            reason,
            created_by,
        } = silence;
        Self {
            matchers: matchers.into_iter().map(Into::into).collect(),
            starts_at: starts_at.map(time::to_wire),
            ends_at: ends_at.map(time::to_wire),
            reason,
            created_by,
        }
    }
}

impl From<wire::LabelMatcher> for LabelMatcher {
    fn from(matcher: wire::LabelMatcher) -> Self {
        let wire::LabelMatcher {
            label,
            values,
            excluded,
        } = matcher;
        Self {
            label,
            values,
            excluded,
        }
    }
}

impl From<LabelMatcher> for wire::LabelMatcher {
    fn from(matcher: LabelMatcher) -> Self {
        let LabelMatcher {
            label,
            values,
            excluded,
        } = matcher;
        Self {
            label,
            values,
            excluded,
        }
    }
}
