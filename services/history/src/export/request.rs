//! What is to be taken home, checked.

use aftercall_domain::Violations;
use aftercall_domain::violation::Reason;
use aftercall_proto::history::v1::{ExportFormat, ExportInteractionsRequest, InteractionFilter};
use aftercall_service::Checker;
use jiff::Timestamp;

use super::format::Format;
use crate::as_of;
use crate::limits::{EXPORT_PART_ROWS, QUERY_BYTES_MAX};
use crate::request::{filter, prefix};
use crate::search::Filter;
use crate::search::grammar::TextQuery;

/// An export that can be begun.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) text: TextQuery,
    pub(super) filter: Filter,
    pub(super) format: Format,
    pub(super) part_rows: usize,
    pub(super) as_of: as_of::Asked,
}

impl Asked {
    /// Checks a request that came at `now`.
    pub(super) fn check(
        request: &ExportInteractionsRequest,
        now: Timestamp,
    ) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        checker.text("query", &request.query, QUERY_BYTES_MAX);
        let text = TextQuery::parse(prefix(&request.query, QUERY_BYTES_MAX));
        let empty = InteractionFilter::default();
        let filter = filter(request.filter.as_ref().unwrap_or(&empty), &mut checker);
        let as_of = as_of::Asked::check(request.as_of.as_ref(), now, &mut checker);
        let part_rows = checker.count("part_rows", request.part_rows, EXPORT_PART_ROWS);
        let format = checker.known("format", request.format);
        let format = Format::of(format.unwrap_or(ExportFormat::Unspecified));
        if request.format == 0 {
            let text = "is required; give NDJSON, CSV or PARQUET";
            checker.add("format", Reason::Required, text);
        }
        checker.done(Self {
            text,
            filter,
            // Without one, it has been refused.
            format: format.unwrap_or(Format::Ndjson),
            part_rows,
            as_of,
        })
    }

    /// Refuses whatever stands beside a token: it would not be heeded.
    pub(super) fn check_resumed(request: &ExportInteractionsRequest) -> Result<(), Violations> {
        let mut checker = Checker::new();
        let alone = ExportInteractionsRequest {
            resume_token: request.resume_token.clone(),
            min_position: request.min_position.clone(),
            latest: request.latest,
            ..ExportInteractionsRequest::default()
        };
        if *request != alone {
            let text = "goes on with what was asked for when it began; send it alone";
            checker.conflicting("resume_token", text);
        }
        checker.done(())
    }
}
