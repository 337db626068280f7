//! The walk of a verification through the segments.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{IndexState, Progress, SegmentReport, TornTail, VerifyReport};
use crate::embedded::index::SparseIndex;
use crate::embedded::notes::durable;
use crate::embedded::recovery::{damage, missing_segment};
use crate::embedded::scan::{Bad, Scan, Step};
use crate::embedded::segment::{self, Head, PAGE_BYTES, index_path};
use crate::embedded::survey::{Rest, find_frame};
use crate::inspect::survey_last;
use crate::{Damage, Offset, OpenError};

/// After how many bytes progress is told.
const PROGRESS_BYTES: u64 = 8 << 20;

pub(super) struct Walk<'a> {
    report: VerifyReport,
    bytes_total: u64,
    told: u64,
    progress: &'a mut dyn FnMut(Progress),
}

/// A segment's first page, if it can be read, and the segment.
type Found = (Option<Head>, Offset, PathBuf);

impl<'a> Walk<'a> {
    pub(super) fn new(progress: &'a mut dyn FnMut(Progress)) -> Self {
        Self {
            report: VerifyReport::default(),
            bytes_total: 0,
            told: 0,
            progress,
        }
    }

    pub(super) fn into_report(self) -> VerifyReport {
        self.report
    }

    /// Reads the first pages. One that is damaged is reported, and made up for from the others.
    pub(super) fn heads(
        &mut self,
        found: Vec<(Offset, PathBuf)>,
    ) -> Result<Vec<(Head, PathBuf)>, OpenError> {
        self.begins_at_zero(&found);
        let mut heads = Vec::with_capacity(found.len());
        for (base, path) in found {
            heads.push((self.head(base, &path)?, base, path));
        }
        let Some(known) = heads.iter().find_map(|(head, ..)| *head) else {
            return Ok(Vec::new());
        };
        let other = |(head, ..): &&Found| head.is_some_and(|head| head.origin != known.origin);
        if let Some((.., path)) = heads.iter().find(other) {
            return Err(OpenError::Mixed { path: path.clone() });
        }
        let made_up = |(head, base, path): Found| (head.unwrap_or(Head { base, ..known }), path);
        Ok(heads.into_iter().map(made_up).collect())
    }

    fn begins_at_zero(&mut self, found: &[(Offset, PathBuf)]) {
        if let Some((base, path)) = found.first().filter(|(base, _)| *base > 0) {
            self.report.damaged(Damage {
                path: segment::path(path.parent().unwrap_or(Path::new("")), 0),
                byte: 0,
                offset: 0,
                detail: missing_records(0, *base),
            });
        }
    }

    /// Reports the segments after the last one that is there.
    pub(super) fn missing(
        &mut self,
        dir: &Path,
        heads: &[(Head, PathBuf)],
    ) -> Result<(), OpenError> {
        let noted = durable::find(dir)?;
        if let Some(damage) = missing_segment(dir, noted.as_ref(), heads) {
            self.report.damaged(damage);
        }
        Ok(())
    }

    fn head(&mut self, base: Offset, path: &Path) -> Result<Option<Head>, OpenError> {
        let file = File::open(path).map_err(OpenError::io("open", path))?;
        self.bytes_total += file
            .metadata()
            .map_err(OpenError::io("look at", path))?
            .len();
        match Head::read(&file, path, base) {
            Ok(head) => return Ok(Some(head)),
            Err(OpenError::Corrupt(damage)) => self.report.damaged(damage),
            Err(OpenError::Foreign { path }) => self.report.damaged(Damage {
                path,
                byte: 0,
                offset: base,
                detail: "the first page is not that of a segment".to_owned(),
            }),
            Err(error) => return Err(error),
        }
        Ok(None)
    }

