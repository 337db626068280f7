//! What a record says, decoded once for all views of a process.

use std::ops::Deref;

use aftercall_log::{Entry, Position};

use crate::ApplyError;

/// What the records of a log say to the views of it.
pub trait FromRecord: Sized + Send + Sync + 'static {
    /// Decodes a record. A process does so once for each record, unless a view is far behind.
    ///
    /// # Errors
    /// For a record that this program can't read: it ends the view, and with it the process.
    fn from_record(entry: &Entry) -> Result<Self, ApplyError>;

    /// Whether views are told, if it is accepted. The judge alone looks at what only a later version
    /// understands.
    fn is_for_views(&self) -> bool {
        true
    }
}

/// A fact, and where it stands in the log.
#[derive(Debug, Clone)]
pub struct Placed<F> {
    /// Where.
    pub position: Position,
    /// The fact.
    pub fact: F,
}

impl<F> Deref for Placed<F> {
    type Target = F;

    fn deref(&self) -> &F {
        &self.fact
    }
}

impl<F: FromRecord> Placed<F> {
    /// Decodes a record.
    ///
    /// # Errors
    /// As [`FromRecord::from_record`].
    pub fn read(entry: &Entry) -> Result<Self, ApplyError> {
        Ok(Self {
            position: entry.position,
            fact: F::from_record(entry)?,
        })
    }
}
