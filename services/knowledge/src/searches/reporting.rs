//! It is said what came of a search.

use aftercall_domain::ids::canonical;
use aftercall_domain::{InteractionId, SolutionId, Violations, violation};
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_log::LogIdentity;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SearchReported};
use aftercall_proto::knowledge::v1::{ReportSearchRequest, ReportSearchResponse};
use aftercall_proto::model::v1::{SearchOutcome, SearchQuestion};
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Deps, Reading, Unread};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;

use super::asking;
use super::records::Asked;
use crate::failure::Error;
use crate::fold::stored;
use crate::keys::search as keys;
use crate::limits::{PRODUCT_BYTES_MAX, SHOWN_MAX, TEXT_BYTES_MAX};
use crate::reader::{Viewer, addressed};
use crate::solutions;

/// What was sent, checked as far as it can be without the view.
#[derive(Debug, Clone)]
pub(super) struct Report {
    request_id: String,
    request_hash: RequestHash,
    search_id: String,
    question: SearchQuestion,
    outcome: SearchOutcome,
    /// Empty where none fitted.
    solution_id: String,
    version: u32,
    shown: Vec<String>,
}

impl Report {
    /// Checks the request.
    pub(super) fn of(request: ReportSearchRequest) -> Result<Self, Violations> {
        let request_hash = RequestHash::of(&request);
        let mut checker = Checker::new();
        checker.required_id("request_id", &request.request_id);
        let search_id = search_id("search_id", &request.search_id, &mut checker);
        if request.search_id.is_empty() {
            checker.found().required("search_id");
        }
        checker.text("text", &request.text, TEXT_BYTES_MAX);
        let outcome = checker.known("outcome", request.outcome);
        let outcome = outcome.unwrap_or(SearchOutcome::Unspecified);
        check_outcome(outcome, &request, &mut checker);
        for (field, id) in [
            ("interaction_id", &request.interaction_id),
            ("reason_code", &request.reason_code),
            ("client_account_id", &request.client_account_id),
            ("language", &request.language),
        ] {
            checker.id(field, id);
        }
        checker.text("product", &request.product, PRODUCT_BYTES_MAX);
        let mut shown = Vec::new();
        if checker.ids("shown_solution_ids", &request.shown_solution_ids, SHOWN_MAX) {
            for id in &request.shown_solution_ids {
                let id = SolutionId::read(id).into_string();
                if !shown.contains(&id) {
                    shown.push(id);
                }
            }
        }
        checker.done(Self {
            request_hash,
            search_id,
            outcome,
            solution_id: SolutionId::read(&request.solution_id).into_string(),
            version: request.version,
            shown,
            question: SearchQuestion {
                text: request.text,
                reason_code: request.reason_code,
                product: request.product,
                client_account_id: request.client_account_id,
                language: request.language,
                interaction_id: InteractionId::read(&request.interaction_id).into_string(),
                ..SearchQuestion::default()
            },
            request_id: request.request_id,
        })
    }
}

/// A search's id in the one spelling; it may be left out.
pub(crate) fn search_id(field: &str, given: &str, checker: &mut Checker) -> String {
    match canonical(given) {
        Some(id) => id.to_string(),
        None => {
            if !given.is_empty() {
                let text =
                    "is not a search's id; give the search_id of an answer as it was received";
                checker.add(field, violation::Reason::Malformed, text);
            }
            String::new()
        }
    }
}

fn check_outcome(outcome: SearchOutcome, request: &ReportSearchRequest, checker: &mut Checker) {
    match outcome {
        SearchOutcome::Unspecified => checker.found().required("outcome"),
        SearchOutcome::NoneFitted => {
            if !request.solution_id.is_empty() || request.version > 0 {
                let text = "is given although none fitted; leave it out, or say what came of it";
                checker.conflicting("solution_id", text);
            }
        }
        SearchOutcome::Opened | SearchOutcome::Used | SearchOutcome::Rejected => {
            checker.required_id("solution_id", &request.solution_id);
            if request.version == 0 {
                checker.found().required("version");
            }
        }
    }
}

/// Keeps the report, once however often it comes.
pub(super) async fn report(
    deps: &Deps,
    reading: &Reading,
    call: Call<Report>,
) -> Result<ReportSearchResponse, Error> {
    let until = call.write_until();
    let given = Given {
        viewer: Viewer::of(&call),
        report: call.message,
        log: reading.log_identity(),
    };
    command::run(reading, &deps.clock, given, until).await
}

/// A report and who gave it.
struct Given {
    viewer: Viewer,
    report: Report,
    log: LogIdentity,
}

impl command::Command for Given {
    type Done = ReportSearchResponse;
    type Refusal = Error;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Error> {
        let (report, tenant_id) = (&self.report, self.viewer.tenant_id());
        let asked = store.get(keys::asked(tenant_id, &report.search_id))?;
        let asked: Option<Asked> = stored(asked).map_err(Error::internal)?;
        let asked = asked.unwrap_or_default();
        let known = asking::known(store, tenant_id, &report.question.interaction_id)?;
        let (question, masked) =
            asking::kept(report.question.clone(), &known, &self.viewer.principal);
        let name = RequestName {
            tenant_id,
            actor_id: &self.viewer.principal.actor_id,
            method: EventType::SearchReported,
            request_id: &report.request_id,
        };
        let known = keys::COMMANDS.find(store, name, report.request_hash.as_bytes());
        match known.map_err(Unread::from)? {
            Known::Done(done) => {
                let position = position(&done, &self.log);
                return Ok(Decision::Done(ReportSearchResponse { position, masked }));
            }
            Known::Reused => return Err(Error::RequestIdReused),
            Known::Not => {}
        }
        if report.outcome == SearchOutcome::NoneFitted
            && question.text.trim().is_empty()
            && asked.question.text.is_empty()
        {
            let mut found = Violations::new();
            found.required("text");
            return Err(found.into());
        }
        let seen = |id: &str| {
            let found = solutions::find(store, self.viewer.whose(), id, now)?;
            Ok::<_, Error>(found.filter(|one| self.viewer.reader().reads(addressed(one))))
        };
        if !report.solution_id.is_empty() && seen(&report.solution_id)?.is_none() {
            return Err(Error::SolutionNotFound);
        }
        let mut shown = Vec::new();
        for id in &report.shown {
            // What was shown may be gone by now.
            if seen(id)?.is_some() {
                shown.push(id.clone());
            }
        }
        let reported = SearchReported {
            question: Some(question),
            outcome: report.outcome.into(),
            solution_id: report.solution_id.clone(),
            version: report.version,
            shown_solution_ids: shown,
        };
        let sealing = Sealing {
            by: Author::from(&self.viewer.principal),
            aggregate_id: &report.search_id,
            interaction_id: &report.question.interaction_id,
            customer_id: "",
            sequence: asked.sequence + 1,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &report.request_id,
                hash: report.request_hash,
            }),
        };
        let record = sealing.seal(&Fact::SearchReported(Box::new(reported)))?;
        Ok(Decision::Append(Box::new(record)))
    }
}

/// Where what a request did stands.
pub(super) fn position(done: &Done, log: &LogIdentity) -> String {
    Positions::through(done.position()).encode(log)
}
