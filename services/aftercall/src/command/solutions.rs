//! `solutions`: answers that the next agent finds, and what they are made of.

use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, ListCandidatesRequest, ListSolutionsRequest, PromoteCandidateRequest,
    SuggestSolutionsRequest, Suggestion,
};
use aftercall_proto::model::v1::{
    Candidate, CandidateState, Confidence, MaskedWord, PersonalKind, Solution,
};

use super::listing::{LIMIT, PAGE_MAX, page_size, tabled, told};
use super::{CommandError, Session, warnings};
use crate::output::{Card, Cell, Column, Output, Style, Table, clean, label, values};

/// Answers from solved cases
#[derive(Debug, clap::Subcommand)]
pub enum Solutions {
    /// Solutions that fit a customer's words, the best first
    Suggest(SuggestArgs),
    /// Ways of solving that nobody has made a solution of, those with most cases first
    Candidates(CandidatesArgs),
    /// Makes a solution of a candidate
    Promote(PromoteArgs),
    /// Solutions, the latest first
    List(ListArgs),
    /// One solution in full
    Show(ShowArgs),
}

/// What solutions should fit.
#[derive(Debug, clap::Args)]
pub struct SuggestArgs {
    /// The customer's words, or yours
    #[arg(required = true)]
    text: Vec<String>,
    /// How many to show, at most 50
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=50))]
    limit: i32,
}

/// Which candidates to list.
#[derive(Debug, clap::Args)]
pub struct CandidatesArgs {
    /// Open or promoted; left out, open
    #[arg(long, value_parser = values::<CandidateState>())]
    state: Option<i32>,
    /// Only this contact reason
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// What to make of a candidate.
#[derive(Debug, clap::Args)]
pub struct PromoteArgs {
    /// The candidate's id
    candidate: String,
    /// What the solution is about, in a line
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// The question as customers put it; may be repeated; left out, the candidate's
    #[arg(long, value_name = "TEXT")]
    question: Vec<String>,
    /// What to do; left out, the candidate's
    #[arg(long, value_name = "TEXT")]
    resolution: Option<String>,
    /// What helps until then; left out, the candidate's
    #[arg(long, value_name = "TEXT")]
    workaround: Option<String>,
    /// Publishes words that seem to be personal, because somebody has looked at them a second time
    #[arg(long)]
    personal_reviewed: bool,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// How many solutions to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which solution to show.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The solution's id
    solution: String,
}

/// Runs one of the commands.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Solutions) -> Result<(), CommandError> {
    match command {
        Solutions::Suggest(args) => suggest(session, args).await,
        Solutions::Candidates(args) => candidates(session, args).await,
        Solutions::Promote(args) => promote(session, args).await,
        Solutions::List(args) => list(session, args).await,
        Solutions::Show(args) => show(session, args).await,
    }
}

