//! What the team can't answer comes first; what solutions are good for is told of all, and of nobody alone.

use aftercall_proto::knowledge::v1::{
    KnowledgeReportRequest, KnowledgeRow, ListStruggleEvidenceRequest,
    ListStruggleEvidenceResponse, ListStrugglesRequest, ReportGrouping, ReportSearchRequest,
    SearchSolutionsRequest, Struggle, StruggleEvidence, StruggleSign,
};
use aftercall_proto::model::v1::{
    Customer, Escalation, EscalationKind, EscalationRequester, Hold, HoldReason, Interaction,
    ReasonResolution, SearchOutcome, Segment, SegmentKind, Solution, SolutionUseKind, Transfer,
    TransferKind,
};

use crate::world::{TENANT, World, at, by, fields, reason, solved, using};

const DAY: i64 = 86_400;
/// When the server's clock stands.
const NOW: i64 = 1_780_000_000;

/// A contact of a customer of its own, with holds.
fn held(n: i64, code: &str, words: &str, holds: &[HoldReason]) -> Interaction {
    let holds = holds.iter().map(|reason| Hold {
        began_at: Some(at(n)),
        ended_at: Some(at(n + 10)),
        reason: (*reason).into(),
    });
    let mut contact = solved(n, code, words, "");
    contact.contact_reasons[0].resolution = ReasonResolution::NotResolved.into();
    contact.customer = Some(Customer {
        customer_id: format!("customer-{n}"),
        ..Customer::default()
    });
    contact.team_id = format!("team-{}", n % 2);
    contact.segments = vec![Segment {
        segment_id: "1".to_owned(),
        kind: SegmentKind::Agent.into(),
        answered_at: Some(at(n)),
        ended_at: Some(at(n + 100)),
        holds: holds.collect(),
        acw_started_at: Some(at(n + 100)),
        acw_ended_at: Some(at(n + 120)),
        ..Segment::default()
    }];
    contact
}

async fn struggles(world: &World, request: ListStrugglesRequest) -> Vec<Struggle> {
    let request = ListStrugglesRequest {
        from: Some(at(0)),
        before: Some(at(300 * DAY)),
        min_position: world.now(),
        ..request
    };
    let answer = world.searches.clone().list_struggles(request).await;
    answer.unwrap().into_inner().struggles
}

async fn all(world: &World) -> Vec<Struggle> {
    struggles(world, ListStrugglesRequest::default()).await
}

/// The struggles of the days before the server's clock.
async fn recent(world: &World) -> Vec<Struggle> {
    let request = ListStrugglesRequest {
        from: Some(at(NOW - 300 * DAY)),
        before: Some(at(NOW + DAY)),
        min_position: world.now(),
        ..ListStrugglesRequest::default()
    };
    let answer = world.searches.clone().list_struggles(request).await;
    let answer = answer.unwrap().into_inner();
    assert!(answer.complete_through_at.is_some());
    answer.struggles
}

fn reasons(struggles: &[Struggle]) -> Vec<(&str, u64)> {
    struggles
        .iter()
        .map(|one| (one.reason_code.as_str(), one.score))
        .collect()
}

#[tokio::test]
async fn a_topic_with_ten_lookups_and_no_solution_comes_first_and_verifying_is_no_struggle() {
    let world = World::new().await;
    let answered = Solution {
        solution_id: "01990001-0000-7000-8000-000000000000".to_owned(),
        title: "Slow network".to_owned(),
        resolution: "Reset the router".to_owned(),
        reason_code: "net.slow".to_owned(),
        ..Solution::default()
    };
    world.publish(TENANT, &answered).await;
    for n in 0..10 {
        world
            .record(&held(
                n,
                "roaming",
                "can I use roaming in Norway",
                &[HoldReason::Lookup],
            ))
            .await;
        // Facts are verified before they are told, and what was looked up was found.
        let verified = [
            HoldReason::Verify,
            HoldReason::Verify,
            HoldReason::SystemSlow,
        ];
        world
            .record(&held(100 + n, "billing", "why so much", &verified))
            .await;
        let linked = held(200 + n, "net.slow", "it is slow", &[HoldReason::Lookup; 3]);
        let linked = using(linked, &answered.solution_id, SolutionUseKind::UsedAsIs);
        world.record(&linked).await;
    }
    for n in 0..4 {
        world
            .record(&held(
                300 + n,
                "parcel",
                "where is it",
                &[HoldReason::Lookup; 2],
            ))
            .await;
    }
    let found = all(&world).await;
    assert_eq!(reasons(&found), [("roaming", 10), ("parcel", 8)]);
    let first = &found[0];
    let counts = first.counts.unwrap();
    assert_eq!((counts.lookup_holds, counts.contacts), (10, 10));
    assert_eq!(first.questions[0].text, "can I use roaming in Norway");
    assert_eq!(first.questions[0].count, 10);
    assert_eq!(first.interaction_ids.len(), 10);
    let of_team = ListStrugglesRequest {
        team_id: "team-1".to_owned(),
        ..ListStrugglesRequest::default()
    };
    assert_eq!(
        reasons(&struggles(&world, of_team).await),
        [("roaming", 5), ("parcel", 4)]
    );
}

