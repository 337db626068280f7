//! Tables: columns as wide as their widest cell, narrowed to the terminal where they must be.

use std::io;

use crate::output::{Output, Style, clean, shortened, width_of};

/// A column that may be narrowed is never narrower than this.
const NARROWED_MIN: usize = 8;
/// Blanks between two columns.
const GAP: usize = 2;

/// On which side a column's cells begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its title.
    title: &'static str,
    align: Align,
    /// Whether its cells may be cut to fit the terminal.
    narrows: bool,
}

impl Column {
    /// A column whose cells are always shown in full.
    pub const fn full(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Left,
            narrows: false,
        }
    }

    /// A column whose cells are cut where the terminal is too narrow.
    pub const fn narrows(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Left,
            narrows: true,
        }
    }

    /// A column of numbers.
    pub const fn number(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Right,
            narrows: false,
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell that stands out as `style` says.
    pub fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self {
            text: clean(text.as_ref()),
            style,
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::Plain)
    }
}

/// A table.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: one cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cells: Vec<Cell> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// Prints the table. A column that is empty in every row is left out.
    ///
    /// # Errors
    /// When the output takes no more.
    pub fn print(&self, output: &mut Output) -> io::Result<()> {
        let widths = self.widths(output.width());
        let titles: Vec<Cell> = self
            .columns
            .iter()
            .map(|column| Cell::styled(column.title, Style::Dim))
            .collect();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let line = self.line(row, &widths, output);
            output.line(&line)?;
        }
        Ok(())
    }

    fn line(&self, row: &[Cell], widths: &[usize], output: &Output) -> String {
        let mut line = String::new();
        for ((cell, column), &width) in row.iter().zip(&self.columns).zip(widths) {
            if width == 0 {
                continue;
            }
            let text = shortened(&cell.text, width);
            let blanks = " ".repeat(width - width_of(&text));
            let painted = output.styled(cell.style, &text);
            if !line.is_empty() {
                line.push_str(&" ".repeat(GAP));
            }
            match column.align {
                Align::Left => line.extend([painted, blanks]),
                Align::Right => line.extend([blanks, painted]),
            }
        }
        line
    }

    /// The columns' widths; 0 for one that has nothing to show.
    fn widths(&self, available: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|at| self.natural(at)).collect();
        let Some(available) = available else {
            return widths;
        };
        let shown = widths.iter().filter(|&&width| width > 0).count();
        let gaps = shown.saturating_sub(1) * GAP;
        while widths.iter().sum::<usize>() + gaps > available {
            let widest = (0..widths.len())
                .filter(|&at| self.columns[at].narrows && widths[at] > NARROWED_MIN)
                .max_by_key(|&at| widths[at]);
            match widest {
                Some(at) => widths[at] -= 1,
                None => break,
            }
        }
        widths
    }

    fn natural(&self, at: usize) -> usize {
        let cells = self.rows.iter().map(|row| width_of(&row[at].text)).max();
        match cells.unwrap_or(0) {
            0 => 0,
            widest => widest.max(width_of(self.columns[at].title)),
        }
    }
}
