//! Solutions and their versions, as they are shown.

use aftercall_proto::knowledge::v1::{
    DiffKind, DiffVersionsRequest, FieldDiff, GetSolutionRequest, GetSolutionVersionRequest,
    ListChangesRequest, ListSolutionsRequest, ListVersionsRequest,
};
use aftercall_proto::model::v1::{
    Audience, Confidence, Governance, LentWords, Solution, SolutionChange, SolutionChangeKind,
    VersionState,
};

use super::candidates::masked;
use crate::command::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use crate::command::{CommandError, Session, promise};
use crate::output::{Card, Cell, Column, Output, Style, Table, clean, label, values};

/// Which solutions to list.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only those with a version in this state; may be repeated; left out, published
    #[arg(long, value_parser = values::<VersionState>())]
    state: Vec<i32>,
    /// Only those for this audience; may be repeated
    #[arg(long, value_parser = values::<Audience>())]
    audience: Vec<i32>,
    /// Only those for this client's contacts, and those for all
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Only those in this language, such as `de`, and those that name none
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Only those that this team answers for
    #[arg(long, value_name = "ID")]
    owner_group: Option<String>,
    /// Only those that are approved by these rules
    #[arg(long, value_parser = values::<Governance>())]
    governance: Option<i32>,
    /// Only those for this contact reason
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which solution to show.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The solution's id, or its number
    solution: String,
    /// This version; left out, the one that is live
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// The solution itself, also if it leads to another one
    #[arg(long, conflicts_with = "version")]
    unredirected: bool,
}

/// Which solution's versions or changes to list.
#[derive(Debug, clap::Args)]
pub struct VersionsArgs {
    /// The solution's id
    solution: String,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which versions to compare.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The solution's id
    solution: String,
    /// The version before; left out, the one that the other was written from
    #[arg(long, value_name = "N")]
    from: Option<u32>,
    /// The version after; left out, the latest
    #[arg(long, value_name = "N")]
    to: Option<u32>,
}

/// A version in a line: its id, number, state and trust.
pub(super) fn version(solution: &Solution) -> String {
    let said = [
        label::<VersionState>(solution.state),
        label::<Confidence>(solution.confidence),
    ];
    let said: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
    let (id, number) = (&solution.solution_id, solution.version);
    format!("{id} version {number}, {}", said.join(", "))
}

pub(super) async fn list(session: &mut Session, args: ListArgs) -> Result<(), CommandError> {
    let request = ListSolutionsRequest {
        states: args.state,
        audiences: args.audience,
        client_account_id: args.client.unwrap_or_default(),
        language: args.language.unwrap_or_default(),
        owner_group: args.owner_group.unwrap_or_default(),
        governance: args.governance.unwrap_or_default(),
        reason_code: args.reason.unwrap_or_default(),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(session, request, args.limit, "no solutions", table).await
}

/// Solutions, each in a row.
pub(super) fn table(solutions: &[Solution], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::full("published"),
        Column::words("title"),
        Column::narrows("reason"),
        Column::full("state"),
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
            Cell::from(label::<VersionState>(solution.state)),
            Cell::from(label::<Confidence>(solution.confidence)),
            Cell::from(used.to_string()),
            Cell::from(solution.version.to_string()),
            Cell::from(&solution.solution_id),
        ]);
    }
    table.print(output)
}

pub(super) async fn show(session: &mut Session, args: ShowArgs) -> Result<(), CommandError> {
    if let Some(version) = args.version {
        let request = GetSolutionVersionRequest {
            solution_id: args.solution,
            version,
            min_position: session.after.clone(),
            ..Default::default()
        };
        let answer = session.client.call(request).await?;
        return session.tell(&answer, |answer, output| {
            print_solution(answer.solution.as_ref(), output)
        });
    }
    let request = GetSolutionRequest {
        solution_id: args.solution,
        min_position: session.after.clone(),
        unredirected: args.unredirected,
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        if !answer.redirected_from.is_empty() {
            let from = clean(&answer.redirected_from);
            output.line(&format!("{from} leads to this one:"))?;
        }
        print_solution(answer.solution.as_ref(), output)
    })
}

