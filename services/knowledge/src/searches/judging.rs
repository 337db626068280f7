//! Reviewers judge whether solutions were the right ones: a sample of their uses, and a verdict on each.
//!
//! The sample is drawn by chance, and always the same: uses stand in the order of a hash of what they are. So nobody
//! picks the good ones, and nobody draws until they come.

use aftercall_domain::ids::Namespace;
use aftercall_domain::solution::Outcomes;
use aftercall_domain::{InteractionId, SolutionId, Violations};
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_log::LogIdentity;
use aftercall_proto::envelope::{Fact, solution_key};
use aftercall_proto::event::v1::{EventType, LinkJudged};
use aftercall_proto::knowledge::v1::{
    JudgeLinkRequest, JudgeLinkResponse, LinkAccuracy, SampleLinksRequest, SampledLink,
};
use aftercall_proto::model::v1::LinkVerdict;
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Deps, Page, Reading, Unread};
use aftercall_view::{Direction, Store};
use jiff::Timestamp;
use prost::Message;

use super::records::{Judged, Reach, Trace};
use super::reporting::position;
use crate::failure::Error;
use crate::fold::stored;
use crate::keys::{self as view_keys, search as keys};
use crate::limits::{LINKED_SOLUTIONS_MAX, LINKS, LINKS_VISITED_MAX, NOTE_BYTES_MAX};
use crate::personal;
use crate::reader::{Viewer, addressed};
use crate::records::Case;
use crate::solutions;

/// What is to be drawn.
#[derive(Debug)]
pub(super) struct Sample {
    /// Of any, if there is none.
    solution_id: Option<String>,
    links_max: usize,
}

impl Sample {
    /// Checks the request.
    pub(super) fn of(request: &SampleLinksRequest) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        checker.id("solution_id", &request.solution_id);
        let links_max = checker.count("links_max", request.links_max, LINKS);
        let id = SolutionId::read(&request.solution_id).into_string();
        checker.done(Self {
            solution_id: Some(id).filter(|id| !id.is_empty()),
            links_max,
        })
    }
}

/// Draws links that nobody has judged, of contacts that the caller reads.
pub(super) fn sample(
    store: &Store,
    viewer: &Viewer,
    (wanted, now): (&Sample, Timestamp),
) -> Result<Vec<SampledLink>, Error> {
    let mut page = Page::new(wanted.links_max);
    let mut of_each = Vec::new();
    match &wanted.solution_id {
        Some(id) => of_each.push(drawn(store, viewer, (id, now), wanted.links_max)?),
        None => {
            let all = view_keys::all_published(viewer.tenant_id());
            let latest = store.scan_prefix(all, Direction::Ascending);
            for entry in latest.take(LINKED_SOLUTIONS_MAX) {
                let id = view_keys::read_published(&entry?.0).map_err(Error::internal)?;
                let links = drawn(store, viewer, (&id, now), wanted.links_max)?;
                of_each.push(links);
                if of_each.iter().filter(|links| !links.is_empty()).count() >= wanted.links_max {
                    break;
                }
            }
        }
    }
    // One of each in turn, so that no solution takes all the places.
    let longest = of_each.iter().map(Vec::len).max().unwrap_or(0);
    for turn in 0..longest {
        for link in of_each.iter().filter_map(|links| links.get(turn)) {
            let bytes = link.encoded_len();
            if page.takes(bytes) {
                page.add(link.clone(), bytes);
            }
        }
    }
    Ok(page.into_items())
}

/// The first links of a solution.
fn drawn(
    store: &Store,
    viewer: &Viewer,
    (solution_id, now): (&str, Timestamp),
    links_max: usize,
) -> Result<Vec<SampledLink>, Error> {
    let (tenant_id, scope) = viewer.whose();
    let found = solutions::find(store, viewer.whose(), solution_id, now)?;
    let Some(solution) = found.filter(|one| viewer.reader().reads(addressed(one))) else {
        return Ok(Vec::new());
    };
    let list = keys::unjudged(tenant_id, solution_id);
    let mut links = Vec::new();
    let all = store.scan_prefix(&list, Direction::Ascending);
    for entry in all.take(LINKS_VISITED_MAX) {
        let (key, version) = entry?;
        let (interaction_id, whose) = keys::read_unjudged(&key, &list).map_err(Error::internal)?;
        let case = store.get(view_keys::case(tenant_id, &interaction_id, whose))?;
        let case: Case = stored(case).map_err(Error::internal)?.unwrap_or_default();
        if !scope.admits(case.parties().iter()) {
            continue;
        }
        let known = personal::known(&case);
        links.push(SampledLink {
            solution_id: solution_id.to_owned(),
            version: version.as_ref().try_into().map_or(0, u32::from_be_bytes),
            title: solution.title.clone(),
            interaction_id,
            reason_code: case.reason_code.clone(),
            stated: personal::masked("stated", &case.stated_verbatim, &known).0,
            resolution: personal::masked("resolution", &case.resolution, &known).0,
        });
        if links.len() == links_max {
            break;
        }
    }
    Ok(links)
}

/// A verdict, checked as far as it can be without the view.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    request_id: String,
    request_hash: RequestHash,
    solution_id: String,
    interaction_id: String,
    verdict: LinkVerdict,
    note: String,
}

