//! Who promises what in a clause.

use std::ops::Range;

use super::pattern::Pattern;
use super::rules::{Grammar, Ready, Who};
use super::token::Token;

/// How many words may stand between `I will` and what is promised.
const FILLERS_MAX: usize = 5;

/// How many words before who promises one is looked for that denies.
const DENIED_WITHIN: usize = 4;

/// How far from a verb its subject is looked for, where it is a noun.
const NOUN_WITHIN: usize = 5;

/// Who promises, as the next clause goes on from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Carried {
    who: Who,
    /// Whether by a word of the future.
    will: bool,
}

/// A promise in a clause.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) ready: &'static Ready,
    pub(super) who: Who,
    /// Whether it was only said that it is tried.
    pub(super) is_tried: bool,
}

/// What a clause says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    pub(super) hit: Option<Hit>,
    /// What the next clause goes on from.
    pub(super) carried: Option<Carried>,
}

/// What a clause says in a language, with what it has from the one before.
pub(super) fn hear(grammar: &'static Grammar, tokens: &[Token], carried: Option<Carried>) -> Heard {
    let part = Part { grammar, tokens };
    let heard = match grammar.words.is_verb_last {
        true => part.verb_last(carried),
        false => part.verb_after_will(carried),
    };
    if heard.hit.is_some() {
        return heard;
    }
    let heard = match heard.carried {
        Some(Carried { will: true, .. }) => heard,
        _ => part.verb_first(carried),
    };
    Heard {
        hit: heard.hit.or_else(|| part.whole()),
        ..heard
    }
}

/// The words of a clause, in a language.
#[derive(Debug, Clone, Copy)]
struct Part<'t> {
    grammar: &'static Grammar,
    tokens: &'t [Token],
}

