mod alone;
mod promises;
mod receivers;
mod shadows;
mod silences;
mod targets;
mod together;

use jiff::{SignedDuration, Timestamp};

use super::shadow::{Judged, PolicySet, Shadow};
use super::*;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn open_time(duration: SignedDuration, calendar: &str) -> OpenTime {
    OpenTime {
        duration,
        calendar_id: calendar.to_owned(),
    }
}

fn level(targets: Vec<EscalationTarget>) -> EscalationLevel {
    EscalationLevel {
        delay: Delay::Wall(HOUR),
        targets,
        strategy: EscalationStrategy::All,
    }
}

/// Tells a team, then a receiver.
fn escalation() -> EscalationPolicy {
    EscalationPolicy {
        levels: vec![
            level(vec![EscalationTarget::Team("billing".to_owned())]),
            level(vec![EscalationTarget::Receiver("duty".to_owned())]),
        ],
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    }
}

fn noted(found: &Violations) -> Vec<(String, Reason)> {
    let found = found.as_slice().iter();
    found.map(|one| (one.field.clone(), one.reason)).collect()
}

/// What is wrong with a body alone: fields and reasons.
fn wrong(body: Body) -> Vec<(String, Reason)> {
    let mut found = Violations::new();
    body.check(FieldPath::ROOT, &mut found);
    noted(&found)
}

#[track_caller]
fn assert_wrong(body: Body, field: &str, reason: Reason) {
    let told = format!("{body:?}");
    assert_eq!(wrong(body), [(field.to_owned(), reason)], "{told}");
}
