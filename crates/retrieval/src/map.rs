//! Maps of one answer.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A hash for what an attacker gains nothing by: maps of one answer, of bounded size.
#[derive(Debug, Default)]
pub(crate) struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words
            .iter()
            .for_each(|eight| self.write_u64(u64::from_le_bytes(*eight)));
        if !rest.is_empty() {
            // All that is left at once, with how much that is.
            let all = |all: u64, byte: &u8| all << 8 | u64::from(*byte);
            self.write_u64(rest.iter().fold(rest.len() as u64, all));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        // The golden ratio's digits; the turn brings the upper bits down, which maps use.
        let mixed = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed.rotate_left(26);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64);
        self.write_u64((value >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map of one answer.
pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Mixed>>;

/// What is surely not among some numbers, without a look at a map: most of what is looked up is not there.
#[derive(Debug)]
pub(crate) struct Sieve(Vec<u64>);

impl Sieve {
    const BITS: u32 = 14;

    /// Of no numbers.
    pub(crate) fn new() -> Self {
        Self(vec![0; 1 << (Self::BITS - 6)])
    }

    /// Takes in a number.
    pub(crate) fn add(&mut self, number: u64) {
        let (word, bit) = Self::place(number);
        self.0[word] |= bit;
    }

    /// Whether a number may be among them: always if it is.
    pub(crate) fn may_have(&self, number: u64) -> bool {
        let (word, bit) = Self::place(number);
        self.0[word] & bit != 0
    }

    fn place(number: u64) -> (usize, u64) {
        let place = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - Self::BITS);
        ((place >> 6) as usize, 1 << (place & 63))
    }
}
