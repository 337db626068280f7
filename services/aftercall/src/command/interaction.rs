//! How contacts are shown.

mod money;
mod telephony;

use aftercall_proto::model::v1::{
    AttemptResult, Channel, Customer, Direction, DriverSegment, DriverSetter, EscalationKind,
    Handle, Interaction, ReasonResolution, RemedyKind, RepeatCause, Signal, SignalKind,
    SignalSource, SolutionUseKind,
};

use self::money::money;
use crate::command::promise::{draft_line, quoted};
use crate::command::sentiment;
use crate::output::{Card, Output, Style, clean, label};

/// The code of the main reason.
pub(crate) fn primary_reason(interaction: &Interaction) -> &str {
    let reasons = &interaction.contact_reasons;
    let primary = reasons
        .iter()
        .find(|reason| reason.primary)
        .or(reasons.first());
    primary.map_or("", |reason| &reason.code)
}

/// The code of the disposition.
pub(crate) fn disposition(interaction: &Interaction) -> &str {
    let disposition = interaction.disposition.as_ref();
    disposition.map_or("", |disposition| &disposition.code)
}

/// Who the customer is: by the key, else by the first number or address.
pub(crate) fn customer(customer: Option<&Customer>) -> String {
    let Some(customer) = customer else {
        return String::new();
    };
    match customer.customer_id.is_empty() {
        false => customer.customer_id.clone(),
        true => customer.handles.first().map_or_else(String::new, shown),
    }
}

/// A number or address as its system shows it.
fn shown(handle: &Handle) -> String {
    match handle.display_form.is_empty() {
        true => handle.value.clone(),
        false => handle.display_form.clone(),
    }
}

/// Channel and direction in words.
pub(crate) fn way(interaction: &Interaction) -> String {
    let channel = label::<Channel>(interaction.channel);
    format!("{channel} {}", label::<Direction>(interaction.direction))
        .trim()
        .to_owned()
}

/// A contact as one entry of a timeline.
pub(crate) fn entry(interaction: &Interaction, output: &mut Output) -> std::io::Result<()> {
    let when = output.times().minute(interaction.occurred_at.as_ref());
    let reason = output.styled(Style::Bold, &clean(primary_reason(interaction)));
    let outcome = clean(disposition(interaction));
    let outcome = if outcome.is_empty() {
        outcome
    } else {
        format!(" → {outcome}")
    };
    output.line(&format!("{when}  {}  {reason}{outcome}", way(interaction)))?;

    let mut card = Card::new();
    let handling = interaction.handling.clone().unwrap_or_default();
    card.field("summary", &handling.summary)
        .field("solved by", &handling.resolution)
        .field("workaround", &handling.workaround);
    for draft in &interaction.commitments {
        card.field("promised", draft_line(draft, output.times()));
    }
    caused(interaction, &mut card);
    if let Some(segment) = &interaction.driver_segment {
        card.field("driver", driver_line(segment));
    }
    card.field("menu", telephony::way_through_menu(interaction));
    for signal in &interaction.signals {
        card.styled("signal", signal_line(signal), Style::Warn);
    }
    card.field(
        "agent",
        with_team(&interaction.agent_id, &interaction.team_id),
    )
    .field("contact", &interaction.interaction_id);
    card.print(output, 4)
}

/// A contact in full.
pub(crate) fn card(interaction: &Interaction, output: &mut Output) -> std::io::Result<()> {
    let mut card = Card::new();
    head(interaction, output, &mut card);
    for reason in &interaction.contact_reasons {
        let main = if reason.primary { " (main)" } else { "" };
        let solved = label::<ReasonResolution>(reason.resolution);
        let solved = if solved.is_empty() {
            solved
        } else {
            format!(", {solved}")
        };
        let words = quoted(&reason.stated_verbatim);
        card.lines("reason", format!("{}{main}{solved} {words}", reason.code));
    }
    if let Some(segment) = &interaction.driver_segment {
        card.field("driver", driver_line(segment));
    }
    let onset = interaction.problem_onset_at.as_ref();
    card.field("trouble since", output.times().minute(onset));
    telephony::fields(interaction, output.times(), &mut card);
    handling(interaction, &mut card);
    for draft in &interaction.commitments {
        card.field("promised", draft_line(draft, output.times()));
    }
    if interaction.no_follow_up_promised {
        card.field("promised", "nothing");
    }
    for followed in &interaction.follow_ups {
        let result = label::<AttemptResult>(followed.result);
        card.field(
            "follows up",
            format!("{}: {result}", followed.commitment_id),
        );
    }
    caused(interaction, &mut card);
    root_cause(interaction, output, &mut card);
    rest(interaction, &mut card);
    card.print(output, 0)
}

/// Why the customer reached out again.
fn caused(interaction: &Interaction, card: &mut Card) {
    if !interaction.repeat_commitment_id.is_empty() {
        let cause = label::<RepeatCause>(interaction.repeat_cause);
        let cause = format!("{cause} {}", interaction.repeat_commitment_id);
        card.styled("because of", cause, Style::Warn);
    }
}

