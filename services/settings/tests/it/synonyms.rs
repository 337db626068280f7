//! Synonyms: one list is in use for each language, and words stand for one thing.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Setting, SynonymGroup, Synonyms};

use crate::world::{World, put_all, retired, set, wrong};

fn list(id: &str, language: &str, groups: &[&[&str]]) -> Setting {
    let group = |words: &&[&str]| SynonymGroup {
        words: words.iter().map(|&word| word.to_owned()).collect(),
    };
    let synonyms = Synonyms {
        language: language.to_owned(),
        groups: groups.iter().map(group).collect(),
        ..Synonyms::default()
    };
    set(id, Body::Synonyms(synonyms))
}

const WIFI: &[&[&str]] = &[&["wifi", "wlan", "wireless network"]];

#[tokio::test]
async fn one_list_of_each_language_is_in_use() {
    let world = World::new().await;
    let two = [list("all", "", WIFI), list("german", "de", WIFI)];
    let answer = world.change(put_all("r-1", two)).await.unwrap();
    let Some(Body::Synonyms(made)) = &answer.settings[0].body else {
        panic!("it is a list of synonyms");
    };
    assert_eq!(made.groups[0].words, ["wifi", "wlan", "wireless network"]);
    for (request_id, language, other) in [("r-2", "", "all"), ("r-3", "DE", "german")] {
        let second = world.change(put_all(request_id, [list("more", language, WIFI)]));
        let refused = second.await.unwrap_err();
        let field = "changes[0].setting.synonyms.language".to_owned();
        assert_eq!(wrong(&refused), [(field, "CONFLICTING".to_owned())]);
        assert!(refused.message().contains(other), "{refused}");
    }
    let instead = [
        retired(list("german", "de", WIFI)),
        list("more", "de", WIFI),
    ];
    world.change(put_all("r-4", instead)).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn groups_that_say_nothing_or_two_things_are_refused_by_their_fields() {
    let world = World::new().await;
    let many = "one two three four";
    let wild: &[&[&str]] = &[
        &["wifi"],
        &["net", "Wi\u{ad}fi"],
        &["line", many],
        &["a", "A"],
    ];
    let refused = world.change(put_all("r-1", [list("all", "", wild)]));
    let refused = refused.await.unwrap_err();
    let mut fields: Vec<_> = wrong(&refused).into_iter().collect();
    fields.sort();
    let expected = [
        ("groups[0].words", "TOO_SHORT"),
        ("groups[1].words[1]", "CONFLICTING"),
        ("groups[2].words[1]", "TOO_LONG"),
        ("groups[3].words[1]", "CONFLICTING"),
    ];
    let expected = expected.map(|(name, reason)| {
        let field = format!("changes[0].setting.synonyms.{name}");
        (field, reason.to_owned())
    });
    assert_eq!(fields, expected);
    world.stop().await;
}
