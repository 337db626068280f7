//! Solutions are kept from the command line.

use aftercall_proto::knowledge::v1::{DraftSolutionResponse, PublishVersionResponse};

use super::read;
use crate::command::{Site, run};

/// From a blank page to a second version, and back.
pub(super) fn a_solution_is_written_reviewed_and_published(server: &impl Site) {
    let line = |words: &[&str]| run(server.client(["solutions"]).args(words)).ok();
    let drafted = run(server.client(["solutions", "draft", "--json"]).args([
        "--title",
        "Orange light",
        "--resolution",
        "Wait 5 minutes, then restart it",
        "--say",
        "Please restart it",
    ]));
    let drafted: Vec<DraftSolutionResponse> = read(drafted);
    let id = &*drafted[0].solution.as_ref().unwrap().solution_id;
    let edited = line(&[
        "edit",
        id,
        "--cause",
        "A loose cable",
        "--reason",
        "Found it",
    ]);
    assert!(edited.contains("A loose cable"), "{edited}");
    assert!(edited.contains("Wait 5 minutes"), "{edited}");
    line(&["submit", id, "1", "--reviewer", "a.marsh"]);
    let waiting = line(&["review"]);
    assert!(waiting.contains("Orange light"), "{waiting}");
    line(&["review", id, "1", "--request-changes", "Say how long"]);
    line(&["approve", id, "1"]);
    let published = run(server
        .client(["solutions", "publish", "--json"])
        .args([id, "1"]));
    let published: Vec<PublishVersionResponse> = read(published);
    assert_eq!(published[0].solution.as_ref().unwrap().live_version, 1);

    let next = [
        "--resolution",
        "Wait 10 minutes, then restart it",
        "--note",
        "It takes longer",
    ];
    line(&[&["draft", id], &next[..]].concat());
    let diff = line(&["diff", id]);
    assert!(diff.contains("version 1 to 2"), "{diff}");
    assert!(diff.contains("[-5-]{+10+}"), "{diff}");
    line(&["approve", id, "2"]);
    line(&["publish", id, "2"]);
    line(&["rollback", id, "1", "--reason", "Five were enough"]);
    let versions = line(&["versions", id]);
    for word in [
        "superseded",
        "published",
        "It takes longer",
        "Five were enough",
    ] {
        assert!(versions.contains(word), "{versions}");
    }
    let changes = line(&["changes", id]);
    for word in [
        "drafted",
        "edited",
        "changes requested",
        "Say how long",
        "rolled back",
    ] {
        assert!(changes.contains(word), "{changes}");
    }
    let shown = line(&["show", id]);
    assert!(shown.contains("version 3, published"), "{shown}");
    line(&["retire", id, "--reason", "Nobody has such a modem"]);
    let retired = line(&["show", id]);
    assert!(retired.contains("retired"), "{retired}");
    let back = line(&["restore", id, "--reason", "Somebody has"]);
    assert!(back.contains("version 3, published"), "{back}");
}
