//! Drafts: what a version is to say.

use aftercall_proto::knowledge::v1::{
    DraftSolutionRequest, EditDraftRequest, GetSolutionRequest, GetSolutionVersionRequest,
};
use aftercall_proto::model::v1::{
    Audience, EnvironmentEntry, Governance, Solution, SolutionSource,
};

use super::show::print_solution;
use crate::command::{CommandError, Session, input, warnings};
use crate::output::{When, past, values};

/// What a version is to say. What is left out stays as it is in what the draft is made of.
#[derive(Debug, clap::Args)]
pub(super) struct WordsArgs {
    /// What it is about, in a line
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The question as customers put it; may be repeated
    #[arg(long, value_name = "TEXT")]
    question: Vec<String>,
    /// What can be seen; may be repeated
    #[arg(long, value_name = "TEXT")]
    symptom: Vec<String>,
    /// Where it is the case, such as `product=router 3`; may be repeated
    #[arg(long = "where", value_name = "NAME=VALUE", value_parser = entry)]
    environment: Vec<(String, String)>,
    /// What to ask to tell it from its neighbours; may be repeated
    #[arg(long, value_name = "TEXT")]
    ask: Vec<String>,
    /// Why it happens
    #[arg(long, value_name = "TEXT")]
    cause: Option<String>,
    /// What to do, for agents
    #[arg(long, value_name = "TEXT")]
    resolution: Option<String>,
    /// What helps until then
    #[arg(long, value_name = "TEXT")]
    workaround: Option<String>,
    /// What may be said to a customer, as it stands
    #[arg(long, value_name = "TEXT")]
    say: Option<String>,
    /// What must not be said; may be repeated
    #[arg(long, value_name = "TEXT")]
    do_not_say: Vec<String>,
    /// What it is taken from; may be repeated
    #[arg(long, value_name = "URI", requires = "checked")]
    source: Vec<String>,
    /// When the sources were last looked at: "2026-11-22 17:00", or 2d for two days ago
    #[arg(long, value_name = "TIME", value_parser = past, requires = "source")]
    checked: Option<When>,
    /// The contact reason that it answers
    #[arg(long, value_name = "CODE")]
    reason_code: Option<String>,
    /// For whom it is; a new one, left out, for everybody within the house
    #[arg(long, value_parser = values::<Audience>())]
    audience: Option<i32>,
    /// By which rules it is approved; a new one, left out, by experience
    #[arg(long, value_parser = values::<Governance>())]
    governance: Option<i32>,
    /// The client whose contacts it is for
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// The language that it is written in, such as `de-CH`
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// The solution that it is a translation of
    #[arg(long, value_name = "ID")]
    translation_of: Option<String>,
    /// The team that answers for it
    #[arg(long, value_name = "ID")]
    owner_group: Option<String>,
    /// Until when it has to be verified again: "2027-06-01 00:00", or `180d`
    #[arg(long, value_name = "TIME")]
    verify_by: Option<When>,
    /// From when it is to be live, once it is approved
    #[arg(long, value_name = "TIME")]
    effective_from: Option<When>,
    /// What is different in this version, and why
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// A file with what it is to say, as proto3 JSON of a solution; `-` for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
}

