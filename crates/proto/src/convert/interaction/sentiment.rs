//! How people felt.

use aftercall_domain::interaction::{
    Sentiment, SentimentEvidence, SentimentParticipant, SentimentPoint, SentimentSummary,
};
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Violations, limits};

use crate::convert::message::FromWire;
use crate::convert::{enums, message};
use crate::model::v1 as wire;

/// Whose feeling a number of the wire means; none where it was left out.
pub fn read_participant(
    participant: i32,
    at: FieldPath<'_>,
    found: &mut Violations,
) -> Option<SentimentParticipant> {
    enums::optional::<wire::SentimentParticipant>(participant, at, found)
}

impl FromWire<wire::Sentiment> for Sentiment {
    fn from_wire(wire: wire::Sentiment, path: FieldPath<'_>, found: &mut Violations) -> Self {
        let wire::Sentiment {
            start,
            end,
            series,
            scorer,
            scorer_version,
            // What follows from the rest is said anew.
            worst: _,
            shift: _,
            summaries: _,
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
            worst: None,
            shift: None,
            summaries: Vec::new(),
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
            worst,
            shift,
            summaries,
        } = value;
        Self {
            start,
            end,
            series: message::outward(series),
            scorer,
            scorer_version,
            worst,
            shift,
            summaries: message::outward(summaries),
        }
    }
}

impl From<SentimentSummary> for wire::SentimentSummary {
    fn from(value: SentimentSummary) -> Self {
        let SentimentSummary {
            participant,
            start,
            end,
            worst,
            shift,
            points,
        } = value;
        Self {
            participant: wire::SentimentParticipant::from(participant).into(),
            start,
            end,
            worst,
            shift,
            points,
        }
    }
}

impl FromWire<wire::SentimentEvidence> for SentimentEvidence {
    fn from_wire(wire: wire::SentimentEvidence, _: FieldPath<'_>, _: &mut Violations) -> Self {
        let wire::SentimentEvidence { rule, begin, end } = wire;
        Self { rule, begin, end }
    }
}

impl From<SentimentEvidence> for wire::SentimentEvidence {
    fn from(value: SentimentEvidence) -> Self {
        let SentimentEvidence { rule, begin, end } = value;
        Self { rule, begin, end }
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
            evidence,
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
            evidence: message::list(
                evidence,
                limits::SENTIMENT_EVIDENCE_MAX,
                path.field("evidence"),
                found,
            ),
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
            evidence,
        } = value;
        Self {
            from_ms,
            to_ms,
            participant: enums::number::<wire::SentimentParticipant>(participant),
            score: Some(score),
            label,
            evidence: message::outward(evidence),
        }
    }
}

enums::closed!(SentimentParticipant { Customer, Agent });
