//! `insight problems`: troubles that many contacts have in common.

use aftercall_proto::insight::v1::{
    CreateProblemRequest, GetProblemRequest, ListProblemVersionsRequest, ListProblemsRequest,
    MeasureImprovementRequest, MeasureImprovementResponse, ProblemTrend, ProblemVersion,
    RecordImprovementRequest, UpdateProblemRequest,
};
use aftercall_proto::model::v1::{Improvement, Problem, ProblemCluster, ProblemState};

use super::tables::{percent, sparkline};
use crate::command::listing::{LIMIT, page_size, tabled};
use crate::command::{CommandError, Session};
use crate::output::{Card, Cell, Column, Output, Style, Table, When, clean, label, past, values};

/// The largest page of problems.
const PROBLEMS_PAGE_MAX: usize = 50;

/// Blocks of a line at most.
const BLOCKS_MAX: usize = 30;

/// Problems: made, changed, improved, measured
#[derive(Debug, clap::Subcommand)]
pub enum Problems {
    /// Problems with their contacts over time
    List(ListArgs),
    /// One problem, and what was done about it
    Show(ShowArgs),
    /// Makes a problem of contacts with one cause
    Create(CreateArgs),
    /// Changes a problem; what is not named stays
    Update(UpdateArgs),
    /// Says what was done about a problem
    Improve(ImproveArgs),
    /// Contacts before and after what was done, and how many that spared
    Measure(MeasureArgs),
    /// What a problem was, version by version
    History(HistoryArgs),
}

/// Which problems.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only those of this department
    #[arg(long, value_name = "ID")]
    department: Option<String>,
    /// Only those that are so far
    #[arg(long, value_parser = values::<ProblemState>())]
    state: Option<i32>,
    /// Over how many days contacts are counted
    #[arg(long, value_name = "DAYS", default_value = "30")]
    days: i32,
    /// How many to show
    #[arg(long, value_name = "N", default_value = "20")]
    limit: usize,
}

/// Which problem.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The problem's id
    problem: String,
}

/// Which contacts a problem has.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Contacts")]
struct ClusterArgs {
    /// Contacts with this root cause
    #[arg(long, value_name = "CODE")]
    root_cause: Vec<String>,
    /// Contacts with this primary reason
    #[arg(long, value_name = "CODE")]
    reason: Vec<String>,
    /// Contacts with a primary reason of this family
    #[arg(long, value_name = "CODE")]
    family: Vec<String>,
    /// Contacts with this wrap-up code
    #[arg(long, value_name = "CODE")]
    disposition: Vec<String>,
    /// Contacts on behalf of this firm
    #[arg(long, value_name = "ID")]
    client_account: Vec<String>,
}

impl ClusterArgs {
    fn into_cluster(self) -> ProblemCluster {
        ProblemCluster {
            root_cause_codes: self.root_cause,
            reason_codes: self.reason,
            reason_families: self.family,
            disposition_codes: self.disposition,
            client_account_ids: self.client_account,
        }
    }
}

