//! An export on its way: contacts read in the order of the store, written into files, hashed, and given out in pieces.

use std::collections::VecDeque;
use std::sync::Arc;

use aftercall_domain::Scope;
use aftercall_proto::history::v1::export_interactions_response::Piece;
use aftercall_proto::history::v1::{ExportManifest, ExportPart};
use aftercall_service::Unread;
use bytes::Bytes;
use jiff::Timestamp;
use ring::digest::{Context, SHA256};

use super::columns::Row;
use super::format::{File, Format, FormatError};
use super::key::{ExportKey, hex};
use super::manifest::Manifest;
use super::rows::{Looked, Rows};
use super::token::{Part, Progress};
use crate::failure::Unanswered;
use crate::known::Known;
use crate::promises;
use crate::stored::StoredEntry;

/// The most bytes of a piece.
const PIECE_BYTES: usize = 1 << 20;

/// How many bytes of a file are gathered before they are given out.
const GATHERED_BYTES: usize = 256 << 10;

/// How many rows are looked at in one step, so that a step takes a moment.
const STEP_ROWS: usize = 2_048;

/// What an export is of.
pub(super) struct Plan {
    /// What is known as of its moment.
    pub(super) known: Known,
    /// Whose records the caller reads.
    pub(super) scope: Scope,
    /// The places in the log of the contacts that it is of, in order.
    pub(super) found: Vec<u64>,
    /// The keys of their entries, in order, where there are few of them.
    pub(super) listed: Option<Vec<Bytes>>,
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

/// An export on its way. Each step blocks for a moment.
pub(super) struct Course {
    plan: Plan,
    progress: Progress,
    rows: Rows,
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
            rows: Rows::after(&plan, &progress.tenant_id, &progress.after),
            given: progress.given(),
            plan,
            progress,
            part: None,
            ready: VecDeque::new(),
            ended: false,
        }
    }

    /// The next piece; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, Unanswered> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            if self.ended {
                return Ok(None);
            }
            self.step()?;
        }
    }

    /// Reads some rows, and writes those that are wanted.
    fn step(&mut self) -> Result<(), Unanswered> {
        for _ in 0..STEP_ROWS {
            if self.given + self.in_hand() == self.plan.found.len() as u64 {
                return self.end();
            }
            match self.rows.look(&self.plan)? {
                Looked::End => return self.end(),
                Looked::Other => {}
                Looked::Wanted(key, entry) => self.add(key, *entry)?,
            }
            if !self.ready.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn in_hand(&self) -> u64 {
        self.part.as_ref().map_or(0, |part| part.rows)
    }

    fn add(&mut self, key: Bytes, entry: StoredEntry) -> Result<(), Unanswered> {
        let known = &self.plan.known;
        let promises = promises::all(&self.progress.tenant_id, &entry, |key| known.get(key))?;
        let Some(contact) = entry.interaction else {
            return Ok(());
        };
        let mut part = match self.part.take() {
            Some(part) => part,
            None => Open::begin(self.plan.format, self.plan.now)?,
        };
        part.file.add(Row { contact, promises }).map_err(fault)?;
        part.rows += 1;
        part.last = key;
        let written = part.file.take(GATHERED_BYTES).map_err(fault)?;
        self.give(&mut part, written);
        match part.rows >= self.plan.part_rows {
            true => self.finish(part),
            false => {
                self.part = Some(part);
                Ok(())
            }
        }
    }

    /// Gives out bytes of a file.
    fn give(&mut self, part: &mut Open, written: Vec<u8>) {
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
        self.give(&mut part, rest.map_err(fault)?);
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
        let (given, found) = (self.given, self.plan.found.len() as u64);
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
