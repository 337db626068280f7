//! Which request is which call.

use aftercall_proto::{alerts, followups, history, insight, knowledge, notify, recorder, settings};
use prost::Message;

/// A request that has one answer.
pub trait Rpc: Message + Clone + Default + 'static {
    /// What it is answered with.
    type Answer: Message + Default + 'static;

    /// The method that takes it, as gRPC addresses it.
    const PATH: &'static str;

    /// Gives the request a name if it has none, so that sending it again is the same request.
    fn name(&mut self, _fresh: impl FnOnce() -> String) {}

    /// Where a query says what its answer must include; nothing in a write.
    fn min_position(&mut self) -> Option<&mut String> {
        None
    }

    /// Asks that the answer include all that was durable when the request came.
    fn ask_latest(&mut self) {}

    /// Where in the log a write stands; nothing for a query.
    fn position(_answer: &Self::Answer) -> Option<&str> {
        None
    }
}

macro_rules! rpcs {
    ($($service:literal {
        $($kind:ident $method:literal: $request:ty => $answer:ty;)*
    })*) => {
        /// The path of every method that [`Client::call`](crate::Client::call) reaches.
        pub const METHODS: &[&str] = &[$($(concat!("/", $service, "/", $method),)*)*];

        $($(impl Rpc for $request {
            type Answer = $answer;

            const PATH: &'static str = concat!("/", $service, "/", $method);

            rpcs!(@$kind);
        })*)*
    };
    (@query) => {
        fn min_position(&mut self) -> Option<&mut String> {
            Some(&mut self.min_position)
        }

        fn ask_latest(&mut self) {
            self.latest = true;
        }
    };
    (@plain) => {};
    (@command) => {
        fn name(&mut self, fresh: impl FnOnce() -> String) {
            if self.request_id.is_empty() {
                self.request_id = fresh();
            }
        }

        rpcs!(@write);
    };
    (@record) => {
        fn name(&mut self, fresh: impl FnOnce() -> String) {
            let contact = self.interaction.as_mut();
            let nameless = contact.filter(|it| it.interaction_id.is_empty() && it.external_ref.is_none());
            if let Some(contact) = nameless {
                contact.interaction_id = fresh();
            }
        }

        rpcs!(@write);
    };
    (@plain) => {};
    (@write) => {
        fn position(answer: &Self::Answer) -> Option<&str> {
            Some(&answer.position)
        }
    };
}

