//! `solutions report-search` and `solutions links`: what came of searches, and whether links are right.

use aftercall_proto::knowledge::v1::{
    JudgeLinkRequest, LinkAccuracy, ReportSearchRequest, SampleLinksRequest, SampledLink,
};
use aftercall_proto::model::v1::{LinkVerdict, PersonalKind, SearchOutcome};

use crate::command::{CommandError, Session};
use crate::output::{Card, Output, Style, clean, label, values};

/// What came of a search.
#[derive(Debug, clap::Args)]
pub struct ReportSearchArgs {
    /// The search, by the id that its answer had
    search: String,
    /// What came of it
    #[arg(long, value_parser = values::<SearchOutcome>())]
    outcome: i32,
    /// The solution that it came of; left out where none fitted
    #[arg(long, value_name = "ID", requires = "solution_version")]
    solution: Option<String>,
    /// Which version of it was shown
    #[arg(long, value_name = "N", requires = "solution")]
    solution_version: Option<u32>,
    /// The question; what is personal in it is masked. Without it only counts are kept, unless the server has it already
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// The contact in which it was asked
    #[arg(long, value_name = "ID")]
    interaction: Option<String>,
    /// The contact reason that it was about; left out, the contact's
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Which links to draw.
#[derive(Debug, clap::Args)]
pub struct LinksArgs {
    /// Only uses of this solution
    #[arg(long, value_name = "ID")]
    solution: Option<String>,
    /// How many to draw, at most 100
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=100))]
    limit: i32,
}

/// A verdict on a link.
#[derive(Debug, clap::Args)]
pub struct JudgeArgs {
    /// The solution
    solution: String,
    /// The contact in which it was used
    interaction: String,
    /// Whether it was the right one
    #[arg(long, value_parser = values::<LinkVerdict>())]
    verdict: i32,
    /// Why
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Says what came of a search.
pub(super) async fn report_search(
    session: &mut Session,
    args: ReportSearchArgs,
) -> Result<(), CommandError> {
    let request = ReportSearchRequest {
        request_id: args.request_id.unwrap_or_default(),
        search_id: args.search,
        outcome: args.outcome,
        solution_id: args.solution.unwrap_or_default(),
        version: args.solution_version.unwrap_or_default(),
        text: args.text.unwrap_or_default(),
        interaction_id: args.interaction.unwrap_or_default(),
        reason_code: args.reason.unwrap_or_default(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        output.line("kept")?;
        for masked in &answer.masked {
            let kind = label::<PersonalKind>(masked.kind);
            output.line(&format!("masked in the question: {} {kind}", masked.count))?;
        }
        Ok(())
    })
}

/// Draws links to be judged.
pub(super) async fn links(session: &mut Session, args: LinksArgs) -> Result<(), CommandError> {
    let request = SampleLinksRequest {
        solution_id: args.solution.unwrap_or_default(),
        links_max: args.limit,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    let output = &mut session.output;
    if output.json() {
        return Ok(answer
            .links
            .iter()
            .try_for_each(|one| output.message(one))?);
    }
    if answer.links.is_empty() {
        return Ok(output.line("no links to judge")?);
    }
    for (at, link) in answer.links.iter().enumerate() {
        if at > 0 {
            output.line("")?;
        }
        print_link(link, output)?;
    }
    Ok(())
}

fn print_link(link: &SampledLink, output: &mut Output) -> std::io::Result<()> {
    output.paragraph(0, Style::Bold, &link.title)?;
    let mut card = Card::new();
    card.field("reason", &link.reason_code)
        .field("words", crate::command::promise::quoted(&link.stated))
        .field("solved by", &link.resolution)
        .field("contact", &link.interaction_id)
        .field(
            "solution",
            format!("{} version {}", link.solution_id, link.version),
        );
    card.print(output, 2)
}

/// Judges a link.
pub(super) async fn judge(session: &mut Session, args: JudgeArgs) -> Result<(), CommandError> {
    let request = JudgeLinkRequest {
        request_id: args.request_id.unwrap_or_default(),
        solution_id: args.solution,
        interaction_id: args.interaction,
        verdict: args.verdict,
        note: args.note.unwrap_or_default(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let accuracy = answer.link_accuracy.unwrap_or_default();
        output.line(&format!("judged; of this solution, {}", right(&accuracy)))
    })
}

/// How often links are right, in words.
pub(super) fn right(accuracy: &LinkAccuracy) -> String {
    let (Some(lower), Some(upper)) = (accuracy.lower, accuracy.upper) else {
        return "no link has been judged".to_owned();
    };
    let share = |share: f64| format!("{:.0} %", share * 100.0);
    clean(&format!(
        "{} of {} judged links are right: {} to {} of all, by what chance allows",
        accuracy.right,
        accuracy.judged,
        share(lower),
        share(upper)
    ))
}
