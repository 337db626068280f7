//! An export on its way: contacts that were read are written into files, hashed, and given out in pieces.

use std::collections::VecDeque;
use std::sync::Arc;
use std::vec;

use aftercall_proto::history::v1::export_interactions_response::Piece;
use aftercall_proto::history::v1::{ExportManifest, ExportPart};
use aftercall_service::Unread;
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;
use ring::digest::{Context, SHA256};

use super::format::{File, Format, FormatError};
use super::key::{ExportKey, hex};
use super::manifest::Manifest;
use super::rows::{Batch, Sought};
use super::token::{Part, Progress};
use crate::failure::Unanswered;
use crate::stored::StoredEntry;

/// The most bytes of a piece.
const PIECE_BYTES: usize = 1 << 20;

/// How many bytes of a file are gathered before they are given out.
const GATHERED_BYTES: usize = 256 << 10;

/// What an export is of.
pub(super) struct Plan {
    /// The contacts.
    pub(super) sought: Arc<Sought>,
    /// Its files' form.
    pub(super) format: Format,
    /// How many contacts each holds.
    pub(super) part_rows: u64,
    /// The time as of which it is.
    pub(super) now: Timestamp,
    /// What its manifest says beside what it holds.
    pub(super) manifest: Manifest,
    /// Signs it.
    pub(super) key: Arc<ExportKey>,
}

/// An export on its way.
pub(super) struct Course {
    plan: Plan,
    progress: Progress,
    /// What was read and is not written yet.
    rows: vec::IntoIter<(Bytes, Bytes)>,
    /// Whether there is nothing after it.
    is_last: bool,
    /// How many contacts are in the files that were given out.
    given: u64,
    part: Option<Open>,
    ready: VecDeque<Piece>,
    /// Whether its manifest was given out.
    ended: bool,
}

/// A file that is being written.
struct Open {
    file: File,
    rows: u64,
    bytes: u64,
    hash: Context,
    /// The key of its last contact.
    last: Bytes,
}

impl Course {
    /// Goes on from where `progress` says.
    pub(super) fn begin(plan: Plan, progress: Progress) -> Self {
        Self {
            rows: Vec::new().into_iter(),
            is_last: false,
            given: progress.given(),
            plan,
            progress,
            part: None,
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// The next piece that is ready.
    pub(super) fn give(&mut self) -> Option<Piece> {
        self.ready.pop_front()
    }

    /// Whether all of it was given out.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.ready.is_empty()
    }

    /// Whether it goes on only with more rows.
    pub(super) fn needs_rows(&self) -> bool {
        self.rows.as_slice().is_empty() && !self.is_last && !self.is_complete()
    }

    /// Takes the rows that come next, once it needs them.
    pub(super) fn take(&mut self, batch: Batch) {
        self.rows = batch.rows.into_iter();
        self.is_last = batch.is_last;
    }

    /// Writes what was read, until a piece is ready. Blocks for a moment.
    pub(super) fn write(&mut self) -> Result<(), Unanswered> {
        while self.ready.is_empty() {
            if self.is_complete() {
                return self.end();
            }
            match self.rows.next() {
                Some((key, value)) => self.add(key, value)?,
                None if self.is_last => return self.end(),
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Whether all contacts are written, whatever may come after them.
    fn is_complete(&self) -> bool {
        let in_hand = self.part.as_ref().map_or(0, |part| part.rows);
        self.given + in_hand == self.plan.sought.found.len()
    }

    /// Writes the contact of a row, if the export is of it.
    fn add(&mut self, key: Bytes, value: Bytes) -> Result<(), Unanswered> {
        let sought = &self.plan.sought;
        let entry = StoredEntry::decode(value)?;
        let Some(row) = sought.contact(&self.progress.tenant_id, entry)? else {
            return Ok(());
        };
        let mut part = match self.part.take() {
            Some(part) => part,
            None => Open::begin(self.plan.format, self.plan.now)?,
        };
        part.file.add(row).map_err(fault)?;
        part.rows += 1;
        part.last = key;
        let written = part.file.take(GATHERED_BYTES).map_err(fault)?;
        self.hold(&mut part, written);
        match part.rows >= self.plan.part_rows {
            true => self.finish(part),
            false => {
                self.part = Some(part);
                Ok(())
            }
        }
    }

    /// Makes pieces of bytes of a file.
    fn hold(&mut self, part: &mut Open, written: Vec<u8>) {
        if written.is_empty() {
            return;
        }
        part.bytes += written.len() as u64;
        part.hash.update(&written);
        let mut written = Bytes::from(written);
        while !written.is_empty() {
            let piece = written.split_to(written.len().min(PIECE_BYTES));
            self.ready.push_back(Piece::Bytes(piece));
        }
    }

    /// Ends a file.
    fn finish(&mut self, part: Open) -> Result<(), Unanswered> {
        let mut part = part;
        let empty = File::Ndjson(Vec::new(), Timestamp::UNIX_EPOCH);
        let rest = std::mem::replace(&mut part.file, empty).finish();
        self.hold(&mut part, rest.map_err(fault)?);
        let Open {
            rows,
            bytes,
            hash,
            last,
            ..
        } = part;
        let sha256 = Bytes::copy_from_slice(hash.finish().as_ref());
        self.given += rows;
        self.progress.after = last;
        self.progress.parts.push(Part {
            rows,
            bytes,
            sha256: sha256.clone(),
        });
        let number = self.progress.parts.len();
        self.ready.push_back(Piece::Part(ExportPart {
            number: u32::try_from(number).unwrap_or(u32::MAX),
            name: self.plan.format.file_name(number),
            rows,
            size: bytes,
            sha256: hex(&sha256),
            resume_token: self.progress.encode(&self.plan.key),
        }));
        Ok(())
    }

    /// Ends the last file and signs, once there is nothing more. What was given out is as much as was found, or nothing is
    /// signed.
    fn end(&mut self) -> Result<(), Unanswered> {
        if let Some(part) = self.part.take() {
            return self.finish(part);
        }
        let (given, found) = (self.given, self.plan.sought.found.len());
        if given != found || found != self.progress.rows {
            let text = format!(
                "an export has {given} contacts, and {found} were found, where {} had been",
                self.progress.rows
            );
            return Err(Unanswered::Unread(Unread::internal(text)));
        }
        let manifest = self.plan.manifest.of(&self.progress, self.plan.format);
        let manifest = manifest.map_err(|error| Unanswered::Unread(Unread::internal(error)))?;
        self.ready.push_back(Piece::Manifest(ExportManifest {
            signature: self.plan.key.sign(manifest.as_bytes()),
            manifest,
        }));
        self.ended = true;
        Ok(())
    }
}

impl Open {
    fn begin(format: Format, now: Timestamp) -> Result<Self, Unanswered> {
        Ok(Self {
            file: File::begin(format, now).map_err(fault)?,
            rows: 0,
            bytes: 0,
            hash: Context::new(&SHA256),
            last: Bytes::new(),
        })
    }
}

fn fault(error: FormatError) -> Unanswered {
    Unanswered::Unread(Unread::internal(error))
}
