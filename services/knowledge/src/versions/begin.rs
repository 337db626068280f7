//! Drafts: begun with a blank page, from a case, from a candidate, or as the next version; and written in.

use aftercall_domain::solution::diff;
use aftercall_domain::{CandidateId, InteractionId, Warning};
use aftercall_log::Record;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SolutionEdited};
use aftercall_proto::knowledge::v1::{DraftSolutionRequest, EditDraftRequest};
use aftercall_proto::model::v1::{Audience, Governance, MaskedWord, Solution};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Checker, Principal};
use aftercall_view::{Direction, Store};
use prost::Message;

use super::{Act, Named, New, Standing, canonical, check, rights, says, work};
use crate::content;
use crate::drafting::{self, Beginning};
use crate::failure::Error;
use crate::heads;
use crate::keys;
use crate::numbers;
use crate::personal;
use crate::reader::Viewer;
use crate::records::Case;
use crate::review;

/// A version is to begin.
#[derive(Debug, Clone)]
pub(super) struct NewDraft {
    /// Whether it is of a solution that there is not yet.
    is_new: bool,
    /// What it is to say.
    says: Solution,
    of: Of,
    warnings: Vec<Warning>,
    /// The version that it is made from; 0 for the one that is live, or was last.
    based_on_version: u32,
}

/// What a version is made of.
#[derive(Debug, Clone)]
enum Of {
    Nothing,
    Case(String),
    Candidate(String),
}

impl NewDraft {
    /// Checks the request.
    pub(super) fn of(
        request: &DraftSolutionRequest,
        by: &Principal,
    ) -> Result<(Named, Self), Error> {
        let mut checker = Checker::new();
        checker.required_id("request_id", &request.request_id);
        checker.id("solution_id", &request.solution_id);
        checker.id("interaction_id", &request.interaction_id);
        checker.id("candidate_id", &request.candidate_id);
        let (interaction, candidate) = (&request.interaction_id, &request.candidate_id);
        if !interaction.is_empty() && !candidate.is_empty() {
            checker.conflicting("interaction_id", "excludes candidate_id; give one of them");
        }
        if !request.solution_id.is_empty() {
            if !candidate.is_empty() {
                let text = "is for a new solution; leave it out, or leave solution_id out";
                checker.conflicting("candidate_id", text);
            }
        } else if request.based_on_version != 0 {
            let text = "is for a solution that there is; name it as solution_id, or leave it out";
            checker.conflicting("based_on_version", text);
        }
        let (says, warnings, found) = check::sent(&request.solution.clone().unwrap_or_default());
        checker.found().extend(found);
        checker.done(())?;
        let of = match (interaction.is_empty(), candidate.is_empty()) {
            (false, _) => Of::Case(InteractionId::read(interaction).into_string()),
            (_, false) => Of::Candidate(CandidateId::read(candidate).into_string()),
            _ => Of::Nothing,
        };
        let solution_id = match (&*request.solution_id, &of) {
            ("", Of::Candidate(id)) => drafting::id_of_candidate(&by.tenant_id, id),
            ("", _) => drafting::id_of_request(by, &request.request_id),
            (solution_id, _) => canonical(solution_id),
        };
        let named = Named {
            request_id: request.request_id.clone(),
            hash: RequestHash::of(request),
            solution_id,
            expected_sequence: request.expected_sequence,
        };
        let draft = Self {
            is_new: request.solution_id.is_empty(),
            says,
            of,
            warnings,
            based_on_version: request.based_on_version,
        };
        Ok((named, draft))
    }
}

