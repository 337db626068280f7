//! What ranking needs of solutions' own words, kept from one request to the next: who types on is given much the same
//! solutions again, and to read one of the index means to unpack its neighbours with it.

use std::sync::Arc;

use aftercall_retrieval::Profile;
use tantivy::index::SegmentId;
use tantivy::schema::Value;
use tantivy::{DocAddress, DocId, TantivyDocument};

use crate::failure::Error;
use crate::keys;
use crate::limits::OWN_KEPT_BYTES;
use crate::recent::Recent;
use crate::visible::Visible;

/// What keeping one takes beside what it says, in bytes.
const KEEPING_BYTES: usize = 160;

/// What ranking needs of a solution.
#[derive(Debug)]
pub(super) struct Own {
    tenant_id: String,
    pub(super) solution_id: String,
    pub(super) profile: Profile,
}

/// What was read of late. A document never changes: a solution that does gets another one.
#[derive(Debug)]
pub(super) struct Owns(Recent<Place, Arc<Own>>);

/// A document's segment, its place there, and whether of what it says only that is looked at which may be read outside
/// of the house.
type Place = (SegmentId, DocId, bool);

impl Default for Owns {
    fn default() -> Self {
        Self(Recent::of(OWN_KEPT_BYTES))
    }
}

impl Owns {
    /// What ranking needs of a document; none if there is nothing that can be read.
    pub(super) fn read(
        &self,
        visible: &Visible<'_>,
        address: DocAddress,
    ) -> Result<Option<Arc<Own>>, Error> {
        let segment = visible.searcher().segment_reader(address.segment_ord);
        let place = (segment.segment_id(), address.doc_id, visible.is_outside());
        let own = match self.0.get(&place) {
            Some(own) => own,
            None => {
                let Some(own) = Own::read(visible, address)?.map(Arc::new) else {
                    return Ok(None);
                };
                self.0.put(place, Arc::clone(&own), own.memory_bytes());
                own
            }
        };
        // The terms see to it already; a fault there must not show another tenant's words.
        Ok(Some(own).filter(|own| own.tenant_id == visible.tenant_id()))
    }
}

impl Own {
    fn read(visible: &Visible<'_>, address: DocAddress) -> Result<Option<Self>, Error> {
        let document: TantivyDocument = visible.searcher().doc(address)?;
        let bytes = |field| document.get_first(field).and_then(|value| value.as_bytes());
        let field = visible.fields().profile(visible.is_outside());
        let (Some(key), Some(profile)) = (bytes(visible.key()), bytes(field)) else {
            return Ok(None);
        };
        let (tenant_id, solution_id) = keys::read_solution(key).map_err(Error::internal)?;
        Ok(Profile::from_bytes(profile).map(|profile| Self {
            tenant_id,
            solution_id,
            profile,
        }))
    }

    /// About how much memory it takes, in bytes.
    fn memory_bytes(&self) -> usize {
        let ids = size_of::<Self>() + self.tenant_id.len() + self.solution_id.len();
        KEEPING_BYTES + ids + self.profile.memory_bytes()
    }
}
