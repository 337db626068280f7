//! Measures over a million contacts: how fast they are answered, and what their view costs beside the others.

mod duckdb;

use std::path::Path;
use std::time::{Duration, Instant};

use aftercall_client::{Client, Rpc};
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::insight::v1::{
    AggregateRequest, CompareDriversRequest, ContactFilter, CountRepeatContactsRequest, Dimension,
    TimeBucket,
};
use hdrhistogram::Histogram;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::footprint::mib;
use crate::load;
use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use crate::stream;

const RECORDS: u64 = 1_000_000;
const WARM_UP: usize = 5;
const ASKED: usize = 100;

/// Asks, and then builds the other views anew beside insight's, which stays, and all of them.
pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    stream::fill(&server, 0, RECORDS).await?;
    server.caught_up().await?;
    questions(report, &server).await?;
    server.stop()?;
    let view = mib(&data.path().join("views").join("insight"))?;
    report.note("insight.view", view, "MiB");

    let without = rebuilt(data.path(), Some("insight")).await?;
    let with = rebuilt(data.path(), None).await?;
    let each = |took: Duration| took.as_secs_f64() * 1e6 / RECORDS as f64;
    report.note("insight.views_without.cpu", each(without.cpu), "µs/rec");
    report.note("insight.views_without.written", without.written_mib, "MiB");
    report.note("insight.views_with.written", with.written_mib, "MiB");
    report.add(&Figure {
        name: "insight.views_with.cpu",
        value: each(with.cpu),
        unit: "µs/rec",
        against: Some(("without", each(without.cpu))),
        goal: Goal::AtMost(1.25),
    });
    Ok(())
}

async fn questions(report: &mut Report, server: &Server) -> anyhow::Result<()> {
    let client = load::connect(&server.grpc).await?.swap_remove(0);
    let weekly = AggregateRequest {
        dimensions: vec![Dimension::Team.into()],
        bucket: TimeBucket::Week.into(),
        time_zone: "Europe/Berlin".to_owned(),
        ..AggregateRequest::default()
    };
    let aggregate = quantiles(report, &client, ("insight.aggregate", weekly, 300.0)).await?;
    let now = Timestamp::now();
    // The contacts of the load lie within the days before now: half of them in each period.
    let (from, before) = (
        now - SignedDuration::from_hours(15 * 24),
        now + SignedDuration::from_hours(1),
    );
    let drivers = CompareDriversRequest {
        filter: Some(ContactFilter {
            occurred_from: Some(to_wire(from)),
            occurred_before: Some(to_wire(before)),
            ..ContactFilter::default()
        }),
        ..CompareDriversRequest::default()
    };
    let drivers = quantiles(report, &client, ("insight.drivers", drivers, 1_000.0)).await?;
    let repeats = CountRepeatContactsRequest::default();
    quantiles(report, &client, ("insight.repeats", repeats, 1_000.0)).await?;
    let Some(peer) = duckdb::ask(&client, (from, before)).await? else {
        return Ok(());
    };
    anyhow::ensure!(peer.contacts == RECORDS, "DuckDB counts {}", peer.contacts);
    for (name, ours, theirs) in [
        ("insight.aggregate", aggregate, peer.aggregate),
        ("insight.drivers", drivers, peer.drivers),
    ] {
        for (quantile, value, theirs) in
            [("p50", ours.p50, theirs.p50), ("p99", ours.p99, theirs.p99)]
        {
            report.note(&format!("{name}.duckdb.{quantile}"), theirs, "ms");
            report.add(&Figure {
                name: &format!("{name}.{quantile}"),
                value,
                unit: "ms",
                against: Some(("DuckDB", theirs)),
                goal: Goal::None,
            });
        }
    }
    Ok(())
}

/// How long a question takes, in milliseconds.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Took {
    p50: f64,
    p99: f64,
}

/// Asks the same again and again; the goal is for the slowest in a hundred.
async fn quantiles<R: Rpc>(
    report: &mut Report,
    client: &Client,
    (name, request, goal_ms): (&str, R, f64),
) -> anyhow::Result<Took> {
    let mut took = Histogram::<u64>::new(3)?;
    for asked in 0..WARM_UP + ASKED {
        let began = Instant::now();
        client.call(request.clone()).await?;
        if asked >= WARM_UP {
            took.record(began.elapsed().as_micros() as u64)?;
        }
    }
    let ms = |quantile| took.value_at_quantile(quantile) as f64 / 1_000.0;
    let took = Took {
        p50: ms(0.5),
        p99: ms(0.99),
    };
    report.note(&format!("{name}.p50"), took.p50, "ms");
    report.add(&Figure {
        name: &format!("{name}.p99"),
        value: took.p99,
        unit: "ms",
        against: None,
        goal: Goal::AtMost(goal_ms),
    });
    Ok(took)
}

/// What it took to build all views from nothing, but the one that is kept.
struct Rebuilt {
    cpu: Duration,
    written_mib: f64,
}

async fn rebuilt(data: &Path, kept: Option<&str>) -> anyhow::Result<Rebuilt> {
    for view in std::fs::read_dir(data.join("views"))? {
        let view = view?;
        if kept.is_none_or(|kept| view.file_name() != kept) {
            std::fs::remove_dir_all(view.path())?;
        }
    }
    let server = Server::aftercall(data)?;
    server.caught_up().await?;
    let rebuilt = Rebuilt {
        cpu: server.cpu()?,
        written_mib: server.written_mib()?,
    };
    server.stop()?;
    Ok(rebuilt)
}
