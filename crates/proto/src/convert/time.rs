//! Instants.

use jiff::Timestamp;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The instant on the wire.
pub fn to_wire(at: Timestamp) -> pbjson_types::Timestamp {
    let nanoseconds = at.as_nanosecond();
    pbjson_types::Timestamp {
        // An instant's seconds fit by far: it ends with the year 9999.
        seconds: nanoseconds.div_euclid(NANOS_PER_SECOND) as i64,
        nanos: nanoseconds.rem_euclid(NANOS_PER_SECOND) as i32,
    }
}

/// The instant that the wire says, unless it is malformed or outside of the years that we can
/// represent.
pub fn from_wire(at: &pbjson_types::Timestamp) -> Option<Timestamp> {
    let nanos = (0..NANOS_PER_SECOND as i32)
        .contains(&at.nanos)
        .then_some(at.nanos)?;
    Timestamp::new(at.seconds, nanos).ok()
}

/// Microseconds since the Unix epoch, rounded down: what keys and records sort by.
pub fn microseconds(at: Timestamp) -> i64 {
    at.as_nanosecond().div_euclid(1_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_every_nanosecond_on_both_sides_of_the_epoch() {
        for nanoseconds in [
            0,
            1,
            999_999_999,
            1_000_000_000,
            -1,
            -999_999_999,
            -1_000_000_001,
        ] {
            let at = Timestamp::from_nanosecond(nanoseconds).unwrap();
            let wire = to_wire(at);
            assert!((0..1_000_000_000).contains(&wire.nanos), "{wire:?}");
            assert_eq!(from_wire(&wire), Some(at));
        }
        for edge in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(from_wire(&to_wire(edge)), Some(edge));
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
            assert_eq!(from_wire(&pbjson_types::Timestamp { seconds, nanos }), None);
        }
    }

    #[test]
    fn microseconds_round_down() {
        let at = |nanoseconds| Timestamp::from_nanosecond(nanoseconds).unwrap();
        assert_eq!(microseconds(at(1_999)), 1);
        assert_eq!(microseconds(at(-1)), -1);
    }
}
