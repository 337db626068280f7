//! The contacts of an export, in the order of the keys under which they stand: customer by customer, each one's latest
//! first, then those of nobody known, and then calls that nobody recorded. Many are read as they come, few one by one;
//! the order is the same.

use std::collections::VecDeque;

use aftercall_view::Direction;
use aftercall_view::key::prefix_end;
use bytes::Bytes;
use prost::Message;

use super::course::Plan;
use crate::failure::Unanswered;
use crate::known::Entries;
use crate::stored::{self, StoredEntry};
use crate::{calls, keys};

/// The contacts of a tenant from a key on.
pub(super) enum Rows {
    /// All of the tenant's.
    All(VecDeque<Entries>),
    /// Those that stand under these keys.
    Listed(VecDeque<Bytes>),
}

/// What is found at the next row.
pub(super) enum Looked {
    /// A contact that the export is of, and the key under which it stands.
    Wanted(Bytes, Box<StoredEntry>),
    /// Something else.
    Other,
    /// There is none.
    End,
}

impl Rows {
    /// Those after the key `after`; all, if it is empty.
    pub(super) fn after(plan: &Plan, tenant_id: &str, after: &Bytes) -> Self {
        if let Some(listed) = &plan.listed {
            let left = listed.iter().filter(|key| *key > after);
            return Self::Listed(left.cloned().collect());
        }
        let known = &plan.known;
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
        Self::All(scans.chain([calls]).collect())
    }

    /// Looks at the next row.
    pub(super) fn look(&mut self, plan: &Plan) -> Result<Looked, Unanswered> {
        match self {
            Self::All(scans) => {
                let Some(scan) = scans.front_mut() else {
                    return Ok(Looked::End);
                };
                let Some(row) = scan.next() else {
                    scans.pop_front();
                    return Ok(Looked::Other);
                };
                let (key, value) = row?;
                wanted(plan, key, value)
            }
            Self::Listed(listed) => {
                let Some(key) = listed.pop_front() else {
                    return Ok(Looked::End);
                };
                match plan.known.get(&key)? {
                    Some(value) => wanted(plan, key, value),
                    None => Ok(Looked::Other),
                }
            }
        }
    }
}

/// The contact of a row, if the export is of it.
fn wanted(plan: &Plan, key: Bytes, value: Bytes) -> Result<Looked, Unanswered> {
    let is_found = |seq: u64| plan.found.binary_search(&seq).is_ok();
    // A timeline's keys say what stands there without a look at it.
    if keys::sort_of(&key) == Some(keys::Sort::Timeline) {
        let seq = key.last_chunk().map(|seq| !u64::from_be_bytes(*seq));
        if !seq.is_some_and(is_found) || stored::is_elsewhere(&value) {
            return Ok(Looked::Other);
        }
    }
    let entry = StoredEntry::decode(value)?;
    let is_wanted = entry.interaction.is_some() && is_found(entry.seq);
    Ok(match is_wanted && entry.is_within(&plan.scope) {
        true => Looked::Wanted(key, Box::new(entry)),
        false => Looked::Other,
    })
}
