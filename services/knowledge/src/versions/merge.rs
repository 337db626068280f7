//! Solutions that say the same become one: each source by an event and under a request of its own, whose id follows
//! from the command's, so that a repetition does nothing twice.

use std::collections::BTreeSet;

use aftercall_domain::limits::{MERGED_AT_ONCE_MAX, MERGED_SOLUTIONS_MAX, TEXT_BYTES_MAX};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SolutionMerged};
use aftercall_proto::knowledge::v1::{MergeSolutionsRequest, MergeSolutionsResponse};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker, Deps, Reading};
use aftercall_view::{Positions, Store};

use super::end::leads_on;
use super::{Act, Named, Standing, canonical, run};
use crate::failure::{Error, Unsolved};
use crate::reader::Viewer;
use crate::solutions::{self, family};

/// The longest id of a request, so that each source's own fits behind it.
const REQUEST_ID_BYTES_MAX: usize = 80;

/// A solution is merged into another one.
struct Merge {
    target_id: String,
    reason: String,
}

/// Answers `call`.
pub(super) async fn merge(
    (deps, reading): (&Deps, &Reading),
    call: Call<MergeSolutionsRequest>,
) -> Result<MergeSolutionsResponse, Error> {
    let (target_id, source_ids) = check(&call.message)?;
    let hash = RequestHash::of(&call.message);
    let (mut sources, mut reached) = (Vec::new(), Positions::default());
    for source_id in source_ids {
        let named = Named {
            request_id: format!("{} {source_id}", call.message.request_id),
            hash,
            solution_id: source_id,
            expected_sequence: 0,
        };
        let act = Merge {
            target_id: target_id.clone(),
            reason: call.message.reason.clone(),
        };
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
        let target = leads_on(standing, &self.target_id)?;
        let taken = target.life().take_in();
        taken.map_err(|refused| standing.refused(refused))?;
        let (store, viewer) = (standing.store, standing.viewer);
        let other = Standing::of(store, viewer, &self.target_id, standing.now)?;
        let other = other.ok_or(Error::SolutionNotFound)?.known_by()?;
        if other.client_account_id != solution.client_account_id {
            return Err(Unsolved::AcrossClients.into());
        }
        if !other.language.eq_ignore_ascii_case(&solution.language) {
            return Err(Unsolved::AcrossLanguages.into());
        }
        let tenant_id = viewer.tenant_id();
        let with = family(store, tenant_id, &self.target_id)?.len();
        if with + family(store, tenant_id, standing.solution_id)?.len() > MERGED_SOLUTIONS_MAX {
            return Err(Unsolved::MergedTooMany.into());
        }
        Ok(Fact::SolutionMerged(SolutionMerged {
            merged_into: self.target_id.clone(),
            version: standing.head.live_version(),
            reason: self.reason.clone(),
        }))
    }
}
