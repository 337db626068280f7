//! A solution is trusted because it lasts, and not any more when it does not.

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::Event;
use aftercall_proto::knowledge::v1::{
    FlagSolutionRequest, ListFlagsRequest, ListReviewQueueRequest, ResolveFlagRequest,
    RollBackRequest, ValidateSolutionRequest, VerifySolutionRequest,
};
use aftercall_proto::model::v1::SolutionUseKind::UsedAsIs;
use aftercall_proto::model::v1::{
    Confidence, ConfidenceCause, ReviewReason, SolutionFlagKind, SolutionFlagState, SourceCheck,
    VerificationState,
};
use jiff::{SignedDuration, Timestamp};

use super::{DAY, NOW, Told, with_solution};
use crate::world::{World, at, reason, solved};

/// What was said of the trust in solutions: to what, why, and by which numbers.
fn turns(facts: &[(Event, Fact)]) -> Vec<(Confidence, ConfidenceCause, u64, u64)> {
    let turns = facts.iter().filter_map(|(_, fact)| match fact {
        Fact::SolutionConfidenceChanged(changed) => Some((
            changed.to(),
            changed.cause(),
            changed.success_count,
            changed.failure_count,
        )),
        _ => None,
    });
    turns.collect()
}

/// Uses of the first version by so many customers, each by one of three agents.
async fn used(world: &World, solution_id: &str, customers: std::ops::Range<u64>, at: i64) {
    for n in customers {
        let agent = format!("agent-{}", n % 3);
        let customer = format!("customer-{n}");
        let told = Told {
            n,
            customer: &customer,
            at: at + i64::try_from(n).unwrap(),
            agent: &agent,
            uses: vec![(solution_id, 1, UsedAsIs, false)],
        };
        world.told(told).await;
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

async fn flag(world: &World, solution_id: &str, request_id: &str) -> String {
    let request = FlagSolutionRequest {
        request_id: request_id.to_owned(),
        solution_id: solution_id.to_owned(),
        version: 1,
        kind: SolutionFlagKind::Wrong.into(),
        note: "It made it worse".to_owned(),
        ..FlagSolutionRequest::default()
    };
    let answer = world.evidence.clone().flag_solution(request).await.unwrap();
    answer.into_inner().flag.unwrap().flag_id
}

async fn resolve(world: &World, solution_id: &str, flag_id: &str, state: SolutionFlagState) {
    let request = ResolveFlagRequest {
        request_id: format!("resolve-{flag_id}"),
        solution_id: solution_id.to_owned(),
        flag_id: flag_id.to_owned(),
        state: state.into(),
        ..ResolveFlagRequest::default()
    };
    world.evidence.clone().resolve_flag(request).await.unwrap();
}

#[tokio::test]
async fn six_lasting_uses_by_three_agents_validate_a_version_once_their_windows_have_passed() {
    let (world, id) = with_solution().await;
    used(&world, &id, 0..6, NOW).await;
    let stats = world.solution(&id).await.stats.unwrap();
    assert_eq!((stats.link_count, stats.pending_count), (6, 6));
    // A moment before the last window ends five are known, which are too few.
    world.clock.jump_to(second(NOW + 5 + 7 * DAY - 1));
    let stats = world.solution(&id).await.stats.unwrap();
    assert_eq!((stats.success_count, stats.pending_count), (5, 1));
    assert_eq!(turns(&world.facts()), []);
    world.clock.jump_to(second(NOW + 5 + 7 * DAY));
    world.until(|facts| !turns(facts).is_empty()).await;
    let validated = (Confidence::Validated, ConfidenceCause::Outcomes, 6, 0);
    assert_eq!(turns(&world.facts()), [validated]);
    let solution = world.solution(&id).await;
    assert_eq!(solution.confidence(), Confidence::Validated);
    assert_eq!(solution.confidence_cause(), ConfidenceCause::Outcomes);
    // A keeper that begins anew finds it said.
    let world = world.restarted(|_| ()).await;
    assert_eq!(
        world.solution(&id).await.confidence(),
        Confidence::Validated
    );
    // A confirmed flag takes it back, and the same numbers don't bring it back.
    let flag_id = flag(&world, &id, "f-1").await;
    assert_eq!(world.solution(&id).await.open_flag_count, 1);
    resolve(&world, &id, &flag_id, SolutionFlagState::Confirmed).await;
    world.until(|facts| turns(facts).len() == 2).await;
    assert_eq!(turns(&world.facts())[1].1, ConfidenceCause::FlagConfirmed);
    let solution = world.solution(&id).await;
    assert_eq!(solution.confidence(), Confidence::NotValidated);
    // Until somebody vouches for it.
    let request = ValidateSolutionRequest {
        request_id: "v-1".to_owned(),
        solution_id: id.clone(),
        version: 1,
        ..ValidateSolutionRequest::default()
    };
    let answer = world
        .evidence
        .clone()
        .validate_solution(request)
        .await
        .unwrap();
    let solution = answer.into_inner().solution.unwrap();
    assert_eq!(solution.confidence(), Confidence::Validated);
    assert_eq!(turns(&world.facts()).len(), 3);
}

#[tokio::test]
async fn neither_the_authors_own_uses_nor_an_open_flag_validate_a_version() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for (n, how) in (1..).zip(["Reset the router", "Change the cable", "Move the antenna"]) {
        let words = format!("slow network {how}");
        world.record(&solved(n, "net.slow", &words, how)).await;
        let solution = world.promote_first(&format!("r-{n}"), how).await;
        ids.push(solution.solution_id);
    }
    let [own, flagged, plain] = &ids[..] else {
        panic!("three solutions")
    };
    let flag_id = flag(&world, flagged, "f-1").await;
    let author = world.solution(own).await.author;
    for n in 0..18_u64 {
        // Six uses each; of those of the first a third are its author's.
        let solution = &ids[n as usize / 6];
        let agent = match (solution == own, n % 3) {
            (true, 0) => author.clone(),
            (_, number) => format!("colleague-{number}"),
        };
        let told = Told {
            n: 100 + n,
            customer: &format!("customer-{n}"),
            at: NOW,
            agent: &agent,
            uses: vec![(solution, 1, UsedAsIs, false)],
        };
        world.told(told).await;
    }
    world.clock.jump_to(second(NOW + 8 * DAY));
    world.until(|facts| !turns(facts).is_empty()).await;
    let trusted = async |id: &str| world.solution(id).await.confidence() == Confidence::Validated;
    assert!(trusted(plain).await && !trusted(own).await && !trusted(flagged).await);
    // Once the flag is dismissed nothing speaks against it.
    resolve(&world, flagged, &flag_id, SolutionFlagState::Dismissed).await;
    world.until(|facts| turns(facts).len() == 2).await;
    assert!(trusted(flagged).await && !trusted(own).await);
}

#[tokio::test]
async fn words_that_were_found_wrong_are_so_in_every_version_that_says_them() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for (n, how) in (1..).zip(["Reset the router", "Change the cable"]) {
        let words = format!("slow network {how}");
        world.record(&solved(n, "net.slow", &words, how)).await;
        let solution = world.promote_first(&format!("r-{n}"), how).await;
        ids.push(solution.solution_id);
    }
    let [wrong, plain] = &ids[..] else {
        panic!("two solutions")
    };
    let flag_id = flag(&world, wrong, "f-1").await;
    resolve(&world, wrong, &flag_id, SolutionFlagState::Confirmed).await;
    world.publish_version(wrong, 2, 4).await;
    let back = RollBackRequest {
        request_id: "b-1".to_owned(),
        solution_id: wrong.clone(),
        version: 1,
        reason: "Worse".to_owned(),
        ..RollBackRequest::default()
    };
    let back = world.solutions.clone().roll_back(back).await.unwrap();
    assert_eq!(back.into_inner().solution.unwrap().version, 3);
    for n in 0..12_u64 {
        // Six uses of each, which both would be trusted for.
        let (solution, version) = match n < 6 {
            true => (wrong, 3),
            false => (plain, 1),
        };
        let told = Told {
            n: 100 + n,
            customer: &format!("customer-{n}"),
            at: NOW,
            agent: &format!("agent-{}", n % 3),
            uses: vec![(solution, version, UsedAsIs, false)],
        };
        world.told(told).await;
    }
    world.clock.jump_to(second(NOW + 8 * DAY));
    world.until(|facts| !turns(facts).is_empty()).await;
    let trusted = async |id: &str| world.solution(id).await.confidence() == Confidence::Validated;
    assert!(trusted(plain).await && !trusted(wrong).await);
    // Until somebody vouches for these words, and until another flag on them is confirmed: on whichever version.
    let vouched = ValidateSolutionRequest {
        request_id: "v-1".to_owned(),
        solution_id: wrong.clone(),
        version: 3,
        ..ValidateSolutionRequest::default()
    };
    let mut evidence = world.evidence.clone();
    evidence.validate_solution(vouched).await.unwrap();
    assert!(trusted(wrong).await);
    let flag_id = flag(&world, wrong, "f-2").await;
    resolve(&world, wrong, &flag_id, SolutionFlagState::Confirmed).await;
    world.until(|facts| turns(facts).len() == 3).await;
    assert_eq!(turns(&world.facts())[2].1, ConfidenceCause::FlagConfirmed);
    assert!(!trusted(wrong).await);
}

