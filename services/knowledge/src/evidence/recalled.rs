//! Recalls, and who was told what was recalled.

use std::cmp::Reverse;

use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{ListRecalledRequest, ListRecalledResponse};
use aftercall_proto::model::v1::{Recall, RecalledParty};
use aftercall_service::{Call, Paging, Through};
use aftercall_view::key::prefix_end;
use aftercall_view::{Direction, Store};
use prost::Message;

use super::{asked, seen};
use crate::corrections;
use crate::failure::Error;
use crate::fold::stored;
use crate::keys::evidence::{self, MERGED, Told};
use crate::limits::{PARTIES_LOOKED_AT_MAX, PARTY_CONTACTS_MAX};
use crate::page;
use crate::reader::Viewer;
use crate::records::{Uses, timestamp};
use crate::stats;

/// A recall, with how many it concerns.
pub(super) fn find(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    version: u32,
) -> Result<Option<Recall>, Error> {
    let recall = store.get(evidence::recall(tenant_id, solution_id, version))?;
    let recall: Option<Recall> = stored(recall).map_err(Error::internal)?;
    let uses = stats::version_uses(store, (tenant_id, solution_id), version);
    let uses: Uses = uses.map_err(Error::internal)?;
    Ok(recall.map(|recall| Recall {
        told_count: uses.parties,
        ..recall
    }))
}

/// All recalls of a solution, those that do most harm first.
fn recalls(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    version: u32,
) -> Result<Vec<Recall>, Error> {
    let mut recalls = Vec::new();
    let all = evidence::all_recalls(tenant_id, solution_id);
    for entry in store.scan_prefix(all, Direction::Ascending) {
        let recall = Recall::decode(entry?.1).map_err(Error::internal)?;
        if version == 0 || recall.version == version {
            recalls.push(recall);
        }
    }
    recalls.sort_by_key(|recall| (Reverse(recall.harm_class), Reverse(recall.version)));
    Ok(recalls)
}

/// A list of those who were told, as it was asked for.
#[derive(Debug)]
pub(super) struct Query {
    viewer: Viewer,
    solution_id: String,
    version: u32,
    paging: Paging,
}

impl Query {
    /// Checks the request.
    pub(super) fn of(call: &Call<ListRecalledRequest>, log: &LogIdentity) -> Result<Self, Error> {
        let (solution_id, size) = asked(&call.message.solution_id, call.message.page_size)?;
        let viewer = Viewer::of(call);
        let version = call.message.version;
        let all = Vec::from(evidence::all_told_of(viewer.tenant_id(), &solution_id));
        let query: [&[u8]; 3] = [&all, &version.to_be_bytes(), &viewer.scope.fingerprint()];
        let paging = Paging::asked(log, &query, size, &call.message.page_token)?;
        page::check_place(&paging, &all)?;
        Ok(Self {
            viewer,
            solution_id,
            version,
            paging,
        })
    }

    /// The page that is asked for.
    pub(super) const fn paging(&self) -> &Paging {
        &self.paging
    }
}

