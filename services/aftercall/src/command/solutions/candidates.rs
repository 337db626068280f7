//! What solved cases teach, and what reviewers decide on it.

use aftercall_proto::knowledge::v1::{
    ClaimCandidateRequest, GetCandidateRequest, ListCandidatesRequest, MergeCandidateRequest,
    PutOffCandidateRequest, RejectCandidateRequest, ReleaseCandidateRequest,
};
use aftercall_proto::model::v1::{
    Candidate, CandidateState, CandidateVariant, CaseKind, MaskedWord, PersonalKind,
};
use jiff::SignedDuration;
use pbjson_types::Duration;

use crate::command::listing::{LIMIT, PAGE_MAX, page_size, told};
use crate::command::{CommandError, Session, promise};
use crate::output::{Card, Output, Style, When, clean, label, values};

/// Which candidates to list.
#[derive(Debug, clap::Args)]
pub struct CandidatesArgs {
    /// In which state; left out, open
    #[arg(long, value_parser = values::<CandidateState>())]
    state: Option<i32>,
    /// Only those that you have claimed
    #[arg(long, conflicts_with = "state")]
    mine: bool,
    /// Only this contact reason
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Which candidate to show.
#[derive(Debug, clap::Args)]
pub struct CandidateArgs {
    /// The candidate's id, or that of one of its variants
    candidate: String,
}

/// Which candidate a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct CandidateTarget {
    /// The candidate's id
    candidate: String,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// For how long to take a candidate in hand.
#[derive(Debug, clap::Args)]
pub struct ClaimArgs {
    #[command(flatten)]
    target: CandidateTarget,
    /// Until when, at most 30 days: `2h`; left out, a day
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
}

/// Why to offer a candidate again.
#[derive(Debug, clap::Args)]
pub struct ReleaseArgs {
    #[command(flatten)]
    target: CandidateTarget,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Until when to leave a candidate.
#[derive(Debug, clap::Args)]
pub struct PutOffArgs {
    #[command(flatten)]
    target: CandidateTarget,
    /// Until when, at most a year: `14d`
    #[arg(long, value_name = "TIME")]
    until: When,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Why a candidate teaches nothing.
#[derive(Debug, clap::Args)]
pub struct RejectArgs {
    #[command(flatten)]
    target: CandidateTarget,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Into what to merge a candidate.
#[derive(Debug, clap::Args)]
pub struct MergeIntoArgs {
    #[command(flatten)]
    target: CandidateTarget,
    /// The solution that says the same
    solution: String,
}

/// Lists candidates.
pub(super) async fn list(session: &mut Session, args: CandidatesArgs) -> Result<(), CommandError> {
    let claimed = args.mine.then_some(CandidateState::Claimed.into());
    let request = ListCandidatesRequest {
        state: args.state.or(claimed).unwrap_or_default(),
        mine: args.mine,
        reason_code: args.reason.unwrap_or_default(),
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    told(session, request, args.limit, "no candidates", print).await
}

/// Shows a candidate.
pub(super) async fn show(session: &mut Session, args: CandidateArgs) -> Result<(), CommandError> {
    let request = GetCandidateRequest {
        candidate_id: args.candidate,
        min_position: session.after.clone(),
        ..Default::default()
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_any(answer.candidate.as_ref(), output)
    })
}

/// Takes a candidate in hand.
pub(super) async fn claim(session: &mut Session, args: ClaimArgs) -> Result<(), CommandError> {
    let request = ClaimCandidateRequest {
        request_id: args.target.request_id.unwrap_or_default(),
        candidate_id: args.target.candidate,
        until: session.optional_instant(args.until.as_ref())?,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_any(answer.candidate.as_ref(), output)
    })
}

/// Offers a candidate again.
pub(super) async fn release(session: &mut Session, args: ReleaseArgs) -> Result<(), CommandError> {
    let request = ReleaseCandidateRequest {
        request_id: args.target.request_id.unwrap_or_default(),
        candidate_id: args.target.candidate,
        reason: args.reason.unwrap_or_default(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_any(answer.candidate.as_ref(), output)
    })
}

/// Leaves a candidate for later.
pub(super) async fn put_off(session: &mut Session, args: PutOffArgs) -> Result<(), CommandError> {
    let request = PutOffCandidateRequest {
        request_id: args.target.request_id.unwrap_or_default(),
        candidate_id: args.target.candidate,
        until: session.optional_instant(Some(&args.until))?,
        reason: args.reason.unwrap_or_default(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_any(answer.candidate.as_ref(), output)
    })
}

/// Says that a candidate teaches nothing.
pub(super) async fn reject(session: &mut Session, args: RejectArgs) -> Result<(), CommandError> {
    let request = RejectCandidateRequest {
        request_id: args.target.request_id.unwrap_or_default(),
        candidate_id: args.target.candidate,
        reason: args.reason,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_any(answer.candidate.as_ref(), output)
    })
}

/// Merges a candidate into a solution.
pub(super) async fn merge_into(
    session: &mut Session,
    args: MergeIntoArgs,
) -> Result<(), CommandError> {
    let request = MergeCandidateRequest {
        request_id: args.target.request_id.unwrap_or_default(),
        candidate_id: args.target.candidate,
        solution_id: args.solution,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_any(answer.candidate.as_ref(), output)
    })
}

fn print_any(candidate: Option<&Candidate>, output: &mut Output) -> std::io::Result<()> {
    candidate.map_or(Ok(()), |candidate| print(candidate, output))
}

fn print(candidate: &Candidate, output: &mut Output) -> std::io::Result<()> {
    let reason = output.styled(Style::Bold, &clean(&candidate.reason_code));
    let mut head = format!("{reason}  {}", counted(candidate.case_count));
    if candidate.state() != CandidateState::Open {
        head.push_str(&format!("  {}", label::<CandidateState>(candidate.state)));
    }
    output.line(&head)?;
    let times = output.times().clone();
    let mut card = Card::new();
    card.field("words", promise::quoted(&candidate.customer_wording))
        .field("solved by", &candidate.resolution)
        .field("until then", &candidate.workaround);
    // The first of several is what was shown just now, or says it in another way.
    for variant in others(candidate) {
        let said = format!("{} ({})", variant.resolution, counted(variant.case_count));
        card.field("or", said);
    }
    card.field("masked", masked(&candidate.masked))
        .field("would save", saving(candidate))
        .field("learnt from", kinds(candidate))
        .field("last seen", times.minute(candidate.last_seen_at.as_ref()))
        .field("claimed by", &candidate.claimed_by)
        .field("until", times.minute(candidate.until.as_ref()))
        .field(
            "decided",
            decided(candidate, &times.minute(candidate.decided_at.as_ref())),
        )
        .field("solution", &candidate.solution_id)
        .field("candidate", &candidate.candidate_id);
    card.print(output, 2)
}

fn counted(cases: u64) -> String {
    match cases {
        1 => "1 case".to_owned(),
        cases => format!("{cases} cases"),
    }
}

/// The wordings beside the one that is shown.
fn others(candidate: &Candidate) -> impl Iterator<Item = &CandidateVariant> {
    let variants = candidate.variants.iter();
    variants.filter(|variant| variant.resolution != candidate.resolution)
}

/// What it would save, and by which cases.
fn saving(candidate: &Candidate) -> String {
    let took = span(candidate.handle_time.as_ref());
    let mut saving = format!(
        "{} a month: the cases took {took}",
        span(candidate.saved_a_month.as_ref())
    );
    let guessed = candidate
        .case_count
        .saturating_sub(candidate.timed_case_count);
    if guessed > 0 {
        saving.push_str(&format!(
            ", six minutes taken for each of {guessed} whose handling is not known"
        ));
    }
    saving
}

fn span(span: Option<&Duration>) -> String {
    let seconds = span.map_or(0, |span| span.seconds);
    format!("{:#}", SignedDuration::from_secs(seconds))
}

/// Where its cases come from, if not all are resolutions.
fn kinds(candidate: &Candidate) -> String {
    let kinds = candidate.case_kinds.iter();
    let others = kinds.clone().any(|one| one.kind() != CaseKind::Resolution);
    let kinds = kinds.filter(|_| others);
    let told = kinds.map(|one| format!("{} {}", one.case_count, label::<CaseKind>(one.kind)));
    told.collect::<Vec<_>>().join(", ")
}

/// Who decided on it, when and why.
fn decided(candidate: &Candidate, at: &str) -> String {
    let Candidate {
        decided_by,
        decision_reason,
        ..
    } = candidate;
    match (decided_by.is_empty(), decision_reason.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!("{at} by {decided_by}"),
        (false, false) => format!("{at} by {decided_by}: {decision_reason}"),
    }
}

/// What was masked, by the names that the fields have on the screen.
pub(super) fn masked(words: &[MaskedWord]) -> String {
    let named = words.iter().map(|word| {
        let field = match word.field.as_str() {
            "customer_wording" => "words",
            "resolution" => "solved by",
            "workaround" => "until then",
            "question_in_customer_words[0]" => "words",
            other => other,
        };
        let kind = label::<PersonalKind>(word.kind);
        format!("{kind} in {field} at byte {}", word.offset)
    });
    named.collect::<Vec<_>>().join(", ")
}
