//! Review: a version is handed in, sent back, taken back, given up, approved, published, or gone back to.

use aftercall_domain::limits::REVIEWERS_MAX;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    EventType, SolutionApproved, SolutionPublicationCause, SolutionPublished, SolutionReturnCause,
    SolutionReturned, SolutionSubmitted,
};
use aftercall_proto::knowledge::v1::{
    ApproveVersionRequest, PublishVersionRequest, RollBackRequest, SubmitForReviewRequest,
};
use aftercall_proto::model::v1::{Confidence, Solution, VersionState};
use jiff::Timestamp;

use super::{Act, Named, Standing, check, named, state, verified};
use crate::content;
use crate::failure::Error;
use crate::heads;

/// A draft is handed in.
pub(super) struct Submit(SubmitForReviewRequest);

impl Submit {
    /// Checks the request.
    pub(super) fn of(request: &SubmitForReviewRequest) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(
            request,
            Some(request.version),
            ("note", &request.note, false),
        );
        checker.ids("reviewers", &request.reviewers, REVIEWERS_MAX);
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for Submit {
    const METHOD: EventType = EventType::SolutionSubmitted;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.0;
        let solution = standing.version(request.version)?;
        let actor = standing.actor(&solution);
        let submitted = standing
            .life
            .submit(standing.work(&solution)?, state(&solution), actor);
        submitted.map_err(|refused| standing.refused(refused))?;
        check::whole(&solution)?;
        let tenant_id = standing.viewer.tenant_id();
        let reviewed = request.personal_reviewed;
        let personal_reviewed = check::personal(standing.store, tenant_id, &solution, reviewed)?;
        Ok(Fact::SolutionSubmitted(SolutionSubmitted {
            version: request.version,
            reviewers: request.reviewers.clone(),
            note: request.note.clone(),
            personal_reviewed,
        }))
    }
}

/// A version goes back to its author, or is given up.
pub(super) struct GiveBack {
    pub(super) version: u32,
    pub(super) cause: SolutionReturnCause,
    pub(super) reason: String,
}

impl Act for GiveBack {
    const METHOD: EventType = EventType::SolutionReturned;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let solution = standing.version(self.version)?;
        let (work, state) = (standing.work(&solution)?, state(&solution));
        let (life, actor) = (&standing.life, standing.actor(&solution));
        let decided = match self.cause {
            SolutionReturnCause::TakenBack => life.take_back(work, state, actor),
            SolutionReturnCause::Discarded => life.discard(work, state, actor),
            SolutionReturnCause::ChangesRequested | SolutionReturnCause::Unspecified => {
                life.request_changes(work, state, actor)
            }
        };
        decided.map_err(|refused| standing.refused(refused))?;
        Ok(Fact::SolutionReturned(SolutionReturned {
            version: self.version,
            cause: self.cause.into(),
            reason: self.reason.clone(),
        }))
    }
}

/// A version is approved.
pub(super) struct Approve(ApproveVersionRequest);

