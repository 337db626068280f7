//! Whose turn it was: each part of the time is somebody's, and all of them are all of it.

use std::collections::BTreeMap;

use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::insight::v1::{
    FairClock, FairClockGroupBy, ListFairClocksRequest, MeasureFairClocksRequest,
    MeasureFairClocksResponse, PromiseFilter,
};
use aftercall_proto::model::v1::{PauseReason, Turn};
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::fixture::{Caller, Contact, Events, Service, contact, id, now};

const HOUR: i64 = 3_600;

async fn measure(
    client: &mut Caller,
    request: MeasureFairClocksRequest,
) -> MeasureFairClocksResponse {
    let request = client.request(MeasureFairClocksRequest {
        latest: true,
        ..request
    });
    let answer = client.client.measure_fair_clocks(request).await;
    answer.unwrap().into_inner()
}

async fn listed(client: &mut Caller, filter: Option<PromiseFilter>) -> (Vec<FairClock>, i64) {
    let (mut clocks, mut total, mut page_token) = (Vec::new(), None, String::new());
    loop {
        let request = client.request(ListFairClocksRequest {
            filter: filter.clone(),
            page_size: 2,
            page_token: page_token.clone(),
            latest: page_token.is_empty(),
            ..ListFairClocksRequest::default()
        });
        let page = client.client.list_fair_clocks(request).await.unwrap();
        let page = page.into_inner();
        total = total.or(page.total_size);
        clocks.extend(page.clocks);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return (clocks, total.unwrap());
        }
    }
}

/// A call of a team so many seconds ago, with one promise of its number.
fn promised(n: u64, team: &str, seconds_ago: i64) -> Contact {
    let call = contact(n, seconds_ago).reason("billing");
    let call = call.with(|it| it.team_id = team.to_owned());
    call.promise(n, 100 * HOUR)
}

fn by(by: FairClockGroupBy) -> MeasureFairClocksRequest {
    MeasureFairClocksRequest {
        by: by.into(),
        ..MeasureFairClocksRequest::default()
    }
}

#[tokio::test]
async fn the_shares_of_all_turns_sum_to_the_total() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    // Ten hours: two for the customer, three for a supplier, one for nobody, four of ours; kept then.
    let call = promised(1, "billing", 20 * HOUR);
    call.record(&events);
    let customer = (PauseReason::AwaitingCustomer, Turn::Customer);
    call.pause(&events, (1, 2), (19 * HOUR, Some(17 * HOUR)), customer);
    let supplier = (PauseReason::AwaitingThirdParty, Turn::ThirdParty);
    call.pause(&events, (1, 4), (16 * HOUR, Some(13 * HOUR)), supplier);
    let storm = (PauseReason::ForceMajeure, Turn::System);
    call.pause(&events, (1, 6), (12 * HOUR, Some(11 * HOUR)), storm);
    call.fulfil(&events, 1, 8, 10 * HOUR);
    // Still waits for the customer since an hour ago.
    let waits = promised(2, "billing", 3 * HOUR);
    waits.record(&events);
    waits.pause(&events, (2, 2), (HOUR, None), customer);
    promised(3, "returns", 5 * HOUR).record(&events);
    let service = Service::start(&events, views.path()).await;
    let mut client = service.client();
    let answer = measure(&mut client, by(FairClockGroupBy::Team)).await;
    // Answers are of when the log was last looked at, which is a moment ago.
    let hours = |ms: i64| (ms + 60_000) / 3_600_000;
    let rows: Vec<_> = answer
        .rows
        .iter()
        .map(|row| {
            let times = row.times.unwrap();
            let parts = [
                times.ours_ms,
                times.customers_ms,
                times.third_partys_ms,
                times.systems_ms,
            ];
            assert_eq!(parts.iter().sum::<i64>(), times.total_ms);
            (&*row.value, row.promises, row.open, parts.map(hours))
        })
        .collect();
    // Of the open ones as much has passed as the clock says.
    assert_eq!(
        rows,
        [
            ("billing", 2, 1, [6, 3, 3, 1]),
            ("returns", 1, 1, [5, 0, 0, 0])
        ]
    );
    let total = answer.total.unwrap();
    assert_eq!((answer.promises, hours(total.total_ms)), (3, 18));
    for row in answer.rows {
        let (clocks, count) = listed(&mut client, row.filter).await;
        assert_eq!((clocks.len() as i64, count), (row.promises, row.promises));
        // One still waits for the customer, and both answers are of their own moment.
        let sum: i64 = clocks.iter().map(|it| it.times.unwrap().customers_ms).sum();
        assert_eq!(hours(sum), hours(row.times.unwrap().customers_ms));
    }
    let (clocks, _) = listed(&mut client, None).await;
    let first = clocks
        .iter()
        .find(|it| it.commitment_id == id(2, 1))
        .unwrap();
    let turns: Vec<_> = first.spans.iter().map(|span| &*span.turn).collect();
    let ours = "US";
    assert_eq!(
        turns,
        [ours, "CUSTOMER", ours, "THIRD_PARTY", ours, "SYSTEM", ours]
    );
    let gaps = first
        .spans
        .windows(2)
        .filter(|two| two[0].to != two[1].from);
    assert_eq!(gaps.count(), 0);
    service.stop().await;
}

