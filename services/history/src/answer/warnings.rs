//! What an agent should be careful of.

use aftercall_domain::commitment::{Commitment, Outcome, Timeliness};
use aftercall_proto::convert::feeling;
use aftercall_proto::history::v1::{SentimentBand, Warning, WarningKind};
use aftercall_proto::model::v1::{
    CommitmentOutcome, DropClass, Interaction, ReasonResolution, SignalKind,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::context::{Contact, LATELY, Past};
use crate::stored::microseconds;

/// How long ago the same reason may have come up to count as repeated.
const REPEATED_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What the past warns of, the gravest first.
pub(super) fn warnings(past: &Past, now: Timestamp) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = past
        .open
        .iter()
        .filter_map(|one| overdue(one, now))
        .collect();
    let signals = [
        (
            SignalKind::LegalThreat,
            WarningKind::LegalThreat,
            "The customer spoke of lawyers or courts",
        ),
        (
            SignalKind::VulnerableCustomer,
            WarningKind::VulnerableCustomer,
            "The customer needs special care, as noted",
        ),
        (
            SignalKind::Abuse,
            WarningKind::Abuse,
            "The customer was abusive",
        ),
        (
            SignalKind::ChurnThreat,
            WarningKind::ChurnThreat,
            "The customer spoke of leaving",
        ),
        (
            SignalKind::ManagerRequest,
            WarningKind::ManagerRequest,
            "The customer asked for a manager",
        ),
    ];
    for (signal, kind, text) in signals {
        warnings.extend(signalled(past, now, signal).map(|(contact, at)| Warning {
            kind: kind.into(),
            text: format!("{text} on {}.", day(at)),
            interaction_id: contact.interaction_id.clone(),
            commitment_id: String::new(),
        }));
    }
    warnings.extend(broken_lately(past, now));
    warnings.extend(repeated_reason(past, now));
    warnings.extend(last_contact(past));
    warnings
}

/// A promise that is open and late.
fn overdue(promise: &Commitment, now: Timestamp) -> Option<Warning> {
    let late = promise.timeliness(now) == Timeliness::Overdue;
    late.then(|| Warning {
        kind: WarningKind::PromiseOverdue.into(),
        text: format!(
            "A promise was due on {} and has not been kept.",
            moment(promise.promised_by, &promise.time_zone)
        ),
        interaction_id: promise.interaction_id.clone(),
        commitment_id: promise.commitment_id.clone(),
    })
}

/// The latest contact of late that has the signal, and when it was noticed.
fn signalled(past: &Past, now: Timestamp, kind: SignalKind) -> Option<(&Interaction, Timestamp)> {
    past.contacts
        .iter()
        .map(|contact| &contact.interaction)
        .find_map(|interaction| {
            let signal = interaction
                .signals
                .iter()
                .find(|signal| signal.kind() == kind)?;
            let at = instant(signal.at.as_ref().or(interaction.occurred_at.as_ref())?)?;
            (now.duration_since(at) <= LATELY).then_some((interaction, at))
        })
}

/// The last promise that was not kept as it was made.
fn broken_lately(past: &Past, now: Timestamp) -> Option<Warning> {
    let changed = past.changes.iter().filter_map(|change| {
        let promise = change.commitment.as_ref()?;
        let late = match promise.outcome() {
            CommitmentOutcome::Broken => false,
            CommitmentOutcome::KeptLate => true,
            _ => return None,
        };
        let at = promise
            .fulfilled_at
            .as_ref()
            .or(promise.closed_at.as_ref())
            .and_then(instant)?;
        Some((at, late, &promise.interaction_id, &promise.commitment_id))
    });
    let imported = past
        .contacts
        .iter()
        .flat_map(|contact| &contact.made)
        .filter_map(|promise| {
            let late = match promise.outcome? {
                Outcome::Broken => false,
                Outcome::KeptLate => true,
                _ => return None,
            };
            let at = promise.fulfilled_at.or(promise.closed_at)?;
            Some((at, late, &promise.interaction_id, &promise.commitment_id))
        });
    let lately = changed
        .chain(imported)
        .filter(|(at, ..)| now.duration_since(*at) <= LATELY);
    let (at, late, interaction_id, commitment_id) = lately.max_by_key(|(at, ..)| *at)?;
    let what = if late { "kept late" } else { "broken" };
    Some(Warning {
        kind: WarningKind::PromiseBrokenLately.into(),
        text: format!("A promise was {what} on {}.", day(at)),
        interaction_id: interaction_id.clone(),
        commitment_id: commitment_id.clone(),
    })
}

