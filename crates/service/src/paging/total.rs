//! How many entries a list has. To count is to look at them, so it ends somewhere, and says so.

use std::collections::BTreeSet;

/// The most entries that are looked at to count a list.
pub const COUNTED_MAX: usize = 10_000;

/// How many entries there are in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// As far as it was counted.
    pub size: u64,
    /// Counting ended early: there may be more.
    pub is_lower_bound: bool,
}

/// Counts a list, as far as it may be looked at.
#[derive(Debug)]
pub struct Counting<P> {
    found: BTreeSet<P>,
    examined: usize,
}

impl<P: Ord> Default for Counting<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Ord> Counting<P> {
    /// Nothing is counted yet.
    pub const fn new() -> Self {
        Self {
            found: BTreeSet::new(),
            examined: 0,
        }
    }

    /// Counts what is wanted of one part. What is in several parts counts once.
    ///
    /// # Errors
    /// Those of the places, and of looking at them.
    pub fn part<E>(
        &mut self,
        places: impl Iterator<Item = Result<P, E>>,
        mut wanted: impl FnMut(&P) -> Result<bool, E>,
    ) -> Result<(), E> {
        for place in places {
            self.examined += 1;
            if self.examined > COUNTED_MAX {
                break;
            }
            let place = place?;
            if wanted(&place)? {
                self.found.insert(place);
            }
        }
        Ok(())
    }

    /// What was counted.
    pub fn total(&self) -> Total {
        Total {
            size: self.found.len() as u64,
            is_lower_bound: self.examined > COUNTED_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn a_count_ends_after_so_many_looks_and_says_so() {
        let count = |len: usize| {
            let mut counting = Counting::new();
            let places = (0..len).map(Ok::<_, Infallible>);
            let Ok(()) = counting.part(places, |place| Ok(place % 2 == 0));
            let Ok(()) = counting.part([Ok::<_, Infallible>(0)].into_iter(), |_| Ok(true));
            counting.total()
        };
        let total = |size, is_lower_bound| Total {
            size,
            is_lower_bound,
        };
        assert_eq!(count(COUNTED_MAX - 1), total(COUNTED_MAX as u64 / 2, false));
        assert_eq!(count(COUNTED_MAX), total(COUNTED_MAX as u64 / 2, true));
    }
}
