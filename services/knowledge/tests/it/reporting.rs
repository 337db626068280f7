//! What comes of searches is kept, once and without what is personal, and counts.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{Log, Position};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::Event;
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, JudgeLinkRequest, ReportSearchRequest, ReportSearchResponse,
    SampleLinksRequest, SampledLink, SearchSolutionsRequest, SuggestSolutionsRequest,
    SuggestSolutionsResponse,
};
use aftercall_proto::model::v1::{
    Customer, LinkVerdict, SearchOutcome, Solution, SolutionStats, SolutionUseKind,
};
use prost::Message;
use tonic::Status;

use crate::world::{TENANT, World, by, fields, reason, solved, using};

const SEARCH: &str = "01990000-0000-7000-8000-00000000abcd";

fn solution(n: u8) -> Solution {
    Solution {
        solution_id: format!("0199{n:04x}-0000-7000-8000-000000000000"),
        title: format!("Router {n}"),
        question_in_customer_words: vec!["my router is slow".to_owned()],
        resolution: "restart it".to_owned(),
        reason_code: "net.slow".to_owned(),
        ..Solution::default()
    }
}

fn report(outcome: SearchOutcome, of: Option<&Solution>) -> ReportSearchRequest {
    ReportSearchRequest {
        request_id: format!("{outcome:?}"),
        search_id: SEARCH.to_owned(),
        outcome: outcome.into(),
        solution_id: of.map_or_else(String::new, |one| one.solution_id.clone()),
        version: u32::from(of.is_some()),
        ..ReportSearchRequest::default()
    }
}

async fn send(world: &World, request: ReportSearchRequest) -> Result<ReportSearchResponse, Status> {
    let answer = world.searches.clone().report_search(request).await?;
    Ok(answer.into_inner())
}

async fn stats(world: &World, of: &Solution) -> SolutionStats {
    let request = GetSolutionRequest {
        solution_id: of.solution_id.clone(),
        min_position: world.now(),
        ..GetSolutionRequest::default()
    };
    let answer = world.client.clone().get_solution(request).await.unwrap();
    answer.into_inner().solution.unwrap().stats.unwrap()
}

/// All that the log says of searches.
async fn told(world: &World) -> Vec<(Event, Fact)> {
    let log = Arc::clone(&world.log);
    let entries = tokio::task::spawn_blocking(move || {
        let begin = [Position {
            partition: 0,
            offset: 0,
        }];
        let mut reader = log.reader(&begin).unwrap();
        reader.next(10_000, usize::MAX, Duration::ZERO).unwrap()
    });
    let entries = entries.await.unwrap().into_iter();
    let events = entries.map(|entry| Event::decode(entry.record.body).unwrap());
    let told = events.filter_map(|event| {
        let fact = event.fact().unwrap()?;
        let is_of_search = matches!(fact, Fact::SearchReported(_) | Fact::SearchUnanswered(_));
        is_of_search.then_some((event, fact))
    });
    told.collect()
}

