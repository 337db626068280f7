//! Who may do what with solutions.

use super::audience::{Audience, Governance};

/// What somebody's roles allow with solutions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rights {
    /// To write drafts: kb_candidate and up.
    pub drafts: bool,
    /// To approve, and to publish within the house: kb_contributor and up.
    pub contributes: bool,
    /// To publish for those outside, and to put out of use: kb_publisher.
    pub publishes: bool,
    /// To say that a version is wrong: kb_domain_expert.
    pub answers_for: bool,
    /// To approve and publish by law or contract: compliance_officer.
    pub complies: bool,
}

/// One of the [`Rights`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// [`Rights::drafts`].
    Draft,
    /// [`Rights::contributes`].
    Contribute,
    /// [`Rights::publishes`].
    Publish,
    /// [`Rights::answers_for`], or [`Rights::complies`].
    Recall,
    /// [`Rights::complies`].
    Comply,
}

/// Who acts.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    /// Their id.
    pub id: &'a str,
    /// What their roles allow.
    pub rights: Rights,
    /// Whether they are of the team that answers for the solution.
    pub is_of_owner_group: bool,
}

/// What of a version decides who may do what with it.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The version.
    pub version: u32,
    /// Everybody who wrote in it.
    pub editors: &'a [String],
    /// Who is asked to review it.
    pub reviewers: &'a [String],
    /// Who handed it in for review; empty for nobody.
    pub submitted_by: &'a str,
    /// By which rules it is judged: the stricter of its own and of those of the version that was live last.
    pub governance: Governance,
    /// For whom it is.
    pub audience: Audience,
    /// Whether it goes live by itself once it is approved.
    pub is_scheduled: bool,
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// They lack the right.
    Lacks(Right),
    /// It is for more people than they may publish for.
    AudienceTooWide(Audience),
    /// They wrote it, or handed it in, and it needs the eyes of somebody else.
    OwnWork,
    /// It is somebody else's draft.
    NotAuthor,
}

impl Actor<'_> {
    fn wrote(&self, work: Work<'_>) -> bool {
        work.editors.iter().any(|id| id == self.id)
    }

    /// Whether they have a right.
    pub const fn has(&self, right: Right) -> bool {
        match right {
            Right::Draft => self.rights.drafts,
            Right::Contribute => self.rights.contributes,
            Right::Publish => self.rights.publishes,
            Right::Recall => self.rights.answers_for || self.rights.complies,
            Right::Comply => self.rights.complies,
        }
    }

    /// Refuses somebody who lacks a right.
    ///
    /// # Errors
    /// [`Barred::Lacks`].
    pub const fn need(&self, right: Right) -> Result<(), Barred> {
        match self.has(right) {
            true => Ok(()),
            false => Err(Barred::Lacks(right)),
        }
    }

    /// Whether they may change a draft or give it up: who wrote in it, and who may approve it.
    ///
    /// # Errors
    /// Why not.
    pub fn may_edit(&self, work: Work<'_>) -> Result<(), Barred> {
        self.need(Right::Draft)?;
        match self.wrote(work) || self.rights.contributes {
            true => Ok(()),
            false => Err(Barred::NotAuthor),
        }
    }

    /// Whether they may hand a draft in, or take it back: who wrote in it.
    ///
    /// # Errors
    /// Why not.
    pub fn may_submit(&self, work: Work<'_>) -> Result<(), Barred> {
        match self.wrote(work) {
            true => Ok(()),
            false => Err(Barred::NotAuthor),
        }
    }

    /// Whether they may send a version back: who may approve such versions, and who was asked to review it.
    ///
    /// # Errors
    /// Why not.
    pub fn may_send_back(&self, work: Work<'_>) -> Result<(), Barred> {
        let was_asked = work.reviewers.iter().any(|id| id == self.id);
        match was_asked || self.rights.contributes || self.rights.complies {
            true => Ok(()),
            false => Err(Barred::Lacks(Right::Contribute)),
        }
    }

    /// Whether they may approve a version. What goes live by itself then, whoever approves it publishes.
    ///
    /// # Errors
    /// Why not.
    pub fn may_approve(&self, work: Work<'_>) -> Result<(), Barred> {
        match work.governance {
            Governance::ExperienceBased => self.need(Right::Contribute)?,
            Governance::ComplianceBased => {
                self.need(Right::Comply)?;
                if self.wrote(work) || work.submitted_by == self.id {
                    return Err(Barred::OwnWork);
                }
            }
        }
        match work.is_scheduled {
            true => self.may_publish(work),
            false => Ok(()),
        }
    }

    /// Whether they may make a version live.
    ///
    /// # Errors
    /// Why not.
    pub fn may_publish(&self, work: Work<'_>) -> Result<(), Barred> {
        match work.governance {
            Governance::ComplianceBased => self.need(Right::Comply),
            Governance::ExperienceBased if self.rights.publishes => Ok(()),
            Governance::ExperienceBased => {
                self.need(Right::Contribute)?;
                match work.audience.is_within() {
                    true => Ok(()),
                    false => Err(Barred::AudienceTooWide(work.audience)),
                }
            }
        }
    }

    /// Whether they may say that the live version was checked, and by when it is to be checked again.
    ///
    /// # Errors
    /// Why not.
    pub fn may_verify(&self, work: Work<'_>) -> Result<(), Barred> {
        match work.governance {
            Governance::ComplianceBased => self.need(Right::Comply),
            Governance::ExperienceBased if self.rights.complies => Ok(()),
            Governance::ExperienceBased => self.need(Right::Contribute),
        }
    }

    /// Whether they may vouch for the live version.
    ///
    /// # Errors
    /// Why not.
    pub fn may_vouch(&self, work: Work<'_>) -> Result<(), Barred> {
        match work.governance {
            Governance::ComplianceBased => self.need(Right::Comply),
            Governance::ExperienceBased => self.need(Right::Contribute),
        }
    }

    /// Whether they may make live what was live before.
    ///
    /// # Errors
    /// Why not.
    pub fn may_revive(&self, work: Work<'_>) -> Result<(), Barred> {
        match work.governance {
            Governance::ComplianceBased => self.need(Right::Comply),
            Governance::ExperienceBased => self.need(Right::Publish),
        }
    }

    /// Whether they may put a solution out of use: publishers, and those of its team who write solutions.
    ///
    /// # Errors
    /// Why not.
    pub fn may_retire(&self) -> Result<(), Barred> {
        match self.is_of_owner_group && self.rights.drafts {
            true => Ok(()),
            false => self.need(Right::Publish),
        }
    }
}
