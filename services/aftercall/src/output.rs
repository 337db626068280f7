//! How the client prints: proto3 JSON, one message a line, or text set for people.
//!
//! Text from the server is somebody's words: control characters in it never reach the terminal.

mod card;
mod names;
mod table;
mod text;
mod time;

pub use card::Card;
pub use names::{WireEnum, label, values};
pub use table::{Cell, Column, Table};
pub use text::{broken, clean, clean_lines, flowed, shortened, width_of, wrapped};
pub(crate) use time::wire;
pub use time::{Times, When, past};

use std::io::{self, IsTerminal, Write};

use jiff::tz::TimeZone;
use serde::Serialize;

/// Text lines are not set wider than this, however wide the terminal is.
const WIDTH_MAX: usize = 160;
/// Narrower terminals get lines that wrap.
const WIDTH_MIN: usize = 40;

/// How a piece of text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As the rest.
    Plain,
    /// A heading.
    Bold,
    /// Of lesser weight.
    Dim,
    /// Good.
    Good,
    /// Needs attention.
    Warn,
    /// Bad.
    Bad,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "31",
        }
    }
}

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// Never coloured.
    pub const PLAIN: Self = Self(false);

    /// Coloured on a terminal, unless `NO_COLOR` says otherwise.
    pub fn for_terminal(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self(terminal && !refused && !dumb)
    }

    /// `text` in `style`.
    pub fn apply(self, style: Style, text: &str) -> String {
        if !self.0 || style == Style::Plain || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{}m{text}\u{1b}[0m", style.code())
    }
}

/// Where a command's answer goes, and in which form.
pub struct Output {
    sink: Box<dyn Write + Send>,
    json: bool,
    width: Option<usize>,
    paint: Paint,
    times: Times,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("json", &self.json)
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

impl Output {
    /// Standard output: fitted to the terminal and coloured where there is one.
    pub fn stdout(json: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let width = terminal
            .then(terminal_size::terminal_size)
            .flatten()
            .map(|(width, _)| usize::from(width.0).clamp(WIDTH_MIN, WIDTH_MAX));
        Self {
            sink: Box::new(io::BufWriter::new(io::stdout())),
            json,
            width,
            paint: Paint::for_terminal(terminal),
            times: Times::new(TimeZone::system()),
        }
    }

    /// Plain text into `sink`, at most `width` columns wide, times in `zone`.
    pub fn plain(sink: Box<dyn Write + Send>, width: Option<usize>, zone: TimeZone) -> Self {
        Self {
            sink,
            json: false,
            width,
            paint: Paint::PLAIN,
            times: Times::new(zone),
        }
    }

    /// Whether messages are printed as JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// How wide lines may be; nothing where the output isn't a terminal, and lines are not cut.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether text is coloured.
    pub fn is_coloured(&self) -> bool {
        self.paint != Paint::PLAIN
    }

    /// How instants are shown.
    pub fn times(&self) -> &Times {
        &self.times
    }

    /// `text` in `style`, where there are colours.
    pub fn styled(&self, style: Style, text: &str) -> String {
        self.paint.apply(style, text)
    }

    /// Prints a message as one line of JSON.
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn message<M: Serialize>(&mut self, message: &M) -> io::Result<()> {
        serde_json::to_writer(&mut self.sink, message)?;
        self.sink.write_all(b"\n")
    }

    /// Prints a line.
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        self.sink.write_all(line.trim_end().as_bytes())?;
        self.sink.write_all(b"\n")
    }

    /// Prints `text` in `style`, wrapped, each line after `indent` blanks.
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn paragraph(&mut self, indent: usize, style: Style, text: &str) -> io::Result<()> {
        let width = self.width.map(|width| width.saturating_sub(indent).max(20));
        for line in wrapped(&clean(text), width) {
            let line = self.paint.apply(style, &line);
            self.line(&format!("{:indent$}{line}", ""))?;
        }
        Ok(())
    }

    /// Hands everything printed so far to the reader.
    ///
    /// # Errors
    /// When the sink takes no more.
    pub fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
