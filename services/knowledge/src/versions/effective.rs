//! Approved versions whose time has come: they are published by themselves. Whoever keeps the time asks
//! [`scheduled`] for them, and writes what [`record`] makes.

use aftercall_log::Record;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{SolutionPublicationCause, SolutionPublished};
use aftercall_service::ActorKind;
use aftercall_service::seal::{Author, Sealing};
use aftercall_view::{Direction, Store};
use jiff::Timestamp;

use super::review::live;
use crate::failure::Error;
use crate::heads::{self, Head};
use crate::keys::versions as keys;

/// By whom it is done.
const ACTOR: &str = "aftercall";

/// A solution with an approved version that waits for its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scheduled {
    /// From when it is to be live.
    pub(crate) from_us: i64,
    /// Whose it is.
    pub(crate) tenant_id: String,
    /// Which.
    pub(crate) solution_id: String,
}

/// The approved versions that wait, those whose time comes first before others. Ends with the first error.
pub(crate) fn scheduled(store: &Store) -> impl Iterator<Item = Result<Scheduled, Error>> {
    let rows = store.scan_prefix(keys::all_scheduled(), Direction::Ascending);
    rows.map(|entry| {
        let (from_us, tenant_id, solution_id) =
            keys::read_scheduled(&entry?.0).map_err(Error::internal)?;
        Ok(Scheduled {
            from_us,
            tenant_id,
            solution_id,
        })
    })
}

/// The event that publishes a solution's approved version, if its time has come at `now`. The same one whoever
/// makes it: of two only the first counts.
pub(crate) fn record(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    now: Timestamp,
) -> Result<Option<Record>, Error> {
    let head = Head::read(store, tenant_id, solution_id).map_err(Error::internal)?;
    let Some(head) = head else {
        return Ok(None);
    };
    let solution = heads::version(store, tenant_id, solution_id, head.open_version);
    let Some(solution) = solution.map_err(Error::internal)? else {
        return Ok(None);
    };
    let from = solution.effective_from.as_ref().and_then(from_wire);
    if head.life().due(from, now).is_none() {
        return Ok(None);
    }
    let rules = heads::rules(store, tenant_id, (&head, &solution)).map_err(Error::internal)?;
    if !head.is_approved_by(rules) {
        // What went live since is governed more strictly: it waits for somebody who may approve it by that.
        return Ok(None);
    }
    // Whoever approved a version that has a time published it by that.
    let by = solution.approved_by.clone();
    let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
        solution: Some(live(solution, &by, now)),
        superseded_version: head.published_version,
        cause: SolutionPublicationCause::Effective.into(),
        ..SolutionPublished::default()
    }));
    let sealing = Sealing {
        by: Author {
            tenant_id,
            actor_id: ACTOR,
            kind: ActorKind::System,
        },
        aggregate_id: solution_id,
        interaction_id: "",
        customer_id: "",
        sequence: head.sequence.saturating_add(1),
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    Ok(Some(sealing.seal(&fact)?))
}
