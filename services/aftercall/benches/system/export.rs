//! Taking a million contacts home, in each form; and what questions of the past cost.

use std::time::Instant;

use aftercall_client::Client;
use aftercall_proto::history::v1::export_interactions_response::Piece;
use aftercall_proto::history::v1::{
    AsOf, ExportFormat, ExportInteractionsRequest, GetCustomerContextRequest,
    SearchInteractionsRequest, as_of,
};

use crate::message::customer_id;
use crate::queries::client;
use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use crate::stream;

const CONTACTS: u64 = 1_000_000;

/// How many questions of each sort are asked.
const QUESTIONS: u64 = 500;

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    stream::fill(&server, 0, CONTACTS).await?;
    server.caught_up().await?;
    let client = client(&server).await?;
    for (name, format) in [
        ("export.ndjson", ExportFormat::Ndjson),
        ("export.csv", ExportFormat::Csv),
        ("export.parquet", ExportFormat::Parquet),
    ] {
        let began = Instant::now();
        let (rows, bytes) = take(&client, format).await?;
        let seconds = began.elapsed().as_secs_f64();
        anyhow::ensure!(rows == CONTACTS, "{rows} contacts came");
        report.add(&Figure {
            name,
            value: rows as f64 / seconds,
            unit: "contacts/s",
            against: None,
            goal: Goal::AtLeast(100_000.0),
        });
        report.note(
            &format!("{name}.bytes"),
            bytes as f64 / rows as f64,
            "bytes/contact",
        );
    }
    let found = client.call(SearchInteractionsRequest::default()).await?;
    let then = Some(AsOf {
        moment: Some(as_of::Moment::Position(found.complete_through)),
    });
    for (name, as_of) in [("context.now", None), ("context.as_of", then)] {
        let began = Instant::now();
        for number in 0..QUESTIONS {
            let request = GetCustomerContextRequest {
                whose: Some(customer_id(number).into()),
                as_of: as_of.clone(),
                ..Default::default()
            };
            client.call(request).await?;
        }
        let millis = began.elapsed().as_secs_f64() * 1_000.0 / QUESTIONS as f64;
        report.note(&format!("{name}.mean"), millis, "ms");
    }
    drop(client);
    server.stop()
}

/// How many contacts came, and how many bytes.
async fn take(client: &Client, format: ExportFormat) -> anyhow::Result<(u64, u64)> {
    let request = ExportInteractionsRequest {
        format: format.into(),
        part_rows: 100_000,
        latest: true,
        ..Default::default()
    };
    let mut pieces = client.export_interactions(request).await?;
    let (mut rows, mut bytes, mut whole) = (0, 0, false);
    while let Some(answer) = pieces.message().await? {
        match answer.piece {
            Some(Piece::Bytes(piece)) => bytes += piece.len() as u64,
            Some(Piece::Part(part)) => rows += part.rows,
            Some(Piece::Manifest(_)) => whole = true,
            Some(Piece::Start(_)) | None => {}
        }
    }
    anyhow::ensure!(whole, "the export is not whole");
    Ok((rows, bytes))
}
