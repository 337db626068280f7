//! From hits to scores.

use jiff::{SignedDuration, Timestamp};

use super::matching::{Hit, hits};
use super::rules::Sense;
use super::{SCORER, VERSION};
use crate::interaction::{
    Sentiment, SentimentEvidence, SentimentParticipant, SentimentPoint, Signal, SignalKind,
    SignalSource,
};
use crate::limits::SENTIMENT_EVIDENCE_MAX;

/// The lowest and the highest score.
const SCORES: (f64, f64) = (-5.0, 5.0);

/// How much worse each further negative sense of a turn makes it.
const FURTHER: f64 = 0.5;

/// How good it is that something is solved and somebody grateful.
const SOLVED_AND_GRATEFUL: f64 = 3.0;

/// The opposite of praise, such as `not very helpful`.
const NEGATED: f64 = -2.0;

/// Something that somebody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'t> {
    /// Who.
    pub participant: SentimentParticipant,
    /// From when, in milliseconds since the contact began.
    pub from_ms: u64,
    /// Until when.
    pub to_ms: u64,
    /// What. Personal.
    pub text: &'t str,
}

/// What the scorer says of a talk.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// How it felt: a point for each turn, in their order.
    pub sentiment: Sentiment,
    /// What deserves notice, each kind once: where it was said most surely, of equal places the first.
    pub noticed: Vec<Noticed>,
}

/// Something that deserves notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Noticed {
    /// What it is.
    pub kind: SignalKind,
    /// When it was said, in milliseconds since the contact began.
    pub from_ms: u64,
    /// How sure, from 0 to 1.
    pub confidence: f64,
    /// By which rule.
    pub rule: &'static str,
}

impl Scored {
    /// What deserves notice, as signals of a contact that began at an instant; without times if that is not known.
    pub fn signals(&self, began_at: Option<Timestamp>) -> Vec<Signal> {
        let noticed = self.noticed.iter();
        let signals = noticed.map(|one| {
            let offset = i64::try_from(one.from_ms).ok();
            let offset = offset.map(SignedDuration::from_millis);
            let at = began_at.zip(offset);
            Signal {
                kind: one.kind,
                at: at.and_then(|(began_at, offset)| began_at.checked_add(offset).ok()),
                source: Some(SignalSource::Rule),
                confidence: Some(one.confidence),
                kind_code: String::new(),
                scorer: SCORER.to_owned(),
                scorer_version: VERSION.to_owned(),
                rule: one.rule.to_owned(),
            }
        });
        signals.collect()
    }
}

/// Scores a talk.
pub fn score(turns: &[Turn<'_>]) -> Scored {
    let mut series = Vec::with_capacity(turns.len());
    let mut noticed = Vec::new();
    let (mut customer, mut agent) = (Mood::default(), Mood::default());
    for turn in turns {
        let is_customer = turn.participant == SentimentParticipant::Customer;
        let mut found = hits(turn.text);
        if !is_customer {
            found.retain(|hit| hit.rule.sense.counts_of_agents());
        }
        let mood = if is_customer {
            &mut customer
        } else {
            &mut agent
        };
        let score = mood.score(&found);
        if is_customer {
            notice(turn, &found, &mut noticed);
        }
        series.push(SentimentPoint {
            from_ms: turn.from_ms,
            to_ms: turn.to_ms,
            participant: Some(turn.participant),
            score,
            label: label(score).to_owned(),
            evidence: evidence(&found),
        });
    }
    let mut sentiment = Sentiment {
        series,
        scorer: SCORER.to_owned(),
        scorer_version: VERSION.to_owned(),
        ..Sentiment::default()
    };
    sentiment.derive();
    Scored { sentiment, noticed }
}

/// The word for a score.
fn label(score: f64) -> &'static str {
    match score {
        bad if bad < -1.0 => "negative",
        good if good > 1.0 => "positive",
        _ => "neutral",
    }
}

/// What somebody said of late, as far as it counts for what they say next.
#[derive(Debug, Default)]
struct Mood {
    grateful: bool,
    resolved: bool,
}