/// A version in full.
pub(super) fn print_solution(
    solution: Option<&Solution>,
    output: &mut Output,
) -> std::io::Result<()> {
    let Some(solution) = solution else {
        return Ok(());
    };
    output.paragraph(0, Style::Bold, &solution.title)?;
    let mut card = Card::new();
    words(solution, &mut card);
    standing(solution, output, &mut card);
    if let Some(stats) = &solution.stats {
        let used = format!(
            "{} as it stands, {} with changes, by {} agents; read {}, rejected {}",
            stats.used_as_is_count,
            stats.used_modified_count,
            stats.distinct_agents_count,
            stats.viewed_count,
            stats.rejected_count
        );
        let back = format!(
            "{} solved for good, {} back, {} not known yet ({:.0} % at least)",
            stats.success_count,
            stats.failure_count,
            stats.pending_count,
            stats.wilson_lower * 100.0
        );
        card.field("came of it", back);
        let helped = format!(
            "{} times it helped, {} times it did not",
            stats.helpful_count, stats.unhelpful_count
        );
        card.field("in all", helped);
        let last_used_at = output.times().minute(stats.last_used_at.as_ref());
        card.field("used", used).field("last used", last_used_at);
    }
    for duplicate in &solution.duplicate_of_candidates {
        let (number, title) = (&duplicate.solution_number, &duplicate.title);
        let percent = duplicate.score * 100.0;
        let text = format!("{number} {title} ({percent:.0} % of the words are the same)");
        card.styled("perhaps same as", text, Style::Warn);
    }
    for lent in &solution.lent {
        card.field("merged", told_of(lent));
    }
    card.print(output, 2)
}

/// What a version says.
fn words(solution: &Solution, card: &mut Card) {
    for question in &solution.question_in_customer_words {
        card.field("question", promise::quoted(question));
    }
    for symptom in &solution.symptoms {
        card.field("symptom", symptom);
    }
    for entry in &solution.environment {
        card.field("where", format!("{}: {}", entry.key, entry.value));
    }
    for question in &solution.discriminating_questions {
        card.field("ask", question);
    }
    card.field("cause", &solution.cause)
        .lines("do", &solution.resolution)
        .field("until then", &solution.workaround)
        .lines("say", &solution.customer_wording);
    for words in &solution.do_not_say {
        card.styled("do not say", words, Style::Warn);
    }
    card.field("reason", &solution.reason_code);
}

/// How far a version has come, by whom, and for whom it is.
fn standing(solution: &Solution, output: &Output, card: &mut Card) {
    let times = output.times();
    for source in &solution.sources {
        let checked_at = times.minute(source.checked_at.as_ref());
        let said = [&*source.title, &*source.uri];
        let said: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
        card.field(
            "source",
            format!("{}, checked {checked_at}", said.join(", ")),
        );
    }
    let audience = label::<Audience>(solution.audience);
    let governance = label::<Governance>(solution.governance);
    let draft = match solution.draft_version {
        0 => String::new(),
        draft if draft == solution.version => String::new(),
        draft => format!("version {draft}"),
    };
    card.field("for", audience)
        .field("client", &solution.client_account_id)
        .field("language", &solution.language)
        .field("translation of", &solution.translation_of)
        .field("governance", governance)
        .field("owner group", &solution.owner_group)
        .field("masked", masked(&solution.masked))
        .field("author", solution.editors.join(", "))
        .field("reviewers", solution.reviewers.join(", "))
        .field(
            "approved",
            done(
                times.minute(solution.approved_at.as_ref()),
                &solution.approved_by,
            ),
        )
        .field("live from", times.minute(solution.effective_from.as_ref()))
        .field(
            "published",
            done(
                times.minute(solution.published_at.as_ref()),
                &solution.published_by,
            ),
        )
        .field("live until", times.minute(solution.effective_to.as_ref()))
        .field("verify by", times.minute(solution.verify_by.as_ref()))
        .field("change", &solution.change_note)
        .field("from contacts", solution.origin_interaction_ids.join(", "))
        .styled("merged into", &solution.merged_into, Style::Warn)
        .styled(
            "retired",
            times.minute(solution.retired_at.as_ref()),
            Style::Warn,
        )
        .field("replaced by", &solution.replaced_by)
        .styled("recall", &solution.recall_id, Style::Bad)
        .field("worked on", draft)
        .field("number", &solution.solution_number)
        .field("solution", version(solution))
        .field("sequence", solution.sequence.to_string());
}

/// When something was done, and by whom.
fn done(at: String, by: &str) -> String {
    match (at.is_empty(), by.is_empty()) {
        (true, _) => String::new(),
        (false, true) => at,
        (false, false) => format!("{at} by {by}"),
    }
}

