//! The lines of a feed: unfolded, each with the number under which an editor shows it.

use aftercall_domain::Violations;
use aftercall_domain::violation::Reason;
use icalendar::parser;

/// A line of a feed, with those that go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of its first line, from 1.
    pub(super) no: usize,
    pub(super) text: String,
}

/// The lines of a text with a mark at its beginning or without, with line ends of either kind. Empty lines are left
/// out.
pub(super) fn unfold(text: &str) -> Vec<Line> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines: Vec<Line> = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.text.push_str(rest),
            _ if line.trim().is_empty() => {}
            _ => lines.push(Line {
                no: index + 1,
                text: line.to_owned(),
            }),
        }
    }
    lines
}

/// A property of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) line: usize,
    /// In capitals.
    pub(super) name: String,
    /// By their names in capitals.
    parameters: Vec<(String, String)>,
    /// Of texts, what they say.
    pub(super) value: String,
}

impl Property {
    /// Reads a line; none beside a violation.
    pub(super) fn read(line: &Line, found: &mut Violations) -> Option<Self> {
        // Only capitals tell the library which property it is, and whether its value is a text.
        let end = line.text.find([':', ';']).unwrap_or(line.text.len());
        let (name, rest) = line.text.split_at(end);
        let ended = format!("{}{rest}\n", name.to_ascii_uppercase());
        let read = parser::Property::try_from(&*ended).ok();
        let Some(property) = read.filter(|read| !read.name.as_str().is_empty() && has_value(rest))
        else {
            let text =
                "is no property; it must be NAME:VALUE, or go on with the line before by a space";
            wrong(found, line.no, text);
            return None;
        };
        let parameters = property.params.iter().map(|one| {
            let value = one.val.as_ref().map_or("", |value| value.as_str());
            let value = value.trim_matches('"').to_owned();
            (one.key.as_str().to_ascii_uppercase(), value)
        });
        Some(Self {
            line: line.no,
            name: property.name.as_str().to_owned(),
            parameters: parameters.collect(),
            value: property.val.as_str().trim().to_owned(),
        })
    }

    /// A parameter; none if it is not there.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Notes what is wrong with it.
    pub(super) fn wrong(&self, found: &mut Violations, text: &str) {
        wrong(found, self.line, &format!("{} {text}", self.name));
    }
}

/// Whether a line has a value: a colon after its name, and after parameters, which may have colons in quotes.
fn has_value(rest: &str) -> bool {
    let mut is_quoted = false;
    rest.bytes().any(|byte| {
        is_quoted ^= byte == b'"';
        byte == b':' && !is_quoted
    })
}

/// Notes what is wrong with a line, and the remedy.
pub(super) fn wrong(found: &mut Violations, line: usize, text: &str) {
    found.add("feed", Reason::Malformed, format!("line {line}: {text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfolded(text: &str) -> Vec<(usize, String)> {
        let lines = unfold(text).into_iter();
        lines.map(|line| (line.no, line.text)).collect()
    }

    #[test]
    fn lines_go_on_by_a_space_or_a_tab_and_keep_their_numbers() {
        for end in ["\n", "\r\n"] {
            let lines = ["A:1", "B:2", " and", "\t more", "", "  ", "C:3", ""];
            let expected = [(1, "A:1"), (2, "B:2and more "), (7, "C:3")];
            let expected = expected.map(|(no, text)| (no, text.to_owned()));
            assert_eq!(unfolded(&lines.join(end)), expected, "{end:?}");
            let marked = format!("\u{feff}{}", lines.join(end));
            assert_eq!(unfolded(&marked), expected);
        }
        assert_eq!(unfolded(""), []);
        // A fold may come in the middle of anything, also at the beginning, where there is nothing to go on with.
        assert_eq!(unfolded(" A:1"), [(1, " A:1".to_owned())]);
    }

    #[test]
    fn a_property_has_a_name_parameters_and_a_value() {
        let read = |text: &str| {
            let mut found = Violations::new();
            let line = Line {
                no: 3,
                text: text.to_owned(),
            };
            let read = Property::read(&line, &mut found);
            assert_eq!(read.is_none(), !found.is_empty());
            read
        };
        let summary = read(r"summary;LANGUAGE=de:Tag der Arbeit\, 1. Mai").unwrap();
        assert_eq!(
            (&*summary.name, &*summary.value),
            ("SUMMARY", "Tag der Arbeit, 1. Mai")
        );
        assert_eq!(summary.parameter("LANGUAGE"), Some("de"));
        let start = read("DTSTART;TZID=\"Europe/Berlin\":20261224T140000").unwrap();
        assert_eq!(start.parameter("TZID"), Some("Europe/Berlin"));
        assert_eq!(
            (start.parameter("VALUE"), &*start.value),
            (None, "20261224T140000")
        );
        for text in ["", "SUMMARY", "SUMMARY Christmas", ":value", "<html>"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
