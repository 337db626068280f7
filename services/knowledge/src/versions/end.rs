//! A solution is put out of use, taken into use again, or stands for itself again.

use aftercall_domain::solution::Change;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SolutionRestored, SolutionRetired, SolutionUnmerged};
use aftercall_proto::knowledge::v1::{
    RestoreSolutionRequest, RetireSolutionRequest, UnmergeSolutionRequest,
};
use aftercall_proto::model::v1::Solution;

use super::{Act, Named, Standing, canonical, named, verified};
use crate::failure::{Error, Unsolved};
use crate::fold::redirects;
use crate::reader::addressed;

/// A solution is put out of use.
pub(super) struct Retire(RetireSolutionRequest);

impl Retire {
    /// Checks the request.
    pub(super) fn of(request: &RetireSolutionRequest) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(request, None, ("reason", &request.reason, true));
        checker.id("replaced_by", &request.replaced_by);
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for Retire {
    const METHOD: EventType = EventType::SolutionRetired;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let replaced_by = match &*self.0.replaced_by {
            "" => None,
            id => Some(canonical(id)),
        };
        let solution = standing.known_by()?;
        let actor = standing.actor(&solution);
        let retired = standing
            .life
            .retire(replaced_by.clone(), actor, standing.now);
        retired.map_err(|refused| standing.refused(refused))?;
        if let Some(target) = &replaced_by {
            leads_on(standing, &solution, target)?;
        }
        Ok(Fact::SolutionRetired(SolutionRetired {
            version: standing.head.published_version,
            replaced_by: replaced_by.unwrap_or_default(),
            reason: self.0.reason.clone(),
        }))
    }
}

/// Refuses a redirect to what is not there, leads back, or is not live; and to what is not for whom `solution` is, by
/// which the one that is to lead there is known: whoever reads that one would find nothing.
pub(super) fn leads_on(
    standing: &Standing<'_>,
    solution: &Solution,
    target: &str,
) -> Result<(), Error> {
    let (store, viewer) = (standing.store, standing.viewer);
    if target == standing.solution_id {
        return Err(Unsolved::RedirectCyclic.into());
    }
    let other = Standing::of(store, viewer, target, standing.now)?;
    let other = other.ok_or(Error::SolutionNotFound)?;
    let takes_over = other.known_by()?;
    let given = viewer.given(takes_over.clone());
    given.ok_or(Error::SolutionNotFound)?;
    let led = redirects::follow(store, viewer.tenant_id(), target).map_err(Error::internal)?;
    if led.solution_id == standing.solution_id || led.is_cut {
        return Err(Unsolved::RedirectCyclic.into());
    }
    let taken = other.life.take_in();
    taken.map_err(|refused| standing.refused(refused))?;
    if takes_over.client_account_id != solution.client_account_id {
        return Err(Unsolved::AcrossClients.into());
    }
    let language = takes_over.language.as_str();
    if !language.eq_ignore_ascii_case(&solution.language) {
        return Err(Unsolved::AcrossLanguages.into());
    }
    match addressed(&takes_over).is_as_wide_as(addressed(solution)) {
        true => Ok(()),
        false => Err(Unsolved::RedirectNarrower.into()),
    }
}

/// A solution is taken into use again.
pub(super) struct Restore(RestoreSolutionRequest);

impl Restore {
    /// Checks the request.
    pub(super) fn of(request: &RestoreSolutionRequest) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(request, None, ("reason", &request.reason, true));
        let (against, verify_by) = (&request.verified_against, request.verify_by.as_ref());
        verified::check(&mut checker, against, verify_by);
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for Restore {
    const METHOD: EventType = EventType::SolutionRestored;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.0;
        let solution = standing.known_by()?;
        let actor = standing.actor(&solution);
        let verify_by = verified::until(request.verify_by.as_ref(), &solution, standing.now)?;
        let work = standing.work(&solution)?;
        let restored = standing.life.restore(work, verify_by, actor, standing.now);
        restored.map_err(|refused| standing.refused(refused))?;
        let verification = verified::now(standing, &request.verified_against);
        Ok(Fact::SolutionRestored(SolutionRestored {
            version: standing.head.published_version,
            // Said whole: what is not said with a verification is not so any more.
            verify_by: verify_by.filter(|_| verification.is_some()).map(to_wire),
            verification,
            reason: request.reason.clone(),
        }))
    }
}

/// A merge is undone.
pub(super) struct Unmerge(UnmergeSolutionRequest);

impl Unmerge {
    /// Checks the request.
    pub(super) fn of(request: &UnmergeSolutionRequest) -> Result<(Named, Self), Error> {
        let (named, checker) = named(request, None, ("reason", &request.reason, true));
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for Unmerge {
    const METHOD: EventType = EventType::SolutionUnmerged;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let solution = standing.known_by()?;
        let actor = standing.actor(&solution);
        let unmerged = standing.life.unmerge(actor, standing.now);
        unmerged.map_err(|refused| standing.refused(refused))?;
        let mut after = standing.life.clone();
        after.apply(&Change::Revived);
        let (into, _) = standing.head.redirect().unwrap_or_default();
        Ok(Fact::SolutionUnmerged(SolutionUnmerged {
            merged_into: into.to_owned(),
            version: after.live().unwrap_or_default(),
            reason: self.0.reason.clone(),
        }))
    }
}
