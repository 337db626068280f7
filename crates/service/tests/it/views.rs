//! Views under the supervisor.

use std::sync::Arc;
use std::time::Duration;

use aftercall_ledger::{Accepted, Happening};
use aftercall_log::{Log, LogId, MemoryLog, Record};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::InteractionRecorded;
use aftercall_proto::model::v1::Interaction;
use aftercall_service::{Deps, ManualClock, Supervisor, TestIds};
use aftercall_view::{ApplyError, Options, Projection, Txn};
use jiff::Timestamp;
use parking_lot::{Condvar, Mutex};
use prost::Message;

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
