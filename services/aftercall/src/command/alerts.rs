//! `alerts`: what needs somebody, as a list or as it happens.

mod route;

use aftercall_domain::alert::Rule;
use aftercall_proto::alerts::v1::{
    AcknowledgeAlertRequest, AlertFilter, CloseAlertRequest, ListAlertsRequest, SnoozeAlertRequest,
    WatchAlertsRequest,
};
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{
    Alert, AlertResolveCause, AlertSeverity, AlertState, CommitmentClock, CommitmentKind,
    PromiseSubject, SignalKind,
};

use futures::TryStreamExt;
use pbjson_types::Timestamp;

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session, promise};
use crate::output::{Cell, Column, Output, Style, Table, When, clean, label, values};

/// What needs somebody, as a list or as it happens, and who sees to it
#[derive(Debug, clap::Subcommand)]
pub enum Alerts {
    /// Alerts, the latest first
    List(ListArgs),
    /// Every change of an alert as it happens, until interrupted
    Watch(WatchArgs),
    /// Says that you see to an alert
    Ack(AckArgs),
    /// Puts an alert off
    Snooze(SnoozeArgs),
    /// Puts an alert away although what it is about is not done; it fires again if that holds a day later
    Close(CloseArgs),
    /// Who was told of an alert, when and how, who was not and why, and what comes next
    Explain(route::ExplainArgs),
    /// Who would be told of such an alert now, and why; tells nobody
    TestRoute(route::TestRouteArgs),
}