/// What a problem is.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// What people call it
    title: String,
    /// The department that can do something about its cause
    #[arg(long, value_name = "ID")]
    department: String,
    /// What is known of it
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    description: String,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// What a problem is from now on.
#[derive(Debug, clap::Args)]
pub struct UpdateArgs {
    /// The problem's id
    problem: String,
    /// What people call it
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The department that can do something about its cause
    #[arg(long, value_name = "ID")]
    department: Option<String>,
    /// What is known of it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How far it is
    #[arg(long, value_parser = values::<ProblemState>())]
    state: Option<i32>,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Why
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    note: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// What was done.
#[derive(Debug, clap::Args)]
pub struct ImproveArgs {
    /// The problem's id
    problem: String,
    /// What changed
    change: String,
    /// Who did it: a person or a department
    #[arg(long, value_name = "ID")]
    by: String,
    /// From when on it was so; left out, from now on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    at: Option<When>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    request_id: String,
}

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct MeasureArgs {
    /// The problem's id
    problem: String,
    /// Which of its improvements; left out, the last one
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    number: u32,
    /// How many days before and after are compared
    #[arg(long, value_name = "DAYS", default_value = "28")]
    days: i32,
}

/// Whose history.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// The problem's id
    problem: String,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Problems.
pub(super) async fn run(session: &mut Session, command: Problems) -> Result<(), CommandError> {
    match command {
        Problems::List(args) => list(session, args).await,
        Problems::Show(args) => {
            let problem = existing(session, args.problem).await?;
            session.tell(&problem, card)
        }
        Problems::Create(args) => {
            let request = CreateProblemRequest {
                request_id: args.request_id,
                problem: Some(Problem {
                    title: args.title,
                    description: args.description,
                    owner_department: args.department,
                    cluster: Some(args.cluster.into_cluster()),
                    ..Problem::default()
                }),
            };
            let answer = session.client.call(request).await?;
            session.tell(&answer, |answer, output| changed(&answer.problem, output))
        }
        Problems::Update(args) => update(session, args).await,
        Problems::Improve(args) => {
            let at = session.optional_instant(args.at.as_ref())?;
            let now = aftercall_proto::convert::time::to_wire(session.clock.now());
            let request = RecordImprovementRequest {
                request_id: args.request_id,
                problem_id: args.problem,
                improvement: Some(Improvement {
                    change: args.change,
                    improved_at: at.or(Some(now)),
                    improved_by: args.by,
                    ..Improvement::default()
                }),
                expected_version: 0,
            };
            let answer = session.client.call(request).await?;
            session.tell(&answer, |answer, output| changed(&answer.problem, output))
        }
        Problems::Measure(args) => {
            let request = MeasureImprovementRequest {
                problem_id: args.problem,
                number: args.number,
                days: args.days,
                min_position: session.after.clone(),
                ..MeasureImprovementRequest::default()
            };
            let answer = session.client.call(request).await?;
            session.tell(&answer, measured)
        }
        Problems::History(args) => {
            let request = ListProblemVersionsRequest {
                problem_id: args.problem,
                page_size: page_size(args.limit, crate::command::listing::PAGE_MAX),
                min_position: session.after.clone(),
                ..ListProblemVersionsRequest::default()
            };
            tabled(session, request, args.limit, "no such problem", history).await
        }
    }
}

async fn list(session: &mut Session, args: ListArgs) -> Result<(), CommandError> {
    let request = ListProblemsRequest {
        owner_department: args.department.unwrap_or_default(),
        state: args.state.unwrap_or_default(),
        days: args.days,
        page_size: page_size(args.limit, PROBLEMS_PAGE_MAX),
        min_position: session.after.clone(),
        ..ListProblemsRequest::default()
    };
    tabled(session, request, args.limit, "no such problems", trends).await
}

async fn existing(session: &mut Session, problem_id: String) -> Result<Problem, CommandError> {
    let request = GetProblemRequest {
        problem_id,
        min_position: session.after.clone(),
        latest: true,
    };
    let answer = session.client.call(request).await?;
    Ok(answer.problem.unwrap_or_default())
}

/// Changes what is named, and keeps the rest of the version that it was read at.
async fn update(session: &mut Session, args: UpdateArgs) -> Result<(), CommandError> {
    let mut problem = existing(session, args.problem.clone()).await?;
    let named = [
        (&mut problem.title, args.title),
        (&mut problem.owner_department, args.department),
        (&mut problem.description, args.description),
    ];
    for (own, named) in named {
        *own = named.unwrap_or_else(|| std::mem::take(own));
    }
    problem.state = args.state.unwrap_or(problem.state);
    let cluster = args.cluster.into_cluster();
    if cluster != ProblemCluster::default() {
        problem.cluster = Some(cluster);
    }
    let request = UpdateProblemRequest {
        request_id: args.request_id,
        problem_id: args.problem,
        expected_version: problem.version,
        problem: Some(problem),
        note: args.note,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| changed(&answer.problem, output))
}

fn changed(problem: &Option<Problem>, output: &mut Output) -> std::io::Result<()> {
    card(&problem.clone().unwrap_or_default(), output)
}

/// Which contacts a problem has, in words.
fn contacts_of(problem: &Problem) -> String {
    let cluster = problem.cluster.clone().unwrap_or_default();
    let lists = [
        ("root cause", cluster.root_cause_codes),
        ("reason", cluster.reason_codes),
        ("family", cluster.reason_families),
        ("wrap-up", cluster.disposition_codes),
        ("client", cluster.client_account_ids),
    ];
    let lists = lists.into_iter().filter(|(_, values)| !values.is_empty());
    let lists = lists.map(|(name, values)| format!("{name} {}", values.join(" or ")));
    lists.collect::<Vec<_>>().join(", ")
}

fn card(problem: &Problem, output: &mut Output) -> std::io::Result<()> {
    output.paragraph(0, Style::Bold, &problem.title)?;
    let times = output.times().clone();
    let mut card = Card::new();
    card.field("state", label::<ProblemState>(problem.state))
        .field("department", &problem.owner_department)
        .lines("description", &problem.description)
        .field("contacts", contacts_of(problem));
    for improvement in &problem.improvements {
        let at = times.minute(improvement.improved_at.as_ref());
        let (number, by) = (improvement.number, &improvement.improved_by);
        card.lines(
            "improved",
            format!("{number}: {at} by {by}: {}", improvement.change),
        );
    }
    card.field("changed", times.minute(problem.changed_at.as_ref()))
        .field("version", problem.version.to_string())
        .field("problem", &problem.problem_id);
    card.print(output, 2)
}

fn in_parts(by_day: &[i64]) -> Vec<i64> {
    let days = by_day.len().div_ceil(BLOCKS_MAX).max(1);
    by_day.chunks(days).map(|part| part.iter().sum()).collect()
}

fn trends(trends: &[ProblemTrend], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::narrows("problem"),
        Column::narrows("department"),
        Column::full("state"),
        Column::number("contacts"),
        Column::number("before"),
        Column::full("over time"),
        Column::number("done"),
        Column::id("id"),
    ]);
    for trend in trends {
        let problem = trend.problem.clone().unwrap_or_default();
        table.row([
            Cell::from(clean(&problem.title)),
            Cell::from(clean(&problem.owner_department)),
            Cell::from(label::<ProblemState>(problem.state)),
            Cell::from(trend.contacts.to_string()),
            Cell::from(trend.contacts_before.to_string()),
            Cell::from(sparkline(&in_parts(&trend.by_day))),
            Cell::from(problem.improvements.len().to_string()),
            Cell::from(clean(&problem.problem_id)),
        ]);
    }
    table.print(output)
}

