//! A call as telephony tells it: from events of several sources, in whatever order they come, to one contact.
//!
//! Everything here is a function of a *set* of events: which of them count follows from their names and revisions, and
//! in which order they are taken from when they happened. So what a call is does not depend on the order of arrival,
//! nor on how often something is told.

mod drops;
mod event;
mod fold;
mod measures;
mod restated;
mod talk;
mod terms;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::Handle;
use crate::interaction::{Channel, Direction, Disconnect, DisconnectStage, IvrStep, Segment};

pub use drops::{DropBasis, DropRule, DropVerdict};
pub use event::{CallEvent, DropSide, EventName, Place, What};
pub use measures::Measures;
pub use restated::Restatement;
pub use talk::{Speech, Talk};
pub use terms::CallTerms;

/// How a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallState {
    /// It has begun.
    Initiated,
    /// In the voice menu.
    Menu,
    /// In a queue.
    Queued,
    /// It rings at an agent's.
    Ringing,
    /// With an agent.
    Connected,
    /// With an agent, and on hold.
    OnHold,
    /// On its way from one agent to another, or to a queue.
    Transferring,
    /// It is over, and an agent has had it, though maybe not last: it waits for what they have to say of it.
    WrapUp,
    /// It is over, and no agent ever had it: nobody has more to say of it.
    Abandoned,
}

impl CallState {
    /// Whether the customer is still on the line.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::WrapUp | Self::Abandoned)
    }

    /// In which stage a call ends that ends now.
    pub(crate) const fn stage(self) -> DisconnectStage {
        match self {
            Self::Initiated | Self::Ringing | Self::Transferring => DisconnectStage::Ringing,
            Self::Menu => DisconnectStage::Ivr,
            Self::Queued | Self::Abandoned => DisconnectStage::Queue,
            Self::Connected => DisconnectStage::Talk,
            Self::OnHold => DisconnectStage::Hold,
            Self::WrapUp => DisconnectStage::Acw,
        }
    }
}

/// A call, as its events tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// When it began: when it was started, or the first that is known of it.
    pub began_at: Timestamp,
    /// When it ended for the customer.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    pub state: CallState,
    /// Since when.
    pub since: Timestamp,
    /// Who reached out.
    pub direction: Option<Direction>,
    /// The customer who was named last.
    pub customer_id: Option<String>,
    /// The names under which they reached us, or were reached.
    pub handles: Vec<Handle>,
    /// Ours in it.
    pub our_handle: Option<Handle>,
    /// By what they reached us, or were reached; none where nothing says it.
    pub channel: Option<Channel>,
    /// Its parts, in their order.
    pub segments: Vec<Segment>,
    /// Where it is, or was last: the queue, and who has it.
    pub place: Place,
    /// The last step in the voice menu; empty for none.
    pub menu_node: String,
    /// The way through the voice menu, in its order; at most [`LIST_MAX`](crate::limits::LIST_MAX) steps.
    pub ivr_path: Vec<IvrStep>,
    /// How the talk stands, by what was said; none where nothing is told of that.
    pub talk: Option<Talk>,
    /// How it ended. Whether it was lost is judged apart.
    pub disconnect: Option<Disconnect>,
    /// On whose side the line was lost, if somebody says so.
    pub dropped: Option<DropSide>,
    /// What is reckoned of it.
    pub measures: Measures,
    /// What was told of it so late that it had settled, and what that changed.
    pub restatements: Vec<Restatement>,
}

impl Call {
    /// The call of these events by the terms of tenants that set none.
    pub fn of(events: &[CallEvent]) -> Option<Self> {
        Self::by(events, &CallTerms::default())
    }

    /// The call of these events; none of no events. Neither their order nor repetitions make a difference.
    pub fn by(events: &[CallEvent], terms: &CallTerms) -> Option<Self> {
        let counting = event::counting(events.iter());
        let mut call = fold::fold(&counting)?;
        call.restatements = restated::restatements(events, terms.late_window);
        Some(call)
    }

    /// Whether it was with an agent, who has to say what it was about.
    pub fn needs_wrap_up(&self) -> bool {
        self.measures.answered_n > 0
    }

    /// Since when it is in a queue; none if it is not.
    pub fn queued_since(&self) -> Option<Timestamp> {
        let last = self.segments.iter().rev();
        let mut waiting = last.filter(|one| one.enqueued_at.is_some() && one.dequeued_at.is_none());
        let is_waiting = matches!(self.state, CallState::Queued | CallState::Ringing);
        waiting.next().filter(|_| is_waiting)?.enqueued_at
    }

    /// The hold that has not ended.
    pub fn holding(&self) -> Option<&crate::interaction::Hold> {
        let holds = self.segments.iter().flat_map(|segment| &segment.holds);
        let mut open = holds.filter(|hold| hold.ended_at.is_none());
        open.next().filter(|_| self.state == CallState::OnHold)
    }
}
