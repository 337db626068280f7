//! What tantivy's failures say about the index's files.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};

use super::IndexError;
use crate::store::panic_message;
use crate::{Cause, Fault};

impl IndexError {
    /// What the operating system says.
    pub(super) fn io(error: &io::Error) -> Self {
        Self(Fault::io(error))
    }

    pub(super) fn damaged(what: impl std::fmt::Display) -> Self {
        Self(Fault::damaged(what))
    }

    /// The index is not open now.
    pub(crate) fn closed() -> Self {
        Self(Fault::unclear("it is not open"))
    }

    /// What it says about the index's files.
    pub fn cause(&self) -> Cause {
        self.0.cause()
    }
}

/// Turns tantivy's errors and panics into one failure. A panic says nothing about the files: those are
/// checked when they are opened again.
pub(super) fn guarded<T>(call: impl FnOnce() -> tantivy::Result<T>) -> Result<T, IndexError> {
    guarded_as(call, Cause::Unclear)
}

/// The same of what parses files and writes none: what makes it panic is what it read.
pub(super) fn reading<T>(call: impl FnOnce() -> tantivy::Result<T>) -> Result<T, IndexError> {
    guarded_as(call, Cause::Damaged)
}

fn guarded_as<T>(
    call: impl FnOnce() -> tantivy::Result<T>,
    panicked: Cause,
) -> Result<T, IndexError> {
    let fault = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => Fault::new(cause(&error), error),
        Err(panic) => Fault::new(panicked, panic_message(&*panic)),
    };
    Err(IndexError(fault))
}

/// tantivy's errors hold the operating system's answer, but most do not name it as their source.
fn cause(error: &TantivyError) -> Cause {
    use TantivyError as E;
    match error {
        E::IoError(io)
        | E::LockFailure(LockError::IoError(io), _)
        | E::OpenDirectoryError(
            OpenDirectoryError::FailedToCreateTempDir(io)
            | OpenDirectoryError::IoError { io_error: io, .. },
        )
        | E::OpenReadError(OpenReadError::IoError { io_error: io, .. })
        | E::OpenWriteError(OpenWriteError::IoError { io_error: io, .. }) => Cause::of_io(io),
        E::OpenReadError(
            OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_),
        )
        | E::DataCorruption(_)
        | E::IncompatibleIndex(_) => Cause::Damaged,
        other => Cause::of(other),
    }
}