impl Act for NewDraft {
    const METHOD: EventType = EventType::SolutionDrafted;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        if self.is_new {
            return match &self.of {
                Of::Candidate(id) if standing.life.is_given_up() => self.again(standing, id),
                _ => Err(self.taken(standing)),
            };
        }
        let base = match self.based_on_version {
            0 => standing.known_by()?,
            version => standing.version(version)?,
        };
        let actor = standing.actor(&base);
        let drafted = standing.life.draft(actor);
        drafted.map_err(|refused| standing.refused(refused))?;
        let mut masked = Vec::new();
        let mut says = Solution {
            effective_from: None,
            change_note: String::new(),
            ..content::of(&base)
        };
        says.origin_interaction_ids
            .clone_from(&base.origin_interaction_ids);
        if let Of::Case(interaction_id) = &self.of {
            let (case, found) = case(standing.store, standing.viewer, interaction_id)?;
            content::overlay(&mut says, &case);
            says.origin_interaction_ids.push(interaction_id.clone());
            masked = found;
        }
        content::overlay(&mut says, &self.says);
        says.based_on_version = base.version;
        check::draft(&says, standing.now)?;
        let mut beginning = Beginning {
            solution_id: standing.solution_id.to_owned(),
            head: Some(&standing.head),
            says,
            masked,
            ..Beginning::default()
        };
        if standing.life.is_given_up() {
            take_again(&mut beginning, standing, &base.candidate_id)?;
        }
        Ok(beginning.fact(&standing.viewer.principal, standing.now))
    }

    fn begin(&self, new: &New<'_>) -> Result<Record, Error> {
        if !self.is_new {
            return Err(Error::SolutionNotFound);
        }
        let principal = &new.viewer.principal;
        let actor = aftercall_domain::solution::Actor {
            id: &principal.actor_id,
            rights: rights(principal),
            is_of_owner_group: false,
        };
        let life = aftercall_domain::solution::Life::default();
        let drafted = life.draft(actor);
        drafted.map_err(|refused| crate::failure::unsolved::refused(refused, principal))?;
        let (tenant_id, solution_id) = (new.viewer.tenant_id(), &new.named.solution_id);
        let number = numbers::free(new.store, tenant_id, solution_id);
        let mut beginning = Beginning {
            solution_id: solution_id.clone(),
            solution_number: number.map_err(Error::internal)?.into_string(),
            ..Beginning::default()
        };
        let mut says = Solution::default();
        match &self.of {
            Of::Nothing => {}
            Of::Case(interaction_id) => {
                (says, beginning.masked) = case(new.store, new.viewer, interaction_id)?;
                says.origin_interaction_ids = vec![interaction_id.clone()];
            }
            Of::Candidate(id) => {
                let (candidate, group) = review::free((new.store, new.now), new.viewer, id)?;
                beginning.masked.clone_from(&candidate.masked);
                beginning.take(&group);
                says = drafting::of_candidate(&candidate);
            }
        }
        content::overlay(&mut says, &self.says);
        check::draft(&says, new.now)?;
        beginning.says = says;
        beginning.record(principal, new.request(), new.now)
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

impl NewDraft {
    /// The next draft of a candidate whose solution was given up before it was live. It begins with the candidate's
    /// words, and not with those that were given up.
    fn again(&self, standing: &Standing<'_>, id: &str) -> Result<Fact, Error> {
        let (store, viewer, now) = (standing.store, standing.viewer, standing.now);
        let actor = standing.actor(&Solution::default());
        let drafted = standing.life.draft(actor);
        drafted.map_err(|refused| standing.refused(refused))?;
        let (candidate, group) = review::free((store, now), viewer, id)?;
        let mut says = drafting::of_candidate(&candidate);
        content::overlay(&mut says, &self.says);
        check::draft(&says, now)?;
        let mut beginning = Beginning {
            solution_id: standing.solution_id.to_owned(),
            head: Some(&standing.head),
            says,
            masked: candidate.masked,
            ..Beginning::default()
        };
        beginning.take(&group);
        Ok(beginning.fact(&viewer.principal, now))
    }

    /// Why there is a solution already under the id that the new one would have.
    fn taken(&self, standing: &Standing<'_>) -> Error {
        match self.of {
            Of::Candidate(_) => Error::AlreadyPromoted {
                solution_id: standing.solution_id.to_owned(),
            },
            // It was made by a request with this id that is not known any more.
            Of::Nothing | Of::Case(_) => Error::RequestIdReused,
        }
    }
}

/// The candidate of a solution that was given up becomes it again, unless something else was made of it meanwhile, or
/// somebody has it in hand.
fn take_again(
    beginning: &mut Beginning<'_>,
    standing: &Standing<'_>,
    candidate_id: &str,
) -> Result<(), Error> {
    let at = (standing.store, standing.now);
    match review::free(at, standing.viewer, candidate_id) {
        Ok((_, group)) => beginning.take(&group),
        Err(
            Error::CandidateNotFound
            | Error::AlreadyPromoted { .. }
            | Error::CandidateState { .. }
            | Error::CandidateClaimed { .. },
        ) => {}
        Err(other) => return Err(other),
    }
    Ok(())
}

/// What a version says that is made of a contact, without what is personal, and what was masked.
fn case(
    store: &Store,
    viewer: &Viewer,
    interaction_id: &str,
) -> Result<(Solution, Vec<MaskedWord>), Error> {
    let (tenant_id, scope) = viewer.whose();
    let rows = store.scan_prefix(keys::cases(tenant_id, interaction_id), Direction::Ascending);
    for entry in rows {
        let case = Case::decode(entry?.1).map_err(Error::internal)?;
        if !scope.admits(case.parties().iter()) {
            continue;
        }
        let known = personal::known(&case);
        let mut all = Vec::new();
        let mut masked = |field: &str, text: &str| {
            let (text, found) = personal::masked(field, text, &known);
            all.extend(found);
            text
        };
        let words = masked("question_in_customer_words[0]", &case.stated_verbatim);
        let says = Solution {
            resolution: masked("resolution", &case.resolution),
            workaround: masked("workaround", &case.workaround),
            question_in_customer_words: Some(words)
                .filter(|words| !words.is_empty())
                .into_iter()
                .collect(),
            reason_code: case.reason_code.clone(),
            ..Solution::default()
        };
        return Ok((says, all));
    }
    Err(Error::InteractionNotFound)
}

/// A draft is written in.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    says: Solution,
    reason: String,
    warnings: Vec<Warning>,
}

