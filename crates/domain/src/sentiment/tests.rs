//! What the scorer says of single texts and of talks, and what holds for any text.

use proptest::prelude::*;

use super::rules::{ENGLISH, GERMAN};
use super::*;
use crate::interaction::{SentimentParticipant, SignalKind};

fn turn(text: &str) -> Turn<'_> {
    Turn {
        participant: SentimentParticipant::Customer,
        from_ms: 0,
        to_ms: 0,
        text,
    }
}

/// The scores of the customer's turns.
fn scores(texts: &[&str]) -> Vec<f64> {
    let turns: Vec<_> = texts.iter().map(|text| turn(text)).collect();
    let series = score(&turns).sentiment.series;
    series.iter().map(|point| point.score).collect()
}

fn one(text: &str) -> f64 {
    scores(&[text])[0]
}

#[test]
fn resolved_and_grateful_is_positive_and_either_alone_is_not() {
    assert_eq!(one("It works now, thank you!"), 3.0);
    assert_eq!(one("It works now."), 1.0);
    assert_eq!(one("Thank you!"), 1.0);
    assert_eq!(one("Where is my order?"), 0.0);
    assert_eq!(one("Jetzt funktioniert es. Vielen Dank!"), 3.0);
    // In two turns of the same talk, too, unless something negative is between them.
    assert_eq!(scores(&["It works now.", "Thanks a lot"]), [1.0, 3.0]);
    assert_eq!(
        scores(&["It works now.", "Oh no, this is ridiculous", "Thanks"]),
        [1.0, -3.0, 1.0]
    );
}

#[test]
fn each_negative_sense_counts_and_more_of_them_count_more() {
    for (text, score) in [
        ("I am fed up with this", -3.0),
        ("This is bullshit", -4.0),
        ("Oh forget it", -4.0),
        ("You will hear from my lawyer", -4.0),
        ("Let me speak to your manager", -3.0),
        ("Cancel my subscription", -3.0),
        ("This is the third time I call", -2.0),
        ("You idiot", -5.0),
        ("I am fed up, this is bullshit, get me your manager", -5.0),
        ("Ich will Ihren Vorgesetzten sprechen, es reicht!", -3.5),
    ] {
        assert_eq!(one(text), score, "{text}");
    }
}

#[test]
fn what_was_said_last_counts_unless_what_was_bad_is_grave() {
    assert_eq!(one("I was so annoyed, but it works now, thank you"), 3.0);
    assert_eq!(
        one("It worked, thank you, and now it is a mess: ridiculous"),
        -3.0
    );
    assert!(one("I will sue you. It works now, thank you.") < -1.0);
}

#[test]
fn a_word_that_says_no_turns_praise_and_takes_the_rest_away() {
    assert_eq!(one("That was not very helpful"), -2.0);
    assert_eq!(one("No, thank you"), 0.0);
    assert_eq!(one("I don't want a lawyer, I want my receipt"), 0.0);
    assert_eq!(one("I am not angry"), 0.0);
    // But not beyond its sentence.
    assert_eq!(one("No. This is ridiculous"), -3.0);
}

#[test]
fn an_agents_words_count_only_where_they_curse() {
    let agent = |text| Turn {
        participant: SentimentParticipant::Agent,
        ..turn(text)
    };
    let scored = score(&[agent("I understand that you are frustrated, I'm sorry")]);
    assert_eq!(scored.sentiment.series[0].score, 0.0);
    assert_eq!(score(&[agent("Damn")]).sentiment.series[0].score, -4.0);
    let threat = score(&[agent("My lawyer says no")]);
    assert_eq!(threat.noticed, []);
    // The customer's start and end are no agent's.
    assert_eq!(threat.sentiment.end, None);
}

#[test]
fn what_deserves_notice_is_told_once_with_its_rule_and_place() {
    let text = "I WILL sue you! My lawyer knows. Let me talk to your manager.";
    let scored = score(&[
        turn("Hello"),
        Turn {
            from_ms: 7_000,
            ..turn(text)
        },
    ]);
    let kinds: Vec<_> = scored.noticed.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [SignalKind::LegalThreat, SignalKind::ManagerRequest]);
    assert_eq!(scored.noticed[0].from_ms, 7_000);
    let evidence = &scored.sentiment.series[1].evidence;
    let words: Vec<_> = evidence
        .iter()
        .map(|one| (&text[one.begin as usize..one.end as usize], &*one.rule))
        .collect();
    assert_eq!(
        words,
        [
            ("WILL sue", "legal_threat.court"),
            ("My lawyer", "legal_threat.lawyer"),
            ("talk to your manager", "manager_request.speak"),
        ]
    );
    let signals = scored.signals(Some(jiff::Timestamp::UNIX_EPOCH));
    assert_eq!(signals[0].at.map(|at| at.as_second()), Some(7));
    assert_eq!(signals[0].scorer, SCORER);
    assert!(signals[0].is_sure());
}

#[test]
fn case_accents_and_apostrophes_make_no_difference() {
    for text in ["I’m fed up", "IM FED UP", "Unverschämt!", "unverschamt"] {
        assert_eq!(one(text), -3.0, "{text}");
    }
}

#[test]
fn every_rule_has_a_name_of_its_own_and_every_phrase_is_found() {
    let all: Vec<&Rule> = ENGLISH.iter().chain(GERMAN).collect();
    let mut codes: Vec<&str> = all.iter().map(|rule| rule.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all.len());
    for rule in all {
        for phrase in rule.phrases {
            let text = phrase.replace('*', "").replace('_', "x").replace('~', "");
            let hits = matching::hits(&text);
            let found = hits.iter().any(|hit| hit.rule.sense == rule.sense);
            assert!(found, "{}: {phrase:?} is not found: {hits:?}", rule.code);
        }
    }
}

proptest! {
    #[test]
    fn any_text_has_a_score_within_bounds_and_places_that_are_words(
        texts in prop::collection::vec(any_text(), 0..5),
    ) {
        let turns: Vec<_> = texts.iter().map(|text| turn(text)).collect();
        let scored = score(&turns);
        prop_assert_eq!(scored.sentiment.series.len(), texts.len());
        for (point, text) in scored.sentiment.series.iter().zip(&texts) {
            prop_assert!((-5.0..=5.0).contains(&point.score));
            for one in &point.evidence {
                let words = text.get(one.begin as usize..one.end as usize);
                prop_assert!(words.is_some_and(|words| !words.is_empty()));
            }
        }
        prop_assert_eq!(score(&turns), scored);
    }

    #[test]
    fn what_is_neutral_may_be_added_without_a_difference(
        text in any_text(),
        number in 0..100_000_u32,
    ) {
        let longer = format!("{text}. {number}");
        prop_assert_eq!(one(&longer), one(&text));
    }
}

/// Any text, and phrases of the rules among it.
fn any_text() -> impl Strategy<Value = String> {
    let phrases: Vec<&str> = ENGLISH
        .iter()
        .chain(GERMAN)
        .flat_map(|rule| rule.phrases.iter().copied())
        .collect();
    let part = prop_oneof![
        2 => prop::sample::select(phrases).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => prop::sample::select(vec![". ", "! ", " not ", " nicht ", ", "]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.join(" "))
}
