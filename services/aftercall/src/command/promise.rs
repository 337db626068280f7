//! How promises are shown.

use aftercall_proto::model::v1::owner::Owner as Keeper;
use aftercall_proto::model::v1::{
    AttemptResult, Commitment, CommitmentClock, CommitmentDraft, CommitmentKind,
    CommitmentLifecycle, CommitmentOrigin, CommitmentOutcome, Dependency, DependencySlip, Handle,
    Owner, PauseReason, Priority, Reschedule, Timeliness,
};

use super::followups::of_series;
use crate::output::{Card, Output, Style, Times, clean, label};

/// Who keeps a promise, in words.
pub(crate) fn keeper(owner: Option<&Owner>) -> String {
    match owner.and_then(|owner| owner.owner.as_ref()) {
        Some(Keeper::AgentId(agent)) => agent.clone(),
        Some(Keeper::QueueId(queue)) => format!("queue {queue}"),
        None => String::new(),
    }
}

/// How a promise stands, in a word or two.
pub(crate) fn standing(commitment: &Commitment) -> (String, Style) {
    let open = match commitment.lifecycle() {
        CommitmentLifecycle::Active => Some("open"),
        CommitmentLifecycle::Paused => Some("paused"),
        _ => None,
    };
    match (open, commitment.timeliness()) {
        (Some("open"), Timeliness::Overdue) => ("overdue".to_owned(), Style::Bad),
        (Some(open), Timeliness::Overdue) => (format!("{open}, overdue"), Style::Bad),
        (Some("open"), Timeliness::AtRisk) => ("at risk".to_owned(), Style::Warn),
        (Some(open), Timeliness::AtRisk) => (format!("{open}, at risk"), Style::Warn),
        (Some(open), _) => (open.to_owned(), Style::Plain),
        (None, _) => {
            let lifecycle = commitment.lifecycle();
            let outcome = label::<CommitmentOutcome>(commitment.outcome);
            let style = match commitment.outcome() {
                CommitmentOutcome::Kept => Style::Good,
                CommitmentOutcome::KeptLate => Style::Warn,
                CommitmentOutcome::Broken => Style::Bad,
                _ => Style::Plain,
            };
            let closed = || label::<CommitmentLifecycle>(lifecycle.into());
            (
                if outcome.is_empty() {
                    closed()
                } else {
                    outcome
                },
                style,
            )
        }
    }
}

/// A promise in one line: what, by when, how it stands.
pub(crate) fn line(commitment: &Commitment, output: &Output) -> String {
    let (standing, style) = standing(commitment);
    let mut line = format!(
        "{} by {}",
        label::<CommitmentKind>(commitment.kind),
        output.times().minute(commitment.promised_by.as_ref()),
    );
    let keeper = keeper(commitment.owner.as_ref());
    if !keeper.is_empty() {
        line.push_str(&format!(", kept by {}", clean(&keeper)));
    }
    format!("{line}: {}", output.styled(style, &standing))
}

/// A promise as it was made, in one line.
pub(crate) fn draft_line(draft: &CommitmentDraft, times: &Times) -> String {
    let told = if draft.told_to_customer {
        ""
    } else {
        " (customer not told)"
    };
    let mut line = format!(
        "{} by {}{told}",
        label::<CommitmentKind>(draft.kind),
        times.minute(draft.promised_by.as_ref())
    );
    if !draft.promise_text.is_empty() {
        line.push_str(&format!(": “{}”", draft.promise_text));
    }
    if draft.proposed_until.is_some() {
        line.push_str(" (proposed)");
    }
    line
}

