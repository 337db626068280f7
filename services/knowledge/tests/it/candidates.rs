//! Cases become candidates.

use aftercall_proto::knowledge::v1::ListCandidatesRequest;
use aftercall_proto::model::v1::{CandidateState, ReasonResolution};

use crate::world::{World, at, solved};

#[tokio::test]
async fn cases_with_the_same_reason_and_words_are_one_candidate() {
    let world = World::new().await;
    world
        .record(&solved(10, "net.slow", "", "Reset the router."))
        .await;
    world
        .record(&solved(30, "net.slow", "so slow!", "reset  the ROUTER"))
        .await;
    world
        .record(&solved(20, "net.slow", "slow", "Reset the router"))
        .await;
    world
        .record(&solved(5, "net.down", "dead", "Reset the router"))
        .await;
    // Said twice.
    world
        .record(&solved(30, "net.slow", "so slow!", "reset  the ROUTER"))
        .await;

    let candidates = world.candidates().await;
    assert_eq!(candidates.len(), 2);
    let first = &candidates[0];
    assert_eq!(first.case_count, 3);
    assert_eq!(first.reason_code, "net.slow");
    assert_eq!(first.customer_wording, "so slow!");
    assert_eq!(first.resolution, "reset  the ROUTER");
    assert_eq!(first.first_seen_at, Some(at(10)));
    assert_eq!(first.last_seen_at, Some(at(30)));
    assert_eq!(first.state(), CandidateState::Open);
    let latest = [30, 20, 10].map(|n| solved(n, "", "", "").interaction_id);
    assert_eq!(first.interaction_ids, latest);
    assert_eq!(candidates[1].case_count, 1);
}

#[tokio::test]
async fn answers_that_a_reader_tells_apart_are_candidates_of_their_own() {
    let world = World::new().await;
    let answers = [
        ["Give 10% off", "give 10%  off."],
        ["Give 10 off", "Give 10 off!"],
        ["Give $10 off", "Give \u{ff04}10 off"],
        ["Turn it by -5", "turn it by \u{2212}5"],
        ["Turn it by 5", "- Turn it by (5)"],
        [
            "Ger\u{e4}t mit C++ zur\u{fc}cksetzen",
            "GERA\u{308}T mit C++ zuru\u{308}cksetzen",
        ],
        [
            "Ger\u{e4}t mit C zur\u{fc}cksetzen",
            "Ger\u{e4}t mit\r\nC zur\u{fc}ck\u{ad}setzen",
        ],
    ];
    for (n, answer) in answers.as_flattened().iter().enumerate() {
        world.record(&solved(n as i64, "off.ten", "", answer)).await;
    }

    let candidates = world.candidates().await;
    let counts: Vec<_> = candidates.iter().map(|one| one.case_count).collect();
    assert_eq!(counts, [2; 7]);
}

#[tokio::test]
async fn only_a_solved_reason_with_words_is_a_case() {
    let world = World::new().await;
    let mut open = solved(1, "net.slow", "slow", "We looked at it");
    open.contact_reasons[0].resolution = ReasonResolution::NotResolved.into();
    world.record(&open).await;
    world.record(&solved(2, "net.slow", "slow", " ... ")).await;
    let mut silent = solved(3, "net.slow", "slow", "");
    silent.handling = None;
    world.record(&silent).await;
    assert_eq!(world.candidates().await, []);
}

#[tokio::test]
async fn an_amendment_moves_a_case() {
    let world = World::new().await;
    let before = solved(1, "net.slow", "slow", "Reset the router");
    world.record(&before).await;
    world
        .record(&solved(2, "net.slow", "slow", "Reset the router"))
        .await;

    let after = solved(1, "", "", "Changed the cable");
    world.amend(2, &["handling", "labels"], &after).await;
    // This one lost the race for the sequence.
    world
        .amend(2, &["handling"], &solved(1, "", "", "Prayed"))
        .await;
    let counts = |candidates: &[aftercall_proto::model::v1::Candidate]| {
        let mut counts: Vec<_> = candidates
            .iter()
            .map(|one| (one.resolution.clone(), one.case_count))
            .collect();
        counts.sort();
        counts
    };
    let expected = [("Changed the cable", 1), ("Reset the router", 1)];
    assert_eq!(
        counts(&world.candidates().await),
        expected.map(|(a, n)| (a.to_owned(), n))
    );

    let mut unsolved = after.clone();
    unsolved.contact_reasons = before.contact_reasons.clone();
    unsolved.contact_reasons[0].resolution = ReasonResolution::Partly.into();
    world.amend(3, &["contact_reasons"], &unsolved).await;
    let expected = [("Reset the router".to_owned(), 1)];
    assert_eq!(counts(&world.candidates().await), expected);
}

