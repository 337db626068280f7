//! A contact turns out to have happened at another time: it moves in the timelines in which it stands.

use aftercall_view::ApplyError;
use bytes::Bytes;

use super::places;
use crate::before::Keeping;
use crate::promises::{self, Standing};
use crate::stored::StoredEntry;

/// Moves the contact whose entry stood at `home` as `before`. What became of its promises happened
/// when it happened, and stays where it is.
pub(super) fn apply(
    tenant_id: &str,
    whose: u64,
    (home, before): (&Bytes, &StoredEntry),
    after: &StoredEntry,
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    let promises = promises::all(tenant_id, before, |key| keeping.get(key))?;
    let new_home = places::move_contact(tenant_id, whose, (home, before), after, keeping)?;
    for promise in &promises {
        let standing = |home| Standing {
            promise,
            home,
            seq: before.seq,
        };
        let (was, is) = (standing(home), standing(&new_home));
        promises::keep_track(tenant_id, Some(was), is, keeping)?;
    }
    Ok(())
}
