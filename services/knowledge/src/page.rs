//! Lists in pages: a scan of the store that goes on where the page before ended.

use aftercall_log::LogId;
use aftercall_view::key::prefix_end;
use aftercall_view::{Direction, PageToken, Positions, Store, TokenError};
use bytes::Bytes;

use crate::failure::Error;
use crate::limits::PAGE_BYTES_MAX;

/// Which entries a list holds, and which page of it is asked for.
#[derive(Debug)]
pub(crate) struct Listing {
    /// What the keys of all entries begin with.
    prefix: Bytes,
    /// The hash of the request's filters.
    query: u64,
    /// The last key of the page before.
    after: Option<Bytes>,
    size: usize,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// The last key, if there are more entries.
    last: Option<Bytes>,
    query: u64,
}

impl Listing {
    /// A page of the entries that begin with `prefix`. `token` must belong to the same list.
    pub(crate) fn new(
        prefix: impl Into<Bytes>,
        size: usize,
        token: &str,
        log: LogId,
    ) -> Result<Self, Error> {
        let prefix = prefix.into();
        // All filters of a list, and the tenant, are in the prefix.
        let query = aftercall_view::fingerprint(&[&prefix]);
        let after = match token {
            "" => None,
            token => {
                let token = PageToken::decode(token, log, query).map_err(Error::PageToken)?;
                if !token.payload.starts_with(&prefix) {
                    return Err(Error::PageToken(TokenError::Malformed));
                }
                Some(token.payload)
            }
        };
        Ok(Self {
            prefix,
            query,
            after,
            size,
        })
    }

    /// Reads the page. `load` makes an item and its size in bytes of an entry's key; entries of
    /// which it makes none are left out.
    pub(crate) fn read<T>(
        &self,
        store: &Store,
        mut load: impl FnMut(&[u8]) -> Result<Option<(T, usize)>, Error>,
    ) -> Result<Page<T>, Error> {
        let mut page = Page {
            items: Vec::new(),
            last: None,
            query: self.query,
        };
        let (mut bytes, mut last) = (0, None);
        let end = prefix_end(&self.prefix);
        for entry in store.scan_range(self.from(), end.as_deref(), Direction::Ascending) {
            let (key, _) = entry?;
            if page.items.len() == self.size || bytes >= PAGE_BYTES_MAX {
                page.last = last;
                break;
            }
            if let Some((item, item_bytes)) = load(&key)? {
                page.items.push(item);
                bytes += item_bytes;
            }
            last = Some(key);
        }
        Ok(page)
    }

    /// The first key after the page before.
    fn from(&self) -> Vec<u8> {
        match &self.after {
            None => self.prefix.to_vec(),
            Some(last) => [last, &[0][..]].concat(),
        }
    }
}

impl<T> Page<T> {
    /// The token of the next page; empty at the end.
    pub(crate) fn token(&self, complete_through: &Positions, log: LogId) -> String {
        let Some(last) = &self.last else {
            return String::new();
        };
        let token = PageToken {
            query: self.query,
            complete_through: complete_through.clone(),
            payload: last.clone(),
        };
        token.encode(log)
    }
}
