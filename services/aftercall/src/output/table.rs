//! Tables, as wide as the terminal at most: columns as wide as their widest cell, texts cut to what
//! is left, and where there is too little left for columns, an entry of a few lines for each row.

use std::io;

use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement};

use crate::output::{Output, Style, broken, clean, flowed, shortened, width_of, wrapped};

/// A column that may be narrowed is never narrower than this.
const NARROWED_MIN: usize = 8;
/// A column of words that would be narrower than this says too little.
const WORDS_MIN: usize = 16;
/// Blanks between two columns.
const GAP: usize = 2;
/// Blanks before what belongs to the entry above.
const INDENT: usize = 4;

/// What a column's cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A few characters, always shown in full.
    Full,
    /// A name, cut where the terminal is too narrow.
    Narrows,
    /// A number.
    Number,
    /// Somebody's words, cut before anything else is.
    Words,
    /// What commands take: always shown in full, to be copied.
    Id,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    kind: Kind,
}

impl Column {
    const fn new(title: &'static str, kind: Kind) -> Self {
        Self { title, kind }
    }

    /// A column whose cells are always shown in full.
    pub const fn full(title: &'static str) -> Self {
        Self::new(title, Kind::Full)
    }

    /// A column whose cells are cut where the terminal is too narrow.
    pub const fn narrows(title: &'static str) -> Self {
        Self::new(title, Kind::Narrows)
    }

    /// A column of numbers.
    pub const fn number(title: &'static str) -> Self {
        Self::new(title, Kind::Number)
    }

    /// A column of somebody's words.
    pub const fn words(title: &'static str) -> Self {
        Self::new(title, Kind::Words)
    }

    /// A column of ids.
    pub const fn id(title: &'static str) -> Self {
        Self::new(title, Kind::Id)
    }

    /// How narrow it may become.
    fn width_min(self) -> usize {
        match self.kind {
            Kind::Full | Kind::Number | Kind::Id => usize::MAX,
            Kind::Narrows => NARROWED_MIN,
            Kind::Words => WORDS_MIN,
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
        match self.widths(output.width()) {
            Some(widths) => self.print_columns(&widths, output),
            None => self.print_entries(output),
        }
    }

    fn print_columns(&self, widths: &[usize], output: &mut Output) -> io::Result<()> {
        let shown = |at: &usize| widths[*at] > 0;
        let columns: Vec<usize> = (0..self.columns.len()).filter(shown).collect();
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Disabled);
        match output.is_coloured() {
            true => table.enforce_styling(),
            false => table.force_no_tty(),
        };
        let titles = columns.iter().map(|&at| {
            let title = Cell::styled(self.columns[at].title, Style::Dim);
            cell(&title, widths[at])
        });
        table.set_header(titles);
        for row in &self.rows {
            table.add_row(columns.iter().map(|&at| cell(&row[at], widths[at])));
        }
        for (&at, column) in columns.iter().zip(table.column_iter_mut()) {
            column.set_padding((0, GAP as u16));
            if self.columns[at].kind == Kind::Number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.lines().try_for_each(|line| output.line(&line))
    }

    /// The columns' widths, 0 for one that has nothing to show; nothing at all where they don't fit
    /// beside each other.
    fn widths(&self, available: Option<usize>) -> Option<Vec<usize>> {
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|at| self.natural(at)).collect();
        let Some(available) = available else {
            return Some(widths);
        };
        let shown = widths.iter().filter(|&&width| width > 0).count();
        let gaps = shown.saturating_sub(1) * GAP;
        while widths.iter().sum::<usize>() + gaps > available {
            let widest = (0..widths.len())
                .filter(|&at| widths[at] > self.columns[at].width_min())
                .max_by_key(|&at| (self.columns[at].kind == Kind::Words, widths[at]))?;
            widths[widest] -= 1;
        }
        Some(widths)
    }

    fn natural(&self, at: usize) -> usize {
        let cells = self.rows.iter().map(|row| width_of(&row[at].text)).max();
        match cells.unwrap_or(0) {
            0 => 0,
            widest => widest.max(width_of(self.columns[at].title)),
        }
    }

