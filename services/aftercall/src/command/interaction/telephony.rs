//! What telephony knows of a contact: through whom it went, when it waited, how it ended.

use aftercall_domain::interaction::path_in_line;
use aftercall_proto::model::v1::{
    Disconnect, DisconnectReason, DisconnectStage, DropAttribution, DropClass, Hold, HoldReason,
    Interaction, IvrOutcome, IvrStep, Segment, SegmentKind, Transfer, TransferKind,
};

use super::with_team;
use crate::output::{Card, Style, Times, label};

/// Adds the parts of a contact, in their order, and its end.
pub(super) fn fields(interaction: &Interaction, times: &Times, card: &mut Card) {
    for step in &interaction.ivr_path {
        card.field("menu", step_line(step, times));
    }
    for segment in &interaction.segments {
        card.field("segment", line(segment, times));
        for hold in &segment.holds {
            card.field("on hold", hold_line(hold, times));
        }
    }
    if let Some(disconnect) = &interaction.disconnect {
        card.styled("ended by", end(disconnect), style(disconnect));
        for evidence in &disconnect.evidence {
            card.field("evidence", evidence);
        }
    }
}

/// The way through the voice menu in one line; empty for none.
pub(super) fn way_through_menu(interaction: &Interaction) -> String {
    path_in_line(interaction.ivr_path.iter().map(|step| &*step.node))
}

fn step_line(step: &IvrStep, times: &Times) -> String {
    let when = times.between(step.entered_at.as_ref(), step.exited_at.as_ref());
    let outcome = match step.outcome() {
        IvrOutcome::Queued => "then a queue",
        IvrOutcome::Agent => "then an agent",
        IvrOutcome::Ended => "then the end",
        IvrOutcome::NextStep | IvrOutcome::Unspecified => "",
    };
    joined(&[step.node.clone(), when, outcome.to_owned()])
}

fn line(segment: &Segment, times: &Times) -> String {
    let began = [segment.answered_at, segment.offered_at, segment.enqueued_at];
    let ended = segment.ended_at.or(segment.dequeued_at);
    let when = times.between(began.into_iter().flatten().next().as_ref(), ended.as_ref());
    let queue = match segment.queue_id.is_empty() {
        true => String::new(),
        false => format!("queue {}", segment.queue_id),
    };
    let rang = match segment.ring_no_answer_count {
        0 => String::new(),
        count => format!("rang unanswered: {count}"),
    };
    let who = with_team(&segment.agent_id, &segment.team_id);
    let kind = label::<SegmentKind>(segment.kind);
    let handed_on = segment.transfer.as_ref().map(transfer).unwrap_or_default();
    // An agent's part is named after the agent.
    let kind = match (segment.kind(), who.is_empty()) {
        (SegmentKind::Agent, false) => String::new(),
        _ => kind,
    };
    joined(&[kind, who, queue, when, rang, handed_on])
}

fn transfer(transfer: &Transfer) -> String {
    let kind = label::<TransferKind>(transfer.kind);
    let reason = match transfer.reason.is_empty() {
        true => String::new(),
        false => format!(" ({})", transfer.reason),
    };
    format!("{kind} transfer to {}{reason}", transfer.to)
}

fn hold_line(hold: &Hold, times: &Times) -> String {
    let when = times.between(hold.began_at.as_ref(), hold.ended_at.as_ref());
    joined(&[when, label::<HoldReason>(hold.reason)])
}

fn end(disconnect: &Disconnect) -> String {
    let stage = label::<DisconnectStage>(disconnect.stage);
    let stage = match stage.is_empty() {
        true => stage,
        false => format!("stage {stage}"),
    };
    let lost = match disconnect.drop_class() {
        DropClass::Suspected => "looks lost",
        DropClass::Confirmed => "lost",
        DropClass::NotADrop | DropClass::Unspecified => "",
    };
    let reason = label::<DisconnectReason>(disconnect.reason);
    let whose = label::<DropAttribution>(disconnect.attribution);
    let whose = match whose.is_empty() {
        true => whose,
        false => format!("put down to {whose}"),
    };
    joined(&[reason, stage, lost.to_owned(), whose])
}

fn style(disconnect: &Disconnect) -> Style {
    match disconnect.drop_class() {
        DropClass::Suspected | DropClass::Confirmed => Style::Warn,
        DropClass::NotADrop | DropClass::Unspecified => Style::Plain,
    }
}

fn joined(parts: &[String]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.map(String::as_str).collect::<Vec<_>>().join(", ")
}
