//! The client of aftercall, for programs in Rust.
//!
//! A request's type says which call it is: [`Client::call`] takes any of them and gives the answer
//! that belongs to it. What the server says may be tried again is tried again, with the same request
//! and within bounds ([`Retry`]); a request that has no name of its own gets one before it is sent, so
//! that trying again never writes twice. Lists come as streams ([`Client::items`],
//! [`Client::pages`]), and alerts and promises as streams that go on where they were after a connection broke
//! ([`Client::watch_alerts`], [`Client::watch_commitments`]). What the server refuses is a [`Refusal`], with its stable reason and
//! every wrong field.
//!
//! ```no_run
//! use aftercall_client::{Client, Error, Token};
//! use aftercall_proto::history::v1::ListTimelineRequest;
//! use aftercall_proto::model::v1::Interaction;
//! use aftercall_proto::recorder::v1::RecordInteractionRequest;
//! use futures::TryStreamExt;
//!
//! # async fn calls(contact: Interaction) -> Result<(), Error> {
//! let client = Client::builder("https://aftercall.example.com")
//!     .token(Token::new("…"))
//!     .read_own_writes()
//!     .connect()
//!     .await?;
//!
//! let recorded = client
//!     .call(RecordInteractionRequest {
//!         interaction: Some(contact),
//!         ..Default::default()
//!     })
//!     .await;
//! match recorded {
//!     Ok(answer) => println!("recorded {}", answer.interaction_id),
//!     Err(Error::Refused(refusal)) if refusal.reason == "INVALID_REQUEST" => {
//!         for wrong in &refusal.violations {
//!             println!("{}: {}", wrong.field, wrong.description);
//!         }
//!     }
//!     Err(error) => return Err(error),
//! }
//!
//! // The write above is in the answer.
//! let timeline = ListTimelineRequest {
//!     whose: Some("C-1001".to_owned().into()),
//!     ..Default::default()
//! };
//! let mut entries = std::pin::pin!(client.items(timeline));
//! while let Some(entry) = entries.try_next().await? {
//!     println!("{entry:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | module       | owns                                                             |
//! |--------------|------------------------------------------------------------------|
//! | `builder`    | address, credentials, TLS, limits                                |
//! | `backup`     | copies of the server's log                                       |
//! | `client`     | one call, tried again where that helps; positions                |
//! | `export`     | contacts taken home, as files                                    |
//! | `list`       | lists as streams of pages and of items                           |
//! | `refusal`    | what a server's refusal says                                     |
//! | `retry`      | when to try again, and when to give up                           |
//! | `rpc`        | which request is which call                                      |
//! | `watch`      | alerts and promises, across broken connections                   |

mod backup;
mod builder;
mod client;
mod export;
mod list;
mod refusal;
mod retry;
mod rpc;
mod watch;

pub use builder::{Builder, Credentials, Token};
pub use client::{Client, Error, Transport};
pub use list::{List, Total};
pub use refusal::{Refusal, Violation};
pub use retry::Retry;
pub use rpc::{METHODS, Rpc};