    /// For each row: its facts, then its words, then its ids, on lines of their own.
    fn print_entries(&self, output: &mut Output) -> io::Result<()> {
        let width = output.width().unwrap_or(usize::MAX);
        let indent = if width > 2 * INDENT { INDENT } else { 0 };
        for (at, row) in self.rows.iter().enumerate() {
            if at > 0 {
                output.line("")?;
            }
            let of = |kinds: &'static [Kind]| {
                let cells = row.iter().zip(&self.columns);
                cells.filter(move |(cell, column)| {
                    kinds.contains(&column.kind) && !cell.text.is_empty()
                })
            };
            let facts = of(&[Kind::Full, Kind::Narrows, Kind::Number]);
            let facts: Vec<String> = facts.map(|(cell, column)| fact(cell, column)).collect();
            print_lines(&flowed(facts, &" ".repeat(GAP), width), width, output)?;
            for (cell, column) in of(&[Kind::Words, Kind::Id]) {
                let room = width - indent;
                let style = match column.kind {
                    Kind::Id => Style::Dim,
                    _ => cell.style,
                };
                for line in wrapped(&cell.text, Some(room)) {
                    for piece in broken(&line, room) {
                        let piece = output.styled(style, piece);
                        output.line(&format!("{:indent$}{piece}", ""))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A cell's text where no title stands above it: a number alone would say nothing.
fn fact(cell: &Cell, column: &Column) -> String {
    match column.kind {
        Kind::Number => format!("{} {}", column.title, cell.text),
        _ => cell.text.clone(),
    }
}

fn print_lines(lines: &[String], width: usize, output: &mut Output) -> io::Result<()> {
    let pieces = lines.iter().flat_map(|line| broken(line, width));
    let pieces: Vec<&str> = pieces.collect();
    pieces.into_iter().try_for_each(|piece| output.line(piece))
}

fn cell(cell: &Cell, width: usize) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new(shortened(&cell.text, width));
    match cell.style {
        Style::Plain => shown,
        Style::Bold => shown.add_attribute(Attribute::Bold),
        Style::Dim => shown.add_attribute(Attribute::Dim),
        Style::Good => shown.fg(Color::DarkGreen),
        Style::Warn => shown.fg(Color::DarkYellow),
        Style::Bad => shown.fg(Color::DarkRed),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use parking_lot::Mutex;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(table: &Table, width: Option<usize>) -> Vec<String> {
        let sink = Sink::default();
        let mut output = Output::plain(Box::new(sink.clone()), width, TimeZone::UTC);
        table.print(&mut output).unwrap();
        let text = String::from_utf8(sink.0.lock().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// A table as those of promises: the last column shows where it begins.
    fn table(rows: &[[String; 4]]) -> Table {
        let mut table = Table::new([
            Column::full("state"),
            Column::narrows("customer"),
            Column::words("words"),
            Column::number("used"),
            Column::id("id"),
        ]);
        for row in rows {
            let cells = row.iter().map(Cell::from);
            table.row(cells.chain([Cell::from("|id")]));
        }
        table
    }

    fn row(words: &str) -> [String; 4] {
        ["open", "C-1", words, "7"].map(str::to_owned)
    }

    /// Texts whose characters and columns differ.
    const TEXTS: [&str; 14] = [
        "❤️ thanks",
        "1️⃣2️⃣3️⃣ keycaps",
        "🇩🇪🇫🇷 flags",
        "👩‍👩‍👧‍👦 a family",
        "👍🏽 a skin tone",
        "電話が切れた",
        "ｆｕｌｌ ｗｉｄｔｈ",
        "e\u{301}\u{323}\u{302} combining",
        "لا مكالمة عند الساعة",
        "שלום לכולם",
        "हिन्दी में बात",
        "zero\u{200b}width\u{feff}joiner\u{200d}",
        "\u{1b}[31mred\u{7}\ttab\r\nline",
        "",
    ];

    /// Where each line's last cell begins, in columns.
    fn id_columns(lines: &[String]) -> Vec<usize> {
        let rows = lines
            .iter()
            .filter_map(|line| line.rfind("|id").map(|at| &line[..at]));
        rows.map(width_of).collect()
    }

    #[test]
    fn columns_line_up_whatever_the_text() {
        let rows: Vec<_> = TEXTS.iter().map(|text| row(text)).collect();
        for width in [None, Some(160), Some(80), Some(60)] {
            let lines = printed(&table(&rows), width);
            assert_eq!(
                lines.len(),
                rows.len() + 1,
                "{width:?}: a title, and a line each"
            );
            let columns = id_columns(&lines);
            assert_eq!(columns.len(), rows.len());
            assert!(columns.iter().all(|at| *at == columns[0]), "{lines:#?}");
        }
    }

    #[test]
    fn words_are_cut_before_names_are_and_ids_never() {
        let words = "We call you back as soon as the technician has been there.";
        let rows = [["open", "a-customer-with-a-name", words, "7"].map(str::to_owned)];
        let lines = printed(&table(&rows), Some(70));
        assert_eq!(
            lines[1],
            "open   a-customer-with-a-name  We call you back as soon as…     7  |id"
        );
        let lines = printed(&table(&rows), Some(44));
        assert!(lines[1].contains("a-custo…"), "{lines:#?}");
    }

    #[test]
    fn where_columns_do_not_fit_a_row_is_an_entry() {
        let lines = printed(
            &table(&[row("We call you back tomorrow."), row("")]),
            Some(24),
        );
        let expected = [
            "open  C-1  used 7",
            "    We call you back",
            "    tomorrow.",
            "    |id",
            "",
            "open  C-1  used 7",
            "    |id",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_column_with_nothing_in_it_is_left_out() {
        let lines = printed(&table(&[row("")]), None);
        assert_eq!(lines[0], "state  customer  used  id");
    }

    proptest! {
        #[test]
        fn any_text_fits_any_terminal_and_lines_up(
            rows in vec([any::<String>(), any::<String>(), any::<String>(), "[0-9]{0,9}"], 1..6),
            width in 2_usize..200,
        ) {
            let table = table(&rows);
            let lines = printed(&table, Some(width));
            for line in &lines {
                // What a reader sees as one character is never cut, however wide it is.
                let is_one = line.trim().graphemes(true).count() == 1;
                prop_assert!(width_of(line) <= width || is_one, "{} > {width}: {line:?}", width_of(line));
            }
            if table.widths(Some(width)).is_some() {
                prop_assert_eq!(lines.len(), rows.len() + 1);
                let columns = id_columns(&lines);
                prop_assert!(columns.iter().all(|at| *at == columns[0]), "{lines:#?}");
            }
        }

        #[test]
        fn emoji_in_any_order_line_up(
            rows in vec(vec(proptest::sample::select(&TEXTS[..]), 0..4), 1..6),
            width in 40_usize..120,
        ) {
            let rows: Vec<_> = rows.iter().map(|texts| row(&texts.concat())).collect();
            let columns = id_columns(&printed(&table(&rows), Some(width)));
            prop_assert!(columns.iter().all(|at| *at == columns[0]));
        }
    }
}
