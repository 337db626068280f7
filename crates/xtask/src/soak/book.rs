//! What was sent, what was acknowledged, and what was seen to be wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use parking_lot::Mutex;

use super::contact::{CUSTOMERS, Contact};

/// How many faults are shown; all are counted.
const WRONG_SHOWN: usize = 20;

/// How far something has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Step {
    #[default]
    NotSent,
    /// Nobody knows yet whether it was done.
    Sent,
    Acknowledged,
}

/// Which change of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Of its record.
    Amendment,
    /// Of its promise.
    Promise,
}

/// A contact that was sent.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) contact: Contact,
    /// Whether the other content was sent, and where what was acknowledged stands.
    pub(super) told: Option<(bool, String)>,
    pub(super) amendment: Step,
    pub(super) promise: Step,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: Mutex<BTreeMap<u64, Entry>>,
    next: AtomicU64,
    wrong: Mutex<Vec<String>>,
    wrong_total: AtomicU64,
}

impl Book {
    /// A contact that is about to be sent for the first time.
    pub(super) fn begin(&self, now: Timestamp, is_large: bool) -> Contact {
        let contact = Contact {
            number: self.next.fetch_add(1, Ordering::Relaxed),
            occurred_at: Timestamp::from_second(now.as_second()).unwrap_or_default(),
            is_large,
        };
        let entry = Entry {
            contact,
            told: None,
            amendment: Step::NotSent,
            promise: Step::NotSent,
        };
        self.entries.lock().insert(contact.number, entry);
        contact
    }

    /// Notes that a content of a contact was acknowledged; whether for the first time. There may be
    /// one content, and one place.
    pub(super) fn told(&self, contact: &Contact, other: bool, position: &str) -> bool {
        let mut entries = self.entries.lock();
        let Some(entry) = entries.get_mut(&contact.number) else {
            return false;
        };
        let now = (other, position.to_owned());
        match &entry.told {
            None => {
                entry.told = Some(now);
                true
            }
            Some(before) if *before == now => false,
            Some(before) => {
                let id = contact.id();
                self.found(format!(
                    "contact {id} was acknowledged as {before:?} and as {now:?}"
                ));
                false
            }
        }
    }

    /// Notes how far a change has come.
    pub(super) fn step(&self, contact: &Contact, change: Change, step: Step) {
        if let Some(entry) = self.entries.lock().get_mut(&contact.number) {
            match change {
                Change::Amendment => entry.amendment = step,
                Change::Promise => entry.promise = step,
            }
        }
    }

    /// What is known of a contact.
    pub(super) fn entry(&self, number: u64) -> Option<Entry> {
        self.entries.lock().get(&number).cloned()
    }

    /// The contacts of a customer that were acknowledged.
    pub(super) fn of_customer(&self, customer: u64) -> Vec<Entry> {
        let entries = self.entries.lock();
        let numbers = (customer..self.sent()).step_by(CUSTOMERS as usize);
        let all = numbers.filter_map(|number| entries.get(&number));
        all.filter(|entry| entry.told.is_some()).cloned().collect()
    }

    /// All that were sent.
    pub(super) fn all(&self) -> Vec<Entry> {
        self.entries.lock().values().cloned().collect()
    }

    /// How many were sent.
    pub(super) fn sent(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Notes a fault.
    pub(super) fn found(&self, wrong: String) {
        self.wrong_total.fetch_add(1, Ordering::Relaxed);
        let mut shown = self.wrong.lock();
        if shown.len() < WRONG_SHOWN {
            eprintln!("soak: wrong: {wrong}");
            shown.push(wrong);
        }
    }

    /// How many faults there are.
    pub(super) fn wrong(&self) -> u64 {
        self.wrong_total.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_content_or_place_is_found_and_the_first_answer_again_is_not() {
        let book = Book::default();
        let contact = book.begin(Timestamp::UNIX_EPOCH, false);
        assert!(book.told(&contact, false, "here"));
        assert!(!book.told(&contact, false, "here"));
        assert_eq!(book.wrong(), 0);
        book.told(&contact, true, "here");
        book.told(&contact, false, "there");
        assert_eq!(book.wrong(), 2);
    }
}