#[tokio::test]
async fn a_customer_who_comes_back_fails_a_use_whatever_comes_first() {
    let (world, id) = with_solution().await;
    // The return is recorded before the use.
    let back = Told {
        n: 1,
        customer: "c",
        at: NOW + 7 * DAY,
        agent: "a",
        uses: vec![],
    };
    world.told(back.clone()).await;
    let using = Told {
        n: 2,
        at: NOW,
        uses: vec![(&id, 1, UsedAsIs, false)],
        ..back
    };
    world.told(using.clone()).await;
    // Another customer's is a moment too late to count.
    for (n, at, uses) in [(3, NOW, using.uses.clone()), (4, NOW + 7 * DAY + 1, vec![])] {
        world
            .told(Told {
                n,
                customer: "d",
                at,
                agent: "a",
                uses,
            })
            .await;
    }
    world.clock.jump_to(second(NOW + 30 * DAY));
    let stats = world.solution(&id).await.stats.unwrap();
    assert_eq!((stats.success_count, stats.failure_count), (1, 1));
    let this = stats.this_version.unwrap();
    assert_eq!((this.success_count, this.failure_count), (1, 1));
}

#[tokio::test]
async fn a_verification_says_against_what_and_expires_visibly() {
    let (world, id) = with_solution().await;
    let verify = |request_id: &str, hash: &str, until: i64| VerifySolutionRequest {
        request_id: request_id.to_owned(),
        solution_id: id.clone(),
        version: 1,
        sources: vec![SourceCheck {
            uri: "https://wiki.example/12".to_owned(),
            content_hash: hash.to_owned(),
            checked_at: Some(at(NOW)),
            changed: false,
        }],
        verify_by: Some(at(until)),
        ..VerifySolutionRequest::default()
    };
    let mut evidence = world.evidence.clone();
    let done = evidence
        .verify_solution(verify("v-1", "aa", NOW + DAY))
        .await;
    let solution = done.unwrap().into_inner().solution.unwrap();
    assert_eq!(solution.verify_by, Some(at(NOW + DAY)));
    assert_eq!(solution.verification_state(), VerificationState::Current);
    assert_eq!(
        solution.last_verified.unwrap().against,
        "https://wiki.example/12"
    );
    let request = ValidateSolutionRequest {
        request_id: "val-1".to_owned(),
        solution_id: id.clone(),
        version: 1,
        ..ValidateSolutionRequest::default()
    };
    evidence.validate_solution(request.clone()).await.unwrap();
    // At the very end it still holds.
    world.clock.jump_to(second(NOW + DAY));
    assert_eq!(
        world.solution(&id).await.verification_state(),
        VerificationState::Current
    );
    world
        .clock
        .jump_to(second(NOW + DAY) + SignedDuration::from_secs(1));
    assert_eq!(
        world.solution(&id).await.verification_state(),
        VerificationState::Expired
    );
    world.until(|facts| turns(facts).len() == 2).await;
    assert_eq!(
        turns(&world.facts())[1].1,
        ConfidenceCause::VerificationExpired
    );
    // Nobody vouches for what is to be checked first.
    let again = ValidateSolutionRequest {
        request_id: "val-2".to_owned(),
        ..request
    };
    let refused = evidence.validate_solution(again.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "VERIFICATION_DUE");
    evidence
        .verify_solution(verify("v-2", "aa", NOW + 9 * DAY))
        .await
        .unwrap();
    evidence.validate_solution(again).await.unwrap();
    // Another hash says that the source is not what it was.
    evidence
        .verify_solution(verify("v-3", "bb", NOW + 9 * DAY))
        .await
        .unwrap();
    world.until(|facts| turns(facts).len() == 4).await;
    assert_eq!(turns(&world.facts())[3].1, ConfidenceCause::SourceChanged);
}

