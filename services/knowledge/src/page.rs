//! Lists in pages: a scan of the store that goes on where the page before ended.

use aftercall_service::{Paging, Unread};
use aftercall_view::key::prefix_end;
use aftercall_view::{Direction, Store, TokenError};
use bytes::Bytes;

use crate::failure::Error;
use crate::limits::ROWS_LOOKED_AT_MAX;

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    /// The last key, if there are more entries.
    pub(crate) next: Option<Bytes>,
}

/// Refuses a token that no page of the list under `prefix` gave.
pub(crate) fn check_place(paging: &Paging, prefix: &[u8]) -> Result<(), Unread> {
    match paging.after().is_none_or(|place| place.starts_with(prefix)) {
        true => Ok(()),
        false => Err(Unread::PageToken(TokenError::Malformed)),
    }
}

/// Reads the page of the entries whose keys begin with `prefix`. `load` makes an item and its size in bytes of an
/// entry's key; entries of which it makes none are left out.
pub(crate) fn read<T>(
    store: &Store,
    prefix: &[u8],
    paging: &Paging,
    mut load: impl FnMut(&[u8]) -> Result<Option<(T, usize)>, Error>,
) -> Result<Listed<T>, Error> {
    read_rows(store, prefix, paging, |key, _| load(key))
}

/// The same where an item is made of an entry's value, too. So many entries are looked at for a page, of
/// whatever number an item is made; the next page goes on from there.
pub(crate) fn read_rows<T>(
    store: &Store,
    prefix: &[u8],
    paging: &Paging,
    mut load: impl FnMut(&[u8], Bytes) -> Result<Option<(T, usize)>, Error>,
) -> Result<Listed<T>, Error> {
    let from = match paging.after() {
        None => prefix.to_vec(),
        // The first key after the page before.
        Some(last) => [last, &[0][..]].concat(),
    };
    let (mut page, mut last) = (paging.page(), None);
    let end = prefix_end(prefix);
    let rows = store.scan_range(from, end.as_deref(), Direction::Ascending);
    for (looked_at, entry) in rows.enumerate() {
        if looked_at >= ROWS_LOOKED_AT_MAX {
            return Ok(Listed {
                items: page.into_items(),
                next: last,
            });
        }
        let (key, row) = entry?;
        if let Some((item, bytes)) = load(&key, row)? {
            if !page.takes(bytes) {
                return Ok(Listed {
                    items: page.into_items(),
                    next: last,
                });
            }
            page.add(item, bytes);
        }
        last = Some(key);
    }
    Ok(Listed {
        items: page.into_items(),
        next: None,
    })
}