impl Mood {
    /// The score of somebody's next turn.
    fn score(&mut self, found: &[Hit]) -> f64 {
        let has = |sense| {
            found
                .iter()
                .any(|hit| hit.rule.sense == sense && !hit.negated)
        };
        let (grateful, resolved) = (has(Sense::Grateful), has(Sense::Resolved));
        let negative = negative(found);
        let last_bad = negative.as_ref().map(|it| it.last_at);
        let good_after =
            |hit: &&Hit| !hit.negated && last_bad.is_none_or(|bad| hit.span.start > bad);
        let good: Vec<&Hit> = found.iter().filter(good_after).collect();
        let says = |sense| good.iter().any(|hit| hit.rule.sense == sense);
        let solved = match &negative {
            // What was said before it is no longer so.
            Some(_) => says(Sense::Grateful) && says(Sense::Resolved),
            None => (grateful && (resolved || self.resolved)) || (resolved && self.grateful),
        };
        let positive = match (says(Sense::Praise), solved) {
            (true, true) => Some(SOLVED_AND_GRATEFUL + 1.0),
            (true, false) => Some(Sense::Praise.weight()),
            (false, true) => Some(SOLVED_AND_GRATEFUL),
            (false, false) => None,
        };
        *self = match &negative {
            Some(_) => Self {
                grateful: says(Sense::Grateful),
                resolved: says(Sense::Resolved),
            },
            None => Self {
                grateful: self.grateful || grateful,
                resolved: self.resolved || resolved,
            },
        };
        let score = match (negative, positive) {
            (Some(bad), None) => bad.score,
            (Some(bad), Some(_)) if bad.is_grave => bad.score,
            (_, Some(good)) => good,
            (None, None) if grateful || resolved => Sense::Grateful.weight(),
            (None, None) => 0.0,
        };
        score.clamp(SCORES.0, SCORES.1)
    }
}

/// What is negative in a turn.
struct Negative {
    score: f64,
    /// Where the last of it begins, in bytes of the text.
    last_at: usize,
    is_grave: bool,
}

fn negative(found: &[Hit]) -> Option<Negative> {
    let mut senses: Vec<Sense> = Vec::new();
    let (mut worst, mut last_at, mut is_grave) = (0.0_f64, None, false);
    for hit in found {
        let sense = hit.rule.sense;
        let weight = match (hit.negated, sense.weight()) {
            (true, _) if sense == Sense::Praise => NEGATED,
            (false, bad) if bad < 0.0 => bad,
            _ => continue,
        };
        worst = worst.min(weight);
        last_at = Some(hit.span.start);
        is_grave |= sense.is_grave() && !hit.negated;
        if !senses.contains(&sense) {
            senses.push(sense);
        }
    }
    let further = u32::try_from(senses.len().saturating_sub(1)).unwrap_or(u32::MAX);
    Some(Negative {
        score: worst - FURTHER * f64::from(further),
        last_at: last_at?,
        is_grave,
    })
}

/// Notes what deserves notice in a turn of the customer.
fn notice(turn: &Turn<'_>, found: &[Hit], noticed: &mut Vec<Noticed>) {
    for hit in found.iter().filter(|hit| !hit.negated) {
        let Some((kind, confidence)) = hit.rule.sense.signal() else {
            continue;
        };
        let one = Noticed {
            kind,
            from_ms: turn.from_ms,
            confidence,
            rule: hit.rule.code,
        };
        match noticed.iter_mut().find(|other| other.kind == kind) {
            None => noticed.push(one),
            Some(other) if other.confidence < confidence => *other = one,
            Some(_) => {}
        }
    }
}

fn evidence(found: &[Hit]) -> Vec<SentimentEvidence> {
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let evidence = found
        .iter()
        .take(SENTIMENT_EVIDENCE_MAX)
        .map(|hit| SentimentEvidence {
            rule: match hit.negated {
                true => format!("not:{}", hit.rule.code),
                false => hit.rule.code.to_owned(),
            },
            begin: place(hit.span.start),
            end: place(hit.span.end),
        });
    evidence.collect()
}
