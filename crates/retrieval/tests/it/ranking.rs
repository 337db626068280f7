//! What comes first, and why.

use aftercall_retrieval::Part;
use aftercall_retrieval::verdict::{Basis, Calibration};

use crate::library::Solutions;

#[test]
fn faint_words_count_and_say_nothing_alone() {
    let solutions = Solutions::of(&["how old are you", "old invoices", "you are great"]);
    let (order, answer) = solutions.ask("how old are you");
    assert_eq!(order[0], 0);
    assert!(answer.ranked[0].tells);
    let (_, answer) = Solutions::of(&["where is my parcel"]).ask("where is my");
    assert!(answer.ranked.iter().all(|one| !one.tells));
}

#[test]
fn an_explanation_names_the_words_of_each_part() {
    let mut solutions = Solutions::default();
    solutions.add(&[
        (Part::Title, "Double charge"),
        (Part::Question, "I was billed twice"),
        (Part::Resolution, "Refund the second charge"),
    ]);
    solutions.add(&[(Part::Title, "Slow network")]);
    let (_, answer) = solutions.ask("charged twice, want a refund");
    let matches = answer.ranked[0].matches();
    let parts: Vec<_> = matches.iter().map(|one| one.part).collect();
    assert_eq!(parts.len(), 3, "{parts:?}");
    for (part, word) in [
        (Part::Title, "charg"),
        (Part::Question, "twice"),
        (Part::Resolution, "refund"),
    ] {
        let found = matches.iter().find(|one| one.part == part).unwrap();
        assert!(found.words.iter().any(|one| &**one == word), "{found:?}");
    }
}

#[test]
fn cases_lend_their_words_and_rejected_ones_count_against() {
    let mut solutions = Solutions::of(&["reset the router", "change the router's channel"]);
    let question = "router blinks red every evening";
    solutions.case(1, "router blinks red", true);
    assert_eq!(solutions.first(question), Some(1));
    let (_, before) = solutions.ask(question);
    solutions.case(1, "router blinks red every evening", false);
    let (_, after) = solutions.ask(question);
    let share = |answer: &aftercall_retrieval::ranker::Answer| {
        let of_second = answer.ranked.iter().find(|one| one.place == 1).unwrap();
        of_second.cases.unwrap().share
    };
    assert!(share(&after) < share(&before));
}

#[test]
fn nothing_is_ranked_where_there_is_nothing() {
    let (order, answer) = Solutions::of(&["refund"]).ask("weather in Oslo");
    assert!(order.is_empty() && !answer.verdict.fits);
}

#[test]
fn what_a_tenant_has_accepted_decides_when_it_is_enough() {
    let accepted: Vec<f32> = (0..1_000).map(|n| n as f32 / 1_000.0).collect();
    let few = Calibration::of(accepted[..30].to_vec(), 30);
    assert_eq!(few.threshold(Basis::Meaning, 1), (0.10, 0));
    let own = Calibration::of(accepted.clone(), accepted.len());
    assert_eq!(own.threshold(Basis::Meaning, 500), (0.10, 0));
    let (threshold, of) = own.threshold(Basis::Meaning, 300);
    let refused = accepted.iter().filter(|one| **one < threshold).count();
    assert!(
        of == 1_000 && (10..=15).contains(&refused),
        "{refused} below {threshold}"
    );
    // A sample tells where all of them would.
    let sample = Calibration::of((0..100).map(|n| n as f32 / 100.0).collect(), 1_000);
    assert_eq!(sample.threshold(Basis::Meaning, 300).1, 100);
}

#[test]
fn what_a_tenant_has_rejected_has_more_refused_within_bounds() {
    let accepted: Vec<f32> = (0..1_000).map(|n| n as f32 / 1_000.0).collect();
    let own = Calibration::of(accepted.clone(), accepted.len());
    let threshold = |rejected: Vec<f32>| {
        let refined = own.clone().refined_by(rejected);
        refined.threshold(Basis::Meaning, 300).0
    };
    let usual = threshold(Vec::new());
    // Many that were rejected lie just above what is refused anyway: to refuse them is worth some that have an answer.
    let above = threshold(vec![usual + 0.005; 100]);
    let refused = accepted.iter().filter(|one| **one < above).count();
    assert!(above > usual + 0.005 && refused <= 30, "{refused}");
    // Of those that lie among the answers none is worth it, however many they are.
    assert_eq!(threshold(vec![0.5; 1_000]), usual);
    // And a few are not worth more than a few.
    assert_eq!(threshold(vec![usual + 0.005; 2]), usual);
}
