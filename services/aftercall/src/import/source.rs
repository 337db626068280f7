//! The inputs: files or standard input, compressed or not, read by a thread of their own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc;

use super::report::{RowError, Tally};
use crate::json::{Chunk, Records};

/// How much is read ahead at a time.
const BUFFER_BYTES: usize = 256 << 10;
/// What a gzip file begins with.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The name of standard input.
const STDIN: &str = "-";

/// Some records, and where they come from.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) file: Arc<str>,
    pub(super) chunk: Chunk,
}

/// How many bytes the inputs have in all; nothing where one of them can't tell.
pub(super) fn bytes_total(files: &[String]) -> Option<u64> {
    let sizes = files.iter().map(|file| {
        let found = std::fs::metadata(file)
            .ok()
            .filter(|found| file != STDIN && found.is_file());
        found.map(|found| found.len())
    });
    sizes.sum()
}

/// Reads all `files`, one after the other, until nobody takes the pieces. A file that can't be read
/// on is reported, and the next one begun.
pub(super) fn read(files: &[String], tally: &Tally, pieces: &mpsc::Sender<Piece>) {
    for file in files {
        let name: Arc<str> = if file == STDIN {
            "stdin".into()
        } else {
            file.as_str().into()
        };
        let mut line = 0;
        match read_one(file, &name, tally, pieces, &mut line) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tally.file_failed(&RowError::file(&name, line, &error)),
        }
    }
}

/// Reads one file; false when nobody takes the pieces any more.
fn read_one(
    file: &str,
    name: &Arc<str>,
    tally: &Tally,
    pieces: &mpsc::Sender<Piece>,
    line: &mut u64,
) -> io::Result<bool> {
    let mut records = Records::new(open(file, &tally.bytes_read)?);
    loop {
        let chunk = records.chunk();
        *line = records.lines();
        let Some(chunk) = chunk? else {
            return Ok(true);
        };
        let file = Arc::clone(name);
        if pieces.blocking_send(Piece { file, chunk }).is_err() {
            return Ok(false);
        }
    }
}

fn open(file: &str, counter: &Arc<AtomicU64>) -> io::Result<Box<dyn BufRead>> {
    let raw: Box<dyn Read> = match file {
        STDIN => Box::new(io::stdin().lock()),
        path => Box::new(File::open(path)?),
    };
    let counted = Counted {
        input: raw,
        counter: Arc::clone(counter),
    };
    let mut input = BufReader::with_capacity(BUFFER_BYTES, counted);
    if is_gzip(&mut input)? {
        let text = MultiGzDecoder::new(input);
        return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, text)));
    }
    Ok(Box::new(input))
}

/// A pipe may give one byte at first; that is too little to tell, and no JSON either begins so.
fn is_gzip(input: &mut impl BufRead) -> io::Result<bool> {
    Ok(input.fill_buf()?.starts_with(&GZIP_MAGIC))
}

/// Counts what is read.
struct Counted {
    input: Box<dyn Read>,
    counter: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let taken = self.input.read(buffer)?;
        self.counter.fetch_add(taken as u64, Ordering::Relaxed);
        Ok(taken)
    }
}