/// Why the contact had to be, as somebody said later.
fn root_cause(interaction: &Interaction, output: &Output, card: &mut Card) {
    let Some(cause) = &interaction.root_cause else {
        return;
    };
    let when = output.times().minute(cause.set_at.as_ref());
    let sure = cause.confidence;
    let sure = sure.map_or_else(String::new, |sure| format!(", {:.0} % sure", 100.0 * sure));
    let said = format!("{} (by {}, {when}{sure})", cause.code, cause.set_by);
    card.field("root cause", said);
}

fn head(interaction: &Interaction, output: &Output, card: &mut Card) {
    let times = output.times();
    let when = times.between(
        interaction.occurred_at.as_ref(),
        interaction.ended_at.as_ref(),
    );
    let name = interaction
        .customer
        .as_ref()
        .map_or("", |customer| &customer.display_name);
    let customer = format!("{} {name}", customer(interaction.customer.as_ref()));
    let source = interaction.external_ref.as_ref();
    let source = source.map(|at| format!("{} {}", at.source_system, at.external_id));
    card.field("contact", &interaction.interaction_id)
        .field("when", when)
        .field("how", way(interaction))
        .field("customer", customer)
        .field(
            "agent",
            with_team(&interaction.agent_id, &interaction.team_id),
        )
        .field("source", source.unwrap_or_default())
        .field("recorded", times.minute(interaction.recorded_at.as_ref()));
}

fn handling(interaction: &Interaction, card: &mut Card) {
    let handling = interaction.handling.clone().unwrap_or_default();
    card.lines("summary", &handling.summary);
    for step in &handling.steps_already_tried {
        card.field("tried before", step);
    }
    for action in &handling.actions {
        card.lines("done", format!("{} {}", action.code, action.note));
    }
    card.lines("solved by", &handling.resolution)
        .lines("workaround", &handling.workaround);
    for remedy in &handling.remedies {
        let kind = kind(label::<RemedyKind>(remedy.kind), &remedy.kind_code);
        let amount = remedy.amount.as_ref().map_or_else(String::new, money);
        card.field("remedy", format!("{kind} {amount}"));
    }
    card.field("disposition", disposition(interaction));
}

fn rest(interaction: &Interaction, card: &mut Card) {
    for used in &interaction.solution_uses {
        let kind = label::<SolutionUseKind>(used.kind);
        card.field(
            "solution",
            format!("{} version {}, {kind}", used.solution_id, used.version),
        );
    }
    for escalation in &interaction.escalations {
        let kind = label::<EscalationKind>(escalation.kind);
        card.lines(
            "escalated",
            format!("{kind} {} {}", escalation.reason, escalation.outcome),
        );
    }
    for signal in &interaction.signals {
        card.styled("signal", signal_line(signal), Style::Warn);
    }
    let sentiments = interaction.sentiment.iter().chain(&interaction.sentiments);
    for one in sentiments {
        let by = sentiment::by(one);
        let by = match by.is_empty() {
            true => by,
            false => format!(", by {by}"),
        };
        card.field("sentiment", format!("{}{by}", sentiment::felt(one)));
    }
    card.field("labels", interaction.labels.join(", "))
        .field("follows", &interaction.previous_interaction_id)
        .field("version", interaction.version.to_string());
}

/// A signal: what it is, how sure, and who noticed.
fn signal_line(signal: &Signal) -> String {
    let kind = kind(label::<SignalKind>(signal.kind), &signal.kind_code);
    let sure = signal.confidence.map(|sure| format!(", {sure}"));
    let by = match (signal.scorer.as_str(), signal.source) {
        ("", 0) => String::new(),
        ("", source) => format!(", by {}", label::<SignalSource>(source)),
        (scorer, _) => format!(", by {scorer} {}", signal.scorer_version),
    };
    let line = format!("{kind}{}{by}", sure.unwrap_or_default());
    line.trim_end().to_owned()
}

/// What made a customer call, who says so, and how sure they are.
fn driver_line(segment: &DriverSegment) -> String {
    let by = match segment.set_by() {
        DriverSetter::Classifier => {
            let by = format!("by {} {}", segment.classifier, segment.classifier_version);
            by.trim_end().to_owned()
        }
        DriverSetter::Agent => "by the agent".to_owned(),
        DriverSetter::Unspecified => String::new(),
    };
    let sure = segment.confidence.map(|sure| sure.to_string());
    let parts = [Some(segment.code.clone()), sure, Some(by)];
    let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(", ")
}

fn with_team(agent: &str, team: &str) -> String {
    match (agent.is_empty(), team.is_empty()) {
        (_, true) => agent.to_owned(),
        (true, false) => format!("team {team}"),
        (false, false) => format!("{agent}, team {team}"),
    }
}

/// A kind, by the tenant's own code where there is one.
fn kind(label: String, code: &str) -> String {
    match code.is_empty() {
        true => label,
        false => code.to_owned(),
    }
}
