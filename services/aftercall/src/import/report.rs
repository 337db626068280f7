//! What an import did: counts, and every row that failed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aftercall_client::Refusal;
use serde::Serialize;

use crate::command::CommandError;
use crate::json::Problem;
use crate::output::clean;

/// How many rows are named on standard error; the rest are counted.
const SHOWN_MAX: u64 = 20;

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Place {
    /// The file's name as given, or `stdin`.
    #[serde(serialize_with = "text")]
    pub(super) file: Arc<str>,
    /// From 1; 0 for the file as a whole.
    pub(super) line: u64,
}

fn text<S: serde::Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// Why a row was not recorded: a line of the errors' file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RowError {
    #[serde(flatten)]
    pub(super) place: Place,
    /// The stable reason, as the server's.
    pub(super) reason: String,
    pub(super) message: String,
    /// Every field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) violations: Vec<Violation>,
    /// Whether the same row may succeed later.
    pub(super) retryable: bool,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Violation {
    pub(super) field: String,
    pub(super) description: String,
    pub(super) reason: String,
    /// In which line, where that isn't the one in which the row begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u64>,
}

impl RowError {
    /// A file that can't be read, or not further than `line`.
    pub(super) fn file(file: &Arc<str>, line: u64, error: &io::Error) -> Self {
        let message = match line {
            0 => format!("the file can't be read: {error}"),
            line => format!("the file can't be read after line {line}: {error}"),
        };
        Self {
            place: Place {
                file: Arc::clone(file),
                line,
            },
            reason: "FILE_UNREADABLE".to_owned(),
            message,
            violations: Vec::new(),
            retryable: true,
        }
    }

    /// A row that is no request.
    pub(super) fn malformed(place: Place, problems: Vec<Problem>) -> Self {
        let reason = "MALFORMED";
        let (of_fields, of_row): (Vec<_>, Vec<_>) =
            problems.into_iter().partition(|one| !one.field.is_empty());
        let line = |problem: &Problem| place.line + problem.line - 1;
        let violations = of_fields.iter().map(|problem| Violation {
            field: problem.field.clone(),
            description: problem.text.clone(),
            reason: reason.to_owned(),
            line: Some(line(problem)).filter(|line| *line != place.line),
        });
        let violations: Vec<_> = violations.collect();
        let said = of_row.first().or(of_fields.first());
        let message = said.map(|problem| match line(problem) {
            line if line == place.line => problem.text.clone(),
            line => format!("line {line}: {}", problem.text),
        });
        Self {
            message: message.unwrap_or_default(),
            violations,
            place,
            reason: reason.to_owned(),
            retryable: false,
        }
    }

    /// What the server said of a row.
    pub(super) fn refused(place: Place, refusal: Refusal) -> Self {
        let retryable = refusal.is_retryable();
        let violations = refusal.violations.into_iter().map(|violation| Violation {
            field: violation.field,
            description: violation.description,
            reason: violation.reason,
            line: None,
        });
        Self {
            place,
            violations: violations.collect(),
            reason: refusal.reason,
            message: refusal.message,
            retryable,
        }
    }