/// A page of those who were told a version that was recalled, once each.
pub(super) fn list(
    store: &Store,
    query: &Query,
    through: &Through,
    log: &LogIdentity,
) -> Result<ListRecalledResponse, Error> {
    let (viewer, paging) = (&query.viewer, &query.paging);
    let (tenant_id, solution_id) = (viewer.tenant_id(), query.solution_id.as_str());
    seen(store, viewer, solution_id)?;
    let recalls = recalls(store, (tenant_id, solution_id), query.version)?;
    if recalls.is_empty() && query.version > 0 {
        return Err(Error::NotRecalled);
    }
    let list_of = |recall: &Recall| evidence::all_told(tenant_id, solution_id, recall.version);
    // The page goes on within the version in which the page before ended.
    let begun = paging.after().and_then(|after| {
        recalls
            .iter()
            .position(|one| after.starts_with(&list_of(one)))
    });
    let (mut page, mut last, mut looked_at) = (paging.page(), None, 0);
    let mut next = None;
    'versions: for (place, recall) in recalls.iter().enumerate().skip(begun.unwrap_or(0)) {
        let list = list_of(recall);
        let mut from = match paging.after().filter(|_| begun == Some(place)) {
            Some(after) => prefix_end(after).unwrap_or_default(),
            None => list.to_vec(),
        };
        let end = prefix_end(&list);
        loop {
            let mut told = store.scan_range(&from, end.as_deref(), Direction::Ascending);
            let Some(entry) = told.next() else { break };
            let (key, _) = entry?;
            let (party, ..) = evidence::read_told(&key, &list).map_err(Error::internal)?;
            let of_party = evidence::told((tenant_id, solution_id, recall.version), &party);
            from = prefix_end(&of_party).unwrap_or_default();
            looked_at += 1;
            let told = told_of(store, viewer, (recall, &recalls[..place]), &party)?;
            if let Some(told) = told {
                let bytes = told.encoded_len();
                if !page.takes(bytes) {
                    next = last;
                    break 'versions;
                }
                page.add(told, bytes);
            }
            last = Some(of_party.into());
            if looked_at >= PARTIES_LOOKED_AT_MAX {
                next.clone_from(&last);
                break 'versions;
            }
        }
    }
    Ok(ListRecalledResponse {
        parties: page.into_items(),
        next_page_token: paging.token(log, &through.positions, next),
        complete_through: through.position(log),
        complete_through_at: through.time(),
    })
}

/// Somebody who was told a version; none if they stand elsewhere in the list, or are not the caller's to see.
fn told_of(
    store: &Store,
    viewer: &Viewer,
    (recall, worse): (&Recall, &[Recall]),
    party: &Told,
) -> Result<Option<RecalledParty>, Error> {
    let (tenant_id, scope) = viewer.whose();
    let of = (tenant_id, recall.solution_id.as_str(), recall.version);
    if is_elsewhere(store, (of, worse), party)? {
        return Ok(None);
    }
    let contacts = corrections::told_in(store, of, party).map_err(Error::internal)?;
    let made = corrections::made(store, of, party, &contacts).map_err(Error::internal)?;
    let seen = contacts
        .iter()
        .filter(|contact| scope.admits(contact.case.parties().iter()));
    let mut seen = seen.peekable();
    let Some(latest) = seen.peek() else {
        return Ok(None);
    };
    Ok(Some(RecalledParty {
        customer_id: latest.case.customer_id.clone(),
        harm_class: recall.harm_class,
        version: recall.version,
        last_told_at: Some(timestamp(latest.occurred_at_us)),
        agent_id: latest.case.agent_id.clone(),
        commitment_id: made.unwrap_or_default(),
        interaction_ids: seen
            .take(PARTY_CONTACTS_MAX)
            .map(|contact| contact.interaction_id.clone())
            .collect(),
    }))
}

/// Whether somebody stands under a version that does more harm, or under another customer whom they are one with.
fn is_elsewhere(
    store: &Store,
    (of, worse): (corrections::Version<'_>, &[Recall]),
    party: &Told,
) -> Result<bool, Error> {
    let parties: Vec<Told> = match party {
        Told::Contact(..) => vec![party.clone()],
        Told::Customer(customer_id) => {
            let customers = MERGED.customers(store, of.0, customer_id)?;
            customers.into_iter().map(Told::Customer).collect()
        }
    };
    let is_told = |version: u32, party: &Told| -> Result<bool, Error> {
        let told = evidence::told((of.0, of.1, version), party);
        let first = store.scan_prefix(told, Direction::Ascending).next();
        Ok(first.transpose()?.is_some())
    };
    for one in &parties {
        if one < party && is_told(of.2, one)? {
            return Ok(true);
        }
        for recall in worse {
            if is_told(recall.version, one)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
