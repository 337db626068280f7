//! Whether one form says a few words more than another, and nothing else.

use super::Word;

/// Of nine words of two forms together, four must be common to both: the shared ones are four fifths of all
/// different places.
const SHARED_OF: (usize, usize) = (4, 9);

/// Which of the two texts a word stands in that the other hasn't.
#[derive(Clone, Copy)]
enum Whose {
    One,
    Other,
}

/// The most words that are common in their order: by alignments that end with a word that both have, or with one that
/// only one of them has. None where no alignment ends so.
#[derive(Clone, Copy, Default)]
struct Best {
    both: Option<usize>,
    one: Option<usize>,
    other: Option<usize>,
}

impl Best {
    fn most(self) -> Option<usize> {
        self.both.max(self.one).max(self.other)
    }
}

/// How many words are common if the two can be aligned so that enough are, nothing hard is left over, and no place is
/// left where each has words of its own; none if they can't. The same both ways.
pub(super) fn shared(one: &[Word], other: &[Word]) -> Option<usize> {
    let together = one.len() + other.len();
    let is_enough = |shared: usize| shared * SHARED_OF.1 >= together * SHARED_OF.0;
    if !is_enough(one.len().min(other.len())) {
        return None;
    }
    let beginning = Best {
        both: Some(0),
        ..Best::default()
    };
    let mut above = vec![beginning];
    for at in 0..other.len() {
        let left = above[at];
        above.push(Best {
            other: skipped(left, Whose::Other, other, at),
            ..Best::default()
        });
    }
    for row in 0..one.len() {
        let mut below = vec![Best {
            one: skipped(above[0], Whose::One, one, row),
            ..Best::default()
        }];
        for column in 0..other.len() {
            let diagonal = above[column].most().filter(|_| one[row] == other[column]);
            below.push(Best {
                both: diagonal.map(|shared| shared + 1),
                one: skipped(above[column + 1], Whose::One, one, row),
                other: skipped(below[column], Whose::Other, other, column),
            });
        }
        above = below;
    }
    let end = above.last().and_then(|best| best.most());
    end.filter(|shared| is_enough(*shared))
}

/// What is common if the word at `at` is one that only its own text has: not a hard one, not the one that a negation is
/// about, and not where the other text has words of its own.
fn skipped(before: Best, whose: Whose, words: &[Word], at: usize) -> Option<usize> {
    let follows_negation = at > 0 && words[at - 1].negates();
    if words[at].is_hard() || follows_negation {
        return None;
    }
    match whose {
        Whose::One => before.both.max(before.one),
        Whose::Other => before.both.max(before.other),
    }
}
