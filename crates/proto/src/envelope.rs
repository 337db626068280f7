//! The envelope of the log's records: keys, decoding, and the CloudEvents names of its attributes.

use bytes::Bytes;
use prost::{DecodeError, Message};

use crate::event::v1::event::Payload;
use crate::event::v1::{
    AggregateKind, AlertAcknowledged, AlertClosed, AlertFiredAgain, AlertRetriggered, AlertSnoozed,
    AlertsRouted, CalendarFeedChanged, CallClosed, CallDropJudged, CallReported, CallWrapUpSaved,
    CandidatesClaimed, CandidatesMerged, CandidatesPutOff, CandidatesRejected, CandidatesReleased,
    CauseAttributed, CommitmentAttempted, CommitmentCancelled, CommitmentConfirmed,
    CommitmentDependenciesSet, CommitmentDependencyTurned, CommitmentDismissed, CommitmentExpired,
    CommitmentFulfilled, CommitmentHandoverAccepted, CommitmentHandoverAsked,
    CommitmentHandoverEnded, CommitmentLapsed, CommitmentMade, CommitmentPaused,
    CommitmentReassigned, CommitmentRecurrenceEnded, CommitmentRescheduled, CommitmentResumed,
    CommitmentRetargeted, CommitmentStageReached, CommitmentSuperseded, CommitmentWaived,
    CommitmentWaiverDeclined, CommitmentWaiverRequested, CommitmentWithdrawn, ConcernAcknowledged,
    ConcernClosed, ConcernRaised, ConcernResolved, ConcernRetriggered, ConcernSnoozed,
    CustomersMerged, CustomersUnmerged, Event, EventType, ExportBegun, InteractionAmended,
    InteractionAnalysed, InteractionIdentified, InteractionRecorded, LinkJudged, MailAttempted,
    ProblemChanged, ProblemImproved, RepeatAttributed, SearchReported, SearchUnanswered,
    SettingsChanged, SolutionApproved, SolutionConfidenceChanged, SolutionDrafted, SolutionEdited,
    SolutionFlagResolved, SolutionFlagged, SolutionMerged, SolutionPublished, SolutionRestored,
    SolutionRetired, SolutionReturned, SolutionSubmitted, SolutionUnmerged, SolutionVerified,
    SolutionVersionRecalled, WebhookAttempted, WebhookChanged, WebhookQueued, WebhookReplayed,
};

/// One table of all that can happen: what it is, its data, to what sort of thing, and its CloudEvents type.
macro_rules! facts {
    ($(
        $(#[$doc:meta])+
        $name:ident($data:ty): $kind:ident, $cloud:literal;
    )+) => {
        /// What an event says: its type and data together.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Fact {
            $($(#[$doc])+ $name($data),)+
        }

        impl Fact {
            /// The type that goes with the data.
            pub const fn event_type(&self) -> EventType {
                match self {
                    $(Self::$name(_) => EventType::$name,)+
                }
            }

            /// What sort of thing it happened to.
            pub const fn aggregate_kind(&self) -> AggregateKind {
                match self {
                    $(Self::$name(_) => AggregateKind::$kind,)+
                }
            }

            /// The data, encoded.
            pub fn encode(&self) -> Bytes {
                match self {
                    $(Self::$name(data) => data.encode_to_vec(),)+
                }
                .into()
            }

            fn decode(event_type: EventType, data: Bytes) -> Result<Option<Self>, DecodeError> {
                Ok(match event_type {
                    EventType::Unspecified => None,
                    $(EventType::$name => Some(Self::$name(<$data>::decode(data)?)),)+
                })
            }
        }

        impl Event {
            /// The event's CloudEvents type, such as `aftercall.commitment.lapsed.v1`.
            pub fn cloud_event_type(&self) -> &'static str {
                match self.r#type() {
                    EventType::Unspecified => "aftercall.unknown",
                    $(EventType::$name => $cloud,)+
                }
            }
        }
    };
}