#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(part: i64, of: i64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

fn measured(answer: &MeasureImprovementResponse, output: &mut Output) -> std::io::Result<()> {
    let improvement = answer.improvement.clone().unwrap_or_default();
    let at = output.times().minute(improvement.improved_at.as_ref());
    output.paragraph(0, Style::Bold, &improvement.change)?;
    let told = |part: i64, of: i64| format!("{part} of {of} ({})", percent(share(part, of)));
    let (before, after) = (
        told(answer.contacts_before, answer.all_before),
        told(answer.contacts_after, answer.all_after),
    );
    let spared = format!(
        "{:.0} contacts ({:.0} to {:.0} with 95 %)",
        answer.contacts_avoided, answer.contacts_avoided_low, answer.contacts_avoided_high
    );
    let mut card = Card::new();
    card.field("since", format!("{at} by {}", improvement.improved_by))
        .field("before", before)
        .field("after", after)
        .field("spared", spared)
        .field(
            "chance",
            format!("{:.4} (z {:.2})", answer.p_value, answer.z),
        )
        .field("over time", sparkline(&in_parts(&answer.by_day)));
    if answer.is_provisional {
        card.field("so far", "the time after it is not over yet");
    }
    card.print(output, 2)
}

fn history(versions: &[ProblemVersion], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::number("version"),
        Column::full("when"),
        Column::narrows("by"),
        Column::full("state"),
        Column::number("done"),
        Column::narrows("problem"),
        Column::words("why"),
    ]);
    for version in versions {
        let problem = version.problem.clone().unwrap_or_default();
        table.row([
            Cell::from(problem.version.to_string()),
            Cell::from(output.times().minute(problem.changed_at.as_ref())),
            Cell::from(clean(&problem.changed_by)),
            Cell::from(label::<ProblemState>(problem.state)),
            Cell::from(problem.improvements.len().to_string()),
            Cell::from(clean(&problem.title)),
            Cell::from(clean(&version.note)),
        ]);
    }
    table.print(output)
}