/// A contact in which an agent asked for help, and passed it on.
fn struggled() -> Interaction {
    let mut contact = held(
        NOW - 1_000,
        "fees",
        "why a fee",
        &[HoldReason::AskSupervisor],
    );
    contact.escalations = [EscalationRequester::Agent, EscalationRequester::Customer]
        .map(|requested_by| Escalation {
            kind: EscalationKind::Supervisor.into(),
            requested_by: requested_by.into(),
            ..Escalation::default()
        })
        .to_vec();
    contact.segments[0].transfer = Some(Transfer {
        kind: TransferKind::Cold.into(),
        ..Transfer::default()
    });
    contact
}

#[tokio::test]
async fn each_sign_counts_and_is_taken_back() {
    let world = World::new().await;
    let contact = struggled();
    world.record(&contact).await;
    // Without a search a transfer says nothing.
    let one = recent(&world).await.remove(0);
    assert_eq!((one.counts.unwrap().assists, one.score), (2, 4));
    let report = ReportSearchRequest {
        request_id: "none".to_owned(),
        search_id: "01990000-0000-7000-8000-000000000001".to_owned(),
        text: "why is there a fee".to_owned(),
        outcome: SearchOutcome::NoneFitted.into(),
        interaction_id: contact.interaction_id.clone(),
        ..ReportSearchRequest::default()
    };
    world
        .searches
        .clone()
        .report_search(report.clone())
        .await
        .unwrap();
    let one = recent(&world).await.remove(0);
    let counts = one.counts.unwrap();
    assert_eq!(
        (counts.unanswered_searches, counts.transfers_after_search),
        (1, 1)
    );
    assert_eq!((one.reason_code.as_str(), one.score), ("fees", 4 + 2 + 3));
    assert_eq!(one.search_ids, [report.search_id.as_str()]);
    // The contact turns out to have been about something else: so was the search.
    let mut amended = contact.clone();
    amended.contact_reasons[0].code = "limits".to_owned();
    amended.segments[0].holds.clear();
    world
        .amend(2, &["contact_reasons", "segments"], &amended)
        .await;
    let found = recent(&world).await;
    // One call for help is gone, and there is a correction.
    assert_eq!(reasons(&found), [("limits", 2 + 2 + 3 + 3)]);
    // Something fitted after all.
    let solution = Solution {
        solution_id: "01990001-0000-7000-8000-000000000000".to_owned(),
        title: "Fee".to_owned(),
        ..Solution::default()
    };
    world.publish(TENANT, &solution).await;
    let used = ReportSearchRequest {
        request_id: "used".to_owned(),
        outcome: SearchOutcome::Used.into(),
        solution_id: solution.solution_id,
        version: 1,
        text: String::new(),
        ..report
    };
    world.searches.clone().report_search(used).await.unwrap();
    let one = recent(&world).await.remove(0);
    assert_eq!(
        (
            one.counts.unwrap().unanswered_searches,
            one.search_ids.len()
        ),
        (0, 0)
    );
}

/// All that shows a struggle of the days before the server's clock, page by page; and the first page.
async fn evidence(
    world: &World,
    (reason_code, sign): (&str, StruggleSign),
) -> (Vec<StruggleEvidence>, ListStruggleEvidenceResponse) {
    let mut request = ListStruggleEvidenceRequest {
        from: Some(at(NOW - 300 * DAY)),
        before: Some(at(NOW + DAY)),
        reason_code: reason_code.to_owned(),
        sign: sign.into(),
        page_size: 2,
        min_position: world.now(),
        ..ListStruggleEvidenceRequest::default()
    };
    let (mut all, mut first) = (Vec::new(), None);
    loop {
        let mut searches = world.searches.clone();
        let page = searches.list_struggle_evidence(request.clone()).await;
        let page = page.unwrap().into_inner();
        assert!(request.page_token.is_empty() || page.complete_through_at.is_none());
        all.extend(page.evidence.clone());
        request.page_token = page.next_page_token.clone();
        first.get_or_insert(page);
        if request.page_token.is_empty() {
            return (all, first.unwrap());
        }
    }
}

