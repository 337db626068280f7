//! The same questions to DuckDB, of the Parquet files that the same server exports in the same run.

use std::path::Path;
use std::process::{Command, Stdio};

use aftercall_client::Client;
use aftercall_proto::history::v1::export_interactions_response::Piece;
use aftercall_proto::history::v1::{ExportFormat, ExportInteractionsRequest};
use jiff::Timestamp;
use serde::Deserialize;

use super::{ASKED, RECORDS, Took, WARM_UP};

/// A Python that has DuckDB; `cargo xtask bench insight` sets one up.
const PYTHON: &str = "AFTERCALL_BENCH_PYTHON";
const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/system/insight/beside.py"
);

/// What DuckDB says.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    /// How many contacts its groups have.
    pub(super) contacts: u64,
    pub(super) aggregate: Took,
    pub(super) drivers: Took,
}

/// Exports all contacts and asks; nothing where no Python is named. Drivers are of the contacts between two times, and
/// as long before.
pub(super) async fn ask(
    client: &Client,
    (from, before): (Timestamp, Timestamp),
) -> anyhow::Result<Option<Told>> {
    let Some(python) = std::env::var_os(PYTHON) else {
        eprintln!("{PYTHON} names no Python that has DuckDB: nothing is asked of it");
        return Ok(None);
    };
    let files = tempfile::tempdir()?;
    save(client, files.path()).await?;
    let mut asking = Command::new(python);
    asking.arg(SCRIPT).arg(files.path());
    for number in [WARM_UP, ASKED] {
        asking.arg(number.to_string());
    }
    for time in [from, before] {
        asking.arg(time.as_second().to_string());
    }
    let said = asking.stderr(Stdio::inherit()).output()?;
    anyhow::ensure!(said.status.success(), "DuckDB ended with {}", said.status);
    Ok(Some(serde_json::from_slice(&said.stdout)?))
}

/// Takes all contacts home as Parquet.
async fn save(client: &Client, into: &Path) -> anyhow::Result<()> {
    let request = ExportInteractionsRequest {
        format: ExportFormat::Parquet.into(),
        part_rows: 100_000,
        latest: true,
        ..Default::default()
    };
    let mut pieces = client.export_interactions(request).await?;
    let (mut rows, mut file) = (0, Vec::new());
    while let Some(answer) = pieces.message().await? {
        match answer.piece {
            Some(Piece::Bytes(bytes)) => file.extend_from_slice(&bytes),
            Some(Piece::Part(part)) => {
                let name = format!("{:05}.parquet", part.number);
                std::fs::write(into.join(name), std::mem::take(&mut file))?;
                rows += part.rows;
            }
            Some(Piece::Start(_) | Piece::Manifest(_)) | None => {}
        }
    }
    anyhow::ensure!(rows == RECORDS, "{rows} contacts were exported");
    Ok(())
}
