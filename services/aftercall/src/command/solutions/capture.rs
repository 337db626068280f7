//! A case becomes a draft by hand.

use aftercall_proto::knowledge::v1::{
    CaptureFromCaseRequest, CaptureFromCaseResponse, DraftSolutionRequest,
};
use aftercall_proto::model::v1::Solution;

use super::candidates::masked;
use super::search::print_suggestion;
use super::show::print_solution;
use crate::command::{CommandError, Session, promise, warnings};
use crate::output::{Card, Output, Style, clean};

/// Which case to capture.
#[derive(Debug, clap::Args)]
pub struct CaptureArgs {
    /// The contact's id
    interaction: String,
    /// Which of its reasons; left out, the primary one
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Drafts a solution of it under this title, because none of those that are similar fits
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID", requires = "title")]
    request_id: Option<String>,
}

/// Shows what a case says, and drafts it where a title is given.
pub(super) async fn run(session: &mut Session, args: CaptureArgs) -> Result<(), CommandError> {
    let request = CaptureFromCaseRequest {
        interaction_id: args.interaction.clone(),
        reason_code: args.reason.unwrap_or_default(),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let captured = session.client.call(request).await?;
    let Some(title) = args.title else {
        return session.tell(&captured, print);
    };
    let prefilled = captured.prefilled.unwrap_or_default();
    let request = DraftSolutionRequest {
        request_id: args.request_id.unwrap_or_default(),
        solution: Some(Solution { title, ..prefilled }),
        interaction_id: args.interaction,
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)?;
        warnings(&answer.warnings, output)
    })
}

fn print(captured: &CaptureFromCaseResponse, output: &mut Output) -> std::io::Result<()> {
    match captured.similar.is_empty() {
        true => output.line("no solution is similar")?,
        false => output.line("similar solutions, to be looked at first:")?,
    }
    for suggestion in &captured.similar {
        output.line("")?;
        print_suggestion(suggestion, output)?;
    }
    output.line("")?;
    let prefilled = captured.prefilled.clone().unwrap_or_default();
    let reason = output.styled(Style::Bold, &clean(&prefilled.reason_code));
    output.line(&format!("{reason}  a draft would say"))?;
    let mut card = Card::new();
    for question in &prefilled.question_in_customer_words {
        card.field("words", promise::quoted(question));
    }
    card.field("solved by", &prefilled.resolution)
        .field("until then", &prefilled.workaround)
        .field("masked", masked(&captured.masked));
    if let Some(candidate) = &captured.candidate {
        let cases = match candidate.case_count {
            1 => "1 case".to_owned(),
            cases => format!("{cases} cases"),
        };
        card.field("candidate", format!("{} ({cases})", candidate.candidate_id));
    }
    card.print(output, 2)
}
