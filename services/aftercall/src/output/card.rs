//! Cards: one thing, as labels and values under each other.

use std::io;

use crate::output::{Output, Style, clean, clean_lines, width_of, wrapped};

/// Blanks between labels and values.
const GAP: usize = 2;

/// One thing, as labels and values under each other.
#[derive(Debug, Default)]
pub struct Card {
    fields: Vec<(&'static str, String, Style)>,
}

impl Card {
    /// An empty card.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value; an empty one is left out.
    pub fn field(&mut self, label: &'static str, value: impl AsRef<str>) -> &mut Self {
        self.styled(label, value, Style::Plain)
    }

    /// Adds a value that stands out; an empty one is left out.
    pub fn styled(
        &mut self,
        label: &'static str,
        value: impl AsRef<str>,
        style: Style,
    ) -> &mut Self {
        let value = clean(value.as_ref());
        if !value.is_empty() {
            self.fields.push((label, value, style));
        }
        self
    }

    /// Adds somebody's text with its lines; an empty one is left out.
    pub fn lines(&mut self, label: &'static str, text: impl AsRef<str>) -> &mut Self {
        let text = clean_lines(text.as_ref().trim_end());
        if !text.is_empty() {
            self.fields.push((label, text, Style::Plain));
        }
        self
    }

    /// Prints the card, each line after `indent` blanks. A label that repeats is shown once.
    ///
    /// # Errors
    /// When the output takes no more.
    pub fn print(&self, output: &mut Output, indent: usize) -> io::Result<()> {
        let labels = self.fields.iter().map(|(label, ..)| width_of(label));
        let labels = labels.max().unwrap_or(0) + GAP;
        let values = output
            .width()
            .map(|width| width.saturating_sub(indent + labels).max(20));
        let mut before = "";
        for (label, value, style) in &self.fields {
            let mut label = if *label == before { "" } else { label };
            for line in value.lines().flat_map(|line| wrapped_line(line, values)) {
                let blanks = " ".repeat(labels - width_of(label));
                let label_text = output.styled(Style::Dim, label);
                let line = output.styled(*style, &line);
                output.line(&format!("{:indent$}{label_text}{blanks}{line}", ""))?;
                before = if label.is_empty() { before } else { label };
                label = "";
            }
        }
        Ok(())
    }
}

/// One line of a text, wrapped behind the blanks that it begins with.
fn wrapped_line(line: &str, width: Option<usize>) -> Vec<String> {
    let text = line.trim_start_matches(' ');
    let blanks = line.len() - text.len();
    let lines = wrapped(text, width.map(|width| width.saturating_sub(blanks)));
    let indented = lines
        .into_iter()
        .map(|line| format!("{:blanks$}{line}", ""));
    indented.collect()
}
