//! `solutions search` and `solutions suggest`: answers, and guesses that are said to be guesses.

use aftercall_proto::knowledge::v1::{
    FacetCounts, Match, SearchSolutionsRequest, SolutionFacet, SolutionFilter, SolutionHit,
    SuggestSolutionsRequest, Suggestion,
};
use aftercall_proto::model::v1::{Audience, Confidence, Governance};

use super::show::version;
use crate::command::listing::{LIMIT, gathered, page_size};
use crate::command::{CommandError, Session};
use crate::output::{Card, Output, Style, clean, label, values};

/// The largest page of a search.
const PAGE_MAX: usize = 100;

/// What a search is narrowed to.
#[derive(Debug, clap::Args)]
pub(super) struct About {
    /// Only this contact reason
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Only what fits this product or environment
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// The firm on whose behalf you answer: its solutions, and those of no firm; what is for its people alone is found
    /// only so
    #[arg(long, value_name = "ID")]
    client_account: Option<String>,
    /// Only what fits this language, such as de or de-CH
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// For whom the answer is: only what may be shown to them
    #[arg(long, value_parser = values::<Audience>())]
    audience: Option<i32>,
}

/// What solutions should fit.
#[derive(Debug, clap::Args)]
pub struct SuggestArgs {
    /// The customer's words, or yours
    #[arg(required = true)]
    text: Vec<String>,
    #[command(flatten)]
    about: About,
    /// The contact in which the question is asked
    #[arg(long, value_name = "ID")]
    interaction: Option<String>,
    /// Only tries what would be suggested: where nothing fits, the question is not kept for those who write answers
    #[arg(long)]
    trial: bool,
    /// How many to show, at most 50
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(i32).range(1..=50))]
    limit: i32,
}

/// What is searched for.
#[derive(Debug, clap::Args)]
pub struct SearchArgs {
    /// The words, or a solution's number; left out, all solutions that the filters leave, the latest first
    text: Vec<String>,
    #[command(flatten)]
    about: About,
    /// Only solutions that can be trusted so far; may be repeated
    #[arg(long, value_parser = values::<Confidence>())]
    confidence: Vec<i32>,
    /// Only solutions that are published by these rules; may be repeated
    #[arg(long, value_parser = values::<Governance>())]
    governance: Vec<i32>,
    /// Only solutions that this group answers for; may be repeated
    #[arg(long, value_name = "GROUP")]
    owner: Vec<String>,
    /// Only solutions whose verification has not expired
    #[arg(long)]
    verified: bool,
    /// Counts the solutions by a field's values; may be repeated
    #[arg(long, value_parser = values::<SolutionFacet>())]
    facet: Vec<i32>,
    /// The text is a whole question: it is compared by what it means, too, where the server has a model, and where nothing
    /// fits it is kept for those who write answers
    #[arg(long)]
    finished: bool,
    /// The contact in which the question is asked
    #[arg(long, value_name = "ID")]
    interaction: Option<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value = LIMIT)]
    limit: usize,
}

/// Prints what fits a text.
pub(super) async fn suggest(session: &mut Session, args: SuggestArgs) -> Result<(), CommandError> {
    let about = args.about;
    let request = SuggestSolutionsRequest {
        text: args.text.join(" "),
        suggestions_max: args.limit,
        min_position: session.after.clone(),
        reason_code: about.reason.unwrap_or_default(),
        product: about.product.unwrap_or_default(),
        client_account_id: about.client_account.unwrap_or_default(),
        language: about.language.unwrap_or_default(),
        audience: about.audience.unwrap_or_default(),
        is_finished: true,
        interaction_id: args.interaction.unwrap_or_default(),
        is_trial: args.trial,
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
    head(answer.fits, answer.suggestions.is_empty(), output)?;
    for (at, suggestion) in answer.suggestions.iter().enumerate() {
        if at > 0 {
            output.line("")?;
        }
        print_suggestion(suggestion, output)?;
    }
    let outcome = (answer.hand_off, answer.is_kept);
    Ok(tail(outcome, &answer.search_id, output)?)
}

/// Says first what the rest is: answers, guesses, or nothing.
fn head(fits: bool, is_empty: bool, output: &mut Output) -> std::io::Result<()> {
    match (fits, is_empty) {
        (true, _) => Ok(()),
        (false, true) => output.line("no solution fits"),
        (false, false) => {
            let text = "no solution fits; these come nearest, and are guesses:";
            output.line(&output.styled(Style::Warn, text))
        }
    }
}

/// Says what to do where nothing is sure, that the question is kept, and how to tell what came of it.
fn tail(
    (hand_off, is_kept): (bool, bool),
    search_id: &str,
    output: &mut Output,
) -> std::io::Result<()> {
    if hand_off {
        let text = "hand over to a person: no answer is sure";
        output.line(&output.styled(Style::Warn, text))?;
    }
    if is_kept {
        output.line("the question is kept for those who write answers")?;
    }
    if search_id.is_empty() {
        return Ok(());
    }
    let search_id = clean(search_id);
    output.line(&output.styled(Style::Dim, &format!("(search {search_id})")))
}

pub(super) fn print_suggestion(
    suggestion: &Suggestion,
    output: &mut Output,
) -> std::io::Result<()> {
    let solution = suggestion.solution.clone().unwrap_or_default();
    title(&solution.title, suggestion.is_guess, output)?;
    let mut card = Card::new();
    card.field("do", &solution.resolution)
        .field("until then", &solution.workaround)
        .field("say", &solution.customer_wording)
        .field("do not say", solution.do_not_say.join("; "));
    for question in &suggestion.discriminating_questions {
        card.field("ask", question);
    }
    let (nearness, cases) = (suggestion.nearness, suggestion.cases_compared);
    card.field("why", why(&suggestion.matches, nearness, cases))
        .field("score", score(suggestion.score, suggestion.trust))
        .field("number", &solution.solution_number)
        .field("solution", version(&solution));
    if suggestion.verification_expired {
        card.styled("verified", expired(), Style::Warn);
    }
    card.print(output, 2)
}

/// How well it fits, and how far it is trusted where that is known.
fn score(score: f32, trust: f32) -> String {
    match trust > 0.0 && (trust - 1.0).abs() >= 0.005 {
        true => format!("{score:.2}, {trust:.2} times for how far it is trusted"),
        false => format!("{score:.2}"),
    }
}

fn title(title: &str, is_guess: bool, output: &mut Output) -> std::io::Result<()> {
    match is_guess {
        false => output.paragraph(0, Style::Bold, title),
        true => output.paragraph(0, Style::Dim, &format!("perhaps: {title}")),
    }
}

const fn expired() -> &'static str {
    "no longer: somebody should look at it again"
}

