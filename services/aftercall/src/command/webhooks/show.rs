//! Webhooks and deliveries, for people.

use std::io;

use aftercall_proto::model::v1::{
    Webhook, WebhookAlgorithm, WebhookAttempt, WebhookDelivery, WebhookDeliveryState as State,
    WebhookFailure, WebhookFormat,
};
use aftercall_proto::notify::v1::{GetWebhookResponse, ReplayWebhookResponse, TestWebhookResponse};

use crate::output::{Card, Cell, Column, Output, Style, Table, label};

/// A webhook.
pub(super) fn webhook(webhook: &Webhook, output: &mut Output) -> io::Result<()> {
    card(webhook, output).print(output, 2)
}

/// A webhook, and how far its deliveries are.
pub(super) fn webhook_with_progress(
    found: &GetWebhookResponse,
    output: &mut Output,
) -> io::Result<()> {
    let shown = found.webhook.clone().unwrap_or_default();
    let progress = found.progress.unwrap_or_default();
    let mut card = card(&shown, output);
    card.field("numbered", progress.last_sequence.to_string())
        .field("pending", progress.pending.to_string())
        .field("dead", progress.dead.to_string())
        .field("delivered", progress.delivered.to_string())
        .field("suppressed", progress.suppressed.to_string());
    card.print(output, 2)
}

fn card(webhook: &Webhook, output: &mut Output) -> Card {
    let times = output.times().clone();
    let mut card = Card::new();
    card.field("webhook", &webhook.webhook_id)
        .field("name", &webhook.display_name)
        .field("url", &webhook.url)
        .field("events", webhook.event_types.join(", "))
        .field("says", said(webhook))
        .field("form", label::<WebhookFormat>(webhook.format))
        .styled("use", used(webhook), style(webhook));
    for key in &webhook.keys {
        let algorithm = label::<WebhookAlgorithm>(key.algorithm);
        let until = match &key.expires_at {
            Some(at) => format!("  until {}", times.minute(Some(at))),
            None => String::new(),
        };
        card.field(
            "signed by",
            format!("{algorithm}  {}{until}", key.public_key),
        );
    }
    card.field("environment", &webhook.environment)
        .field("version", webhook.version.to_string())
        .field("changed", times.minute(webhook.changed_at.as_ref()))
        .field("by", &webhook.changed_by);
    card
}

const fn said(webhook: &Webhook) -> &'static str {
    match webhook.personal_allowed {
        true => "all, with what is personal",
        false => "types, times and ids",
    }
}

const fn used(webhook: &Webhook) -> &'static str {
    match (webhook.disabled, webhook.gone) {
        (false, _) => "in use",
        (true, false) => "out of use",
        (true, true) => "out of use: its receiver is gone",
    }
}

const fn style(webhook: &Webhook) -> Style {
    match (webhook.disabled, webhook.gone) {
        (false, _) => Style::Good,
        (true, false) => Style::Dim,
        (true, true) => Style::Bad,
    }
}

/// What messages are checked by, this once.
pub(super) fn secret(secret: &str, output: &mut Output) -> io::Result<()> {
    output.line(secret)?;
    let text = "Keep it: it is not shown again.";
    output.line(&output.styled(Style::Dim, text))
}

/// Webhooks, a line each.
pub(super) fn webhooks(found: &[Webhook], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::id("webhook"),
        Column::words("name"),
        Column::narrows("url"),
        Column::narrows("events"),
        Column::full("use"),
        Column::full("changed"),
    ]);
    for webhook in found {
        table.row([
            Cell::from(&webhook.webhook_id),
            Cell::from(&webhook.display_name),
            Cell::from(&webhook.url),
            Cell::from(webhook.event_types.join(", ")),
            Cell::styled(used(webhook), style(webhook)),
            Cell::from(output.times().minute(webhook.changed_at.as_ref())),
        ]);
    }
    table.print(output)
}

/// Deliveries, a line each.
pub(super) fn deliveries(found: &[WebhookDelivery], output: &mut Output) -> io::Result<()> {
    let mut table = Table::new([
        Column::number("number"),
        Column::narrows("event"),
        Column::narrows("about"),
        Column::full("recorded"),
        Column::full("state"),
        Column::number("tries"),
        Column::words("latest"),
        Column::full("next"),
    ]);
    for delivery in found {
        let state = label::<State>(delivery.state);
        table.row([
            Cell::from(delivery.sequence.to_string()),
            Cell::from(&delivery.event_type),
            Cell::from(format!("{} {}", delivery.aggregate, delivery.aggregate_id)),
            Cell::from(output.times().second(delivery.recorded_at.as_ref())),
            Cell::styled(state, weight(delivery)),
            Cell::from(delivery.attempts.to_string()),
            Cell::from(
                delivery
                    .last_attempt
                    .as_ref()
                    .map_or_else(String::new, went),
            ),
            Cell::from(output.times().second(delivery.next_attempt_at.as_ref())),
        ]);
    }
    table.print(output)
}

fn weight(delivery: &WebhookDelivery) -> Style {
    match delivery.state() {
        State::Delivered => Style::Good,
        State::Dead => Style::Bad,
        State::Pending if delivery.attempts > 0 => Style::Warn,
        State::Pending | State::Suppressed | State::Unspecified => Style::Plain,
    }
}

/// How an attempt went.
fn went(attempt: &WebhookAttempt) -> String {
    let failure = label::<WebhookFailure>(attempt.failure);
    match attempt.http_status {
        0 => failure,
        status if failure.is_empty() => status.to_string(),
        status => format!("{status} {failure}"),
    }
}

/// What came of a test.
pub(super) fn tested(tested: &TestWebhookResponse, output: &mut Output) -> io::Result<()> {
    let attempt = tested.attempt.unwrap_or_default();
    let (told, style) = match tested.delivered {
        true => ("taken", Style::Good),
        false => ("not taken", Style::Bad),
    };
    let took = attempt.took.unwrap_or_default();
    let took = format!(
        "{} ms",
        took.seconds * 1_000 + i64::from(took.nanos) / 1_000_000
    );
    let mut card = Card::new();
    card.styled("test", told, style)
        .field("answer", went(&attempt))
        .field("took", took)
        .field("message", &tested.message_id)
        .lines("said", &tested.description);
    card.print(output, 2)
}

/// How much is sent again.
pub(super) fn replayed(replayed: &ReplayWebhookResponse, output: &mut Output) -> io::Result<()> {
    output.line(&format!("{} to be sent again", replayed.replayed))?;
    match replayed.next_sequence {
        0 => Ok(()),
        next => {
            let text = format!("There are more: go on with --from {next}.");
            output.line(&output.styled(Style::Dim, &text))
        }
    }
}