rpcs! {
    "aftercall.recorder.v1.RecorderService" {
        record "RecordInteraction":
            recorder::v1::RecordInteractionRequest => recorder::v1::RecordInteractionResponse;
        command "AmendInteraction":
            recorder::v1::AmendInteractionRequest => recorder::v1::AmendInteractionResponse;
        command "AnalyseInteraction":
            recorder::v1::AnalyseInteractionRequest => recorder::v1::AnalyseInteractionResponse;
        plain "ScoreText": recorder::v1::ScoreTextRequest => recorder::v1::ScoreTextResponse;
        plain "FindPromises": recorder::v1::FindPromisesRequest => recorder::v1::FindPromisesResponse;
        command "IdentifyInteraction":
            recorder::v1::IdentifyInteractionRequest => recorder::v1::IdentifyInteractionResponse;
        command "MergeCustomers":
            recorder::v1::MergeCustomersRequest => recorder::v1::MergeCustomersResponse;
        command "UnmergeCustomers":
            recorder::v1::UnmergeCustomersRequest => recorder::v1::UnmergeCustomersResponse;
    }
    "aftercall.recorder.v1.CallService" {
        write "BatchReportCallEvents":
            recorder::v1::BatchReportCallEventsRequest => recorder::v1::BatchReportCallEventsResponse;
    }
    "aftercall.followups.v1.LiveCallService" {
        query "ListIncompleteCalls":
            followups::v1::ListIncompleteCallsRequest => followups::v1::ListIncompleteCallsResponse;
        command "JudgeCallDrop":
            followups::v1::JudgeCallDropRequest => followups::v1::JudgeCallDropResponse;
        command "SaveWrapUp":
            followups::v1::SaveWrapUpRequest => followups::v1::SaveWrapUpResponse;
    }
    "aftercall.history.v1.HistoryService" {
        query "GetInteraction":
            history::v1::GetInteractionRequest => history::v1::GetInteractionResponse;
        query "BatchGetInteractions":
            history::v1::BatchGetInteractionsRequest => history::v1::BatchGetInteractionsResponse;
        query "ListAmendments":
            history::v1::ListAmendmentsRequest => history::v1::ListAmendmentsResponse;
        query "GetCustomerContext":
            history::v1::GetCustomerContextRequest => history::v1::GetCustomerContextResponse;
        query "ListTimeline":
            history::v1::ListTimelineRequest => history::v1::ListTimelineResponse;
        query "SearchInteractions":
            history::v1::SearchInteractionsRequest => history::v1::SearchInteractionsResponse;
        query "FindCustomers":
            history::v1::FindCustomersRequest => history::v1::FindCustomersResponse;
    }
    "aftercall.history.v1.ExportService" {
        plain "GetExportKey":
            history::v1::GetExportKeyRequest => history::v1::GetExportKeyResponse;
    }
    "aftercall.insight.v1.InsightService" {
        query "Aggregate": insight::v1::AggregateRequest => insight::v1::AggregateResponse;
        query "ListContacts": insight::v1::ListContactsRequest => insight::v1::ListContactsResponse;
        query "CompareDrivers":
            insight::v1::CompareDriversRequest => insight::v1::CompareDriversResponse;
        query "CountRepeatContacts":
            insight::v1::CountRepeatContactsRequest => insight::v1::CountRepeatContactsResponse;
        command "AttributeCause":
            insight::v1::AttributeCauseRequest => insight::v1::AttributeCauseResponse;
        query "ListSlipUps": insight::v1::ListSlipUpsRequest => insight::v1::ListSlipUpsResponse;
        query "ListCustomerSlipUps":
            insight::v1::ListCustomerSlipUpsRequest => insight::v1::ListCustomerSlipUpsResponse;
        query "MeasureFairClocks":
            insight::v1::MeasureFairClocksRequest => insight::v1::MeasureFairClocksResponse;
        query "ListFairClocks":
            insight::v1::ListFairClocksRequest => insight::v1::ListFairClocksResponse;
    }
    "aftercall.insight.v1.ProblemService" {
        command "CreateProblem":
            insight::v1::CreateProblemRequest => insight::v1::CreateProblemResponse;
        command "UpdateProblem":
            insight::v1::UpdateProblemRequest => insight::v1::UpdateProblemResponse;
        command "RecordImprovement":
            insight::v1::RecordImprovementRequest => insight::v1::RecordImprovementResponse;
        query "GetProblem": insight::v1::GetProblemRequest => insight::v1::GetProblemResponse;
        query "ListProblems":
            insight::v1::ListProblemsRequest => insight::v1::ListProblemsResponse;
        query "ListProblemVersions":
            insight::v1::ListProblemVersionsRequest => insight::v1::ListProblemVersionsResponse;
        query "MeasureImprovement":
            insight::v1::MeasureImprovementRequest => insight::v1::MeasureImprovementResponse;
    }
    "aftercall.followups.v1.FollowupService" {
        query "GetCommitment":
            followups::v1::GetCommitmentRequest => followups::v1::GetCommitmentResponse;
        query "ListCommitments":
            followups::v1::ListCommitmentsRequest => followups::v1::ListCommitmentsResponse;
        query "CountCommitments":
            followups::v1::CountCommitmentsRequest => followups::v1::CountCommitmentsResponse;
        query "CountRepeats":
            followups::v1::CountRepeatsRequest => followups::v1::CountRepeatsResponse;
        query "ListReschedules":
            followups::v1::ListReschedulesRequest => followups::v1::ListReschedulesResponse;
        query "PreviewDue":
            followups::v1::PreviewDueRequest => followups::v1::PreviewDueResponse;
        query "ExplainDue":
            followups::v1::ExplainDueRequest => followups::v1::ExplainDueResponse;
        command "MakeCommitment":
            followups::v1::MakeCommitmentRequest => followups::v1::MakeCommitmentResponse;
        command "SetDependencies":
            followups::v1::SetDependenciesRequest => followups::v1::SetDependenciesResponse;
        command "EndRecurrence":
            followups::v1::EndRecurrenceRequest => followups::v1::EndRecurrenceResponse;
        command "ReopenCommitment":
            followups::v1::ReopenCommitmentRequest => followups::v1::ReopenCommitmentResponse;
        command "FulfilCommitment":
            followups::v1::FulfilCommitmentRequest => followups::v1::FulfilCommitmentResponse;
        command "CancelCommitment":
            followups::v1::CancelCommitmentRequest => followups::v1::CancelCommitmentResponse;
        command "RescheduleCommitment":
            followups::v1::RescheduleCommitmentRequest => followups::v1::RescheduleCommitmentResponse;
        command "ConfirmCommitment":
            followups::v1::ConfirmCommitmentRequest => followups::v1::ConfirmCommitmentResponse;
        command "DismissCommitment":
            followups::v1::DismissCommitmentRequest => followups::v1::DismissCommitmentResponse;
        command "PauseCommitment":
            followups::v1::PauseCommitmentRequest => followups::v1::PauseCommitmentResponse;
        command "ResumeCommitment":
            followups::v1::ResumeCommitmentRequest => followups::v1::ResumeCommitmentResponse;
        command "ReassignCommitment":
            followups::v1::ReassignCommitmentRequest => followups::v1::ReassignCommitmentResponse;
        command "ReassignAll":
            followups::v1::ReassignAllRequest => followups::v1::ReassignAllResponse;
        command "BatchCommitments":
            followups::v1::BatchCommitmentsRequest => followups::v1::BatchCommitmentsResponse;
        command "RetargetOpen":
            followups::v1::RetargetOpenRequest => followups::v1::RetargetOpenResponse;
        command "AcceptHandover":
            followups::v1::AcceptHandoverRequest => followups::v1::AcceptHandoverResponse;
        command "EndHandover":
            followups::v1::EndHandoverRequest => followups::v1::EndHandoverResponse;
        command "RecordAttempt":
            followups::v1::RecordAttemptRequest => followups::v1::RecordAttemptResponse;
        command "RequestWaiver":
            followups::v1::RequestWaiverRequest => followups::v1::RequestWaiverResponse;
        command "WaiveCommitment":
            followups::v1::WaiveCommitmentRequest => followups::v1::WaiveCommitmentResponse;
        command "DeclineWaiver":
            followups::v1::DeclineWaiverRequest => followups::v1::DeclineWaiverResponse;
        command "SupersedeCommitment":
            followups::v1::SupersedeCommitmentRequest => followups::v1::SupersedeCommitmentResponse;
    }
    "aftercall.followups.v1.CalendarFeedService" {
        command "CreateCalendarFeed":
            followups::v1::CreateCalendarFeedRequest => followups::v1::CreateCalendarFeedResponse;
        query "ListCalendarFeeds":
            followups::v1::ListCalendarFeedsRequest => followups::v1::ListCalendarFeedsResponse;
        command "RevokeCalendarFeed":
            followups::v1::RevokeCalendarFeedRequest => followups::v1::RevokeCalendarFeedResponse;
    }
    "aftercall.alerts.v1.AlertService" {
        query "ListAlerts":
            alerts::v1::ListAlertsRequest => alerts::v1::ListAlertsResponse;
        command "AcknowledgeAlert":
            alerts::v1::AcknowledgeAlertRequest => alerts::v1::AcknowledgeAlertResponse;
        command "SnoozeAlert":
            alerts::v1::SnoozeAlertRequest => alerts::v1::SnoozeAlertResponse;
        command "CloseAlert":
            alerts::v1::CloseAlertRequest => alerts::v1::CloseAlertResponse;
        query "ExplainAlert":
            alerts::v1::ExplainAlertRequest => alerts::v1::ExplainAlertResponse;
        query "TestRoute":
            alerts::v1::TestRouteRequest => alerts::v1::TestRouteResponse;
    }
    "aftercall.knowledge.v1.KnowledgeService" {
        query "ListCandidates":
            knowledge::v1::ListCandidatesRequest => knowledge::v1::ListCandidatesResponse;
        query "GetCandidate":
            knowledge::v1::GetCandidateRequest => knowledge::v1::GetCandidateResponse;
        query "CaptureFromCase":
            knowledge::v1::CaptureFromCaseRequest => knowledge::v1::CaptureFromCaseResponse;
        command "ClaimCandidate":
            knowledge::v1::ClaimCandidateRequest => knowledge::v1::ClaimCandidateResponse;
        command "ReleaseCandidate":
            knowledge::v1::ReleaseCandidateRequest => knowledge::v1::ReleaseCandidateResponse;
        command "PutOffCandidate":
            knowledge::v1::PutOffCandidateRequest => knowledge::v1::PutOffCandidateResponse;
        command "RejectCandidate":
            knowledge::v1::RejectCandidateRequest => knowledge::v1::RejectCandidateResponse;
        command "MergeCandidate":
            knowledge::v1::MergeCandidateRequest => knowledge::v1::MergeCandidateResponse;
        command "PromoteCandidate":
            knowledge::v1::PromoteCandidateRequest => knowledge::v1::PromoteCandidateResponse;
        query "GetSolution":
            knowledge::v1::GetSolutionRequest => knowledge::v1::GetSolutionResponse;
        query "ListSolutions":
            knowledge::v1::ListSolutionsRequest => knowledge::v1::ListSolutionsResponse;
        query "SuggestSolutions":
            knowledge::v1::SuggestSolutionsRequest => knowledge::v1::SuggestSolutionsResponse;
    }
    "aftercall.knowledge.v1.SearchService" {
        query "SearchSolutions":
            knowledge::v1::SearchSolutionsRequest => knowledge::v1::SearchSolutionsResponse;
        command "ReportSearch":
            knowledge::v1::ReportSearchRequest => knowledge::v1::ReportSearchResponse;
        query "ListStruggles":
            knowledge::v1::ListStrugglesRequest => knowledge::v1::ListStrugglesResponse;
        query "KnowledgeReport":
            knowledge::v1::KnowledgeReportRequest => knowledge::v1::KnowledgeReportResponse;
        query "SampleLinks":
            knowledge::v1::SampleLinksRequest => knowledge::v1::SampleLinksResponse;
        query "ListStruggleEvidence":
            knowledge::v1::ListStruggleEvidenceRequest =>
                knowledge::v1::ListStruggleEvidenceResponse;
        command "JudgeLink":
            knowledge::v1::JudgeLinkRequest => knowledge::v1::JudgeLinkResponse;
    }
    "aftercall.knowledge.v1.SolutionService" {
        command "DraftSolution":
            knowledge::v1::DraftSolutionRequest => knowledge::v1::DraftSolutionResponse;
        command "EditDraft":
            knowledge::v1::EditDraftRequest => knowledge::v1::EditDraftResponse;
        command "SubmitForReview":
            knowledge::v1::SubmitForReviewRequest => knowledge::v1::SubmitForReviewResponse;
        command "RequestChanges":
            knowledge::v1::RequestChangesRequest => knowledge::v1::RequestChangesResponse;
        command "TakeBack":
            knowledge::v1::TakeBackRequest => knowledge::v1::TakeBackResponse;
        command "DiscardDraft":
            knowledge::v1::DiscardDraftRequest => knowledge::v1::DiscardDraftResponse;
        command "ApproveVersion":
            knowledge::v1::ApproveVersionRequest => knowledge::v1::ApproveVersionResponse;
        command "PublishVersion":
            knowledge::v1::PublishVersionRequest => knowledge::v1::PublishVersionResponse;
        command "RollBack":
            knowledge::v1::RollBackRequest => knowledge::v1::RollBackResponse;
        command "RetireSolution":
            knowledge::v1::RetireSolutionRequest => knowledge::v1::RetireSolutionResponse;
        command "RestoreSolution":
            knowledge::v1::RestoreSolutionRequest => knowledge::v1::RestoreSolutionResponse;
        command "MergeSolutions":
            knowledge::v1::MergeSolutionsRequest => knowledge::v1::MergeSolutionsResponse;
        command "UnmergeSolution":
            knowledge::v1::UnmergeSolutionRequest => knowledge::v1::UnmergeSolutionResponse;
        query "GetSolutionVersion":
            knowledge::v1::GetSolutionVersionRequest => knowledge::v1::GetSolutionVersionResponse;
        query "ListVersions":
            knowledge::v1::ListVersionsRequest => knowledge::v1::ListVersionsResponse;
        query "DiffVersions":
            knowledge::v1::DiffVersionsRequest => knowledge::v1::DiffVersionsResponse;
        query "ListChanges":
            knowledge::v1::ListChangesRequest => knowledge::v1::ListChangesResponse;
    }
    "aftercall.knowledge.v1.EvidenceService" {
        query "ListUses":
            knowledge::v1::ListUsesRequest => knowledge::v1::ListUsesResponse;
        query "ListVersionStats":
            knowledge::v1::ListVersionStatsRequest => knowledge::v1::ListVersionStatsResponse;
        command "FlagSolution":
            knowledge::v1::FlagSolutionRequest => knowledge::v1::FlagSolutionResponse;
        command "ResolveFlag":
            knowledge::v1::ResolveFlagRequest => knowledge::v1::ResolveFlagResponse;
        query "ListFlags":
            knowledge::v1::ListFlagsRequest => knowledge::v1::ListFlagsResponse;
        command "VerifySolution":
            knowledge::v1::VerifySolutionRequest => knowledge::v1::VerifySolutionResponse;
        command "ValidateSolution":
            knowledge::v1::ValidateSolutionRequest => knowledge::v1::ValidateSolutionResponse;
        query "ListReviewQueue":
            knowledge::v1::ListReviewQueueRequest => knowledge::v1::ListReviewQueueResponse;
        command "RecallVersion":
            knowledge::v1::RecallVersionRequest => knowledge::v1::RecallVersionResponse;
        query "GetRecall":
            knowledge::v1::GetRecallRequest => knowledge::v1::GetRecallResponse;
        query "ListRecalled":
            knowledge::v1::ListRecalledRequest => knowledge::v1::ListRecalledResponse;
    }
    "aftercall.notify.v1.WebhookService" {
        command "CreateWebhook":
            notify::v1::CreateWebhookRequest => notify::v1::CreateWebhookResponse;
        query "GetWebhook":
            notify::v1::GetWebhookRequest => notify::v1::GetWebhookResponse;
        query "ListWebhooks":
            notify::v1::ListWebhooksRequest => notify::v1::ListWebhooksResponse;
        command "UpdateWebhook":
            notify::v1::UpdateWebhookRequest => notify::v1::UpdateWebhookResponse;
        command "RotateWebhookKey":
            notify::v1::RotateWebhookKeyRequest => notify::v1::RotateWebhookKeyResponse;
        query "TestWebhook":
            notify::v1::TestWebhookRequest => notify::v1::TestWebhookResponse;
        query "ListWebhookDeliveries":
            notify::v1::ListWebhookDeliveriesRequest => notify::v1::ListWebhookDeliveriesResponse;
        command "ReplayWebhook":
            notify::v1::ReplayWebhookRequest => notify::v1::ReplayWebhookResponse;
    }
    "aftercall.notify.v1.MailService" {
        query "TestMail":
            notify::v1::TestMailRequest => notify::v1::TestMailResponse;
    }
    "aftercall.settings.v1.SettingsService" {
        command "ChangeSettings":
            settings::v1::ChangeSettingsRequest => settings::v1::ChangeSettingsResponse;
        command "StageHolidays":
            settings::v1::StageHolidaysRequest => settings::v1::StageHolidaysResponse;
        command "ApproveHolidays":
            settings::v1::ApproveHolidaysRequest => settings::v1::ApproveHolidaysResponse;
        command "RejectHolidays":
            settings::v1::RejectHolidaysRequest => settings::v1::RejectHolidaysResponse;
        query "ShadowPolicies":
            settings::v1::ShadowPoliciesRequest => settings::v1::ShadowPoliciesResponse;
        query "GetSetting":
            settings::v1::GetSettingRequest => settings::v1::GetSettingResponse;
        query "ListSettings":
            settings::v1::ListSettingsRequest => settings::v1::ListSettingsResponse;
        query "ListSettingVersions":
            settings::v1::ListSettingVersionsRequest => settings::v1::ListSettingVersionsResponse;
    }
}