/// What a version is begun with.
#[derive(Debug, clap::Args)]
pub struct DraftArgs {
    /// The solution whose next version it is; left out, a new one
    solution: Option<String>,
    /// The contact that it is made from, without what is personal
    #[arg(long, value_name = "ID", conflicts_with = "candidate")]
    case: Option<String>,
    /// The candidate that it is made from
    #[arg(long, value_name = "ID", conflicts_with = "solution")]
    candidate: Option<String>,
    /// The version that it is made from; left out, the one that is live
    #[arg(long, value_name = "N", requires = "solution")]
    based_on: Option<u32>,
    #[command(flatten)]
    words: WordsArgs,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// What is written in a draft.
#[derive(Debug, clap::Args)]
pub struct EditArgs {
    /// The solution's id
    solution: String,
    #[command(flatten)]
    words: WordsArgs,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only while the solution is as it was at this sequence; left out, as it is now
    #[arg(long, value_name = "N")]
    expected_sequence: Option<u64>,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Reads a name and a value.
fn entry(text: &str) -> Result<(String, String), String> {
    let entry = text.split_once('=');
    let (name, value) = entry.ok_or("write it as NAME=VALUE, such as `product=router 3`")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl WordsArgs {
    /// Puts what was given in the place of what `solution` says.
    fn put(self, session: &Session, solution: &mut Solution) -> Result<(), CommandError> {
        if let Some(file) = &self.file {
            let bytes = input::read(file, 1, "a version has some pages at most")?;
            let read = serde_json::from_slice(&bytes);
            *solution = read.map_err(|error| {
                CommandError::Input(format!("{file} is no proto3 JSON of a solution: {error}"))
            })?;
        }
        let checked_at = session.optional_instant(self.checked.as_ref())?;
        let source = |uri| SolutionSource {
            uri,
            checked_at,
            ..SolutionSource::default()
        };
        let entry = |(key, value)| EnvironmentEntry { key, value };
        let sources: Vec<_> = self.source.into_iter().map(source).collect();
        let environment: Vec<_> = self.environment.into_iter().map(entry).collect();
        list(&mut solution.question_in_customer_words, self.question);
        list(&mut solution.symptoms, self.symptom);
        list(&mut solution.environment, environment);
        list(&mut solution.discriminating_questions, self.ask);
        list(&mut solution.do_not_say, self.do_not_say);
        list(&mut solution.sources, sources);
        for (field, given) in [
            (&mut solution.title, self.title),
            (&mut solution.cause, self.cause),
            (&mut solution.resolution, self.resolution),
            (&mut solution.workaround, self.workaround),
            (&mut solution.customer_wording, self.say),
            (&mut solution.reason_code, self.reason_code),
            (&mut solution.client_account_id, self.client),
            (&mut solution.language, self.language),
            (&mut solution.translation_of, self.translation_of),
            (&mut solution.owner_group, self.owner_group),
            (&mut solution.change_note, self.note),
        ] {
            if let Some(given) = given {
                *field = given;
            }
        }
        if let Some(audience) = self.audience {
            solution.audience = audience;
        }
        if let Some(governance) = self.governance {
            solution.governance = governance;
        }
        if let Some(at) = session.optional_instant(self.verify_by.as_ref())? {
            solution.verify_by = Some(at);
        }
        if let Some(at) = session.optional_instant(self.effective_from.as_ref())? {
            solution.effective_from = Some(at);
        }
        Ok(())
    }
}

/// Puts a list in the place of another, if it was given.
fn list<T>(field: &mut Vec<T>, given: Vec<T>) {
    if !given.is_empty() {
        *field = given;
    }
}

pub(super) async fn draft(session: &mut Session, args: DraftArgs) -> Result<(), CommandError> {
    let mut solution = Solution::default();
    args.words.put(session, &mut solution)?;
    let request = DraftSolutionRequest {
        request_id: args.request_id.unwrap_or_default(),
        solution_id: args.solution.unwrap_or_default(),
        solution: Some(solution),
        interaction_id: args.case.unwrap_or_default(),
        candidate_id: args.candidate.unwrap_or_default(),
        based_on_version: args.based_on.unwrap_or_default(),
        expected_sequence: 0,
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)?;
        warnings(&answer.warnings, output)
    })
}

pub(super) async fn edit(session: &mut Session, args: EditArgs) -> Result<(), CommandError> {
    let shown = GetSolutionRequest {
        solution_id: args.solution.clone(),
        min_position: session.after.clone(),
        latest: true,
        unredirected: true,
    };
    let shown = session
        .client
        .call(shown)
        .await?
        .solution
        .unwrap_or_default();
    if shown.draft_version == 0 {
        return Err(CommandError::Input(
            "nobody works on a version of the solution; begin one with `solutions draft`"
                .to_owned(),
        ));
    }
    let open = GetSolutionVersionRequest {
        solution_id: args.solution.clone(),
        version: shown.draft_version,
        latest: true,
        ..Default::default()
    };
    let mut open = session
        .client
        .call(open)
        .await?
        .solution
        .unwrap_or_default();
    let expected_sequence = args.expected_sequence.unwrap_or(open.sequence);
    args.words.put(session, &mut open)?;
    let request = EditDraftRequest {
        request_id: args.request_id.unwrap_or_default(),
        solution_id: args.solution,
        solution: Some(open),
        expected_sequence,
        reason: args.reason.unwrap_or_default(),
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        print_solution(answer.solution.as_ref(), output)?;
        warnings(&answer.warnings, output)
    })
}
