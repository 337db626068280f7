//! Review: a version is handed in, looked at, sent back, approved and published.

use aftercall_proto::knowledge::v1::{
    ApproveVersionRequest, DiffVersionsRequest, DiscardDraftRequest, GetSolutionVersionRequest,
    ListSolutionsRequest, PublishVersionRequest, RequestChangesRequest, RollBackRequest,
    SubmitForReviewRequest, TakeBackRequest,
};
use aftercall_proto::model::v1::VersionState;

use super::show::{print_diff, print_solution, table};
use crate::command::listing::{LIMIT, PAGE_MAX, page_size, tabled};
use crate::command::{CommandError, Session, warnings};
use crate::output::When;

/// Which version of which solution.
#[derive(Debug, clap::Args)]
pub(super) struct VersionArgs {
    /// The solution's id
    solution: String,
    /// The version
    #[arg(value_name = "VERSION")]
    version: u32,
    /// Only while the solution is as it was at this sequence
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    expected_sequence: u64,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// How a draft is handed in.
#[derive(Debug, clap::Args)]
pub struct SubmitArgs {
    #[command(flatten)]
    which: VersionArgs,
    /// Who is asked to review it; may be repeated
    #[arg(long, value_name = "ID")]
    reviewer: Vec<String>,
    /// What its reviewers should know
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Words that seem to be personal were looked at a second time
    #[arg(long)]
    personal_reviewed: bool,
}

/// What to review.
#[derive(Debug, clap::Args)]
pub struct ReviewArgs {
    /// The solution's id; left out, all that waits for a review
    solution: Option<String>,
    /// The version
    #[arg(value_name = "VERSION", requires = "solution")]
    version: Option<u32>,
    /// Sends the version back: what is to be different
    #[arg(long, value_name = "TEXT", requires = "version")]
    request_changes: Option<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Which version is not gone on with.
#[derive(Debug, clap::Args)]
pub struct BackArgs {
    #[command(flatten)]
    which: VersionArgs,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// What is approved.
#[derive(Debug, clap::Args)]
pub struct ApproveArgs {
    #[command(flatten)]
    which: VersionArgs,
    /// What its publisher should know
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Words that seem to be personal were looked at a second time
    #[arg(long)]
    personal_reviewed: bool,
}

/// What is published.
#[derive(Debug, clap::Args)]
pub struct PublishArgs {
    #[command(flatten)]
    which: VersionArgs,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Words that seem to be personal were looked at a second time
    #[arg(long)]
    personal_reviewed: bool,
}

/// To which version is gone back.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    #[command(flatten)]
    which: VersionArgs,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What it was checked against just now
    #[arg(long, value_name = "TEXT")]
    verified_against: Option<String>,
    /// Until when it has to be verified again: "2027-06-01 00:00", or `180d`; left out, as the version says
    #[arg(long, value_name = "TIME", requires = "verified_against")]
    verify_by: Option<When>,
}

/// Sends a command on a version, and prints the solution that it is answered with.
macro_rules! change {
    ($session:ident, $which:expr, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let which = $which;
        let request = $request {
            request_id: which.request_id.unwrap_or_default(),
            solution_id: which.solution,
            version: which.version,
            expected_sequence: which.expected_sequence,
            $($field: $value,)*
        };
        let answer = $session.client.call(request).await?;
        $session.tell(&answer, |answer, output| print_solution(answer.solution.as_ref(), output))
    }};
}

pub(super) async fn submit(session: &mut Session, args: SubmitArgs) -> Result<(), CommandError> {
    let which = args.which;
    let request = SubmitForReviewRequest {
        request_id: which.request_id.unwrap_or_default(),
        solution_id: which.solution,
        version: which.version,
        expected_sequence: which.expected_sequence,
        reviewers: args.reviewer,
        note: args.note.unwrap_or_default(),
        personal_reviewed: args.personal_reviewed,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)?;
        warnings(&answer.warnings, output)
    })
}

pub(super) async fn review(session: &mut Session, args: ReviewArgs) -> Result<(), CommandError> {
    let Some(solution_id) = args.solution else {
        let request = ListSolutionsRequest {
            states: vec![VersionState::InReview.into()],
            page_size: page_size(args.limit, PAGE_MAX),
            min_position: session.after.clone(),
            ..Default::default()
        };
        return tabled(
            session,
            request,
            args.limit,
            "nothing waits for a review",
            table,
        )
        .await;
    };
    let version = args.version.unwrap_or_default();
    if let Some(reason) = args.request_changes {
        let request = RequestChangesRequest {
            request_id: args.request_id.unwrap_or_default(),
            solution_id,
            version,
            reason,
            expected_sequence: 0,
        };
        let answer = session.client.call(request).await?;
        return session.tell(&answer, |answer, output| {
            print_solution(answer.solution.as_ref(), output)
        });
    }
    let diff = DiffVersionsRequest {
        solution_id: solution_id.clone(),
        to_version: version,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let diff = session.client.call(diff).await?;
    let request = GetSolutionVersionRequest {
        solution_id,
        version: diff.to_version,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)?;
        if diff.from_version > 0 {
            output.line("")?;
            let from = diff.from_version;
            output.line(&format!("different from version {from}:"))?;
            diff.fields
                .iter()
                .try_for_each(|field| print_diff(field, output))?;
        }
        Ok(())
    })
}

pub(super) async fn take_back(session: &mut Session, args: BackArgs) -> Result<(), CommandError> {
    change!(
        session,
        args.which,
        TakeBackRequest {
            reason: args.reason.unwrap_or_default(),
        }
    )
}

pub(super) async fn discard(session: &mut Session, args: BackArgs) -> Result<(), CommandError> {
    change!(
        session,
        args.which,
        DiscardDraftRequest {
            reason: args.reason.unwrap_or_default(),
        }
    )
}

pub(super) async fn approve(session: &mut Session, args: ApproveArgs) -> Result<(), CommandError> {
    change!(
        session,
        args.which,
        ApproveVersionRequest {
            note: args.note.unwrap_or_default(),
            personal_reviewed: args.personal_reviewed,
        }
    )
}

pub(super) async fn publish(session: &mut Session, args: PublishArgs) -> Result<(), CommandError> {
    change!(
        session,
        args.which,
        PublishVersionRequest {
            reason: args.reason.unwrap_or_default(),
            personal_reviewed: args.personal_reviewed,
        }
    )
}

pub(super) async fn roll_back(
    session: &mut Session,
    args: RollbackArgs,
) -> Result<(), CommandError> {
    let until = session.optional_instant(args.verify_by.as_ref())?;
    change!(
        session,
        args.which,
        RollBackRequest {
            reason: args.reason,
            verified_against: args.verified_against.unwrap_or_default(),
            verify_by: until,
        }
    )
}
