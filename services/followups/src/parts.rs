//! Lists that are put together from several parts.
//!
//! A list is kept in parts: what is open apart from what is over. The parts are read one after the
//! other, the open one first: what is closed meanwhile is met twice and counts once, and nothing is
//! missed, because nothing is ever opened again.

use std::collections::BTreeMap;

use aftercall_service::Page;
use prost::Message;

/// The most entries of one part that one page looks at.
pub(crate) const EXAMINED_MAX: usize = 1_000;

/// What one part of a list gives to a page.
#[derive(Debug)]
pub(crate) struct Part<P, M> {
    /// What was found, by its place.
    pub(crate) found: BTreeMap<P, M>,
    /// The last place that was looked at; none if there are no more.
    pub(crate) looked_through: Option<P>,
}

impl<P, M> Default for Part<P, M> {
    fn default() -> Self {
        Self {
            found: BTreeMap::new(),
            looked_through: None,
        }
    }
}

impl<P: Ord + Clone, M> Part<P, M> {
    /// Reads a part: `look` gives what stands at a place, if it is wanted.
    pub(crate) fn read<E>(
        places: impl Iterator<Item = Result<P, E>>,
        count_max: usize,
        mut look: impl FnMut(&P) -> Result<Option<M>, E>,
    ) -> Result<Self, E> {
        let mut part = Self::default();
        for (examined, place) in places.enumerate() {
            if examined == EXAMINED_MAX || part.found.len() > count_max {
                return Ok(part);
            }
            let place = place?;
            part.looked_through = Some(place.clone());
            if let Some(found) = look(&place)? {
                part.found.insert(place, found);
            }
        }
        part.looked_through = None;
        Ok(part)
    }
}

/// The parts put together: a page, and where the next one begins.
#[derive(Debug)]
pub(crate) struct Joined<P, M> {
    pub(crate) entries: Vec<M>,
    pub(crate) next_after: Option<P>,
}

impl<P: Ord + Clone, M: Message> Joined<P, M> {
    /// The first `count_max` entries of all parts, as far as every one was looked through.
    pub(crate) fn of(parts: impl IntoIterator<Item = Part<P, M>>, count_max: usize) -> Self {
        let mut found = BTreeMap::new();
        let mut looked_through: Option<P> = None;
        for part in parts {
            found.extend(part.found);
            looked_through = match (looked_through, part.looked_through) {
                (Some(first), Some(second)) => Some(first.min(second)),
                (first, second) => first.or(second),
            };
        }
        if let Some(end) = &looked_through {
            found.retain(|place, _| place <= end);
        }
        let (mut page, mut last) = (Page::new(count_max), None);
        for (place, entry) in found {
            let bytes = entry.encoded_len();
            if !page.takes(bytes) {
                return Self {
                    entries: page.into_items(),
                    next_after: last,
                };
            }
            page.add(entry, bytes);
            last = Some(place);
        }
        Self {
            entries: page.into_items(),
            next_after: looked_through,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(places: &[u32], looked_through: Option<u32>) -> Part<u32, String> {
        Part {
            found: places
                .iter()
                .map(|place| (*place, place.to_string()))
                .collect(),
            looked_through,
        }
    }

    #[test]
    fn a_page_ends_where_one_of_its_parts_was_not_looked_further() {
        let page = Joined::of([part(&[1, 4], Some(5)), part(&[2, 7], None)], 10);
        assert_eq!(
            (page.entries.concat().as_str(), page.next_after),
            ("124", Some(5))
        );
        let page = Joined::of([part(&[1, 4], None), part(&[2, 7], None)], 10);
        assert_eq!(
            (page.entries.concat().as_str(), page.next_after),
            ("1247", None)
        );
        let page = Joined::of([part(&[1, 4], None), part(&[2, 7], None)], 3);
        assert_eq!(
            (page.entries.concat().as_str(), page.next_after),
            ("124", Some(4))
        );
    }
}
