//! Lists in pages, which hold together while others write: a page token says where the next page
//! begins, which list it belongs to, and what the first page was complete through.

mod total;

use aftercall_log::LogIdentity;
use aftercall_view::{PageToken, Positions, fingerprint};
use bytes::Bytes;
use prost::Message;
use tokio::time::Instant;

use crate::{Including, Reading, Through, Unread};

pub use total::{COUNTED_MAX, Counting, Total};

/// The most bytes of an answer's items, but for one item that is larger alone: clients take 4 MiB unless
/// told otherwise. A page that would grow larger ends early.
pub const ANSWER_BYTES_MAX: usize = 2 << 20;

/// What clients take, unless told otherwise.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;

/// The page of a list that a request asks for.
#[derive(Debug)]
pub struct Paging {
    query: u64,
    size: usize,
    before: Option<PageToken>,
}

impl Paging {
    /// The page of `size` items that `page_token` asks for, the first one without. `query` is what
    /// must stay the same from page to page: the list's name, the tenant, the filters.
    ///
    /// # Errors
    /// [`Unread::PageToken`] when the token is none, or another list's.
    pub fn asked(
        log: &LogIdentity,
        query: &[&[u8]],
        size: usize,
        page_token: &str,
    ) -> Result<Self, Unread> {
        let query = fingerprint(query);
        let before = match page_token {
            "" => None,
            token => Some(PageToken::decode(token, log, query).map_err(Unread::PageToken)?),
        };
        Ok(Self {
            query,
            size,
            before,
        })
    }

    /// Where the page before ended, in the words of [`Paging::token`]; none on the first page.
    pub fn after(&self) -> Option<&Bytes> {
        self.before.as_ref().map(|before| &before.payload)
    }

    /// What the first page was complete through; none on that page itself.
    pub fn first_through(&self) -> Option<&Positions> {
        self.before.as_ref().map(|before| &before.complete_through)
    }

    /// How many items the page has at most.
    pub fn size(&self) -> usize {
        self.size
    }

    /// What the page is complete through, if the first page would be through `present`. Later pages are through what the
    /// first one was, and do not say the time again.
    pub fn through(&self, present: Through) -> Through {
        match self.first_through() {
            None => present,
            Some(first) => Through {
                positions: first.clone(),
                at: None,
            },
        }
    }

    /// Waits until the store includes what the request asks for, and what the first page did, which
    /// another process may have answered. Answers what the page is complete through.
    ///
    /// # Errors
    /// As [`Reading::store_at`].
    pub async fn reach(
        &self,
        reading: &Reading,
        including: Including<'_>,
        until: Instant,
    ) -> Result<Through, Unread> {
        let present = reading.store_at(including, until).await?;
        if let Some(first) = self.first_through() {
            reading.store_through("page_token", first, until).await?;
        }
        Ok(self.through(present))
    }

    /// Waits as [`Paging::reach`] does, for the search index.
    ///
    /// # Errors
    /// As [`Reading::store_at`].
    pub async fn reach_index(
        &self,
        reading: &Reading,
        including: Including<'_>,
        until: Instant,
    ) -> Result<(), Unread> {
        reading.index_at(including, until).await?;
        match self.first_through() {
            None => Ok(()),
            Some(first) => reading.index_through("page_token", first, until).await,
        }
    }

    /// An empty page, to be filled.
    pub fn page<T>(&self) -> Page<T> {
        Page::new(self.size)
    }

    /// What of a list is on the page, each item with its place in the list; and where the page ends, if there
    /// is more.
    ///
    /// # Errors
    /// The first of the list's.
    pub fn fill<T: Message, E>(
        &self,
        listed: impl Iterator<Item = Result<(Bytes, T), E>>,
    ) -> Result<(Vec<T>, Option<Bytes>), E> {
        let (mut page, mut last) = (self.page(), None);
        for entry in listed {
            let (place, item) = entry?;
            let bytes = item.encoded_len();
            if !page.takes(bytes) {
                return Ok((page.into_items(), last));
            }
            last = Some(place);
            page.add(item, bytes);
        }
        Ok((page.into_items(), None))
    }

    /// The token of the page after this one, which ends at `place`. Empty at the list's end.
    pub fn token(
        &self,
        log: &LogIdentity,
        complete_through: &Positions,
        place: Option<Bytes>,
    ) -> String {
        let token = place.map(|payload| PageToken {
            query: self.query,
            complete_through: complete_through.clone(),
            payload,
        });
        token.map_or_else(String::new, |token| token.encode(log))
    }
}

/// Items of one answer, bounded by their number and by their bytes.
#[derive(Debug)]
pub struct Page<T> {
    items: Vec<T>,
    items_max: usize,
    bytes: usize,
    bytes_max: usize,
}

impl<T> Page<T> {
    /// A page for so many items, which are the whole of an answer.
    pub const fn new(items_max: usize) -> Self {
        Self::within(items_max, ANSWER_BYTES_MAX)
    }

    /// A page for so many items, which share their answer with others.
    pub const fn within(items_max: usize, bytes_max: usize) -> Self {
        Self {
            items: Vec::new(),
            items_max,
            bytes: 0,
            bytes_max,
        }
    }

    /// Whether it takes no more: the list goes on after it.
    pub fn is_full(&self) -> bool {
        self.items.len() >= self.items_max || self.bytes >= self.bytes_max
    }

    /// Whether it takes an item of so many bytes: the first one it always does.
    pub fn takes(&self, bytes: usize) -> bool {
        let is_within = self.bytes.saturating_add(bytes) <= self.bytes_max;
        !self.is_full() && (self.items.is_empty() || is_within)
    }

    /// Adds an item of so many bytes.
    pub fn add(&mut self, item: T, bytes: usize) {
        self.items.push(item);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// The items, in the order in which they came.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}
