//! Cuts an input into chunks of lines, in bounded memory.

use std::io::{self, BufRead, Read};

/// The longest line that is taken. The longest record that the server takes is a fourth of that.
pub(super) const LINE_BYTES_MAX: usize = 4 << 20;
/// A chunk is full when it has this many bytes.
const CHUNK_BYTES: usize = 256 << 10;
/// What some programs put before the first line of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Some lines of one input.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    lines: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    number: u64,
    /// Where the line begins, and where it ends, if it is short enough.
    place: Option<(usize, usize)>,
}

/// A line of an input.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u64,
    /// Nothing where the line is too long.
    pub(super) bytes: Option<&'a [u8]>,
}

impl Chunk {
    /// The lines, without the ends of lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines.iter().map(|span| Line {
            number: span.number,
            bytes: span.place.map(|(from, to)| &self.bytes[from..to]),
        })
    }
}

/// The lines of an input.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0 }
    }

    /// How many lines were read.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next lines; nothing at the end.
    pub(super) fn chunk(&mut self) -> io::Result<Option<Chunk>> {
        let mut chunk = Chunk::default();
        while chunk.bytes.len() < CHUNK_BYTES {
            if !self.line(&mut chunk)? {
                break;
            }
        }
        Ok(Some(chunk).filter(|chunk| !chunk.lines.is_empty()))
    }

    /// Reads one line; false at the end.
    fn line(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        let from = chunk.bytes.len();
        // One byte more than a line may have, so that a longest line's end is seen.
        let mut bounded = self.input.by_ref().take(LINE_BYTES_MAX as u64 + 1);
        let taken = bounded.read_until(b'\n', &mut chunk.bytes)?;
        if taken == 0 {
            return Ok(false);
        }
        self.number += 1;
        let ended = chunk.bytes.last() == Some(&b'\n');
        if !ended && taken > LINE_BYTES_MAX {
            chunk.bytes.truncate(from);
            self.input.skip_until(b'\n')?;
            chunk.lines.push(Span {
                number: self.number,
                place: None,
            });
            return Ok(true);
        }
        let marked = self.number == 1 && chunk.bytes[from..].starts_with(BYTE_ORDER_MARK);
        let from = if marked {
            from + BYTE_ORDER_MARK.len()
        } else {
            from
        };
        let to = chunk.bytes.len() - usize::from(ended);
        chunk.lines.push(Span {
            number: self.number,
            place: Some((from, to)),
        });
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    type Read = Vec<(u64, Option<Vec<u8>>)>;

    fn read(input: &[u8], buffer: usize) -> Read {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, input));
        let mut read = Vec::new();
        while let Some(chunk) = lines.chunk().unwrap() {
            read.extend(
                chunk
                    .lines()
                    .map(|line| (line.number, line.bytes.map(<[u8]>::to_vec))),
            );
        }
        read
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut input = b"first\n".to_vec();
        input.extend(vec![b'x'; LINE_BYTES_MAX]);
        input.push(b'\n');
        input.extend(vec![b'y'; LINE_BYTES_MAX + 1]);
        input.extend(b"\nlast");
        let lengths: Vec<_> = read(&input, 8192)
            .into_iter()
            .map(|(number, bytes)| (number, bytes.map(|bytes| bytes.len())))
            .collect();
        let longest = LINE_BYTES_MAX;
        assert_eq!(
            lengths,
            [(1, Some(5)), (2, Some(longest)), (3, None), (4, Some(4))]
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        assert_eq!(
            read(b"\xef\xbb\xbfa\n\xef\xbb\xbfb", 4)[0],
            (1, Some(b"a".to_vec()))
        );
    }

    proptest! {
        #[test]
        fn every_line_is_read_once_whatever_the_buffer(
            lines in proptest::collection::vec("[ab\\r]{0,9}", 0..30),
            buffer in 1_usize..16,
        ) {
            let input = lines.join("\n");
            let read: Vec<_> = read(input.as_bytes(), buffer)
                .into_iter()
                .map(|(_, bytes)| String::from_utf8(bytes.unwrap()).unwrap())
                .collect();
            let mut expected = lines;
            // What follows the last end of line is a line only if it is not empty.
            if expected.last().is_some_and(String::is_empty) {
                expected.pop();
            }
            prop_assert_eq!(read, expected);
        }
    }
}
