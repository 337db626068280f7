//! Synonyms count half as much as the words for which they stand, and phrases as one.

use aftercall_retrieval::lexical::{self, Groups, Library, Query, Words};
use aftercall_retrieval::{Part, Profile};
use proptest::prelude::*;

/// How solutions of a question each are scored for a text.
fn scored(questions: &[String], text: &str, groups: Option<&Groups>) -> (Query, Words) {
    let profile = |text: &String| Profile::of([(Part::Question, text.as_str())]);
    let profiles: Vec<Profile> = questions.iter().map(profile).collect();
    let length: u32 = profiles.iter().map(Profile::length).sum();
    let library = Library {
        documents: profiles.len() as u64,
        length_mean: length as f32 / profiles.len().max(1) as f32,
    };
    let having = |term: &str| {
        let all = profiles.iter();
        all.filter(|one| one.terms().any(|own| own == term)).count() as u64
    };
    let mut query = Query::of(text);
    let sought = query.sought(library, having);
    query.expand(groups, library, having);
    let candidates: Vec<&Profile> = profiles.iter().collect();
    let words = lexical::score(&query, &sought, library, &candidates);
    (query, words)
}

fn owned(questions: &[&str]) -> Vec<String> {
    questions.iter().map(|&text| text.to_owned()).collect()
}

fn groups() -> Groups {
    Groups::of([vec!["internet", "wlan"], vec!["outage", "no signal"]])
}

#[test]
fn the_text_s_own_word_comes_before_its_synonym_and_that_before_nothing() {
    let all = owned(&[
        "wlan hangs",
        "internet hangs",
        "lamp hangs",
        "parcel is late",
    ]);
    let (_, words) = scored(&all, "internet", Some(&groups()));
    let of = |at: usize| words.scored[at].score;
    assert!(of(1) > of(0) && of(0) > of(2), "{words:?}");
    assert!(words.scored[0].tells && !words.scored[2].tells);
    let matches = words.scored[0].shared.matches();
    let told = matches[0].synonyms.iter();
    let told: Vec<_> = told.map(|(asked, found)| (&**asked, &**found)).collect();
    assert_eq!(told, [("internet", "wlan")]);
}

#[test]
fn a_phrase_stands_where_its_words_follow_each_other() {
    let all = owned(&["no signal here", "the signal says no", "parcel is late"]);
    let (query, words) = scored(&all, "outage", Some(&groups()));
    assert_eq!(query.synonyms().len(), 1);
    let tells: Vec<bool> = words.scored.iter().map(|one| one.tells).collect();
    assert_eq!(tells, [true, false, false]);
    assert!(words.near[0] > 0.0 && words.near[1] == 0.0);
}

fn text() -> impl Strategy<Value = String> {
    let words = ["internet", "wlan", "outage", "no", "signal", "lamp", "the"];
    let words = prop::collection::vec(prop::sample::select(words.to_vec()), 1..8);
    words.prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn without_a_synonym_all_is_the_same_to_the_bit(
        all in prop::collection::vec(text(), 1..8),
        asked in text(),
    ) {
        let strange = Groups::of([vec!["invoice", "bill"]]);
        let (_, plain) = scored(&all, &asked, None);
        let (query, with) = scored(&all, &asked, Some(&strange));
        prop_assert!(query.synonyms().is_empty());
        prop_assert_eq!(&plain.scored, &with.scored);
        let bits = |near: &[f32]| near.iter().map(|one| one.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&plain.near), bits(&with.near));
    }

    #[test]
    fn synonyms_take_nothing_from_a_score_and_nearness_stays_a_share(
        all in prop::collection::vec(text(), 1..8),
        asked in text(),
    ) {
        let (_, plain) = scored(&all, &asked, None);
        let (_, with) = scored(&all, &asked, Some(&groups()));
        for (plain, with) in plain.scored.iter().zip(&with.scored) {
            prop_assert!(with.score >= plain.score);
            prop_assert!(with.tells || !plain.tells);
        }
        prop_assert!(with.near.iter().all(|near| (0.0..=1.001).contains(near)));
    }
}