impl Edit {
    /// Checks the request.
    pub(super) fn of(request: &EditDraftRequest) -> Result<(Named, Self), Error> {
        let mut checker = Checker::new();
        checker.required_id("request_id", &request.request_id);
        checker.required_id("solution_id", &request.solution_id);
        if request.solution.is_none() {
            checker.found().required("solution");
        }
        if request.expected_sequence == 0 {
            checker.add(
                "expected_sequence",
                aftercall_domain::violation::Reason::Required,
                "is required; give the sequence of the solution that was read, so that nobody's words are lost",
            );
        }
        checker.text(
            "reason",
            &request.reason,
            aftercall_domain::limits::TEXT_BYTES_MAX,
        );
        let (says, warnings, found) = check::sent(&request.solution.clone().unwrap_or_default());
        checker.found().extend(found);
        checker.done(())?;
        let named = Named {
            request_id: request.request_id.clone(),
            hash: RequestHash::of(request),
            solution_id: canonical(&request.solution_id),
            expected_sequence: request.expected_sequence,
        };
        let reason = request.reason.clone();
        let edit = Self {
            says,
            reason,
            warnings,
        };
        Ok((named, edit))
    }
}

impl Act for Edit {
    const METHOD: EventType = EventType::SolutionEdited;

    fn decide(&self, standing: &Standing<'_>) -> Result<Fact, Error> {
        let open = match standing.head.open_version {
            0 => standing.known_by()?,
            open => standing.version(open)?,
        };
        let actor = standing.actor(&open);
        let edited = standing.life.edit(work(&open), super::state(&open), actor);
        edited.map_err(|refused| standing.refused(refused))?;
        check::draft(&self.says, standing.now)?;
        let mut solution = open.clone();
        content::replace(&mut solution, &self.says);
        // What is left out here is no wider and no less strict by that.
        if solution.audience() == Audience::Unspecified {
            solution.audience = open.audience;
        }
        if solution.governance() == Governance::Unspecified {
            solution.governance = open.governance;
        }
        let by = standing.viewer.principal.actor_id.to_string();
        if !solution.editors.contains(&by) {
            solution.editors.push(by);
        }
        heads::with_defaults(&mut solution);
        solution.content_hash = content::hash(&solution);
        let changed_fields = diff::changed_fields(&says(&open), &says(&solution));
        Ok(Fact::SolutionEdited(Box::new(SolutionEdited {
            solution: Some(solution),
            changed_fields: changed_fields.into_iter().map(str::to_owned).collect(),
            reason: self.reason.clone(),
        })))
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