#[tokio::test]
async fn who_reads_a_team_sees_its_clocks_alone() {
    let (events, views) = (Events::new(1), tempfile::tempdir().unwrap());
    for (n, team) in [(1, "billing"), (2, "returns"), (3, "returns")] {
        let call = promised(n, team, 3 * HOUR);
        call.with(|it| it.agent_id = format!("of-{team}"))
            .record(&events);
    }
    let service = Service::start(&events, views.path()).await;
    let answer = measure(&mut service.lead_of("returns"), by(FairClockGroupBy::Team)).await;
    assert_eq!((answer.rows.len(), answer.promises), (1, 2));
    let asked = MeasureFairClocksRequest {
        filter: Some(PromiseFilter {
            team_ids: vec!["billing".to_owned()],
            ..PromiseFilter::default()
        }),
        ..MeasureFairClocksRequest::default()
    };
    assert_eq!(
        measure(&mut service.lead_of("returns"), asked)
            .await
            .promises,
        0
    );
    service.stop().await;
}

/// The pauses of a promise: how long each began after the one before ended, how long it lasted, and whose turn it was.
type Pauses = Vec<(i64, i64, u8)>;

async fn check(partitions: u32, all: Vec<(u8, Pauses, bool)>) {
    const TURNS: [(PauseReason, Turn); 3] = [
        (PauseReason::AwaitingCustomer, Turn::Customer),
        (PauseReason::AwaitingThirdParty, Turn::ThirdParty),
        (PauseReason::ForceMajeure, Turn::System),
    ];
    let (events, views) = (Events::new(partitions), tempfile::tempdir().unwrap());
    let mut expected: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    let mut open: BTreeMap<String, i64> = BTreeMap::new();
    for (n, (team, pauses, kept)) in (1..).zip(all) {
        let began = 90 * HOUR;
        let call = promised(n, &format!("team-{team}"), began);
        let call = call.customer(&format!("customer-{n}"));
        call.record(&events);
        let times = expected.entry(format!("team-{team}")).or_default();
        let (mut at, mut version) = (began, 2);
        for (after, lasted, turn) in pauses {
            at -= after;
            times[0] += after;
            let turn = usize::from(turn) % 3;
            call.pause(&events, (n, version), (at, Some(at - lasted)), TURNS[turn]);
            at -= lasted;
            times[1 + turn] += lasted;
            version += 2;
        }
        let end = if kept { at - 60 } else { 0 };
        times[0] += at - end;
        match kept {
            true => call.fulfil(&events, n, version, end),
            false => *open.entry(format!("team-{team}")).or_default() += 1,
        }
    }
    let service = Service::start(&events, views.path()).await;
    let answer = measure(&mut service.client(), by(FairClockGroupBy::Team)).await;
    // The time of those that are open runs until the answer's, which is a moment ago.
    let at = answer.complete_through_at.as_ref().and_then(from_wire);
    let left_us = microseconds(now()) - microseconds(at.unwrap());
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|(team, seconds)| {
            let open = open.get(&team).copied().unwrap_or_default();
            let mut ms = seconds.map(|seconds| seconds * 1_000);
            ms[0] -= open * (left_us + 999).div_euclid(1_000);
            (team, ms)
        })
        .collect();
    let found: BTreeMap<_, _> = answer
        .rows
        .into_iter()
        .map(|row| {
            let times = row.times.unwrap();
            let ms = [
                times.ours_ms,
                times.customers_ms,
                times.third_partys_ms,
                times.systems_ms,
            ];
            (row.value, ms)
        })
        .collect();
    assert_eq!(found, expected);
    service.stop().await;
}

proptest! {
    #![proptest_config(Config { cases: 12, max_shrink_iters: 40, ..Config::default() })]

    #[test]
    fn clocks_are_a_recount(
        partitions in 1..4_u32,
        all in prop::collection::vec(
            (
                0..3_u8,
                prop::collection::vec((1..5_000_i64, 1..20_000_i64, any::<u8>()), 0..6),
                any::<bool>(),
            ),
            1..12,
        ),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check(partitions, all));
    }
}