pub(super) async fn versions(
    session: &mut Session,
    args: VersionsArgs,
) -> Result<(), CommandError> {
    let request = ListVersionsRequest {
        solution_id: args.solution,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(
        session,
        request,
        args.limit,
        "no versions",
        |versions, output| {
            let mut table = Table::new([
                Column::number("version"),
                Column::full("state"),
                Column::full("drafted"),
                Column::narrows("author"),
                Column::narrows("approved by"),
                Column::full("published"),
                Column::words("change"),
            ]);
            for one in versions {
                table.row([
                    Cell::from(one.version.to_string()),
                    Cell::styled(label::<VersionState>(one.state), style(one.state())),
                    Cell::from(output.times().minute(one.drafted_at.as_ref())),
                    Cell::from(&one.author),
                    Cell::from(&one.approved_by),
                    Cell::from(output.times().minute(one.published_at.as_ref())),
                    Cell::from(&one.change_note),
                ]);
            }
            table.print(output)
        },
    )
    .await
}

/// How a state stands out.
const fn style(state: VersionState) -> Style {
    match state {
        VersionState::Published => Style::Good,
        VersionState::Recalled => Style::Bad,
        VersionState::Superseded | VersionState::Retired | VersionState::Merged => Style::Dim,
        _ => Style::Plain,
    }
}

pub(super) async fn changes(session: &mut Session, args: VersionsArgs) -> Result<(), CommandError> {
    let request = ListChangesRequest {
        solution_id: args.solution,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(
        session,
        request,
        args.limit,
        "no changes",
        |changes, output| {
            let mut table = Table::new([
                Column::number("sequence"),
                Column::full("at"),
                Column::narrows("by"),
                Column::full("done"),
                Column::number("version"),
                Column::words("why"),
            ]);
            for change in changes {
                table.row([
                    Cell::from(change.sequence.to_string()),
                    Cell::from(output.times().minute(change.at.as_ref())),
                    Cell::from(&change.actor_id),
                    Cell::from(label::<SolutionChangeKind>(change.kind)),
                    Cell::from(change.version.to_string()),
                    Cell::from(why(change)),
                ]);
            }
            table.print(output)
        },
    )
    .await
}

/// What else is to be said of a change.
fn why(change: &SolutionChange) -> String {
    let fields = change.changed_fields.join(", ").replace('_', " ");
    let said = [&*change.reason, &*fields, &*change.other_solution_id];
    let said: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
    said.join("; ")
}

pub(super) async fn diff(session: &mut Session, args: DiffArgs) -> Result<(), CommandError> {
    let request = DiffVersionsRequest {
        solution_id: args.solution,
        from_version: args.from.unwrap_or_default(),
        to_version: args.to.unwrap_or_default(),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let (from, to) = (answer.from_version, answer.to_version);
        match from {
            0 => output.line(&format!("version {to}, which is the first"))?,
            from => output.line(&format!("version {from} to {to}"))?,
        }
        if answer.fields.is_empty() {
            return output.line("nothing is different");
        }
        answer
            .fields
            .iter()
            .try_for_each(|field| print_diff(field, output))
    })
}

/// A field that is different. What was removed stands in `[-…-]`, what was added in `{+…+}`, so that it can be told
/// without colours, too.
pub(super) fn print_diff(field: &FieldDiff, output: &mut Output) -> std::io::Result<()> {
    let name = field.field.replace('_', " ");
    output.paragraph(2, Style::Bold, &name)?;
    let mut text = String::new();
    for piece in &field.pieces {
        match piece.kind() {
            DiffKind::Removed => text.extend(["[-", &piece.text, "-]"]),
            DiffKind::Added => text.extend(["{+", &piece.text, "+}"]),
            DiffKind::Kept | DiffKind::Unspecified => text.push_str(&piece.text),
        }
    }
    output.paragraph(4, Style::Plain, &text)
}

/// What a candidate lent a solution.
fn told_of(lent: &LentWords) -> String {
    let words = promise::quoted(&lent.customer_wording);
    let cases = match lent.case_count {
        1 => "1 case".to_owned(),
        cases => format!("{cases} cases"),
    };
    let by = &lent.merged_by;
    match words.is_empty() {
        true => format!("{} ({cases}, by {by})", lent.resolution),
        false => format!("{words}: {} ({cases}, by {by})", lent.resolution),
    }
}