facts! {
    /// A contact was recorded.
    InteractionRecorded(Box<InteractionRecorded>): Interaction, "aftercall.interaction.recorded.v1";
    /// A contact's record was amended.
    InteractionAmended(Box<InteractionAmended>): Interaction, "aftercall.interaction.amended.v1";
    /// Somebody or something looked into a contact later.
    InteractionAnalysed(Box<InteractionAnalysed>): Interaction, "aftercall.interaction.analysed.v1";
    /// It was said whose contact it is.
    InteractionIdentified(InteractionIdentified): Interaction, "aftercall.interaction.identified.v1";
    /// A promise was made after its contact.
    CommitmentMade(Box<CommitmentMade>): Commitment, "aftercall.commitment.made.v1";
    /// A promise was kept.
    CommitmentFulfilled(CommitmentFulfilled): Commitment, "aftercall.commitment.fulfilled.v1";
    /// A promise was called off.
    CommitmentCancelled(CommitmentCancelled): Commitment, "aftercall.commitment.cancelled.v1";
    /// A promise's due moved.
    CommitmentRescheduled(Box<CommitmentRescheduled>): Commitment, "aftercall.commitment.rescheduled.v1";
    /// A promise is followed up by the policies as they are now.
    CommitmentRetargeted(CommitmentRetargeted): Commitment, "aftercall.commitment.retargeted.v1";
    /// A promise's due passed.
    CommitmentLapsed(CommitmentLapsed): Commitment, "aftercall.commitment.lapsed.v1";
    /// A proposal is a promise.
    CommitmentConfirmed(CommitmentConfirmed): Commitment, "aftercall.commitment.confirmed.v1";
    /// The customer was tried.
    CommitmentAttempted(CommitmentAttempted): Commitment, "aftercall.commitment.attempted.v1";
    /// A proposal is none.
    CommitmentDismissed(CommitmentDismissed): Commitment, "aftercall.commitment.dismissed.v1";
    /// A stage before one of the dues was reached.
    CommitmentStageReached(CommitmentStageReached): Commitment, "aftercall.commitment.stage_reached.v1";
    /// Our own clock stands still.
    CommitmentPaused(CommitmentPaused): Commitment, "aftercall.commitment.paused.v1";
    /// Our own clock goes on.
    CommitmentResumed(CommitmentResumed): Commitment, "aftercall.commitment.resumed.v1";
    /// Somebody is asked to keep a promise.
    CommitmentHandoverAsked(CommitmentHandoverAsked): Commitment, "aftercall.commitment.handover_asked.v1";
    /// Who was asked keeps it.
    CommitmentHandoverAccepted(CommitmentHandoverAccepted): Commitment, "aftercall.commitment.handover_accepted.v1";
    /// It stays with its owner.
    CommitmentHandoverEnded(CommitmentHandoverEnded): Commitment, "aftercall.commitment.handover_ended.v1";
    /// Somebody else keeps it.
    CommitmentReassigned(CommitmentReassigned): Commitment, "aftercall.commitment.reassigned.v1";
    /// Somebody wants to let it go.
    CommitmentWaiverRequested(CommitmentWaiverRequested): Commitment, "aftercall.commitment.waiver_requested.v1";
    /// It is not let go.
    CommitmentWaiverDeclined(CommitmentWaiverDeclined): Commitment, "aftercall.commitment.waiver_declined.v1";
    /// It was let go.
    CommitmentWaived(CommitmentWaived): Commitment, "aftercall.commitment.waived.v1";
    /// It waits for other promises.
    CommitmentDependenciesSet(CommitmentDependenciesSet): Commitment, "aftercall.commitment.dependencies_set.v1";
    /// A promise that it waits for puts it in danger, or no longer does.
    CommitmentDependencyTurned(CommitmentDependencyTurned): Commitment, "aftercall.commitment.dependency_turned.v1";
    /// No further promise of its series is made.
    CommitmentRecurrenceEnded(CommitmentRecurrenceEnded): Commitment, "aftercall.commitment.recurrence_ended.v1";
    /// Another promise took its place.
    CommitmentSuperseded(CommitmentSuperseded): Commitment, "aftercall.commitment.superseded.v1";
    /// What had made it by itself took it back.
    CommitmentWithdrawn(CommitmentWithdrawn): Commitment, "aftercall.commitment.withdrawn.v1";
    /// It was given up.
    CommitmentExpired(CommitmentExpired): Commitment, "aftercall.commitment.expired.v1";
    /// Somebody sees to an alert.
    AlertAcknowledged(AlertAcknowledged): Commitment, "aftercall.alert.acknowledged.v1";
    /// An alert was put off.
    AlertSnoozed(AlertSnoozed): Commitment, "aftercall.alert.snoozed.v1";
    /// An alert was put away.
    AlertClosed(AlertClosed): Commitment, "aftercall.alert.closed.v1";
    /// An alert goes on.
    AlertRetriggered(AlertRetriggered): Commitment, "aftercall.alert.retriggered.v1";
    /// An alert that was put away fires again.
    AlertFiredAgain(AlertFiredAgain): Commitment, "aftercall.alert.fired_again.v1";
    /// It was decided who is told of alerts.
    AlertsRouted(AlertsRouted): AlertRoutes, "aftercall.alert.routed.v1";
    /// A solution went live.
    SolutionPublished(Box<SolutionPublished>): Solution, "aftercall.solution.published.v1";
    /// A version is trusted, or not any more.
    SolutionConfidenceChanged(Box<SolutionConfidenceChanged>): Solution, "aftercall.solution.confidence_changed.v1";
    /// Somebody says that a version is wrong.
    SolutionFlagged(Box<SolutionFlagged>): Solution, "aftercall.solution.flagged.v1";
    /// A flag was judged.
    SolutionFlagResolved(SolutionFlagResolved): Solution, "aftercall.solution.flag_resolved.v1";
    /// A version was checked against its sources.
    SolutionVerified(Box<SolutionVerified>): Solution, "aftercall.solution.verified.v1";
    /// A version of a solution was begun.
    SolutionDrafted(Box<SolutionDrafted>): Solution, "aftercall.solution.drafted.v1";
    /// Somebody wrote in a draft.
    SolutionEdited(Box<SolutionEdited>): Solution, "aftercall.solution.edited.v1";
    /// A draft was handed in for review.
    SolutionSubmitted(SolutionSubmitted): Solution, "aftercall.solution.submitted.v1";
    /// A version is a draft again, or was given up.
    SolutionReturned(SolutionReturned): Solution, "aftercall.solution.returned.v1";
    /// A version may be published.
    SolutionApproved(SolutionApproved): Solution, "aftercall.solution.approved.v1";
    /// A solution was put out of use.
    SolutionRetired(SolutionRetired): Solution, "aftercall.solution.retired.v1";
    /// A version was found wrong.
    SolutionVersionRecalled(SolutionVersionRecalled): Solution, "aftercall.solution.version_recalled.v1";
    /// A retired solution is in use again.
    SolutionRestored(SolutionRestored): Solution, "aftercall.solution.restored.v1";
    /// A solution leads to another one.
    SolutionMerged(SolutionMerged): Solution, "aftercall.solution.merged.v1";
    /// A merged solution stands for itself again.
    SolutionUnmerged(SolutionUnmerged): Solution, "aftercall.solution.unmerged.v1";
    /// Two customers are one.
    CustomersMerged(CustomersMerged): Customer, "aftercall.customer.merged.v1";
    /// Two customers are two again.
    CustomersUnmerged(CustomersUnmerged): Customer, "aftercall.customer.unmerged.v1";
    /// Settings were made or changed.
    SettingsChanged(Box<SettingsChanged>): Settings, "aftercall.settings.changed.v1";
    /// A promise that was not kept caused a contact.
    RepeatAttributed(Box<RepeatAttributed>): Repeat, "aftercall.repeat.attributed.v1";
    /// A webhook was made or changed.
    WebhookChanged(Box<WebhookChanged>): Webhook, "aftercall.webhook.changed.v1";
    /// Deliveries of a webhook are to be sent again.
    WebhookReplayed(WebhookReplayed): Webhook, "aftercall.webhook.replayed.v1";
    /// A webhook is to be told of events.
    WebhookQueued(WebhookQueued): WebhookQueue, "aftercall.webhook.queued.v1";
    /// It was tried to tell a webhook of events.
    WebhookAttempted(WebhookAttempted): WebhookOutcomes, "aftercall.webhook.attempted.v1";
    /// It was tried to send mails.
    MailAttempted(MailAttempted): MailOutcomes, "aftercall.mail.attempted.v1";
    /// A calendar of an agent's promises was made, or revoked.
    CalendarFeedChanged(Box<CalendarFeedChanged>): CalendarFeed, "aftercall.calendar_feed.changed.v1";
    /// A reviewer took candidates in hand.
    CandidatesClaimed(CandidatesClaimed): Candidate, "aftercall.candidate.claimed.v1";
    /// Candidates are offered again.
    CandidatesReleased(CandidatesReleased): Candidate, "aftercall.candidate.released.v1";
    /// Candidates were put off.
    CandidatesPutOff(CandidatesPutOff): Candidate, "aftercall.candidate.put_off.v1";
    /// Candidates were rejected.
    CandidatesRejected(CandidatesRejected): Candidate, "aftercall.candidate.rejected.v1";
    /// Candidates were merged into a solution.
    CandidatesMerged(Box<CandidatesMerged>): Candidate, "aftercall.candidate.merged.v1";
    /// It was said what came of a search.
    SearchReported(Box<SearchReported>): Search, "aftercall.search.reported.v1";
    /// A search found nothing that fits.
    SearchUnanswered(Box<SearchUnanswered>): Search, "aftercall.search.unanswered.v1";
    /// A reviewer judged a solution's use in a contact.
    LinkJudged(Box<LinkJudged>): Link, "aftercall.link.judged.v1";
    /// It was said what the root cause of a contact was.
    CauseAttributed(Box<CauseAttributed>): Cause, "aftercall.interaction.cause_attributed.v1";
    /// A problem was made or changed.
    ProblemChanged(Box<ProblemChanged>): Problem, "aftercall.problem.changed.v1";
    /// Something was done about a problem.
    ProblemImproved(Box<ProblemImproved>): Problem, "aftercall.problem.improved.v1";
    /// A source told what happened in a call.
    CallReported(Box<CallReported>): Call, "aftercall.call.reported.v1";
    /// A call was closed because nothing more was told of it.
    CallClosed(CallClosed): Call, "aftercall.call.closed.v1";
    /// It was judged whether a call was lost.
    CallDropJudged(Box<CallDropJudged>): Call, "aftercall.call.drop_judged.v1";
    /// Part of a call's wrap-up was saved.
    CallWrapUpSaved(Box<CallWrapUpSaved>): Call, "aftercall.call.wrap_up_saved.v1";
    /// Something about a contact or a customer needs a human.
    ConcernRaised(Box<ConcernRaised>): Concern, "aftercall.concern.raised.v1";
    /// Somebody sees to it.
    ConcernAcknowledged(ConcernAcknowledged): Concern, "aftercall.concern.acknowledged.v1";
    /// It was put off.
    ConcernSnoozed(ConcernSnoozed): Concern, "aftercall.concern.snoozed.v1";
    /// It was put away.
    ConcernClosed(ConcernClosed): Concern, "aftercall.concern.closed.v1";
    /// It goes on.
    ConcernRetriggered(ConcernRetriggered): Concern, "aftercall.concern.retriggered.v1";
    /// What was noticed was taken back.
    ConcernResolved(ConcernResolved): Concern, "aftercall.concern.resolved.v1";
    /// Somebody began to take contacts home.
    ExportBegun(Box<ExportBegun>): Export, "aftercall.export.begun.v1";
}