async fn suggest(session: &mut Session, args: SuggestArgs) -> Result<(), CommandError> {
    let request = SuggestSolutionsRequest {
        text: args.text.join(" "),
        suggestions_max: args.limit,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    let output = &mut session.output;
    if output.json() {
        return Ok(answer
            .suggestions
            .iter()
            .try_for_each(|one| output.message(one))?);
    }
    if answer.suggestions.is_empty() {
        return Ok(output.line("no solution fits")?);
    }
    for (at, suggestion) in answer.suggestions.iter().enumerate() {
        if at > 0 {
            output.line("")?;
        }
        print_suggestion(suggestion, output)?;
    }
    Ok(())
}

fn print_suggestion(suggestion: &Suggestion, output: &mut Output) -> std::io::Result<()> {
    let solution = suggestion.solution.clone().unwrap_or_default();
    output.paragraph(0, Style::Bold, &solution.title)?;
    let why = suggestion.matches.iter().map(|found| {
        let field = found.field.replace('_', " ");
        format!("{field}: {}", found.terms.join(", "))
    });
    let mut card = Card::new();
    card.field("do", &solution.resolution)
        .field("until then", &solution.workaround)
        .field("why", why.collect::<Vec<_>>().join("; "))
        .field("score", format!("{:.2}", suggestion.score))
        .field("solution", version(&solution));
    card.print(output, 2)
}

fn version(solution: &Solution) -> String {
    let trust = label::<Confidence>(solution.confidence);
    format!(
        "{} version {}, {trust}",
        solution.solution_id, solution.version
    )
}

async fn candidates(session: &mut Session, args: CandidatesArgs) -> Result<(), CommandError> {
    let request = ListCandidatesRequest {
        state: args.state.unwrap_or_default(),
        reason_code: args.reason.unwrap_or_default(),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    told(
        session,
        request,
        args.limit,
        "no candidates",
        print_candidate,
    )
    .await
}

fn print_candidate(candidate: &Candidate, output: &mut Output) -> std::io::Result<()> {
    let cases = match candidate.case_count {
        1 => "1 case".to_owned(),
        cases => format!("{cases} cases"),
    };
    let reason = output.styled(Style::Bold, &clean(&candidate.reason_code));
    output.line(&format!("{reason}  {cases}"))?;
    let times = output.times().clone();
    let mut card = Card::new();
    card.field("words", super::promise::quoted(&candidate.customer_wording))
        .field("solved by", &candidate.resolution)
        .field("until then", &candidate.workaround)
        .field("masked", masked(&candidate.masked))
        .field("last seen", times.minute(candidate.last_seen_at.as_ref()))
        .field("solution", &candidate.solution_id)
        .field("candidate", &candidate.candidate_id);
    card.print(output, 2)
}

/// What was masked, by the names that the fields have on the screen.
fn masked(words: &[MaskedWord]) -> String {
    let named = words.iter().map(|word| {
        let field = match word.field.as_str() {
            "customer_wording" => "words",
            "resolution" => "solved by",
            "workaround" => "until then",
            other => other,
        };
        let kind = label::<PersonalKind>(word.kind);
        format!("{kind} in {field} at byte {}", word.offset)
    });
    named.collect::<Vec<_>>().join(", ")
}

async fn promote(session: &mut Session, args: PromoteArgs) -> Result<(), CommandError> {
    let request = PromoteCandidateRequest {
        request_id: args.request_id.unwrap_or_default(),
        candidate_id: args.candidate,
        title: args.title,
        question_in_customer_words: args.question,
        resolution: args.resolution.unwrap_or_default(),
        workaround: args.workaround.unwrap_or_default(),
        personal_reviewed: args.personal_reviewed,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)?;
        warnings(&answer.warnings, output)
    })
}

async fn list(session: &mut Session, args: ListArgs) -> Result<(), CommandError> {
    let request = ListSolutionsRequest {
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(session, request, args.limit, "no solutions yet", table).await
}

fn table(solutions: &[Solution], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::full("published"),
        Column::words("title"),
        Column::narrows("reason"),
        Column::full("trust"),
        Column::number("used"),
        Column::number("version"),
        Column::id("id"),
    ]);
    for solution in solutions {
        let stats = solution.stats.unwrap_or_default();
        let used = stats.used_as_is_count + stats.used_modified_count;
        table.row([
            Cell::from(output.times().minute(solution.published_at.as_ref())),
            Cell::from(&solution.title),
            Cell::from(&solution.reason_code),
            Cell::from(label::<Confidence>(solution.confidence)),
            Cell::from(used.to_string()),
            Cell::from(solution.version.to_string()),
            Cell::from(&solution.solution_id),
        ]);
    }
    table.print(output)
}

async fn show(session: &mut Session, args: ShowArgs) -> Result<(), CommandError> {
    let request = GetSolutionRequest {
        solution_id: args.solution,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)
    })
}

fn print_solution(solution: Option<&Solution>, output: &mut Output) -> std::io::Result<()> {
    let Some(solution) = solution else {
        return Ok(());
    };
    let times = output.times().clone();
    output.paragraph(0, Style::Bold, &solution.title)?;
    let mut card = Card::new();
    for question in &solution.question_in_customer_words {
        card.field("question", super::promise::quoted(question));
    }
    card.field("do", &solution.resolution)
        .field("until then", &solution.workaround)
        .field("reason", &solution.reason_code)
        .field("published", times.minute(solution.published_at.as_ref()))
        .field("published by", &solution.published_by)
        .field("from contacts", solution.origin_interaction_ids.join(", "))
        .field("solution", version(solution));
    if let Some(stats) = &solution.stats {
        let used = format!(
            "{} as it stands, {} with changes, by {} agents; read {}, rejected {}",
            stats.used_as_is_count,
            stats.used_modified_count,
            stats.distinct_agents_count,
            stats.viewed_count,
            stats.rejected_count
        );
        card.field("used", used)
            .field("last used", times.minute(stats.last_used_at.as_ref()));
    }
    card.print(output, 2)
}
