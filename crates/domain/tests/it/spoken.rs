//! How well promises are found in what agents say. Run with `--nocapture` it prints the figures that
//! `docs/promises-in-text.md` has.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use aftercall_domain::commitment::CommitmentKind;
use aftercall_domain::interaction::SentimentParticipant;
use aftercall_domain::sentiment::Turn;
use aftercall_domain::spoken::find;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::held_out;
use crate::spoken_texts::{ENGLISH, GERMAN, Heard};
use crate::tally::Tally;

/// The turns of agents in chats of real people, held out, in which a person hears a promise: of equal texts the first. All
/// other turns of the half have none.
#[rustfmt::skip]
const PROMISED: &[(&str, usize)] = &[
    ("star-1019", 11), ("star-2129", 7), ("star-2372", 1), ("star-262", 17), ("star-2626", 5), ("star-266", 7),
    ("star-288", 7), ("star-3946", 11), ("star-4018", 5), ("star-4043", 9), ("star-443", 3), ("star-5012", 15),
    ("star-736", 13),
];

fn kinds(text: &str) -> Vec<CommitmentKind> {
    let turn = Turn {
        participant: SentimentParticipant::Agent,
        from_ms: 0,
        to_ms: 0,
        text,
    };
    find(&[turn]).into_iter().map(|one| one.kind).collect()
}

/// What is found in texts, held against what a person hears in them.
fn tally_of(texts: &[Heard]) -> Tally {
    let mut tally = Tally::default();
    for (text, expected) in texts {
        let mut left = expected.to_vec();
        for kind in kinds(text) {
            match left.iter().position(|one| *one == kind) {
                Some(place) => {
                    left.remove(place);
                    tally.right += 1;
                }
                None => {
                    tally.wrong += 1;
                    println!("no {kind:?}: {text}");
                }
            }
        }
        for kind in left {
            tally.missed += 1;
            println!("missed {kind:?}: {text}");
        }
    }
    tally
}

#[test]
fn promises_of_sentences_that_no_rule_was_made_by_are_found_and_seldom_others() {
    for (language, texts) in [("English", ENGLISH), ("German", GERMAN)] {
        let tally = tally_of(texts);
        tally.print(language);
        assert!(tally.precision() >= 0.9, "{language}: {tally:?}");
        assert!(tally.recall() >= 0.75, "{language}: {tally:?}");
    }
}

fn chats() -> Vec<Value> {
    let path = "../../../shared/data/interactions-star.jsonl.gz";
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

/// Two thousand different turns of agents, of which few promise anything: what is found beside those is wrong.
#[test]
fn in_chats_of_real_people_hardly_anything_is_found_that_nobody_promised() {
    let mut texts = BTreeSet::new();
    let mut tally = Tally::default();
    for chat in chats() {
        let id = chat["id"].as_str().unwrap();
        if !held_out::is_held_out(id) {
            continue;
        }
        for (place, turn) in chat["turns"].as_array().unwrap().iter().enumerate() {
            let text = turn[2].as_str().unwrap();
            if turn[1] != "agent" || !texts.insert(text.to_owned()) {
                continue;
            }
            match (!kinds(text).is_empty(), PROMISED.contains(&(id, place))) {
                (true, true) => tally.right += 1,
                (true, false) => {
                    tally.wrong += 1;
                    println!("nothing was promised: {text}");
                }
                (false, true) => {
                    tally.missed += 1;
                    println!("missed: {text}");
                }
                (false, false) => {}
            }
        }
    }
    tally.print("STAR, turns");
    assert!(texts.len() > 1_500, "{}", texts.len());
    assert!(
        tally.precision() >= 0.9 && tally.recall() >= 0.9,
        "{tally:?}"
    );
}
