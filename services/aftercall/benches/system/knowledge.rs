//! Knowledge at scale: many solutions, many contacts in which they were used, and suggestions while some are edited.

mod filling;
mod library;

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use aftercall_client::Client;
use aftercall_proto::knowledge::v1::SuggestSolutionsRequest;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use anyhow::Context;
use hdrhistogram::Histogram;

use crate::footprint::mib;
use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use filling::{Size, use_them};
use library::{Editor, keep_directions, publish, question};

/// How many solutions there are, unless `AFTERCALL_BENCH_SOLUTIONS` says another number.
const SOLUTIONS: u64 = 100_000;
/// How many contacts there are in which one was used, unless `AFTERCALL_BENCH_USES` says another number.
const USES: u64 = 10_000_000;
/// The time between edits: 500 an hour.
const BETWEEN_EDITS: Duration = Duration::from_millis(7_200);
/// For how long suggestions are asked for.
const LASTING: Duration = Duration::from_secs(60);
/// What a suggestion may take, typed and whole.
const TYPED_MS: f64 = 10.0;
const WHOLE_MS: f64 = 40.0;
/// How often it is looked how many directions there are.
const LOOKED_EVERY: Duration = Duration::from_secs(10);

/// The number in the variable `name`, or the usual one.
pub(crate) fn asked(name: &str, usual: u64) -> anyhow::Result<u64> {
    match std::env::var(name) {
        Ok(asked) => asked
            .parse()
            .with_context(|| format!("{name} is no number")),
        Err(_) => Ok(usual),
    }
}

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let solutions = asked("AFTERCALL_BENCH_SOLUTIONS", SOLUTIONS)?;
    let uses = asked("AFTERCALL_BENCH_USES", USES)?;
    anyhow::ensure!(
        solutions > 0 && uses > 0,
        "AFTERCALL_BENCH_SOLUTIONS and AFTERCALL_BENCH_USES must be 1 at least"
    );
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    let began = Instant::now();
    publish(&server, solutions).await?;
    let rate = solutions as f64 / began.elapsed().as_secs_f64();
    report.note("knowledge.published", rate, "solutions/s");
    server.caught_up().await?;
    report.note("knowledge.memory.unused", server.rss_mib()?, "MiB");
    let began = Instant::now();
    let view = data.path().join("views").join("knowledge");
    let size = Size { solutions, uses };
    let recorded = use_them(&server, size, view.clone(), report).await?;
    let seen = began.elapsed();
    // Else the restart would begin with it.
    server.indexed().await?;
    let rate = |took: Duration| uses as f64 / took.as_secs_f64();
    report.note("knowledge.used", rate(recorded), "uses/s");
    report.note("knowledge.used_and_seen", rate(seen), "uses/s");
    report.note("knowledge.memory.used", server.rss_mib()?, "MiB");
    server.stop()?;
    let views = mib(&view)?;
    report.note("knowledge.view", views, "MiB");
    report.note(
        "knowledge.views_per_million_uses",
        views * 1e6 / uses as f64,
        "MiB",
    );
    let server = Server::aftercall(data.path())?;
    report.add(&Figure {
        name: "knowledge.ready",
        value: server.ready_in.as_secs_f64(),
        unit: "s",
        against: None,
        goal: Goal::AtMost(5.0),
    });
    server.indexed().await?;
    suggestions(&server, (solutions, false), report).await?;
    report.note("knowledge.memory.asked", server.rss_mib()?, "MiB");
    server.stop()?;
    by_meaning(data.path(), solutions, report).await
}

/// The model's file, if there is to be one.
fn model() -> Option<OsString> {
    std::env::var_os("AFTERCALL_MODEL")
}

/// The same with a model, if there is one: with directions of all solutions, while those of what customers said are
/// reckoned beside what is asked.
async fn by_meaning(data: &Path, solutions: u64, report: &mut Report) -> anyhow::Result<()> {
    let Some(model) = model() else {
        return Ok(());
    };
    let (model, place) = (Path::new(&model), data.join("models"));
    keep_directions(&data.join("directions"), model, solutions)?;
    std::fs::create_dir_all(&place)?;
    let name = model.file_name().context("AFTERCALL_MODEL is no file")?;
    std::fs::copy(model, place.join(name))?;
    let server = Server::aftercall(data)?;
    server.caught_up().await?;
    let count = |state| server.metric_of("aftercall_knowledge_directions", state);
    let began = Instant::now();
    loop {
        tokio::time::sleep(LOOKED_EVERY).await;
        // They are told once the first are known.
        let (known, wanted) = (
            count("known").unwrap_or(0.0),
            count("wanted").unwrap_or(0.0),
        );
        eprintln!("{known} directions are known, {wanted} are wanted");
        if known >= solutions as f64 {
            break;
        }
    }
    let took = began.elapsed().as_secs_f64();
    report.note(
        "knowledge.directions_read",
        solutions as f64 / took,
        "directions/s",
    );
    let (began, before) = (Instant::now(), count("known")?);
    suggestions(&server, (solutions, true), report).await?;
    let rate = (count("known")? - before) / began.elapsed().as_secs_f64();
    report.note("knowledge.directions_reckoned", rate, "directions/s");
    report.note("knowledge.memory.by_meaning", server.rss_mib()?, "MiB");
    server.stop()
}

/// Asks for one suggestion after the other while solutions are edited.
async fn suggestions(
    server: &Server,
    (solutions, is_finished): (u64, bool),
    report: &mut Report,
) -> anyhow::Result<()> {
    let client = Client::builder(&server.grpc).connect().await?;
    let mut suggest = KnowledgeServiceClient::new(client.transport());
    let mut editor = Editor::of(&client);
    let edit = async {
        for number in 0.. {
            editor.edit(number % solutions).await?;
            tokio::time::sleep(BETWEEN_EDITS).await;
        }
        anyhow::Ok(())
    };
    let ask = async {
        let mut micros: Histogram<u64> = Histogram::new_with_bounds(1, 60_000_000, 3)?;
        let (began, mut number) = (Instant::now(), 0);
        while began.elapsed() < LASTING {
            let request = SuggestSolutionsRequest {
                text: question(number),
                is_finished,
                ..SuggestSolutionsRequest::default()
            };
            number += 1;
            let asked = Instant::now();
            suggest.suggest_solutions(request).await?;
            micros.record(asked.elapsed().as_micros() as u64)?;
        }
        anyhow::Ok(micros)
    };
    let micros = tokio::select! {
        failed = edit => {
            failed?;
            anyhow::bail!("nothing is edited any more");
        }
        asked = ask => asked?,
    };
    let (by, most) = match is_finished {
        false => ("typed", TYPED_MS),
        true => ("whole", WHOLE_MS),
    };
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        report.add(&Figure {
            name: &format!("knowledge.suggestion.{by}.{name}"),
            value: micros.value_at_quantile(quantile) as f64 / 1_000.0,
            unit: "ms",
            against: None,
            goal: Goal::AtMost(most),
        });
    }
    Ok(())
}