#[tokio::test]
async fn an_unused_old_article_ranks_below_a_used_one_with_two_failed_resolutions() {
    let (world, used) = with_solution().await;
    // An old one that nobody uses.
    world
        .record(&solved(2, "tv.dark", "dark", "Plug it in"))
        .await;
    let old = world.promote_first("r-2", "Dark screen").await.solution_id;
    world.clock.jump_to(second(NOW + 700 * DAY));
    world.publish_version(&used, 2, 2).await;
    for n in 0..2 {
        let customer = format!("customer-{n}");
        for (place, uses) in [(0, vec![(used.as_str(), 2, UsedAsIs, false)]), (1, vec![])] {
            let told = Told {
                n: 10 * n + place,
                customer: &customer,
                at: NOW + 690 * DAY + i64::try_from(place).unwrap() * DAY,
                agent: "a",
                uses,
            };
            world.told(told).await;
        }
    }
    let queue = || async {
        let request = ListReviewQueueRequest {
            min_position: world.now(),
            ..ListReviewQueueRequest::default()
        };
        let answer = world.evidence.clone().list_review_queue(request).await;
        answer.unwrap().into_inner().reviews
    };
    let reviews = queue().await;
    let ids: Vec<_> = reviews.iter().map(|one| one.solution_id.as_str()).collect();
    assert_eq!(ids, [used.as_str(), old.as_str()]);
    assert_eq!(reviews[0].failure_count, 2);
    assert!(reviews[0].reasons().any(|one| one == ReviewReason::Failing));
    assert_eq!(reviews[1].reasons().count(), 0);
    // A flag makes the other one more urgent than nothing.
    assert_eq!(reviews[1].priority, 0);
    flag(&world, &old, "f-1").await;
    let reviews = queue().await;
    assert_eq!(reviews[1].solution_id, old);
    assert!(reviews[1].priority > 0);
    assert!(reviews[1].reasons().any(|one| one == ReviewReason::Flagged));
    // Page by page it is the same.
    let mut request = ListReviewQueueRequest {
        page_size: 1,
        min_position: world.now(),
        ..ListReviewQueueRequest::default()
    };
    let mut paged = Vec::new();
    loop {
        let answer = world
            .evidence
            .clone()
            .list_review_queue(request.clone())
            .await;
        let answer = answer.unwrap().into_inner();
        paged.extend(answer.reviews.into_iter().map(|one| one.solution_id));
        if answer.next_page_token.is_empty() {
            break;
        }
        request.page_token = answer.next_page_token;
    }
    assert_eq!(paged, [used, old]);
}

