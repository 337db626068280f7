//! Senses: what of a solution is compared in meaning, by hashes of the texts. The search index keeps them, so that it is
//! known which directions a document has, and whether they are there already.

use aftercall_proto::model::v1::Solution;
use aftercall_retrieval::meaning::TextId;

use crate::sayings::Sayings;
use crate::words;

/// A sense: a hash of its texts; 0 of none.
pub(crate) type Sense = u64;

/// The texts of a sense, each with its weight.
pub(crate) type Texts<'t> = Vec<(&'t str, f32)>;

/// The texts of a solution.
pub(crate) fn of_solution(solution: &Solution) -> Texts<'_> {
    let pieces = words::pieces(solution).into_iter();
    let pieces = pieces.filter(|(_, text)| !text.trim().is_empty());
    pieces
        .map(|(part, text)| (text, part.weight() as f32))
        .collect()
}

/// The texts of what customers said in contacts in which a solution was used.
pub(crate) fn of_sayings(said: &Sayings) -> Texts<'_> {
    let texts = said.accepted();
    texts.map(|saying| (saying.text.as_str(), 1.0)).collect()
}

/// The sense of texts.
pub(crate) fn of(texts: &Texts<'_>) -> Sense {
    if texts.is_empty() {
        return 0;
    }
    let mut hasher = blake3::Hasher::new();
    for (text, weight) in texts {
        hasher.update(TextId::of(text).as_bytes());
        hasher.update(&weight.to_le_bytes());
    }
    let mut sense = [0; 8];
    sense.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    Sense::from_le_bytes(sense).max(1)
}
