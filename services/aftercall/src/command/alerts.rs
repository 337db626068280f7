//! `alerts`: what needs somebody, as a list or as it happens.

use aftercall_proto::alerts::v1::{AlertFilter, ListAlertsRequest, WatchAlertsRequest};
use aftercall_proto::model::v1::alert::Subject;
use aftercall_proto::model::v1::{
    Alert, AlertResolveCause, AlertSeverity, AlertState, CommitmentKind, PromiseSubject,
};

use futures::TryStreamExt;

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use super::{CommandError, Session, promise};
use crate::output::{Cell, Column, Output, Style, Table, clean, label, values};

/// Promises that lapsed, as a list or as it happens
#[derive(Debug, clap::Subcommand)]
pub enum Alerts {
    /// Alerts, the latest first
    List(ListArgs),
    /// Every alert as it fires or is resolved, until interrupted
    Watch(WatchArgs),
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
    /// Those that need somebody, or those that are over
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
        Column::full("was due"),
        Column::narrows("customer"),
        Column::narrows("kept by"),
        Column::id("promise"),
    ]);
    for alert in alerts {
        let (state, style) = state(alert);
        let about = promise_of(alert);
        table.row([
            Cell::from(output.times().minute(alert.first_fired_at.as_ref())),
            Cell::styled(state, style),
            Cell::from(label::<AlertSeverity>(alert.severity)),
            Cell::from(label::<CommitmentKind>(about.kind)),
            Cell::from(output.times().minute(about.promised_by.as_ref())),
            Cell::from(&alert.customer_id),
            Cell::from(promise::keeper(alert.owner.as_ref())),
            Cell::from(&about.commitment_id),
        ]);
    }
    table.print(output)
}

/// The promise that an alert is about; an empty one for a subject of a later version.
fn promise_of(alert: &Alert) -> PromiseSubject {
    match &alert.subject {
        Some(Subject::Promise(promise)) => promise.clone(),
        None => PromiseSubject::default(),
    }
}

fn state(alert: &Alert) -> (String, Style) {
    match alert.state() {
        AlertState::Resolved => {
            let cause = label::<AlertResolveCause>(alert.resolve_cause);
            (
                format!("resolved {cause}").trim_end().to_owned(),
                Style::Good,
            )
        }
        _ => ("triggered".to_owned(), Style::Bad),
    }
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
        _ => alert.first_fired_at.as_ref(),
    };
    let (state, style) = state(alert);
    let about = promise_of(alert);
    let facts = [
        ("customer", &alert.customer_id),
        ("kept by", &promise::keeper(alert.owner.as_ref())),
        ("team", &alert.team_id),
        ("promise", &about.commitment_id),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| format!("{name} {}", clean(value)))
    .collect::<Vec<_>>();
    let line = format!(
        "{}  {}  {} by {}  {}",
        times.second(at),
        output.styled(style, &state),
        label::<CommitmentKind>(about.kind),
        times.minute(about.promised_by.as_ref()),
        facts.join(" · ")
    );
    output.line(&line)
}
