//! The sets that are known, and how each is read.

mod contacts;
mod requests;

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::Context;
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

use super::contact::{Contact, Converted};

/// Reads a line of a set.
type Read1 = fn(&str, &mut Converted) -> anyhow::Result<Contact>;

/// Each set: how its file's name begins, and how a line is read. Boston's phone calls stand in two
/// sets; the first one met has the say. Articles are no contacts, so none of those is read here.
const SETS: [(&str, Read1); 10] = [
    ("interactions-boston311-phone.jsonl", requests::boston_call),
    ("followups-boston311.jsonl", requests::boston),
    ("followups-nyc311.jsonl", requests::nyc),
    ("followups-uci-incidents.jsonl", requests::incident),
    ("interactions-cfpb.jsonl", contacts::complaint),
    ("interactions-star.jsonl", contacts::star),
    ("interactions-multidogo.jsonl", contacts::multidogo),
    ("interactions-tweetsumm.jsonl", contacts::tweetsumm),
    ("interactions-abcd-sample.jsonl", contacts::abcd),
    ("drivers-dstc11.jsonl", contacts::driver),
];

/// Converts all sets in `dir`.
///
/// # Errors
/// When a file can't be read, or a line isn't what its set's lines are.
pub(super) fn convert(dir: &Path, say: &mut dyn FnMut(&str)) -> anyhow::Result<Converted> {
    let mut converted = Converted::default();
    let mut seen = HashSet::new();
    for (name, read) in SETS {
        let Some(lines) = open(dir, name)? else {
            say(&format!("{name} is not there"));
            continue;
        };
        let before = converted.contacts.len();
        for (number, line) in (1u64..).zip(lines.lines()) {
            let line = line.with_context(|| format!("{name} can't be read at line {number}"))?;
            let mut noted = Converted::default();
            let contact =
                read(&line, &mut noted).with_context(|| format!("{name}, line {number}"))?;
            if seen.insert(contact.interaction().interaction_id) {
                converted.contacts.push(contact);
                converted.note_all(noted);
            } else {
                converted.note("told twice by the sources");
            }
        }
        converted.sources += 1;
        say(&format!(
            "{name}: {} records",
            converted.contacts.len() - before
        ));
    }
    Ok(converted)
}

/// The lines of a set, packed or not; none if it isn't there.
fn open(dir: &Path, name: &str) -> anyhow::Result<Option<BufReader<Box<dyn Read>>>> {
    for (name, packed) in [(name.to_owned(), false), (format!("{name}.gz"), true)] {
        let path = dir.join(name);
        if !path.exists() {
            continue;
        }
        let file = File::open(&path).with_context(|| format!("can't open {}", path.display()))?;
        let bytes: Box<dyn Read> = match packed {
            true => Box::new(MultiGzDecoder::new(file)),
            false => Box::new(file),
        };
        return Ok(Some(BufReader::new(bytes)));
    }
    Ok(None)
}

fn parse<T: DeserializeOwned>(line: &str) -> anyhow::Result<T> {
    serde_json::from_str(line).context("the line is not one of this set")
}