/// A primary reason that came up again and was not solved the last time.
fn repeated_reason(past: &Past, now: Timestamp) -> Option<Warning> {
    let is_of_late = |interaction: &&Interaction| {
        let at = interaction.occurred_at.as_ref().and_then(instant);
        at.is_some_and(|at| now.duration_since(at) <= REPEATED_WITHIN)
    };
    let contacts: Vec<&Interaction> = past
        .contacts
        .iter()
        .map(|contact| &contact.interaction)
        .filter(is_of_late)
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    for latest in &contacts {
        let Some((family, resolution)) = primary_reason(latest) else {
            continue;
        };
        if seen.contains(&family) {
            continue;
        }
        seen.push(family);
        let of_family =
            |other: &&&Interaction| primary_reason(other).is_some_and(|(other, _)| other == family);
        let times = contacts.iter().filter(of_family).count();
        let unsolved = matches!(
            resolution,
            ReasonResolution::NotResolved | ReasonResolution::Partly
        );
        if times > 1 && unsolved {
            return Some(Warning {
                kind: WarningKind::RepeatedReason.into(),
                text: format!(
                    "\"{family}\" came up {times} times within 30 days and was not solved the last \
                     time."
                ),
                interaction_id: latest.interaction_id.clone(),
                commitment_id: String::new(),
            });
        }
    }
    None
}

/// How the last contact ended.
fn last_contact(past: &Past) -> impl Iterator<Item = Warning> {
    let last = past
        .contacts
        .first()
        .map(|Contact { interaction, .. }| interaction);
    let warning = |kind: WarningKind, text: &str, interaction: &Interaction| Warning {
        kind: kind.into(),
        text: text.to_owned(),
        interaction_id: interaction.interaction_id.clone(),
        commitment_id: String::new(),
    };
    let dropped = last.and_then(|interaction| {
        let text = match interaction.disconnect.as_ref()?.drop_class() {
            DropClass::Confirmed => "The last contact was lost before it was over.",
            DropClass::Suspected => "The last contact was probably lost before it was over.",
            DropClass::Unspecified | DropClass::NotADrop => return None,
        };
        Some(warning(WarningKind::LastContactDropped, text, interaction))
    });
    let negative = last
        .filter(|interaction| feeling::band(interaction) == Some(SentimentBand::Negative))
        .map(|interaction| {
            let text = "The last contact ended with the customer unhappy.";
            warning(WarningKind::LastContactNegative, text, interaction)
        });
    dropped.into_iter().chain(negative)
}

/// The family of the primary reason, such as `billing` of `billing.refund`, and what came of it.
fn primary_reason(interaction: &Interaction) -> Option<(&str, ReasonResolution)> {
    let primary = interaction
        .contact_reasons
        .iter()
        .find(|reason| reason.primary)?;
    Some((primary.code.split('.').next()?, primary.resolution()))
}

fn instant(at: &pbjson_types::Timestamp) -> Option<Timestamp> {
    Timestamp::from_microsecond(microseconds(at)).ok()
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// An instant in the zone in which the customer understood it.
fn moment(at: Timestamp, zone: &str) -> String {
    let known = TimeZone::get(zone).ok().filter(|_| !zone.is_empty());
    let zoned = at.to_zoned(known.unwrap_or(TimeZone::UTC));
    zoned.strftime("%Y-%m-%d at %H:%M %Z").to_string()
}