/// Why it was found: words that it shares with the text, how near it is in meaning, and contacts that were compared.
fn why(matches: &[Match], nearness: Option<f32>, cases: i32) -> String {
    let why = matches.iter().map(|found| {
        let field = found.field.replace('_', " ");
        let terms = found.terms.iter().map(|term| {
            let synonym = found.synonyms.iter().find(|one| one.found == *term);
            match synonym {
                Some(one) => format!("{term} (for {})", one.asked),
                None => term.clone(),
            }
        });
        format!("{field}: {}", terms.collect::<Vec<_>>().join(", "))
    });
    let meaning = nearness.map(|nearness| format!("means alike by {nearness:.2}"));
    let cases = match cases {
        ..1 => None,
        1 => Some("1 contact or search".to_owned()),
        many => Some(format!("{many} contacts and searches")),
    };
    let cases = cases.map(|cases| format!("{cases} compared in which it was used or rejected"));
    why.chain(meaning)
        .chain(cases)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Prints what is found.
pub(super) async fn search(session: &mut Session, args: SearchArgs) -> Result<(), CommandError> {
    let about = args.about;
    let request = SearchSolutionsRequest {
        text: args.text.join(" "),
        filter: Some(SolutionFilter {
            reason_codes: about.reason.into_iter().collect(),
            product: about.product.unwrap_or_default(),
            client_account_id: about.client_account.unwrap_or_default(),
            language: about.language.unwrap_or_default(),
            audience: about.audience.unwrap_or_default(),
            confidences: args.confidence,
            governances: args.governance,
            owner_groups: args.owner,
            only_verified: args.verified,
        }),
        is_finished: args.finished,
        interaction_id: args.interaction.unwrap_or_default(),
        facets: args.facet,
        page_size: page_size(args.limit, PAGE_MAX),
        min_position: session.after.clone(),
        ..Default::default()
    };
    let (found, listed) = gathered(session, request, args.limit).await?;
    let output = &mut session.output;
    if output.json() {
        return Ok(output.message(&listed.first)?);
    }
    head(listed.first.fits, found.is_empty(), output)?;
    for (at, hit) in found.iter().enumerate() {
        if at > 0 {
            output.line("")?;
        }
        print_hit(hit, output)?;
    }
    for counts in &listed.first.facets {
        print_facet(counts, output)?;
    }
    if listed.first.total_size_is_upper_bound && !listed.first.facets.is_empty() {
        output.line("counts are upper bounds: the index is being brought up to date")?;
    }
    if listed.shown > 0 {
        listed.close("", output)?;
    }
    let outcome = (listed.first.hand_off, listed.first.is_kept);
    Ok(tail(outcome, &listed.first.search_id, output)?)
}

fn print_hit(hit: &SolutionHit, output: &mut Output) -> std::io::Result<()> {
    title(&hit.title, hit.is_guess, output)?;
    let mut card = Card::new();
    let says = match hit.snippet_field.as_str() {
        "customer_wording" => "say",
        "resolution" => "do",
        "symptoms" => "symptom",
        _ => "question",
    };
    card.field(says, &hit.snippet);
    for question in &hit.discriminating_questions {
        card.field("ask", question);
    }
    let trust = label::<Confidence>(hit.confidence);
    card.field("why", why(&hit.matches, hit.nearness, hit.cases_compared))
        .field("reason", &hit.reason_code)
        .field("for", label::<Audience>(hit.audience))
        .field("number", &hit.solution_number)
        .field(
            "solution",
            format!("{} version {}, {trust}", hit.solution_id, hit.version),
        );
    if hit.verification_expired {
        card.styled("verified", expired(), Style::Warn);
    }
    card.print(output, 2)
}

fn print_facet(counts: &FacetCounts, output: &mut Output) -> std::io::Result<()> {
    let field = label::<SolutionFacet>(counts.facet);
    let named = counts.counts.iter().map(|count| {
        let value = match count.value.is_empty() {
            true => "none".to_owned(),
            false => clean(&count.value).to_lowercase(),
        };
        format!("{value} {}", count.count)
    });
    let named = named.collect::<Vec<_>>().join(", ");
    output.line(&format!("by {field}: {named}"))
}
