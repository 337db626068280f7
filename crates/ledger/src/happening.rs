//! What a record of the log says, decoded.

use aftercall_domain::commitment::{Commitment, Event as Step};
use aftercall_domain::concern;
use aftercall_log::Entry;
use aftercall_proto::convert::commitment as convert;
use aftercall_proto::convert::concern::event as concern_event;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    AlertsRouted, CalendarFeedChanged, CallClosed, CallDropJudged, CallReported, CallWrapUpSaved,
    CandidatesClaimed, CandidatesMerged, CandidatesPutOff, CandidatesRejected, CandidatesReleased,
    CauseAttributed, CustomersMerged, CustomersUnmerged, Event, ExportBegun, InteractionAmended,
    InteractionAnalysed, InteractionIdentified, InteractionRecorded, LinkJudged, MailAttempted,
    ProblemChanged, ProblemImproved, RepeatAttributed, SearchReported, SearchUnanswered,
    SettingsChanged, SolutionApproved, SolutionConfidenceChanged, SolutionDrafted, SolutionEdited,
    SolutionFlagResolved, SolutionFlagged, SolutionMerged, SolutionPublished, SolutionRestored,
    SolutionRetired, SolutionReturned, SolutionSubmitted, SolutionUnmerged, SolutionVerified,
    SolutionVersionRecalled, WebhookAttempted, WebhookChanged, WebhookQueued, WebhookReplayed,
};
use aftercall_view::{ApplyError, FromRecord, key};
use bytes::Bytes;
use prost::Message;

/// An event as its record holds it.
#[derive(Debug, Clone)]
pub struct Happening {
    /// The record's key.
    pub key: Bytes,
    /// Whose it is: see [`key::whose`].
    pub whose: u64,
    /// The envelope.
    pub event: Event,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// A contact was recorded.
    Recorded {
        /// The record.
        recorded: Box<InteractionRecorded>,
        /// The promises that begin with it, in its order.
        promises: Vec<Commitment>,
    },
    /// A contact's record was amended.
    Amended(Box<InteractionAmended>),
    /// Somebody or something looked into a contact later.
    Analysed(Box<InteractionAnalysed>),
    /// It was said whose contact it is.
    Identified(InteractionIdentified),
    /// A promise was made after its contact, or without one.
    Made(Box<Commitment>),
    /// Something became of a promise.
    Promise(Step),
    /// A solution went live.
    Published(Box<SolutionPublished>),
    /// A reviewer decided on candidates.
    Candidates(Candidates),
    /// Something else became of a solution.
    Solution(Solved),
    /// Two customers are one.
    Merged(CustomersMerged),
    /// Two customers are two again.
    Unmerged(CustomersUnmerged),
    /// A tenant's settings were made or changed.
    Settings(Box<SettingsChanged>),
    /// A promise that was not kept caused a contact.
    Repeat(Box<RepeatAttributed>),
    /// Something became of a webhook.
    Webhook(Webhook),
    /// A calendar of an agent's promises was made, or revoked.
    CalendarFeed(Box<CalendarFeedChanged>),
    /// It was decided who is told of alerts.
    Routed(Box<AlertsRouted>),
    /// It was tried to send mails.
    Mailed(MailAttempted),
    /// Something became of a search.
    Search(Search),
    /// A reviewer judged a solution's use in a contact.
    LinkJudged(Box<LinkJudged>),
    /// It was said what the root cause of a contact was.
    Cause(Box<CauseAttributed>),
    /// Something became of a problem.
    Problem(Problem),
    /// Somebody began to take contacts home.
    Exported(Box<ExportBegun>),
    /// Something was told of a call.
    Call(Told),
    /// Something about a contact or a customer needs a human, or became of that.
    Concern(Box<concern::Event>),
    /// Something that only a later version understands, or that can't be decrypted.
    Unknown,
    /// What no writer of ours makes.
    Malformed,
}

/// What a reviewer decided on candidates.
#[derive(Debug, Clone)]
pub enum Candidates {
    /// They are in somebody's hand.
    Claimed(CandidatesClaimed),
    /// They are offered again.
    Released(CandidatesReleased),
    /// They are left for later.
    PutOff(CandidatesPutOff),
    /// They teach nothing.
    Rejected(CandidatesRejected),
    /// They said the same as a solution.
    Merged(Box<CandidatesMerged>),
}

