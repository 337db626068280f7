//! How people felt in a contact.

use super::check::Checker;
use crate::FieldPath;
use crate::limits::{SENTIMENT_EVIDENCE_MAX, SENTIMENT_POINTS_MAX, SENTIMENTS_MAX};
use crate::violation::Reason;

/// How a contact felt, on a scale from -5 (very bad) to 5 (very good), as one scorer says.
///
/// [`start`](Self::start), [`end`](Self::end), [`worst`](Self::worst) and [`shift`](Self::shift) are the customer's.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sentiment {
    /// At the start.
    pub start: Option<f64>,
    /// At the end.
    pub end: Option<f64>,
    /// Over time.
    pub series: Vec<SentimentPoint>,
    /// The person, rule set or model that scored.
    pub scorer: String,
    /// Its version.
    pub scorer_version: String,
    /// The lowest that is known of the customer; see [`Self::derive`].
    pub worst: Option<f64>,
    /// From the start to the end, where both are known; see [`Self::derive`].
    pub shift: Option<f64>,
    /// The same of each participant of the series; see [`Self::derive`].
    pub summaries: Vec<SentimentSummary>,
}

/// What the points of one participant come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SentimentSummary {
    /// Who.
    pub participant: SentimentParticipant,
    /// The score of the first point.
    pub start: f64,
    /// The score of the last point.
    pub end: f64,
    /// The lowest score.
    pub worst: f64,
    /// `end` less `start`.
    pub shift: f64,
    /// How many points there are.
    pub points: u32,
}

/// How somebody felt for a while.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SentimentPoint {
    /// From when, in milliseconds since the contact began.
    pub from_ms: u64,
    /// Until when, in milliseconds since the contact began. Not before `from_ms`.
    pub to_ms: u64,
    /// Who; none for the customer.
    pub participant: Option<SentimentParticipant>,
    /// The score, from -5 to 5.
    pub score: f64,
    /// A word for it.
    pub label: String,
    /// What led to it.
    pub evidence: Vec<SentimentEvidence>,
}

/// What in a text led to a score: a place in it, not its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SentimentEvidence {
    /// The scorer's rule. Required.
    pub rule: String,
    /// Where the words begin, in bytes of the text's UTF-8.
    pub begin: u32,
    /// The first byte after them. Not before `begin`.
    pub end: u32,
}

/// Whose feeling a sentiment point is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SentimentParticipant {
    /// The customer.
    Customer,
    /// The agent.
    Agent,
}

impl SentimentPoint {
    fn whose(&self) -> SentimentParticipant {
        self.participant.unwrap_or(SentimentParticipant::Customer)
    }
}

impl Sentiment {
    /// Says what follows from what is said: the worst and the shift, of each participant what their points come to, and
    /// where nobody gave them the customer's start and end. Points count in the order of `from_ms`, and of those at the
    /// same time in that of the series. Done once, before it is recorded.
    pub fn derive(&mut self) {
        let mut order: Vec<&SentimentPoint> = self.series.iter().collect();
        // Stable: of equal times the first of the series stays first.
        order.sort_by_key(|point| point.from_ms);
        let participants = [SentimentParticipant::Customer, SentimentParticipant::Agent];
        let summaries = participants.into_iter();
        let summaries = summaries.filter_map(|who| summary(who, &order)).collect();
        self.summaries = summaries;
        let customer = self.summaries.iter();
        let customer = customer
            .copied()
            .find(|it| it.participant == SentimentParticipant::Customer);
        self.start = self.start.or(customer.map(|it| it.start));
        self.end = self.end.or(customer.map(|it| it.end));
        let known = [self.start, self.end, customer.map(|it| it.worst)];
        self.worst = known.into_iter().flatten().reduce(f64::min);
        self.shift = self.end.zip(self.start).map(|(end, start)| end - start);
    }

