//! A version begins: what it is made of, and the event that says so.

use aftercall_domain::solution::{drafted_id, solution_id};
use aftercall_log::Record;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::SolutionDrafted;
use aftercall_proto::model::v1::{Candidate, MaskedWord, Solution};
use aftercall_service::Principal;
use aftercall_service::seal::{Author, Request, Sealing};
use jiff::Timestamp;

use crate::candidates::Group;
use crate::content;
use crate::failure::Error;
use crate::heads::{self, Head};

/// A version that is to begin.
#[derive(Debug, Default)]
pub(crate) struct Beginning<'a> {
    /// The solution. Of the first version see [`id_of_candidate`] and [`id_of_request`].
    pub(crate) solution_id: String,
    /// The solution's number, where it is begun: see [`numbers::free`](crate::numbers::free). Empty for one that there is.
    pub(crate) solution_number: String,
    /// How the solution stands; none for its first version.
    pub(crate) head: Option<&'a Head>,
    /// What the version says; nothing else of it is looked at but the contacts that it was made from and the version
    /// that it is based on.
    pub(crate) says: Solution,
    /// The candidate that it is made of; may be empty.
    pub(crate) candidate_id: String,
    /// Those that say nearly the same as it.
    pub(crate) near_candidate_ids: Vec<String>,
    /// What of it gave way to placeholders.
    pub(crate) masked: Vec<MaskedWord>,
}

impl Beginning<'_> {
    /// Makes it of a candidate and of those that say nearly the same.
    pub(crate) fn take(&mut self, group: &Group) {
        self.candidate_id = group.leader().to_owned();
        let all = group.candidate_ids();
        let near = all.filter(|near| *near != self.candidate_id);
        self.near_candidate_ids = near.map(str::to_owned).collect();
    }

    /// What happens: the version begins, with every value that it is made of.
    pub(crate) fn fact(self, by: &Principal, now: Timestamp) -> Fact {
        let latest = self.head.map_or(0, |head| head.latest_version);
        let mut solution = Solution {
            solution_id: self.solution_id,
            solution_number: self.solution_number,
            version: latest.saturating_add(1),
            author: by.actor_id.to_string(),
            editors: vec![by.actor_id.to_string()],
            drafted_at: Some(to_wire(now)),
            candidate_id: self.candidate_id.clone(),
            origin_interaction_ids: self.says.origin_interaction_ids.clone(),
            based_on_version: self.says.based_on_version,
            masked: self.masked,
            ..content::of(&self.says)
        };
        heads::with_defaults(&mut solution);
        solution.content_hash = content::hash(&solution);
        Fact::SolutionDrafted(Box::new(SolutionDrafted {
            solution: Some(solution),
            candidate_id: self.candidate_id,
            near_candidate_ids: self.near_candidate_ids,
        }))
    }

    /// The event that says so.
    pub(crate) fn record(
        self,
        by: &Principal,
        request: Request<'_>,
        now: Timestamp,
    ) -> Result<Record, Error> {
        let sequence = self.head.map_or(0, |head| head.sequence);
        let solution_id = self.solution_id.clone();
        let sealing = Sealing {
            by: Author::from(by),
            aggregate_id: &solution_id,
            interaction_id: "",
            customer_id: "",
            sequence: sequence.saturating_add(1),
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(request),
        };
        Ok(sealing.seal(&self.fact(by, now))?)
    }
}

/// The id of the solution that is made of a candidate, as a draft or at once.
pub(crate) fn id_of_candidate(tenant_id: &str, candidate_id: &str) -> String {
    solution_id(tenant_id, candidate_id).to_string()
}

/// The id of a solution that is begun with a blank page, or from a case.
pub(crate) fn id_of_request(by: &Principal, request_id: &str) -> String {
    drafted_id(&by.tenant_id, &by.actor_id, request_id).to_string()
}

/// What a version says that is made of a candidate, whose words are masked already.
pub(crate) fn of_candidate(candidate: &Candidate) -> Solution {
    let words = Some(candidate.customer_wording.clone()).filter(|words| !words.is_empty());
    Solution {
        question_in_customer_words: words.into_iter().collect(),
        resolution: candidate.resolution.clone(),
        workaround: candidate.workaround.clone(),
        reason_code: candidate.reason_code.clone(),
        origin_interaction_ids: candidate.interaction_ids.clone(),
        ..Solution::default()
    }
}
