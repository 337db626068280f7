//! Solutions that say the same become one: each source by an event and under a request of its own, whose id follows
//! from the command's, so that a repetition does nothing twice. All of them are checked before the first is merged.

use std::collections::BTreeSet;

use aftercall_domain::limits::{MERGED_AT_ONCE_MAX, MERGED_SOLUTIONS_MAX, TEXT_BYTES_MAX};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SolutionMerged};
use aftercall_proto::knowledge::v1::{MergeSolutionsRequest, MergeSolutionsResponse};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker, Deps, Reading, command};
use aftercall_view::{Positions, Store};

use super::end::leads_on;
use super::{Act, Asked, Named, Standing, canonical, run};
use crate::failure::{Error, Unsolved};
use crate::reader::Viewer;
use crate::solutions::{self, family};

/// The longest id of a request, so that each source's own fits behind it.
const REQUEST_ID_BYTES_MAX: usize = 80;

/// A solution is merged into another one.
#[derive(Clone)]
struct Merge {
    target_id: String,
    /// Those that the same request merges into it before this one.
    before: Vec<String>,
    reason: String,
}

/// Answers `call`.
pub(super) async fn merge(
    (deps, reading): (&Deps, &Reading),
    call: Call<MergeSolutionsRequest>,
) -> Result<MergeSolutionsResponse, Error> {
    let (target_id, source_ids) = check(&call.message)?;
    let merges = merges(&call.message, &target_id, &source_ids);
    for (named, act) in &merges {
        let asked = Asked::of(&call, (named.clone(), act.clone()), reading);
        command::check(reading, &deps.clock, asked, call.write_until()).await?;
    }
    let (mut sources, mut reached) = (Vec::new(), Positions::default());
    for (named, act) in merges {
        let done = run((deps, reading), &call, named, act).await?;
        reached = reached.union(&reading.positions("position", &done.position)?);
        sources.push(done.solution);
    }
    let viewer = Viewer::of(&call);
    let now = deps.clock.now();
    let find = move |store: &Store| solutions::find(store, viewer.whose(), &target_id, now);
    let solution = reading.run(find).await?;
    Ok(MergeSolutionsResponse {
        solution: Some(solution.ok_or(Error::SolutionNotFound)?),
        sources,
        position: reached.encode(reading.log_identity()),
    })
}

/// What is to be done with each source.
fn merges(
    request: &MergeSolutionsRequest,
    target_id: &str,
    source_ids: &[String],
) -> Vec<(Named, Merge)> {
    let hash = RequestHash::of(request);
    let merge = |(place, source_id): (usize, &String)| {
        let named = Named {
            request_id: format!("{} {source_id}", request.request_id),
            hash,
            solution_id: source_id.clone(),
            expected_sequence: 0,
        };
        let act = Merge {
            target_id: target_id.to_owned(),
            before: source_ids[..place].to_vec(),
            reason: request.reason.clone(),
        };
        (named, act)
    };
    source_ids.iter().enumerate().map(merge).collect()
}

/// The target and the sources, if the request makes sense.
fn check(request: &MergeSolutionsRequest) -> Result<(String, Vec<String>), Error> {
    let mut checker = Checker::new();
    checker.required_id("request_id", &request.request_id);
    if request.request_id.len() > REQUEST_ID_BYTES_MAX {
        checker.found().too_long("request_id", REQUEST_ID_BYTES_MAX);
    }
    checker.required_id("target_id", &request.target_id);
    checker.required_text("reason", &request.reason, TEXT_BYTES_MAX);
    if request.source_ids.is_empty() {
        checker.found().required("source_ids");
    }
    let target_id = canonical(&request.target_id);
    let mut source_ids = Vec::new();
    if checker.ids("source_ids", &request.source_ids, MERGED_AT_ONCE_MAX) {
        let mut met = BTreeSet::new();
        for (place, source_id) in request.source_ids.iter().enumerate() {
            let source_id = canonical(source_id);
            let field = format!("source_ids[{place}]");
            if source_id == target_id {
                checker.conflicting(&field, "is the target; leave it out");
            } else if !met.insert(source_id.clone()) {
                checker.conflicting(&field, "stands there before; name each solution once");
            }
            source_ids.push(source_id);
        }
    }
    Ok(checker.done((target_id, source_ids))?)
}

impl Act for Merge {
    const METHOD: EventType = EventType::SolutionMerged;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let solution = standing.known_by()?;
        let actor = standing.actor(&solution);
        let merged = standing
            .life
            .merge(self.target_id.clone(), actor, standing.now);
        merged.map_err(|refused| standing.refused(refused))?;
        leads_on(standing, &solution, &self.target_id)?;
        let own = [self.target_id.as_str(), standing.solution_id];
        let before = self.before.iter().map(String::as_str);
        let mut together = BTreeSet::new();
        for one in own.into_iter().chain(before) {
            together.extend(family(standing.store, standing.viewer.tenant_id(), one)?);
        }
        if together.len() > MERGED_SOLUTIONS_MAX {
            return Err(Unsolved::MergedTooMany.into());
        }
        Ok(Fact::SolutionMerged(SolutionMerged {
            merged_into: self.target_id.clone(),
            version: standing.head.live_version(),
            reason: self.reason.clone(),
        }))
    }
}