#[tokio::test]
async fn a_report_counts_once_for_its_search_and_is_answered_alike() {
    let world = World::new().await;
    let (one, other) = (solution(1), solution(2));
    world.publish(TENANT, &one).await;
    world.publish(TENANT, &other).await;
    let opened = ReportSearchRequest {
        shown_solution_ids: vec![one.solution_id.clone(), other.solution_id.clone()],
        text: "slow router".to_owned(),
        ..report(SearchOutcome::Opened, Some(&one))
    };
    let first = send(&world, opened.clone()).await.unwrap();
    let again = send(&world, opened.clone()).await.unwrap();
    assert_eq!(first, again);
    // Another report of the same is the same thing of the same search.
    let repeated = ReportSearchRequest {
        request_id: "another".to_owned(),
        ..opened.clone()
    };
    send(&world, repeated).await.unwrap();
    send(&world, report(SearchOutcome::Used, Some(&one)))
        .await
        .unwrap();
    send(&world, report(SearchOutcome::Rejected, Some(&other)))
        .await
        .unwrap();
    let of = stats(&world, &one).await;
    let counts = |of: &SolutionStats| {
        let opened = (of.search_shown_count, of.search_opened_count);
        (opened, of.search_used_count, of.search_rejected_count)
    };
    assert_eq!(counts(&of), ((1, 1), 1, 0));
    assert_eq!(counts(&stats(&world, &other).await), ((1, 0), 0, 1));
    assert_eq!(told(&world).await.len(), 4);
    let reused = ReportSearchRequest {
        text: "something else".to_owned(),
        ..opened
    };
    let refused = send(&world, reused).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_question_is_kept_without_what_is_personal() {
    let world = World::new().await;
    let mut contact = solved(1, "net.slow", "it is slow", "restart");
    contact.customer = Some(Customer {
        customer_id: "customer-1".to_owned(),
        display_name: "Ottilie Brandwein".to_owned(),
        ..Customer::default()
    });
    world.record(&contact).await;
    let none = ReportSearchRequest {
        text: "Brandwein asks from +49 171 5550123, ottilie@example.org, why it is slow".to_owned(),
        interaction_id: contact.interaction_id.clone(),
        ..report(SearchOutcome::NoneFitted, None)
    };
    let answer = send(&world, none.clone()).await.unwrap();
    assert_eq!(
        answer.masked.iter().map(|one| one.count).sum::<u32>(),
        3,
        "{answer:?}"
    );
    assert_eq!(send(&world, none).await.unwrap(), answer);
    let [(event, Fact::SearchReported(reported))] = &told(&world).await[..] else {
        panic!("one report");
    };
    assert_eq!(event.aggregate_id, SEARCH);
    let kept = reported.question.clone().unwrap().text;
    for personal in ["Brandwein", "5550123", "example.org"] {
        assert!(!kept.contains(personal), "{kept}");
    }
    assert!(kept.contains("why it is slow"), "{kept}");
}

#[tokio::test]
async fn a_whole_question_that_nothing_fits_is_kept_once_and_typing_never_is() {
    let world = World::new().await;
    world.publish(TENANT, &solution(1)).await;
    let ask = |text: &str, is_finished| SearchSolutionsRequest {
        text: text.to_owned(),
        is_finished,
        search_id: SEARCH.to_owned(),
        about_reason_code: "roaming".to_owned(),
        ..SearchSolutionsRequest::default()
    };
    let typing = world.search(ask("can I use it in Norw", false)).await;
    assert!(!typing.fits && !typing.is_kept);
    let answered = world.search(ask("my router is slow", true)).await;
    assert!(answered.fits && !answered.is_kept);
    assert!(told(&world).await.is_empty());
    let long = format!(
        "can I call anna@example.org in Norway {}",
        "please ".repeat(300)
    );
    for _ in 0..2 {
        let asked = world.search(ask(&long, true)).await;
        assert!(!asked.fits && asked.is_kept);
        assert_eq!(asked.search_id, SEARCH);
    }
    let [(_, Fact::SearchUnanswered(kept))] = &told(&world).await[..] else {
        panic!("one question");
    };
    let question = kept.question.clone().unwrap();
    assert!(question.text.len() <= 1_024 && !question.text.contains("example.org"));
    assert_eq!(question.reason_code, "roaming");
    // What somebody says of it afterwards needs no text.
    send(&world, report(SearchOutcome::NoneFitted, None))
        .await
        .unwrap();
}

/// What is suggested for a whole question.
async fn asked(world: &World, request: SuggestSolutionsRequest) -> SuggestSolutionsResponse {
    let request = SuggestSolutionsRequest {
        is_finished: true,
        min_position: world.now(),
        ..request
    };
    let answer = world.client.clone().suggest_solutions(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn a_whole_question_without_a_suggestion_is_kept_unless_it_is_only_tried() {
    let world = World::new().await;
    world.publish(TENANT, &solution(1)).await;
    let ask = |text: &str| SuggestSolutionsRequest {
        text: text.to_owned(),
        ..SuggestSolutionsRequest::default()
    };
    let answered = asked(&world, ask("my router is slow")).await;
    assert!(answered.fits && !answered.is_kept);
    let peru = "do you ship to Peru, asks anna@example.org";
    let tried = SuggestSolutionsRequest {
        is_trial: true,
        ..ask(peru)
    };
    assert!(!asked(&world, tried).await.is_kept);
    assert!(world.suggest(peru).await.is_empty(), "typing keeps nothing");
    assert!(told(&world).await.is_empty());
    let contact = solved(1, "shipping", "a parcel", "");
    let question = SuggestSolutionsRequest {
        interaction_id: contact.interaction_id.clone(),
        ..ask(peru)
    };
    let first = asked(&world, question.clone()).await;
    assert!(!first.fits && first.is_kept);
    // It goes on with the same search: that is one question.
    let again = SuggestSolutionsRequest {
        search_id: first.search_id.clone(),
        ..question
    };
    let again = asked(&world, again).await;
    assert!(again.is_kept && again.search_id == first.search_id);
    let [(event, Fact::SearchUnanswered(kept))] = &told(&world).await[..] else {
        panic!("one question");
    };
    assert_eq!(event.aggregate_id, first.search_id);
    let kept = kept.question.clone().unwrap();
    assert!(kept.text.contains("Peru") && !kept.text.contains("anna"));
    assert_eq!(kept.interaction_id, contact.interaction_id);
    let refused = SuggestSolutionsRequest {
        search_id: "no id".to_owned(),
        ..ask(peru)
    };
    let mut client = world.client.clone();
    let refused = client.suggest_solutions(refused).await.unwrap_err();
    assert_eq!(fields(&refused), ["search_id"]);
}

#[tokio::test]
async fn a_report_that_says_nothing_is_refused() {
    let world = World::new().await;
    world.publish(TENANT, &solution(1)).await;
    let refused = send(&world, ReportSearchRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["request_id", "search_id", "outcome"]);
    let refused = send(&world, report(SearchOutcome::NoneFitted, None))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["text"]);
    let refused = send(&world, report(SearchOutcome::Used, None))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["solution_id", "version"]);
    let gone = report(SearchOutcome::Used, Some(&solution(9)));
    assert_eq!(
        reason(&send(&world, gone).await.unwrap_err()),
        "SOLUTION_NOT_FOUND"
    );
    let both = report(SearchOutcome::NoneFitted, Some(&solution(1)));
    assert_eq!(
        fields(&send(&world, both).await.unwrap_err()),
        ["solution_id"]
    );
}

async fn sample(world: &World, who: &[(&'static str, &str)]) -> Vec<SampledLink> {
    let request = SampleLinksRequest {
        links_max: 100,
        min_position: world.now(),
        ..SampleLinksRequest::default()
    };
    let answer = world.searches.clone().sample_links(by(request, who)).await;
    answer.unwrap().into_inner().links
}

#[tokio::test]
async fn links_are_drawn_until_they_are_judged_and_the_last_verdict_counts() {
    let world = World::new().await;
    let of = solution(1);
    world.publish(TENANT, &of).await;
    for n in 0..6 {
        let contact = solved(n, "net.slow", "slow", "restart");
        let contact = using(contact, &of.solution_id, SolutionUseKind::UsedAsIs);
        world.record(&contact).await;
    }
    let viewed = using(
        solved(7, "net.slow", "slow", "no"),
        &of.solution_id,
        SolutionUseKind::Viewed,
    );
    world.record(&viewed).await;
    let drawn = sample(&world, &[]).await;
    assert_eq!(drawn.len(), 6);
    assert_eq!(sample(&world, &[]).await, drawn, "always the same");
    let judge = |request: &str, link: &SampledLink, verdict: LinkVerdict| JudgeLinkRequest {
        request_id: request.to_owned(),
        solution_id: link.solution_id.clone(),
        interaction_id: link.interaction_id.clone(),
        verdict: verdict.into(),
        ..JudgeLinkRequest::default()
    };
    let mut searches = world.searches.clone();
    for (n, link) in drawn.iter().take(4).enumerate() {
        let verdict = match n {
            0 => LinkVerdict::Wrong,
            _ => LinkVerdict::Right,
        };
        searches
            .judge_link(judge(&format!("j-{n}"), link, verdict))
            .await
            .unwrap();
    }
    let again = judge("j-again", &drawn[0], LinkVerdict::Right);
    let first = searches
        .judge_link(again.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        searches.judge_link(again).await.unwrap().into_inner(),
        first
    );
    let accuracy = first.link_accuracy.unwrap();
    assert_eq!((accuracy.judged, accuracy.right), (4, 4));
    // By Wilson's interval for four of four.
    assert!(
        (accuracy.lower.unwrap() - 0.5101).abs() < 0.001,
        "{accuracy:?}"
    );
    assert!((accuracy.upper.unwrap() - 1.0).abs() < 0.001);
    assert_eq!(sample(&world, &[]).await, drawn[4..]);
    // A contact in which it was not used, or that the caller doesn't read, has no link.
    let mut none = judge("j-none", &drawn[0], LinkVerdict::Right);
    none.interaction_id = viewed.interaction_id;
    let refused = searches.judge_link(none.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "LINK_NOT_FOUND");
}
