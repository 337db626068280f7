//! Where a contact stands in the order of a search's results.

use aftercall_proto::history::v1::SearchOrder;

/// In which order results come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The latest first.
    Latest,
    /// The earliest first.
    Earliest,
    /// The most relevant first, of equals the latest.
    Relevance,
}

impl Order {
    /// The order that a request means.
    pub(crate) fn of(order: SearchOrder, has_words: bool) -> Self {
        match order {
            SearchOrder::TimeDesc => Self::Latest,
            SearchOrder::TimeAsc => Self::Earliest,
            SearchOrder::Relevance => Self::Relevance,
            SearchOrder::Unspecified if has_words => Self::Relevance,
            SearchOrder::Unspecified => Self::Latest,
        }
    }

    /// The place of a contact with this score (not negative), time and place in the log.
    pub(crate) fn place(self, score: f32, occurred_at_us: i64, seq: u64) -> Place {
        // The bits of floats that are not negative are in the order of the floats.
        match self {
            Self::Latest => Place(0, !occurred_at_us, !seq),
            Self::Earliest => Place(0, occurred_at_us, seq),
            Self::Relevance => Place(!score.to_bits(), !occurred_at_us, !seq),
        }
    }

    /// The first place that a contact with this score and time can have, wherever it stands in
    /// the log: saves looking that up.
    pub(crate) fn earliest_place(self, score: f32, occurred_at_us: i64) -> Place {
        let seq = if self == Self::Earliest { 0 } else { u64::MAX };
        self.place(score, occurred_at_us, seq)
    }
}

/// A contact's place: the smaller, the earlier among the results. No two contacts have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u32, i64, u64);

/// The length of a place in bytes.
pub(crate) const PLACE_BYTES: usize = 20;

impl Place {
    pub(crate) fn to_bytes(self) -> [u8; PLACE_BYTES] {
        let mut bytes = [0; PLACE_BYTES];
        bytes[..4].copy_from_slice(&self.0.to_be_bytes());
        bytes[4..12].copy_from_slice(&self.1.to_be_bytes());
        bytes[12..].copy_from_slice(&self.2.to_be_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; PLACE_BYTES]) -> Self {
        let mut parts = ([0; 4], [0; 8], [0; 8]);
        parts.0.copy_from_slice(&bytes[..4]);
        parts.1.copy_from_slice(&bytes[4..12]);
        parts.2.copy_from_slice(&bytes[12..]);
        Self(
            u32::from_be_bytes(parts.0),
            i64::from_be_bytes(parts.1),
            u64::from_be_bytes(parts.2),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_order_by_score_then_time_then_arrival(
            a in (0u8..4, -3i64..3, 0u64..3),
            b in (0u8..4, -3i64..3, 0u64..3),
        ) {
            let place = |order: Order, (score, time, seq): (u8, i64, u64)| {
                order.place(f32::from(score) / 2.0, time, seq)
            };
            let latest = |(_, time, seq)| (time, seq);
            prop_assert_eq!(
                place(Order::Latest, a).cmp(&place(Order::Latest, b)),
                latest(b).cmp(&latest(a))
            );
            prop_assert_eq!(
                place(Order::Earliest, a).cmp(&place(Order::Earliest, b)),
                latest(a).cmp(&latest(b))
            );
            prop_assert_eq!(place(Order::Relevance, a).cmp(&place(Order::Relevance, b)), b.cmp(&a));
            let there = place(Order::Relevance, a);
            prop_assert_eq!(Place::from_bytes(there.to_bytes()), there);
        }
    }
}
