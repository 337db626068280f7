//! What an export holds, as it is signed. `docs/export.md` describes it.

use aftercall_proto::history::v1::{ExportInteractionsRequest, InteractionFilter};
use jiff::Timestamp;
use serde::Serialize;

use super::columns::COLUMNS;
use super::format::Format;
use super::key::{ExportKey, hex};
use super::token::Progress;

/// The version of the manifest. Fields are added, and none changes its meaning.
const VERSION: &str = "aftercall-export/1";

/// What a manifest says beside what the export holds.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    key_id: String,
    public_key: String,
    query: String,
    filter: InteractionFilter,
}

#[derive(Serialize)]
struct Written<'m> {
    version: &'static str,
    export_id: &'m str,
    tenant_id: &'m str,
    exported_by: &'m str,
    begun_at: String,
    as_of: AsOf<'m>,
    query: &'m str,
    filter: &'m InteractionFilter,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<&'static str>>,
    rows: u64,
    parts: Vec<Part>,
    key: Key<'m>,
}

#[derive(Serialize)]
struct AsOf<'m> {
    position: &'m str,
    time: String,
}

#[derive(Serialize)]
struct Part {
    name: String,
    rows: u64,
    bytes: u64,
    sha256: String,
}

#[derive(Serialize)]
struct Key<'m> {
    id: &'m str,
    algorithm: &'static str,
    public_key: &'m str,
}

impl Manifest {
    /// What `request` asks for, to be signed by `key`.
    pub(super) fn new(request: &ExportInteractionsRequest, key: &ExportKey) -> Self {
        Self {
            key_id: key.id(),
            public_key: key.public(),
            query: request.query.clone(),
            filter: request.filter.clone().unwrap_or_default(),
        }
    }

    /// The manifest of an export that has come so far.
    pub(super) fn of(
        &self,
        progress: &Progress,
        format: Format,
    ) -> Result<String, serde_json::Error> {
        let columns = COLUMNS.iter().map(|column| column.name);
        let parts = progress.parts.iter().zip(1..);
        serde_json::to_string_pretty(&Written {
            version: VERSION,
            export_id: &progress.export_id,
            tenant_id: &progress.tenant_id,
            exported_by: &progress.actor_id,
            begun_at: shown(progress.begun_at_us),
            as_of: AsOf {
                position: &progress.as_of,
                time: shown(progress.as_of_us),
            },
            query: &self.query,
            filter: &self.filter,
            format: format.name(),
            columns: format.has_columns().then(|| columns.collect()),
            rows: progress.rows,
            parts: parts
                .map(|(part, number)| Part {
                    name: format.file_name(number),
                    rows: part.rows,
                    bytes: part.bytes,
                    sha256: hex(&part.sha256),
                })
                .collect(),
            key: Key {
                id: &self.key_id,
                algorithm: "Ed25519",
                public_key: &self.public_key,
            },
        })
    }
}

fn shown(at_us: i64) -> String {
    let at = Timestamp::from_microsecond(at_us).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_string()
}
