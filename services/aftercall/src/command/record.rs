//! `record`: one contact, or a few, from JSON.

use aftercall_proto::model::v1::CommitmentKind;
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};

use super::{CommandError, Session, input, warnings};
use crate::import;
use crate::json::{Problem, Records};
use crate::output::{Card, label};

/// The largest input that is taken, in MiB; more than that is an import.
const INPUT_MIB_MAX: u64 = 64;
/// Mistakes of an input that are said.
const SHOWN_MAX: usize = 20;

/// What to record.
#[derive(Debug, clap::Args)]
pub struct RecordArgs {
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: String,
}

/// Records what the file holds, one after the other. The first failure ends it; what was recorded
/// before stays.
///
/// # Errors
/// When the file isn't what it should be, the server refuses, or the output takes no more.
pub async fn record(session: &mut Session, args: &RecordArgs) -> Result<(), CommandError> {
    let or = "use `aftercall import`, a request a line";
    let bytes = input::read(&args.file, INPUT_MIB_MAX, or)?;
    let requests = parse(&args.file, &bytes)?;
    if requests.is_empty() {
        return Err(CommandError::Input(format!(
            "{}: there is nothing to record",
            args.file
        )));
    }
    for mut request in requests {
        // So that recording the same file again is harmless.
        import::name(&mut request);
        let answer = session.client.call(request).await?;
        session.tell(&answer, print)?;
        session.output.flush()?;
    }
    Ok(())
}

/// All requests of the input: nothing is sent of a file with a mistake in it, and all mistakes are
/// said.
fn parse(file: &str, bytes: &[u8]) -> Result<Vec<RecordInteractionRequest>, CommandError> {
    let unreadable = |error| CommandError::Input(format!("{file}: {error}"));
    let mut records = Records::new(bytes);
    let (mut requests, mut wrong) = (Vec::new(), Vec::new());
    while let Some(chunk) = records.chunk().map_err(unreadable)? {
        for record in chunk.records() {
            let read = record.bytes.map(import::parse_line);
            match read.unwrap_or_else(|| Err(vec![import::too_long()])) {
                Ok(request) => requests.extend(request),
                Err(problems) => {
                    wrong.extend(problems.iter().map(|one| said(file, record.line, one)))
                }
            }
        }
    }
    if wrong.is_empty() {
        return Ok(requests);
    }
    let more = wrong.len().saturating_sub(SHOWN_MAX);
    wrong.truncate(SHOWN_MAX);
    if more > 0 {
        wrong.push(format!("and {more} more"));
    }
    let mut text = "nothing is recorded; mend this first:".to_owned();
    wrong.iter().for_each(|line| text.extend(["\n  ", line]));
    Err(CommandError::Input(text))
}

/// A problem in a record that begins in `line`.
fn said(file: &str, line: u64, problem: &Problem) -> String {
    let line = line + problem.line - 1;
    match problem.field.as_str() {
        "" => format!("{file}:{line}: {}", problem.text),
        field => format!("{file}:{line}: {field}: {}", problem.text),
    }
}

fn print(
    answer: &RecordInteractionResponse,
    output: &mut crate::output::Output,
) -> std::io::Result<()> {
    let recorded = output.times().second(answer.recorded_at.as_ref());
    let state = if answer.already_recorded {
        "before; nothing was written"
    } else {
        ""
    };
    let mut card = Card::new();
    card.field("contact", &answer.interaction_id)
        .field("recorded", format!("{recorded} {state}"))
        .field("position", &answer.position);
    let due = |commitment: &str| {
        let mut dues = answer.dues.iter();
        let due = dues.find(|due| due.commitment_id == commitment);
        let due = due.map(|due| output.times().minute(due.promised_by.as_ref()));
        due.map_or_else(String::new, |due| format!(", due {due}"))
    };
    for commitment in &answer.commitment_ids {
        card.field("promise", format!("{commitment}{}", due(commitment)));
    }
    for proposed in &answer.proposed {
        let commitment = &proposed.commitment_id;
        let until = output.times().minute(proposed.proposed_until.as_ref());
        let kind = label::<CommitmentKind>(proposed.kind);
        let due = due(commitment);
        let text = format!(
            "{commitment}: {kind}{due}; said, not listed: confirm or dismiss it by {until}"
        );
        card.field("proposed", text);
    }
    card.print(output, 0)?;
    warnings(&answer.warnings, output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_requests_may_stand_in_one_file() {
        let text = br#"{"interaction": {"agentId": "a"}}
            {"interaction": {"agent_id": "b"}, "importBatch": "x"}"#;
        let agents: Vec<_> = parse("f", text)
            .unwrap()
            .into_iter()
            .map(|request| request.interaction.unwrap().agent_id)
            .collect();
        assert_eq!(agents, ["a", "b"]);
    }

    #[test]
    fn every_mistake_is_named_with_its_field_and_place() {
        let text =
            b"[{\"interaction\": {\"contactReasons\": [{\"code\": 7}]}},\n\n{\"interacton\": {}}]";
        let error = parse("f.json", text).unwrap_err().to_string();
        for said in [
            "f.json:1: interaction.contactReasons[0].code: is text",
            "f.json:3: interacton: unknown field: did you mean \"interaction\"?",
            "nothing is recorded",
        ] {
            assert!(error.contains(said), "{error}");
        }
        assert!(parse("f.json", b"{").is_err());
        assert!(parse("f.json", b"[{}").is_err());
    }
}