/// What became of a solution, beside that a version of it went live.
#[derive(Debug, Clone)]
pub enum Solved {
    /// A version was begun.
    Drafted(Box<SolutionDrafted>),
    /// Somebody wrote in a draft.
    Edited(Box<SolutionEdited>),
    /// A draft was handed in for review.
    Submitted(SolutionSubmitted),
    /// A version is a draft again, or was given up.
    Returned(SolutionReturned),
    /// A version may be published.
    Approved(SolutionApproved),
    /// It was put out of use.
    Retired(SolutionRetired),
    /// A version was found wrong.
    VersionRecalled(SolutionVersionRecalled),
    /// It is in use again.
    Restored(SolutionRestored),
    /// It leads to another one.
    Merged(SolutionMerged),
    /// It stands for itself again.
    Unmerged(SolutionUnmerged),
    /// A version is trusted, or not any more.
    ConfidenceChanged(Box<SolutionConfidenceChanged>),
    /// Somebody says that a version is wrong.
    Flagged(Box<SolutionFlagged>),
    /// A flag was judged.
    FlagResolved(SolutionFlagResolved),
    /// A version was checked against its sources.
    Verified(Box<SolutionVerified>),
}

/// What became of a webhook.
#[derive(Debug, Clone)]
pub enum Webhook {
    /// It was made or changed.
    Changed(Box<WebhookChanged>),
    /// Deliveries are to be sent again.
    Replayed(WebhookReplayed),
    /// It is to be told of events.
    Queued(WebhookQueued),
    /// It was tried to tell it.
    Attempted(WebhookAttempted),
}

/// What became of a problem.
#[derive(Debug, Clone)]
pub enum Problem {
    /// It was made or changed.
    Changed(Box<ProblemChanged>),
    /// Something was done about it.
    Improved(Box<ProblemImproved>),
}

/// What was told of a call.
#[derive(Debug, Clone)]
pub enum Told {
    /// What happened in it.
    Reported(Box<CallReported>),
    /// It was closed.
    Closed(CallClosed),
    /// It was judged whether it was lost.
    DropJudged(Box<CallDropJudged>),
    /// Part of its wrap-up was saved.
    Saved(Box<CallWrapUpSaved>),
}

/// What became of a search.
#[derive(Debug, Clone)]
pub enum Search {
    /// Somebody said what came of it.
    Reported(Box<SearchReported>),
    /// It found nothing that fits.
    Unanswered(Box<SearchUnanswered>),
}

impl What {
    fn of(event: &Event) -> Result<Self, ApplyError> {
        let fact = event.fact().map_err(ApplyError::record)?;
        Ok(match fact {
            None => Self::Unknown,
            Some(Fact::InteractionRecorded(recorded)) if recorded.interaction.is_none() => {
                Self::Malformed
            }
            Some(Fact::InteractionRecorded(recorded)) => {
                let promises = convert::made(event, &recorded).into_iter();
                Self::Recorded {
                    promises: promises.map(Commitment::new).collect(),
                    recorded,
                }
            }
            Some(Fact::CommitmentMade(made)) => match convert::made_later(event, &made) {
                Some(made) => Self::Made(Box::new(Commitment::new(made))),
                None => Self::Malformed,
            },
            Some(Fact::InteractionAmended(amended)) => Self::Amended(amended),
            Some(Fact::InteractionAnalysed(analysed)) => Self::Analysed(analysed),
            Some(Fact::InteractionIdentified(identified)) => Self::Identified(identified),
            Some(Fact::CustomersMerged(merged)) => Self::Merged(merged),
            Some(Fact::CustomersUnmerged(unmerged)) => Self::Unmerged(unmerged),
            Some(Fact::SettingsChanged(changed)) => Self::Settings(changed),
            Some(Fact::AlertsRouted(routed)) => Self::Routed(Box::new(routed)),
            Some(Fact::RepeatAttributed(attributed)) => Self::Repeat(attributed),
            Some(Fact::WebhookChanged(changed)) if changed.webhook.is_none() => Self::Malformed,
            Some(Fact::WebhookChanged(changed)) => Self::Webhook(Webhook::Changed(changed)),
            Some(Fact::WebhookReplayed(replayed)) => Self::Webhook(Webhook::Replayed(replayed)),
            Some(Fact::WebhookQueued(queued)) => Self::Webhook(Webhook::Queued(queued)),
            Some(Fact::WebhookAttempted(attempted)) => Self::Webhook(Webhook::Attempted(attempted)),
            Some(Fact::MailAttempted(attempted)) => Self::Mailed(attempted),
            Some(Fact::CalendarFeedChanged(changed)) if changed.feed.is_none() => Self::Malformed,
            Some(Fact::CalendarFeedChanged(changed)) => Self::CalendarFeed(changed),
            Some(Fact::CallReported(reported)) if reported.event.is_none() => Self::Malformed,
            Some(Fact::CallReported(reported)) => Self::Call(Told::Reported(reported)),
            Some(Fact::CallClosed(closed)) => Self::Call(Told::Closed(closed)),
            Some(Fact::CallDropJudged(judged)) => Self::Call(Told::DropJudged(judged)),
            Some(Fact::CallWrapUpSaved(saved)) => Self::Call(Told::Saved(saved)),
            Some(fact) => Self::of_knowledge(event, fact),
        })
    }