/// A promise in full.
pub(crate) fn card(commitment: &Commitment, output: &mut Output) -> std::io::Result<()> {
    let times = output.times().clone();
    let (standing, style) = standing(commitment);
    let mut card = Card::new();
    card.field("promise", &commitment.commitment_id)
        .styled("state", standing, style)
        .field("what", label::<CommitmentKind>(commitment.kind))
        .field("own code", &commitment.kind_code)
        .field("words", quoted(&commitment.promise_text))
        .field("promised by", times.minute(commitment.promised_by.as_ref()))
        .field(
            "not before",
            times.minute(commitment.promised_not_before.as_ref()),
        )
        .field("customer zone", &commitment.time_zone)
        .field("customer", &commitment.customer_id)
        .field("name", &commitment.customer_name)
        .field("reached under", reached_under(commitment))
        .field(
            "told",
            if commitment.told_to_customer {
                "yes"
            } else {
                "no: a task of ours"
            },
        )
        .field(
            "read back",
            if commitment.read_back_confirmed {
                "yes"
            } else {
                ""
            },
        )
        .field("kept by", keeper(commitment.owner.as_ref()))
        .field("their team", &commitment.owner_team_id)
        .field("made by", &commitment.made_by_agent_id)
        .field("of team", &commitment.team_id)
        .field("priority", label::<Priority>(commitment.priority))
        .field("made", times.minute(commitment.made_at.as_ref()))
        .field("in contact", &commitment.interaction_id)
        .field("made as", label::<CommitmentOrigin>(commitment.origin))
        .field("takes up", &commitment.reopens)
        .field("because", &commitment.reopen_reason)
        .field("taken up by", &commitment.reopened_by);
    of_series(commitment, &times, &mut card);
    what_became_of_it(commitment, output, &mut card);
    card.print(output, 0)
}

/// From when to when a due moved, by which calendar, and who was told.
fn moved(moved: &Reschedule, times: &Times) -> String {
    let told = evidence(
        &moved.customer_informed_interaction_id,
        &moved.customer_informed_message_id,
    );
    let told = match told.is_empty() {
        true => "customer not told".to_owned(),
        false => format!("customer told {told}"),
    };
    let (from, to) = (
        times.minute(moved.from_due.as_ref()),
        times.minute(moved.to_due.as_ref()),
    );
    let by = moved.due_resolution.as_ref();
    let by = by.filter(|by| !by.calendar_id.is_empty());
    let by = by.map_or_else(String::new, |by| {
        format!(" by {} version {}", by.calendar_id, by.calendar_version)
    });
    format!("{from} → {to}{by}, {told}: {}", moved.reason)
}

/// The part of a promise's card that tells what happened after it was made.
fn what_became_of_it(commitment: &Commitment, output: &Output, card: &mut Card) {
    let times = output.times();
    our_own(commitment, times, card);
    for lapse in &commitment.lapses {
        let lapsed = format!(
            "{}, noticed {}",
            times.minute(lapse.lapsed_at.as_ref()),
            times.minute(lapse.detected_at.as_ref())
        );
        match lapse.clock() {
            CommitmentClock::Internal => card.styled("our due passed", lapsed, Style::Warn),
            _ => card.styled("lapsed", lapsed, Style::Bad),
        };
    }
    for one in &commitment.reschedules {
        card.field("moved", moved(one, times));
    }
    for attempt in &commitment.attempts {
        let at = times.minute(attempt.attempted_at.as_ref());
        let result = label::<AttemptResult>(attempt.result);
        let talked = attempt.talk_time.as_ref();
        let talked = talked.map_or_else(String::new, |talk| format!(", {} s", talk.seconds));
        let by = &attempt.attempted_by;
        card.field("tried", format!("{at}, {result}{talked}, by {by}"));
    }
    for proposed in &commitment.proposed_evidence {
        let at = times.minute(proposed.occurred_at.as_ref());
        let (id, by) = (&proposed.interaction_id, &proposed.agent_id);
        card.field("may be kept", format!("{at}, contact {id}, by {by}"));
    }
    if commitment.caused_contacts_count > 0 {
        let shown = commitment.caused_contact_ids.join(", ");
        let caused = format!("{}: {shown}", commitment.caused_contacts_count);
        card.styled("contacts caused", caused, Style::Warn);
    }
    let imported = if commitment.imported {
        "with history"
    } else {
        ""
    };
    let done = evidence(
        &commitment.evidence_interaction_id,
        &commitment.evidence_message_id,
    );
    let let_off = evidence(
        &commitment.customer_informed_interaction_id,
        &commitment.customer_informed_message_id,
    );
    card.field("done", times.minute(commitment.fulfilled_at.as_ref()))
        .field("evidence", done)
        .field("let off", let_off)
        .field("closed", times.minute(commitment.closed_at.as_ref()))
        .field("closed by", &commitment.closed_by)
        .field("note", &commitment.close_note)
        .field("imported", imported)
        .field("version", commitment.version.to_string());
}

