//! A run in however many pieces and ways counts what is to be counted.

use std::collections::BTreeMap;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::setting::Body;
use aftercall_domain::setting::shadow::PolicySet;
use aftercall_log::{LogId, MemoryLog, Record};
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::event::v1::{CommitmentFulfilled, InteractionRecorded};
use aftercall_proto::model::v1::setting::Body as WireBody;
use aftercall_proto::model::v1::{
    Calendar as WireCalendar, CommitmentDraft, CommitmentKind, CommitmentOutcome, FollowUpPolicy,
    Interaction, PromiseFilter,
};
use aftercall_service::seal::{Author, Sealing};
use aftercall_service::testing::{open_week, setting, since_made};
use aftercall_service::{ActorKind, Failure, Reason};
use futures::executor::block_on;
use jiff::SignedDuration;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::shadow::to_the_end;

/// Within so many hours call-backs would be to be done.
const HOURS: i64 = 2;

/// A promise: whether it is a call-back, and after how many hours it was kept, if it was.
type Promised = (bool, Option<i64>);

fn began() -> Timestamp {
    Timestamp::from_second(1_780_000_000).unwrap()
}

fn uuid(no: usize) -> String {
    format!("0199c3a4-6f00-7000-8000-{no:012x}")
}

fn made_at(no: usize) -> Timestamp {
    began() + SignedDuration::from_secs(i64::try_from(no).unwrap())
}

/// An event of a promise, or of its contact, as it stands in the log.
fn record(no: usize, (sequence, at): (u64, Timestamp), aggregate_id: &str, fact: &Fact) -> Record {
    let customer_id = format!("C-{no}");
    let sealing = Sealing {
        by: Author {
            tenant_id: "acme",
            actor_id: "crm",
            kind: ActorKind::Integration,
        },
        aggregate_id,
        interaction_id: &uuid(no),
        customer_id: &customer_id,
        sequence,
        occurred_at: at,
        recorded_at: at,
        import_batch: "",
        request: None,
    };
    sealing.seal(fact).unwrap()
}

fn made_by(no: usize, is_call: bool) -> Record {
    let kind = match is_call {
        true => CommitmentKind::CallBack,
        false => CommitmentKind::Refund,
    };
    let at = made_at(no);
    let draft = CommitmentDraft {
        commitment_id: uuid(no + 1_000),
        kind: kind.into(),
        told_to_customer: true,
        promised_by: Some(to_wire(at + SignedDuration::from_hours(100))),
        ..CommitmentDraft::default()
    };
    let interaction = Interaction {
        interaction_id: uuid(no),
        occurred_at: Some(to_wire(at)),
        commitments: vec![draft],
        ..Interaction::default()
    };
    let recorded = InteractionRecorded {
        interaction: Some(interaction),
        ..InteractionRecorded::default()
    };
    let fact = Fact::InteractionRecorded(Box::new(recorded));
    record(no, (1, at), &uuid(no), &fact)
}

fn kept(no: usize, hours: i64) -> Record {
    let at = made_at(no) + SignedDuration::from_hours(hours);
    let done = CommitmentFulfilled {
        fulfilled_at: Some(to_wire(at)),
        outcome: CommitmentOutcome::Kept.into(),
        ..CommitmentFulfilled::default()
    };
    let fact = Fact::CommitmentFulfilled(done);
    record(no, (2, at), &uuid(no + 1_000), &fact)
}

/// A log in which promises are kept while others are made, in any of two partitions.
fn log_of(promises: &[Promised]) -> Arc<MemoryLog> {
    let log = MemoryLog::new(LogId([7; 16]), 2);
    let mut records = Vec::new();
    let is_kept = |no: usize| Some(kept(no, promises.get(no)?.1?));
    for (no, (is_call, _)) in promises.iter().enumerate() {
        records.push(made_by(no, *is_call));
        if no % 3 == 2 {
            records.extend(is_kept(no - 2));
        }
    }
    let later = (0..promises.len()).filter(|no| no % 3 != 0 || no + 2 >= promises.len());
    records.extend(later.filter_map(is_kept));
    block_on(log.append(records)).unwrap();
    Arc::new(log)
}

