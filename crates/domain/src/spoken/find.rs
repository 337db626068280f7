//! From turns to promises.

use super::clause::{Clause, clauses, is_open, is_told};
use super::grammar::{Carried, Hit, hear};
use super::rules::{GRAMMARS, Who};
use super::token::{Sentence, sentences};
use super::when::{Timing, timing};
use super::{Finding, Saying};
use crate::commitment::CommitmentKind;
use crate::interaction::SentimentParticipant;
use crate::limits::SAYINGS_MAX;
use crate::sentiment::Turn;

/// How much surer a time makes it, in percent.
const LATER: u8 = 15;

/// How much less sure it is if it is for somebody else to do.
const ANOTHERS: u8 = 10;

/// How much less sure it is if it is only tried.
const TRIED: u8 = 20;

/// The promises that agents said, in the order of their places: at most [`SAYINGS_MAX`].
pub fn find(turns: &[Turn<'_>]) -> Vec<Saying> {
    let mut found = Vec::new();
    for (turn, said) in turns.iter().enumerate() {
        if said.participant != SentimentParticipant::Agent {
            continue;
        }
        for sentence in sentences(said.text) {
            found.extend(in_sentence(turn, &sentence));
            if found.len() >= SAYINGS_MAX {
                found.truncate(SAYINGS_MAX);
                return found;
            }
        }
    }
    found
}

fn in_sentence(turn: usize, sentence: &Sentence) -> Vec<Saying> {
    let mut found: Vec<Saying> = Vec::new();
    for grammar in GRAMMARS.iter() {
        if is_open(sentence, grammar.words) {
            continue;
        }
        let mut carried: Option<Carried> = None;
        let mut told = false;
        for clause in clauses(sentence) {
            let tokens = &sentence.tokens[clause.words.clone()];
            let heard = hear(grammar, tokens, carried.filter(|_| clause.goes_on));
            carried = heard.carried;
            told = told || is_told(tokens, grammar.words);
            if let Some(hit) = heard.hit.filter(|_| !told) {
                found.extend(saying(turn, (sentence, &clause), hit));
            }
        }
    }
    found.sort_by_key(|one| one.finding.span.start);
    found
}

/// None of what is done while the customer waits.
fn saying(turn: usize, (sentence, clause): (&Sentence, &Clause), hit: Hit) -> Option<Saying> {
    let tokens = &sentence.tokens[clause.words.clone()];
    let rule = hit.ready.rule;
    let told = match timing(tokens) {
        Timing::AtOnce => return None,
        Timing::Unsaid if rule.only_later && hit.who == Who::Agent => return None,
        Timing::Unsaid => None,
        Timing::Later(told) => Some(told),
    };
    let when = told.and_then(|told| told.when);
    let mut confidence = rule.confidence;
    if when.is_some() {
        confidence += LATER;
    }
    if matches!(hit.who, Who::Colleague | Who::Superior) {
        confidence -= ANOTHERS;
    }
    if hit.is_tried {
        confidence -= TRIED;
    }
    let kind = match (rule.kind, hit.who) {
        (CommitmentKind::CallBack, Who::Superior) => CommitmentKind::SupervisorCall,
        (kind, _) => kind,
    };
    let (first, last) = (tokens.first()?, tokens.last()?);
    Some(Saying {
        finding: Finding {
            turn,
            span: first.span.start..last.span.end,
            rule: rule.code,
            time_rule: told
                .filter(|told| told.when.is_some())
                .map(|told| told.rule),
            confidence,
            is_due_said: when.is_some(),
        },
        kind,
        when,
    })
}
