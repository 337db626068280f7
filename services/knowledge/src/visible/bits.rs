//! Documents of one segment, a bit each.

use tantivy::DocId;

/// Documents of one segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// None, of so many documents.
    pub(crate) fn new(documents: DocId) -> Self {
        Self(vec![0; (documents as usize).div_ceil(64)])
    }

    /// Takes in a document.
    pub(crate) fn add(&mut self, document: DocId) {
        self.0[document as usize / 64] |= 1 << (document % 64);
    }

    /// Whether a document is among them.
    pub(crate) fn has(&self, document: DocId) -> bool {
        self.0[document as usize / 64] >> (document % 64) & 1 == 1
    }

    /// Leaves those alone that are among the others, too.
    pub(crate) fn keep(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= other;
        }
    }

    /// Leaves out those that are not to be kept; each is asked for once.
    pub(super) fn retain(&mut self, mut keeps: impl FnMut(DocId) -> bool) {
        for (at, word) in (0..).zip(&mut self.0) {
            for document in documents(at, *word) {
                if !keeps(document) {
                    *word &= !(1 << (document % 64));
                }
            }
        }
    }

    /// All of them, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = DocId> {
        let words = (0..).zip(&self.0);
        words.flat_map(|(at, word)| documents(at, *word))
    }

    /// How much memory they take, in bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        size_of::<u64>() * self.0.len()
    }
}

/// The documents of a word of bits.
fn documents(at: DocId, word: u64) -> impl Iterator<Item = DocId> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let bit = rest.trailing_zeros();
        (rest != 0).then(|| {
            rest &= rest - 1;
            at * 64 + bit
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_what_was_added_and_kept() {
        let (mut one, mut other) = (Bits::new(200), Bits::new(200));
        for document in [0, 1, 63, 64, 130, 199] {
            one.add(document);
        }
        for document in [1, 64, 65, 199] {
            other.add(document);
        }
        one.keep(&other);
        assert_eq!(one.iter().collect::<Vec<_>>(), [1, 64, 199]);
        one.retain(|document| document != 64);
        assert_eq!(one.iter().collect::<Vec<_>>(), [1, 199]);
        assert!(one.has(199) && !one.has(64));
    }
}
