//! Problems: made once, changed by version, with all that they were; and what came of what was done about them.

use aftercall_proto::insight::v1::{
    AttributeCauseRequest, CreateProblemRequest, ListProblemVersionsRequest, ListProblemsRequest,
    MeasureImprovementRequest, MeasureImprovementResponse, ProblemTrend, RecordImprovementRequest,
    UpdateProblemRequest,
};
use aftercall_proto::model::v1::{Improvement, Problem, ProblemCluster, ProblemState};
use aftercall_service::testing::{reason_of, violations_of};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::fixture::{Caller, Events, Service, ago, contact, id};

const DAY: i64 = 86_400;

fn refunds() -> Problem {
    Problem {
        title: "Refunds take weeks".to_owned(),
        owner_department: "finance".to_owned(),
        cluster: Some(ProblemCluster {
            reason_codes: vec!["billing.refund".to_owned()],
            ..ProblemCluster::default()
        }),
        ..Problem::default()
    }
}

async fn create(
    client: &mut Caller,
    request_id: &str,
    problem: Problem,
) -> Result<Problem, Status> {
    let request = client.request(CreateProblemRequest {
        request_id: request_id.to_owned(),
        problem: Some(problem),
    });
    let made = client.problems.create_problem(request).await?;
    Ok(made.into_inner().problem.unwrap())
}

async fn update(
    client: &mut Caller,
    (request_id, expected_version): (&str, u64),
    problem: &Problem,
) -> Result<Problem, Status> {
    let request = client.request(UpdateProblemRequest {
        request_id: request_id.to_owned(),
        problem_id: problem.problem_id.clone(),
        problem: Some(problem.clone()),
        expected_version,
        note: format!("why {request_id}"),
    });
    let updated = client.problems.update_problem(request).await?;
    Ok(updated.into_inner().problem.unwrap())
}

async fn improve(
    client: &mut Caller,
    (request_id, problem_id): (&str, &str),
    seconds_ago: i64,
) -> Result<Problem, Status> {
    let request = client.request(RecordImprovementRequest {
        request_id: request_id.to_owned(),
        problem_id: problem_id.to_owned(),
        improvement: Some(Improvement {
            change: "Refunds are paid by machine.".to_owned(),
            improved_at: Some(ago(seconds_ago)),
            improved_by: "finance".to_owned(),
            ..Improvement::default()
        }),
        expected_version: 0,
    });
    let improved = client.problems.record_improvement(request).await?;
    Ok(improved.into_inner().problem.unwrap())
}

async fn trends(client: &mut Caller, days: i32) -> Vec<ProblemTrend> {
    let request = client.request(ListProblemsRequest {
        days,
        latest: true,
        ..ListProblemsRequest::default()
    });
    let listed = client.problems.list_problems(request).await.unwrap();
    listed.into_inner().problems
}

async fn measured(
    client: &mut Caller,
    problem_id: &str,
    days: i32,
) -> Result<MeasureImprovementResponse, Status> {
    let request = client.request(MeasureImprovementRequest {
        problem_id: problem_id.to_owned(),
        days,
        latest: true,
        ..MeasureImprovementRequest::default()
    });
    Ok(client
        .problems
        .measure_improvement(request)
        .await?
        .into_inner())
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one life, step by step")]
async fn a_problem_is_made_once_and_keeps_all_that_it_was() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let made = create(&mut client, "one", refunds()).await.unwrap();
    let again = create(&mut client, "one", refunds()).await.unwrap();
    assert_eq!(made, again);
    assert_eq!((made.version, made.state()), (1, ProblemState::Open));
    assert_eq!(
        (&*made.created_by, &*made.owner_department),
        ("sup-1", "finance")
    );
    let other = Problem {
        title: "Something else".to_owned(),
        ..refunds()
    };
    let reused = create(&mut client, "one", other).await.unwrap_err();
    assert_eq!(reused.code(), Code::AlreadyExists);

    let renamed = Problem {
        title: "Refunds take months".to_owned(),
        ..made.clone()
    };
    let second = update(&mut client, ("two", 1), &renamed).await.unwrap();
    assert_eq!((second.version, &*second.title), (2, "Refunds take months"));
    let stale = update(&mut client, ("three", 1), &renamed)
        .await
        .unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let info = stale.get_details_error_info().unwrap();
    assert_eq!(info.reason, "VERSION_MISMATCH");
    assert_eq!(info.metadata["current_version"], "2");
    let improved = improve(&mut client, ("four", &made.problem_id), DAY)
        .await
        .unwrap();
    assert_eq!(
        (improved.version, improved.state()),
        (3, ProblemState::Improved)
    );
    assert_eq!(
        (improved.improvements.len(), improved.improvements[0].number),
        (1, 1)
    );
    let closed = Problem {
        state: ProblemState::Closed.into(),
        improvements: Vec::new(),
        ..improved.clone()
    };
    let closed = update(&mut client, ("five", 3), &closed).await.unwrap();
    assert_eq!(closed.state(), ProblemState::Closed);
    assert_eq!(
        closed.improvements, improved.improvements,
        "what was done stays"
    );

    let request = client.request(ListProblemVersionsRequest {
        problem_id: made.problem_id.clone(),
        latest: true,
        ..ListProblemVersionsRequest::default()
    });
    let history = client
        .problems
        .list_problem_versions(request)
        .await
        .unwrap();
    let history = history.into_inner().versions;
    let told: Vec<_> = history
        .iter()
        .map(|it| {
            let problem = it.problem.as_ref().unwrap();
            (problem.version, &*problem.title, &*it.note)
        })
        .collect();
    assert_eq!(
        told,
        [
            (4, "Refunds take months", "why five"),
            (3, "Refunds take months", ""),
            (2, "Refunds take months", "why two"),
            (1, "Refunds take weeks", ""),
        ]
    );
    // Another process, which builds its view from the log, has the same.
    let views = tempfile::tempdir().unwrap();
    let rebuilt = Service::start(&events, views.path()).await;
    let there = trends(&mut rebuilt.client(), 30).await;
    assert_eq!(there[0].problem.as_ref().unwrap(), &closed);
    rebuilt.stop().await;
    service.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_problem_is_said() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let empty = Problem {
        cluster: Some(ProblemCluster::default()),
        ..Problem::default()
    };
    let refused = create(&mut client, "one", empty).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let found = violations_of(&refused).into_iter();
    let mut fields: Vec<_> = found.map(|(field, _)| field).collect();
    fields.sort();
    assert_eq!(
        fields,
        [
            "problem.cluster",
            "problem.owner_department",
            "problem.title"
        ]
    );
    let nowhere = Problem {
        problem_id: id(3, 9),
        ..refunds()
    };
    let unknown = update(&mut client, ("two", 0), &nowhere).await.unwrap_err();
    assert_eq!(reason_of(&unknown), "PROBLEM_NOT_FOUND");
    let made = create(&mut client, "three", refunds()).await.unwrap();
    let undone = measured(&mut client, &made.problem_id, 28)
        .await
        .unwrap_err();
    assert_eq!(reason_of(&undone), "IMPROVEMENT_NOT_FOUND");
    let early = improve(&mut client, ("four", &made.problem_id), -DAY)
        .await
        .unwrap_err();
    assert_eq!(early.code(), Code::InvalidArgument);
    service.stop().await;
}