impl Part<'_> {
    /// `I will call you`; after `and`, `call you` alone.
    fn verb_after_will(self, carried: Option<Carried>) -> Heard {
        let mut heard = Heard::default();
        for at in 0..self.tokens.len() {
            let Some((who, next)) = self.promiser(at) else {
                continue;
            };
            let Some(verb) = self.will(next) else {
                continue;
            };
            if self.is_denied(self.denied_from(at)..verb) {
                continue;
            }
            heard.carried = Some(Carried { who, will: true });
            heard.hit = self.verb_at(verb, who);
            if heard.hit.is_some() {
                return heard;
            }
        }
        if let Some(mine) = carried.filter(|mine| mine.will && heard.carried.is_none()) {
            heard.hit = self.verb_at(self.will(0).unwrap_or(0), mine.who);
            heard.carried = Some(mine);
        }
        heard
    }

    /// `Ich werde Sie anrufen`, `dass ich Sie anrufe`; after `und`, `Sie anrufen` alone.
    fn verb_last(self, carried: Option<Carried>) -> Heard {
        if self.is_denied(0..self.tokens.len()) {
            return Heard::default();
        }
        for at in 0..self.tokens.len() {
            let will = match self.will_at(at) {
                Some(next) => self.subject(at..next).map(|who| (who, next)),
                None if self.tokens[at].word == "dass" => self.self_after(at + 1),
                None => None,
            };
            if let Some((who, next)) = will {
                return Heard {
                    hit: self.verb_from(next, who),
                    carried: Some(Carried { who, will: true }),
                };
            }
        }
        let mine = carried.filter(|mine| mine.will);
        let hit = mine.and_then(|mine| self.verb_from(0, mine.who));
        Heard {
            hit,
            carried: mine.filter(|_| hit.is_some()),
        }
    }

    /// `Ich rufe Sie an`, `morgen rufe ich Sie an`; after `und`, `rufe Sie an` alone.
    fn verb_first(self, carried: Option<Carried>) -> Heard {
        if self.is_denied(0..self.tokens.len()) {
            return Heard::default();
        }
        let subject = |at: usize| {
            let own = self.subject(at..at + 1);
            let begins = self.tokens[..at].iter().all(|token| self.is_filler(token));
            own.or_else(|| carried.filter(|_| begins).map(|mine| mine.who))
        };
        let found = (0..self.tokens.len()).filter_map(|at| {
            let ready = self.best(at, |ready| ready.main.as_slice())?;
            Some((ready, subject(at)?))
        });
        let found = found.min_by_key(|(ready, _)| ready.rule.is_general);
        let hit = found.map(|(ready, who)| self.hit(ready, who, 0..self.tokens.len()));
        let speaker = (0..self.tokens.len()).find_map(|at| self.speaker(at));
        let who = hit.map(|hit| hit.who).or(speaker);
        Heard {
            hit,
            carried: who.map(|who| Carried { who, will: false }),
        }
    }

    /// What says it by itself.
    fn whole(self) -> Option<Hit> {
        if self.is_denied(0..self.tokens.len()) {
            return None;
        }
        let places = 0..self.tokens.len();
        let found = places.filter_map(|at| self.best(at, |ready| ready.whole.as_slice()));
        let ready = found.min_by_key(|ready| ready.rule.is_general)?;
        Some(self.hit(ready, Who::House, 0..0))
    }

    /// Who promises at a word, and the first word after them.
    fn promiser(self, at: usize) -> Option<(Who, usize)> {
        let mut all = self.grammar.promisers.iter();
        all.find_map(|(who, says)| {
            let says = says.iter().find_map(|says| says.at(self.tokens, at))?;
            Some((*who, says.end))
        })
    }

    /// Whoever speaks of themselves at a word.
    fn speaker(self, at: usize) -> Option<Who> {
        let (who, _) = self.promiser(at)?;
        matches!(who, Who::Agent | Who::House).then_some(who)
    }

    /// Whoever speaks of themselves in the words after a place, and the first word after them.
    fn self_after(self, from: usize) -> Option<(Who, usize)> {
        let mut places = from..(from + DENIED_WITHIN).min(self.tokens.len());
        places.find_map(|at| Some((self.speaker(at)?, at + 1)))
    }

    /// The subject of a German verb: `ich` or `wir` beside it, or a noun near it. After the verb, a noun is its subject only
    /// if the verb is of a third person: `Rufen Sie unsere Techniker an` promises nothing.
    fn subject(self, verb: Range<usize>) -> Option<Who> {
        let before = verb.start.checked_sub(1);
        let mut beside = before.into_iter().chain([verb.end]);
        if let Some(who) = beside.find_map(|at| self.speaker(at)) {
            return Some(who);
        }
        let noun = |at: usize| {
            let (who, _) = self.promiser(at)?;
            (!matches!(who, Who::Agent | Who::House)).then_some(who)
        };
        let mut nouns = verb.start.saturating_sub(NOUN_WITHIN)..verb.start;
        let word = &self.tokens.get(verb.start)?.word;
        let is_third = word.ends_with('t') || word == "wird";
        nouns.find_map(noun).or_else(|| {
            let mut nouns = verb.end..verb.end + NOUN_WITHIN;
            is_third.then(|| nouns.find_map(noun)).flatten()
        })
    }

    /// The first word after one of the future, which stands at a word.
    fn will_at(self, at: usize) -> Option<usize> {
        let mut wills = self.grammar.wills.iter();
        Some(wills.find_map(|will| will.at(self.tokens, at))?.end)
    }

    /// The same, where it may stand after fillers.
    fn will(self, at: usize) -> Option<usize> {
        for place in at..=(at + FILLERS_MAX) {
            if let Some(next) = self.will_at(place) {
                return Some(next);
            }
            if !self.is_filler(self.tokens.get(place)?) {
                return None;
            }
        }
        None
    }

    /// What is promised at a word, or after fillers.
    fn verb_at(self, verb: usize, who: Who) -> Option<Hit> {
        for at in verb..=(verb + FILLERS_MAX) {
            if let Some(ready) = self.best(at, |ready| ready.after.as_slice()) {
                return Some(self.hit(ready, who, verb..at));
            }
            if !self.is_filler(self.tokens.get(at)?) {
                return None;
            }
        }
        None
    }

    /// What is promised anywhere after a word.
    fn verb_from(self, from: usize, who: Who) -> Option<Hit> {
        let places = from..self.tokens.len();
        let found = places.filter_map(|at| self.best(at, |ready| ready.after.as_slice()));
        let ready = found.min_by_key(|ready| ready.rule.is_general)?;
        Some(self.hit(ready, who, from..self.tokens.len()))
    }

    fn hit(self, ready: &'static Ready, who: Who, passed: Range<usize>) -> Hit {
        let mut passed = self.tokens[passed].iter();
        let doubts = self.grammar.words.doubts;
        Hit {
            ready,
            who,
            is_tried: passed.any(|token| doubts.contains(&&*token.word)),
        }
    }

    /// The rule that fits at a word: one that is not general before one that is, then the one with the fewest words, then the
    /// first.
    fn best(
        self,
        at: usize,
        says: impl Fn(&'static Ready) -> &'static [Pattern],
    ) -> Option<&'static Ready> {
        let rules = self.grammar.rules.iter().filter_map(|ready| {
            let fits = says(ready).iter().filter_map(|one| one.at(self.tokens, at));
            let end = fits.map(|captured| captured.end).min()?;
            Some((ready, end))
        });
        let best = rules.min_by_key(|(ready, end)| (ready.rule.is_general, *end));
        best.map(|(ready, _)| ready)
    }

    fn is_filler(self, token: &Token) -> bool {
        self.grammar.words.fillers.contains(&&*token.word)
    }

    /// The first word before who promises that may deny it: not beyond a comma.
    fn denied_from(self, at: usize) -> usize {
        let first = at.saturating_sub(DENIED_WITHIN);
        let mut places = (first..=at).rev();
        let comma = places.find(|place| self.tokens[*place].after_comma);
        comma.unwrap_or(first)
    }

    /// Whether one of these words denies.
    fn is_denied(self, mut range: Range<usize>) -> bool {
        let words = self.grammar.words;
        let word = |at: usize| self.tokens.get(at).map_or("", |token| &*token.word);
        range.any(|at| {
            words.negators.contains(&word(at)) && !words.no_matter.contains(&word(at + 1))
        })
    }
}
