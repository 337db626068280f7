//! Cuts a stream of bytes into records, in bounded memory, and knows where each ends.

use crate::json::{Scan, Seen};

/// The longest record that is taken.
pub(super) const RECORD_BYTES_MAX: usize = 1 << 20;

/// How records are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Each is a line.
    Lines,
    /// Each is some lines, and an empty one.
    Frames,
    /// Each is a JSON object, with whatever white space, commas and brackets of lists between them, or nothing.
    Objects,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its bytes; none where it is longer than any may be.
    pub(super) bytes: Option<Vec<u8>>,
    /// Where it ends: the offset of the first byte behind it.
    pub(super) end: u64,
}

/// The records of a stream.
#[derive(Debug)]
pub(super) struct Cutter {
    cut: Cut,
    /// The longest record that is taken.
    bytes_max: usize,
    /// The offset of the next byte.
    at: u64,
    /// What is read of the record that is open.
    open: Vec<u8>,
    is_open: bool,
    is_too_long: bool,
    /// Whether only a line end was read since the last one.
    line_is_empty: bool,
    scan: Scan,
}

impl Cutter {
    /// The records of a stream that is read from this offset on.
    pub(super) fn new(cut: Cut, at: u64) -> Self {
        Self {
            cut,
            bytes_max: RECORD_BYTES_MAX,
            at,
            open: Vec::new(),
            is_open: false,
            is_too_long: false,
            line_is_empty: true,
            scan: Scan::new(false),
        }
    }

    /// Takes records of up to so many bytes.
    pub(super) fn taking(self, bytes_max: usize) -> Self {
        Self { bytes_max, ..self }
    }

    /// Takes the next bytes, and gives the records that end among them.
    pub(super) fn push(&mut self, bytes: &[u8], found: &mut Vec<Found>) {
        for &byte in bytes {
            match self.cut {
                Cut::Lines => self.line(byte, found),
                Cut::Frames => self.frame(byte, found),
                Cut::Objects => self.object(byte, found),
            }
            self.at += 1;
            if !byte.is_ascii_whitespace() {
                self.line_is_empty = false;
            } else if byte == b'\n' {
                self.line_is_empty = true;
            }
        }
    }

    /// The stream has ended: what is open is a record as it is.
    pub(super) fn finish(&mut self, found: &mut Vec<Found>) {
        if self.is_open {
            self.close(self.at, found);
        }
    }

    /// The stream was broken off: what is open is none. Says whether anything was.
    pub(super) fn abandon(&mut self) -> bool {
        let was_open = self.is_open;
        *self = Self::new(self.cut, self.at).taking(self.bytes_max);
        was_open
    }

    fn line(&mut self, byte: u8, found: &mut Vec<Found>) {
        match byte {
            b'\n' if self.is_open => self.close(self.at + 1, found),
            b'\n' | b'\r' if !self.is_open => {}
            _ => self.keep(byte),
        }
    }

    fn frame(&mut self, byte: u8, found: &mut Vec<Found>) {
        match byte {
            b'\n' if self.is_open && self.line_is_empty => self.close(self.at + 1, found),
            b'\n' | b'\r' if !self.is_open => {}
            _ => self.keep(byte),
        }
    }

