//! Whoever works on solutions: commands in short.

use std::sync::atomic::{AtomicU64, Ordering};

use aftercall_proto::knowledge::v1::{
    ApproveVersionRequest, DiscardDraftRequest, DraftSolutionRequest, EditDraftRequest,
    GetSolutionRequest, ListChangesRequest, ListVersionsRequest, MergeSolutionsRequest,
    PublishVersionRequest, RequestChangesRequest, RestoreSolutionRequest, RetireSolutionRequest,
    RollBackRequest, SubmitForReviewRequest, TakeBackRequest, UnmergeSolutionRequest,
};
use aftercall_proto::model::v1::{Audience, Governance, Solution, SolutionChange, VersionState};
use tonic::Status;

use crate::world::{Client, Evidence, Solutions, World, at, by};

/// Who says so, as [`by`] has it.
pub(crate) type Who<'a> = &'a [(&'static str, &'a str)];

/// What a first draft says.
pub(crate) fn content(title: &str) -> Solution {
    Solution {
        title: title.to_owned(),
        resolution: format!("Restart it: {title}"),
        customer_wording: "Please restart it".to_owned(),
        audience: Audience::Internal.into(),
        governance: Governance::ExperienceBased.into(),
        ..Solution::default()
    }
}

/// A client, and requests with fresh ids.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) solutions: Solutions,
    pub(crate) evidence: Evidence,
    client: Client,
}

static REQUESTS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn fresh() -> String {
    format!("fresh-{}", REQUESTS.fetch_add(1, Ordering::Relaxed))
}

/// A command on a version, in short.
macro_rules! command {
    ($name:ident, $named:ident: $request:ident($version:ident) $(, $field:ident: $value:expr)*) => {
        pub(crate) async fn $name(&self, id: &str, $version: u32) -> Result<Solution, Status> {
            self.$named(id, $version, &[]).await
        }

        pub(crate) async fn $named(
            &self,
            id: &str,
            $version: u32,
            who: Who<'_>,
        ) -> Result<Solution, Status> {
            let request = $request {
                request_id: fresh(),
                solution_id: id.to_owned(),
                $version,
                $($field: $value,)*
                ..$request::default()
            };
            let answer = self.solutions.clone().$name(by(request, who)).await?;
            Ok(answer.into_inner().solution.unwrap())
        }
    };
}

impl Desk {
    pub(crate) fn of(world: &World) -> Self {
        Self {
            solutions: world.solutions.clone(),
            evidence: world.evidence.clone(),
            client: world.client.clone(),
        }
    }

    pub(crate) async fn draft(&self, request_id: &str, says: Solution) -> Result<Solution, Status> {
        self.draft_as(request_id, says, &[]).await
    }

