//! How the customer felt.

use aftercall_domain::interaction::{Sentiment, SentimentParticipant, SentimentPoint};
use aftercall_domain::{FieldPath, Violations, limits};

use crate::convert::message::FromWire;
use crate::convert::{enums, message};
use crate::model::v1 as wire;

impl FromWire<wire::Sentiment> for Sentiment {
    fn from_wire(wire: wire::Sentiment, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Sentiment {
            start,
            end,
            series,
            scorer,
            scorer_version,
        } = wire;
        Self {
            start,
            end,
            series: message::list(
                series,
                limits::SENTIMENT_POINTS_MAX,
                path.field("series"),
                found,
            ),
            scorer,
            scorer_version,
        }
    }
}

impl From<Sentiment> for wire::Sentiment {
    fn from(value: Sentiment) -> Self {
        let Sentiment {
            start,
            end,
            series,
            scorer,
            scorer_version,
        } = value;
        Self {
            start,
            end,
            series: message::outward(series),
            scorer,
            scorer_version,
        }
    }
}

impl FromWire<wire::SentimentPoint> for SentimentPoint {
    fn from_wire(wire: wire::SentimentPoint, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::SentimentPoint {
            from_ms,
            to_ms,
            participant,
            score,
            label,
        } = wire;
        Self {
            from_ms,
            to_ms,
            participant: enums::optional::<wire::SentimentParticipant>(
                participant,
                path.field("participant"),
                found,
            ),
            score,
            label,
        }
    }
}

impl From<SentimentPoint> for wire::SentimentPoint {
    fn from(value: SentimentPoint) -> Self {
        let SentimentPoint {
            from_ms,
            to_ms,
            participant,
            score,
            label,
        } = value;
        Self {
            from_ms,
            to_ms,
            participant: enums::number::<wire::SentimentParticipant>(participant),
            score,
            label,
        }
    }
}

enums::closed!(SentimentParticipant { Customer, Agent });
