//! Words that somebody may have meant: those of the tenant's solutions that are one slip away. Which of them stand in a
//! solution that may be seen is asked when they are searched for.

use std::collections::BTreeSet;

use aftercall_retrieval::words::{Near, Reached};
use tantivy_fst::Automaton;

use crate::failure::Error;
use crate::index::Fields;
use crate::limits::MEANT_WORDS_MAX;
use crate::visible::Visible;

/// The words that are one slip away from `word`.
pub(crate) fn meant(word: &str, visible: &Visible<'_>) -> Result<BTreeSet<String>, Error> {
    let mut meant = BTreeSet::new();
    let Some(near) = Near::to(word) else {
        return Ok(meant);
    };
    let tenant = Fields::spelling_prefix(visible.tenant_id(), visible.is_outside());
    let spelt = Spelt {
        tenant: tenant.as_bytes(),
        near,
    };
    for segment in visible.searcher().segment_readers() {
        let index = segment.inverted_index(visible.fields().spellings)?;
        let mut found = index
            .terms()
            .search(&spelt)
            .into_stream()
            .map_err(tantivy::TantivyError::from)?;
        while let Some((term, _)) = found.next() {
            let word = std::str::from_utf8(&term[tenant.len()..]).unwrap_or_default();
            // In the order of their letters, so that every index gives the same ones.
            meant.insert(word.to_owned());
            if meant.len() > MEANT_WORDS_MAX {
                meant.pop_last();
            }
        }
    }
    Ok(meant)
}

/// The terms of a tenant that are near to a word, byte by byte.
struct Spelt<'t> {
    tenant: &'t [u8],
    near: Near,
}

/// What was read of a term.
#[derive(Debug, Clone, Copy)]
enum Read {
    /// So many bytes of the tenant.
    Tenant(usize),
    /// The tenant, some letters, and so many bytes of the next.
    Word(Reached, [u8; 4], usize),
    /// Something else.
    Other,
}

impl Automaton for Spelt<'_> {
    type State = Read;

    fn start(&self) -> Read {
        Read::Tenant(0)
    }

    fn is_match(&self, read: &Read) -> bool {
        matches!(read, Read::Word(reached, _, 0) if self.near.is_near(*reached))
    }

    fn can_match(&self, read: &Read) -> bool {
        match read {
            Read::Tenant(_) => true,
            Read::Word(reached, ..) => self.near.may_be_near(*reached),
            Read::Other => false,
        }
    }

    fn accept(&self, read: &Read, byte: u8) -> Read {
        match *read {
            Read::Tenant(count) if self.tenant.get(count) == Some(&byte) => {
                match count + 1 == self.tenant.len() {
                    true => Read::Word(self.near.start(), [0; 4], 0),
                    false => Read::Tenant(count + 1),
                }
            }
            Read::Word(reached, mut letter, count) if count < letter.len() => {
                letter[count] = byte;
                let read = std::str::from_utf8(&letter[..=count]);
                match read.ok().and_then(|read| read.chars().next()) {
                    Some(letter) => Read::Word(self.near.next(reached, letter), [0; 4], 0),
                    None => Read::Word(reached, letter, count + 1),
                }
            }
            Read::Tenant(_) | Read::Word(..) | Read::Other => Read::Other,
        }
    }
}
