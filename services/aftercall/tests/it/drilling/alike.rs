//! What insight knows itself and a search asks for, too: a filter of the one, and the same of the other.

use aftercall_proto::history::v1::{InteractionFilter, SentimentTrend};
use aftercall_proto::insight::v1::{ContactFilter, Dimension};

use super::asked::{BANDS, BLAMED, CAUSES, DRIVERS, SCORERS, SIGNALS};

/// What insight knows itself of what made customers call, of why that was so and of to whom a loss is put down, and the same of a
/// search. Below none of these codes is another one.
pub(super) fn driven_alike() -> Vec<(ContactFilter, InteractionFilter)> {
    let (driver, cause) = (vec![DRIVERS[1].to_owned()], vec![CAUSES[1].to_owned()]);
    vec![
        (
            ContactFilter {
                driver_codes: driver.clone(),
                ..ContactFilter::default()
            },
            InteractionFilter {
                driver_codes: driver,
                ..InteractionFilter::default()
            },
        ),
        (
            ContactFilter {
                root_cause_codes: cause.clone(),
                ..ContactFilter::default()
            },
            InteractionFilter {
                root_cause_codes: cause,
                ..InteractionFilter::default()
            },
        ),
        (
            ContactFilter {
                unset: vec![Dimension::RootCause.into()],
                ..ContactFilter::default()
            },
            InteractionFilter {
                has_root_cause: Some(false),
                ..InteractionFilter::default()
            },
        ),
        (
            ContactFilter {
                unset: vec![Dimension::DriverSegment.into()],
                ..ContactFilter::default()
            },
            InteractionFilter {
                has_driver: Some(false),
                ..InteractionFilter::default()
            },
        ),
        (
            ContactFilter {
                drop_attributions: vec![BLAMED[0].into()],
                ..ContactFilter::default()
            },
            InteractionFilter {
                drop_attributions: vec![BLAMED[0].into()],
                ..InteractionFilter::default()
            },
        ),
    ]
}

/// What insight knows itself of feelings and signals, and the same of a search.
pub(super) fn felt_alike() -> Vec<(ContactFilter, InteractionFilter)> {
    let own = ContactFilter::default;
    let searched = InteractionFilter::default;
    let mut all = Vec::new();
    for band in BANDS.map(i32::from) {
        all.push((
            ContactFilter {
                sentiments: vec![band],
                ..own()
            },
            InteractionFilter {
                sentiments: vec![band],
                ..searched()
            },
        ));
        all.push((
            ContactFilter {
                worst_sentiments: vec![band],
                ..own()
            },
            InteractionFilter {
                worst_sentiments: vec![band],
                ..searched()
            },
        ));
    }
    let trends = [SentimentTrend::Worse.into(), SentimentTrend::Steady.into()];
    all.push((
        ContactFilter {
            sentiment_trends: trends.into(),
            ..own()
        },
        InteractionFilter {
            sentiment_trends: trends.into(),
            ..searched()
        },
    ));
    let signals: Vec<i32> = SIGNALS[..2].iter().map(|kind| (*kind).into()).collect();
    all.push((
        ContactFilter {
            signals: signals.clone(),
            ..own()
        },
        InteractionFilter {
            signals,
            ..searched()
        },
    ));
    let scorers = vec![SCORERS[0].to_owned()];
    all.push((
        ContactFilter {
            sentiment_scorers: scorers.clone(),
            ..own()
        },
        InteractionFilter {
            sentiment_scorers: scorers,
            ..searched()
        },
    ));
    all
}
