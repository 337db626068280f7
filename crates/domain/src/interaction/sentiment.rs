//! How the customer felt.

use super::check::Checker;
use crate::FieldPath;
use crate::limits::SENTIMENT_POINTS_MAX;
use crate::violation::Reason;

/// How the customer felt, on a scale from -5 (very bad) to 5 (very good).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sentiment {
    /// At the start.
    pub start: Option<f64>,
    /// At the end.
    pub end: Option<f64>,
    /// Over time.
    pub series: Vec<SentimentPoint>,
    /// The person or model that scored.
    pub scorer: String,
    /// The model's version.
    pub scorer_version: String,
}

/// How somebody felt for a while.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SentimentPoint {
    /// From when, in milliseconds since the contact began.
    pub from_ms: u64,
    /// Until when, in milliseconds since the contact began. Not before `from_ms`.
    pub to_ms: u64,
    /// Who.
    pub participant: Option<SentimentParticipant>,
    /// The score, from -5 to 5.
    pub score: f64,
    /// A word for it.
    pub label: String,
}

/// Whose feeling a sentiment point is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SentimentParticipant {
    /// The customer.
    Customer,
    /// The agent.
    Agent,
}

impl Sentiment {
    pub(super) fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        for (name, score) in [("start", self.start), ("end", self.end)] {
            if let Some(score) = score {
                check_score(at.field(name), score, checker);
            }
        }
        let series = at.field("series");
        if checker.count(series, self.series.len(), SENTIMENT_POINTS_MAX) {
            for (index, point) in self.series.iter().enumerate() {
                point.check(series.index(index), checker);
            }
        }
        checker.id(at.field("scorer"), &self.scorer);
        checker.id(at.field("scorer_version"), &self.scorer_version);
    }
}

impl SentimentPoint {
    fn check(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        if self.to_ms < self.from_ms {
            let text = "it ends before it begins; give a value not below from_ms";
            checker.add(at.field("to_ms"), Reason::Conflicting, text);
        }
        check_score(at.field("score"), self.score, checker);
        checker.id(at.field("label"), &self.label);
    }
}

/// Refuses what isn't a number, too.
fn check_score(at: FieldPath<'_>, score: f64, checker: &mut Checker<'_>) {
    if !(-5.0..=5.0).contains(&score) {
        let text = "a score is a number from -5 (very bad) to 5 (very good)";
        checker.add(at, Reason::OutOfRange, text);
    }
}
