//! Recording one contact at a time, durably: beside a bare echo and beside PostgreSQL.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use aftercall_client::Client;

use crate::load::{self, Calls, Outcome};
use crate::message::Messages;
use crate::postgres::{Postgres, Writing};
use crate::report::{Figure, Goal, Report};
use crate::server::Server;

pub(crate) const RECORD: &str = "/aftercall.recorder.v1.RecorderService/RecordInteraction";
/// Calls under way at a time.
pub(crate) const IN_FLIGHT: usize = 256;
pub(crate) const WARM_UP: Duration = Duration::from_secs(3);
pub(crate) const LASTING: Duration = Duration::from_secs(10);

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let calls = calls();
    let bytes = Messages::new(jiff::Timestamp::now()).bytes_mean();
    report.note("record.message", bytes, "bytes");

    let echo = Server::echo(None)?;
    let clients = load::connect(&echo.grpc).await?;
    load::closed(&clients, &calls, IN_FLIGHT, WARM_UP).await?;
    let (limit, limit_cpu) = full_load(&echo, &clients, &calls).await?;
    drop((clients, echo));

    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    let clients = load::connect(&server.grpc).await?;
    load::closed(&clients, &calls, IN_FLIGHT, WARM_UP).await?;
    let (ours, ours_cpu) = full_load(&server, &clients, &calls).await?;
    let lag = server.metric_max("aftercall_view_lag_records")?;
    let caught_up = server.caught_up().await?;
    anyhow::ensure!(ours.failed == 0, "{} calls failed", ours.failed);
    let before = server.cpu()?;
    let steady = load::open(&clients, &calls, 5_000, LASTING).await?;
    let steady_cpu = per_call(server.cpu()? - before, &steady);
    anyhow::ensure!(
        steady.failed == 0,
        "{} calls failed at 5,000/s",
        steady.failed
    );
    let steady_lag = server.metric_max("aftercall_view_lag_records")?;
    drop(clients);
    server.stop()?;

    let peer = Postgres::start()?;
    let clients = 64;
    let theirs = peer.record(Writing::Transaction, LASTING, clients).await?;
    let least = peer.record(Writing::OneStatement, LASTING, clients).await?;
    drop(peer);

    let rate = ours.per_second();
    let against_echo = Some(("tonic echo", limit.per_second()));
    let against_peer = Some(("PostgreSQL", theirs));
    let unit = "rec/s";
    let (name, value) = ("record.unary", rate);
    report.add(&Figure {
        name,
        value,
        unit,
        against: against_echo,
        goal: Goal::AtLeast(0.7),
    });
    report.add(&Figure {
        name,
        value,
        unit,
        against: against_peer,
        goal: Goal::AtLeast(4.0),
    });
    report.note("record.unary.echo", limit.per_second(), unit);
    report.note("record.unary.echo.cpu", limit_cpu, "µs/rec");
    report.note("record.unary.cpu", ours_cpu, "µs/rec");
    report.note("record.unary.postgresql", theirs, unit);
    report.note("record.unary.postgresql.one_statement", least, unit);
    report.note("record.unary.p50", ours.millis(0.5), "ms");
    report.note("record.unary.p99", ours.millis(0.99), "ms");
    report.note("record.unary.view_lag", lag, "records");
    report.note("record.unary.catch_up", caught_up.as_secs_f64(), "s");
    report.note("record.at_5k.cpu", steady_cpu, "µs/rec");
    report.note("record.at_5k.p50", steady.millis(0.5), "ms");
    report.note("record.at_5k.p99", steady.millis(0.99), "ms");
    report.note("record.at_5k.view_lag", steady_lag, "records");
    Ok(())
}

/// Contacts with numbers from zero on, one a call.
pub(crate) fn calls() -> Calls {
    let messages = Messages::new(jiff::Timestamp::now());
    Calls {
        path: RECORD,
        request: Arc::new(move |number| messages.unary(number)),
        numbers: Arc::new(AtomicU64::new(0)),
    }
}

/// The measurement itself, and the processor time that the server and all that runs in it took for
/// each call, in microseconds.
async fn full_load(
    server: &Server,
    clients: &[Client],
    calls: &Calls,
) -> anyhow::Result<(Outcome, f64)> {
    let before = server.cpu()?;
    let outcome = load::closed(clients, calls, IN_FLIGHT, LASTING).await?;
    let cpu = per_call(server.cpu()? - before, &outcome);
    Ok((outcome, cpu))
}

/// In microseconds.
fn per_call(cpu: Duration, outcome: &Outcome) -> f64 {
    cpu.as_secs_f64() * 1e6 / outcome.calls as f64
}