    fn object(&mut self, byte: u8, found: &mut Vec<Found>) {
        // One that is open where a line begins as only another record can was broken off.
        let begins = byte == b'{' && self.line_is_empty;
        if self.is_open && begins && !self.scan.takes_object() {
            self.close(self.at, found);
        }
        if !self.is_open {
            if byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']') {
                return;
            }
            self.scan = Scan::new(false);
        }
        match self.scan.see(byte) {
            Seen::Inside => self.keep(byte),
            Seen::Last => {
                self.keep(byte);
                self.close(self.at + 1, found);
            }
            Seen::Behind => self.close(self.at, found),
        }
    }

    fn keep(&mut self, byte: u8) {
        self.is_open = true;
        match self.open.len() < self.bytes_max {
            true => self.open.push(byte),
            false => self.is_too_long = true,
        }
    }

    fn close(&mut self, end: u64, found: &mut Vec<Found>) {
        let bytes = std::mem::take(&mut self.open);
        let is_too_long = std::mem::take(&mut self.is_too_long);
        self.is_open = false;
        found.push(Found {
            bytes: (!is_too_long).then_some(bytes),
            end,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is found, and where it ends, of an input that comes in pieces.
    fn cut(cut: Cut, input: &[u8], piece: usize) -> Vec<(String, u64)> {
        let (mut cutter, mut found) = (Cutter::new(cut, 0), Vec::new());
        for bytes in input.chunks(piece.max(1)) {
            cutter.push(bytes, &mut found);
        }
        cutter.finish(&mut found);
        let texts = found.into_iter().map(|one| {
            let bytes = one.bytes.unwrap_or_default();
            (String::from_utf8_lossy(&bytes).into_owned(), one.end)
        });
        texts.collect()
    }

    fn texts(how: Cut, input: &str) -> Vec<String> {
        let found = cut(how, input.as_bytes(), 3);
        found.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn objects_are_cut_with_and_without_line_ends() {
        let (a, b) = (r#"{"a":"}{\""}"#, r#"{"b":[{},{"c":1}]}"#);
        for input in [
            format!("{a}{b}"),
            format!("{a}\n{b}\n"),
            format!("[{a},{b}]"),
            format!(" [\n{a},\n {b}\n]\n"),
        ] {
            assert_eq!(texts(Cut::Objects, &input), [a, b], "{input}");
        }
        let pretty = "{\n  \"a\":\n  {\n  }\n}";
        assert_eq!(texts(Cut::Objects, &format!("{pretty}{a}")), [pretty, a]);
    }

    #[test]
    fn an_object_that_is_broken_off_takes_no_other_with_it() {
        for broken in [r#"{"a": {"b""#, "{\"a\": \"x", "nonsense", "{\"a\":{}"] {
            let input = format!("{broken}\n{{\"c\":1}}\n");
            let found = texts(Cut::Objects, &input);
            assert_eq!(found.last().unwrap(), "{\"c\":1}", "{broken}");
        }
    }

    #[test]
    fn frames_end_with_an_empty_line() {
        let input =
            "Asterisk Call Manager/9.0\r\nResponse: Success\r\n\r\n\r\nEvent: A\nB: c\n\nEvent: D";
        let found = texts(Cut::Frames, input);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].starts_with("Event: A") && found[2] == "Event: D");
    }

    #[test]
    fn a_record_that_is_too_long_is_told_and_passed_over() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(RECORD_BYTES_MAX));
        let (mut cutter, mut found) = (Cutter::new(Cut::Objects, 10), Vec::new());
        cutter.push(long.as_bytes(), &mut found);
        cutter.push(b"{}", &mut found);
        let ends: Vec<_> = found
            .iter()
            .map(|one| (one.bytes.is_some(), one.end))
            .collect();
        let end = 10 + long.len() as u64;
        assert_eq!(ends, [(false, end), (true, end + 2)]);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_cut_in_the_same_way_however_it_comes(
            input in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'{'), Just(b'}'), Just(b'"')], 0..200),
            piece in 1_usize..20,
            how in prop_oneof![Just(Cut::Lines), Just(Cut::Frames), Just(Cut::Objects)],
        ) {
            let whole = cut(how, &input, input.len());
            prop_assert_eq!(&whole, &cut(how, &input, piece));
            // From the end of any record on, the rest is the rest.
            for (index, (_, end)) in whole.iter().enumerate() {
                let rest = cut(how, &input[usize::try_from(*end).unwrap().min(input.len())..], piece);
                let rest: Vec<_> = rest.into_iter().map(|(text, _)| text).collect();
                let expected: Vec<_> = whole[index + 1..].iter().map(|(text, _)| text.clone()).collect();
                prop_assert_eq!(rest, expected);
            }
        }
    }
}