#[tokio::test]
async fn pages_go_by_count_and_stay_right_as_counts_grow() {
    let world = World::new().await;
    let mut n = 0;
    for (kind, cases) in [(0, 3), (1, 1), (2, 4), (3, 1), (4, 5)] {
        for _ in 0..cases {
            n += 1;
            world
                .record(&solved(n, "code", "words", &format!("Way {kind}")))
                .await;
        }
    }
    let mut client = world.client.clone();
    let mut request = ListCandidatesRequest {
        page_size: 2,
        min_position: world.now(),
        ..ListCandidatesRequest::default()
    };
    let first = client
        .list_candidates(request.clone())
        .await
        .unwrap()
        .into_inner();
    // The first page's last becomes the biggest of all: it isn't shown again.
    for _ in 0..4 {
        n += 1;
        world.record(&solved(n, "code", "words", "Way 2")).await;
    }
    request.min_position = world.now();
    request.page_token = first.next_page_token.clone();
    let second = client
        .list_candidates(request.clone())
        .await
        .unwrap()
        .into_inner();
    request.page_token = second.next_page_token.clone();
    let third = client.list_candidates(request).await.unwrap().into_inner();
    assert_eq!(third.next_page_token, "");
    let all = [first.candidates, second.candidates, third.candidates].concat();
    let counts: Vec<_> = all.iter().map(|one| one.case_count).collect();
    assert_eq!(counts, [5, 4, 3, 1, 1]);
    let now: Vec<_> = world
        .candidates()
        .await
        .iter()
        .map(|one| one.case_count)
        .collect();
    assert_eq!(now, [8, 5, 3, 1, 1]);
}

#[tokio::test]
async fn a_list_may_be_of_one_reason() {
    let world = World::new().await;
    for n in 0..4 {
        world
            .record(&solved(n, &format!("code-{}", n % 2), "words", "Way"))
            .await;
    }
    let request = ListCandidatesRequest {
        reason_code: "code-1".to_owned(),
        min_position: world.now(),
        ..ListCandidatesRequest::default()
    };
    let answer = world.client.clone().list_candidates(request).await.unwrap();
    let candidates = answer.into_inner().candidates;
    assert_eq!(candidates.len(), 1);
    assert_eq!(candidates[0].reason_code, "code-1");
    assert_eq!(candidates[0].case_count, 2);
}

#[tokio::test]
async fn the_latest_includes_all_that_was_durable_when_it_was_asked_for() {
    let world = World::new().await;
    let mut client = world.client.clone();
    for n in 0..50 {
        let way = format!("Way {n}");
        world.record(&solved(n, "code", "words", &way)).await;
        let request = ListCandidatesRequest {
            latest: true,
            ..ListCandidatesRequest::default()
        };
        let answer = client.list_candidates(request).await.unwrap().into_inner();
        assert_eq!(answer.candidates.len() as i64, n + 1);
    }
}

#[tokio::test]
async fn who_asks_for_more_than_a_page_takes_gets_a_page() {
    let world = World::new().await;
    for n in 0..3 {
        let way = format!("Way {n}");
        world.record(&solved(n, "code", "words", &way)).await;
    }
    let request = ListCandidatesRequest {
        page_size: i32::MAX,
        latest: true,
        ..ListCandidatesRequest::default()
    };
    let answer = world.client.clone().list_candidates(request).await.unwrap();
    assert_eq!(answer.into_inner().candidates.len(), 3);
}