/// Which alert a command is about.
#[derive(Debug, clap::Args)]
pub struct AlertTarget {
    /// The alert's id
    alert: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Until when somebody sees to an alert.
#[derive(Debug, clap::Args)]
pub struct AckArgs {
    #[command(flatten)]
    target: AlertTarget,
    /// Until when that counts, at most a day: `2h`; left out, 30 minutes for what is high or critical, else 4 open hours
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
    /// What else is to be said
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Until when an alert is put off.
#[derive(Debug, clap::Args)]
pub struct SnoozeArgs {
    #[command(flatten)]
    target: AlertTarget,
    /// Until when, at most a day: `2h`
    #[arg(long, value_name = "TIME")]
    until: When,
}

/// Why an alert is put away.
#[derive(Debug, clap::Args)]
pub struct CloseArgs {
    #[command(flatten)]
    target: AlertTarget,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Which alerts to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which alerts to watch.
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// Go on after this answer's resumeToken; left out, from now on
    #[arg(long, value_name = "TOKEN")]
    resume: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Which alerts.
#[derive(Debug, clap::Args)]
pub struct FilterArgs {
    /// Those that nobody has seen to, or what was done about them
    #[arg(long, value_parser = values::<AlertState>())]
    state: Option<i32>,
    /// Only alerts for this team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// Only alerts for this agent
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Only alerts for this queue
    #[arg(long, value_name = "ID")]
    queue: Option<String>,
    /// How bad
    #[arg(long, value_parser = values::<AlertSeverity>())]
    severity: Option<i32>,
    /// Only alerts about promises of this sort
    #[arg(long, value_parser = values::<CommitmentKind>())]
    kind: Option<i32>,
    /// Only alerts about this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only alerts by this rule, such as commitment.promise_lapsed, signal.legal_threat or customer.save_action
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
}

impl From<FilterArgs> for AlertFilter {
    fn from(args: FilterArgs) -> Self {
        Self {
            states: args.state.into_iter().collect(),
            team_ids: args.team.into_iter().collect(),
            owner_agent_ids: args.agent.into_iter().collect(),
            owner_queue_ids: args.queue.into_iter().collect(),
            severities: args.severity.into_iter().collect(),
            kinds: args.kind.into_iter().collect(),
            customer_ids: args.customer.into_iter().collect(),
            rules: args.rule.into_iter().collect(),
        }
    }
}

/// Runs one of the commands.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Alerts) -> Result<(), CommandError> {
    match command {
        Alerts::List(args) => list(session, args).await,
        Alerts::Watch(args) => watch(session, args).await,
        Alerts::Explain(args) => route::explain(session, args).await,
        Alerts::TestRoute(args) => route::test(session, args).await,
        Alerts::Ack(args) => {
            let request = AcknowledgeAlertRequest {
                request_id: args.target.request_id.unwrap_or_default(),
                alert_id: args.target.alert,
                acknowledged_until: session.optional_instant(args.until.as_ref())?,
                note: args.note.unwrap_or_default(),
            };
            let answer = session.client.call(request).await?;
            session.tell(&answer, |answer, output| {
                told(answer.alert.as_ref(), output)
            })
        }
        Alerts::Snooze(args) => {
            let request = SnoozeAlertRequest {
                request_id: args.target.request_id.unwrap_or_default(),
                alert_id: args.target.alert,
                snoozed_until: Some(session.instant(&args.until)?),
            };
            let answer = session.client.call(request).await?;
            session.tell(&answer, |answer, output| {
                told(answer.alert.as_ref(), output)
            })
        }
        Alerts::Close(args) => {
            let request = CloseAlertRequest {
                request_id: args.target.request_id.unwrap_or_default(),
                alert_id: args.target.alert,
                reason: args.reason,
            };
            let answer = session.client.call(request).await?;
            session.tell(&answer, |answer, output| {
                told(answer.alert.as_ref(), output)
            })
        }
    }
}

fn told(alert: Option<&Alert>, output: &mut Output) -> std::io::Result<()> {
    match alert {
        Some(alert) => print_alert(alert, output),
        None => Ok(()),
    }
}

async fn list(session: &mut Session, args: ListArgs) -> Result<(), CommandError> {
    let request = ListAlertsRequest {
        filter: Some(args.filter.into()),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(session, request, args.limit, "no alerts", table).await
}

fn table(alerts: &[Alert], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::full("fired"),
        Column::full("state"),
        Column::full("severity"),
        Column::full("what"),
        Column::full("due or since"),
        Column::narrows("customer"),
        Column::narrows("kept by"),
        Column::id("about"),
        Column::id("id"),
    ]);
    for alert in alerts {
        let (state, style) = state(alert);
        let about = About::of(alert);
        table.row([
            Cell::from(output.times().minute(alert.first_fired_at.as_ref())),
            Cell::styled(state, style),
            Cell::from(label::<AlertSeverity>(alert.severity)),
            Cell::from(about.what),
            Cell::from(output.times().minute(about.at.as_ref())),
            Cell::from(&alert.customer_id),
            Cell::from(promise::keeper(alert.owner.as_ref())),
            Cell::from(about.id),
            Cell::from(&alert.alert_id),
        ]);
    }
    table.print(output)
}

/// What an alert is about, as it is shown; empty for a subject of a later version.
#[derive(Default)]
struct About {
    what: String,
    /// When it is or was due; or since when it is so.
    at: Option<Timestamp>,
    /// What the id is of.
    sort: &'static str,
    id: String,
}

impl About {
    fn of(alert: &Alert) -> Self {
        match &alert.subject {
            Some(Subject::Promise(promise)) => Self {
                what: what(&alert.rule, promise),
                at: promise.promised_by,
                sort: "promise",
                id: promise.commitment_id.clone(),
            },
            Some(Subject::Signal(signal)) => Self {
                what: label::<SignalKind>(signal.kind),
                at: signal.noticed_at,
                sort: "contact",
                id: signal.interaction_id.clone(),
            },
            Some(Subject::SlipUps(slips)) => Self {
                what: format!("save action, {} slip-ups", slips.slip_ups.len()),
                at: slips.slip_ups.first().and_then(|first| first.at),
                sort: "slipped up with",
                id: slips.customer_id.clone(),
            },
            None => Self::default(),
        }
    }
}

/// What is late, or will be; or was given up.
fn what(rule: &str, about: &PromiseSubject) -> String {
    let kind = label::<CommitmentKind>(about.kind);
    match (about.stage_id.as_str(), about.clock()) {
        _ if rule == Rule::Expired.as_str() => format!("{kind}, given up"),
        ("", CommitmentClock::Internal) => format!("{kind}, our own due"),
        ("", _) => kind,
        ("depends_on", _) => format!("{kind}, what it waits for slips"),
        (stage, _) => format!("{kind}, {stage}"),
    }
}

fn state(alert: &Alert) -> (String, Style) {
    let by = &alert.handled_by;
    match alert.state() {
        AlertState::Acknowledged => (format!("seen to by {by}"), Style::Warn),
        AlertState::Snoozed => (format!("snoozed by {by}"), Style::Warn),
        AlertState::Closed if by.is_empty() => (over("closed", alert), Style::Good),
        AlertState::Closed => (format!("put away by {by}"), Style::Warn),
        AlertState::Resolved => (over("resolved", alert), Style::Good),
        AlertState::Pending => ("pending".to_owned(), Style::Warn),
        _ => (triggered(alert), Style::Bad),
    }
}

/// That an alert is over, and why.
fn over(how: &str, alert: &Alert) -> String {
    let cause = label::<AlertResolveCause>(alert.resolve_cause);
    format!("{how} {cause}").trim_end().to_owned()
}

/// How far an alert is that nobody has seen to.
fn triggered(alert: &Alert) -> String {
    let level = match alert.level {
        0 | 1 => String::new(),
        level => format!(", level {level}"),
    };
    let exhausted = alert.escalation.as_ref().is_some_and(|it| it.exhausted);
    let exhausted = if exhausted { ", exhausted" } else { "" };
    let paused = if alert.paused { ", paused" } else { "" };
    format!("triggered{level}{exhausted}{paused}")
}

/// Watches until the server refuses for good.
async fn watch(session: &mut Session, args: WatchArgs) -> Result<(), CommandError> {
    let request = WatchAlertsRequest {
        resume_token: args.resume.unwrap_or_default(),
        filter: Some(args.filter.into()),
    };
    let mut begins = true;
    let Session { client, output, .. } = session;
    let mut answers = std::pin::pin!(client.watch_alerts(request));
    while let Some(answer) = answers.try_next().await? {
        let first = std::mem::take(&mut begins);
        match (output.json(), &answer.alert) {
            (true, alert) if first || alert.is_some() => output.message(&answer)?,
            (false, Some(alert)) => print_alert(alert, output)?,
            (false, None) if first => {
                let text = format!("watching alerts at {}", client.address());
                output.line(&output.styled(Style::Dim, &text))?;
            }
            // It only says that the watch lives.
            (_, None) | (true, Some(_)) => {}
        }
        output.flush()?;
    }
    Ok(())
}

fn print_alert(alert: &Alert, output: &mut Output) -> std::io::Result<()> {
    let times = output.times();
    let at = match alert.state() {
        AlertState::Resolved => alert.resolved_at.as_ref(),
        AlertState::Closed => alert.handled_at.as_ref().or(alert.resolved_at.as_ref()),
        AlertState::Acknowledged => alert.handled_at.as_ref(),
        _ => alert.first_fired_at.as_ref(),
    };
    let (state, style) = state(alert);
    let about = About::of(alert);
    let facts = [
        ("customer", &alert.customer_id),
        ("kept by", &promise::keeper(alert.owner.as_ref())),
        ("team", &alert.team_id),
        (about.sort, &about.id),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| format!("{name} {}", clean(value)))
    .collect::<Vec<_>>();
    let line = format!(
        "{}  {}  {} {} {}  {}",
        times.second(at),
        output.styled(style, &state),
        about.what,
        if about.sort == "promise" {
            "by"
        } else {
            "since"
        },
        times.minute(about.at.as_ref()),
        facts.join(" · ")
    );
    output.line(&line)
}
