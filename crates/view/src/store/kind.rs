//! Which engines there are, and where views on one of them are kept.

use std::path::{Path, PathBuf};

use super::{Cache, Engine, LsmEngine, SledEngine, StoreError};

/// The engine that keeps a view's store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// lsm-tree.
    #[default]
    Lsm,
    /// sled.
    Sled,
}

impl EngineKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Lsm, Self::Sled];

    /// Opens or creates the store in `dir`, which keeps in `cache` what it has read.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the files can't be used, or are damaged.
    pub fn open(self, dir: &Path, cache: &Cache) -> Result<Box<dyn Engine>, StoreError> {
        Ok(match self {
            Self::Lsm => Box::new(LsmEngine::open(dir, cache)?),
            Self::Sled => Box::new(SledEngine::open(dir, cache)?),
        })
    }

    /// The name of a store's directory: one for each engine, so that none finds another's files.
    pub(crate) const fn dir_name(self) -> &'static str {
        match self {
            Self::Lsm => "store",
            Self::Sled => "store-sled",
        }
    }
}

/// Where views are kept. Made of a directory alone, it is on the default engine.
#[derive(Debug, Clone)]
pub struct Views {
    /// The directory in which each view has one of its own. Deletable: views are rebuilt.
    pub dir: PathBuf,
    /// What their stores are kept on. A view that was on another engine is rebuilt.
    pub engine: EngineKind,
    /// The most memory that a search index takes for documents that are not in a segment yet, in bytes,
    /// whatever its view asks for. A part of it is set up anew for each commit, which is most of the
    /// work where there are few documents.
    pub index_bytes_max: usize,
    /// What all of them keep in memory of their stores' files.
    pub cache: Cache,
}

impl From<PathBuf> for Views {
    fn from(dir: PathBuf) -> Self {
        Self {
            dir,
            engine: EngineKind::default(),
            index_bytes_max: usize::MAX,
            cache: Cache::default(),
        }
    }
}
