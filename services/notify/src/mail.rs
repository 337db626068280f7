//! Mail: people are told of promises that need them, in their language and by their clocks.
//!
//! ```text
//!  Notice: what is to be told ─┐
//!  Reader: to whom, and how   ─┴─► Letter: subject and text ─► message ─► Mailer ─► Outcome ─► when again
//! ```
//!
//! # What holds
//!
//! * **At least once, always the same id.** The round that decides on a message queues its mail, and what came of an
//!   attempt is recorded after it, also that there is no server to send it by.
//! * **The same notice is the same mail.** Its id, its date and its text follow from the notice and its reader
//!   alone: a program that gets it twice sees one message.
//! * **The words of a promise** would be in a mail only where its reader may have what is personal. Messages about alerts
//!   hold none, so no mail has them.
//! * **Nobody reads along.** Off loopback it is sent by TLS, from the beginning or by STARTTLS, or not at all.
//! * **A server can't hold us.** What it says is bounded in bytes and in time.

mod config;
mod connection;
mod letter;
mod mailer;
mod message;
mod notice;
mod outcome;
mod post;
mod probe;
mod server;
mod told;
mod words;

pub use config::{MailConfig, MailConfigError, MailTls};
pub use letter::Letter;
pub use mailer::{Mailer, MailerError};
pub use message::{Unsendable, message};
pub use notice::{Cause, Notice, Reader, Standing, Told, ToldConcern};
pub use outcome::{Fate, Outcome, Trouble};
pub(crate) use post::Post;
pub use server::MailGrpc;
