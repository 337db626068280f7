//! `alerts`: what needs somebody, as a list or as it happens.

use aftercall_proto::followups::v1::{ListAlertsRequest, WatchAlertsRequest};
use aftercall_proto::model::v1::{
    Alert, AlertResolveCause, AlertSeverity, AlertState, CommitmentKind,
};

use futures::TryStreamExt;

use super::listing::{LIMIT, PAGE_MAX, listing, page_size};
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
pub async fn run(session: &mut Session, command: Alerts) -> Result<(), CommandError> {
    match command {
        Alerts::List(args) => list(session, args).await,
        Alerts::Watch(args) => watch(session, args).await,
    }
}

async fn list(session: &mut Session, args: ListArgs) -> Result<(), CommandError> {
    let request = ListAlertsRequest {
        state: args.state.unwrap_or_default(),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let Session { client, output, .. } = session;
    let mut found = Vec::new();
    let listed = listing(client, request, args.limit, |page| match output.json() {
        true => page.iter().try_for_each(|alert| output.message(alert)),
        false => {
            found.extend(page);
            Ok(())
        }
    });
    let listed = listed.await?;
    if output.json() {
        return Ok(());
    }
    if !found.is_empty() {
        table(&found, output)?;
    }
    Ok(listed.close("no alerts", output)?)
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

/// Watches until the server refuses for good.
async fn watch(session: &mut Session, args: WatchArgs) -> Result<(), CommandError> {
    let request = WatchAlertsRequest {
        resume_token: args.resume.unwrap_or_default(),
        team_id: args.team.unwrap_or_default(),
        owner_agent_id: args.agent.unwrap_or_default(),
    };
    let mut begins = request.resume_token.is_empty();
    let Session { client, output, .. } = session;
    let mut answers = std::pin::pin!(client.watch_alerts(request));
    while let Some(answer) = answers.try_next().await? {
        match (output.json(), &answer.alert) {
            (true, _) => output.message(&answer)?,
            (false, Some(alert)) => print_alert(alert, output)?,
            (false, None) if begins => {
                let text = format!("watching alerts at {}", client.address());
                output.line(&output.styled(Style::Dim, &text))?;
            }
            (false, None) => {}
        }
        begins = false;
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