/// So many contacts of a reason that many days ago, each of a customer of their own.
fn some(events: &Events, n: &mut u64, count: u64, (reason, days_ago): (&str, i64)) {
    for _ in 0..count {
        *n += 1;
        let call = contact(*n, days_ago * DAY - 60).reason(reason);
        call.customer(&format!("customer-{n}")).record(events);
    }
}

#[tokio::test]
async fn before_and_after_are_told_with_what_was_spared_and_how_sure_that_is() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let mut n = 0;
    // Before: 60 of 200; after: 40 of 200; and older ones, which are neither.
    some(&events, &mut n, 9, ("billing.refund", 25));
    some(&events, &mut n, 60, ("billing.refund", 15));
    some(&events, &mut n, 140, ("outage", 15));
    some(&events, &mut n, 40, ("billing.refund", 5));
    some(&events, &mut n, 160, ("outage", 5));
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let made = create(&mut client, "one", refunds()).await.unwrap();
    // A minute more: answers are of when the log was last looked at, which is a moment ago.
    improve(&mut client, ("two", &made.problem_id), 10 * DAY + 60)
        .await
        .unwrap();
    let found = measured(&mut client, &made.problem_id, 10).await.unwrap();
    assert_eq!((found.contacts_before, found.all_before), (60, 200));
    assert_eq!((found.contacts_after, found.all_after), (40, 200));
    assert!((found.contacts_avoided - 20.0).abs() < 1e-9);
    assert!(found.contacts_avoided_low > 0.0 && found.contacts_avoided_high < 40.0);
    assert!((found.z + 2.309_401_076_758_503).abs() < 1e-9);
    assert!((found.p_value - 0.020_921_335_337_794).abs() < 1e-9);
    assert!(!found.is_provisional);
    assert_eq!(found.by_day.len(), 20);
    assert_eq!((found.by_day[5], found.by_day[15]), (60, 40));
    for (filter, count) in [(found.filter_before, 60), (found.filter_after, 40)] {
        assert_eq!(client.contacts(filter).await.1, count);
    }
    // Of twice as long a time only the half has passed.
    let longer = measured(&mut client, &made.problem_id, 20).await.unwrap();
    assert!(longer.is_provisional);
    assert_eq!((longer.contacts_before, longer.contacts_after), (60, 40));

    let trend = trends(&mut client, 10).await.remove(0);
    assert_eq!((trend.contacts, trend.contacts_before), (40, 60));
    assert_eq!(trend.by_day.iter().sum::<i64>(), 40);
    assert_eq!(client.contacts(trend.filter).await.1, 40);
    service.stop().await;
}

#[tokio::test]
async fn a_cause_that_is_said_later_moves_a_contact_into_its_problem() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    for n in 1..4 {
        contact(n, DAY).reason("billing").record(&events);
    }
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let slow = Problem {
        cluster: Some(ProblemCluster {
            root_cause_codes: vec!["process.delay".to_owned()],
            reason_families: vec!["billing".to_owned()],
            ..ProblemCluster::default()
        }),
        ..refunds()
    };
    create(&mut client, "one", slow).await.unwrap();
    assert_eq!(trends(&mut client, 30).await[0].contacts, 0);
    for (n, code) in [
        (1, "process.delay"),
        (2, "system.down"),
        (3, "process.delay"),
    ] {
        let request = client.request(AttributeCauseRequest {
            request_id: format!("cause-{n}"),
            interaction_id: id(1, n),
            root_cause_code: code.to_owned(),
            ..AttributeCauseRequest::default()
        });
        client.client.attribute_cause(request).await.unwrap();
    }
    let trend = trends(&mut client, 30).await.remove(0);
    assert_eq!(trend.contacts, 2);
    assert_eq!(client.contacts(trend.filter).await.0, [id(1, 1), id(1, 3)]);
    service.stop().await;
}
