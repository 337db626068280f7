//! `solutions struggles` and `solutions report`: what can't be answered, and what answers are good for.

use aftercall_proto::knowledge::v1::{
    CaseMeasures, KnowledgeReportRequest, KnowledgeRow, ListStrugglesRequest, ReportGrouping,
    Struggle, WorthWriting,
};

use super::feedback::right;
use crate::command::listing::{LIMIT, listing, page_size, told};
use crate::command::{CommandError, Session, promise};
use crate::output::{Card, Output, Style, When, clean, past, values};

/// The largest page of struggles,
const STRUGGLES_PAGE_MAX: usize = 100;
/// and of a report.
const REPORT_PAGE_MAX: usize = 500;

/// Which struggles to list.
#[derive(Debug, clap::Args)]
pub struct StrugglesArgs {
    /// Contacts and searches since that day: "2026-11-22", or 30d for the last thirty days
    #[arg(long, value_name = "TIME", default_value = "30d", allow_hyphen_values = true, value_parser = past)]
    from: When,
    /// Those before that day; left out, until now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    before: Option<When>,
    /// Only this contact reason
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Only this team
    #[arg(long, value_name = "ID")]
    team: Option<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = "10")]
    limit: usize,
}

/// Which report to show.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// By what the rows are
    #[arg(long, default_value = "solution", value_parser = values::<ReportGrouping>())]
    by: i32,
    /// Contacts since that day: "2026-11-22", or 30d for the last thirty days
    #[arg(long, value_name = "TIME", default_value = "30d", allow_hyphen_values = true, value_parser = past)]
    from: When,
    /// Those before that day; left out, until now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = past)]
    before: Option<When>,
    /// Only this contact reason
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// How many rows to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Prints what the team can't answer.
pub(super) async fn struggles(
    session: &mut Session,
    args: StrugglesArgs,
) -> Result<(), CommandError> {
    let now = session.clock.now();
    let before = session.optional_instant(args.before.as_ref())?;
    let request = ListStrugglesRequest {
        from: session.optional_instant(Some(&args.from))?,
        before: before.or_else(|| Some(aftercall_proto::convert::time::to_wire(now))),
        reason_code: args.reason.unwrap_or_default(),
        team_id: args.team.unwrap_or_default(),
        page_size: page_size(args.limit, STRUGGLES_PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let nothing = "nothing that could not be answered";
    told(session, request, args.limit, nothing, print_struggle).await
}

fn print_struggle(struggle: &Struggle, output: &mut Output) -> std::io::Result<()> {
    let reason = match struggle.reason_code.is_empty() {
        true => "searches without a reason".to_owned(),
        false => clean(&struggle.reason_code),
    };
    let reason = output.styled(Style::Bold, &reason);
    output.line(&format!("{reason}  score {}", struggle.score))?;
    let mut card = Card::new();
    for question in &struggle.questions {
        let text = promise::quoted(&question.text);
        card.field("asked", format!("{text} ({})", question.count));
    }
    card.field("shown by", counts(struggle))
        .field("contacts", struggle.interaction_ids.join(", "))
        .field("searches", struggle.search_ids.join(", "))
        .field("candidate", &struggle.candidate_id)
        .field("draft", &struggle.draft_solution_id);
    let nearest = match struggle.nearest_is_guess {
        true => "nearest",
        false => "an answer",
    };
    if !struggle.nearest_solution_id.is_empty() {
        let found = format!(
            "{} ({})",
            struggle.nearest_title, struggle.nearest_solution_id
        );
        card.field(nearest, found);
    }
    card.print(output, 2)
}

fn counts(struggle: &Struggle) -> String {
    let counts = struggle.counts.unwrap_or_default();
    let named = [
        (counts.lookup_holds, "holds to look something up"),
        (counts.unanswered_searches, "searches that found nothing"),
        (counts.transfers_after_search, "transfers after a search"),
        (counts.assists, "calls for help"),
        (counts.corrections, "corrections"),
        (counts.repeats, "repeats"),
    ];
    let there = named.iter().filter(|(count, _)| *count > 0);
    let there: Vec<_> = there
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    there.join(", ")
}

/// Prints what solutions are good for.
pub(super) async fn report(session: &mut Session, args: ReportArgs) -> Result<(), CommandError> {
    let now = session.clock.now();
    let before = session.optional_instant(args.before.as_ref())?;
    let request = KnowledgeReportRequest {
        from: session.optional_instant(Some(&args.from))?,
        before: before.or_else(|| Some(aftercall_proto::convert::time::to_wire(now))),
        group_by: args.by,
        reason_code: args.reason.unwrap_or_default(),
        page_size: page_size(args.limit, REPORT_PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let Session { client, output, .. } = session;
    let mut shown = 0;
    let listed = listing(client, request, args.limit, |page| {
        for row in page {
            match output.json() {
                true => output.message(&row)?,
                false => {
                    if shown > 0 {
                        output.line("")?;
                    }
                    print_row(&row, output)?;
                }
            }
            shown += 1;
        }
        Ok(())
    });
    let listed = listed.await?;
    if !output.json() {
        print_worth(&listed.first.worth_writing, output)?;
    }
    Ok(listed.close("nothing to report", output)?)
}

fn print_row(row: &KnowledgeRow, output: &mut Output) -> std::io::Result<()> {
    let heading = match row.title.is_empty() {
        true => &row.reason_code,
        false => &row.title,
    };
    output.paragraph(0, Style::Bold, heading)?;
    let times = output.times().clone();
    let mut card = Card::new();
    if !row.title.is_empty() {
        card.field("reason", &row.reason_code);
    }
    card.field("since", times.minute(row.existed_from.as_ref()))
        .field(
            "before",
            row.before.as_ref().map(measures).unwrap_or_default(),
        )
        .field(
            "after",
            row.after.as_ref().map(measures).unwrap_or_default(),
        )
        .field(
            "used in",
            row.used.as_ref().map(measures).unwrap_or_default(),
        )
        .field(
            "links",
            row.link_accuracy.as_ref().map(right).unwrap_or_default(),
        )
        .field("solution", &row.solution_id);
    card.print(output, 2)
}

fn measures(measures: &CaseMeasures) -> String {
    let mut said = vec![match measures.cases {
        1 => "1 contact".to_owned(),
        cases => format!("{cases} contacts"),
    }];
    if let Some(time) = &measures.mean_handle_time {
        let minutes = time.seconds as f64 / 60.0;
        said.push(format!("{minutes:.1} minutes each"));
    }
    if measures.cases > 0 {
        let share = |count: u64| count as f64 * 100.0 / measures.cases as f64;
        said.push(format!("{:.0} % came back", share(measures.came_back)));
        said.push(format!(
            "{:.0} % solved with it",
            share(measures.solved_with)
        ));
    }
    said.join(", ")
}

fn print_worth(worth: &[WorthWriting], output: &mut Output) -> std::io::Result<()> {
    if worth.is_empty() {
        return Ok(());
    }
    output.line("")?;
    output.paragraph(0, Style::Bold, "worth writing next")?;
    for one in worth {
        let mut card = Card::new();
        card.field("reason", &one.reason_code)
            .field("asked", promise::quoted(&one.question))
            .field("score", one.struggle_score.to_string());
        if !one.candidate_id.is_empty() {
            let begin = format!("{} ({} cases)", one.candidate_id, one.candidate_cases);
            card.field("begin with", begin);
        }
        card.print(output, 2)?;
    }
    Ok(())
}
