//! Tasks that fail, and tasks that stop.

use std::future::pending;
use std::io::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aftercall_service::{RunError, Supervisor, chain};
use rustix::process::{Signal, getpid, kill_process};

const PATIENCE: Duration = Duration::from_secs(60);

/// Runs until the first failure, and returns it as the log has it.
async fn failure(supervisor: Supervisor) -> String {
    let error = supervisor.run_until(pending(), PATIENCE).await.unwrap_err();
    assert!(matches!(error, RunError::Task(_)), "{error:?}");
    chain(&error).to_string()
}

#[tokio::test]
async fn a_task_that_fails_stops_the_process() {
    let supervisor = Supervisor::new();
    supervisor.spawn("view history", async {
        Err(Error::other("the store is broken"))
    });
    assert_eq!(
        failure(supervisor).await,
        "task view history: failed: the store is broken"
    );
}

#[tokio::test]
async fn a_task_that_panics_stops_the_process() {
    let supervisor = Supervisor::new();
    supervisor.spawn("timers", async {
        assert!(std::hint::black_box(false), "two plus two");
        Ok::<_, Error>(())
    });
    assert_eq!(
        failure(supervisor).await,
        "task timers: panicked: two plus two"
    );
}

#[tokio::test]
async fn a_task_that_just_ends_stops_the_process() {
    let supervisor = Supervisor::new();
    supervisor.spawn_front("grpc", async { Ok::<_, Error>(()) });
    assert_eq!(failure(supervisor).await, "task grpc: ended unexpectedly");
}

#[tokio::test]
async fn a_thread_is_watched_like_a_task() {
    let supervisor = Supervisor::new();
    let work = || -> Result<(), Error> { panic!("out of cheese") };
    supervisor.spawn_thread("projection", work).unwrap();
    assert_eq!(
        failure(supervisor).await,
        "task projection: panicked: out of cheese"
    );
}

#[tokio::test]
async fn the_first_failure_is_the_one_that_is_told_and_the_others_stop() {
    let supervisor = Supervisor::new();
    let stopping = supervisor.stopping();
    supervisor.spawn("second", async move {
        stopping.cancelled().await;
        Err(Error::other("because of the first"))
    });
    supervisor.spawn("first", async { Err(Error::other("the cause")) });
    assert_eq!(failure(supervisor).await, "task first: failed: the cause");
}

#[tokio::test]
async fn requests_drain_before_the_rest_stops() {
    let supervisor = Supervisor::new();
    let drained = Arc::new(AtomicBool::new(false));

    let (draining, done) = (supervisor.draining(), Arc::clone(&drained));
    supervisor.spawn_front("grpc", async move {
        draining.cancelled().await;
        tokio::task::yield_now().await;
        done.store(true, Ordering::SeqCst);
        Ok::<_, Error>(())
    });
    let stopping = supervisor.stopping();
    supervisor.spawn("view", async move {
        stopping.cancelled().await;
        assert!(
            drained.load(Ordering::SeqCst),
            "the view stopped before its readers"
        );
        Ok::<_, Error>(())
    });
    supervisor
        .run_until(std::future::ready(()), PATIENCE)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_task_that_does_not_stop_is_named() {
    let supervisor = Supervisor::new();
    supervisor.spawn("stubborn", pending::<Result<(), Error>>());
    let stopping = supervisor.stopping();
    supervisor.spawn("obedient", async move {
        stopping.cancelled().await;
        Ok::<_, Error>(())
    });
    let stopped = supervisor.shutdown(Duration::from_millis(20)).await;
    let Err(RunError::Deadline { running, .. }) = stopped else {
        panic!("{stopped:?}");
    };
    assert_eq!(running, ["stubborn"]);
}

#[tokio::test]
async fn a_client_that_does_not_let_go_keeps_no_view_from_stopping() {
    let supervisor = Supervisor::new();
    supervisor.spawn_for_request("endless stream", pending());
    let stopped = Arc::new(AtomicBool::new(false));
    let (stopping, done) = (supervisor.stopping(), Arc::clone(&stopped));
    supervisor.spawn("view", async move {
        stopping.cancelled().await;
        done.store(true, Ordering::SeqCst);
        Ok::<_, Error>(())
    });
    let outcome = supervisor.shutdown(Duration::from_millis(40)).await;
    assert!(stopped.load(Ordering::SeqCst));
    let Err(RunError::Deadline { running, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(running, ["endless stream"]);
}

#[tokio::test]
async fn a_panic_on_behalf_of_a_request_ends_that_request_only() {
    let supervisor = Supervisor::new();
    supervisor.spawn_for_request("stream", async { panic!("bad request") });
    supervisor
        .run_until(std::future::ready(()), PATIENCE)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_signal_stops_in_order() {
    let supervisor = Supervisor::new();
    let stopping = supervisor.stopping();
    supervisor.spawn("view", async move {
        stopping.cancelled().await;
        Ok::<_, Error>(())
    });
    let signal = async { kill_process(getpid(), Signal::TERM).unwrap() };
    // The handlers are there when the first of the two is waiting.
    let (outcome, ()) = tokio::join!(supervisor.run_until_signal(PATIENCE), signal);
    outcome.unwrap();
}
