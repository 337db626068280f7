//! A solution is put out of use, taken into use again, or stands for itself again.

use aftercall_domain::limits::LINE_BYTES_MAX;
use aftercall_domain::solution::Change;
use aftercall_proto::convert::time::{from_wire, to_wire};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SolutionRestored, SolutionRetired, SolutionUnmerged};
use aftercall_proto::knowledge::v1::{
    RestoreSolutionRequest, RetireSolutionRequest, UnmergeSolutionRequest,
};
use aftercall_proto::model::v1::SolutionVerification;

use super::named;
use super::{Act, Named, Standing, canonical, work};
use crate::failure::{Error, Unsolved};
use crate::fold::redirects;
use crate::heads::Head;

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
            leads_on(standing, target)?;
        }
        Ok(Fact::SolutionRetired(SolutionRetired {
            version: standing.head.published_version,
            replaced_by: replaced_by.unwrap_or_default(),
            reason: self.0.reason.clone(),
        }))
    }
}

/// Refuses a redirect to what is not there, or that leads back.
pub(super) fn leads_on(standing: &Standing<'_>, target: &str) -> Result<Head, Error> {
    let (store, viewer) = (standing.store, standing.viewer);
    if target == standing.solution_id {
        return Err(Unsolved::RedirectCyclic.into());
    }
    let other = Standing::of(store, viewer, target, standing.now)?;
    let other = other.ok_or(Error::SolutionNotFound)?;
    let known_by = other.known_by()?;
    viewer.given(known_by).ok_or(Error::SolutionNotFound)?;
    let led = redirects::follow(store, viewer.tenant_id(), target).map_err(Error::internal)?;
    match led.solution_id == standing.solution_id || led.is_cut {
        true => Err(Unsolved::RedirectCyclic.into()),
        false => Ok(other.head),
    }
}

/// A solution is taken into use again.
pub(super) struct Restore(RestoreSolutionRequest);

impl Restore {
    /// Checks the request.
    pub(super) fn of(request: &RestoreSolutionRequest) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(request, None, ("reason", &request.reason, true));
        checker.text(
            "verified_against",
            &request.verified_against,
            LINE_BYTES_MAX,
        );
        checker.time("verify_by", request.verify_by.as_ref());
        if request.verify_by.is_some() && request.verified_against.trim().is_empty() {
            let text =
                "is the end of a verification; say what it was checked against as verified_against";
            checker.conflicting("verify_by", text);
        }
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
        let verify_by = solution.verify_by.as_ref().and_then(from_wire);
        let is_verified = !request.verified_against.trim().is_empty();
        let due = (verify_by, is_verified);
        let restored = standing
            .life
            .restore(work(&solution), due, actor, standing.now);
        restored.map_err(|refused| standing.refused(refused))?;
        let next = request.verify_by.as_ref().and_then(from_wire);
        if next.is_some_and(|next| next <= standing.now) {
            return Err(Unsolved::VerificationDue.into());
        }
        let by = &standing.viewer.principal.actor_id;
        Ok(Fact::SolutionRestored(SolutionRestored {
            version: standing.head.published_version,
            verification: is_verified.then(|| SolutionVerification {
                at: Some(to_wire(standing.now)),
                by: by.to_string(),
                against: request.verified_against.clone(),
            }),
            verify_by: request.verify_by,
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
