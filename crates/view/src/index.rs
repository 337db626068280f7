//! A view's search index: tantivy with the checkpoint in the commit's payload.

mod check;
mod fault;
mod merging;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::LogIdentity;
use bytes::Bytes;
use parking_lot::RwLock;
use tantivy::directory::{Directory, MmapDirectory, RamDirectory};
use tantivy::indexer::{IndexWriterOptions, MergePolicy, NoMergePolicy};
use tantivy::schema::{Field, Schema};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
};

use crate::store::Touch;
use crate::{Cause, Fault, Positions};
use check::Check;
use fault::{guarded, reading};
use merging::Roomy;

/// What an index holds, and how it is keyed.
#[derive(Clone)]
pub struct IndexSchema {
    /// The version of the documents' making. An index of another version, or of another schema, is
    /// deleted and rebuilt from the log and the store.
    pub version: u32,
    /// The fields.
    pub schema: Schema,
    /// The field of the document's key: an indexed bytes field. Filled in by this crate.
    pub key: Field,
    /// The tokenizers that the schema names.
    pub tokenizers: TokenizerManager,
}

impl fmt::Debug for IndexSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexSchema")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// How much of what is stored of documents is compressed together, in bytes: to read one of them is to unpack as much.
const STORED_BLOCK_BYTES: usize = 4 << 10;
/// As many of them as this stay unpacked, of each segment: who types on is given much the same documents again.
const STORED_BLOCKS_KEPT: usize = 400;

/// How much memory an index in memory begins with, in bytes: it grows with its documents.
const IN_MEMORY_BYTES: usize = 16 << 20;

impl IndexSchema {
    /// An index of these documents alone, in memory, each with its key: for few of them, and a moment.
    ///
    /// # Errors
    /// When the documents don't fit the schema.
    pub fn in_memory(
        &self,
        documents: impl IntoIterator<Item = (Bytes, TantivyDocument)>,
    ) -> Result<Searcher, IndexError> {
        guarded(|| {
            let index = Index::builder()
                .schema(self.schema.clone())
                .tokenizers(self.tokenizers.clone());
            let directory = RamDirectory::create();
            let mut writer = index.single_segment_index_writer(directory, IN_MEMORY_BYTES)?;
            for (key, mut document) in documents {
                document.add_bytes(self.key, &key);
                writer.add_document(document)?;
            }
            Ok(reader(&writer.finalize()?)?.searcher())
        })
    }
}

/// How an index is written.
#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// The memory for documents that are not in a segment yet, in bytes, over all threads. At
    /// least 15 MB a thread.
    pub memory_bytes: usize,
    /// The number of threads that index.
    pub threads: usize,
    /// The least time between two commits while the view keeps up with the log.
    pub commit_every: Duration,
    /// The least time between two commits while the view is behind.
    pub behind_commit_every: Duration,
    /// The most records between two commits while the view is behind. One that is far behind waits for a quarter of what
    /// is still to come, if that is more.
    pub behind_records_max: u64,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            threads: 1,
            commit_every: Duration::from_millis(250),
            behind_commit_every: Duration::from_secs(5),
            behind_records_max: 200_000,
        }
    }
}

/// An index failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the search index failed: {0}")]
pub struct IndexError(Fault);

/// What the index held at one commit. Cheap to clone; does not change.
#[derive(Clone)]
pub struct Snapshot {
    /// Searches the documents of that commit.
    pub searcher: Searcher,
    /// What the documents are complete through.
    pub complete_through: Positions,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("complete_through", &self.complete_through)
            .finish_non_exhaustive()
    }
}

/// The last snapshot, shared with queries.
pub(crate) type Published = Arc<RwLock<Option<Snapshot>>>;

/// An index with its writer. Owned by one thread.
pub struct SearchIndex {
    writer: IndexWriter,
    reader: IndexReader,
    key: Field,
    identity: Identity,
    committed: Positions,
    dir: PathBuf,
    /// The most that the writer has in memory, in bytes.
    memory_bytes: u64,
    /// Begun by this opening.
    new: bool,
    merges: bool,
    /// The check of the files that were there at the opening, until it has an outcome.
    check: Option<Check>,
}

impl fmt::Debug for SearchIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchIndex")
            .field("committed", &self.committed)
            .finish_non_exhaustive()
    }
}

/// Makes the directory in which tantivy keeps its files: the operating system's, or a test's.
type Disk<'d> = dyn Fn(&Path) -> tantivy::Result<Box<dyn Directory>> + 'd;

fn os_disk(dir: &Path) -> tantivy::Result<Box<dyn Directory>> {
    Ok(Box::new(MmapDirectory::open(dir)?))
}

