//! The ledger: decides once, for all views of a process, which events count.
//!
//! A log has no compare-and-append. Two callers can decide on the same version of a promise, and
//! both append; a record may stand in the log twice, for two contents or two customers. Whether an
//! event counts follows from those before it in its partition: whose it is, the first of its names,
//! the next of its sequence. The rules are the domain's ([`aftercall_domain::interaction::Life`]);
//! here they meet the log: [`Contacts`] judges each record, [`Ledger`] answers what it knows, and
//! views get what was [`Accepted`], decoded.
//!
//! # What holds
//!
//! * **One entry a contact** decides about its record, its amendments and all that becomes of its
//!   promises; one a solution, and one a customer about merges.
//! * **An id names something together with whose it is**: callers may give the same id for two
//!   customers, through two processes that don't know of each other yet. Both are facts.
//! * **A contact has other names than its id**: the reference in another system that comes with an
//!   id, and the ids of promises that its caller gave. A record that brings a name which another
//!   contact of the same customer has does not count. What is derived from the contact itself can't
//!   be another's, and needs no entry.
//! * **What a reader does not know** (an event of a later version, data that is encrypted) takes its
//!   place in the sequence, and views are not told.

mod calendars;
mod calls;
mod contacts;
mod entry;
mod happening;
mod id;
mod keys;
mod ledger;
mod made;
mod merged;
mod names;
mod ready;
pub mod requests;
mod settings;
#[cfg(feature = "testing")]
pub mod testing;
mod waits;
mod webhooks;

use std::sync::Arc;

use aftercall_log::Log;
use aftercall_view::{FeedOptions, Options, Placed, Views};

pub use calendars::Calendars;
pub use calls::{CallChange, CallRow, CallRows, Lost};
pub use contacts::Contacts;
pub use entry::{Contact, Holder, Holders};
pub use happening::{Candidates, Happening, Problem, Search, Solved, Told, Webhook, What};
pub use id::Id;
pub use ledger::Ledger;
pub use made::Made;
pub use merged::MergedPairs;

pub use names::{Name, Named, Place, names};
pub use ready::{InUse, Kind, Ready, Telling};
pub use settings::{SettingName, Settings, kind_of};

/// An event that counts, decoded, and where it stands.
pub type Accepted = Placed<Happening>;

/// What a process reads of its log: accepted events, for all its views.
pub type Feed = aftercall_view::Feed<Happening>;

/// Drives a [`Feed`].
pub type FeedRunner = aftercall_view::FeedRunner<Contacts>;

/// A feed over `log`, whose ledger and views are kept where `views` says, and what runs it: views are
/// best begun before it runs.
pub fn feed(log: Arc<dyn Log>, views: Views) -> (Feed, FeedRunner) {
    let mut options = FeedOptions::default();
    if log.is_shared() {
        // Where others write too, an answer waits until the ledger has the record: it is a part of
        // recording then, which goes before views.
        options.ledger = Options {
            nice: 0,
            ..options.ledger
        };
    }
    Feed::new(log, views, Contacts, options)
}
