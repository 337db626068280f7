//! `sentiment`: how people felt, by what they said, and what else was found in contacts.

use aftercall_proto::model::v1::{Sentiment, SentimentParticipant, SentimentPoint, SignalKind};
use aftercall_proto::recorder::v1::{
    AnalyseInteractionRequest, ScoreTextRequest, ScoreTextResponse, ScoredTurn,
};

use super::{CommandError, Session, input};
use crate::output::{Card, Cell, Column, Output, Style, Table, clean, label, shortened};

/// The largest input that is taken, in MiB.
const INPUT_MIB_MAX: u64 = 4;

/// How much of a turn is shown beside its score.
const SHOWN_WIDTH: usize = 60;

/// How people felt, by what they said, and what was found in contacts
#[derive(Debug, clap::Subcommand)]
pub enum Sentiments {
    /// Scores texts with the built-in scorer, and says by which words; records nothing
    Score(ScoreArgs),
    /// Adds to a contact what was found in it: sentiments, signals, or turns to be scored
    Add(AddArgs),
}

/// What to score.
#[derive(Debug, clap::Args)]
pub struct ScoreArgs {
    /// What the customer said, a turn each
    #[arg(value_name = "TEXT", required_unless_present = "file")]
    texts: Vec<String>,
    /// A file with a turn a line, or - for standard input; a line that begins with "agent:" is the agent's
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    file: Option<String>,
}

/// What to add.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// The contact's id
    contact: String,
    /// The file with {"sentiments": [...], "signals": [...], "turns": [...]} in proto3 JSON, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// Refuses if the contact has changed since this version
    #[arg(
        long,
        value_name = "VERSION",
        default_value_t = 0,
        hide_default_value = true
    )]
    expected_version: u64,
    /// The command's id: sending it again under the same id is harmless; left out, a fresh one
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// When the input isn't what it should be, the server refuses, or the output takes no more.
pub async fn run(session: &mut Session, command: Sentiments) -> Result<(), CommandError> {
    match command {
        Sentiments::Score(args) => score(session, args).await,
        Sentiments::Add(args) => add(session, args).await,
    }
}

async fn score(session: &mut Session, args: ScoreArgs) -> Result<(), CommandError> {
    let turns = turns(
        &args.texts,
        args.file.as_deref(),
        SentimentParticipant::Customer,
    )?;
    let request = ScoreTextRequest { turns };
    let answer = session.client.call(request.clone()).await?;
    session.tell(&answer, |answer, output| {
        print_scored(&request.turns, answer, output)
    })
}

/// The turns of texts, or of the lines of a file. Of those that don't say whose they are, `usual` says it.
pub(super) fn turns(
    texts: &[String],
    file: Option<&str>,
    usual: SentimentParticipant,
) -> Result<Vec<ScoredTurn>, CommandError> {
    let Some(file) = file else {
        return Ok(texts.iter().filter_map(|text| turn(text, usual)).collect());
    };
    let bytes = input::read(file, INPUT_MIB_MAX, "send it in parts")?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CommandError::Input(format!("{file} is no text in UTF-8")))?;
    Ok(text.lines().filter_map(|line| turn(line, usual)).collect())
}

/// A turn of a line. None of an empty line.
fn turn(line: &str, usual: SentimentParticipant) -> Option<ScoredTurn> {
    let (participant, text) = match line.split_once(':') {
        Some((who, text)) if who.trim().eq_ignore_ascii_case("agent") => {
            (SentimentParticipant::Agent, text)
        }
        Some((who, text)) if who.trim().eq_ignore_ascii_case("customer") => {
            (SentimentParticipant::Customer, text)
        }
        _ => (usual, line),
    };
    let text = text.trim();
    (!text.is_empty()).then(|| ScoredTurn {
        text: text.to_owned(),
        participant: participant.into(),
        ..ScoredTurn::default()
    })
}

