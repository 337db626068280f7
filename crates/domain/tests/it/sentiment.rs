//! How well the built-in scorer does, on texts that its rules were not made by. Run with `--nocapture` it prints the
//! figures that `docs/sentiment.md` has.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use aftercall_domain::interaction::{SentimentParticipant, SignalKind};
use aftercall_domain::sentiment::{Scored, Turn, score};
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::held_out;
use crate::sentiment_texts::{ENGLISH, Felt, GERMAN, Labelled};
use crate::tally::Tally;

fn scored<'t>(texts: impl IntoIterator<Item = &'t str>) -> Scored {
    let turns: Vec<_> = texts
        .into_iter()
        .map(|text| Turn {
            participant: SentimentParticipant::Customer,
            from_ms: 0,
            to_ms: 0,
            text,
        })
        .collect();
    score(&turns)
}

fn felt(scored: &Scored) -> Felt {
    match scored.sentiment.end.unwrap_or_default() {
        end if end < -1.0 => Felt::Negative,
        end if end > 1.0 => Felt::Positive,
        _ => Felt::Neutral,
    }
}

/// Of each band and each signal, how well it is found in texts of a language.
fn bands(language: &str, texts: &[Labelled]) -> (BTreeMap<Felt, Tally>, Tally) {
    let mut bands: BTreeMap<Felt, Tally> = BTreeMap::new();
    let mut signals = Tally::default();
    for (text, label, expected) in texts {
        let scored = scored([*text]);
        let said = felt(&scored);
        for band in [Felt::Negative, Felt::Neutral, Felt::Positive] {
            let tally = bands.entry(band).or_default();
            tally.count(said == band, *label == band);
        }
        if said != *label {
            println!("{language}: {label:?} taken for {said:?}: {text}");
        }
        let noticed: Vec<SignalKind> = scored.noticed.iter().map(|one| one.kind).collect();
        for kind in &noticed {
            signals.count(true, expected.contains(kind));
        }
        for kind in expected.iter().filter(|kind| !noticed.contains(kind)) {
            signals.count(false, true);
            println!("{language}: {kind:?} missed: {text}");
        }
    }
    for (band, tally) in &bands {
        tally.print(&format!("{language}, {band:?}"));
    }
    signals.print(&format!("{language}, signals"));
    (bands, signals)
}

#[test]
fn texts_that_no_rule_was_made_by_are_scored_as_people_do() {
    for (language, texts) in [("English", ENGLISH), ("German", GERMAN)] {
        let (bands, signals) = bands(language, texts);
        for (band, tally) in bands {
            assert!(tally.precision() >= 0.75, "{language} {band:?}: {tally:?}");
            assert!(tally.recall() >= 0.75, "{language} {band:?}: {tally:?}");
        }
        assert!(signals.precision() >= 0.75, "{language}: {signals:?}");
        assert!(signals.recall() >= 0.75, "{language}: {signals:?}");
    }
}

/// The records of a file that lies beside the project.
fn records(file: &str) -> Vec<Value> {
    let path = format!("../../../shared/data/{file}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let file = std::fs::File::open(&path)
        .unwrap_or_else(|error| panic!("{} is needed: {error}", path.display()));
    let mut lines = String::new();
    GzDecoder::new(file).read_to_string(&mut lines).unwrap();
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Whether a record is of the half by which no rule was changed.
fn is_held_out(record: &Value) -> bool {
    held_out::is_held_out(record["id"].as_str().unwrap())
}

/// Chats of actors, of which the one who played the agent says whether the customer was annoyed. Mostly what annoyed them
/// is not in their words, and what is in their words is often about somebody else: a weak label, and a hard one.
#[test]
fn annoyed_customers_of_real_chats_are_found_more_often_than_others() {
    let mut all = Tally::default();
    let (mut annoyed, mut others) = ((0_u32, 0_u32), (0_u32, 0_u32));
    for record in records("interactions-star.jsonl.gz") {
        let label = record["sentiment"]["customer_annoyed_per_agent"].as_bool();
        let Some(label) = label.filter(|_| is_held_out(&record)) else {
            continue;
        };
        let turns = record["turns"].as_array().unwrap().iter();
        let said = turns.filter(|turn| turn[1] == "customer");
        let said = scored(said.filter_map(|turn| turn[2].as_str()));
        let is_negative = said.sentiment.worst.is_some_and(|worst| worst < -1.0);
        all.count(is_negative, label);
        let of = if label { &mut annoyed } else { &mut others };
        of.0 += u32::from(is_negative);
        of.1 += 1;
    }
    all.print("STAR, annoyed, by the worst turn");
    let rate = |(negative, all): (u32, u32)| f64::from(negative) / f64::from(all);
    println!(
        "STAR: negative are {:.3} of the annoyed, and {:.3} of the others",
        rate(annoyed),
        rate(others)
    );
    assert!(rate(annoyed) > 2.0 * rate(others), "{annoyed:?} {others:?}");
}

/// Turns of chats that somebody gave the intent of thanking.
#[test]
fn thanks_of_real_chats_are_found() {
    let mut thanks = Tally::default();
    for record in records("interactions-multidogo.jsonl.gz") {
        if !is_held_out(&record) {
            continue;
        }
        for turn in record["customer_turns"].as_array().unwrap() {
            let intents = turn[2].as_array().unwrap();
            let is_thanks = intents.iter().any(|intent| intent == "thankyou");
            let scored = scored(turn[1].as_str());
            let mut evidence = scored.sentiment.series.iter().flat_map(|it| &it.evidence);
            let said = evidence.any(|one| one.rule.starts_with("grateful."));
            thanks.count(said, is_thanks);
        }
    }
    thanks.print("MultiDoGO, thanks");
    assert!(
        thanks.precision() > 0.8 && thanks.recall() > 0.8,
        "{thanks:?}"
    );
}
