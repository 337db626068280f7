//! The wire's enums as people write them: `CHANNEL_VOICE` is `voice`.

use aftercall_proto::followups::v1::{CommitmentDimension, RepeatGrouping};
use aftercall_proto::history::v1::{
    CommitmentChangeKind, ExportFormat, Facet, SearchOrder, SentimentBand, SentimentTrend,
    WarningKind,
};
use aftercall_proto::insight::v1::{
    ContactFact, Dimension, FairClockGroupBy, RepeatCauseKind, RepeatGroupBy, SlipUpKind,
    TimeBucket,
};
use aftercall_proto::knowledge::v1::{ReportGrouping, SolutionFacet, StruggleSign};
use aftercall_proto::model::v1::{
    AlertResolveCause, AlertSeverity, AlertState, AttemptResult, Audience, CallState,
    CandidateState, CaseKind, CatchUp, Channel, CommitmentClock, CommitmentKind,
    CommitmentLifecycle, CommitmentOrigin, CommitmentOutcome, Confidence, DependencySlip,
    Direction, DisconnectReason, DisconnectStage, DropAttribution, DropClass, EscalationKind,
    FeedLanguage, Governance, HarmClass, HoldReason, LinkVerdict, MailTrouble, NotificationHold,
    NotificationKind, PauseReason, PersonalKind, Priority, ProblemState, ReasonResolution,
    RecurrenceMode, RemedyKind, RepeatCause, ReviewReason, RouteReason, SearchOutcome, SegmentKind,
    SignalKind, SignalSource, SolutionChangeKind, SolutionFlagKind, SolutionFlagState,
    SolutionUseKind, TaxonomyKind, Timeliness, TransferKind, Turn, UseOutcome, Verification,
    VersionState, WebhookAlgorithm, WebhookDeliveryState, WebhookFailure, WebhookFormat, WeekPart,
};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Enums of the wire have no more values than this.
const VALUES_MAX: i32 = 256;

/// An enum of the wire.
pub trait WireEnum: TryFrom<i32> + Copy + Send + Sync + 'static {
    /// What all of its values' names begin with.
    const PREFIX: &'static str;

    /// The value's name on the wire.
    fn wire_name(self) -> &'static str;

    /// The value's name for people.
    fn name(self) -> String {
        let name = self.wire_name();
        let short = name.strip_prefix(Self::PREFIX).unwrap_or(name);
        short.to_ascii_lowercase()
    }

    /// All values that say something.
    fn all() -> impl Iterator<Item = Self> {
        (1..VALUES_MAX).filter_map(|number| Self::try_from(number).ok())
    }
}

macro_rules! wire_enums {
    ($($type:ident $prefix:literal,)*) => {
        $(impl WireEnum for $type {
            const PREFIX: &'static str = $prefix;

            fn wire_name(self) -> &'static str {
                self.as_str_name()
            }
        })*
    };
}

