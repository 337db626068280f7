//! How a customer felt in a contact, as measures need it: in bands, and in whole thousandths, which add up to the same
//! whatever the order.

/// Which of three bands a score from -5 to 5 lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Below -1.
    Negative,
    /// From -1 to 1.
    Neutral,
    /// Above 1.
    Positive,
}

impl Band {
    /// The band of a score; none of what is no number.
    pub const fn of(score: f64) -> Option<Self> {
        match score {
            score if score.is_nan() => None,
            score if score < -1.0 => Some(Self::Negative),
            score if score > 1.0 => Some(Self::Positive),
            _ => Some(Self::Neutral),
        }
    }

    /// A number for it, which is never 0.
    pub const fn number(self) -> u8 {
        match self {
            Self::Negative => 1,
            Self::Neutral => 2,
            Self::Positive => 3,
        }
    }
}

/// Which way a feeling moved from the start of a contact to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trend {
    /// By 1 or more downwards.
    Worse,
    /// By less than 1.
    Steady,
    /// By 1 or more upwards.
    Better,
}

impl Trend {
    /// By how much less than this a feeling moves that is neither better nor worse.
    const STEADY_BELOW: f64 = 1.0;

    /// The way of a shift, the end less the start; none of what is no number.
    pub const fn of(shift: f64) -> Option<Self> {
        match shift {
            shift if shift.is_nan() => None,
            shift if shift <= -Self::STEADY_BELOW => Some(Self::Worse),
            shift if shift >= Self::STEADY_BELOW => Some(Self::Better),
            _ => Some(Self::Steady),
        }
    }

    /// A number for it, which is never 0.
    pub const fn number(self) -> u8 {
        match self {
            Self::Worse => 1,
            Self::Steady => 2,
            Self::Better => 3,
        }
    }
}

/// A score that is not known.
pub const UNFELT: u16 = u16::MAX;

/// How many thousandths the lowest score lies below 0.
const LOWEST: f64 = 5_000.0;

/// How many kinds of signals are told apart, with 0 for none.
pub const SIGNALS: usize = 16;

/// How a customer felt, as one scorer says, and what was noticed in the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Feeling {
    /// At the start, in thousandths above the lowest score, or [`UNFELT`].
    pub start: u16,
    /// At the end.
    pub end: u16,
    /// The worst.
    pub worst: u16,
    /// The band at the end, the worst band, and the trend, by their numbers; 0 where it is not known.
    pub bands: [u8; 3],
    /// The kinds of signals, a bit each, by their numbers.
    pub signals: u16,
}

impl Default for Feeling {
    fn default() -> Self {
        Self {
            start: UNFELT,
            end: UNFELT,
            worst: UNFELT,
            bands: [0; 3],
            signals: 0,
        }
    }
}

impl Feeling {
    /// What a scorer says, without signals.
    pub fn of(start: Option<f64>, end: Option<f64>, worst: Option<f64>) -> Self {
        // What was recorded before it was said how it was at worst says the ends.
        let worst = worst.or_else(|| [start, end].into_iter().flatten().reduce(f64::min));
        let shift = end.zip(start).map(|(end, start)| end - start);
        let band = |score: Option<f64>| score.and_then(Band::of).map_or(0, Band::number);
        let trend = shift.and_then(Trend::of).map_or(0, Trend::number);
        Self {
            start: thousandths(start),
            end: thousandths(end),
            worst: thousandths(worst),
            bands: [band(end), band(worst), trend],
            signals: 0,
        }
    }

    /// Whether a signal of a kind was noticed.
    pub const fn has_signal(&self, kind: usize) -> bool {
        kind > 0 && kind < SIGNALS && (self.signals >> kind) & 1 == 1
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it lies between 0 and 10,000"
)]
fn thousandths(score: Option<f64>) -> u16 {
    match score {
        Some(score) if !score.is_nan() => {
            (score.mul_add(1_000.0, LOWEST).round()).clamp(0.0, 2.0 * LOWEST) as u16
        }
        _ => UNFELT,
    }
}

/// Sums of how customers felt over contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Felt {
    /// Contacts of which it is known how the customer felt at the end.
    pub ended: u64,
    /// At the end, in thousandths above the lowest score.
    pub end: u64,
    /// The worst of these.
    pub worst: u64,
    /// Of these contacts, those of which it is known how the customer felt at the start.
    pub started: u64,
    /// At the start.
    pub start: u64,
    /// At the end, in those of which the start is known.
    pub end_of_started: u64,
    /// How many contacts ended in each band, by its number less one.
    pub bands: [u64; 3],
    /// How many were at worst in each band.
    pub worst_bands: [u64; 3],
    /// How many moved each way, by its number less one.
    pub trends: [u64; 3],
    /// Contacts in which something was noticed.
    pub signalled: u64,
    /// Contacts with each kind of signal, by its number.
    pub signals: [u64; SIGNALS],
}

