//! What insight knows itself and a search asks for, too: a filter of the one, and the same of the other.

use aftercall_proto::history::v1::{InteractionFilter, SentimentTrend};
use aftercall_proto::insight::v1::{ContactFilter, Dimension};

use super::asked::{BANDS, BLAMED, CAUSES, DRIVERS, SCORERS, SIGNALS};

/// The same filter of both, by fields of the same names.
macro_rules! both {
    ($field:ident: $value:expr) => {{
        let value = $value;
        (
            ContactFilter {
                $field: value.clone(),
                ..ContactFilter::default()
            },
            InteractionFilter {
                $field: value,
                ..InteractionFilter::default()
            },
        )
    }};
}

/// Contacts of which nobody said what a dimension tells, and the same of a search.
fn unset(dimension: Dimension, searched: InteractionFilter) -> (ContactFilter, InteractionFilter) {
    let own = ContactFilter {
        unset: vec![dimension.into()],
        ..ContactFilter::default()
    };
    (own, searched)
}

/// What insight knows itself of what made customers call, of why that was so and of to whom a loss is put down, and the same of a
/// search. Below none of these codes is another one.
pub(super) fn driven_alike() -> Vec<(ContactFilter, InteractionFilter)> {
    let without_cause = InteractionFilter {
        has_root_cause: Some(false),
        ..InteractionFilter::default()
    };
    let without_driver = InteractionFilter {
        has_driver: Some(false),
        ..InteractionFilter::default()
    };
    vec![
        both!(driver_codes: vec![DRIVERS[1].to_owned()]),
        both!(root_cause_codes: vec![CAUSES[1].to_owned()]),
        unset(Dimension::RootCause, without_cause),
        unset(Dimension::DriverSegment, without_driver),
        both!(drop_attributions: vec![i32::from(BLAMED[0])]),
    ]
}

/// What insight knows itself of feelings and signals, and the same of a search.
pub(super) fn felt_alike() -> Vec<(ContactFilter, InteractionFilter)> {
    let mut all = Vec::new();
    for band in BANDS.map(i32::from) {
        all.push(both!(sentiments: vec![band]));
        all.push(both!(worst_sentiments: vec![band]));
    }
    let trends = [SentimentTrend::Worse, SentimentTrend::Steady];
    all.push(both!(sentiment_trends: trends.map(i32::from).to_vec()));
    let signals: Vec<i32> = SIGNALS[..2].iter().map(|kind| (*kind).into()).collect();
    all.push(both!(signals: signals));
    all.push(both!(sentiment_scorers: vec![SCORERS[0].to_owned()]));
    all
}
