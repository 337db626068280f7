//! What the service measures of the sets, beside what another program, which shares nothing with it, reckons of the sets'
//! own files: cell by cell, to the last digit.

mod answers;
mod questions;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use aftercall_client::Client;
use anyhow::{Context, ensure};
use serde::Deserialize;

use super::contact::{Contact, Converted};
use answers::Answer;
use questions::{QUESTIONS, Question};

/// The other program.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/real/measures/reckon.py");

/// By which edition of the definitions it reckons.
const EDITION: &str = "v2";

/// Drivers that are shown of each set.
const SHOWN: usize = 8;

/// What was compared.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// Numbers that both say.
    pub(super) cells: u64,
    /// Groups of which the contacts were listed by the group's own filter.
    pub(super) drilled: u64,
    /// How many groups and numbers each question has.
    questions: Vec<(String, usize, u64)>,
    /// The commonest drivers of each set.
    drivers: BTreeMap<&'static str, Vec<(u64, String)>>,
    pub(super) mismatches: Vec<String>,
}

/// What the other program says.
#[derive(Debug, Deserialize)]
struct Reckoned {
    edition: String,
    answers: Vec<Answer>,
}

/// Asks both, and compares.
///
/// # Errors
/// When one of them does not answer.
pub(super) async fn compare(
    asked: &Client,
    dir: &Path,
    converted: &Converted,
) -> anyhow::Result<Measured> {
    let contacts = converted.contacts.iter();
    let sources: BTreeSet<String> = contacts.map(|one| names(one).0).collect();
    let questions: Vec<&Question> = QUESTIONS
        .iter()
        .filter(|one| sources.contains(one.source))
        .collect();
    let reckoned = reckon(dir, converted, &questions)?;
    ensure!(
        reckoned.edition == EDITION && reckoned.answers.len() == questions.len(),
        "the other program reckons by {}, and not by {EDITION}, or did not answer all",
        reckoned.edition
    );
    let mut measured = Measured::default();
    for (question, expected) in questions.into_iter().zip(reckoned.answers) {
        let found = question.ask(asked, EDITION).await?;
        let name = question.name();
        measured.mismatches.extend(found.filters_wrong);
        measured.drilled += found.drilled;
        let before = measured.cells;
        for (place, said, other) in answers::pairs(&found.answer, &expected) {
            measured.cells += 1;
            if said != other {
                let text =
                    format!("{name}: {place} is {said}, and by the other program it is {other}");
                measured.mismatches.push(text);
            }
        }
        let cells = measured.cells - before;
        measured.note_drivers(question, &expected);
        let rows = expected.rows.len();
        measured.questions.push((name, rows, cells));
    }
    Ok(measured)
}

/// Where a contact comes from, and its name there and here.
fn names(contact: &Contact) -> (String, String, String) {
    let interaction = contact.interaction();
    let there = interaction.external_ref.unwrap_or_default();
    (
        there.source_system,
        there.external_id,
        interaction.interaction_id,
    )
}

/// Runs the other program. It is told how contacts are named here, because of contacts of the same instant the one with the
/// smaller id is the earlier one.
fn reckon(dir: &Path, converted: &Converted, questions: &[&Question]) -> anyhow::Result<Reckoned> {
    let place = tempfile::tempdir()?;
    let (ids, asked) = (
        place.path().join("ids.tsv"),
        place.path().join("asked.json"),
    );
    let mut rows = BufWriter::new(File::create(&ids)?);
    for contact in &converted.contacts {
        let (source, there, here) = names(contact);
        writeln!(rows, "{source}\t{there}\t{here}")?;
    }
    rows.flush()?;
    let questions: Vec<_> = questions.iter().map(|one| one.told()).collect();
    std::fs::write(&asked, serde_json::to_vec(&questions)?)?;
    let output = Command::new("python3")
        .args(["-B", SCRIPT])
        .args([dir, ids.as_path(), asked.as_path()])
        .stderr(Stdio::inherit())
        .output()
        .context("python3 is needed to reckon the measures a second time")?;
    ensure!(
        output.status.success(),
        "{SCRIPT} ended with {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).context("the other program's answer can't be read")
}

impl Measured {
    /// Notes the drivers of a set whose reasons are nothing but drivers.
    fn note_drivers(&mut self, question: &Question, expected: &Answer) {
        if !question.is_of_drivers() {
            return;
        }
        let mut drivers = expected.drivers();
        drivers.sort_by(|(one, first), (other, second)| (other, first).cmp(&(one, second)));
        drivers.truncate(SHOWN);
        self.drivers.insert(question.source, drivers);
    }

    /// Tables that people can read.
    pub(super) fn table(&self) -> String {
        let head = "Measures, beside those of another program (groups, numbers compared)";
        let mut lines = vec![head.to_owned()];
        for (name, rows, cells) in &self.questions {
            lines.push(format!("  {name:<72} {rows:>6} {cells:>8}"));
        }
        for (source, drivers) in &self.drivers {
            lines.push(format!("Commonest drivers of {source}, by its labels"));
            let drivers = drivers.iter();
            lines.extend(drivers.map(|(count, driver)| format!("  {driver:<72} {count:>6}")));
        }
        lines.join("\n")
    }
}
