//! What the log's commands say, as JSON.

use aftercall_log::inspect::{LogStats, RepairReport, VerifyReport};
use aftercall_log::{Damage, Partition};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    AlertAcknowledged, AlertClosed, AlertFiredAgain, AlertRetriggered, AlertSnoozed, AlertsRouted,
    CalendarFeedChanged, CommitmentAttempted, CommitmentCancelled, CommitmentConfirmed,
    CommitmentDependenciesSet, CommitmentDependencyTurned, CommitmentDismissed, CommitmentExpired,
    CommitmentFulfilled, CommitmentHandoverAccepted, CommitmentHandoverAsked,
    CommitmentHandoverEnded, CommitmentLapsed, CommitmentMade, CommitmentPaused,
    CommitmentReassigned, CommitmentRecurrenceEnded, CommitmentRescheduled, CommitmentResumed,
    CommitmentRetargeted, CommitmentStageReached, CommitmentSuperseded, CommitmentWaived,
    CommitmentWaiverDeclined, CommitmentWaiverRequested, CommitmentWithdrawn, CustomersMerged,
    CustomersUnmerged, Event, InteractionAmended, InteractionIdentified, InteractionRecorded,
    MailAttempted, RepeatAttributed, SettingsChanged, SolutionPublished, WebhookAttempted,
    WebhookChanged, WebhookQueued, WebhookReplayed,
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

#[derive(Serialize)]
#[serde(untagged)]
enum FactJson {
    Recorded(Box<InteractionRecorded>),
    Amended(Box<InteractionAmended>),
    Identified(InteractionIdentified),
    Fulfilled(CommitmentFulfilled),
    Cancelled(CommitmentCancelled),
    Rescheduled(CommitmentRescheduled),
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
    Merged(CustomersMerged),
    Unmerged(CustomersUnmerged),
    Settings(Box<SettingsChanged>),
    Webhook(Box<WebhookChanged>),
    Replayed(WebhookReplayed),
    Queued(WebhookQueued),
    Attempted(WebhookAttempted),
    Mailed(MailAttempted),
    CalendarFeed(Box<CalendarFeedChanged>),
}

impl From<Fact> for FactJson {
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::InteractionRecorded(fact) => Self::Recorded(fact),
            Fact::InteractionAmended(fact) => Self::Amended(fact),
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
            Fact::CustomersMerged(fact) => Self::Merged(fact),
            Fact::CustomersUnmerged(fact) => Self::Unmerged(fact),
            Fact::SettingsChanged(fact) => Self::Settings(fact),
            Fact::WebhookChanged(fact) => Self::Webhook(fact),
            Fact::WebhookReplayed(fact) => Self::Replayed(fact),
            Fact::WebhookQueued(fact) => Self::Queued(fact),
            Fact::WebhookAttempted(fact) => Self::Attempted(fact),
            Fact::MailAttempted(fact) => Self::Mailed(fact),
            Fact::CalendarFeedChanged(fact) => Self::CalendarFeed(fact),
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
