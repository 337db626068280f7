//! A period in parts of the same length, as a line of blocks shows them.

use crate::filter::Filter;
use crate::limits::PARTS;

/// Contacts in each part.
pub(crate) type Series = [u32; PARTS];

/// The parts of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    from_us: i64,
    length_us: i64,
}

impl Parts {
    /// Those of the period that a filter asks for; none of one without both ends.
    pub(crate) fn of(filter: &Filter) -> Option<Self> {
        let (from_us, before_us) = (filter.from_us, filter.before_us);
        let has_ends = from_us != i64::MIN && before_us != i64::MAX;
        let length_us = before_us.saturating_sub(from_us);
        (has_ends && length_us > 0).then_some(Self { from_us, length_us })
    }

    /// Counts a contact of the period.
    pub(crate) fn count(self, series: &mut Series, at_us: i64) {
        let since = i128::from(at_us) - i128::from(self.from_us);
        let part = (since * PARTS as i128).div_euclid(i128::from(self.length_us));
        if let Some(count) = usize::try_from(part).ok().and_then(|it| series.get_mut(it)) {
            *count = count.saturating_add(1);
        }
    }
}

/// A series, as the wire has it.
pub(crate) fn shown(series: &Series) -> impl Iterator<Item = i64> {
    series.iter().map(|count| i64::from(*count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_as_long() {
        let parts = Parts {
            from_us: -140,
            length_us: 280,
        };
        let mut series = Series::default();
        for at_us in [-140, -121, -120, 139, 140, -141] {
            parts.count(&mut series, at_us);
        }
        let mut expected = Series::default();
        (expected[0], expected[1], expected[PARTS - 1]) = (2, 1, 1);
        assert_eq!(series, expected);
    }
}
