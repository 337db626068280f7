//! What the system takes: disk, memory, time to be ready again, time to rebuild.

use std::path::Path;
use std::time::Instant;

use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use crate::stream;

/// Throws all views away, and measures how fast they come back.
pub(crate) async fn rebuild(report: &mut Report) -> anyhow::Result<()> {
    const RECORDS: u64 = 1_000_000;
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    stream::fill(&server, 0, RECORDS).await?;
    server.stop()?;
    std::fs::remove_dir_all(data.path().join("views"))?;
    let began = Instant::now();
    let server = Server::aftercall(data.path())?;
    server.caught_up().await?;
    let value = RECORDS as f64 / began.elapsed().as_secs_f64();
    let goal = Goal::AtLeast(40_000.0);
    report.add(&Figure {
        name: "rebuild",
        value,
        unit: "rec/s",
        against: None,
        goal,
    });
    let cpu = server.cpu()?.as_secs_f64() * 1e6 / RECORDS as f64;
    report.note("rebuild.cpu", cpu, "µs/rec");
    report.note("rebuild.written", server.written_mib()?, "MiB");
    report.note("rebuild.memory", server.rss_mib()?, "MiB");
    server.stop()
}

/// Disk, memory and restart at 0.1 and 1 million contacts; AFTERCALL_BENCH_MILLIONS=10 adds more.
pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let asked = std::env::var("AFTERCALL_BENCH_MILLIONS").ok();
    let more = asked.and_then(|millions| millions.parse::<u64>().ok());
    let sizes = [100_000, 1_000_000]
        .into_iter()
        .chain(more.map(|millions| millions * 1_000_000));
    let data = tempfile::tempdir()?;
    let mut recorded = 0;
    for size in sizes {
        let server = Server::aftercall(data.path())?;
        stream::fill(&server, recorded, size - recorded).await?;
        recorded = size;
        server.caught_up().await?;
        let millions = size as f64 / 1e6;
        let name = |what: &str| format!("footprint.{millions}m.{what}");
        report.note(&name("memory"), server.rss_mib()?, "MiB");
        server.stop()?;
        let log = mib(&data.path().join("log"))?;
        let views = mib(&data.path().join("views"))?;
        report.note(&name("log_per_million"), log / millions, "MiB");
        report.note(&name("views_per_million"), views / millions, "MiB");
        let server = Server::aftercall(data.path())?;
        let (value, goal) = (server.ready_in.as_secs_f64(), Goal::AtMost(5.0));
        let name = name("ready");
        report.add(&Figure {
            name: &name,
            value,
            unit: "s",
            against: None,
            goal,
        });
        server.stop()?;
    }
    Ok(())
}

/// What a directory takes on disk, in MiB: blocks, so that preallocated files count as they are. What a server takes away
/// meanwhile counts nothing.
pub(crate) fn mib(path: &Path) -> anyhow::Result<f64> {
    Ok(blocks(path)? as f64 / 2_048.0)
}

/// The same in blocks of 512 bytes.
fn blocks(path: &Path) -> std::io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut all = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let of_entry = entry
            .metadata()
            .and_then(|metadata| match metadata.is_dir() {
                true => blocks(&entry.path()),
                false => Ok(metadata.blocks()),
            });
        match of_entry {
            Ok(of_entry) => all += of_entry,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}
