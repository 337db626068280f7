//! `alerts explain` and `alerts test-route`: who is told of an alert, and why.

use std::collections::BTreeMap;

use aftercall_proto::alerts::v1::{
    ExplainAlertRequest, ExplainAlertResponse, TestRouteRequest, TestRouteResponse,
};
use aftercall_proto::model::v1::owner::Owner as Keeper;
use aftercall_proto::model::v1::{
    AlertEscalation, AlertSeverity, MailDelivery, MailTrouble, Notification, NotificationHold,
    NotificationKind, Owner, RouteReason, RouteVerdict, WebhookDeliveryState,
};

use super::told;
use crate::command::settings::silences::Labelled;
use crate::command::{CommandError, Session};
use crate::output::{Cell, Column, Output, Style, Table, Times, clean, label, values};

/// Which alert is explained.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The alert's id
    alert: String,
}

/// What alert is tried.
#[derive(Debug, clap::Args)]
pub struct TestRouteArgs {
    /// By which escalation policy it is told
    escalation: String,
    /// How bad it is
    #[arg(long, value_parser = values::<AlertSeverity>())]
    severity: i32,
    /// A label that it has, such as team=billing or kind=call_back
    #[arg(long, value_name = "LABEL=VALUE")]
    label: Vec<Labelled>,
    /// On which level it is
    #[arg(long, value_name = "N", default_value_t = 1)]
    level: u32,
    /// The agent who should act on it
    #[arg(long, value_name = "ID", conflicts_with = "queue")]
    agent: Option<String>,
    /// The queue from which it should be acted on
    #[arg(long, value_name = "ID")]
    queue: Option<String>,
}

/// Tells who was told of an alert, who was not, and what comes next.
pub(super) async fn explain(session: &mut Session, args: ExplainArgs) -> Result<(), CommandError> {
    let request = ExplainAlertRequest {
        alert_id: args.alert,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, print_explained)
}

/// Tells who would be told of an alert.
pub(super) async fn test(session: &mut Session, args: TestRouteArgs) -> Result<(), CommandError> {
    let mut labels = BTreeMap::new();
    for Labelled { label, values } in args.label {
        labels.insert(label, values.join(","));
    }
    let owner = match (args.agent, args.queue) {
        (Some(agent), _) => Some(Keeper::AgentId(agent)),
        (None, queue) => queue.map(Keeper::QueueId),
    };
    let request = TestRouteRequest {
        labels,
        severity: args.severity,
        escalation_policy_id: args.escalation,
        level: args.level,
        owner: owner.map(|owner| Owner { owner: Some(owner) }),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, print_tested)
}

fn print_explained(answer: &ExplainAlertResponse, output: &mut Output) -> std::io::Result<()> {
    told(answer.alert.as_ref(), output)?;
    for notification in &answer.notifications {
        print_message(notification, output)?;
        let id = &notification.notification_id;
        if let Some(mail) = answer.mails.iter().find(|it| it.notification_id == *id) {
            print_mail(mail, output)?;
        }
    }
    print_verdicts(&answer.verdicts, output)?;
    let escalation = answer.alert.as_ref().and_then(|it| it.escalation.clone());
    if let Some(escalation) = &escalation {
        print_escalation(escalation, output)?;
    }
    let goes_on_at = escalation.and_then(|escalation| escalation.goes_on_at);
    if let Some(at) = goes_on_at.filter(|_| !answer.next_receiver_ids.is_empty()) {
        let next: Vec<_> = answer
            .next_receiver_ids
            .iter()
            .map(|id| clean(id))
            .collect();
        let at = output.times().second(Some(&at));
        output.line(&format!("{at}  goes on to {}", next.join(", ")))?;
    }
    Ok(())
}

/// By what it is told, where nobody named that.
fn print_escalation(escalation: &AlertEscalation, output: &mut Output) -> std::io::Result<()> {
    if !escalation.by_fallback {
        return Ok(());
    }
    let policy = clean(&escalation.escalation_policy_id);
    output.line(&format!(
        "told by the fallback, the escalation policy {policy}: no other one is named"
    ))
}

fn print_tested(answer: &TestRouteResponse, output: &mut Output) -> std::io::Result<()> {
    print_verdicts(&answer.verdicts, output)
}

