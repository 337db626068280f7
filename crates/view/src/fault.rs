//! What an engine's failure says about its files: a full disk is not damage, and neither is a file that
//! can't be opened for want of descriptors. Only what a checksum or a parse refutes is.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;

/// Why a view's store or search index can't be used now.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    cause: Cause,
    what: Arc<str>,
}

/// What a [`Fault`] says about the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The disk, or the user's quota, is full. What is committed is sound.
    Full,
    /// A checksum or a parse refutes what is there: it is to be built anew.
    Damaged,
    /// Nothing is known about the files: they are to be closed and opened again, which checks them.
    Unclear,
}

impl Fault {
    /// One with that cause; `what` says what was tried, and what came of it.
    pub fn new(cause: Cause, what: impl fmt::Display) -> Self {
        let what = what.to_string().into();
        Self { cause, what }
    }

    pub(crate) fn damaged(what: impl fmt::Display) -> Self {
        Self::new(Cause::Damaged, what)
    }

    pub(crate) fn unclear(what: impl fmt::Display) -> Self {
        Self::new(Cause::Unclear, what)
    }

    /// What the operating system's answer says.
    pub(crate) fn io(error: &io::Error) -> Self {
        Self::new(Cause::of_io(error), error)
    }

    /// What it says about the files.
    pub fn cause(&self) -> Cause {
        self.cause
    }
}

impl Cause {
    /// Looks for the operating system's answer in the whole chain of causes, and in the text.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let io = error.downcast_ref::<io::Error>();
            let shared = error.downcast_ref::<Arc<io::Error>>();
            if let Some(io) = io.or_else(|| shared.map(|io| &**io)) {
                return Self::of_io(io);
            }
            next = error.source();
        }
        Self::of_text(&error.to_string())
    }

    /// The operating system's answer, as the standard library prints it: here and there it is handed on
    /// as a text only.
    pub(crate) fn of_text(text: &str) -> Self {
        let number = |before: &str| {
            let (_, rest) = text.split_once(before)?;
            let digits = rest.split(|next: char| !next.is_ascii_digit()).next()?;
            digits.parse().ok()
        };
        let number = number("(os error ").or_else(|| number("Os { code: "));
        let error = number.map(io::Error::from_raw_os_error);
        error.map_or(Self::Unclear, |error| Self::of_io(&error))
    }

    pub(crate) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            // What the files name is not there, or ends too soon, or reads as nonsense.
            // An offset or a length that was read from a file can make the call itself invalid.
            ErrorKind::NotFound
            | ErrorKind::UnexpectedEof
            | ErrorKind::InvalidData
            | ErrorKind::InvalidInput => Self::Damaged,
            // An error that was wrapped keeps what it says, but its own kind is not its wrapper's.
            _ => match error.get_ref() {
                Some(inner) => Self::of(inner),
                None => Self::Unclear,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] Box<dyn Error + Send + Sync>);

    #[test]
    fn the_cause_is_found_however_deep_it_is_wrapped() {
        for (errno, cause) in [
            (rustix::io::Errno::NOSPC, Cause::Full),
            (rustix::io::Errno::DQUOT, Cause::Full),
            (rustix::io::Errno::NOENT, Cause::Damaged),
            (rustix::io::Errno::INVAL, Cause::Damaged),
            (rustix::io::Errno::MFILE, Cause::Unclear),
            (rustix::io::Errno::IO, Cause::Unclear),
            (rustix::io::Errno::ACCESS, Cause::Unclear),
        ] {
            let told = || io::Error::from(errno);
            let wrapped: [Box<dyn Error>; 7] = [
                Box::new(io::Error::other(told().to_string())),
                Box::new(io::Error::other(format!("{:?}", told()))),
                Box::new(told()),
                Box::new(Arc::new(told())),
                Box::new(io::Error::other(told())),
                Box::new(io::Error::other(Outer(Box::new(told())))),
                Box::new(Outer(Box::new(Outer(Box::new(io::Error::other(told())))))),
            ];
            for error in wrapped {
                assert_eq!(Cause::of(&*error), cause, "{error:?}");
            }
        }
        let parsed = io::Error::new(ErrorKind::UnexpectedEof, "ends too soon");
        assert_eq!(Cause::of(&parsed), Cause::Damaged);
        assert_eq!(Cause::of(&fmt::Error), Cause::Unclear);
    }
}
