//! What must become of an incident's promises, reckoned minute by minute.

use super::desk::{Incident, Minute, State};

const HOUR: Minute = 60;
const DAY: Minute = 24 * HOUR;

/// By when the desk wants an incident resolved: ours, because the set does not tell its agreement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) hours: Minute,
    /// Only from Monday to Friday, from 8 to 18.
    pub(super) on_weekdays: bool,
}

/// The target of a priority.
pub(super) fn target(priority: &str) -> Target {
    let (hours, on_weekdays) = match priority {
        "1" => (4, false),
        "2" => (10, true),
        "3" => (30, true),
        _ => (50, true),
    };
    Target { hours, on_weekdays }
}

impl Target {
    fn is_open(self, minute: Minute) -> bool {
        // 1970 began on a Thursday.
        let weekday = (minute.div_euclid(DAY) + 3).rem_euclid(7);
        let of_day = minute.rem_euclid(DAY);
        !self.on_weekdays || weekday < 5 && (8 * HOUR..18 * HOUR).contains(&of_day)
    }
}

/// What must become of one promise: of the first, or of one after a reopening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reckoned {
    pub(super) done_at: Minute,
    /// How long the desk waited for the caller, and for others.
    pub(super) waited: [Minute; 2],
    /// How often it began to wait.
    pub(super) waits: usize,
    /// Where the target stood in the end.
    pub(super) target_at: Minute,
    /// Whether it passed before the incident was resolved.
    pub(super) missed: bool,
}

/// All promises of an incident, in order.
pub(super) fn reckon(incident: &Incident) -> Vec<Reckoned> {
    let course = incident.course();
    let parts = course.split_inclusive(|(_, state)| *state == State::Done);
    parts
        .map(|part| one(part, target(&incident.priority)))
        .collect()
}

/// One promise, whose course begins when it was made and ends when it was kept.
fn one(course: &[(Minute, State)], target: Target) -> Reckoned {
    let (done_at, _) = *course.last().expect("an end");
    let mut waited = [0; 2];
    let (mut left, mut target_at) = (target.hours * HOUR, None);
    let mut use_up = |minute: Minute| {
        left -= Minute::from(target.is_open(minute));
        (left == 0).then_some(minute + 1)
    };
    for pair in course.windows(2) {
        let [(from, state), (to, _)] = pair else {
            continue;
        };
        for minute in *from..*to {
            match state {
                State::Callers => waited[0] += 1,
                State::Others => waited[1] += 1,
                _ if target_at.is_none() => target_at = use_up(minute),
                _ => {}
            }
        }
    }
    // A wait that lasts to the end leaves the target where it stood when it began.
    let (last_from, last) = course[course.len().saturating_sub(2)];
    let runs_until = if last.waits() { last_from } else { done_at };
    let target_at = target_at
        .or_else(|| (runs_until..).find_map(use_up))
        .expect("open time without an end");
    Reckoned {
        done_at,
        waited,
        waits: course.iter().filter(|(_, state)| state.waits()).count(),
        target_at,
        missed: target_at < runs_until,
    }
}