#[tokio::test]
async fn what_shows_a_struggle_comes_to_exactly_its_counts() {
    let world = World::new().await;
    world.record(&struggled()).await;
    for n in 0..5 {
        let contact = held(
            NOW - 5_000 + n,
            "fees",
            "why a fee",
            &[HoldReason::Lookup, HoldReason::Lookup, HoldReason::Verify],
        );
        world.record(&contact).await;
    }
    // Of another reason, and one that shows nothing.
    let other = held(NOW - 700, "visa", "a visa", &[HoldReason::Lookup]);
    world.record(&other).await;
    let quiet = held(NOW - 600, "fees", "a fee", &[HoldReason::Verify]);
    world.record(&quiet).await;
    for n in 0..3 {
        let report = ReportSearchRequest {
            request_id: format!("none-{n}"),
            search_id: format!("01990000-0000-7000-8000-00000000000{n}"),
            text: "why is there a fee".to_owned(),
            outcome: SearchOutcome::NoneFitted.into(),
            reason_code: "fees".to_owned(),
            ..ReportSearchRequest::default()
        };
        world.searches.clone().report_search(report).await.unwrap();
    }
    let struggle = recent(&world).await.remove(0);
    assert_eq!(struggle.reason_code, "fees");
    assert_eq!(struggle.score_by_day.iter().sum::<u64>(), struggle.score);
    let counts = struggle.counts.unwrap();
    let (all, first) = evidence(&world, ("fees", StruggleSign::Unspecified)).await;
    assert_eq!(first.counts, Some(counts));
    assert!(first.complete_through_at.is_some());
    assert_eq!(first.total_size, Some(all.len() as i64));
    assert_eq!(all.iter().map(|one| one.score).sum::<u64>(), struggle.score);
    let contacts = all.iter().filter(|one| !one.interaction_id.is_empty());
    assert_eq!(contacts.count() as u64, counts.contacts);
    let searches = all.iter().filter(|one| !one.search_id.is_empty());
    assert_eq!(searches.count() as u64, counts.unanswered_searches);
    let latest_first = all.is_sorted_by_key(|one| std::cmp::Reverse(one.at.unwrap().seconds));
    assert!(latest_first, "{all:?}");
    let (looked_up, first) = evidence(&world, ("fees", StruggleSign::LookupHold)).await;
    assert_eq!(first.counts.unwrap().lookup_holds, counts.lookup_holds);
    assert_eq!((looked_up.len(), counts.lookup_holds), (5, 10));
    let (helped, _) = evidence(&world, ("fees", StruggleSign::Assist)).await;
    assert_eq!(helped.len(), 1);
}

#[tokio::test]
async fn a_search_may_come_before_its_contact_and_questions_are_put_together() {
    let world = World::new().await;
    let contact = held(
        5 * DAY,
        "visa",
        "do I need a visa for Norway",
        &[HoldReason::Lookup],
    );
    for (n, text) in [
        "Do I need a visa for Norway?",
        "visa needed for Norway",
        "lost my passport",
    ]
    .iter()
    .enumerate()
    {
        let asked = world
            .search(SearchSolutionsRequest {
                text: (*text).to_owned(),
                is_finished: true,
                interaction_id: contact.interaction_id.clone(),
                search_id: format!("01990000-0000-7000-8000-00000000000{n}"),
                ..SearchSolutionsRequest::default()
            })
            .await;
        assert!(asked.is_kept);
    }
    let period = |before| ListStrugglesRequest {
        from: Some(at(0)),
        before: Some(at(before)),
        ..ListStrugglesRequest::default()
    };
    let whole = ListStrugglesRequest {
        from: Some(at(NOW - 300 * DAY)),
        before: Some(at(NOW + DAY)),
        min_position: world.now(),
        ..ListStrugglesRequest::default()
    };
    let found = world
        .searches
        .clone()
        .list_struggles(whole.clone())
        .await
        .unwrap();
    assert_eq!(reasons(&found.into_inner().struggles), [("", 6)]);
    world.record(&contact).await;
    let whole = ListStrugglesRequest {
        min_position: world.now(),
        ..whole
    };
    let found = world.searches.clone().list_struggles(whole).await.unwrap();
    let found = found.into_inner().struggles;
    assert_eq!(
        reasons(&found),
        [("visa", 6)],
        "now it is known what they were about"
    );
    let questions: Vec<_> = found[0].questions.iter().map(|one| one.count).collect();
    assert_eq!(questions, [2, 1]);
    for before in [401 * DAY, 0] {
        let mut searches = world.searches.clone();
        let refused = searches.list_struggles(period(before)).await.unwrap_err();
        assert_eq!(fields(&refused), ["before"]);
    }
}