    /// Reads a sealed segment; the one after it begins with the record `next`.
    pub(super) fn sealed(&mut self, head: Head, path: &Path, next: Offset) -> io::Result<()> {
        let file = Arc::new(File::open(path)?);
        let end = file.metadata()?.len();
        let (records_before, damages_before) = (self.report.records, self.report.damages_total);
        let mut index = SparseIndex::new(head.base, PAGE_BYTES);
        let mut scan = Scan::new(Arc::clone(&file), head.seed(), PAGE_BYTES, head.base);
        self.read(PAGE_BYTES);
        let reached = loop {
            match scan.next(end)? {
                Step::Frame(frame) => {
                    let frame_bytes = frame.header.frame_bytes() as u64;
                    index.push(frame.header.recorded_at_us, frame_bytes);
                    self.report.records += 1;
                    self.read(frame_bytes);
                }
                Step::End => break scan.offset(),
                Step::Bad(bad) => {
                    let further = self.skip(&file, head, path, (bad, end, next))?;
                    let Some((at, offset)) = further else {
                        break next;
                    };
                    scan = Scan::new(Arc::clone(&file), head.seed(), at, offset);
                }
            }
        };
        if reached != next {
            let detail = missing_records(reached, next);
            let path = path.to_owned();
            self.report.damaged(Damage {
                path,
                byte: end,
                offset: reached,
                detail,
            });
        }
        let whole = self.report.damages_total == damages_before;
        self.segment(
            head,
            path,
            records_before,
            index_state(head, path, &index, whole),
        );
        Ok(())
    }

    /// Reports what is bad, and finds the next good record after it.
    fn skip(
        &mut self,
        file: &File,
        head: Head,
        path: &Path,
        (bad, end, next): (Bad, u64, Offset),
    ) -> io::Result<Option<(u64, Offset)>> {
        let further = find_frame(file, head, bad.at..end, |found| found.offset > bad.offset)?
            .map(|(at, found)| (at, found.offset));
        let (until_byte, until) = further.unwrap_or((end, next));
        let mut damage = damage(path.to_owned(), bad);
        if until > bad.offset + 1 {
            damage.detail += &format!("; records {} to {} can't be read", bad.offset, until - 1);
        }
        self.report.damaged(damage);
        self.read(until_byte - bad.at);
        Ok(further)
    }

    /// Reads the segment that is written to.
    pub(super) fn last(&mut self, head: Head, path: &Path) -> Result<(), OpenError> {
        let records_before = self.report.records;
        let survey = survey_last(head, path)?;
        self.report.records += survey.index.next() - head.base;
        match survey.rest {
            Rest::Damaged(bad) => self.report.damaged(damage(path.to_owned(), bad)),
            Rest::Torn(bad) | Rest::Copied(bad) => {
                let (byte, offset) = (bad.at, bad.offset);
                self.report.torn_tail = Some(TornTail {
                    path: path.to_owned(),
                    byte,
                    offset,
                    copied: matches!(survey.rest, Rest::Copied(_)),
                });
            }
            Rest::Unwritten => {}
        }
        self.read(survey.file_bytes);
        self.segment(head, path, records_before, IndexState::NotNeeded);
        Ok(())
    }

    fn segment(&mut self, head: Head, path: &Path, records_before: u64, index: IndexState) {
        let records = self.report.records - records_before;
        let (path, base) = (path.to_owned(), head.base);
        self.report.segments.push(SegmentReport {
            path,
            base,
            records,
            index,
        });
        self.tell();
    }

    fn read(&mut self, bytes: u64) {
        self.report.bytes += bytes;
        if self.report.bytes - self.told >= PROGRESS_BYTES {
            self.tell();
        }
    }

    fn tell(&mut self) {
        self.told = self.report.bytes;
        (self.progress)(Progress {
            records: self.report.records,
            bytes: self.report.bytes,
            bytes_total: self.bytes_total,
        });
    }
}

/// Whether the index file of a sealed segment says what was read of it. It can't be compared with a
/// segment that is not whole.
fn index_state(head: Head, path: &Path, read: &SparseIndex, whole: bool) -> IndexState {
    match SparseIndex::load(&index_path(path), head.origin, head.base) {
        None => IndexState::Missing,
        Some(kept) if !whole || kept == *read => IndexState::Good,
        Some(_) => IndexState::Wrong,
    }
}

fn missing_records(from: Offset, next: Offset) -> String {
    if next > from {
        format!("records {from} to {} are missing", next - 1)
    } else {
        format!("the next segment begins with record {next} again")
    }
}