/// There is no policy, and would be one for call-backs.
fn plan(log: &MemoryLog) -> Plan {
    let policy = FollowUpPolicy {
        applies_to: Some(PromiseFilter {
            kinds: vec![CommitmentKind::CallBack.into()],
            ..PromiseFilter::default()
        }),
        internal_target: Some(since_made(HOURS, "always")),
        ..FollowUpPolicy::default()
    };
    let policy = convert::body(&setting("calls", WireBody::FollowUpPolicy(policy)));
    let Some(Body::FollowUpPolicy(policy)) = policy else {
        panic!("it is a policy: {policy:?}");
    };
    let hours = convert::opening_hours(&WireCalendar {
        time_zone: "UTC".to_owned(),
        weekly: Some(open_week()),
        ..WireCalendar::default()
    });
    let calendar = Arc::new(Calendar::new("always", hours.unwrap()));
    let calendars = BTreeMap::from([("always".to_owned(), calendar)]);
    Plan {
        tenant_id: "acme".to_owned(),
        sets: (
            PolicySet::new(Vec::new(), BTreeMap::new()),
            PolicySet::new(vec![("calls".to_owned(), 0, policy)], calendars),
        ),
        policy_ids: vec!["calls".to_owned()],
        since: began(),
        now: began() + SignedDuration::from_hours(24),
        through: Positions::below(&log.tails().unwrap()),
    }
}

fn begin(log: &Arc<MemoryLog>, limits: Limits, is_refused: IsRefused) -> Run {
    let plan = plan(log);
    let log = Arc::clone(log) as Arc<dyn Log>;
    Run::begin(plan, limits, log, is_refused).unwrap()
}

/// Runs to the end; answers what was counted, and in how many pieces.
fn run(log: &Arc<MemoryLog>, limits: Limits) -> (Shadow, usize) {
    let mut run = begin(log, limits, Box::new(|_| Ok(false)));
    let mut pieces = 1;
    while !run.go_on().unwrap() {
        assert!(run.open <= limits.open || run.shares.len() == 1);
        pieces += 1;
    }
    (run.into_shadow(), pieces)
}

/// What is to be counted, by the promises alone.
fn expected(promises: &[Promised]) -> Shadow {
    let calls = promises.iter().filter(|(is_call, _)| *is_call);
    let late = calls.clone();
    let late = late.filter(|(_, kept_after)| kept_after.is_none_or(|hours| hours > HOURS));
    let (calls, late) = (calls.count() as u64, late.count() as u64);
    let by_policy = [("calls".to_owned(), (0, calls))];
    Shadow {
        promises: promises.len() as u64,
        other_policy: calls,
        other_target: calls,
        missed_now: 0,
        missed_then: late,
        by_policy: by_policy.into_iter().filter(|_| calls > 0).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pieces_and_ways_make_no_difference(
        promises in prop::collection::vec((any::<bool>(), prop::option::of(0..5_i64)), 1..24),
        records in 1..6_usize,
        open in 1..6_usize,
    ) {
        let log = log_of(&promises);
        let small = Limits { records, open, ..Limits::default() };
        let expected = expected(&promises);
        prop_assert_eq!(&run(&log, Limits::default()).0, &expected);
        prop_assert_eq!(&run(&log, small).0, &expected);
    }
}

#[test]
fn more_open_promises_than_are_held_take_more_ways_through_the_log() {
    let promises = [(true, None); 40];
    let log = log_of(&promises);
    let (at_once, pieces) = run(&log, Limits::default());
    let held = Limits {
        open: 10,
        ..Limits::default()
    };
    let (in_parts, more_pieces) = run(&log, held);
    assert_eq!((at_once.promises, &at_once), (40, &in_parts));
    // Each way takes two pieces at least: some of the log, and its end.
    assert!(more_pieces >= 4 * pieces, "{more_pieces}, {pieces}");
}

#[test]
fn what_counts_nowhere_and_what_came_later_is_left_out() {
    let log = log_of(&[(true, None); 3]);
    let first = plan(&log).through.iter().find(|(_, next)| *next > 0);
    let (partition, _) = first.unwrap();
    let refused = Position {
        partition,
        offset: 0,
    };
    let is_refused: IsRefused = Box::new(move |position| Ok(position == refused));
    let mut run = begin(&log, Limits::default(), is_refused);
    // This one is beyond the position that the answer is complete through.
    block_on(log.append(vec![made_by(3, true)])).unwrap();
    while !run.go_on().unwrap() {}
    assert_eq!(run.into_shadow().promises, 2);
}

#[test]
fn a_run_that_is_not_finished_in_time_tells_no_part() {
    let log = log_of(&[(true, None); 3]);
    let piece = |mut run: Run| async move {
        let is_done = run.go_on()?;
        Ok::<_, Error>((run, is_done))
    };
    let new = || begin(&log, Limits::default(), Box::new(|_| Ok(false)));
    let error = block_on(to_the_end(new(), Instant::now(), piece)).unwrap_err();
    assert_eq!(error.reason(), Reason::ShadowNotFinished);
    assert!(error.to_string().contains("fewer days"), "{error}");
    let until = Instant::now() + Duration::from_secs(3_600);
    let shadow = block_on(to_the_end(new(), until, piece)).unwrap();
    assert_eq!(shadow.promises, 3);
}

#[test]
fn an_open_promise_takes_little() {
    // 400,000 are held: with the key beside it (48 bytes, and the table's room for growth) about 60 MB.
    assert!(size_of::<Kept>() <= 56);
}
