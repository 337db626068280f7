//! What the log's commands say, as JSON.

use aftercall_log::inspect::{LogStats, RepairReport, VerifyReport};
use aftercall_log::{Damage, Partition};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    AlertAcknowledged, AlertClosed, AlertFiredAgain, AlertRetriggered, AlertSnoozed, AlertsRouted,
    CalendarFeedChanged, CallClosed, CallDropJudged, CallReported, CallWrapUpSaved,
    CandidatesClaimed, CandidatesMerged, CandidatesPutOff, CandidatesRejected, CandidatesReleased,
    CauseAttributed, CommitmentAttempted, CommitmentCancelled, CommitmentConfirmed,
    CommitmentDependenciesSet, CommitmentDependencyTurned, CommitmentDismissed, CommitmentExpired,
    CommitmentFulfilled, CommitmentHandoverAccepted, CommitmentHandoverAsked,
    CommitmentHandoverEnded, CommitmentLapsed, CommitmentMade, CommitmentPaused,
    CommitmentReassigned, CommitmentRecurrenceEnded, CommitmentRescheduled, CommitmentResumed,
    CommitmentRetargeted, CommitmentStageReached, CommitmentSuperseded, CommitmentWaived,
    CommitmentWaiverDeclined, CommitmentWaiverRequested, CommitmentWithdrawn, ConcernAcknowledged,
    ConcernClosed, ConcernRaised, ConcernResolved, ConcernRetriggered, ConcernSnoozed,
    CustomersMerged, CustomersUnmerged, Event, ExportBegun, InteractionAmended,
    InteractionAnalysed, InteractionIdentified, InteractionRecorded, LinkJudged, MailAttempted,
    ProblemChanged, ProblemImproved, RepeatAttributed, SearchReported, SearchUnanswered,
    SettingsChanged, SolutionApproved, SolutionConfidenceChanged, SolutionDrafted, SolutionEdited,
    SolutionFlagResolved, SolutionFlagged, SolutionMerged, SolutionPublished, SolutionRestored,
    SolutionRetired, SolutionReturned, SolutionSubmitted, SolutionUnmerged, SolutionVerified,
    SolutionVersionRecalled, WebhookAttempted, WebhookChanged, WebhookQueued, WebhookReplayed,
};
use jiff::Timestamp;
use serde::Serialize;

/// An entry of the log, as JSON.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    /// Where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<Partition>,
    offset: u64,
    event: &'a Event,
    /// What the event's bytes say.
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<FactJson>,
}

/// An event that a subscription told, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::command) struct Followed<'a> {
    position: String,
    resume_token: String,
    event: &'a Event,
    /// What the event's bytes say.
    #[serde(skip_serializing_if = "Option::is_none")]
    fact: Option<FactJson>,
}

