//! How well solutions work, and what follows: who was told them, flags, reviews, trust, and recalls.

use aftercall_proto::knowledge::v1::{
    FlagSolutionRequest, ListFlagsRequest, ListRecalledRequest, ListReviewQueueRequest,
    ListUsesRequest, RecallVersionRequest, ResolveFlagRequest, ValidateSolutionRequest,
    VerifySolutionRequest,
};
use aftercall_proto::model::v1::owner::Owner as OwnerId;
use aftercall_proto::model::v1::{
    CommitmentKind, Correction, DuplicateOfCandidate, HarmClass, Owner, RecalledParty, Review,
    ReviewReason, SolutionFlag, SolutionFlagKind, SolutionFlagState, SolutionUseKind, SourceCheck,
    ToldSolution, UseOutcome,
};

use super::super::listing::{LIMIT, PAGE_MAX, page_size, tabled, told};
use super::super::{CommandError, Session};
use super::show::print_solution;
use crate::output::{Card, Cell, Column, Output, Style, Table, When, label, values};

/// Which command it is: sending it again under the same id is harmless.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Which version of which solution.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The solution's id
    solution: String,
    /// Which version of it
    #[arg(long, value_name = "N")]
    version: u32,
}

/// Whose uses to list.
#[derive(Debug, clap::Args)]
pub struct UsesArgs {
    /// The solution's id
    solution: String,
    /// Only this version
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// What is wrong with a version.
#[derive(Debug, clap::Args)]
pub struct FlagArgs {
    #[command(flatten)]
    target: Target,
    /// What is wrong
    #[arg(long, value_parser = values::<SolutionFlagKind>())]
    kind: i32,
    /// In words
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The contact in which it showed
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    #[command(flatten)]
    named: Named,
}

/// Which flags to list.
#[derive(Debug, clap::Args)]
pub struct FlagsArgs {
    /// Only of this solution
    #[arg(long, value_name = "ID")]
    solution: Option<String>,
    /// Only those in this state; left out, open
    #[arg(long, value_parser = values::<SolutionFlagState>())]
    state: Option<i32>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// What somebody says of a flag.
#[derive(Debug, clap::Args)]
pub struct ResolveArgs {
    /// The solution's id
    solution: String,
    /// The flag's id
    flag: String,
    /// Whether it is so
    #[arg(value_parser = values::<SolutionFlagState>())]
    state: i32,
    /// Why
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    named: Named,
}

/// Against what a version was checked.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    target: Target,
    /// A source and the hash of what stands there, as in `https://wiki.example/12=8f3c…`; may be repeated
    #[arg(long, value_name = "URI=HASH", required = true)]
    source: Vec<String>,
    /// By when it is to be checked again
    #[arg(long, value_name = "TIME")]
    until: When,
    /// In words
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    named: Named,
}

/// Which version to vouch for.
#[derive(Debug, clap::Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    target: Target,
    /// Why
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    named: Named,
}