#[tokio::test]
async fn a_flag_is_listed_until_it_is_judged_and_judged_once() {
    let (world, id) = with_solution().await;
    let flag_id = flag(&world, &id, "f-1").await;
    // Sent twice, it is one.
    assert_eq!(flag(&world, &id, "f-1").await, flag_id);
    let list = |state: SolutionFlagState| {
        let request = ListFlagsRequest {
            state: state.into(),
            min_position: world.now(),
            ..ListFlagsRequest::default()
        };
        let mut evidence = world.evidence.clone();
        async move {
            evidence
                .list_flags(request)
                .await
                .unwrap()
                .into_inner()
                .flags
        }
    };
    assert_eq!(list(SolutionFlagState::Open).await.len(), 1);
    let unhelpful = async || world.solution(&id).await.stats.unwrap().unhelpful_count;
    assert_eq!(unhelpful().await, 1);
    resolve(&world, &id, &flag_id, SolutionFlagState::Dismissed).await;
    assert_eq!(list(SolutionFlagState::Open).await.len(), 0);
    let dismissed = list(SolutionFlagState::Dismissed).await;
    assert_eq!(dismissed[0].flag_id, flag_id);
    assert_eq!(world.solution(&id).await.open_flag_count, 0);
    assert_eq!(unhelpful().await, 0);
    let request = ResolveFlagRequest {
        request_id: "again".to_owned(),
        solution_id: id.clone(),
        flag_id,
        state: SolutionFlagState::Confirmed.into(),
        ..ResolveFlagRequest::default()
    };
    let mut evidence = world.evidence.clone();
    let refused = evidence.resolve_flag(request.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "FLAG_RESOLVED");
    let unknown = ResolveFlagRequest {
        request_id: "unknown".to_owned(),
        flag_id: "none".to_owned(),
        ..request
    };
    let refused = evidence.resolve_flag(unknown).await.unwrap_err();
    assert_eq!(reason(&refused), "FLAG_NOT_FOUND");
}