    pub(crate) async fn draft_as(
        &self,
        request_id: &str,
        says: Solution,
        who: Who<'_>,
    ) -> Result<Solution, Status> {
        let request = DraftSolutionRequest {
            request_id: request_id.to_owned(),
            solution: Some(says),
            ..DraftSolutionRequest::default()
        };
        let answer = self
            .solutions
            .clone()
            .draft_solution(by(request, who))
            .await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn draft_by(&self, request: DraftSolutionRequest) -> Result<Solution, Status> {
        let answer = self.solutions.clone().draft_solution(request).await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn next(
        &self,
        request_id: &str,
        id: &str,
        says: Solution,
    ) -> Result<Solution, Status> {
        self.next_as((request_id, id), says, &[]).await
    }

    pub(crate) async fn next_as(
        &self,
        (request_id, id): (&str, &str),
        says: Solution,
        who: Who<'_>,
    ) -> Result<Solution, Status> {
        let request = DraftSolutionRequest {
            request_id: request_id.to_owned(),
            solution_id: id.to_owned(),
            solution: Some(says),
            ..DraftSolutionRequest::default()
        };
        let request = by(request, who);
        let answer = self.solutions.clone().draft_solution(request).await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn edit_by(
        &self,
        request: EditDraftRequest,
        who: Who<'_>,
    ) -> Result<Solution, Status> {
        let answer = self.solutions.clone().edit_draft(by(request, who)).await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    command!(submit_for_review, submit_as: SubmitForReviewRequest(version));
    command!(request_changes, request_changes_as: RequestChangesRequest(version), reason: "No".to_owned());
    command!(take_back, take_back_as: TakeBackRequest(version));
    command!(discard_draft, discard_as: DiscardDraftRequest(version));
    command!(approve_version, approve_as: ApproveVersionRequest(version));
    command!(publish_version, publish_as: PublishVersionRequest(version));
    command!(roll_back, roll_back_as: RollBackRequest(version), reason: "Worse".to_owned());

    pub(crate) async fn submit(&self, id: &str, version: u32) -> Result<Solution, Status> {
        self.submit_for_review(id, version).await
    }

    pub(crate) async fn approve(&self, id: &str, version: u32) -> Result<Solution, Status> {
        self.approve_version(id, version).await
    }

    pub(crate) async fn publish(&self, id: &str, version: u32) -> Result<Solution, Status> {
        self.publish_version(id, version).await
    }

    /// A new solution whose first version is live.
    pub(crate) async fn published(&self, title: &str) -> String {
        self.published_saying(content(title)).await
    }

    pub(crate) async fn published_saying(&self, says: Solution) -> String {
        let draft = self.draft(&fresh(), says).await.unwrap();
        let id = draft.solution_id;
        // Four eyes, where they are asked for.
        self.approve_as(&id, 1, &[("actor", "ann")]).await.unwrap();
        self.publish(&id, 1).await.unwrap();
        id
    }

    /// The next version of a solution is live.
    pub(crate) async fn publish_next(&self, id: &str, title: &str) -> u32 {
        let next = self.next(&fresh(), id, content(title)).await.unwrap();
        self.approve(id, next.version).await.unwrap();
        self.publish(id, next.version).await.unwrap();
        next.version
    }

    pub(crate) async fn retire(
        &self,
        id: &str,
        replaced_by: &str,
        who: Who<'_>,
    ) -> Result<Solution, Status> {
        let request = RetireSolutionRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            replaced_by: replaced_by.to_owned(),
            reason: "Out of date".to_owned(),
            expected_sequence: 0,
        };
        let answer = self
            .solutions
            .clone()
            .retire_solution(by(request, who))
            .await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn restore(&self, id: &str, against: &str) -> Result<Solution, Status> {
        self.restore_as(id, (against, None), &[]).await
    }

    /// Restores a solution that was checked against something, and holds until a second.
    pub(crate) async fn restore_as(
        &self,
        id: &str,
        (against, until): (&str, Option<i64>),
        who: Who<'_>,
    ) -> Result<Solution, Status> {
        let request = RestoreSolutionRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            reason: "In use again".to_owned(),
            verified_against: against.to_owned(),
            verify_by: until.map(at),
            ..RestoreSolutionRequest::default()
        };
        let request = by(request, who);
        let answer = self.solutions.clone().restore_solution(request).await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn merge(&self, sources: &[&str], into: &str) -> Result<Solution, Status> {
        self.merge_as(sources, into, &[]).await
    }

    pub(crate) async fn merge_as(
        &self,
        sources: &[&str],
        into: &str,
        who: Who<'_>,
    ) -> Result<Solution, Status> {
        let request = MergeSolutionsRequest {
            request_id: fresh(),
            target_id: into.to_owned(),
            source_ids: sources.iter().map(|&id| id.to_owned()).collect(),
            reason: "They say the same".to_owned(),
        };
        let request = by(request, who);
        let answer = self.solutions.clone().merge_solutions(request).await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn unmerge(&self, id: &str) -> Result<Solution, Status> {
        self.unmerge_as(id, &[]).await
    }

    pub(crate) async fn unmerge_as(&self, id: &str, who: Who<'_>) -> Result<Solution, Status> {
        let request = UnmergeSolutionRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            reason: "They do not".to_owned(),
            expected_sequence: 0,
        };
        let request = by(request, who);
        let answer = self.solutions.clone().unmerge_solution(request).await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn find(&self, id: &str, who: Who<'_>) -> Result<(Solution, String), Status> {
        let request = GetSolutionRequest {
            solution_id: id.to_owned(),
            latest: true,
            ..GetSolutionRequest::default()
        };
        let answer = self.client.clone().get_solution(by(request, who)).await?;
        let answer = answer.into_inner();
        Ok((answer.solution.unwrap(), answer.redirected_from))
    }

    pub(crate) async fn get(&self, id: &str) -> Solution {
        self.find(id, &[]).await.unwrap().0
    }

    pub(crate) async fn versions(&self, id: &str) -> Vec<Solution> {
        let request = ListVersionsRequest {
            solution_id: id.to_owned(),
            latest: true,
            ..ListVersionsRequest::default()
        };
        let answer = self.solutions.clone().list_versions(request).await.unwrap();
        answer.into_inner().versions
    }

    pub(crate) async fn states(&self, id: &str) -> Vec<VersionState> {
        self.versions(id)
            .await
            .iter()
            .map(Solution::state)
            .collect()
    }

    pub(crate) async fn changes(&self, id: &str) -> Vec<SolutionChange> {
        let request = ListChangesRequest {
            solution_id: id.to_owned(),
            latest: true,
            ..ListChangesRequest::default()
        };
        let answer = self.solutions.clone().list_changes(request).await.unwrap();
        answer.into_inner().changes
    }
}
