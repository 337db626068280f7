//! A tenant's synonyms: what a text says finds what has other words for it.

use aftercall_log::Log;
use aftercall_proto::knowledge::v1::{
    SearchSolutionsRequest, SolutionFilter, SuggestSolutionsRequest, Suggestion,
};
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Setting, SynonymGroup, Synonyms};
use aftercall_service::Clock;
use aftercall_service::testing::{setting, setting_changed};

use crate::world::{TENANT, World, solved};

const OTHER: &str = "acme2";
const GROUPS: &[&[&str]] = &[&["internet", "wlan"], &["outage", "no signal"]];

impl World {
    /// Makes a version of a tenant's synonyms; without groups, it takes them out of use.
    async fn set_synonyms(
        &self,
        (tenant_id, language): (&str, &str),
        revision: u64,
        groups: &[&[&str]],
    ) {
        let group = |words: &&[&str]| SynonymGroup {
            words: words.iter().map(|&word| word.to_owned()).collect(),
        };
        let synonyms = Synonyms {
            language: language.to_owned(),
            groups: groups.iter().map(group).collect(),
            ..Synonyms::default()
        };
        let made = Setting {
            version: revision,
            retired: groups.is_empty(),
            ..setting("usual", Body::Synonyms(synonyms))
        };
        let record = setting_changed(tenant_id, revision, made, self.clock.now());
        self.log.append(vec![record]).await.unwrap();
    }
}

async fn library() -> World {
    let world = World::new().await;
    let library = [
        (
            "Weak WLAN",
            "my wlan crawls in the evening",
            "Change the channel",
        ),
        (
            "Dark screen",
            "there is no signal on the screen",
            "Change the cable",
        ),
        (
            "Wrong signal",
            "the lamp gives a red signal, and no sound",
            "Reset the lamp",
        ),
        ("Late parcel", "where is my package", "Look the parcel up"),
    ];
    for (n, (title, words, resolution)) in (0..).zip(library) {
        world.record(&solved(n, "code", words, resolution)).await;
        world.promote_first(&format!("r-{n}"), title).await;
    }
    world
}

fn titles(suggestions: &[Suggestion]) -> Vec<&str> {
    let titles = suggestions.iter().filter_map(|one| one.solution.as_ref());
    titles.map(|solution| solution.title.as_str()).collect()
}

/// What the synonyms are by which something was found, each once.
fn synonyms(suggestion: &Suggestion) -> Vec<(&str, &str)> {
    let all = suggestion.matches.iter().flat_map(|one| &one.synonyms);
    let mut all: Vec<_> = all.map(|one| (&*one.asked, &*one.found)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[tokio::test]
async fn a_word_finds_its_synonym_and_says_so_from_the_change_on() {
    let world = library().await;
    assert_eq!(world.suggest("internet").await, []);
    world.set_synonyms((TENANT, ""), 1, GROUPS).await;
    let found = world.suggest("internet").await;
    assert_eq!(titles(&found), ["Weak WLAN"]);
    assert_eq!(synonyms(&found[0]), [("internet", "wlan")]);
    let own = world.suggest("wlan").await;
    assert_eq!(titles(&own), ["Weak WLAN"]);
    assert!(synonyms(&own[0]).is_empty());
    let search = SearchSolutionsRequest {
        text: "internet".to_owned(),
        ..SearchSolutionsRequest::default()
    };
    let hits = world.search(search).await.hits;
    assert_eq!(hits[0].title, "Weak WLAN");
    assert!(hits[0].snippet.contains("wlan"), "{hits:?}");
    world
        .set_synonyms((TENANT, ""), 2, &[&["internet", "parcel"]])
        .await;
    assert_eq!(titles(&world.suggest("internet").await), ["Late parcel"]);
    world.set_synonyms((TENANT, ""), 3, &[]).await;
    assert_eq!(world.suggest("internet").await, []);
}

#[tokio::test]
async fn a_phrase_is_found_where_its_words_follow_each_other_and_stands_for_a_word() {
    let world = library().await;
    world.set_synonyms((TENANT, ""), 1, GROUPS).await;
    let found = world.suggest("an outage").await;
    assert_eq!(titles(&found), ["Dark screen"]);
    assert_eq!(synonyms(&found[0]), [("outage", "no signal")]);
    let groups: &[&[&str]] = &[&["slow line", "crawls"]];
    world.set_synonyms((TENANT, ""), 2, groups).await;
    let found = world.suggest("I have a slow line").await;
    assert_eq!(titles(&found), ["Weak WLAN"]);
    assert_eq!(synonyms(&found[0]), [("slow line", "crawls")]);
    assert_eq!(world.suggest("the line is slow").await, []);
}

#[tokio::test]
async fn what_has_no_synonym_is_ranked_as_before_to_the_bit() {
    let world = library().await;
    let texts = ["the wlan is slow, change the cable", "red signal", "parcel"];
    let mut before = Vec::new();
    for text in texts {
        before.push(world.suggest(text).await);
    }
    world
        .set_synonyms((TENANT, ""), 1, &[&["invoice", "bill"]])
        .await;
    for (text, before) in texts.into_iter().zip(before) {
        assert_eq!(world.suggest(text).await, before, "{text}");
    }
}

#[tokio::test]
async fn another_tenant_s_synonyms_and_another_language_s_do_not_count() {
    let world = library().await;
    world.set_synonyms((OTHER, ""), 1, GROUPS).await;
    assert_eq!(world.suggest("internet").await, []);
    world.set_synonyms((TENANT, "de"), 1, GROUPS).await;
    // Solutions without a language are for all.
    for (language, expected) in [("", 1), ("de-CH", 1), ("DE", 1), ("fr", 0)] {
        let suggest = SuggestSolutionsRequest {
            text: "internet".to_owned(),
            language: language.to_owned(),
            min_position: world.now(),
            ..SuggestSolutionsRequest::default()
        };
        let found = world.client.clone().suggest_solutions(suggest).await;
        let found = found.unwrap().into_inner().suggestions;
        assert_eq!(found.len(), expected, "{language}");
        let search = SearchSolutionsRequest {
            text: "internet".to_owned(),
            filter: Some(SolutionFilter {
                language: language.to_owned(),
                ..SolutionFilter::default()
            }),
            ..SearchSolutionsRequest::default()
        };
        assert_eq!(
            world.search(search).await.hits.len(),
            expected,
            "{language}"
        );
    }
}
