//! `alerts`: what needs somebody, as a list or as it happens.

use std::time::Duration;

use aftercall_proto::followups::v1::{ListAlertsRequest, WatchAlertsRequest};
use aftercall_proto::model::v1::{
    Alert, AlertResolveCause, AlertSeverity, AlertState, CommitmentKind,
};

use super::{LIMIT, PAGE_MAX, Session, more_hint, promise};
use crate::client::{Client, ClientError, Pages, Refusal, call};
use crate::output::{Cell, Column, Output, Style, Table, clean, label, values};

/// How long to wait before a watch that broke is begun again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(10);

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
    /// Those that need somebody, or those that are over
    #[arg(long, value_parser = values::<AlertState>())]
    state: Option<i32>,
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
    /// Only alerts for this team's promises
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// Only alerts for this agent's promises
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Alerts) -> Result<(), ClientError> {
    match command {
        Alerts::List(args) => list(session, args).await,
        Alerts::Watch(args) => watch(session, args).await,
    }
}

async fn list(session: &mut Session, args: ListArgs) -> Result<(), ClientError> {
    let mut client = session.client.alerts();
    let output = &mut session.output;
    let mut pages = Pages::new(args.limit, PAGE_MAX);
    let mut found = Vec::new();
    while let Some((page_size, page_token)) = pages.turn() {
        let request = ListAlertsRequest {
            state: args.state.unwrap_or_default(),
            page_size,
            page_token,
            min_position: session.after.clone(),
        };
        let answer = client.list_alerts(call(request)).await?.into_inner();
        let page = pages.take(answer.alerts, answer.next_page_token);
        match output.json() {
            true => page.iter().try_for_each(|alert| output.message(alert))?,
            false => found.extend(page),
        }
    }
    if output.json() {
        return Ok(());
    }
    if found.is_empty() {
        return Ok(output.line("no alerts")?);
    }
    table(&found, output)?;
    if pages.has_more() {
        more_hint(output, found.len())?;
    }
    Ok(())
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
        Column::full("promise"),
    ]);
    for alert in alerts {
        let (state, style) = state(alert);
        table.row([
            Cell::from(output.times().minute(alert.first_fired_at.as_ref())),
            Cell::styled(state, style),
            Cell::from(label::<AlertSeverity>(alert.severity)),
            Cell::from(label::<CommitmentKind>(alert.kind)),
            Cell::from(output.times().minute(alert.promised_by.as_ref())),
            Cell::from(&alert.customer_id),
            Cell::from(promise::keeper(alert.owner.as_ref())),
            Cell::from(&alert.commitment_id),
        ]);
    }
    table.print(output)
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

/// Watches until the server refuses for good. A watch that breaks goes on where it was.
async fn watch(session: &mut Session, args: WatchArgs) -> Result<(), ClientError> {
    let mut request = WatchAlertsRequest {
        resume_token: args.resume.unwrap_or_default(),
        team_id: args.team.unwrap_or_default(),
        owner_agent_id: args.agent.unwrap_or_default(),
    };
    let mut wait = RETRY_FIRST;
    loop {
        let before = request.resume_token.clone();
        let broken = follow(&session.client, &mut session.output, &mut request).await;
        if let Err(error) = broken {
            match error {
                // A watch that has no place yet would begin anew and miss what fired between.
                ClientError::Refused(refusal) if can_go_on(&refusal, &request) => {
                    tracing::debug!(code = ?refusal.code, "watch broken, going on");
                }
                error => return Err(error),
            }
        }
        if request.resume_token != before {
            wait = RETRY_FIRST;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_MAX);
    }
}

fn can_go_on(refusal: &Refusal, request: &WatchAlertsRequest) -> bool {
    !request.resume_token.is_empty() && refusal.is_retryable()
}

async fn follow(
    client: &Client,
    output: &mut Output,
    request: &mut WatchAlertsRequest,
) -> Result<(), ClientError> {
    let fresh = request.resume_token.is_empty();
    let mut answers = client
        .alerts()
        .watch_alerts(request.clone())
        .await?
        .into_inner();
    while let Some(answer) = answers.message().await? {
        request.resume_token.clone_from(&answer.resume_token);
        match (output.json(), &answer.alert) {
            (true, _) => output.message(&answer)?,
            (false, Some(alert)) => print_alert(alert, output)?,
            (false, None) if fresh => {
                let text = format!("watching alerts at {}", client.server());
                output.line(&output.styled(Style::Dim, &text))?;
            }
            (false, None) => {}
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
    let facts = [
        ("customer", &alert.customer_id),
        ("kept by", &promise::keeper(alert.owner.as_ref())),
        ("team", &alert.team_id),
        ("promise", &alert.commitment_id),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| format!("{name} {}", clean(value)))
    .collect::<Vec<_>>();
    let line = format!(
        "{}  {}  {} by {}  {}",
        times.second(at),
        output.styled(style, &state),
        label::<CommitmentKind>(alert.kind),
        times.minute(alert.promised_by.as_ref()),
        facts.join(" · ")
    );
    output.line(&line)
}