    /// What became of solutions, candidates and searches; or else of a promise.
    fn of_knowledge(event: &Event, fact: Fact) -> Self {
        match fact {
            Fact::SearchReported(reported) => Self::Search(Search::Reported(reported)),
            Fact::SearchUnanswered(found) => Self::Search(Search::Unanswered(found)),
            Fact::LinkJudged(judged) => Self::LinkJudged(judged),
            Fact::CauseAttributed(attributed) => Self::Cause(attributed),
            Fact::ProblemChanged(changed) if changed.problem.is_none() => Self::Malformed,
            Fact::ProblemChanged(changed) => Self::Problem(Problem::Changed(changed)),
            Fact::ProblemImproved(improved) if improved.improvement.is_none() => Self::Malformed,
            Fact::ProblemImproved(improved) => Self::Problem(Problem::Improved(improved)),
            Fact::ExportBegun(begun) => Self::Exported(begun),
            Fact::SolutionPublished(published) if published.solution.is_none() => Self::Malformed,
            Fact::SolutionPublished(published) => Self::Published(published),
            Fact::CandidatesClaimed(claimed) => Self::Candidates(Candidates::Claimed(claimed)),
            Fact::CandidatesReleased(released) => Self::Candidates(Candidates::Released(released)),
            Fact::CandidatesPutOff(put_off) => Self::Candidates(Candidates::PutOff(put_off)),
            Fact::CandidatesRejected(rejected) => Self::Candidates(Candidates::Rejected(rejected)),
            Fact::CandidatesMerged(merged) => Self::Candidates(Candidates::Merged(merged)),
            Fact::SolutionDrafted(drafted) if drafted.solution.is_none() => Self::Malformed,
            Fact::SolutionDrafted(drafted) => Self::Solution(Solved::Drafted(drafted)),
            Fact::SolutionEdited(edited) if edited.solution.is_none() => Self::Malformed,
            Fact::SolutionEdited(edited) => Self::Solution(Solved::Edited(edited)),
            Fact::SolutionSubmitted(submitted) => Self::Solution(Solved::Submitted(submitted)),
            Fact::SolutionReturned(returned) => Self::Solution(Solved::Returned(returned)),
            Fact::SolutionApproved(approved) => Self::Solution(Solved::Approved(approved)),
            Fact::SolutionRetired(retired) => Self::Solution(Solved::Retired(retired)),
            Fact::SolutionVersionRecalled(recalled) => {
                Self::Solution(Solved::VersionRecalled(recalled))
            }
            Fact::SolutionRestored(restored) => Self::Solution(Solved::Restored(restored)),
            Fact::SolutionMerged(merged) => Self::Solution(Solved::Merged(merged)),
            Fact::SolutionUnmerged(unmerged) => Self::Solution(Solved::Unmerged(unmerged)),
            Fact::SolutionConfidenceChanged(changed) => {
                Self::Solution(Solved::ConfidenceChanged(changed))
            }
            Fact::SolutionFlagged(flagged) if flagged.flag.is_none() => Self::Malformed,
            Fact::SolutionFlagged(flagged) => Self::Solution(Solved::Flagged(flagged)),
            Fact::SolutionFlagResolved(resolved) => Self::Solution(Solved::FlagResolved(resolved)),
            Fact::SolutionVerified(verified) => Self::Solution(Solved::Verified(verified)),
            fact => match convert::later_event(event, &fact) {
                Some(step) => Self::Promise(step),
                None => match concern_event(event, &fact) {
                    Some(step) => Self::Concern(Box::new(step)),
                    None => Self::Malformed,
                },
            },
        }
    }
}

impl FromRecord for Happening {
    fn from_record(entry: &Entry) -> Result<Self, ApplyError> {
        let event = Event::decode(entry.record.body.clone()).map_err(ApplyError::record)?;
        Ok(Self {
            key: entry.record.key.clone(),
            whose: key::whose(&entry.record.key),
            what: What::of(&event)?,
            event,
        })
    }

    fn is_for_views(&self) -> bool {
        !matches!(self.what, What::Unknown | What::Malformed)
    }
}
