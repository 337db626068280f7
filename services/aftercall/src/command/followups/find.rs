//! `followups find-promises`: what an agent promised, by what was said.

use aftercall_proto::model::v1::due_spec::Spec;
use aftercall_proto::model::v1::{CommitmentKind, DueSpec, SentimentParticipant, WeekPart};
use aftercall_proto::recorder::v1::{FindPromisesRequest, FindPromisesResponse};

use crate::command::{CommandError, Session, sentiment};
use crate::output::{Cell, Column, Output, Table, When, clean, label, past};

/// What was said.
#[derive(Debug, clap::Args)]
pub struct FindArgs {
    /// What the agent said, a turn each
    #[arg(value_name = "TEXT", required_unless_present = "file")]
    texts: Vec<String>,
    /// A file with a turn a line, or - for standard input; a line that begins with "customer:" is the customer's
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    file: Option<String>,
    /// When it was said: "2026-11-22 17:00", or 2h for two hours ago; left out, now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    told: Option<When>,
    /// The customer's zone, such as Europe/Paris; left out, yours
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The agent's team, which may decide how a promise is followed up
    #[arg(long, value_name = "ID")]
    team: Option<String>,
}

/// Prints what was found.
pub(super) async fn find(session: &mut Session, args: FindArgs) -> Result<(), CommandError> {
    let agent = SentimentParticipant::Agent;
    let occurred_at = session.optional_instant(args.told.as_ref())?;
    let zone = args.zone;
    let request = FindPromisesRequest {
        turns: sentiment::turns(&args.texts, args.file.as_deref(), agent)?,
        occurred_at,
        time_zone: zone.unwrap_or_else(|| session.output.times().zone_name()),
        team_id: args.team.unwrap_or_default(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, table)
}

fn table(answer: &FindPromisesResponse, output: &mut Output) -> std::io::Result<()> {
    if answer.promises.is_empty() {
        return output.line("no promises were found");
    }
    let mut table = Table::new([
        Column::full("what"),
        Column::full("promised by"),
        Column::words("which is"),
        Column::words("words"),
        Column::number("sure"),
        Column::full("by rule"),
    ]);
    for found in &answer.promises {
        let finding = found.finding.clone().unwrap_or_default();
        let due = found.due.as_ref().map(due).unwrap_or_default();
        let due = match finding.due_said {
            true => due,
            false => format!("{due}, as is usual"),
        };
        let rules = [finding.rule, finding.time_rule];
        let rules = rules.into_iter().filter(|rule| !rule.is_empty());
        table.row([
            Cell::from(label::<CommitmentKind>(found.kind)),
            Cell::from(output.times().minute(found.promised_by.as_ref())),
            Cell::from(due),
            Cell::from(clean(&found.words)),
            Cell::from(format!("{} %", finding.confidence_percent)),
            Cell::from(rules.collect::<Vec<_>>().join(", ")),
        ]);
    }
    table.print(output)
}

/// A due, in a few words.
fn due(due: &DueSpec) -> String {
    match &due.spec {
        None | Some(Spec::Instant(_)) => String::new(),
        Some(Spec::Local(local)) => format!("{} at {}", local.date, local.time),
        Some(Spec::EndOfLocalDay(day)) => format!("the end of {}", day.date),
        Some(Spec::Elapsed(time)) => format!("within {} min", time.seconds / 60),
        Some(Spec::BusinessElapsed(open)) => {
            let minutes = open.duration.as_ref().map_or(0, |time| time.seconds / 60);
            format!("within {minutes} min of {}", open.calendar_id)
        }
        Some(Spec::BusinessDays(days)) => match days.time.as_str() {
            "" => format!("{} open days of {}", days.days, days.calendar_id),
            time => format!("{} open days of {}, at {time}", days.days, days.calendar_id),
        },
        Some(Spec::WeekPeriod(period)) => {
            let part = label::<WeekPart>(period.part);
            format!("{part} by {}", period.calendar_id)
        }
    }
}
