//! Solutions are put out of use, taken into use again, and merged.

use aftercall_proto::knowledge::v1::{
    MergeSolutionsRequest, RestoreSolutionRequest, RetireSolutionRequest, UnmergeSolutionRequest,
};

use super::show::print_solution;
use crate::command::{CommandError, Session};
use crate::output::{When, clean};

/// What is put out of use.
#[derive(Debug, clap::Args)]
pub struct RetireArgs {
    /// The solution's id
    solution: String,
    /// The solution that takes its place: live, of the same client and language, and for as many
    #[arg(long, value_name = "ID")]
    replaced_by: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// What is taken into use again.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The solution's id
    solution: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What it was checked against just now
    #[arg(long, value_name = "TEXT")]
    verified_against: Option<String>,
    /// Until when it has to be verified again: "2027-06-01 00:00", or `180d`; left out, as it was
    #[arg(long, value_name = "TIME", requires = "verified_against")]
    verify_by: Option<When>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// What is merged.
#[derive(Debug, clap::Args)]
pub struct MergeArgs {
    /// The solutions that lead to another one from now on, by their ids
    #[arg(required = true)]
    sources: Vec<String>,
    /// The one that stays: live, of the same client and language, and for as many
    #[arg(long, value_name = "ID")]
    into: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Which merge is undone.
#[derive(Debug, clap::Args)]
pub struct UnmergeArgs {
    /// The solution that was merged into another one
    solution: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

pub(super) async fn retire(session: &mut Session, args: RetireArgs) -> Result<(), CommandError> {
    let request = RetireSolutionRequest {
        request_id: args.request_id.unwrap_or_default(),
        solution_id: args.solution,
        replaced_by: args.replaced_by.unwrap_or_default(),
        reason: args.reason,
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)
    })
}

pub(super) async fn restore(session: &mut Session, args: RestoreArgs) -> Result<(), CommandError> {
    let request = RestoreSolutionRequest {
        request_id: args.request_id.unwrap_or_default(),
        solution_id: args.solution,
        reason: args.reason,
        verified_against: args.verified_against.unwrap_or_default(),
        verify_by: session.optional_instant(args.verify_by.as_ref())?,
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)
    })
}

pub(super) async fn merge(session: &mut Session, args: MergeArgs) -> Result<(), CommandError> {
    let request = MergeSolutionsRequest {
        request_id: args.request_id.unwrap_or_default(),
        target_id: args.into,
        source_ids: args.sources,
        reason: args.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        for source in &answer.sources {
            let (id, title) = (clean(&source.solution_id), clean(&source.title));
            output.line(&format!("{id}, {title}, leads to:"))?;
        }
        print_solution(answer.solution.as_ref(), output)
    })
}

pub(super) async fn unmerge(session: &mut Session, args: UnmergeArgs) -> Result<(), CommandError> {
    let request = UnmergeSolutionRequest {
        request_id: args.request_id.unwrap_or_default(),
        solution_id: args.solution,
        reason: args.reason,
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)
    })
}
