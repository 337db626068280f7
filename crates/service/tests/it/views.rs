//! Views under the supervisor.

use std::sync::Arc;
use std::time::Duration;

use aftercall_ledger::{Accepted, Happening};
use aftercall_log::{Log, LogId, MemoryLog, Record};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::InteractionRecorded;
use aftercall_proto::model::v1::Interaction;
use aftercall_service::{
    Clock, Deps, Including, ManualClock, Paging, Reading, Supervisor, SystemClock, TestIds,
};
use aftercall_view::{ApplyError, Options, Positions, Projection, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use parking_lot::{Condvar, Mutex};
use prost::Message;
use tokio::time::Instant;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far a view got that is held in the middle of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    NotYet,
    InTheMiddle,
    Released,
}

/// Does not end by itself.
struct Endless(Arc<(Mutex<Held>, Condvar)>);

impl Projection for Endless {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "endless"
    }

    fn version(&self) -> u32 {
        1
    }

    fn apply(&mut self, _: &Accepted, _: &mut Txn<'_>) -> Result<(), ApplyError> {
        let mut held = self.0.0.lock();
        *held = Held::InTheMiddle;
        self.0
            .1
            .wait_while(&mut held, |held| *held != Held::Released);
        Ok(())
    }
}

fn recorded() -> Record {
    let recorded = InteractionRecorded {
        interaction: Some(Interaction::default()),
        ..InteractionRecorded::default()
    };
    let mut event = Fact::InteractionRecorded(Box::new(recorded)).event();
    event.sequence = 1;
    event.aggregate_id = "contact".to_owned();
    Record {
        key: "acme|contact".into(),
        recorded_at_us: 0,
        body: event.encode_to_vec().into(),
    }
}

#[tokio::test]
async fn a_view_that_does_not_end_does_not_hold_up_a_stop() {
    let (log, views) = (
        MemoryLog::new(LogId([7; 16]), 1),
        tempfile::tempdir().unwrap(),
    );
    log.append(vec![recorded()]).await.unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Arc::new(TestIds::new(clock.clone(), 1));
    let supervisor = Supervisor::new();
    let (deps, feed) = Deps::new(
        Arc::new(log),
        views.path().to_owned().into(),
        (clock, ids),
        supervisor.clone(),
    );
    let held = Arc::new((Mutex::new(Held::NotYet), Condvar::new()));
    deps.start_view(Endless(Arc::clone(&held)), Options::default())
        .unwrap();
    deps.run_feed(feed).unwrap();
    while *held.0.lock() == Held::NotYet {
        tokio::task::yield_now().await;
    }
    supervisor.shutdown(Duration::from_secs(20)).await.unwrap();
    assert_eq!(*held.0.lock(), Held::InTheMiddle);
    *held.0.lock() = Held::Released;
    held.1.notify_all();
}

#[tokio::test]
async fn no_answer_says_a_time_of_which_it_does_not_include_all() {
    let (log, views) = (
        Arc::new(MemoryLog::new(LogId([7; 16]), 1)),
        tempfile::tempdir().unwrap(),
    );
    let clock = Arc::new(SystemClock::new());
    let ids = Arc::new(TestIds::new(clock.clone(), 1));
    let supervisor = Supervisor::new();
    let (deps, feed) = Deps::new(
        Arc::clone(&log) as Arc<dyn Log>,
        views.path().to_owned().into(),
        (clock.clone(), ids),
        supervisor.clone(),
    );
    let held = Arc::new((Mutex::new(Held::NotYet), Condvar::new()));
    let reading = Reading::start(&deps, Endless(Arc::clone(&held)), Options::default()).unwrap();
    deps.run_feed(feed).unwrap();
    let until = Instant::now() + PATIENCE;
    let begun = reading.store_at(Including::default(), until).await.unwrap();
    assert!(begun.at.unwrap() <= clock.now());

    let positions = log.append(vec![recorded()]).await.unwrap();
    let recorded_at = clock.now();
    while *held.0.lock() == Held::NotYet {
        tokio::task::yield_now().await;
    }
    // The log is seen to have gone on, and the view has not.
    deps.feed.look_for_ends();
    let behind = reading.store_at(Including::default(), until).await.unwrap();
    assert_eq!(behind.positions, begun.positions);
    assert!(behind.at.unwrap() <= recorded_at);

    *held.0.lock() = Held::Released;
    held.1.notify_all();
    let latest = Including {
        latest: true,
        ..Including::default()
    };
    let through = loop {
        let through = reading.store_at(latest, until).await.unwrap();
        if through.at.is_some_and(|at| at >= recorded_at) {
            break through;
        }
        assert!(Instant::now() < until, "it says the time once it got there");
        tokio::task::yield_now().await;
    };
    assert!(
        through
            .positions
            .covers_all(&Positions::through(positions[0]))
    );
    supervisor.shutdown(PATIENCE).await.unwrap();
}

#[tokio::test]
async fn a_page_after_the_first_is_through_what_that_was_and_says_no_time() {
    let log = Arc::new(MemoryLog::new(LogId([7; 16]), 1));
    let views = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Arc::new(TestIds::new(clock.clone(), 1));
    let supervisor = Supervisor::new();
    let (deps, feed) = Deps::new(
        Arc::clone(&log) as Arc<dyn Log>,
        views.path().to_owned().into(),
        (clock, ids),
        supervisor.clone(),
    );
    let released = Arc::new((Mutex::new(Held::Released), Condvar::new()));
    let reading = Reading::start(&deps, Endless(released), Options::default()).unwrap();
    deps.run_feed(feed).unwrap();
    let (identity, until) = (reading.log_identity(), Instant::now() + PATIENCE);
    let ask = |token: &str| Paging::asked(&identity, &[b"list"], 1, token).unwrap();
    let page = ask("");
    let first = page.reach(&reading, Including::default(), until).await;
    let first = first.unwrap();
    assert!(first.at.is_some());
    let token = page.token(&identity, &first.positions, Some(Bytes::from_static(b"a")));
    let second = ask(&token)
        .reach(&reading, Including::default(), until)
        .await
        .unwrap();
    assert_eq!((second.positions, second.at), (first.positions, None));
    supervisor.shutdown(PATIENCE).await.unwrap();
}
