//! What is said in a chat, or in a call that is written down, as far as it tells how the talk ended.
//!
//! Nothing of the words is kept. What something was said for is found by a table of phrases, in English and German, and
//! from then on that alone counts; so a call stays the same when the table changes.

use std::sync::LazyLock;

use crate::interaction::SentimentParticipant;
use crate::words::folded;

/// How many words somebody takes to say no, at most: what is longer says more than that.
const REFUSAL_WORDS_MAX: usize = 4;

/// What something was said for. Of several, the one that tells most of how the talk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Speech {
    /// To part.
    Farewell,
    /// To thank, or to say that nothing more is wanted.
    Closing,
    /// To say no.
    Refusal,
    /// To ask whether there is anything else.
    Offer,
    /// To have the other one wait.
    Wait,
    /// To ask.
    Question,
    /// Anything else.
    Other,
}

impl Speech {
    /// What a text was said for.
    pub fn of(text: &str) -> Self {
        let words = format!(" {} ", folded(text));
        let has = |phrases: &[String]| phrases.iter().any(|phrase| words.contains(&**phrase));
        if has(&FAREWELLS) {
            Self::Farewell
        } else if has(&OFFERS) {
            Self::Offer
        } else if has(&WAITS) {
            Self::Wait
        } else if asks(text) {
            // Whoever thanks and asks wants an answer.
            Self::Question
        } else if has(&CLOSINGS) {
            Self::Closing
        } else if refuses(&words) {
            Self::Refusal
        } else {
            Self::Other
        }
    }
}

/// How a talk stands, by what was said in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Talk {
    /// Who spoke last.
    pub by: SentimentParticipant,
    /// What for.
    pub speech: Speech,
    /// Whether nobody waits for an answer: somebody has said farewell, and the customer has asked nothing since; or the
    /// customer spoke last, and thanked, wanted nothing more, or said no to an offer of more help.
    pub is_closed: bool,
    /// Whether somebody has said farewell, and the customer has asked nothing since.
    has_parted: bool,
}

impl Talk {
    /// How it stands after somebody has said something.
    pub(super) fn after(before: Option<Self>, by: SentimentParticipant, speech: Speech) -> Self {
        // Two sources may tell the same, and who says the same again says no more.
        if let Some(same) = before.filter(|it| it.by == by && it.speech == speech) {
            return same;
        }
        let is_customer = by == SentimentParticipant::Customer;
        let has_parted = match speech {
            Speech::Farewell => true,
            Speech::Question if is_customer => false,
            _ => before.is_some_and(|it| it.has_parted),
        };
        let is_offered = before.is_some_and(|it| it.by != by && it.speech == Speech::Offer);
        let is_content = match speech {
            Speech::Closing => is_customer,
            Speech::Refusal => is_customer && is_offered,
            _ => false,
        };
        Self {
            by,
            speech,
            is_closed: has_parted || is_content,
            has_parted,
        }
    }
}

/// Whether a text ends with a question mark, of whatever script; signs after it make no difference.
fn asks(text: &str) -> bool {
    let marks = ['?', '？', '؟'];
    let is_odd = |c: char| !c.is_alphanumeric() && !marks.contains(&c);
    text.trim_end_matches(is_odd).ends_with(marks)
}

fn refuses(words: &str) -> bool {
    let mut words = words.split_whitespace();
    let says_no = words.next().is_some_and(|first| NOES.contains(&first));
    says_no && words.count() < REFUSAL_WORDS_MAX
}

/// Words by which a refusal begins, as they are compared.
const NOES: [&str; 7] = ["no", "nope", "nah", "none", "nothing", "nein", "nichts"];

type Phrases = LazyLock<Vec<String>>;

/// Phrases as they are looked for: whole words.
fn phrases(spelt: &[&str]) -> Vec<String> {
    let padded = spelt.iter().map(|phrase| format!(" {} ", folded(phrase)));
    padded.collect()
}

static FAREWELLS: Phrases = LazyLock::new(|| {
    phrases(&[
        "bye",
        "goodbye",
        "good bye",
        "see you",
        "see ya",
        "farewell",
        "have a nice day",
        "have a great day",
        "have a good day",
        "have a wonderful day",
        "have a lovely day",
        "have a nice one",
        "have a great one",
        "have a good one",
        "have a nice evening",
        "have a great evening",
        "have a good evening",
        "have a great night",
        "have a good night",
        "have a nice weekend",
        "have a great weekend",
        "have a good weekend",
        "tschüss",
        "tschüs",
        "tschau",
        "ciao",
        "auf wiedersehen",
        "auf wiederhören",
        "bis bald",
        "bis dann",
        "schönen tag",
        "schönen abend",
        "schönes wochenende",
    ])
});