fn print_message(message: &Notification, output: &mut Output) -> std::io::Result<()> {
    let mut ways = Vec::new();
    if !message.webhook_id.is_empty() {
        ways.push(format!("webhook {}", clean(&message.webhook_id)));
    }
    if message.by_mail {
        ways.push("mail".to_owned());
    }
    let ways = match ways.is_empty() {
        true => String::new(),
        false => format!(" by {}", ways.join(" and ")),
    };
    let others = match message.alert_count {
        0 | 1 => String::new(),
        count => format!(", with {} others", count - 1),
    };
    let line = format!(
        "{}  {} was told: {}{others}{ways}",
        output.times().second(message.decided_at.as_ref()),
        clean(&message.receiver_id),
        label::<NotificationKind>(message.kind),
    );
    output.line(&line)
}

/// What became of a message's mail, under the message.
fn print_mail(mail: &MailDelivery, output: &mut Output) -> std::io::Result<()> {
    let times = output.times();
    let tried = match mail.attempts {
        0 => "not tried yet".to_owned(),
        1 => "tried once".to_owned(),
        count => format!("tried {count} times"),
    };
    let mut line = format!(
        "{}    the mail is {}: {tried}",
        times.second(mail.attempted_at.as_ref()),
        label::<WebhookDeliveryState>(mail.state),
    );
    if mail.trouble() != MailTrouble::Unspecified {
        line.push_str(&format!(", {}", label::<MailTrouble>(mail.trouble)));
    }
    if mail.smtp_code > 0 {
        line.push_str(&format!(" {}", mail.smtp_code));
    }
    if mail.next_attempt_at.is_some() {
        let next = times.second(mail.next_attempt_at.as_ref());
        line.push_str(&format!(", again at {next}"));
    }
    output.line(&line)
}

fn print_verdicts(verdicts: &[RouteVerdict], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([Column::full("receiver"), Column::full("is told")]);
    for verdict in verdicts {
        let receiver = match (verdict.receiver_id.as_str(), verdict.reason()) {
            ("", RouteReason::OwnerUnreached) => "the owner",
            ("", _) => "everybody",
            (id, _) => id,
        };
        let style = match verdict.reason() {
            RouteReason::Told | RouteReason::AlreadyTold => Style::Good,
            RouteReason::NoReceiver | RouteReason::NoPolicy => Style::Bad,
            _ => Style::Warn,
        };
        table.row([
            Cell::from(receiver),
            Cell::styled(why(verdict, output.times()), style),
        ]);
    }
    table.print(output)
}

/// A verdict in words.
fn why(verdict: &RouteVerdict, times: &Times) -> String {
    let by = &verdict.by;
    let until = times.second(verdict.until.as_ref());
    match verdict.reason() {
        RouteReason::Told => format!("now: {}", label::<NotificationKind>(verdict.kind)),
        RouteReason::Held => {
            let hold = label::<NotificationHold>(verdict.held_by);
            format!("in a digest at {until}: {hold}")
        }
        RouteReason::AlreadyTold => {
            format!("already, at {}", times.second(verdict.told_at.as_ref()))
        }
        RouteReason::SamePerson => format!("not: the same person is told through {by}"),
        RouteReason::WebhookNotInUse => format!("not by the webhook {by}: it is not in use"),
        RouteReason::OwnerUnreached if by.is_empty() => "not: nobody is known to be it".to_owned(),
        RouteReason::OwnerUnreached => format!("not: {by} has no receiver in use"),
        RouteReason::GroupWait => format!("not yet: waits for its group until {until}"),
        RouteReason::Silence => format!("not: silence {by} until {until}"),
        RouteReason::Inhibition if !verdict.by_alert_id.is_empty() => {
            format!(
                "not: the alert {by} says all of it, {}",
                verdict.by_alert_id
            )
        }
        RouteReason::Inhibition => format!("not: the alert {by} says all of it"),
        RouteReason::Acknowledged => format!("not: {by} sees to it until {until}"),
        RouteReason::Snoozed => format!("not: snoozed by {by} until {until}"),
        RouteReason::Paused => "not: it stands still with the promise".to_owned(),
        RouteReason::Resolved => "not: it is over".to_owned(),
        RouteReason::Closed => "not: it was put away".to_owned(),
        RouteReason::Environment => "not: this is another environment".to_owned(),
        RouteReason::NoPolicy => {
            "not: no escalation policy is named for it, and none is the fallback".to_owned()
        }
        RouteReason::NoReceiver => {
            "not: no receiver that reaches somebody comes of the policy, nor is its catch-all one"
                .to_owned()
        }
        RouteReason::Unspecified => label::<RouteReason>(verdict.reason),
    }
}
