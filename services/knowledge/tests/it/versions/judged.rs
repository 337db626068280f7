//! What people say of how well a version does: commands in short.

use aftercall_proto::knowledge::v1::{
    FlagSolutionRequest, ListFlagsRequest, RecallVersionRequest, ResolveFlagRequest,
    RollBackRequest, ValidateSolutionRequest, VerifySolutionRequest,
};
use aftercall_proto::model::v1::{
    HarmClass, Recall, Solution, SolutionFlag, SolutionFlagKind, SolutionFlagState, SourceCheck,
};
use tonic::Status;

use super::desk::{Desk, Who, fresh};
use crate::world::{STARTED_S, at, by};

impl Desk {
    pub(crate) async fn flag_as(
        &self,
        id: &str,
        version: u32,
        who: Who<'_>,
    ) -> Result<SolutionFlag, Status> {
        let request = FlagSolutionRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            version,
            kind: SolutionFlagKind::Wrong.into(),
            ..FlagSolutionRequest::default()
        };
        let request = by(request, who);
        let answer = self.evidence.clone().flag_solution(request).await?;
        Ok(answer.into_inner().flag.unwrap())
    }

    pub(crate) async fn open_flags(&self, id: &str) -> Vec<SolutionFlag> {
        let request = ListFlagsRequest {
            solution_id: id.to_owned(),
            latest: true,
            ..ListFlagsRequest::default()
        };
        let answer = self.evidence.clone().list_flags(request).await.unwrap();
        answer.into_inner().flags
    }

    pub(crate) async fn confirm_as(
        &self,
        id: &str,
        flag_id: &str,
        who: Who<'_>,
    ) -> Result<SolutionFlag, Status> {
        let request = ResolveFlagRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            flag_id: flag_id.to_owned(),
            state: SolutionFlagState::Confirmed.into(),
            ..ResolveFlagRequest::default()
        };
        let request = by(request, who);
        let answer = self.evidence.clone().resolve_flag(request).await?;
        Ok(answer.into_inner().flag.unwrap())
    }

    /// Says that a version was checked, and holds until a second.
    pub(crate) async fn verify_as(
        &self,
        (id, version): (&str, u32),
        until: i64,
        who: Who<'_>,
    ) -> Result<Solution, Status> {
        let request = VerifySolutionRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            version,
            sources: vec![SourceCheck {
                uri: "https://law.example/refunds".to_owned(),
                content_hash: "aa".to_owned(),
                checked_at: Some(at(STARTED_S)),
                changed: false,
            }],
            verify_by: Some(at(until)),
            ..VerifySolutionRequest::default()
        };
        let request = by(request, who);
        let answer = self.evidence.clone().verify_solution(request).await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn validate_as(
        &self,
        id: &str,
        version: u32,
        who: Who<'_>,
    ) -> Result<Solution, Status> {
        let request = ValidateSolutionRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            version,
            ..ValidateSolutionRequest::default()
        };
        let request = by(request, who);
        let answer = self.evidence.clone().validate_solution(request).await?;
        Ok(answer.into_inner().solution.unwrap())
    }

    pub(crate) async fn recall_as(
        &self,
        (id, version): (&str, u32),
        harm_class: HarmClass,
        who: Who<'_>,
    ) -> Result<Recall, Status> {
        let request = RecallVersionRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            version,
            harm_class: harm_class.into(),
            reason: "It is wrong".to_owned(),
            ..RecallVersionRequest::default()
        };
        let request = by(request, who);
        let answer = self.evidence.clone().recall_version(request).await?;
        Ok(answer.into_inner().recall.unwrap())
    }

    /// Goes back to a version that was checked against something, and holds until a second.
    pub(crate) async fn roll_back_verified(
        &self,
        (id, version): (&str, u32),
        (against, until): (&str, Option<i64>),
    ) -> Result<Solution, Status> {
        let request = RollBackRequest {
            request_id: fresh(),
            solution_id: id.to_owned(),
            version,
            reason: "Worse".to_owned(),
            verified_against: against.to_owned(),
            verify_by: until.map(at),
            ..RollBackRequest::default()
        };
        let answer = self.solutions.clone().roll_back(request).await?;
        Ok(answer.into_inner().solution.unwrap())
    }
}