/// How many solutions to show.
#[derive(Debug, clap::Args)]
pub struct QueueArgs {
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which version to take back, and what to promise to those who were told it. Said again, it says more of that.
#[derive(Debug, clap::Args)]
pub struct RecallArgs {
    #[command(flatten)]
    target: Target,
    /// What harm it does to those who were told it; said again, the worse one counts
    #[arg(long, value_parser = values::<HarmClass>())]
    harm: i32,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// By when it is to be put right with everybody who was told it; left out, nothing is promised until that is said
    #[arg(long, value_name = "TIME")]
    correct_by: Option<When>,
    /// What is to be done; left out, a usual text
    #[arg(long, value_name = "TEXT", requires = "correct_by")]
    promise: Option<String>,
    /// What sort of promise; left out, to correct misinformation
    #[arg(long, value_parser = values::<CommitmentKind>(), requires = "correct_by")]
    kind: Option<i32>,
    /// The agent who keeps the promises; left out, whoever told it last
    #[arg(long, value_name = "ID", requires = "correct_by")]
    agent: Option<String>,
    /// The team that keeps the promises
    #[arg(long, value_name = "ID", requires = "correct_by")]
    team: Option<String>,
    #[command(flatten)]
    named: Named,
}

/// Who was told what was recalled.
#[derive(Debug, clap::Args)]
pub struct RecalledArgs {
    /// The solution's id
    solution: String,
    /// Only this version
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

pub(super) async fn uses(session: &mut Session, args: UsesArgs) -> Result<(), CommandError> {
    let request = ListUsesRequest {
        solution_id: args.solution,
        version: args.version,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let nothing = "nobody was told it in a contact that you see";
    tabled(session, request, args.limit, nothing, uses_table).await
}

fn uses_table(uses: &[ToldSolution], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::full("told"),
        Column::words("customer"),
        Column::words("how"),
        Column::full("came of it"),
        Column::full("agent"),
        Column::id("contact"),
    ]);
    for told in uses {
        let how = told.uses.iter().map(|one| {
            let kind = label::<SolutionUseKind>(one.kind);
            format!("version {} {kind}", one.version)
        });
        table.row([
            Cell::from(output.times().minute(told.occurred_at.as_ref())),
            Cell::from(&told.customer_id),
            Cell::from(how.collect::<Vec<_>>().join(", ")),
            Cell::from(label::<UseOutcome>(told.outcome)),
            Cell::from(&told.agent_id),
            Cell::from(&told.interaction_id),
        ]);
    }
    table.print(output)
}

pub(super) async fn flag(session: &mut Session, args: FlagArgs) -> Result<(), CommandError> {
    let request = FlagSolutionRequest {
        request_id: args.named.request_id.unwrap_or_default(),
        solution_id: args.target.solution,
        version: args.target.version,
        kind: args.kind,
        note: args.note.unwrap_or_default(),
        interaction_id: args.contact.unwrap_or_default(),
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        answer
            .flag
            .as_ref()
            .map_or(Ok(()), |flag| print_flag(flag, output))
    })
}

pub(super) async fn flags(session: &mut Session, args: FlagsArgs) -> Result<(), CommandError> {
    let request = ListFlagsRequest {
        solution_id: args.solution.unwrap_or_default(),
        state: args.state.unwrap_or_default(),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    told(session, request, args.limit, "no flags", print_flag).await
}

pub(super) async fn resolve(session: &mut Session, args: ResolveArgs) -> Result<(), CommandError> {
    let request = ResolveFlagRequest {
        request_id: args.named.request_id.unwrap_or_default(),
        solution_id: args.solution,
        flag_id: args.flag,
        state: args.state,
        note: args.note.unwrap_or_default(),
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        answer
            .flag
            .as_ref()
            .map_or(Ok(()), |flag| print_flag(flag, output))
    })
}

fn print_flag(flag: &SolutionFlag, output: &mut Output) -> std::io::Result<()> {
    let kind = output.styled(Style::Bold, &label::<SolutionFlagKind>(flag.kind));
    let state = label::<SolutionFlagState>(flag.state);
    output.line(&format!("{kind}  {state}"))?;
    let times = output.times().clone();
    let mut card = Card::new();
    card.field(
        "solution",
        format!("{} version {}", flag.solution_id, flag.version),
    )
    .field("note", &flag.note)
    .field("by", &flag.flagged_by)
    .field("at", times.minute(flag.flagged_at.as_ref()))
    .field("contact", &flag.interaction_id)
    .field("judged by", &flag.resolved_by)
    .field("judged at", times.minute(flag.resolved_at.as_ref()))
    .field("because", &flag.resolution_note)
    .field("flag", &flag.flag_id);
    card.print(output, 2)
}

pub(super) async fn verify(session: &mut Session, args: VerifyArgs) -> Result<(), CommandError> {
    let checked_at = session.instant(&When::Instant(session.clock.now()))?;
    let verify_by = session.instant(&args.until)?;
    let sources = args.source.iter().map(|source| {
        let (uri, hash) = source.rsplit_once('=').unwrap_or((source, ""));
        SourceCheck {
            uri: uri.to_owned(),
            content_hash: hash.to_owned(),
            checked_at: Some(checked_at),
            changed: false,
        }
    });
    let request = VerifySolutionRequest {
        request_id: args.named.request_id.unwrap_or_default(),
        solution_id: args.target.solution,
        version: args.target.version,
        sources: sources.collect(),
        verify_by: Some(verify_by),
        note: args.note.unwrap_or_default(),
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)
    })
}

