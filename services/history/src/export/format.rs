//! The files that contacts are taken home in.

mod columnar;

use std::borrow::Cow;

use aftercall_proto::history::v1::{ExportFormat, ExportedInteraction};
use jiff::Timestamp;

use self::columnar::Columnar;
use super::columns::{COLUMNS, Cell, Row};
use crate::promises;

/// As many bytes as hardly any contact's line has.
const LINE_BYTES: usize = 16 << 10;

/// A file's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A message a line.
    Ndjson,
    /// Columns, as text.
    Csv,
    /// Columns, for programs.
    Parquet,
}

/// A file can't be written: a fault of ours, because it is written in memory.
#[derive(Debug, thiserror::Error)]
pub(super) enum FormatError {
    #[error("a line of JSON can't be written")]
    Json(#[from] serde_json::Error),
    #[error("a line of CSV can't be written")]
    Csv(#[from] csv::Error),
    #[error("a part in Parquet can't be written")]
    Parquet(#[from] parquet::errors::ParquetError),
}

impl Format {
    pub(super) fn of(format: ExportFormat) -> Option<Self> {
        Some(match format {
            ExportFormat::Unspecified => return None,
            ExportFormat::Ndjson => Self::Ndjson,
            ExportFormat::Csv => Self::Csv,
            ExportFormat::Parquet => Self::Parquet,
        })
    }

    pub(super) fn to_wire(self) -> ExportFormat {
        match self {
            Self::Ndjson => ExportFormat::Ndjson,
            Self::Csv => ExportFormat::Csv,
            Self::Parquet => ExportFormat::Parquet,
        }
    }

    /// The name in the manifest, and the ending of files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// The name of a part's file, by its number.
    pub(super) fn file_name(self, number: usize) -> String {
        format!("part-{number:05}.{}", self.name())
    }

    /// Whether it has the columns.
    pub(super) const fn has_columns(self) -> bool {
        !matches!(self, Self::Ndjson)
    }
}

/// A file that is being written, in memory. The same rows give the same bytes.
pub(super) enum File {
    /// A message a line, with the time that promises are shown for.
    Ndjson(Vec<u8>, Timestamp),
    Csv(Box<csv::Writer<Vec<u8>>>),
    Parquet(Box<Columnar>),
}

impl File {
    /// An empty file, of what stood at `now`.
    pub(super) fn begin(format: Format, now: Timestamp) -> Result<Self, FormatError> {
        Ok(match format {
            Format::Ndjson => Self::Ndjson(Vec::new(), now),
            Format::Csv => {
                let mut writer = lines();
                writer.write_record(COLUMNS.iter().map(|column| column.name))?;
                Self::Csv(writer)
            }
            Format::Parquet => Self::Parquet(Box::new(Columnar::begin()?)),
        })
    }

    /// Writes a contact.
    pub(super) fn add(&mut self, row: Row) -> Result<(), FormatError> {
        match self {
            Self::Ndjson(lines, now) => {
                let promises = row.promises.into_iter();
                let line = ExportedInteraction {
                    interaction: Some(row.contact),
                    commitments: promises.map(|one| promises::as_of(one, *now)).collect(),
                };
                serde_json::to_writer(&mut *lines, &line)?;
                lines.push(b'\n');
            }
            Self::Csv(writer) => {
                for column in COLUMNS {
                    writer.write_field(&*as_text((column.cell)(&row)))?;
                }
                writer.write_record(None::<&[u8]>)?;
            }
            Self::Parquet(columns) => columns.add(&row)?,
        }
        Ok(())
    }

    /// Takes what was written since it was taken last, if it is more than `bytes_min`.
    pub(super) fn take(&mut self, bytes_min: usize) -> Result<Vec<u8>, FormatError> {
        match self {
            Self::Ndjson(lines, _) if lines.len() > bytes_min => {
                // The next ones take about as much room.
                let next = Vec::with_capacity(bytes_min + LINE_BYTES);
                Ok(std::mem::replace(lines, next))
            }
            Self::Csv(writer) if writer.get_ref().len() > bytes_min => {
                all_of(std::mem::replace(writer, lines()))
            }
            Self::Ndjson(..) | Self::Csv(_) => Ok(Vec::new()),
            Self::Parquet(columns) => Ok(columns.take(bytes_min)),
        }
    }

    /// The rest of the file.
    pub(super) fn finish(self) -> Result<Vec<u8>, FormatError> {
        match self {
            Self::Ndjson(lines, _) => Ok(lines),
            Self::Csv(writer) => all_of(writer),
            Self::Parquet(columns) => Ok(columns.finish()?),
        }
    }
}

/// Lines of CSV, in memory.
fn lines() -> Box<csv::Writer<Vec<u8>>> {
    let mut builder = csv::WriterBuilder::new();
    let builder = builder.terminator(csv::Terminator::CRLF);
    Box::new(builder.from_writer(Vec::new()))
}

fn all_of(writer: Box<csv::Writer<Vec<u8>>>) -> Result<Vec<u8>, FormatError> {
    let written = writer.into_inner();
    written.map_err(|error| FormatError::Csv(error.into_error().into()))
}

/// A cell as CSV has it.
fn as_text(cell: Cell<'_>) -> Cow<'_, str> {
    match cell {
        Cell::Nothing => Cow::Borrowed(""),
        Cell::Text(text) => no_formula(text),
        Cell::Integer(number) => Cow::Owned(number.to_string()),
        Cell::Number(number) => Cow::Owned(number.to_string()),
        Cell::Time(at_us) => match Timestamp::from_microsecond(at_us) {
            Ok(at) => Cow::Owned(at.to_string()),
            Err(_) => Cow::Borrowed(""),
        },
    }
}

/// A text that no spreadsheet takes for a formula: one that begins as formulas do has an apostrophe before it.
fn no_formula(text: Cow<'_, str>) -> Cow<'_, str> {
    // Some pass over white space before they look; `＝` and its like are read as the ASCII ones.
    let first = text.trim_start().chars().next();
    let is_formula = first.is_some_and(|first| "=+-@|%＝＋－＠".contains(first));
    match is_formula || text.starts_with(['\t', '\r', '\n']) {
        true => Cow::Owned(format!("'{text}")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_a_text() {
        for text in [
            "=HYPERLINK(\"http://evil.example\")",
            "+49 30 999001",
            "-1+1",
            "@SUM(A1)",
            "\t=1",
            " =1",
            "|cmd",
            "＝1",
            "\r=1",
        ] {
            let kept = no_formula(Cow::Borrowed(text));
            assert_eq!(kept.strip_prefix('\''), Some(text));
        }
        for text in ["", "refund", "1-2", "a=b", "'quoted", "3 % off"] {
            assert_eq!(no_formula(Cow::Borrowed(text)), text);
        }
    }
}
