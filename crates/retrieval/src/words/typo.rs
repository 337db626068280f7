//! One letter that is wrong, missing, too many or in its neighbour's place is forgiven, in words of
//! five or more letters.

/// The shortest word in which a letter may be wrong.
const LETTERS_MIN: usize = 5;

/// Whether a slip is forgiven in a word, as it was written.
pub fn is_forgiven(spelling: &str) -> bool {
    let letters = spelling.chars().count();
    letters >= LETTERS_MIN && spelling.chars().all(char::is_alphabetic)
}

/// The words that one slip makes of another: read letter by letter, so that a dictionary's branches
/// are left as soon as nothing in them is near.
#[derive(Debug, Clone)]
pub struct Near {
    letters: Vec<char>,
}

/// How far into the word one may be, after what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Letters of the word behind, without a slip: as many as were read.
    exact: Option<u8>,
    /// Letters of the word behind after a slip: a bit for each number.
    slipped: u64,
    /// One may be between two letters that changed places: the number of letters behind before them.
    swapping: u64,
}

impl Near {
    /// What is near to `word`; of a very long one, nothing.
    pub fn to(word: &str) -> Option<Self> {
        let letters: Vec<char> = word.chars().collect();
        // A bit for each number of letters.
        (LETTERS_MIN..63)
            .contains(&letters.len())
            .then_some(Self { letters })
    }

    /// Before anything was read.
    pub fn start(&self) -> Reached {
        Reached {
            exact: Some(0),
            // The first letter may be missing.
            slipped: 1 << 1,
            swapping: 0,
        }
    }

    /// After one more letter.
    pub fn next(&self, reached: Reached, letter: char) -> Reached {
        let is = |at: usize| self.letters.get(at) == Some(&letter);
        let mut next = Reached {
            exact: None,
            slipped: 0,
            swapping: 0,
        };
        for at in bits(reached.slipped).filter(|at| is(*at)) {
            next.slipped |= 1 << (at + 1);
        }
        // The letter that was left out comes now: both are behind.
        for at in bits(reached.swapping).filter(|at| is(*at)) {
            next.slipped |= 1 << (at + 2);
        }
        let Some(exact) = reached.exact else {
            return next;
        };
        let at = usize::from(exact);
        // The letter is too many; or another stands in its place.
        next.slipped |= 1 << at;
        if at < self.letters.len() {
            next.slipped |= 1 << (at + 1);
        }
        if is(at + 1) {
            next.swapping |= 1 << at;
        }
        if is(at) {
            next.exact = Some(exact + 1);
            // The one after it may be missing.
            if at + 1 < self.letters.len() {
                next.slipped |= 1 << (at + 2);
            }
        }
        next
    }

    /// Whether what was read is near: one slip away, or the same.
    pub fn is_near(&self, reached: Reached) -> bool {
        let all = self.letters.len();
        reached.exact.map(usize::from) == Some(all) || reached.slipped & (1 << all) != 0
    }

    /// Whether more letters may bring it near.
    pub fn may_be_near(&self, reached: Reached) -> bool {
        reached.exact.is_some() || reached.slipped != 0 || reached.swapping != 0
    }

    /// Whether `other` is the word with at most one slip.
    pub fn matches(&self, other: &str) -> bool {
        let read = other.chars().try_fold(self.start(), |reached, letter| {
            let next = self.next(reached, letter);
            self.may_be_near(next).then_some(next)
        });
        read.is_some_and(|reached| self.is_near(reached))
    }
}

fn bits(set: u64) -> impl Iterator<Item = usize> {
    (0..64).filter(move |at| set & (1 << at) != 0)
}
