//! Cuts an input into records, in bounded memory.
//!
//! A record is what stands between its outer braces, on a line of its own, on many lines, or in a
//! list; where it ends is told by its brackets and quotation marks alone. One that is broken off ends
//! where the next one begins, so that one wrong record is one wrong record.

mod scan;

use std::io::{self, BufRead, Read};

pub(crate) use scan::{Scan, Seen};

/// The longest record that is taken. The longest that the server takes is a fourth of that.
pub(crate) const RECORD_BYTES_MAX: usize = 4 << 20;
/// A chunk is full when it has this many bytes.
const CHUNK_BYTES: usize = 256 << 10;
/// How much of a line is looked at at a time.
const PIECE_BYTES: u64 = 256 << 10;
/// What some programs put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// What they put before one in UTF-16.
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// Some records of one input.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    line: u64,
    /// Where the record begins, and where it ends, if it is short enough.
    place: Option<(usize, usize)>,
}

/// A record of an input, or what stands in the place of one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// The line in which it begins, from 1.
    pub(crate) line: u64,
    /// Nothing where it is too long.
    pub(crate) bytes: Option<&'a [u8]>,
}

impl Chunk {
    /// The records, without what stands between them.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.spans.iter().map(|span| Record {
            line: span.line,
            bytes: span.place.map(|(from, to)| &self.bytes[from..to]),
        })
    }
}

/// A record that is being read.
#[derive(Debug)]
struct Open {
    line: u64,
    from: usize,
    scan: Scan,
    too_long: bool,
}