impl SearchIndex {
    /// Opens the index in `dir`. One that was built with another schema, version or log, or that is
    /// damaged, is deleted, and an empty one begun.
    ///
    /// # Errors
    /// When it can't be opened now, for want of room or of anything else; it stays as it is.
    pub fn open(
        dir: &Path,
        schema: IndexSchema,
        log: impl Into<LogIdentity>,
        options: &IndexOptions,
    ) -> Result<Self, IndexError> {
        Self::open_on(&os_disk, dir, schema, log.into(), options)
    }

    fn open_on(
        disk: &Disk<'_>,
        dir: &Path,
        schema: IndexSchema,
        log: LogIdentity,
        options: &IndexOptions,
    ) -> Result<Self, IndexError> {
        let identity = Identity {
            version: schema.version,
            log,
        };
        match Self::open_existing(disk, dir, &schema, &identity, options) {
            Ok(Some(index)) => return Ok(index),
            Ok(None) => tracing::info!(dir = %dir.display(), "search index begun"),
            Err(error) if error.cause() == Cause::Damaged => {
                tracing::warn!(dir = %dir.display(), %error, "search index damaged, begun anew");
            }
            Err(error) => return Err(error),
        }
        remove_dir(dir)?;
        std::fs::create_dir_all(dir).map_err(|error| IndexError::io(&error))?;
        guarded(|| {
            let index = Index::builder()
                .schema(schema.schema.clone())
                .tokenizers(schema.tokenizers.clone())
                .settings(IndexSettings {
                    docstore_blocksize: STORED_BLOCK_BYTES,
                    ..IndexSettings::default()
                })
                .open_or_create(disk(dir)?)?;
            Self::start(index, (dir, schema.key), identity, options)
        })
    }

    /// What the index in `dir` held at its last commit, for reading alone; none where there is none of
    /// that schema, version and log. Takes no room.
    pub(crate) fn peek(
        dir: &Path,
        schema: &IndexSchema,
        log: impl Into<LogIdentity>,
    ) -> Result<Option<Snapshot>, IndexError> {
        let identity = Identity {
            version: schema.version,
            log: log.into(),
        };
        let Some((index, complete_through)) = read_existing(&os_disk, dir, schema, &identity)?
        else {
            return Ok(None);
        };
        let searcher = reading(|| Ok(reader(&index)?.searcher()))?;
        Ok(Some(Snapshot {
            searcher,
            complete_through,
        }))
    }

    /// What the index was complete through at its last commit.
    pub fn committed(&self) -> &Positions {
        &self.committed
    }

    /// Whether the index was begun when it was opened, so that all it holds was written since.
    pub(crate) fn is_new(&self) -> bool {
        self.new
    }

