//! The contacts of an export, in the order of the keys under which they stand: customer by customer, each one's latest
//! first, then those of nobody known, and then calls that nobody recorded. Many are read as they come, few one by one;
//! the order is the same.

use std::collections::VecDeque;
use std::sync::Arc;

use aftercall_domain::Scope;
use aftercall_domain::commitment::Commitment;
use aftercall_service::Places;
use aftercall_view::Direction;
use aftercall_view::key::prefix_end;
use bytes::Bytes;

use super::columns::Row;
use super::happened::Happened;
use crate::failure::Unanswered;
use crate::known::{Entries, Known};
use crate::stored::{self, StoredEntry};
use crate::{calls, keys, promises};

/// How many rows are looked at for one batch, so that it takes a moment.
const LOOKED_AT_MAX: usize = 2_048;

/// How many bytes of rows are a batch. Rows as of the past are read a thousand at once: while one batch is written,
/// there is time to read as many.
const BATCH_BYTES: usize = 512 << 10;

/// Which contacts an export is of.
pub(super) struct Sought {
    /// What is known as of its moment.
    pub(super) known: Known,
    /// Whose records the caller reads.
    pub(super) scope: Scope,
    /// The places in the log of the contacts that it is of.
    pub(super) found: Places,
    /// The keys of their entries, in order, where there are few of them.
    pub(super) listed: Option<Vec<Bytes>>,
    /// The promises that something has happened to, where these are few.
    pub(super) happened: Option<Happened>,
    /// Whether telephony tells of any of the tenant's contacts.
    pub(super) has_calls: bool,
}

/// The contacts of a tenant from a key on.
pub(super) struct Rows {
    sought: Arc<Sought>,
    left: Left,
}

/// Where the next ones are.
enum Left {
    /// All of the tenant's.
    All(VecDeque<Entries>),
    /// Those that stand under these keys.
    Listed(VecDeque<Bytes>),
}

/// Rows that were read, in their order: all that hold contacts that the export is of, and maybe more.
#[derive(Default)]
pub(super) struct Batch {
    /// Their keys and values.
    pub(super) rows: Vec<(Bytes, Bytes)>,
    /// Whether there are no more.
    pub(super) is_last: bool,
}

/// What is found at the next row.
enum Looked {
    /// What may be a contact that the export is of.
    Likely(Bytes, Bytes),
    /// Something else.
    Other,
    /// There is none.
    End,
}

impl Sought {
    /// Whether a row may hold a contact that the export is of: a timeline's keys say what stands there without a look
    /// at it.
    fn is_likely(&self, key: &[u8], value: &[u8]) -> bool {
        if keys::sort_of(key) != Some(keys::Sort::Timeline) {
            return true;
        }
        let seq = key.last_chunk().map(|seq| !u64::from_be_bytes(*seq));
        seq.is_some_and(|seq| self.found.contains(seq)) && !stored::is_elsewhere(value)
    }

    /// The contact that an entry is, with its promises, if the export is of it.
    pub(super) fn contact(
        &self,
        tenant_id: &str,
        mut entry: StoredEntry,
    ) -> Result<Option<Row>, Unanswered> {
        if entry.interaction.is_none() || !self.found.contains(entry.seq) {
            return Ok(None);
        }
        // What was promised follows from the contact as it was recorded.
        let promises = self.promises(tenant_id, &entry)?;
        if self.has_calls {
            calls::complete(&self.known, tenant_id, &mut entry)?;
        }
        let is_within = entry.is_within(&self.scope);
        let contact = entry.interaction.filter(|_| is_within);
        Ok(contact.map(|contact| Row { contact, promises }))
    }

    /// The promises of a contact as they stood.
    fn promises(
        &self,
        tenant_id: &str,
        contact: &StoredEntry,
    ) -> Result<Vec<Commitment>, Unanswered> {
        let may_be = |key: &[u8]| {
            let happened = self.happened.as_ref();
            happened.is_none_or(|happened| happened.may_be(key))
        };
        let all = promises::all(tenant_id, contact, |key| match may_be(key) {
            true => self.known.get(key),
            false => Ok(None),
        });
        Ok(all?)
    }
}

impl Rows {
    /// Those after the key `after`; all, if it is empty.
    pub(super) fn after(sought: &Arc<Sought>, tenant_id: &str, after: &Bytes) -> Self {
        let left = match &sought.listed {
            Some(listed) => {
                let left = listed.iter().filter(|key| *key > after);
                Left::Listed(left.cloned().collect())
            }
            None => Left::All(all_after(&sought.known, tenant_id, after)),
        };
        Self {
            sought: Arc::clone(sought),
            left,
        }
    }

    /// Reads the next ones. Blocks for a moment.
    pub(super) fn read(&mut self) -> Result<Batch, Unanswered> {
        let (mut batch, mut bytes) = (Batch::default(), 0);
        for _ in 0..LOOKED_AT_MAX {
            match self.look()? {
                Looked::Likely(key, value) => {
                    bytes += key.len() + value.len();
                    batch.rows.push((key, value));
                }
                Looked::Other => {}
                Looked::End => {
                    batch.is_last = true;
                    break;
                }
            }
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        Ok(batch)
    }

    /// Looks at the next row.
    fn look(&mut self) -> Result<Looked, Unanswered> {
        let (key, value) = match &mut self.left {
            Left::All(scans) => {
                let Some(scan) = scans.front_mut() else {
                    return Ok(Looked::End);
                };
                let Some(row) = scan.next() else {
                    scans.pop_front();
                    return Ok(Looked::Other);
                };
                row?
            }
            Left::Listed(listed) => {
                let Some(key) = listed.pop_front() else {
                    return Ok(Looked::End);
                };
                let Some(value) = self.sought.known.get(&key)? else {
                    return Ok(Looked::Other);
                };
                (key, value)
            }
        };
        Ok(match self.sought.is_likely(&key, &value) {
            true => Looked::Likely(key, value),
            false => Looked::Other,
        })
    }
}

/// All contacts of a tenant after a key; all at all, if it is empty.
fn all_after(known: &Known, tenant_id: &str, after: &Bytes) -> VecDeque<Entries> {
    let prefixes = keys::all_contacts(tenant_id).into_iter();
    let scans = prefixes.filter_map(|prefix| {
        let end = prefix_end(&prefix);
        let from = match after.starts_with(&prefix) {
            true => [&**after, &[0]].concat(),
            // Timelines come before those who have none.
            false if **after > *prefix => return None,
            false => prefix.to_vec(),
        };
        Some(known.scan_range(from, end.as_deref(), Direction::Ascending))
    });
    let calls = calls::entries_after(known, tenant_id, after);
    scans.chain([calls]).collect()
}
