//! `record`: one contact, or a few, from JSON.

use std::io::Read;

use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionResponse};

use super::{CommandError, Session};
use crate::import;
use crate::output::Card;

/// The largest input that is taken; more than that is an import.
const INPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

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
    let requests = parse(&args.file, &read(&args.file)?)?;
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
        let output = &mut session.output;
        match output.json() {
            true => output.message(&answer)?,
            false => print(&answer, output)?,
        }
        output.flush()?;
    }
    Ok(())
}

fn read(file: &str) -> Result<Vec<u8>, CommandError> {
    let failed = |source| CommandError::File {
        path: file.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let taken = match file {
        "-" => std::io::stdin()
            .lock()
            .take(INPUT_BYTES_MAX + 1)
            .read_to_end(&mut bytes),
        path => std::fs::File::open(path)
            .and_then(|file| file.take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes)),
    };
    match taken.map_err(failed)? as u64 > INPUT_BYTES_MAX {
        true => Err(CommandError::Input(format!(
            "{file} is larger than 64 MiB: use `aftercall import`, a request a line"
        ))),
        false => Ok(bytes),
    }
}

/// All requests of the input: nothing is sent of a file with a mistake in it.
fn parse(file: &str, bytes: &[u8]) -> Result<Vec<RecordInteractionRequest>, CommandError> {
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let mut requests = Vec::new();
    // The input ends where nothing but white space is left.
    while input.end().is_err() {
        let request = serde_path_to_error::deserialize(&mut input).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." {
                String::new()
            } else {
                format!(" {path}:")
            };
            CommandError::Input(format!("{file}:{path} {}", error.inner()))
        })?;
        requests.push(request);
    }
    Ok(requests)
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
    for commitment in &answer.commitment_ids {
        card.field("promise", commitment);
    }
    card.print(output, 0)
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
    fn a_mistake_is_named_with_its_field_and_place() {
        let text = br#"{"interaction": {"contactReasons": [{"code": 7}]}}"#;
        let error = parse("f.json", text).unwrap_err().to_string();
        assert!(
            error.contains("interaction.contactReasons[0].code"),
            "{error}"
        );
        assert!(error.contains("line 1 column"), "{error}");
        let error = parse("f.json", br#"{"interacton": {}}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("unknown field `interacton`"), "{error}");
        assert!(parse("f.json", b"{").is_err());
    }
}
