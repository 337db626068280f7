//! Solutions are found by a customer's words.

use crate::world::{World, solved};

/// Three solutions, of which one fits each question.
async fn library() -> World {
    let world = World::new().await;
    let library = [
        (
            "Double charge",
            "I was billed twice this month",
            "Refund the second charge",
        ),
        (
            "Slow network",
            "my internet crawls in the evening",
            "Reset the router, change the channel",
        ),
        (
            "Late parcel",
            "where is my package",
            "Look the parcel up, and offer a refund of postage",
        ),
    ];
    for (n, (title, words, resolution)) in (0..).zip(library) {
        world.record(&solved(n, "code", words, resolution)).await;
        world.promote_first(&format!("r-{n}"), title).await;
    }
    world
}

fn titles(suggestions: &[aftercall_proto::knowledge::v1::Suggestion]) -> Vec<&str> {
    let titles = suggestions.iter().filter_map(|one| one.solution.as_ref());
    titles.map(|solution| solution.title.as_str()).collect()
}

#[tokio::test]
async fn the_next_similar_text_finds_what_was_promoted() {
    let world = library().await;
    let suggestions = world
        .suggest("They have charged me twice for one month!!")
        .await;
    assert_eq!(titles(&suggestions)[0], "Double charge");
    assert_eq!(suggestions[0].solution.as_ref().unwrap().version, 1);
    let suggestions = world.suggest("The internet is crawling again").await;
    assert_eq!(titles(&suggestions), ["Slow network"]);
    let suggestions = world.suggest("refunds").await;
    assert_eq!(titles(&suggestions), ["Double charge", "Late parcel"]);
}

#[tokio::test]
async fn a_suggestion_says_why() {
    let world = library().await;
    let suggestions = world.suggest("charged twice, want a refund").await;
    let best = &suggestions[0];
    let fields: Vec<_> = best.matches.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields.len(), 3, "{fields:?}");
    for (field, term) in [
        ("title", "charg"),
        ("question_in_customer_words", "twice"),
        ("resolution", "refund"),
    ] {
        let found = best.matches.iter().find(|one| one.field == field).unwrap();
        assert!(found.terms.iter().any(|one| one == term), "{found:?}");
    }
    let sum: f32 = best.matches.iter().map(|one| one.score).sum();
    assert!((sum - best.score).abs() < best.score * 0.001);
    assert!(
        best.matches
            .windows(2)
            .all(|two| two[0].score >= two[1].score)
    );
    assert!(
        suggestions
            .windows(2)
            .all(|two| two[0].score >= two[1].score)
    );
}

#[tokio::test]
async fn what_shares_only_words_of_no_weight_is_not_suggested() {
    let world = library().await;
    for text in [
        "is it the",
        "how would you please",
        "where is my",
        "Und jetzt?",
        "\u{1F600}\u{1F600}",
        "...",
        "what should I do about the weather in Oslo",
    ] {
        assert_eq!(world.suggest(text).await, [], "{text:?}");
    }
}

#[tokio::test]
async fn nothing_in_a_text_is_syntax() {
    let world = library().await;
    for text in [
        "refund AND (",
        "title:refund OR *",
        "\"refund",
        "-refund +twice ~ ^2 [a TO b] {",
        "refund\0\u{7}\u{202e}",
        "tenant:acme refund",
    ] {
        assert!(!world.suggest(text).await.is_empty(), "{text:?}");
    }
}