/// An event that a subscription told.
pub(in crate::command) fn followed(
    position: String,
    resume_token: String,
    event: &Event,
    fact: Option<Fact>,
) -> Followed<'_> {
    Followed {
        position,
        resume_token,
        event,
        fact: fact.map(FactJson::from),
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum FactJson {
    Recorded(Box<InteractionRecorded>),
    Amended(Box<InteractionAmended>),
    Identified(InteractionIdentified),
    Fulfilled(CommitmentFulfilled),
    Cancelled(CommitmentCancelled),
    Rescheduled(Box<CommitmentRescheduled>),
    Retargeted(CommitmentRetargeted),
    Lapsed(CommitmentLapsed),
    CommitmentMade(Box<CommitmentMade>),
    CommitmentDependenciesSet(CommitmentDependenciesSet),
    CommitmentDependencyTurned(CommitmentDependencyTurned),
    CommitmentRecurrenceEnded(CommitmentRecurrenceEnded),
    CommitmentAttempted(CommitmentAttempted),
    Confirmed(CommitmentConfirmed),
    Dismissed(CommitmentDismissed),
    StageReached(CommitmentStageReached),
    Paused(CommitmentPaused),
    Resumed(CommitmentResumed),
    HandoverAsked(CommitmentHandoverAsked),
    HandoverAccepted(CommitmentHandoverAccepted),
    HandoverEnded(CommitmentHandoverEnded),
    Reassigned(CommitmentReassigned),
    WaiverRequested(CommitmentWaiverRequested),
    WaiverDeclined(CommitmentWaiverDeclined),
    Waived(CommitmentWaived),
    Superseded(CommitmentSuperseded),
    Withdrawn(CommitmentWithdrawn),
    Expired(CommitmentExpired),
    AlertAcknowledged(AlertAcknowledged),
    AlertSnoozed(AlertSnoozed),
    AlertClosed(AlertClosed),
    AlertRetriggered(AlertRetriggered),
    AlertFiredAgain(AlertFiredAgain),
    AlertsRouted(AlertsRouted),
    RepeatAttributed(Box<RepeatAttributed>),
    Published(Box<SolutionPublished>),
    SolutionDrafted(Box<SolutionDrafted>),
    SolutionEdited(Box<SolutionEdited>),
    SolutionSubmitted(SolutionSubmitted),
    SolutionReturned(SolutionReturned),
    SolutionApproved(SolutionApproved),
    SolutionRetired(SolutionRetired),
    SolutionVersionRecalled(SolutionVersionRecalled),
    SolutionRestored(SolutionRestored),
    SolutionMerged(SolutionMerged),
    SolutionUnmerged(SolutionUnmerged),
    SolutionConfidenceChanged(Box<SolutionConfidenceChanged>),
    SolutionFlagged(Box<SolutionFlagged>),
    SolutionFlagResolved(SolutionFlagResolved),
    SolutionVerified(Box<SolutionVerified>),
    Merged(CustomersMerged),
    Unmerged(CustomersUnmerged),
    Settings(Box<SettingsChanged>),
    Webhook(Box<WebhookChanged>),
    Replayed(WebhookReplayed),
    Queued(WebhookQueued),
    Attempted(WebhookAttempted),
    Mailed(MailAttempted),
    CalendarFeed(Box<CalendarFeedChanged>),
    CandidatesClaimed(CandidatesClaimed),
    CandidatesReleased(CandidatesReleased),
    CandidatesPutOff(CandidatesPutOff),
    CandidatesRejected(CandidatesRejected),
    CandidatesMerged(Box<CandidatesMerged>),
    SearchReported(Box<SearchReported>),
    SearchUnanswered(Box<SearchUnanswered>),
    LinkJudged(Box<LinkJudged>),
    CauseAttributed(Box<CauseAttributed>),
    ProblemChanged(Box<ProblemChanged>),
    ProblemImproved(Box<ProblemImproved>),
    CallReported(Box<CallReported>),
    CallClosed(CallClosed),
    CallDropJudged(Box<CallDropJudged>),
    CallWrapUpSaved(Box<CallWrapUpSaved>),
    Analysed(Box<InteractionAnalysed>),
    ConcernRaised(Box<ConcernRaised>),
    ConcernAcknowledged(ConcernAcknowledged),
    ConcernSnoozed(ConcernSnoozed),
    ConcernClosed(ConcernClosed),
    ConcernRetriggered(ConcernRetriggered),
    ConcernResolved(ConcernResolved),
    ExportBegun(Box<ExportBegun>),
}

impl From<Fact> for FactJson {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each event, so that none can be forgotten"
    )]
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::InteractionRecorded(fact) => Self::Recorded(fact),
            Fact::InteractionAmended(fact) => Self::Amended(fact),
            Fact::InteractionAnalysed(fact) => Self::Analysed(fact),
            Fact::ConcernRaised(fact) => Self::ConcernRaised(fact),
            Fact::ConcernAcknowledged(fact) => Self::ConcernAcknowledged(fact),
            Fact::ConcernSnoozed(fact) => Self::ConcernSnoozed(fact),
            Fact::ConcernClosed(fact) => Self::ConcernClosed(fact),
            Fact::ConcernRetriggered(fact) => Self::ConcernRetriggered(fact),
            Fact::ConcernResolved(fact) => Self::ConcernResolved(fact),
            Fact::InteractionIdentified(fact) => Self::Identified(fact),
            Fact::CommitmentFulfilled(fact) => Self::Fulfilled(fact),
            Fact::CommitmentCancelled(fact) => Self::Cancelled(fact),
            Fact::CommitmentRescheduled(fact) => Self::Rescheduled(fact),
            Fact::CommitmentRetargeted(fact) => Self::Retargeted(fact),
            Fact::CommitmentLapsed(fact) => Self::Lapsed(fact),
            Fact::CommitmentMade(fact) => Self::CommitmentMade(fact),
            Fact::CommitmentDependenciesSet(fact) => Self::CommitmentDependenciesSet(fact),
            Fact::CommitmentDependencyTurned(fact) => Self::CommitmentDependencyTurned(fact),
            Fact::CommitmentRecurrenceEnded(fact) => Self::CommitmentRecurrenceEnded(fact),
            Fact::CommitmentAttempted(fact) => Self::CommitmentAttempted(fact),
            Fact::CommitmentConfirmed(fact) => Self::Confirmed(fact),
            Fact::CommitmentDismissed(fact) => Self::Dismissed(fact),
            Fact::CommitmentStageReached(fact) => Self::StageReached(fact),
            Fact::CommitmentPaused(fact) => Self::Paused(fact),
            Fact::CommitmentResumed(fact) => Self::Resumed(fact),
            Fact::CommitmentHandoverAsked(fact) => Self::HandoverAsked(fact),
            Fact::CommitmentHandoverAccepted(fact) => Self::HandoverAccepted(fact),
            Fact::CommitmentHandoverEnded(fact) => Self::HandoverEnded(fact),
            Fact::CommitmentReassigned(fact) => Self::Reassigned(fact),
            Fact::CommitmentWaiverRequested(fact) => Self::WaiverRequested(fact),
            Fact::CommitmentWaiverDeclined(fact) => Self::WaiverDeclined(fact),
            Fact::CommitmentWaived(fact) => Self::Waived(fact),
            Fact::CommitmentSuperseded(fact) => Self::Superseded(fact),
            Fact::CommitmentWithdrawn(fact) => Self::Withdrawn(fact),
            Fact::CommitmentExpired(fact) => Self::Expired(fact),
            Fact::AlertAcknowledged(fact) => Self::AlertAcknowledged(fact),
            Fact::AlertSnoozed(fact) => Self::AlertSnoozed(fact),
            Fact::AlertClosed(fact) => Self::AlertClosed(fact),
            Fact::AlertRetriggered(fact) => Self::AlertRetriggered(fact),
            Fact::AlertFiredAgain(fact) => Self::AlertFiredAgain(fact),
            Fact::AlertsRouted(fact) => Self::AlertsRouted(fact),
            Fact::RepeatAttributed(fact) => Self::RepeatAttributed(fact),
            Fact::SolutionPublished(fact) => Self::Published(fact),
            Fact::SolutionDrafted(fact) => Self::SolutionDrafted(fact),
            Fact::SolutionEdited(fact) => Self::SolutionEdited(fact),
            Fact::SolutionSubmitted(fact) => Self::SolutionSubmitted(fact),
            Fact::SolutionReturned(fact) => Self::SolutionReturned(fact),
            Fact::SolutionApproved(fact) => Self::SolutionApproved(fact),
            Fact::SolutionRetired(fact) => Self::SolutionRetired(fact),
            Fact::SolutionVersionRecalled(fact) => Self::SolutionVersionRecalled(fact),
            Fact::SolutionRestored(fact) => Self::SolutionRestored(fact),
            Fact::SolutionMerged(fact) => Self::SolutionMerged(fact),
            Fact::SolutionUnmerged(fact) => Self::SolutionUnmerged(fact),
            Fact::SolutionConfidenceChanged(fact) => Self::SolutionConfidenceChanged(fact),
            Fact::SolutionFlagged(fact) => Self::SolutionFlagged(fact),
            Fact::SolutionFlagResolved(fact) => Self::SolutionFlagResolved(fact),
            Fact::SolutionVerified(fact) => Self::SolutionVerified(fact),
            Fact::CustomersMerged(fact) => Self::Merged(fact),
            Fact::CustomersUnmerged(fact) => Self::Unmerged(fact),
            Fact::SettingsChanged(fact) => Self::Settings(fact),
            Fact::WebhookChanged(fact) => Self::Webhook(fact),
            Fact::WebhookReplayed(fact) => Self::Replayed(fact),
            Fact::WebhookQueued(fact) => Self::Queued(fact),
            Fact::WebhookAttempted(fact) => Self::Attempted(fact),
            Fact::MailAttempted(fact) => Self::Mailed(fact),
            Fact::CalendarFeedChanged(fact) => Self::CalendarFeed(fact),
            Fact::CandidatesClaimed(fact) => Self::CandidatesClaimed(fact),
            Fact::CandidatesReleased(fact) => Self::CandidatesReleased(fact),
            Fact::CandidatesPutOff(fact) => Self::CandidatesPutOff(fact),
            Fact::CandidatesRejected(fact) => Self::CandidatesRejected(fact),
            Fact::CandidatesMerged(fact) => Self::CandidatesMerged(fact),
            Fact::SearchReported(fact) => Self::SearchReported(fact),
            Fact::SearchUnanswered(fact) => Self::SearchUnanswered(fact),
            Fact::LinkJudged(fact) => Self::LinkJudged(fact),
            Fact::CauseAttributed(fact) => Self::CauseAttributed(fact),
            Fact::ProblemChanged(fact) => Self::ProblemChanged(fact),
            Fact::ProblemImproved(fact) => Self::ProblemImproved(fact),
            Fact::CallReported(fact) => Self::CallReported(fact),
            Fact::CallClosed(fact) => Self::CallClosed(fact),
            Fact::CallDropJudged(fact) => Self::CallDropJudged(fact),
            Fact::CallWrapUpSaved(fact) => Self::CallWrapUpSaved(fact),
            Fact::ExportBegun(fact) => Self::ExportBegun(fact),
        }
    }
}

