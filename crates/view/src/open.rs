//! Opens a view's store: whose it is, how far it is, and what to do with one that is void.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use aftercall_log::{Epoch, LogIdentity, Offset};
use bytes::Bytes;

use crate::store::RESERVED_TAG;
use crate::{
    Cache, Cause, Direction, Engine, EngineKind, Positions, Store, StoreError, Txn, ViewError,
    Views,
};

/// The store's record of itself, written with every batch.
const CHECKPOINT_KEY: [u8; 2] = [RESERVED_TAG, 1];

/// The version of the checkpoint's layout.
const CHECKPOINT_LAYOUT: u8 = 4;

/// Where a view keeps its files.
#[derive(Debug, Clone)]
pub(crate) struct ViewDir {
    path: PathBuf,
    engine: EngineKind,
    cache: Cache,
}

impl ViewDir {
    pub(crate) fn new(views: &Views, name: &str) -> Self {
        Self {
            path: views.dir.join(name),
            engine: views.engine,
            cache: views.cache.clone(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.path.join("index")
    }

    fn store(&self) -> PathBuf {
        self.path.join(self.engine.dir_name())
    }

    fn aside(&self) -> PathBuf {
        self.path.join("store.damaged")
    }

    /// Makes the directory, and keeps every other process out of it until the file is dropped.
    pub(crate) fn lock(&self) -> Result<File, ViewError> {
        let io_error = |source| ViewError::Directory {
            dir: self.path.clone(),
            source,
        };
        std::fs::create_dir_all(&self.path).map_err(io_error)?;
        let file = File::create(self.path.join("lock")).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(ViewError::Locked {
                dir: self.path.clone(),
            }),
            Err(TryLockError::Error(source)) => Err(io_error(source)),
        }
    }

    /// Moves a damaged store out of the way, in the place of one that was moved there before.
    pub(crate) fn set_store_aside(&self) -> Result<(), ViewError> {
        let move_aside = || {
            remove_dir(&self.aside())?;
            match std::fs::rename(self.store(), self.aside()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        move_aside().map_err(|source| ViewError::Directory {
            dir: self.path.clone(),
            source,
        })
    }

    fn delete_store(&self) -> Result<(), ViewError> {
        self.delete(self.engine)
    }

    /// What another engine left would only take space, and be old when that engine comes back.
    fn delete_stores_of_others(&self) -> Result<(), ViewError> {
        let mut others = EngineKind::ALL.into_iter();
        others.try_for_each(|other| match other == self.engine {
            true => Ok(()),
            false => self.delete(other),
        })
    }

    fn delete(&self, engine: EngineKind) -> Result<(), ViewError> {
        let store = self.path.join(engine.dir_name());
        remove_dir(&store).map_err(|source| ViewError::Directory {
            dir: self.path.clone(),
            source,
        })
    }
}

/// Whose store it is.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    /// The version of the judge whose decisions it is made of; 0 for the ledger itself.
    pub(crate) judged_by: u32,
    pub(crate) log: LogIdentity,
}

/// Whether the log has all that a store includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Has {
    Yes,
    No,
    /// It is to be asked again.
    Unsure,
}

/// A store that is open, and what it is complete through.
#[derive(Debug)]
pub(crate) struct OpenStore {
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) applied: Positions,
}

/// Opens the store; begins a new one in the place of one that is void or damaged, and of no other. None if `has`, which
/// says whether the log has all that the store includes, is unsure.
pub(crate) fn open(
    dir: &ViewDir,
    identity: &Identity,
    has: &dyn Fn(&Positions) -> Has,
) -> Result<Option<OpenStore>, ViewError> {
    dir.delete_stores_of_others()?;
    match try_open(dir, identity, has) {
        Ok(Opening::Open(open)) => return Ok(Some(open)),
        Ok(Opening::Unsure) => return Ok(None),
        Ok(Opening::Void(reason)) => {
            tracing::info!(view = identity.name, reason, "view void, rebuilding it");
            dir.delete_store()?;
        }
        Err(error) if error.cause() == Some(Cause::Damaged) => {
            tracing::warn!(view = identity.name, %error, "view damaged, rebuilding it");
            dir.set_store_aside()?;
        }
        Err(error) => return Err(ViewError::Store(error)),
    }
    match try_open(dir, identity, has) {
        Ok(Opening::Open(open)) => Ok(Some(open)),
        Ok(Opening::Unsure) => Ok(None),
        Ok(Opening::Void(void)) => Err(ViewError::Store(StoreError::unclear(void))),
        Err(error) => Err(ViewError::Store(error)),
    }
}

/// What a store that is open is complete through, if it says so.
pub(crate) fn applied(store: &Store, identity: &Identity) -> Result<Option<Positions>, StoreError> {
    let checkpoint = store.get(CHECKPOINT_KEY)?;
    Ok(checkpoint.and_then(|checkpoint| identity.read(&checkpoint)))
}

/// What a store turned out to be.
enum Opening {
    Open(OpenStore),
    /// Of no use, and why.
    Void(&'static str),
    /// It may be ahead of the log.
    Unsure,
}

fn try_open(
    dir: &ViewDir,
    identity: &Identity,
    has: &dyn Fn(&Positions) -> Has,
) -> Result<Opening, StoreError> {
    let engine = dir.engine.open(&dir.store(), &dir.cache)?;
    let Some(checkpoint) = engine.get(&CHECKPOINT_KEY)? else {
        return match engine.scan(&[], None, Direction::Ascending).next() {
            None => Ok(Opening::Open(OpenStore {
                engine,
                applied: Positions::new(),
            })),
            Some(_) => Ok(Opening::Void("it has no checkpoint")),
        };
    };
    let Some(applied) = identity.read(&checkpoint) else {
        let reason = "it was built by another version, or from another log or life of it";
        return Ok(Opening::Void(reason));
    };
    Ok(match has(&applied) {
        Has::Yes => Opening::Open(OpenStore { engine, applied }),
        Has::No => Opening::Void("it is ahead of the log"),
        Has::Unsure => Opening::Unsure,
    })
}

/// Whether `positions` include what a log with these tails does not have.
pub(crate) fn is_ahead(tails: &[Offset], positions: &Positions) -> bool {
    !Positions::below(tails).covers_all(positions)
}

/// Puts the checkpoint into a batch.
pub(crate) fn write_checkpoint(identity: &Identity, applied: &Positions, txn: &mut Txn<'_>) {
    let mut value = identity.head();
    let epoch = applied.epoch_in(&identity.log);
    value.extend_from_slice(&epoch.0.to_be_bytes());
    applied.write(&mut value);
    txn.put_own(Bytes::from_static(&CHECKPOINT_KEY), value.into());
}

impl Identity {
    fn head(&self) -> Vec<u8> {
        let mut head = vec![CHECKPOINT_LAYOUT];
        head.extend_from_slice(&self.log.id().0);
        head.extend_from_slice(&self.version.to_be_bytes());
        head.extend_from_slice(&self.judged_by.to_be_bytes());
        head.extend_from_slice(self.name.as_bytes());
        head.push(0);
        head
    }

    /// What a checkpoint of the same identity says.
    fn read(&self, checkpoint: &[u8]) -> Option<Positions> {
        let rest = checkpoint.strip_prefix(self.head().as_slice())?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let epoch = Epoch(u32::from_be_bytes(*epoch));
        match Positions::read(rest) {
            Some((applied, [])) if applied.epoch_in(&self.log) == epoch => Some(applied),
            _ => None,
        }
    }
}

fn remove_dir(dir: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