/// The records of an input.
#[derive(Debug)]
pub(crate) struct Records<R> {
    input: R,
    /// Ends of lines so far.
    lines: u64,
    at_line_start: bool,
    in_list: bool,
    open: Option<Open>,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            lines: 0,
            at_line_start: true,
            in_list: false,
            open: None,
        }
    }

    /// How many lines were read to their end.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// The next records; nothing at the end.
    ///
    /// # Errors
    /// When the input can't be read, isn't text in UTF-8, or is a list that breaks off.
    pub(crate) fn chunk(&mut self) -> io::Result<Option<Chunk>> {
        let mut chunk = Chunk::default();
        while chunk.bytes.len() < CHUNK_BYTES || self.open.is_some() {
            if !self.piece(&mut chunk)? {
                self.end(&mut chunk)?;
                break;
            }
        }
        Ok(Some(chunk).filter(|chunk| !chunk.spans.is_empty()))
    }

    /// Reads a line, or a piece of a long one; false at the end.
    fn piece(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        let mut from = chunk.bytes.len();
        let mut bounded = self.input.by_ref().take(PIECE_BYTES);
        let taken = bounded.read_until(b'\n', &mut chunk.bytes)?;
        if taken == 0 {
            return Ok(false);
        }
        let read = &chunk.bytes[from..];
        if self.lines == 0
            && self.at_line_start
            && UTF16_MARKS.iter().any(|mark| read.starts_with(mark))
        {
            let said = "the text is in UTF-16: save it in UTF-8";
            return Err(io::Error::new(io::ErrorKind::InvalidData, said));
        }
        if self.at_line_start && self.open.is_none() && read.starts_with(BYTE_ORDER_MARK) {
            from += BYTE_ORDER_MARK.len();
        }
        let ended = read.ends_with(b"\n");
        if !(self.at_line_start && ended && self.is_whole_line(from, chunk)) {
            self.scan(from, chunk);
        }
        self.lines += u64::from(ended);
        self.at_line_start = ended;
        self.shorten(chunk);
        Ok(true)
    }

    /// Takes a line that is a record, as most are, without looking at each of its bytes.
    fn is_whole_line(&self, from: usize, chunk: &mut Chunk) -> bool {
        let line = &chunk.bytes[from..];
        let start = from + (line.len() - line.trim_ascii_start().len());
        let line = line.trim_ascii();
        let is_record = line.starts_with(b"{") && line.ends_with(b"}");
        if self.open.is_some() || self.in_list || !is_record {
            return false;
        }
        let place = Some((start, start + line.len()));
        chunk.spans.push(Span {
            line: self.lines + 1,
            place,
        });
        true
    }

    /// Looks for the beginnings and ends of records from `from` on.
    fn scan(&mut self, from: usize, chunk: &mut Chunk) {
        self.end_if_next_begins(from, chunk);
        for at in from..chunk.bytes.len() {
            let byte = chunk.bytes[at];
            let open = match &mut self.open {
                Some(open) => open,
                None => match byte {
                    byte if byte.is_ascii_whitespace() || byte == b',' => continue,
                    b'[' if !self.in_list => {
                        self.in_list = true;
                        continue;
                    }
                    b']' if self.in_list => {
                        self.in_list = false;
                        continue;
                    }
                    _ => self.open.insert(Open {
                        line: self.lines + 1,
                        from: at,
                        scan: Scan::new(self.in_list),
                        too_long: false,
                    }),
                },
            };
            match open.scan.see(byte) {
                Seen::Inside => {}
                Seen::Last => self.close(at + 1, chunk),
                Seen::Behind => {
                    self.close(at, chunk);
                    self.in_list &= byte != b']';
                }
            }
        }
    }

    /// A record that is open where a line begins as only another record can was broken off.
    fn end_if_next_begins(&mut self, from: usize, chunk: &mut Chunk) {
        let begins = chunk.bytes[from..].trim_ascii_start().starts_with(b"{");
        let open = self.open.as_ref();
        if self.at_line_start && begins && open.is_some_and(|open| !open.scan.takes_object()) {
            self.close(from, chunk);
        }
    }

    fn close(&mut self, to: usize, chunk: &mut Chunk) {
        if let Some(open) = self.open.take() {
            let is_short = !open.too_long && to - open.from <= RECORD_BYTES_MAX;
            let place = is_short.then_some((open.from, to));
            chunk.spans.push(Span {
                line: open.line,
                place,
            });
        }
    }

    /// Forgets the bytes of a record that is longer than any may be.
    fn shorten(&mut self, chunk: &mut Chunk) {
        if let Some(open) = &mut self.open
            && (open.too_long || chunk.bytes.len() - open.from > RECORD_BYTES_MAX + 1)
        {
            open.too_long = true;
            chunk.bytes.truncate(open.from);
        }
    }

    fn end(&mut self, chunk: &mut Chunk) -> io::Result<()> {
        self.close(chunk.bytes.len(), chunk);
        // Told after the records that are whole.
        match self.in_list && chunk.spans.is_empty() {
            true => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the list of records is not closed: the file may be broken off",
            )),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    type Found = Vec<(u64, Option<String>)>;

    fn try_read(input: &[u8], buffer: usize) -> (Found, io::Result<()>) {
        let mut records = Records::new(BufReader::with_capacity(buffer, input));
        let mut found = Vec::new();
        loop {
            match records.chunk() {
                Ok(Some(chunk)) => found.extend(chunk.records().map(|record| {
                    let text = record
                        .bytes
                        .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                    (record.line, text)
                })),
                Ok(None) => return (found, Ok(())),
                Err(error) => return (found, Err(error)),
            }
        }
    }

    fn read(input: &str) -> Vec<(u64, String)> {
        let (found, ended) = try_read(input.as_bytes(), 8192);
        ended.unwrap();
        found
            .into_iter()
            .map(|(line, text)| (line, text.unwrap()))
            .collect()
    }

    fn texts(input: &str) -> Vec<String> {
        read(input).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_record_is_found_however_it_is_laid_out() {
        let (a, b) = (r#"{"a": "}]{,["}"#, r#"{"b": [{"\"": 1}]}"#);
        let pretty = "{\n \"b\": [\n  {\n   \"c\": \"\\\"}\"\n  }\n ]\n}";
        for (input, expected) in [
            (format!("{a}\n{b}\n"), vec![a, b]),
            (format!("{a}{b}"), vec![a, b]),
            (format!("  {a}\r\n\r\n\t{b}  "), vec![a, b]),
            (format!("\u{feff}{a}\n\u{feff}{b}"), vec![a, b]),
            (format!("{a},\n{b},\n"), vec![a, b]),
            (format!("[{a},{b}]"), vec![a, b]),
            (format!("\u{feff}[\n{a},\n{b}\n]\n"), vec![a, b]),
            (format!("[\n  {pretty},\n{a}]"), vec![pretty, a]),
            (format!("{pretty}\n{a}\n{pretty}"), vec![pretty, a, pretty]),
            ("[]".to_owned(), vec![]),
            (" \n\u{feff}\n".to_owned(), vec![]),
        ] {
            assert_eq!(texts(&input), expected, "{input}");
        }
    }

    #[test]
    fn records_know_their_lines() {
        let lines: Vec<_> = read("\n{\n}\n\n[1,\n{}\n]")
            .into_iter()
            .map(|(line, _)| line)
            .collect();
        assert_eq!(lines, [2, 5, 6]);
    }

    #[test]
    fn a_record_that_is_broken_off_ends_where_the_next_begins() {
        for broken in [
            r#"{"interaction": {"channel": "CHANN"#,
            r#"{"interaction": {"channel": "CHANNEL_VOICE""#,
            r#"{"interaction": {"channel": "CHANNEL_VOICE","#,
            r#"{"interaction": {"labels": ["a""#,
            r#"{"interaction": {}"#,
            "x",
            "\"x",
        ] {
            let input = format!("{broken}\n{{\"a\": 1}}\n{{}}\n");
            let found = read(&input);
            assert_eq!(found.len(), 3, "{found:?}");
            assert_eq!(found[1], (2, "{\"a\": 1}".to_owned()), "{broken}");
        }
    }

    #[test]
    fn a_list_that_is_broken_off_is_told_after_its_records() {
        let (found, ended) = try_read(b"[\n{},\n{}\n", 4);
        assert_eq!(found.len(), 2);
        assert!(ended.unwrap_err().to_string().contains("not closed"));
    }

    #[test]
    fn text_in_another_encoding_is_told_once() {
        let utf16: Vec<u8> = "\u{feff}{}\n{}"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let (found, ended) = try_read(&utf16, 64);
        assert!(found.is_empty());
        assert!(ended.unwrap_err().to_string().contains("UTF-8"));
    }

    #[test]
    fn a_record_that_is_too_long_is_passed_over() {
        let long = |bytes: usize| format!("{{\"a\": \"{}\"}}", "x".repeat(bytes - 9));
        let most = RECORD_BYTES_MAX;
        for (open, comma, close) in [("", "\n", ""), ("[", ",", "]")] {
            let records = [long(most), long(most + 1), long(3 * most), "{}".to_owned()];
            let input = format!("{open}{}{close}", records.join(comma));
            let (found, ended) = try_read(input.as_bytes(), 8192);
            ended.unwrap();
            let lengths: Vec<_> = found
                .iter()
                .map(|(_, text)| text.as_ref().map(String::len))
                .collect();
            assert_eq!(lengths, [Some(most), None, None, Some(2)]);
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(Into::into),
            "[ -~\u{e9}\n]{0,8}".prop_map(serde_json::Value::String),
        ];
        let tree = leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::hash_map("[a-z{}\\[\\]\"\\\\]{0,3}", inner, 0..4)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        });
        proptest::collection::hash_map("[a-z]{1,3}", tree, 1..4)
            .prop_map(|fields| fields.into_iter().collect())
    }

    proptest! {
        #[test]
        fn every_record_is_read_once_whatever_the_layout_and_the_buffer(
            records in proptest::collection::vec((json(), any::<bool>()), 0..8),
            buffer in 1_usize..40,
            in_list in any::<bool>(),
        ) {
            let texts = records.iter().map(|(record, pretty)| match pretty {
                true => format!("{record:#}"),
                false => record.to_string(),
            });
            let texts: Vec<_> = texts.collect();
            let input = match in_list {
                true => format!("[{}]", texts.join(",\n")),
                false => texts.join("\n"),
            };
            let (found, ended) = try_read(input.as_bytes(), buffer);
            prop_assert!(ended.is_ok());
            let found: Vec<_> = found.into_iter().map(|(_, text)| text.unwrap()).collect();
            prop_assert_eq!(found, texts);
        }

        #[test]
        fn no_input_makes_it_panic(input in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = try_read(&input, 7);
        }
    }
}