pub(super) fn line(
    partition: Option<Partition>,
    offset: u64,
    event: &Event,
    fact: Option<Fact>,
) -> Line<'_> {
    let fact = fact.map(FactJson::from);
    Line {
        partition,
        offset,
        event,
        fact,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    log_id: String,
    records: u64,
    tail: u64,
    record_bytes: u64,
    file_bytes: u64,
    segments: usize,
    first_recorded_at: Option<Timestamp>,
    latest_recorded_at: Option<Timestamp>,
}

pub(super) fn stats(found: &LogStats) -> Stats {
    let at = |at: Option<i64>| at.and_then(|at| Timestamp::from_microsecond(at).ok());
    Stats {
        log_id: found.id.to_string(),
        records: found.records,
        tail: found.tail,
        record_bytes: found.record_bytes,
        file_bytes: found.file_bytes,
        segments: found.segments.len(),
        first_recorded_at: at(found.first_recorded_at_us),
        latest_recorded_at: at(found.latest_recorded_at_us),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verify {
    sound: bool,
    records: u64,
    bytes: u64,
    damages_total: u64,
    damages: Vec<Place>,
}

#[derive(Serialize)]
struct Place {
    file: String,
    byte: u64,
    offset: u64,
    detail: String,
}

impl From<&Damage> for Place {
    fn from(damage: &Damage) -> Self {
        Self {
            file: damage.path.display().to_string(),
            byte: damage.byte,
            offset: damage.offset,
            detail: damage.detail.clone(),
        }
    }
}

pub(super) fn verify(report: &VerifyReport) -> Verify {
    Verify {
        sound: report.is_sound(),
        records: report.records,
        bytes: report.bytes,
        damages_total: report.damages_total,
        damages: report.damages.iter().map(Place::from).collect(),
    }
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repair {
    sound: bool,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<Place>,
    cut_bytes: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    kept_in: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_first: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_last: Option<u64>,
}

pub(super) fn repair(report: &RepairReport, dry_run: bool) -> Repair {
    match report {
        RepairReport::Sound => Repair {
            sound: true,
            dry_run,
            ..Repair::default()
        },
        RepairReport::Cut {
            damage,
            bytes,
            kept_in,
            lost,
        } => Repair {
            sound: false,
            dry_run,
            cut: Some(damage.into()),
            cut_bytes: *bytes,
            kept_in: kept_in.display().to_string(),
            lost_first: lost.map(|(first, _)| first),
            lost_last: lost.map(|(_, last)| last),
        },
    }
}