    /// A line or more for people.
    fn shown(&self) -> String {
        let Place { file, line } = &self.place;
        let place = if *line == 0 {
            file.to_string()
        } else {
            format!("{file}:{line}")
        };
        match self.violations.as_slice() {
            [] => format!("{place}: {} ({})", clean(&self.message), self.reason),
            violations => {
                let lines = violations.iter().map(|one| {
                    let line = one.line.unwrap_or(*line);
                    let (field, said) = (clean(&one.field), clean(&one.description));
                    format!("{file}:{line}: {field}: {said}")
                });
                lines.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// Counts what becomes of the rows, and keeps their errors. Shared by all parts of an import.
#[derive(Debug)]
pub(super) struct Tally {
    /// Bytes of the inputs read, compressed as they are.
    pub(super) bytes_read: Arc<AtomicU64>,
    /// Bytes of lines taken from the inputs, and of those that are settled.
    line_bytes: AtomicU64,
    line_bytes_settled: AtomicU64,
    read: AtomicU64,
    recorded: AtomicU64,
    already_recorded: AtomicU64,
    failed: AtomicU64,
    files_failed: AtomicU64,
    errors: Mutex<Errors>,
}

#[derive(Debug)]
struct Errors {
    file: Option<(String, BufWriter<File>)>,
    broken: Option<io::Error>,
    shown: u64,
    show: Show,
}

/// Shows a line to the person who watches.
pub(super) type Show = Arc<dyn ShowLine>;

/// Shows a line to the person who watches.
pub(super) trait ShowLine: Send + Sync + std::fmt::Debug {
    fn show(&self, line: &str);
}

/// How many rows came to which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Rows read, wrong ones too.
    pub read: u64,
    /// Recorded now.
    pub recorded: u64,
    /// Recorded before: nothing was written.
    pub already_recorded: u64,
    /// Not recorded, and named.
    pub failed: u64,
    /// Files that could not be read to their end.
    pub files_failed: u64,
}

impl Counts {
    /// Rows that came to no end, because the import was interrupted.
    pub fn open(&self) -> u64 {
        self.read
            .saturating_sub(self.recorded + self.already_recorded + self.failed)
    }
}

impl Tally {
    /// An empty tally; errors go to `show`, and whole to the file at `errors`.
    pub(super) fn new(errors: Option<&str>, show: Show) -> Result<Self, CommandError> {
        let create = |path: &str| match File::create(path) {
            Ok(file) => Ok((path.to_owned(), BufWriter::new(file))),
            Err(source) => Err(CommandError::File {
                path: path.to_owned(),
                source,
            }),
        };
        Ok(Self {
            bytes_read: Arc::default(),
            line_bytes: AtomicU64::default(),
            line_bytes_settled: AtomicU64::default(),
            read: AtomicU64::default(),
            recorded: AtomicU64::default(),
            already_recorded: AtomicU64::default(),
            failed: AtomicU64::default(),
            files_failed: AtomicU64::default(),
            errors: Mutex::new(Errors {
                file: errors.map(create).transpose()?,
                broken: None,
                shown: 0,
                show,
            }),
        })
    }

    /// `rows` more rows were read, from lines of `bytes` in all.
    pub(super) fn read(&self, rows: u64, bytes: u64) {
        self.read.fetch_add(rows, Ordering::Relaxed);
        self.line_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Lines of `bytes` in all are done with.
    pub(super) fn settled(&self, bytes: u64) {
        self.line_bytes_settled.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A row is recorded.
    pub(super) fn recorded(&self, already: bool) {
        let counter = if already {
            &self.already_recorded
        } else {
            &self.recorded
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A row failed.
    pub(super) fn failed(&self, error: &RowError) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.lock().add(error);
    }

    /// A file can't be read to its end.
    pub(super) fn file_failed(&self, error: &RowError) {
        self.files_failed.fetch_add(1, Ordering::Relaxed);
        self.lock().add(error);
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            read: self.read.load(Ordering::Relaxed),
            recorded: self.recorded.load(Ordering::Relaxed),
            already_recorded: self.already_recorded.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            files_failed: self.files_failed.load(Ordering::Relaxed),
        }
    }

    /// Which part of `bytes_total` is done, from 0 to 1.
    pub(super) fn done(&self, bytes_total: u64) -> f64 {
        let ratio = |part: u64, whole: u64| {
            if whole == 0 {
                0.0
            } else {
                part as f64 / whole as f64
            }
        };
        let read = ratio(self.bytes_read.load(Ordering::Relaxed), bytes_total);
        let settled = self.line_bytes_settled.load(Ordering::Relaxed);
        (read * ratio(settled, self.line_bytes.load(Ordering::Relaxed))).min(1.0)
    }

    /// Writes what is left of the errors' file.
    ///
    /// # Errors
    /// When not all of it could be written.
    pub(super) fn finish(&self) -> Result<(), CommandError> {
        let mut errors = self.lock();
        let Some((path, mut file)) = errors.file.take() else {
            return Ok(());
        };
        let failed = |source| CommandError::File { path, source };
        match errors.broken.take() {
            Some(error) => Err(failed(error)),
            None => file.flush().map_err(failed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Errors> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Errors {
    fn add(&mut self, error: &RowError) {
        self.shown += 1;
        if self.shown <= SHOWN_MAX {
            self.show.show(&error.shown());
        }
        if self.shown == SHOWN_MAX + 1 {
            let rest = match &self.file {
                Some((path, _)) => format!("further errors go to {path} only"),
                None => "further errors are counted only; --errors FILE keeps all".to_owned(),
            };
            self.show.show(&rest);
        }
        let Some((_, file)) = self.file.as_mut().filter(|_| self.broken.is_none()) else {
            return;
        };
        let written = serde_json::to_writer(&mut *file, error)
            .map_err(io::Error::from)
            .and_then(|()| file.write_all(b"\n"));
        self.broken = written.err();
    }
}