impl Verdict {
    /// Checks the request.
    pub(super) fn of(request: JudgeLinkRequest) -> Result<Self, Violations> {
        let request_hash = RequestHash::of(&request);
        let mut checker = Checker::new();
        checker.required_id("request_id", &request.request_id);
        checker.required_id("solution_id", &request.solution_id);
        checker.required_id("interaction_id", &request.interaction_id);
        let verdict = checker.known("verdict", request.verdict);
        if verdict == Some(LinkVerdict::Unspecified) {
            checker.found().required("verdict");
        }
        checker.text("note", &request.note, NOTE_BYTES_MAX);
        checker.done(Self {
            request_hash,
            request_id: request.request_id,
            solution_id: SolutionId::read(&request.solution_id).into_string(),
            interaction_id: InteractionId::read(&request.interaction_id).into_string(),
            verdict: verdict.unwrap_or_default(),
            note: request.note,
        })
    }
}

/// Keeps the verdict, once however often it comes.
pub(super) async fn judge(
    deps: &Deps,
    reading: &Reading,
    call: Call<Verdict>,
) -> Result<JudgeLinkResponse, Error> {
    let until = call.write_until();
    let given = Given {
        viewer: Viewer::of(&call),
        verdict: call.message,
        log: reading.log_identity(),
    };
    command::run(reading, &deps.clock, given, until).await
}

/// A verdict and who gave it.
struct Given {
    viewer: Viewer,
    verdict: Verdict,
    log: LogIdentity,
}

impl command::Command for Given {
    type Done = JudgeLinkResponse;
    type Refusal = Error;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Error> {
        let (verdict, tenant_id) = (&self.verdict, self.viewer.tenant_id());
        let (solution_id, interaction_id) = (&*verdict.solution_id, &*verdict.interaction_id);
        let judged = store.get(keys::judged(tenant_id, solution_id, interaction_id))?;
        let judged: Option<Judged> = stored(judged).map_err(Error::internal)?;
        let name = RequestName {
            tenant_id,
            actor_id: &self.viewer.principal.actor_id,
            method: EventType::LinkJudged,
            request_id: &verdict.request_id,
        };
        let known = keys::COMMANDS.find(store, name, verdict.request_hash.as_bytes());
        let known = known.map_err(Unread::from)?;
        if let Known::Done(done) = &known {
            return Ok(Decision::Done(JudgeLinkResponse {
                position: position(done, &self.log),
                link_accuracy: Some(accuracy(&reach(store, tenant_id, solution_id)?)),
            }));
        }
        let Some(version) = self.used(store)? else {
            return Err(Error::LinkNotFound);
        };
        if known == Known::Reused {
            return Err(Error::RequestIdReused);
        }
        let link = [tenant_id, solution_id, interaction_id].map(str::as_bytes);
        let link_id = Namespace::Link.id(&link).to_string();
        let sealing = Sealing {
            by: Author::from(&self.viewer.principal),
            aggregate_id: &link_id,
            interaction_id,
            customer_id: "",
            sequence: judged.unwrap_or_default().sequence + 1,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &verdict.request_id,
                hash: verdict.request_hash,
            }),
        };
        let fact = Fact::LinkJudged(Box::new(LinkJudged {
            solution_id: solution_id.to_owned(),
            version,
            interaction_id: interaction_id.to_owned(),
            verdict: verdict.verdict.into(),
            note: verdict.note.clone(),
        }));
        let record = sealing.seal_under(solution_key(tenant_id, solution_id), &fact)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl Given {
    /// Which version of the solution was used in the contact, if it was, and if the caller reads the contact.
    fn used(&self, store: &Store) -> Result<Option<u32>, Error> {
        let (verdict, tenant_id) = (&self.verdict, self.viewer.tenant_id());
        let list = keys::traces(tenant_id, &verdict.interaction_id);
        for entry in store.scan_prefix(&list, Direction::Ascending) {
            let (key, trace) = entry?;
            let trace = Trace::decode(trace).map_err(Error::internal)?;
            let mut used = trace.used.iter();
            let Some(used) = used.find(|used| used.solution_id == verdict.solution_id) else {
                continue;
            };
            let whose = keys::read_trace(&key, &list).map_err(Error::internal)?;
            let case = view_keys::case(tenant_id, &verdict.interaction_id, whose);
            let case: Case = stored(store.get(case)?)
                .map_err(Error::internal)?
                .unwrap_or_default();
            if self.viewer.scope.admits(case.parties().iter()) {
                return Ok(Some(used.version));
            }
        }
        Ok(None)
    }
}

/// What searches and judgements say of a solution.
pub(crate) fn reach(store: &Store, tenant_id: &str, solution_id: &str) -> Result<Reach, Error> {
    let reach = store.get(keys::reach(tenant_id, solution_id))?;
    Ok(stored(reach).map_err(Error::internal)?.unwrap_or_default())
}

/// How often links are right, as far as they were judged.
pub(super) fn accuracy(reach: &Reach) -> LinkAccuracy {
    let count = |sum: i64| u64::try_from(sum).unwrap_or(0);
    let (right, wrong) = (count(reach.right), count(reach.wrong));
    let bound = |successes: u64| {
        let failures = right + wrong - successes;
        let outcomes = Outcomes {
            successes,
            failures,
        };
        outcomes.wilson_lower()
    };
    let is_known = right + wrong > 0;
    LinkAccuracy {
        judged: right + wrong,
        right,
        lower: is_known.then(|| bound(right)),
        // What is wrong at least is not right.
        upper: is_known.then(|| 1.0 - bound(wrong)),
    }
}
