//! `solutions`: answers that the next agent finds, and what they are made of.

mod candidates;
mod capture;
mod draft;
mod evidence;
mod feedback;
mod merge;
mod review;
mod search;
mod show;
mod struggles;

use aftercall_proto::knowledge::v1::PromoteCandidateRequest;

use self::show::print_solution;
use super::{CommandError, Session, warnings};

/// Answers from solved cases
#[derive(Debug, clap::Subcommand)]
pub enum Solutions {
    /// Solutions that fit a customer's words, the best first; what none fits is kept for those who write answers
    Suggest(search::SuggestArgs),
    /// Solutions by words, their synonyms and filters, with counts of what there is
    Search(search::SearchArgs),
    /// Says what came of a search: its question speaks for what was used and against what was rejected, the next time
    ReportSearch(feedback::ReportSearchArgs),
    /// What the team can't answer, the worst first
    Struggles(struggles::StrugglesArgs),
    /// What solutions are good for, before and after they existed
    Report(struggles::ReportArgs),
    /// Draws uses of solutions, to be judged
    Links(feedback::LinksArgs),
    /// Says whether a solution was the right one for a contact
    JudgeLink(feedback::JudgeArgs),
    /// Ways of solving that nobody has made a solution of, those first that would save most
    Candidates(candidates::CandidatesArgs),
    /// One candidate with all its wordings
    Candidate(candidates::CandidateArgs),
    /// Takes a candidate in hand, for a time
    Claim(candidates::ClaimArgs),
    /// Offers a candidate again that is claimed, put off, rejected or merged
    Release(candidates::ReleaseArgs),
    /// Leaves a candidate for later
    PutOff(candidates::PutOffArgs),
    /// Says that a candidate teaches nothing: what says the same is not offered again
    Reject(candidates::RejectArgs),
    /// Merges a candidate into a solution that says the same, which is then found by its words, too
    MergeInto(candidates::MergeIntoArgs),
    /// What a case says: solutions that are similar, and then its own words; with a title, drafts one of it
    Capture(capture::CaptureArgs),
    /// Makes a solution of a candidate
    Promote(PromoteArgs),
    /// Begins a solution, or the next version of one: what is live stays so
    Draft(Box<draft::DraftArgs>),
    /// Writes in a draft
    Edit(Box<draft::EditArgs>),
    /// Hands a draft in for review
    Submit(review::SubmitArgs),
    /// What waits for a review; or one version with what is different in it, to send it back
    Review(review::ReviewArgs),
    /// Takes an own version back that was handed in
    TakeBack(review::BackArgs),
    /// Gives up a version that is not published
    Discard(review::BackArgs),
    /// Approves a version
    Approve(review::ApproveArgs),
    /// Makes an approved version live
    Publish(review::PublishArgs),
    /// Makes live again what an earlier version said
    Rollback(review::RollbackArgs),
    /// Puts a solution out of use
    Retire(merge::RetireArgs),
    /// Takes a retired solution into use again
    Restore(merge::RestoreArgs),
    /// Merges solutions that say the same into one of them
    Merge(merge::MergeArgs),
    /// Undoes the merge of a solution
    Unmerge(merge::UnmergeArgs),
    /// Solutions, those that were published last first
    List(show::ListArgs),
    /// One solution in full, with how often it helped; of a draft, also what is live and says nearly the same
    Show(show::ShowArgs),
    /// All versions of a solution
    Versions(show::VersionsArgs),
    /// What is different between two versions
    Diff(show::DiffArgs),
    /// Who changed what of a solution, when and why
    Changes(show::VersionsArgs),
    /// Who was told a solution, when, by whom, and in which contact, the latest first
    Uses(evidence::UsesArgs),
    /// Says that a version did not work, is wrong, or is outdated
    Flag(evidence::FlagArgs),
    /// Flags, the latest first
    Flags(evidence::FlagsArgs),
    /// Judges a flag
    Resolve(evidence::ResolveArgs),
    /// Says that the live version was checked against its sources, and until when that holds; for a year it comes before
    /// what fits as well
    Verify(evidence::VerifyArgs),
    /// Vouches for the live version
    Validate(evidence::ValidateArgs),
    /// Solutions that should be looked at, the most urgent first, each with others that say nearly the same
    Queue(evidence::QueueArgs),
    /// Takes back a version that was found wrong, and promises to put right what customers were told; said again, it
    /// says more of that
    Recall(evidence::RecallArgs),
    /// Everybody who was told what was recalled, once each, by the harm that it does
    Recalled(evidence::RecalledArgs),
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

/// Runs one of the commands.
///
/// # Errors
/// When the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Solutions) -> Result<(), CommandError> {
    match command {
        Solutions::Suggest(args) => search::suggest(session, args).await,
        Solutions::Search(args) => search::search(session, args).await,
        Solutions::ReportSearch(args) => feedback::report_search(session, args).await,
        Solutions::Struggles(args) => struggles::struggles(session, args).await,
        Solutions::Report(args) => struggles::report(session, args).await,
        Solutions::Links(args) => feedback::links(session, args).await,
        Solutions::JudgeLink(args) => feedback::judge(session, args).await,
        Solutions::Candidates(args) => candidates::list(session, args).await,
        Solutions::Candidate(args) => candidates::show(session, args).await,
        Solutions::Claim(args) => candidates::claim(session, args).await,
        Solutions::Release(args) => candidates::release(session, args).await,
        Solutions::PutOff(args) => candidates::put_off(session, args).await,
        Solutions::Reject(args) => candidates::reject(session, args).await,
        Solutions::MergeInto(args) => candidates::merge_into(session, args).await,
        Solutions::Capture(args) => capture::run(session, args).await,
        Solutions::Promote(args) => promote(session, args).await,
        Solutions::Draft(args) => draft::draft(session, *args).await,
        Solutions::Edit(args) => draft::edit(session, *args).await,
        Solutions::Submit(args) => review::submit(session, args).await,
        Solutions::Review(args) => review::review(session, args).await,
        Solutions::TakeBack(args) => review::take_back(session, args).await,
        Solutions::Discard(args) => review::discard(session, args).await,
        Solutions::Approve(args) => review::approve(session, args).await,
        Solutions::Publish(args) => review::publish(session, args).await,
        Solutions::Rollback(args) => review::roll_back(session, args).await,
        Solutions::Retire(args) => merge::retire(session, args).await,
        Solutions::Restore(args) => merge::restore(session, args).await,
        Solutions::Merge(args) => merge::merge(session, args).await,
        Solutions::Unmerge(args) => merge::unmerge(session, args).await,
        Solutions::List(args) => show::list(session, args).await,
        Solutions::Show(args) => show::show(session, args).await,
        Solutions::Versions(args) => show::versions(session, args).await,
        Solutions::Diff(args) => show::diff(session, args).await,
        Solutions::Changes(args) => show::changes(session, args).await,
        Solutions::Uses(args) => evidence::uses(session, args).await,
        Solutions::Flag(args) => evidence::flag(session, args).await,
        Solutions::Flags(args) => evidence::flags(session, args).await,
        Solutions::Resolve(args) => evidence::resolve(session, args).await,
        Solutions::Verify(args) => evidence::verify(session, args).await,
        Solutions::Validate(args) => evidence::validate(session, args).await,
        Solutions::Queue(args) => evidence::queue(session, args).await,
        Solutions::Recall(args) => evidence::recall(session, args).await,
        Solutions::Recalled(args) => evidence::recalled(session, args).await,
    }
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