impl Felt {
    /// Adds a contact.
    pub fn add(&mut self, feeling: &Feeling) {
        if feeling.end != UNFELT {
            self.ended += 1;
            self.end += u64::from(feeling.end);
            self.worst += u64::from(feeling.worst);
            if feeling.start != UNFELT {
                self.started += 1;
                self.start += u64::from(feeling.start);
                self.end_of_started += u64::from(feeling.end);
            }
        }
        let counts = [&mut self.bands, &mut self.worst_bands, &mut self.trends];
        for (counts, number) in counts.into_iter().zip(feeling.bands) {
            let place = usize::from(number).checked_sub(1);
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count += 1;
            }
        }
        if feeling.signals != 0 {
            self.signalled += 1;
            for (kind, count) in self.signals.iter_mut().enumerate() {
                *count += u64::from(feeling.has_signal(kind));
            }
        }
    }

    /// Adds what other contacts came to.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.ended, other.ended),
            (&mut self.end, other.end),
            (&mut self.worst, other.worst),
            (&mut self.started, other.started),
            (&mut self.start, other.start),
            (&mut self.end_of_started, other.end_of_started),
            (&mut self.signalled, other.signalled),
        ] {
            *own += other;
        }
        for (own, other) in [
            (&mut self.bands, other.bands),
            (&mut self.worst_bands, other.worst_bands),
            (&mut self.trends, other.trends),
        ] {
            for (own, other) in own.iter_mut().zip(other) {
                *own += other;
            }
        }
        for (own, other) in self.signals.iter_mut().zip(other.signals) {
            *own += other;
        }
    }

    /// The mean at the start, on the scale from -5 to 5.
    pub fn average_start(&self) -> Option<f64> {
        score(self.start, self.started)
    }

    /// The mean at the end.
    pub fn average_end(&self) -> Option<f64> {
        score(self.end, self.ended)
    }

    /// The mean of the worst.
    pub fn average_worst(&self) -> Option<f64> {
        score(self.worst, self.ended)
    }

    /// The mean of the shift, of contacts of which start and end are known.
    #[allow(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
    pub fn average_shift(&self) -> Option<f64> {
        let shift = self.end_of_started as f64 - self.start as f64;
        (self.started > 0).then(|| shift / 1_000.0 / self.started as f64)
    }
}

#[allow(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
fn score(sum: u64, of: u64) -> Option<f64> {
    let above = sum as f64 - LOWEST * of as f64;
    (of > 0).then(|| above / 1_000.0 / of as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bands_and_trends_end_where_they_are_said_to() {
        let bands = [-1.001, -1.0, 1.0, 1.001].map(|score| Band::of(score).unwrap());
        let expected = [Band::Negative, Band::Neutral, Band::Neutral, Band::Positive];
        assert_eq!(bands, expected);
        let trends = [-1.0, -0.999, 0.999, 1.0].map(|shift| Trend::of(shift).unwrap());
        let expected = [Trend::Worse, Trend::Steady, Trend::Steady, Trend::Better];
        assert_eq!(trends, expected);
        assert_eq!((Band::of(f64::NAN), Trend::of(f64::NAN)), (None, None));
    }

    #[test]
    fn what_is_not_known_counts_nowhere() {
        let mut felt = Felt::default();
        felt.add(&Feeling::default());
        assert_eq!(felt, Felt::default());
        felt.add(&Feeling::of(None, Some(-2.0), None));
        assert_eq!((felt.ended, felt.started, felt.trends), (1, 0, [0; 3]));
        assert_eq!(felt.average_worst(), Some(-2.0));
        assert_eq!((felt.average_start(), felt.average_shift()), (None, None));
    }

    proptest! {
        #[test]
        fn means_are_those_of_the_thousandths(
            all in prop::collection::vec((-5_000..=5_000_i32, -5_000..=5_000_i32), 1..20),
        ) {
            let (mut one, mut two) = (Felt::default(), Felt::default());
            for (place, (start, end)) in all.iter().enumerate() {
                let score = |thousandths: i32| Some(f64::from(thousandths) / 1_000.0);
                let feeling = Feeling::of(score(*start), score(*end), None);
                if place % 2 == 0 { one.add(&feeling) } else { two.add(&feeling) };
            }
            one.merge(&two);
            let count = all.len() as f64;
            let mean = |of: fn(&(i32, i32)) -> i32| {
                f64::from(all.iter().map(of).sum::<i32>()) / 1_000.0 / count
            };
            let near = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-9;
            prop_assert!(near(one.average_start(), mean(|it| it.0)));
            prop_assert!(near(one.average_end(), mean(|it| it.1)));
            prop_assert!(near(one.average_worst(), mean(|it| it.0.min(it.1))));
            prop_assert!(near(one.average_shift(), mean(|it| it.1 - it.0)));
        }
    }
}