/// A promise that another one waits for, in one line: which, how it stands, and how it puts the other one in danger.
fn waits_for(one: &Dependency, times: &Times) -> (String, Style) {
    let mut line = one.commitment_id.clone();
    let stands = label::<CommitmentLifecycle>(one.lifecycle);
    if !stands.is_empty() {
        let expected = times.minute(one.expected_at.as_ref());
        line.push_str(&format!(", {stands}, expected by {expected}"));
    }
    match label::<DependencySlip>(one.slip) {
        slip if slip.is_empty() => (line, Style::Plain),
        slip => (format!("{line}: {}", slip.replace('_', " ")), Style::Warn),
    }
}

/// Our own due and its stages, and who is to keep the promise or wants to let it go.
fn our_own(commitment: &Commitment, times: &Times, card: &mut Card) {
    if let Some(target) = &commitment.target {
        let by = target.reckoning.as_ref().map_or_else(String::new, |by| {
            format!(", by policy {} {}", by.policy_id, by.policy_version)
        });
        let at = times.minute(target.target_at.as_ref());
        card.field("our own due", format!("{at}{by}"));
    }
    for stage in &commitment.stages {
        let at = times.minute(stage.stage_at.as_ref());
        let before = match stage.clock() {
            CommitmentClock::Internal => "our own due",
            _ => "the promise",
        };
        let over = if stage.over { ", over" } else { "" };
        card.field(
            "warning",
            format!("{at}, {} before {before}{over}", stage.stage_id),
        );
    }
    for one in &commitment.depends_on {
        let (waits, style) = waits_for(one, times);
        card.styled("waits for", waits, style);
    }
    if let Some(pause) = &commitment.pause {
        let until = match &pause.paused_until {
            Some(until) => format!(" until {}", times.minute(Some(until))),
            None => String::new(),
        };
        let since = times.minute(pause.paused_at.as_ref());
        let why = label::<PauseReason>(pause.reason);
        card.field("paused", format!("{why}, since {since}{until}"))
            .field("because", &pause.note);
    }
    for pause in &commitment.pauses {
        let (from, to) = (
            times.minute(pause.paused_at.as_ref()),
            times.minute(pause.resumed_at.as_ref()),
        );
        let why = label::<PauseReason>(pause.reason);
        card.field("was paused", format!("{from} to {to}, {why}"));
    }
    if let Some(asked) = &commitment.handover {
        let to = keeper(asked.to_owner.as_ref());
        let until = times.minute(asked.accept_until.as_ref());
        card.field("asked to keep it", format!("{to}, until {until}"));
    }
    if let Some(waiver) = &commitment.waiver_request {
        let asked = format!("{}: {}", waiver.requested_by, waiver.reason);
        card.field("to be let go", asked);
    }
    card.field("replaced by", &commitment.superseded_by)
        .field(
            "confirm by",
            times.minute(commitment.proposed_until.as_ref()),
        )
        .field("given up", times.minute(commitment.expires_at.as_ref()));
}

/// Whom a promise was made to, as short as it can be told: the customer, or else a name or number.
pub(crate) fn made_to(commitment: &Commitment) -> String {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    given(&commitment.customer_id)
        .or_else(|| given(&commitment.customer_name))
        .or_else(|| commitment.handles.first().map(shown))
        .unwrap_or_default()
}

/// The numbers and addresses of whom a promise was made to.
pub(crate) fn reached_under(commitment: &Commitment) -> String {
    let handles: Vec<_> = commitment.handles.iter().map(shown).collect();
    handles.join(", ")
}

fn shown(handle: &Handle) -> String {
    match handle.display_form.as_str() {
        "" => handle.value.clone(),
        form => form.to_owned(),
    }
}

/// Where something can be looked up, in words; empty where nobody said it.
fn evidence(interaction_id: &str, message_id: &str) -> String {
    let places = [("in contact", interaction_id), ("in message", message_id)];
    let given = places.iter().filter(|(_, id)| !id.is_empty());
    given
        .map(|(place, id)| format!("{place} {id}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `text` in quotation marks; empty stays empty.
pub(crate) fn quoted(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("“{text}”"),
    }
}
