//! What a backup holds, in a file of its own: it is there when the backup is whole and verified.

use std::path::Path;
use std::{fs, io};

use crate::{LogId, Offset};

/// The name of the file.
pub const SUMMARY_NAME: &str = "backup";

/// The first words of the file.
const TITLE: &str = "aftercall backup 1";

/// What a whole backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The log.
    pub log: LogId,
    /// How many records it holds: all before this offset.
    pub records: Offset,
    /// How many bytes its files have.
    pub bytes: u64,
}

impl Summary {
    /// The file's text.
    pub fn text(&self) -> String {
        let Self {
            log,
            records,
            bytes,
        } = self;
        format!("{TITLE}\nlog {log}\nrecords {records}\nbytes {bytes}\n")
    }

    /// Reads the text of such a file. `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut line = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let (log, records, bytes) = (
            (line("aftercall")? == &TITLE[10..]).then(|| line("log"))??,
            line("records")?,
            line("bytes")?,
        );
        let summary = Self {
            log: parse_id(log)?,
            records: records.parse().ok()?,
            bytes: bytes.parse().ok()?,
        };
        (summary.text() == text).then_some(summary)
    }

    /// The summary in `dir`. `None` where there is no whole backup.
    pub(crate) fn read(dir: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(dir.join(SUMMARY_NAME)) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn parse_id(text: &str) -> Option<LogId> {
    let number = u128::from_str_radix(text, 16).ok()?;
    Some(LogId(number.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_read_as_it_was_written_and_nothing_else_is_one() {
        let summary = Summary {
            log: LogId([0x0a; 16]),
            records: 12,
            bytes: 4_711,
        };
        let text = summary.text();
        assert_eq!(Summary::parse(&text), Some(summary));
        for end in 0..text.len() {
            assert_eq!(Summary::parse(&text[..end]), None, "{end}");
        }
        assert_eq!(Summary::parse(&text.replace("12", "012")), None);
    }
}