    /// The documents of the last commit.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            searcher: self.reader.searcher(),
            complete_through: self.committed.clone(),
        }
    }

    /// Replaces the document `key`; without a `document` removes it. Visible with the next commit.
    pub fn upsert(
        &mut self,
        key: &[u8],
        document: Option<TantivyDocument>,
    ) -> Result<(), IndexError> {
        self.write(key, document, Touch::Known)
    }

    pub(crate) fn write(
        &mut self,
        key: &[u8],
        document: Option<TantivyDocument>,
        touch: Touch,
    ) -> Result<(), IndexError> {
        let written = guarded(|| {
            if touch == Touch::Known {
                self.writer
                    .delete_term(Term::from_field_bytes(self.key, key));
            }
            if let Some(mut document) = document {
                document.add_bytes(self.key, key);
                self.writer.add_document(document)?;
            }
            Ok(())
        });
        // A worker that failed leaves behind only that it is gone. Why is told to whoever awaits it.
        written.map_err(
            |gone| match guarded(|| self.writer.prepare_commit().map(drop)) {
                Err(error) if gone.cause() == Cause::Unclear => error,
                _ => gone,
            },
        )
    }

    /// Whether segments are merged from here on. Merging costs about as much as indexing, and what
    /// is merged while much is still to come is merged again later.
    pub(crate) fn set_merges(&mut self, merges: bool) {
        if self.merges != merges {
            self.merges = merges;
            let policy: Box<dyn MergePolicy> = match merges {
                true => Box::new(Roomy::new(self.dir.clone(), self.memory_bytes)),
                false => Box::new(NoMergePolicy),
            };
            self.writer.set_merge_policy(policy);
        }
    }

    /// Makes all that was written since the last commit durable and visible; `complete_through`
    /// is kept with it.
    pub fn commit(&mut self, complete_through: &Positions) -> Result<(), IndexError> {
        let payload = self.identity.payload(complete_through);
        guarded(|| {
            let mut prepared = self.writer.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()?;
            self.reader.reload()
        })?;
        self.committed = complete_through.clone();
        Ok(())
    }

    /// Waits until the files that were there at the opening are checked, but not for ever.
    ///
    /// # Errors
    /// One of them is damaged.
    pub(crate) fn await_check(&mut self, at_most: Duration) -> Result<(), IndexError> {
        match self.check.as_ref().and_then(|check| check.wait(at_most)) {
            None => Ok(()),
            Some(outcome) => {
                self.check = None;
                outcome
            }
        }
    }

    fn open_existing(
        disk: &Disk<'_>,
        dir: &Path,
        schema: &IndexSchema,
        identity: &Identity,
        options: &IndexOptions,
    ) -> Result<Option<Self>, IndexError> {
        let Some((index, committed)) = read_existing(disk, dir, schema, identity)? else {
            return Ok(None);
        };
        let started = guarded(|| {
            let mut opened =
                Self::start(index.clone(), (dir, schema.key), identity.clone(), options)?;
            opened.check = Some(Check::begin(opened.writer.index())?);
            Ok(opened)
        });
        let mut opened = match started {
            Ok(opened) => opened,
            // Whether it is the files, only their checksums say.
            Err(error) if error.cause() == Cause::Unclear => {
                check::all(&index)?;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        opened.committed = committed;
        opened.new = false;
        Ok(Some(opened))
    }

    fn start(
        index: Index,
        (dir, key): (&Path, Field),
        identity: Identity,
        options: &IndexOptions,
    ) -> tantivy::Result<Self> {
        let threads = options.threads.max(1);
        let writer_options = IndexWriterOptions::builder()
            .num_worker_threads(threads)
            .memory_budget_per_thread(options.memory_bytes / threads)
            .num_merge_threads(1)
            .build();
        let writer = index.writer_with_options(writer_options)?;
        // tantivy gives the first change after an opening the stamp that the last commit has. A merge
        // up to that commit then takes a deletion for done that is not, and the document is there
        // twice. So nothing comes first.
        writer.run(Vec::new())?;
        // What a commit that failed left behind has names that the next one takes again.
        writer.garbage_collect_files().wait()?;
        let mut started = Self {
            reader: reader(&index)?,
            writer,
            key,
            identity,
            committed: Positions::new(),
            dir: dir.to_owned(),
            memory_bytes: options.memory_bytes as u64,
            new: true,
            merges: false,
            check: None,
        };
        started.set_merges(true);
        Ok(started)
    }
}

/// The index in `dir`, and what it is complete through, if it is one of that schema and identity.
fn read_existing(
    disk: &Disk<'_>,
    dir: &Path,
    schema: &IndexSchema,
    identity: &Identity,
) -> Result<Option<(Index, Positions)>, IndexError> {
    if !dir.exists() {
        return Ok(None);
    }
    reading(|| {
        let directory = disk(dir)?;
        if !Index::exists(&*directory)? {
            return Ok(None);
        }
        let mut index = Index::open(directory)?;
        index.set_tokenizers(schema.tokenizers.clone());
        let payload = index.load_metas()?.payload;
        let committed = payload
            .as_deref()
            .and_then(|payload| identity.read(payload));
        let committed = committed.filter(|_| index.schema() == schema.schema);
        Ok(committed.map(|committed| (index, committed)))
    })
}

fn reader(index: &Index) -> tantivy::Result<IndexReader> {
    let reader = index.reader_builder();
    let reader = reader.doc_store_cache_num_blocks(STORED_BLOCKS_KEPT);
    reader.reload_policy(ReloadPolicy::Manual).try_into()
}

/// Whose index it is; part of each commit's payload.
#[derive(Debug, Clone)]
struct Identity {
    version: u32,
    log: LogIdentity,
}

impl Identity {
    fn payload(&self, positions: &Positions) -> String {
        format!(
            "1 {} {} {}",
            self.version,
            self.log.id(),
            positions.encode(&self.log)
        )
    }

    /// The positions of a payload of the same identity.
    fn read(&self, payload: &str) -> Option<Positions> {
        let (head, token) = payload.rsplit_once(' ')?;
        let same = head == format!("1 {} {}", self.version, self.log.id());
        same.then(|| Positions::decode(token, &self.log).ok())
            .flatten()
    }
}

/// Removes `dir` with all that is in it, if it is there.
pub(crate) fn remove_dir(dir: &Path) -> Result<(), IndexError> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(IndexError::io(&error)),
        _ => Ok(()),
    }
}