static CLOSINGS: Phrases = LazyLock::new(|| {
    phrases(&[
        "thank you",
        "thank u",
        "thanks",
        "thankyou",
        "thanx",
        "thx",
        "ty",
        "i appreciate it",
        "that's all",
        "thats all",
        "that is all",
        "that was all",
        "that will be all",
        "that'll be all",
        "that's it",
        "thats it",
        "that is it",
        "that's everything",
        "that is everything",
        "nothing else",
        "nothing more",
        "i'm good",
        "im good",
        "i am good",
        "all set",
        "all good",
        "never mind",
        "nevermind",
        "danke",
        "dankeschön",
        "vielen dank",
        "das ist alles",
        "das war alles",
        "das war's",
        "das wars",
        "sonst nichts",
        "nichts weiter",
        "hat sich erledigt",
    ])
});

static OFFERS: Phrases = LazyLock::new(|| {
    phrases(&[
        "anything else",
        "something else",
        "any other questions",
        "further assistance",
        "else i can do",
        "sonst noch etwas",
        "sonst noch was",
        "noch etwas für sie",
        "noch etwas tun",
    ])
});

static WAITS: Phrases = LazyLock::new(|| {
    phrases(&[
        "one moment",
        "just a moment",
        "moment please",
        "one second",
        "just a second",
        "one sec",
        "just a sec",
        "one minute",
        "just a minute",
        "please wait",
        "hold on",
        "hang on",
        "bear with me",
        "let me check",
        "let me look",
        "let me search",
        "give me a",
        "einen moment",
        "moment bitte",
        "einen augenblick",
        "augenblick bitte",
        "bitte warten",
        "ich schaue nach",
        "ich sehe nach",
    ])
});

#[cfg(test)]
mod tests {
    use SentimentParticipant::{Agent, Customer};

    use super::*;

    #[test]
    fn what_something_was_said_for_is_found_by_its_words() {
        for (text, speech) in [
            ("Thank you and goodbye.", Speech::Farewell),
            ("Thanks, have a good one!", Speech::Farewell),
            ("Auf Wiederhören und schönen Tag noch", Speech::Farewell),
            (
                "Is there anything else that I can do for you?",
                Speech::Offer,
            ),
            ("Kann ich sonst noch etwas tun?", Speech::Offer),
            ("One moment please while I look", Speech::Wait),
            ("Einen Moment, bitte", Speech::Wait),
            ("Thank you, will that be free parking? :)", Speech::Question),
            ("That's all, THANKS", Speech::Closing),
            ("Vielen Dank!", Speech::Closing),
            ("No, not today", Speech::Refusal),
            ("Nein", Speech::Refusal),
            ("No other restrictions than cost for me", Speech::Other),
            ("I have a good idea", Speech::Other),
            ("85731890", Speech::Other),
            ("", Speech::Other),
        ] {
            assert_eq!(Speech::of(text), speech, "{text}");
        }
    }

    fn talk(said: &[(SentimentParticipant, Speech)]) -> Talk {
        let talk = said.iter().fold(None, |talk, (by, speech)| {
            Some(Talk::after(talk, *by, *speech))
        });
        talk.unwrap()
    }

    #[test]
    fn a_talk_is_closed_when_nobody_waits_for_an_answer() {
        let is_closed = |said: &[(SentimentParticipant, Speech)]| talk(said).is_closed;
        assert!(is_closed(&[(Customer, Speech::Closing)]));
        assert!(is_closed(&[
            (Agent, Speech::Farewell),
            (Customer, Speech::Other)
        ]));
        assert!(is_closed(&[
            (Agent, Speech::Offer),
            (Customer, Speech::Refusal)
        ]));
        assert!(!is_closed(&[
            (Agent, Speech::Question),
            (Customer, Speech::Refusal)
        ]));
        assert!(!is_closed(&[(Agent, Speech::Closing)]));
        // Whoever thanked and goes on wants something.
        assert!(!is_closed(&[
            (Customer, Speech::Closing),
            (Agent, Speech::Offer),
            (Customer, Speech::Other),
        ]));
        assert!(!is_closed(&[
            (Agent, Speech::Farewell),
            (Customer, Speech::Question),
        ]));
    }
}
