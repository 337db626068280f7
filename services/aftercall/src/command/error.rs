//! Why a command failed, as one clear message.

use std::io;

use aftercall_client::Error;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Nobody answers.
    #[error(
        "no server answers at {address}: start one with `aftercall serve`, or name another with \
         --server"
    )]
    Unreachable {
        /// The address.
        address: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// The server said no, or can't be asked.
    #[error(transparent)]
    Client(Error),
    /// The server lives, but does not do its work.
    #[error(
        "the server at {server} is not serving: its views catch up with the log, the log can't be \
         written, or it is stopping; its own log says which"
    )]
    NotServing {
        /// The address.
        server: String,
    },
    /// A file can't be read or written.
    #[error("{path} can't be read or written")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file is no model, or not the one that was measured.
    #[error("{file} can't be used as a model")]
    Model {
        /// The file.
        file: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A log's files are not as they should be.
    #[error(transparent)]
    Log(Box<dyn std::error::Error + Send + Sync>),
    /// What was given makes no sense; the command line's fault, not the server's.
    #[error("{0}")]
    Usage(String),
    /// What was read is not what it should be.
    #[error("{0}")]
    Input(String),
    /// The command did what it could, and has said what failed.
    #[error("not everything succeeded")]
    Reported,
    /// The output takes no more.
    #[error("the output can't be written")]
    Output(#[from] io::Error),
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable { address, source } => Self::Unreachable { address, source },
            Error::AddressMalformed { .. } | Error::TokenMalformed | Error::Refused(_) => {
                Self::Client(error)
            }
        }
    }
}

impl CommandError {
    /// Whether the reader of the output has gone: nothing to complain about.
    pub fn reader_is_gone(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