wire_enums! {
    ContactFact "CONTACT_FACT_",
    Dimension "DIMENSION_",
    FairClockGroupBy "FAIR_CLOCK_GROUP_BY_",
    ProblemState "PROBLEM_STATE_",
    StruggleSign "STRUGGLE_SIGN_",
    RepeatCauseKind "REPEAT_CAUSE_KIND_",
    RepeatGroupBy "REPEAT_GROUP_BY_",
    SlipUpKind "SLIP_UP_KIND_",
    TaxonomyKind "TAXONOMY_KIND_",
    TimeBucket "TIME_BUCKET_",
    CallState "CALL_STATE_",
    LinkVerdict "LINK_VERDICT_",
    ReportGrouping "REPORT_GROUPING_",
    SearchOutcome "SEARCH_OUTCOME_",
    SolutionFacet "SOLUTION_FACET_",
    AlertResolveCause "ALERT_RESOLVE_CAUSE_",
    AlertSeverity "ALERT_SEVERITY_",
    AlertState "ALERT_STATE_",
    AttemptResult "ATTEMPT_RESULT_",
    Audience "AUDIENCE_",
    CandidateState "CANDIDATE_STATE_",
    CaseKind "CASE_KIND_",
    CatchUp "CATCH_UP_",
    Channel "CHANNEL_",
    CommitmentChangeKind "COMMITMENT_CHANGE_KIND_",
    CommitmentClock "COMMITMENT_CLOCK_",
    CommitmentDimension "COMMITMENT_DIMENSION_",
    CommitmentKind "COMMITMENT_KIND_",
    CommitmentLifecycle "COMMITMENT_LIFECYCLE_",
    CommitmentOrigin "COMMITMENT_ORIGIN_",
    CommitmentOutcome "COMMITMENT_OUTCOME_",
    Confidence "CONFIDENCE_",
    DependencySlip "DEPENDENCY_SLIP_",
    Direction "DIRECTION_",
    DisconnectReason "DISCONNECT_REASON_",
    DisconnectStage "DISCONNECT_STAGE_",
    DropAttribution "DROP_ATTRIBUTION_",
    DropClass "DROP_CLASS_",
    EscalationKind "ESCALATION_KIND_",
    ExportFormat "EXPORT_FORMAT_",
    Facet "FACET_",
    FeedLanguage "FEED_LANGUAGE_",
    Governance "GOVERNANCE_",
    HarmClass "HARM_CLASS_",
    HoldReason "HOLD_REASON_",
    MailTrouble "MAIL_TROUBLE_",
    NotificationHold "NOTIFICATION_HOLD_",
    NotificationKind "NOTIFICATION_KIND_",
    PauseReason "PAUSE_REASON_",
    PersonalKind "PERSONAL_KIND_",
    Priority "PRIORITY_",
    ReasonResolution "REASON_RESOLUTION_",
    RecurrenceMode "RECURRENCE_MODE_",
    RemedyKind "REMEDY_KIND_",
    RepeatCause "REPEAT_CAUSE_",
    RepeatGrouping "REPEAT_GROUPING_",
    ReviewReason "REVIEW_REASON_",
    RouteReason "ROUTE_REASON_",
    SearchOrder "SEARCH_ORDER_",
    SegmentKind "SEGMENT_KIND_",
    SentimentBand "SENTIMENT_BAND_",
    SentimentTrend "SENTIMENT_TREND_",
    SignalKind "SIGNAL_KIND_",
    SignalSource "SIGNAL_SOURCE_",
    SolutionChangeKind "SOLUTION_CHANGE_KIND_",
    SolutionFlagKind "SOLUTION_FLAG_KIND_",
    SolutionFlagState "SOLUTION_FLAG_STATE_",
    SolutionUseKind "SOLUTION_USE_KIND_",
    Timeliness "TIMELINESS_",
    TransferKind "TRANSFER_KIND_",
    Turn "TURN_",
    UseOutcome "USE_OUTCOME_",
    Verification "VERIFICATION_",
    VersionState "VERSION_STATE_",
    WarningKind "WARNING_KIND_",
    WebhookAlgorithm "WEBHOOK_ALGORITHM_",
    WebhookDeliveryState "WEBHOOK_DELIVERY_STATE_",
    WebhookFailure "WEBHOOK_FAILURE_",
    WebhookFormat "WEBHOOK_FORMAT_",
    WeekPart "WEEK_PART_",
}

/// What `number` is called, in words; empty for a value that says nothing.
pub fn label<E: WireEnum>(number: i32) -> String {
    match E::try_from(number) {
        Ok(_) if number == 0 => String::new(),
        Ok(value) => value.name().replace('_', " "),
        // A newer server's value.
        Err(_) => format!("value {number}"),
    }
}

/// Reads a value on the command line, and lists all of them in the help.
pub fn values<E: WireEnum>() -> impl TypedValueParser<Value = i32> {
    // As in words that go together, a hyphen does as well.
    let value = |name: String| PossibleValue::new(name.clone()).alias(name.replace('_', "-"));
    PossibleValuesParser::new(E::all().map(E::name).map(value)).map(|name| {
        let name = name.replace('-', "_");
        (1..VALUES_MAX)
            .find(|&number| E::try_from(number).is_ok_and(|value| value.name() == name))
            .unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_named_without_their_prefix() {
        assert_eq!(Channel::ExternalReview.name(), "external_review");
        assert_eq!(
            label::<CommitmentKind>(CommitmentKind::CallBack.into()),
            "call back"
        );
        assert_eq!(label::<Channel>(0), "");
        assert_eq!(label::<Channel>(63), "value 63");
        assert_eq!(SearchOrder::all().count(), 3);
    }
}