#[cfg(test)]
mod tests {
    use std::any::type_name;
    use std::collections::BTreeSet;

    use prost_reflect::DescriptorPool;

    use super::*;

    /// A new method without a row here could be called by no program in Rust.
    #[test]
    fn every_method_with_one_answer_can_be_called() {
        let pool = DescriptorPool::decode(aftercall_proto::DESCRIPTORS).unwrap();
        let methods = pool
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .filter(|method| !method.is_client_streaming() && !method.is_server_streaming());
        let there: BTreeSet<String> = methods
            .map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()))
            .collect();
        let callable = METHODS.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(there, callable);
    }

    fn check<R: Rpc>() {
        let pool = DescriptorPool::decode(aftercall_proto::DESCRIPTORS).unwrap();
        let (service, method) = R::PATH[1..].split_once('/').unwrap();
        let service = pool.get_service_by_name(service).unwrap();
        let method = service.methods().find(|it| it.name() == method).unwrap();
        let last = |name: &str| name.rsplit("::").next().unwrap().to_owned();
        assert_eq!(method.input().name(), last(type_name::<R>()));
        assert_eq!(method.output().name(), last(type_name::<R::Answer>()));
    }

    #[test]
    fn a_request_goes_to_the_method_that_takes_it() {
        check::<recorder::v1::RecordInteractionRequest>();
        check::<recorder::v1::AmendInteractionRequest>();
        check::<history::v1::SearchInteractionsRequest>();
        check::<followups::v1::FulfilCommitmentRequest>();
        check::<knowledge::v1::SuggestSolutionsRequest>();
    }

    #[test]
    fn only_what_has_no_name_gets_one() {
        let fresh = || "fresh".to_owned();
        let mut record = recorder::v1::RecordInteractionRequest {
            interaction: Some(Default::default()),
            ..Default::default()
        };
        record.name(fresh);
        assert_eq!(record.interaction.unwrap().interaction_id, "fresh");
        let mut named = recorder::v1::RecordInteractionRequest {
            interaction: Some(aftercall_proto::model::v1::Interaction {
                external_ref: Some(Default::default()),
                ..Default::default()
            }),
            ..Default::default()
        };
        named.name(fresh);
        assert_eq!(named.interaction.unwrap().interaction_id, "");
        let mut command = followups::v1::FulfilCommitmentRequest {
            request_id: "mine".to_owned(),
            ..Default::default()
        };
        command.name(fresh);
        assert_eq!(command.request_id, "mine");
    }
}
