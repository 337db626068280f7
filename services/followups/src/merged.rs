//! Several lists in the same order, read as one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use aftercall_view::ApplyError;

/// The places of several lists, merged, each once.
pub(crate) struct Merged<P, I> {
    lists: Vec<I>,
    /// The next place of each list that has one.
    heads: BinaryHeap<Reverse<(P, usize)>>,
    failed: Option<ApplyError>,
    last: Option<P>,
}

impl<P, I> Merged<P, I>
where
    P: Ord + Clone,
    I: Iterator<Item = Result<P, ApplyError>>,
{
    pub(crate) fn new(lists: impl IntoIterator<Item = I>) -> Self {
        let mut merged = Self {
            lists: lists.into_iter().collect(),
            heads: BinaryHeap::new(),
            failed: None,
            last: None,
        };
        (0..merged.lists.len()).for_each(|index| merged.advance(index));
        merged
    }

    fn advance(&mut self, index: usize) {
        match self.lists[index].next() {
            Some(Ok(place)) => self.heads.push(Reverse((place, index))),
            Some(Err(error)) => self.failed = Some(error),
            None => {}
        }
    }
}

impl<P, I> Iterator for Merged<P, I>
where
    P: Ord + Clone,
    I: Iterator<Item = Result<P, ApplyError>>,
{
    type Item = Result<P, ApplyError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.failed.take() {
                self.heads.clear();
                return Some(Err(error));
            }
            let Reverse((place, index)) = self.heads.pop()?;
            self.advance(index);
            if self.last.as_ref() != Some(&place) {
                self.last = Some(place.clone());
                return Some(Ok(place));
            }
        }
    }
}