impl Fact {
    /// An event that says this, and leaves open of what and by whom.
    pub fn event(&self) -> Event {
        Event {
            r#type: self.event_type().into(),
            aggregate_kind: self.aggregate_kind().into(),
            payload: Some(Payload::Data(self.encode())),
            ..Event::default()
        }
    }
}

impl Event {
    /// The encoded data; nothing where it is encrypted.
    pub fn data(&self) -> Option<&Bytes> {
        match &self.payload {
            Some(Payload::Data(data)) => Some(data),
            Some(Payload::Sealed(_)) | None => None,
        }
    }

    /// Decodes the data that `type` names; nothing for a type that this version doesn't know or data
    /// that it can't decrypt, which every reader passes over.
    ///
    /// # Errors
    /// When the data isn't the message that the type names.
    pub fn fact(&self) -> Result<Option<Fact>, DecodeError> {
        match self.data() {
            None => Ok(None),
            Some(data) => Fact::decode(self.r#type(), data.clone()),
        }
    }
}

/// The log key of all that concerns a customer: one customer's history is totally ordered. The first
/// `|` ends the tenant's id, which holds none; the customer's id is all the rest, whatever it holds.
pub fn customer_key(tenant_id: &str, customer_id: &str) -> Bytes {
    joined(&[tenant_id, "|", customer_id])
}

/// The log key of a contact and of all that follows from it: that of the customer to whom it was
/// recorded. A contact whose customer isn't identified, with an empty `customer_id`, stands for itself.
pub fn contact_key(tenant_id: &str, customer_id: &str, interaction_id: &str) -> Bytes {
    match customer_id {
        "" => joined(&[tenant_id, "| interaction/", interaction_id]),
        customer_id => customer_key(tenant_id, customer_id),
    }
}

/// The log key of a solution.
pub fn solution_key(tenant_id: &str, solution_id: &str) -> Bytes {
    joined(&[tenant_id, "| solution/", solution_id])
}

/// The log key of what is decided on the candidates of a contact reason.
pub fn candidates_key(tenant_id: &str, reason_code: &str) -> Bytes {
    joined(&[tenant_id, "| candidates/", reason_code])
}

/// The log key of a search: all that is said of it is in one order.
pub fn search_key(tenant_id: &str, search_id: &str) -> Bytes {
    joined(&[tenant_id, "| search/", search_id])
}

/// The log key of a problem: all that becomes of it is in one order.
pub fn problem_key(tenant_id: &str, problem_id: &str) -> Bytes {
    joined(&[tenant_id, "| problem/", problem_id])
}

/// The log key of all that a tenant has set up.
pub fn settings_key(tenant_id: &str) -> Bytes {
    joined(&[tenant_id, "| settings"])
}

/// The log key of all about what a tenant is told outside: so one partition, and who works for it, has all
/// of a tenant's.
pub fn notify_key(tenant_id: &str) -> Bytes {
    joined(&[tenant_id, "| notify"])
}

/// The log key of all calendars of a tenant's promises.
pub fn calendar_feeds_key(tenant_id: &str) -> Bytes {
    joined(&[tenant_id, "| calendar-feeds"])
}

/// The log key of all that says who takes a tenant's contacts home.
pub fn exports_key(tenant_id: &str) -> Bytes {
    joined(&[tenant_id, "| exports"])
}

/// What is no customer's begins with a blank after the tenant, as no customer's id does.
fn joined(parts: &[&str]) -> Bytes {
    parts.concat().into()
}
