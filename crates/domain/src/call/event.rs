//! What a source tells of a call.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Speech;
use crate::Handle;
use crate::interaction::{
    Channel, Direction, DisconnectReason, HoldReason, SentimentParticipant, Transfer,
};

/// The name of an event: whatever has the same one is told again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EventName {
    /// The system that tells it.
    pub source: String,
    /// The call there.
    pub call_id: String,
    /// The event there.
    pub event_id: String,
}

/// Where a call is, as far as an event says it; what is empty is not said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The queue.
    pub queue_id: String,
    /// The agent.
    pub agent_id: String,
    /// The agent's team.
    pub team_id: String,
    /// The agent's site.
    pub site_id: String,
    /// The skill that was asked for.
    pub skill: String,
}

/// Something that happened in a call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallEvent {
    /// Its name.
    pub name: EventName,
    /// Of several that have its name, the one with the highest revision counts: a source that corrects itself.
    pub revision: u64,
    /// When it happened, by the clock of its source.
    pub occurred_at: Timestamp,
    /// When it was told, by ours.
    pub recorded_at: Timestamp,
    /// What happened.
    pub what: What,
    /// Where.
    pub place: Place,
    /// Whose call it is, if that is known with this event.
    pub customer_id: Option<String>,
    /// The names under which the customer reached us, or was reached.
    pub handles: Vec<Handle>,
    /// Ours: the number that was called.
    pub our_handle: Option<Handle>,
    /// By what the customer reached us, or was reached.
    pub channel: Option<Channel>,
}

/// What happened in a call.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It began.
    Started {
        /// Who reached out.
        direction: Option<Direction>,
    },
    /// It was said whose call it is, and nothing else happened.
    Identified,
    /// The customer reached a step of the voice menu.
    MenuStep {
        /// The step.
        node: String,
    },
    /// It entered a queue.
    Queued,
    /// It rings at an agent's.
    Offered,
    /// An agent answered.
    Answered,
    /// The customer is on hold.
    Held {
        /// What for.
        reason: HoldReason,
    },
    /// The customer is not on hold any more.
    Resumed,
    /// The agent asks another one.
    Consulted,
    /// There are more than two on the line.
    Conferenced,
    /// The agent handed it on.
    Transferred(Transfer),
    /// Somebody said something, in a chat or in a call that is written down.
    Said {
        /// Who.
        by: SentimentParticipant,
        /// What for.
        speech: Speech,
    },
    /// The line was lost.
    Dropped {
        /// On whose side.
        side: DropSide,
    },
    /// It ended.
    Ended {
        /// Who or what ended it.
        reason: Option<DisconnectReason>,
    },
    /// An agent's after-call work began.
    AcwBegan,
    /// It ended.
    AcwEnded,
}

/// On whose side a line was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropSide {
    /// On the customer's.
    Customer,
    /// On ours.
    Agent,
    /// That is not known.
    Unknown,
}

impl What {
    /// Of what happened at the same instant, what comes first.
    const fn rank(&self) -> u8 {
        match self {
            Self::Started { .. } => 0,
            Self::Identified => 1,
            Self::MenuStep { .. } => 2,
            Self::Queued => 3,
            Self::Offered => 4,
            Self::Answered => 5,
            Self::Held { .. } => 6,
            Self::Resumed => 7,
            Self::Consulted => 8,
            Self::Conferenced => 9,
            Self::Transferred(_) => 10,
            Self::Said { .. } => 11,
            Self::Dropped { .. } => 12,
            Self::Ended { .. } => 13,
            Self::AcwBegan => 14,
            Self::AcwEnded => 15,
        }
    }

    /// Whether it says that the call is over.
    pub(super) const fn ends(&self) -> bool {
        matches!(self, Self::Ended { .. } | Self::Dropped { .. })
    }
}

/// The events that count, in the order in which they happened: of each name one.
pub(super) fn counting<'e>(events: impl Iterator<Item = &'e CallEvent>) -> Vec<&'e CallEvent> {
    let mut named: BTreeMap<&EventName, &CallEvent> = BTreeMap::new();
    for event in events {
        let best = named.entry(&event.name).or_insert(event);
        if precedence(event) < precedence(best) {
            *best = event;
        }
    }
    let mut counting: Vec<_> = named.into_values().collect();
    counting.sort_by_key(|event| (event.occurred_at, event.what.rank(), &event.name));
    counting
}

/// Of those with one name, the least counts: the latest revision, and of one revision what was told first. The rest
/// only makes the choice the same whoever makes it.
fn precedence(event: &CallEvent) -> (Reverse<u64>, Timestamp, Timestamp, u8, &Place, Option<&str>) {
    (
        Reverse(event.revision),
        event.recorded_at,
        event.occurred_at,
        event.what.rank(),
        &event.place,
        event.customer_id.as_deref(),
    )
}
