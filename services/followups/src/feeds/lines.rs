//! Content lines of iCalendar (RFC 5545, section 3.1): none longer than 75 bytes, whatever they say.

/// The most bytes of a line, without its end.
const LINE_BYTES_MAX: usize = 75;

/// Lines, one after the other.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A property whose value stands as it is.
    pub(super) fn value(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{value}"));
    }

    /// A property whose value is text: what has a meaning in iCalendar is escaped.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.fold(&format!("{name}:{}", escaped(&plain(text))));
    }

    /// All lines, as they are sent.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// A line that is too long goes on in the next one, after a blank. No sign is divided.
    fn fold(&mut self, line: &str) {
        let (mut rest, mut room) = (line, LINE_BYTES_MAX);
        while rest.len() > room {
            let (part, after) = rest.split_at(rest.floor_char_boundary(room));
            self.0.push_str(part);
            self.0.push_str("\r\n ");
            // The blank counts.
            (rest, room) = (after, LINE_BYTES_MAX - 1);
        }
        self.0.push_str(rest);
        self.0.push_str("\r\n");
    }
}

/// A text with line ends of one sort, and without what iCalendar does not take.
pub(super) fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let is_taken = |sign: &char| !sign.is_control() || matches!(sign, '\n' | '\t');
    text.chars().filter(is_taken).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\n' => escaped.push_str("\\n"),
            '\\' | ';' | ',' => escaped.extend(['\\', sign]),
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(length: usize) -> Vec<usize> {
        let mut lines = Lines::default();
        lines.value("X", &"x".repeat(length - 2));
        let text = lines.into_text();
        let lines = text.strip_suffix("\r\n").unwrap().split("\r\n");
        lines.map(str::len).collect()
    }

    #[test]
    fn a_line_goes_on_in_the_next_one_when_it_is_full() {
        assert_eq!(folded(75), [75]);
        assert_eq!(folded(76), [75, 2]);
        assert_eq!(folded(149), [75, 75]);
        assert_eq!(folded(150), [75, 75, 2]);
    }

    #[test]
    fn no_sign_is_divided() {
        let mut lines = Lines::default();
        lines.text("X", &"🦀".repeat(40));
        let text = lines.into_text();
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_BYTES_MAX));
        assert_eq!(
            text.replace("\r\n ", ""),
            format!("X:{}\r\n", "🦀".repeat(40))
        );
    }
}