    /// Whether another one is by the same scorer in the same version.
    pub fn is_by_same(&self, other: &Self) -> bool {
        (&self.scorer, &self.scorer_version) == (&other.scorer, &other.scorer_version)
    }

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

/// What the points of a participant come to, in their order; none if there are none.
fn summary(who: SentimentParticipant, order: &[&SentimentPoint]) -> Option<SentimentSummary> {
    let mut own = order.iter().filter(|point| point.whose() == who);
    let first = own.next()?.score;
    let mut summary = SentimentSummary {
        participant: who,
        start: first,
        end: first,
        worst: first,
        shift: 0.0,
        points: 1,
    };
    for point in own {
        summary.end = point.score;
        summary.worst = summary.worst.min(point.score);
        summary.points = summary.points.saturating_add(1);
    }
    summary.shift = summary.end - summary.start;
    Some(summary)
}

/// Checks sentiments that stand side by side: few, each sound, and each scorer in one of its versions once.
pub(super) fn check_sentiments(
    at: FieldPath<'_>,
    sentiments: &[Sentiment],
    checker: &mut Checker<'_>,
) {
    if !checker.count(at, sentiments.len(), SENTIMENTS_MAX) {
        return;
    }
    for (index, sentiment) in sentiments.iter().enumerate() {
        let own = at.index(index);
        checker.required_id(own.field("scorer"), &sentiment.scorer);
        sentiment.check(own, checker);
        let before = &sentiments[..index];
        if before.iter().any(|other| other.is_by_same(sentiment)) {
            let text =
                "another one of the list is by the same scorer in the same version; give each once";
            checker.add(own.field("scorer"), Reason::Conflicting, text);
        }
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
        let evidence = at.field("evidence");
        if checker.count(evidence, self.evidence.len(), SENTIMENT_EVIDENCE_MAX) {
            for (index, one) in self.evidence.iter().enumerate() {
                let at = evidence.index(index);
                checker.required_id(at.field("rule"), &one.rule);
                if one.end < one.begin {
                    let text = "it ends before it begins; give a value not below begin";
                    checker.add(at.field("end"), Reason::Conflicting, text);
                }
            }
        }
    }
}

/// Refuses what isn't a number, too.
fn check_score(at: FieldPath<'_>, score: f64, checker: &mut Checker<'_>) {
    if !(-5.0..=5.0).contains(&score) {
        let text = "a score is a number from -5 (very bad) to 5 (very good)";
        checker.add(at, Reason::OutOfRange, text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point() -> impl Strategy<Value = SentimentPoint> {
        let who = prop::option::of(prop::sample::select(vec![
            SentimentParticipant::Customer,
            SentimentParticipant::Agent,
        ]));
        (0..20_u64, who, -5_i8..=5).prop_map(|(from_ms, participant, score)| SentimentPoint {
            from_ms,
            to_ms: from_ms,
            participant,
            score: score.into(),
            ..SentimentPoint::default()
        })
    }

    proptest! {
        #[test]
        fn what_is_derived_is_what_a_naive_look_finds(
            series in prop::collection::vec(point(), 0..12),
            start in prop::option::of(-5_i8..=5),
            end in prop::option::of(-5_i8..=5),
        ) {
            let mut sentiment = Sentiment {
                start: start.map(f64::from),
                end: end.map(f64::from),
                series: series.clone(),
                ..Sentiment::default()
            };
            sentiment.derive();
            let once = sentiment.clone();
            sentiment.derive();
            prop_assert_eq!(&sentiment, &once);
            let of = |who: SentimentParticipant| {
                let own = series.iter().enumerate();
                let own = own.filter(|(_, point)| {
                    point.participant.unwrap_or(SentimentParticipant::Customer) == who
                });
                let mut own: Vec<_> = own
                    .map(|(place, point)| (point.from_ms, place, point.score))
                    .collect();
                own.sort_by_key(|(from_ms, place, _)| (*from_ms, *place));
                own.into_iter().map(|(.., score)| score).collect::<Vec<_>>()
            };
            for who in [SentimentParticipant::Customer, SentimentParticipant::Agent] {
                let scores = of(who);
                let told = sentiment.summaries.iter().find(|it| it.participant == who);
                prop_assert_eq!(told.is_some(), !scores.is_empty());
                if let Some(told) = told {
                    prop_assert_eq!(told.start, scores[0]);
                    prop_assert_eq!(told.end, scores[scores.len() - 1]);
                    prop_assert_eq!(told.points as usize, scores.len());
                    prop_assert!(scores.iter().all(|score| *score >= told.worst));
                    prop_assert!(scores.contains(&told.worst));
                    prop_assert_eq!(told.shift, told.end - told.start);
                }
            }
            let scores = of(SentimentParticipant::Customer);
            let first = start.map(f64::from).or(scores.first().copied());
            let last = end.map(f64::from).or(scores.last().copied());
            prop_assert_eq!((sentiment.start, sentiment.end), (first, last));
            let all = scores.iter().copied().chain(first).chain(last);
            prop_assert_eq!(sentiment.worst, all.reduce(f64::min));
            prop_assert_eq!(sentiment.shift, first.zip(last).map(|(from, to)| to - from));
        }
    }
}
