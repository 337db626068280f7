//! How the customer felt.

use aftercall_domain::interaction::{Sentiment, SentimentParticipant, SentimentPoint};
use aftercall_domain::violation::Reason;
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
        if score.is_none() {
            let text = "is required; give a number from -5 to 5";
            found.add(path.field("score"), Reason::Required, text);
        }
        Self {
            from_ms,
            to_ms,
            participant: enums::optional::<wire::SentimentParticipant>(
                participant,
                path.field("participant"),
                found,
            ),
            score: score.unwrap_or_default(),
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
            score: Some(score),
            label,
        }
    }
}

enums::closed!(SentimentParticipant { Customer, Agent });
