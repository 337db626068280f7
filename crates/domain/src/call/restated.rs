//! What is told of a call after it had settled: what that changed.

use jiff::{SignedDuration, Timestamp};

use super::event::{CallEvent, EventName, counting};
use super::fold::fold;
use super::measures::Measures;
use crate::limits::RESTATEMENTS_MAX;

/// What is reckoned of a call changed after it had settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Restatement {
    /// When that was told.
    pub at: Timestamp,
    /// By which event.
    pub by: EventName,
    /// What was reckoned before.
    pub before: Measures,
    /// And after.
    pub after: Measures,
    /// When the call had ended before, as far as was known, and after.
    pub ended_at: (Option<Timestamp>, Option<Timestamp>),
}

/// The restatements of a call, the first one first; at most [`RESTATEMENTS_MAX`] of them.
///
/// A call settles a while after its end was told first, by our clock. Which events are late follows from the set of
/// them alone, so that it makes no difference in which order they are read.
pub(super) fn restatements(events: &[CallEvent], late_window: SignedDuration) -> Vec<Restatement> {
    let Some(settled_at) = settled_at(events, late_window) else {
        return Vec::new();
    };
    let (mut told, mut late): (Vec<&CallEvent>, Vec<&CallEvent>) = events
        .iter()
        .partition(|event| event.recorded_at <= settled_at);
    late.sort_by_key(|event| (event.recorded_at, &event.name, event.revision));
    late.dedup_by_key(|event| (&event.name, event.revision));
    let mut restated = Vec::new();
    let mut before = fold(&counting(told.iter().copied()));
    for event in late {
        if restated.len() == RESTATEMENTS_MAX {
            break;
        }
        told.push(event);
        let after = fold(&counting(told.iter().copied()));
        if let (Some(was), Some(is)) = (&before, &after)
            && (was.measures != is.measures || was.ended_at != is.ended_at)
        {
            restated.push(Restatement {
                at: event.recorded_at,
                by: event.name.clone(),
                before: was.measures.clone(),
                after: is.measures.clone(),
                ended_at: (was.ended_at, is.ended_at),
            });
        }
        before = after;
    }
    restated
}

/// Until when what is told of a call is no restatement; none while nobody told that it ended.
fn settled_at(events: &[CallEvent], late_window: SignedDuration) -> Option<Timestamp> {
    let ends = events.iter().filter(|event| event.what.ends());
    let told = ends.map(|event| event.recorded_at).min()?;
    Some(told.saturating_add(late_window).unwrap_or(Timestamp::MAX))
}
