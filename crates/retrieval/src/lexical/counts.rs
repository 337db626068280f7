//! Numbers that many small lists hold, in one piece of memory each.

/// Lists, one after the other.
#[derive(Debug)]
pub(super) struct Lists<T> {
    all: Vec<T>,
    /// Where each list ends.
    ends: Vec<usize>,
}

impl<T> Lists<T> {
    /// None, with room for so many.
    pub(super) fn with_capacity(lists: usize) -> Self {
        Self {
            all: Vec::new(),
            ends: Vec::with_capacity(lists),
        }
    }

    /// Adds to the list that is not ended.
    pub(super) fn push(&mut self, one: T) {
        self.all.push(one);
    }

    /// The list that is not ended.
    pub(super) fn open(&mut self) -> &mut [T] {
        let begin = self.ends.last().copied().unwrap_or(0);
        &mut self.all[begin..]
    }

    /// Ends a list.
    pub(super) fn end(&mut self) {
        self.ends.push(self.all.len());
    }

    /// A list that is ended.
    pub(super) fn get(&self, at: usize) -> &[T] {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[begin..self.ends[at]]
    }

    /// All that are ended.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.ends.len()).map(move |at| self.get(at))
    }
}

/// How often each of some kinds is there.
#[derive(Debug)]
pub(super) struct Counts {
    counts: Vec<u32>,
    /// A bit for each kind that is there.
    there: Vec<u64>,
}

impl Counts {
    /// Of none of so many kinds.
    pub(super) fn of(kinds: usize) -> Self {
        Self {
            counts: vec![0; kinds],
            there: vec![0; kinds.div_ceil(64)],
        }
    }

    /// Adds to a kind's count.
    pub(super) fn add(&mut self, kind: usize, count: u32) {
        self.counts[kind] += count;
        self.there[kind / 64] |= u64::from(count > 0) << (kind % 64);
    }

    /// Tells those that are there, the first kind first, and begins anew.
    pub(super) fn take(&mut self, mut told: impl FnMut(usize, u32)) {
        for (at, word) in self.there.iter_mut().enumerate() {
            let mut rest = std::mem::take(word);
            while rest != 0 {
                let kind = at * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                told(kind, std::mem::take(&mut self.counts[kind]));
            }
        }
    }
}
