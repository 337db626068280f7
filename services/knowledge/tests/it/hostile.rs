//! Requests that nobody should send.

use aftercall_log::Position;
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, ListCandidatesRequest, ListSolutionsRequest, PromoteCandidateRequest,
    SuggestSolutionsRequest,
};
use tonic::Code;

use crate::world::{World, fields, reason, solved};

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let world = World::new().await;
    let mut client = world.client.clone();
    let request = PromoteCandidateRequest {
        request_id: "r".repeat(129),
        candidate_id: "a\nb".to_owned(),
        title: String::new(),
        question_in_customer_words: vec![String::new(); 21],
        resolution: "x".repeat(20_000),
        workaround: "w".repeat(20_000),
        personal_reviewed: false,
    };
    let status = client.promote_candidate(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&status),
        [
            "request_id",
            "candidate_id",
            "title",
            "resolution",
            "workaround",
            "question_in_customer_words",
        ]
    );
    let request = ListCandidatesRequest {
        state: 99,
        reason_code: "c".repeat(200),
        page_size: -1,
        ..ListCandidatesRequest::default()
    };
    let status = client.list_candidates(request).await.unwrap_err();
    assert_eq!(fields(&status), ["state", "reason_code", "page_size"]);
    let request = SuggestSolutionsRequest {
        text: " ".repeat(5_000),
        suggestions_max: -1,
        ..SuggestSolutionsRequest::default()
    };
    let status = client.suggest_solutions(request).await.unwrap_err();
    assert_eq!(fields(&status), ["text", "text", "suggestions_max"]);
    let status = client
        .get_solution(GetSolutionRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&status), ["solution_id"]);
    let request = ListSolutionsRequest {
        page_size: -1,
        ..ListSolutionsRequest::default()
    };
    let status = client.list_solutions(request).await.unwrap_err();
    assert_eq!(fields(&status), ["page_size"]);
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let world = World::new().await;
    for n in 0..3 {
        world
            .record(&solved(n, "code", "words", &format!("Way {n}")))
            .await;
    }
    let mut client = world.client.clone();
    let good = ListCandidatesRequest {
        page_size: 1,
        min_position: world.now(),
        ..ListCandidatesRequest::default()
    };
    let page = client
        .list_candidates(good.clone())
        .await
        .unwrap()
        .into_inner();
    let token = page.next_page_token;
    let cut = &token[..token.len() - 1];
    for forged in ["x", cut, &good.min_position, &"A".repeat(20_000)] {
        let request = ListCandidatesRequest {
            page_token: forged.to_owned(),
            ..good.clone()
        };
        let status = client.list_candidates(request).await.unwrap_err();
        assert_eq!(reason(&status), "PAGE_TOKEN_INVALID", "{forged}");
        let request = ListCandidatesRequest {
            min_position: if forged == good.min_position {
                "y"
            } else {
                forged
            }
            .to_owned(),
            ..good.clone()
        };
        let status = client.list_candidates(request).await.unwrap_err();
        assert_eq!(reason(&status), "POSITION_INVALID", "{forged}");
    }
    let other_list = ListCandidatesRequest {
        page_token: token.clone(),
        reason_code: "code".to_owned(),
        ..good.clone()
    };
    let status = client.list_candidates(other_list).await.unwrap_err();
    assert_eq!(reason(&status), "PAGE_TOKEN_INVALID");
    let ahead = SuggestSolutionsRequest {
        text: "words".to_owned(),
        min_position: world.token(Position {
            partition: 0,
            offset: 1_000_000,
        }),
        ..SuggestSolutionsRequest::default()
    };
    let status = client.suggest_solutions(ahead).await.unwrap_err();
    assert_eq!(reason(&status), "POSITION_INVALID");
}

#[tokio::test]
async fn the_longest_texts_are_answered() {
    let world = World::new().await;
    let words = "slow ".repeat(3_000);
    let mut long = solved(1, "code", &words, &words);
    long.handling
        .as_mut()
        .unwrap()
        .workaround
        .clone_from(&words);
    world.record(&long).await;
    world.promote_first("r-1", "Slow").await;
    let many: String = (0..2_000).map(|n| format!("w{n} ")).collect();
    let text = format!("slow {}", &many[..3_900]);
    assert_eq!(world.suggest(&text).await.len(), 1);
}
