//! Solutions' numbers: short enough to be read out on the telephone and typed.

use std::fmt;

use crate::ids::Namespace;

/// Crockford's Base32: no letter looks or sounds like a digit.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many digits a number has: 40 bits, so that of 100,000 solutions hardly two derive one number.
const LENGTH: usize = 8;

/// A solution's number among those of its tenant, such as `S-7K3Q-X2MB`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SolutionNumber(String);

impl SolutionNumber {
    /// The number that follows from a solution's id: the same in every process and for ever. Whoever begins a solution
    /// counts `attempt` up from 0 until no other solution has the number.
    pub fn derived(tenant_id: &str, solution_id: &str, attempt: u32) -> Self {
        let attempt = attempt.to_be_bytes();
        let parts: [&[u8]; 3] = [tenant_id.as_bytes(), solution_id.as_bytes(), &attempt];
        // The first five bytes of such an id are all hash.
        let bits = Namespace::SolutionNumber.id(&parts).as_u128() >> 88;
        let places = (0..LENGTH).rev();
        let digits = places.map(|place| char::from(DIGITS[(bits >> (5 * place)) as usize & 31]));
        Self::spelled(&digits.collect::<String>())
    }

    /// Reads a number as people write it: in small letters, with other or no hyphens, with `O` for `0`, `I` or `L` for
    /// `1`. None for what is no number.
    pub fn read(text: &str) -> Option<Self> {
        let said = text.trim().strip_prefix(['S', 's'])?;
        let mut digits = String::with_capacity(LENGTH);
        for character in said.chars().filter(|one| !matches!(one, '-' | ' ')) {
            if digits.len() == LENGTH {
                return None;
            }
            digits.push(digit(character)?);
        }
        (digits.len() == LENGTH).then(|| Self::spelled(&digits))
    }

    fn spelled(digits: &str) -> Self {
        let (first, last) = digits.split_at(LENGTH / 2);
        Self(format!("S-{first}-{last}"))
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown, by value.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for SolutionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The digit that a character stands for.
fn digit(character: char) -> Option<char> {
    let digit = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let known = DIGITS.iter().any(|known| char::from(*known) == digit);
    known.then_some(digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn derived_numbers_are_told_apart() {
        let number = SolutionNumber::derived("acme", "solution", 0);
        assert_eq!(number, SolutionNumber::derived("acme", "solution", 0));
        for (tenant_id, solution_id, attempt) in [
            ("other", "solution", 0),
            ("acme", "another", 0),
            ("acme", "solution", 1),
        ] {
            let other = SolutionNumber::derived(tenant_id, solution_id, attempt);
            assert_ne!(number, other);
        }
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for text in ["S-7K3Q-X210", "s7k3qx210", " s 7k3q x2io ", "S-7K3Q-X2LO"] {
            let read = SolutionNumber::read(text);
            assert_eq!(read.unwrap().as_str(), "S-7K3Q-X210", "{text:?}");
        }
        for text in [
            "",
            "S",
            "7K3Q-X210",
            "S-7K3Q-X21",
            "S-7K3Q-X2100",
            "S-7K3Q-X21U",
        ] {
            assert_eq!(SolutionNumber::read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_reads_back(tenant in ".{0,8}", id in ".{0,8}", attempt in any::<u32>()) {
            let number = SolutionNumber::derived(&tenant, &id, attempt);
            prop_assert_eq!(SolutionNumber::read(&number.to_string()), Some(number.clone()));
            let small = number.as_str().to_lowercase().replace('-', "");
            prop_assert_eq!(SolutionNumber::read(&small), Some(number));
        }

        #[test]
        fn whatever_is_typed_is_read_or_is_no_number(text in ".{0,24}") {
            if let Some(number) = SolutionNumber::read(&text) {
                prop_assert_eq!(number.as_str().len(), LENGTH + 3);
            }
        }
    }
}