fn print_scored(
    turns: &[ScoredTurn],
    answer: &ScoreTextResponse,
    output: &mut Output,
) -> std::io::Result<()> {
    let sentiment = answer.sentiment.clone().unwrap_or_default();
    let mut table = Table::new([
        Column::number("score"),
        Column::full("label"),
        Column::words("said"),
        Column::words("because of"),
    ]);
    for (turn, point) in turns.iter().zip(&sentiment.series) {
        let score = point.score.unwrap_or_default();
        table.row([
            Cell::styled(score.to_string(), style(score)),
            Cell::from(&point.label),
            Cell::from(shortened(&clean(&turn.text), SHOWN_WIDTH)),
            Cell::from(because(&turn.text, point)),
        ]);
    }
    table.print(output)?;
    let mut card = Card::new();
    card.field("customer", felt(&sentiment));
    for signal in &answer.signals {
        let sure = signal.confidence.unwrap_or_default();
        let kind = label::<SignalKind>(signal.kind);
        let text = format!("{kind}, {sure}, by {}", signal.rule);
        card.styled("signal", text, Style::Warn);
    }
    card.field("scorer", by(&sentiment));
    card.print(output, 0)
}

/// The words that led to a score, and by which rules.
fn because(text: &str, point: &SentimentPoint) -> String {
    let evidence = point.evidence.iter().map(|one| {
        let (begin, end) = (one.begin as usize, one.end as usize);
        let words = text.get(begin..end).unwrap_or_default();
        format!("\"{}\" {}", clean(words), one.rule)
    });
    evidence.collect::<Vec<_>>().join(", ")
}

fn style(score: f64) -> Style {
    match score {
        bad if bad < -1.0 => Style::Bad,
        good if good > 1.0 => Style::Good,
        _ => Style::Plain,
    }
}

/// How the customer felt: from the start to the end, and at worst.
pub(crate) fn felt(sentiment: &Sentiment) -> String {
    let score = |score: Option<f64>| score.map_or("?".to_owned(), |score| score.to_string());
    let worst = sentiment.worst.map(|worst| format!(", at worst {worst}"));
    let ends = format!("{} → {}", score(sentiment.start), score(sentiment.end));
    format!("{ends}{}", worst.unwrap_or_default())
}

/// Who scored.
pub(crate) fn by(sentiment: &Sentiment) -> String {
    let Sentiment {
        scorer,
        scorer_version,
        ..
    } = sentiment;
    format!("{scorer} {scorer_version}").trim().to_owned()
}

async fn add(session: &mut Session, args: AddArgs) -> Result<(), CommandError> {
    let file = &args.file;
    let bytes = input::read(file, INPUT_MIB_MAX, "add it in parts")?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let read: AnalyseInteractionRequest = serde_json::from_slice(bytes).map_err(|error| {
        CommandError::Input(format!("{file} is no analysis in proto3 JSON: {error}"))
    })?;
    let request = AnalyseInteractionRequest {
        request_id: args.request_id.unwrap_or_default(),
        interaction_id: args.contact,
        expected_version: args.expected_version,
        ..read
    };
    let answer = session.client.call(request).await?;
    session.tell(&answer, |answer, output| {
        let recorded = output.times().second(answer.recorded_at.as_ref());
        let mut card = Card::new();
        card.field("contact", &answer.interaction_id)
            .field("recorded", recorded)
            .field("version", answer.version.to_string())
            .field("position", &answer.position);
        card.print(output, 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whose_it_is() {
        let read = |line| {
            let turn = turn(line, SentimentParticipant::Customer)?;
            Some((turn.participant(), turn.text))
        };
        let customer = SentimentParticipant::Customer;
        assert_eq!(read("at 5: no"), Some((customer, "at 5: no".to_owned())));
        assert_eq!(read("customer: hi "), Some((customer, "hi".to_owned())));
        let agent = SentimentParticipant::Agent;
        assert_eq!(read("Agent: hi"), Some((agent, "hi".to_owned())));
        assert_eq!(read("agent:  "), None);
    }
}
