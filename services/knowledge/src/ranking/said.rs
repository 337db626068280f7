//! What customers said in contacts in which solutions were used or rejected, kept as it is compared from one request to
//! the next.

use std::sync::Arc;

use aftercall_retrieval::Profile;
use aftercall_retrieval::meaning::TextId;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Store};

use crate::keys::evidence as keys;
use crate::limits::SAID_KEPT_BYTES;
use crate::recent::Recent;
use crate::sayings::{Brief, Mark, Sayings};

/// What keeping one takes beside what it says, in bytes.
const KEEPING_BYTES: usize = 128;

/// What was said in one contact.
#[derive(Debug)]
pub(super) struct Said {
    /// A hash of the contact.
    pub(super) draw: u64,
    /// Whether the solution was used; it was rejected otherwise.
    pub(super) accepted: bool,
    /// The words' id, by which their direction is found.
    pub(super) text_id: Option<TextId>,
    /// What ranking needs of the words.
    pub(super) profile: Arc<Profile>,
}

/// What was compared of late.
#[derive(Debug)]
pub(super) struct AllSaid(Recent<Key, Kept>);

/// What the store has of a solution, as it is compared, and by what that is known again without a look at it.
#[derive(Debug, Clone)]
struct Kept {
    mark: Mark,
    said: Arc<[Said]>,
}

impl Default for AllSaid {
    fn default() -> Self {
        Self(Recent::of(SAID_KEPT_BYTES))
    }
}

impl AllSaid {
    /// What was said of a solution, as the store has it now.
    pub(super) fn read(
        &self,
        store: &Store,
        tenant_id: &str,
        solution_id: &str,
    ) -> Result<Arc<[Said]>, ApplyError> {
        let Some(brief) = Brief::read(store, tenant_id, solution_id)? else {
            return Ok(Arc::default());
        };
        let key = keys::sayings(tenant_id, solution_id);
        if let Some(kept) = self.0.get(&key).filter(|kept| brief.mark == kept.mark[..]) {
            return Ok(kept.said);
        }
        // With a mark of their own: they may be later ones than the brief that was read.
        let (sayings, mark) = Sayings::scan(store, tenant_id, solution_id)?;
        let said = sayings.iter().filter_map(|saying| {
            Some(Said {
                draw: saying.draw,
                accepted: saying.accepted,
                text_id: saying.text_id(),
                profile: saying.profile()?.into(),
            })
        });
        let kept = Kept {
            mark,
            said: said.collect(),
        };
        let said = Arc::clone(&kept.said);
        let bytes = kept.memory_bytes();
        self.0.put(key, kept, bytes);
        Ok(said)
    }
}

impl Kept {
    /// About how much memory it takes, in bytes.
    fn memory_bytes(&self) -> usize {
        let said = self.said.iter();
        let said = said.map(|said| KEEPING_BYTES + said.profile.memory_bytes());
        KEEPING_BYTES + said.sum::<usize>()
    }
}
