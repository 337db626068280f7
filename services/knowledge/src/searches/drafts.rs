//! Drafts that wait to be published, by the reason that they answer.

use std::collections::HashMap;

use aftercall_domain::solution::{Addressed, Audience};
use aftercall_view::{Direction, Store};
use prost::Message;

use crate::failure::Error;
use crate::keys;
use crate::limits::ROWS_LOOKED_AT_MAX;
use crate::reader::Viewer;
use crate::records::Listing;

/// The latest draft of each reason, of those that somebody sees; of many solutions, the latest are looked at.
pub(super) fn by_reason(store: &Store, viewer: &Viewer) -> Result<HashMap<String, String>, Error> {
    let mut drafts = HashMap::new();
    if !viewer.works() {
        return Ok(drafts);
    }
    let all = store.scan_prefix(
        keys::all_published(viewer.tenant_id()),
        Direction::Ascending,
    );
    for entry in all.take(ROWS_LOOKED_AT_MAX) {
        let (key, listing) = entry?;
        let Some(open) = Listing::decode(listing).map_err(Error::internal)?.open else {
            continue;
        };
        let addressed = Addressed {
            audience: open.audience().try_into().unwrap_or(Audience::Internal),
            owner_group: &open.owner_group,
            client_account_id: &open.client_account_id,
        };
        if viewer.reader().reads(addressed) {
            let solution_id = keys::read_published(&key).map_err(Error::internal)?;
            drafts.entry(open.reason_code).or_insert(solution_id);
        }
    }
    Ok(drafts)
}