#[tokio::test]
async fn who_reads_a_team_sees_its_struggles_alone() {
    let world = World::divided().await;
    for n in 0..6 {
        world
            .record(&held(
                n,
                "roaming",
                "roaming in Norway",
                &[HoldReason::Lookup],
            ))
            .await;
    }
    let of = |teams: &'static str| {
        let request = ListStrugglesRequest {
            from: Some(at(0)),
            before: Some(at(DAY)),
            min_position: world.now(),
            ..ListStrugglesRequest::default()
        };
        by(request, &[("role", "team_lead"), ("teams", teams)])
    };
    let mut searches = world.searches.clone();
    let found = searches
        .list_struggles(of("team-1"))
        .await
        .unwrap()
        .into_inner()
        .struggles;
    assert_eq!(
        (reasons(&found), found[0].interaction_ids.len()),
        (vec![("roaming", 3)], 3)
    );
    let found = searches
        .list_struggles(of("team-9"))
        .await
        .unwrap()
        .into_inner();
    assert!(found.struggles.is_empty());
    let request = by(ListStrugglesRequest::default(), &[("role", "agent")]);
    let refused = searches.list_struggles(request).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_REQUIRED");
}

async fn report(world: &World, by: ReportGrouping) -> Vec<KnowledgeRow> {
    let request = KnowledgeReportRequest {
        from: Some(at(0)),
        before: Some(at(20 * DAY)),
        group_by: by.into(),
        min_position: world.now(),
        ..KnowledgeReportRequest::default()
    };
    let answer = world.searches.clone().knowledge_report(request).await;
    answer.unwrap().into_inner().rows
}

#[tokio::test]
async fn a_report_compares_before_and_after() {
    let world = World::new().await;
    let solution = Solution {
        solution_id: "01990001-0000-7000-8000-000000000000".to_owned(),
        title: "Slow network".to_owned(),
        reason_code: "net.slow".to_owned(),
        published_at: Some(at(10 * DAY)),
        ..Solution::default()
    };
    world.publish(TENANT, &solution).await;
    let of = |n: i64, day: i64, customer: &str| {
        let mut contact = held(day * DAY + n, "net.slow", "it is slow", &[]);
        contact.customer = Some(Customer {
            customer_id: customer.to_owned(),
            ..Customer::default()
        });
        contact
    };
    // Before: three contacts, of which one customer came back within a week.
    for (n, day, customer) in [(0, 1, "a"), (1, 4, "a"), (2, 2, "b")] {
        world.record(&of(n, day, customer)).await;
    }
    // After: two, one with the solution, and shorter; nobody came back, for nine days are too long.
    let mut short = of(3, 11, "c");
    short.segments[0].ended_at = short.segments[0].answered_at;
    short.segments[0].acw_started_at = None;
    let short = using(short, &solution.solution_id, SolutionUseKind::UsedAsIs);
    world.record(&short).await;
    world.record(&of(4, 13, "b")).await;
    let rows = report(&world, ReportGrouping::Solution).await;
    let [row] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    let (before, after) = (row.before.unwrap(), row.after.unwrap());
    assert_eq!(
        (before.cases, before.came_back, before.solved_with),
        (3, 1, 0)
    );
    assert_eq!(before.mean_handle_time.unwrap().seconds, 120);
    assert_eq!((after.cases, after.came_back, after.solved_with), (2, 0, 1));
    assert_eq!(after.mean_handle_time.unwrap().seconds, 60);
    let used = row.used.unwrap();
    assert_eq!((used.cases, used.mean_handle_time.unwrap().seconds), (1, 0));
    assert_eq!(row.existed_from, Some(at(10 * DAY)));
    let rows = report(&world, ReportGrouping::Reason).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].before, Some(before));
    assert_eq!(rows[0].after, Some(after));
}