pub(super) async fn validate(
    session: &mut Session,
    args: ValidateArgs,
) -> Result<(), CommandError> {
    let request = ValidateSolutionRequest {
        request_id: args.named.request_id.unwrap_or_default(),
        solution_id: args.target.solution,
        version: args.target.version,
        note: args.note.unwrap_or_default(),
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)
    })
}

pub(super) async fn queue(session: &mut Session, args: QueueArgs) -> Result<(), CommandError> {
    let request = ListReviewQueueRequest {
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    tabled(
        session,
        request,
        args.limit,
        "nothing to review",
        queue_table,
    )
    .await
}

fn queue_table(reviews: &[Review], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::number("priority"),
        Column::words("title"),
        Column::words("because"),
        Column::number("used"),
        Column::number("back"),
        Column::number("flags"),
        Column::narrows("same as"),
        Column::full("checked"),
        Column::id("id"),
    ]);
    for review in reviews {
        let reasons = review.reasons.iter();
        let reasons: Vec<_> = reasons.map(|one| label::<ReviewReason>(*one)).collect();
        table.row([
            Cell::from(review.priority.to_string()),
            Cell::from(&review.title),
            Cell::from(reasons.join(", ")),
            Cell::from(review.use_count.to_string()),
            Cell::from(review.failure_count.to_string()),
            Cell::from(review.open_flag_count.to_string()),
            Cell::from(same_as(&review.duplicate_of_candidates)),
            Cell::from(output.times().minute(review.checked_at.as_ref())),
            Cell::from(&review.solution_id),
        ]);
    }
    table.print(output)
}

/// The numbers of solutions that say nearly the same.
fn same_as(duplicates: &[DuplicateOfCandidate]) -> String {
    let numbers = duplicates.iter().map(|one| one.solution_number.as_str());
    numbers.collect::<Vec<_>>().join(", ")
}

pub(super) async fn recall(session: &mut Session, args: RecallArgs) -> Result<(), CommandError> {
    let due_at = session.optional_instant(args.correct_by.as_ref())?;
    let correction = due_at.map(|due_at| Correction {
        kind: args.kind.unwrap_or_default(),
        text: args.promise.unwrap_or_default(),
        within: None,
        due_at: Some(due_at),
        owner: args.agent.map(|id| Owner {
            owner: Some(OwnerId::AgentId(id)),
        }),
        owner_team_id: args.team.unwrap_or_default(),
    });
    let request = RecallVersionRequest {
        request_id: args.named.request_id.unwrap_or_default(),
        solution_id: args.target.solution,
        version: args.target.version,
        harm_class: args.harm,
        reason: args.reason,
        correction,
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let recall = answer.recall.clone().unwrap_or_default();
        let harm = label::<HarmClass>(recall.harm_class);
        output.line(&format!(
            "version {} is recalled ({harm}); it was told to {}",
            recall.version, recall.told_count
        ))
    })
}

pub(super) async fn recalled(
    session: &mut Session,
    args: RecalledArgs,
) -> Result<(), CommandError> {
    let request = ListRecalledRequest {
        solution_id: args.solution,
        version: args.version,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let nothing = "nobody whom you see was told what was recalled";
    tabled(session, request, args.limit, nothing, recalled_table).await
}

fn recalled_table(parties: &[RecalledParty], output: &mut Output) -> std::io::Result<()> {
    let mut table = Table::new([
        Column::full("harm"),
        Column::number("version"),
        Column::words("customer"),
        Column::full("told"),
        Column::full("agent"),
        Column::number("contacts"),
        Column::id("promise"),
    ]);
    for party in parties {
        table.row([
            Cell::from(label::<HarmClass>(party.harm_class)),
            Cell::from(party.version.to_string()),
            Cell::from(&party.customer_id),
            Cell::from(output.times().minute(party.last_told_at.as_ref())),
            Cell::from(&party.agent_id),
            Cell::from(party.interaction_ids.len().to_string()),
            Cell::from(&party.commitment_id),
        ]);
    }
    table.print(output)
}
