//! Boards: how many promises there are, and what changes.

use std::io;

use aftercall_proto::followups::v1::{
    CommitmentDimension, CommitmentGroup, CountCommitmentsRequest, CountCommitmentsResponse,
    LocalDay, WatchCommitmentsRequest,
};
use aftercall_proto::model::v1::{Commitment, CommitmentKind, CommitmentLifecycle, Timeliness};
use futures::TryStreamExt;

use super::filter::FilterArgs;
use crate::command::{CommandError, Session, promise};
use crate::output::{Cell, Column, Output, Style, Table, clean, label, values};

/// By what to count which promises.
#[derive(Debug, clap::Args)]
pub struct CountArgs {
    /// By what, at most 3: `team,timeliness`; left out, all together. `team` is the one of the agent who made the
    /// promise, `owner_team` the one in which it is kept, `due_day` a day in your time zone
    #[arg(long, value_delimiter = ',', value_parser = values::<CommitmentDimension>())]
    by: Vec<i32>,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Which promises to watch.
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// Go on after this answer's resumeToken, or a list's completeThrough; left out, from now on
    #[arg(long, value_name = "TOKEN")]
    resume: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
}

pub(super) async fn count(session: &mut Session, args: CountArgs) -> Result<(), CommandError> {
    let by_day = args.by.contains(&CommitmentDimension::DueDay.into());
    let today = session.output.times().day(session.clock.now());
    let request = CountCommitmentsRequest {
        filter: Some(args.filter.read(session)?),
        by: args.by.clone(),
        time_zone: match by_day {
            true => today.time_zone,
            false => String::new(),
        },
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    let dimensions = args.by.into_iter();
    let dimensions = dimensions.filter_map(|one| CommitmentDimension::try_from(one).ok());
    let dimensions: Vec<_> = dimensions.collect();
    session.tell(&answer, |answer, output| {
        if !dimensions.is_empty() && !answer.groups.is_empty() {
            table(&dimensions, &answer.groups, output)?;
        }
        output.line(&output.styled(Style::Dim, &total(answer)))
    })
}

fn table(
    by: &[CommitmentDimension],
    groups: &[CommitmentGroup],
    output: &mut Output,
) -> io::Result<()> {
    let columns = by.iter().map(|one| Column::full(title(*one)));
    let columns = columns.chain([Column::full("promises")]);
    let mut table = Table::new(columns.collect::<Vec<_>>());
    for group in groups {
        let cells = by.iter().map(|one| Cell::from(value(*one, group)));
        table.row(cells.chain([Cell::from(group.count.to_string())]));
    }
    table.print(output)
}

/// How many there are in all.
fn total(answer: &CountCommitmentsResponse) -> String {
    let (total, further) = (answer.total_size, answer.further_groups);
    let in_all = format!("{total} in all");
    match further {
        0 => in_all,
        further => format!("{in_all}, some of them in {further} smaller groups"),
    }
}

const fn title(dimension: CommitmentDimension) -> &'static str {
    match dimension {
        CommitmentDimension::Unspecified => "",
        CommitmentDimension::Team => "team",
        CommitmentDimension::OwnerTeam => "kept in",
        CommitmentDimension::Owner => "kept by",
        CommitmentDimension::Kind => "what",
        CommitmentDimension::Timeliness => "timeliness",
        CommitmentDimension::Lifecycle => "state",
        CommitmentDimension::DueDay => "due on",
    }
}

fn value(dimension: CommitmentDimension, group: &CommitmentGroup) -> String {
    match dimension {
        CommitmentDimension::Unspecified => String::new(),
        CommitmentDimension::Team => group.team_id.clone(),
        CommitmentDimension::OwnerTeam => group.owner_team_id.clone(),
        CommitmentDimension::Owner => promise::keeper(group.owner.as_ref()),
        CommitmentDimension::Kind => label::<CommitmentKind>(group.kind),
        CommitmentDimension::Timeliness => label::<Timeliness>(group.timeliness),
        CommitmentDimension::Lifecycle => label::<CommitmentLifecycle>(group.lifecycle),
        CommitmentDimension::DueDay => group.due_on.as_ref().map(day).unwrap_or_default(),
    }
}

fn day(day: &LocalDay) -> String {
    let LocalDay {
        year, month, day, ..
    } = day;
    format!("{year:04}-{month:02}-{day:02}")
}

/// Watches until the server refuses for good.
pub(super) async fn watch(session: &mut Session, args: WatchArgs) -> Result<(), CommandError> {
    let request = WatchCommitmentsRequest {
        filter: Some(args.filter.read(session)?),
        resume_token: args.resume.unwrap_or_default(),
    };
    let mut begins = true;
    let Session { client, output, .. } = session;
    let mut answers = std::pin::pin!(client.watch_commitments(request));
    while let Some(answer) = answers.try_next().await? {
        let first = std::mem::take(&mut begins);
        match (output.json(), &answer.commitment) {
            (true, commitment) if first || commitment.is_some() => output.message(&answer)?,
            (false, Some(commitment)) => print(commitment, answer.left, output)?,
            (false, None) if first => {
                let text = format!("watching promises at {}", client.address());
                output.line(&output.styled(Style::Dim, &text))?;
            }
            // It only says that the watch lives.
            (_, None) | (true, Some(_)) => {}
        }
        output.flush()?;
    }
    Ok(())
}

fn print(commitment: &Commitment, left: bool, output: &mut Output) -> io::Result<()> {
    let id = clean(&commitment.commitment_id);
    // All that is told of a promise that is none of the caller's business any more.
    if commitment.version == 0 {
        return output.line(&format!("{id}  is not yours to see any more"));
    }
    let mark = if left { "-" } else { "+" };
    output.line(&format!(
        "{mark} {}  {id}",
        promise::line(commitment, output)
    ))
}