impl Approve {
    /// Checks the request.
    pub(super) fn of(request: &ApproveVersionRequest) -> Result<(Named, Self), Error> {
        let (named, checker) = named(
            request,
            Some(request.version),
            ("note", &request.note, false),
        );
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for Approve {
    const METHOD: EventType = EventType::SolutionApproved;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.0;
        let solution = standing.version(request.version)?;
        let actor = standing.actor(&solution);
        let approved = standing
            .life
            .approve(standing.work(&solution)?, state(&solution), actor);
        approved.map_err(|refused| standing.refused(refused))?;
        check::whole(&solution)?;
        if solution.effective_from.is_some() {
            // Nobody looks at it once more when its time has come.
            let (tenant_id, reviewed) = (standing.viewer.tenant_id(), request.personal_reviewed);
            check::personal(standing.store, tenant_id, &solution, reviewed)?;
        }
        Ok(Fact::SolutionApproved(SolutionApproved {
            version: request.version,
            content_hash: solution.content_hash,
            note: request.note.clone(),
        }))
    }
}

/// An approved version goes live.
pub(super) struct Publish(PublishVersionRequest);

impl Publish {
    /// Checks the request.
    pub(super) fn of(request: &PublishVersionRequest) -> Result<(Named, Self), Error> {
        let (named, checker) = named(
            request,
            Some(request.version),
            ("reason", &request.reason, false),
        );
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for Publish {
    const METHOD: EventType = EventType::SolutionPublished;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.0;
        let solution = standing.version(request.version)?;
        let actor = standing.actor(&solution);
        let work = standing.work(&solution)?;
        let published = standing.life.publish(work, state(&solution), actor);
        published.map_err(|refused| standing.refused(refused))?;
        check::approved(&standing.head, work.governance)?;
        check::whole(&solution)?;
        let (tenant_id, reviewed) = (standing.viewer.tenant_id(), request.personal_reviewed);
        let personal_reviewed = check::personal(standing.store, tenant_id, &solution, reviewed)?;
        let by = &standing.viewer.principal.actor_id;
        let live = live(solution, by, standing.now);
        Ok(Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: Some(live),
            personal_reviewed,
            superseded_version: standing.head.published_version,
            cause: SolutionPublicationCause::Published.into(),
            reason: request.reason.clone(),
            ..SolutionPublished::default()
        })))
    }
}

/// A version as it goes live.
pub(super) fn live(solution: Solution, by: &str, now: Timestamp) -> Solution {
    Solution {
        state: VersionState::Published.into(),
        published_by: by.to_owned(),
        published_at: Some(to_wire(now)),
        masked: Vec::new(),
        ..solution
    }
}

/// What an earlier version said goes live again.
pub(super) struct RollBack(RollBackRequest);

impl RollBack {
    /// Checks the request.
    pub(super) fn of(request: &RollBackRequest) -> Result<(Named, Self), Error> {
        let (named, mut checker) = named(
            request,
            Some(request.version),
            ("reason", &request.reason, true),
        );
        let (against, verify_by) = (&request.verified_against, request.verify_by.as_ref());
        verified::check(&mut checker, against, verify_by);
        Ok(checker.done((named, Self(request.clone())))?)
    }
}

impl Act for RollBack {
    const METHOD: EventType = EventType::SolutionPublished;
    const IS_SEARCHED: bool = true;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let request = &self.0;
        let old = standing.version(request.version)?;
        let actor = standing.actor(&old);
        let verify_by = verified::until(request.verify_by.as_ref(), &old, standing.now)?;
        let asked = (standing.work(&old)?, state(&old));
        let rolled_back = standing
            .life
            .roll_back(asked, verify_by, actor, standing.now);
        rolled_back.map_err(|refused| standing.refused(refused))?;
        let by = &standing.viewer.principal.actor_id;
        let verification = verified::now(standing, &request.verified_against);
        // Its words were approved, by whom they say; they are in the world already. How far they are trusted has to
        // be earned anew.
        let mut copy = Solution {
            version: standing.head.latest_version.saturating_add(1),
            confidence: Confidence::Unspecified.into(),
            verify_by: verify_by.map(to_wire),
            based_on_version: old.version,
            drafted_at: Some(to_wire(standing.now)),
            author: by.to_string(),
            effective_from: None,
            effective_to: None,
            change_note: request.reason.clone(),
            recall_id: String::new(),
            ..old
        };
        heads::with_defaults(&mut copy);
        copy.content_hash = content::hash(&copy);
        Ok(Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: Some(live(copy, by, standing.now)),
            superseded_version: standing.head.published_version,
            cause: SolutionPublicationCause::RolledBack.into(),
            rolled_back_to: request.version,
            reason: request.reason.clone(),
            verification,
            ..SolutionPublished::default()
        })))
    }
}
