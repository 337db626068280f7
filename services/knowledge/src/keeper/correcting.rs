//! Promises to put right what somebody was told by a version that was recalled: to each customer one, and to each
//! contact of nobody one.

use std::collections::BTreeSet;

use aftercall_domain::commitment::PolicyRef;
use aftercall_domain::interaction::Surroundings;
use aftercall_domain::solution::correction::{self, Correction};
use aftercall_log::Record;
use aftercall_proto::convert::setting::channel;
use aftercall_proto::convert::solution::correction_of;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::envelope::customer_key;
use aftercall_proto::model::v1::{Channel, Recall};
use aftercall_service::Promising;
use aftercall_view::key::prefix_end;
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;
use prost::Message;

use super::{Held, House, LOOKED_AT_MAX, PROMISES_MAX, author};
use crate::corrections::{self, ToldIn, Version};
use crate::fold::stored;
use crate::keys::evidence::{self, MERGED, Told};
use crate::notes::Name;

/// Whose corrections to look at.
#[derive(Debug, Clone)]
pub(super) enum Sweep {
    /// All who were told a version that was recalled, after a key.
    All {
        name: Name,
        version: u32,
        from: Option<Vec<u8>>,
    },
    /// Those who were told something meanwhile.
    Told(Vec<(Name, u32, Told)>),
    /// Customers who are one with others than before, and all that they are one with, of any version that was
    /// recalled, from a recall's key on.
    Customers {
        tenant_id: String,
        customers: BTreeSet<String>,
        from: Option<Vec<u8>>,
    },
}

/// What a look came to.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The promises to make.
    pub(super) records: Vec<Record>,
    /// Where to go on.
    pub(super) rest: Option<Sweep>,
}

/// Looks at who was told a version, and makes the promises that are missing. Blocks.
pub(super) fn read(
    store: &Store,
    held: &Held,
    house: &House,
    sweep: &Sweep,
    now: Timestamp,
) -> Result<Batch, ApplyError> {
    let mut batch = Batch::default();
    match sweep {
        Sweep::All {
            name,
            version,
            from,
        } => {
            let of = (name.0.as_str(), name.1.as_str(), *version);
            if let Some(recall) = recall_of(store, of)?.filter(|_| held.holds(name)) {
                let all = Correcting {
                    store,
                    house,
                    now,
                    of,
                    recall: &recall,
                };
                let rest = all.go_through(from.clone(), &mut batch.records)?;
                batch.rest = rest.map(|from| Sweep::All {
                    name: name.clone(),
                    version: *version,
                    from: Some(from),
                });
            }
        }
        Sweep::Told(told) => {
            for (name, version, party) in told.iter().filter(|one| held.holds(&one.0)) {
                let of = (name.0.as_str(), name.1.as_str(), *version);
                if let Some(recall) = recall_of(store, of)? {
                    let one = Correcting {
                        store,
                        house,
                        now,
                        of,
                        recall: &recall,
                    };
                    batch.records.extend(one.promise(party)?);
                }
            }
        }
        Sweep::Customers {
            tenant_id,
            customers,
            from,
        } => {
            let all = Merging {
                store,
                held,
                house,
                now,
                tenant_id,
            };
            batch = all.look_at(customers, from.clone())?;
        }
    }
    Ok(batch)
}

/// The customers of a tenant, some of whom are one with others than before.
struct Merging<'a> {
    store: &'a Store,
    held: &'a Held,
    house: &'a House,
    now: Timestamp,
    tenant_id: &'a str,
}

impl Merging<'_> {
    /// Makes the promises that are missing to some customers and all that they are one with.
    fn look_at(
        &self,
        customers: &BTreeSet<String>,
        from: Option<Vec<u8>>,
    ) -> Result<Batch, ApplyError> {
        let mut batch = Batch::default();
        let mut told = BTreeSet::new();
        for customer_id in customers {
            let all = MERGED.customers(self.store, self.tenant_id, customer_id)?;
            told.extend(all.into_iter().map(Told::Customer));
        }
        let recalls = evidence::recalls(self.tenant_id);
        let end = prefix_end(&recalls);
        let from = from.unwrap_or_else(|| recalls.to_vec());
        let found = self
            .store
            .scan_range(from, end.as_deref(), Direction::Ascending);
        for (place, entry) in found.enumerate() {
            let (key, recall) = entry?;
            if place >= LOOKED_AT_MAX || batch.records.len() >= PROMISES_MAX {
                batch.rest = Some(Sweep::Customers {
                    tenant_id: self.tenant_id.to_owned(),
                    customers: customers.clone(),
                    from: Some(key.to_vec()),
                });
                break;
            }
            let recall = Recall::decode(recall).map_err(ApplyError::record)?;
            let name = (self.tenant_id.to_owned(), recall.solution_id.clone());
            if recall.correction.is_none() || !self.held.holds(&name) {
                continue;
            }
            let one = Correcting {
                store: self.store,
                house: self.house,
                now: self.now,
                of: (self.tenant_id, recall.solution_id.as_str(), recall.version),
                recall: &recall,
            };
            for party in &told {
                batch.records.extend(one.promise(party)?);
            }
        }
        Ok(batch)
    }
}

/// A recall by which something is promised.
fn recall_of(store: &Store, of: Version<'_>) -> Result<Option<Recall>, ApplyError> {
    let recall = store.get(evidence::recall(of.0, of.1, of.2))?;
    let recall: Option<Recall> = stored(recall)?;
    Ok(recall.filter(|recall| recall.correction.is_some()))
}

/// A recalled version in hand.
struct Correcting<'a> {
    store: &'a Store,
    house: &'a House,
    now: Timestamp,
    of: Version<'a>,
    recall: &'a Recall,
}

impl Correcting<'_> {
    /// Makes the promises to all who were told the version, after a key, as many as one append takes; says where to
    /// go on.
    fn go_through(
        &self,
        from: Option<Vec<u8>>,
        records: &mut Vec<Record>,
    ) -> Result<Option<Vec<u8>>, ApplyError> {
        let all = evidence::all_told(self.of.0, self.of.1, self.of.2);
        let end = prefix_end(&all);
        let mut from = from.unwrap_or_else(|| all.to_vec());
        for _ in 0..LOOKED_AT_MAX.max(PROMISES_MAX) {
            let mut told = self
                .store
                .scan_range(&from, end.as_deref(), Direction::Ascending);
            let Some(entry) = told.next() else {
                return Ok(None);
            };
            let (party, ..) = evidence::read_told(&entry?.0, &all).map_err(ApplyError::record)?;
            records.extend(self.promise(&party)?);
            from = prefix_end(&evidence::told(self.of, &party)).unwrap_or_default();
            if records.len() >= PROMISES_MAX {
                break;
            }
        }
        Ok(Some(from))
    }

    /// The promise to somebody, unless there is one.
    fn promise(&self, party: &Told) -> Result<Option<Record>, ApplyError> {
        let contacts = corrections::told_in(self.store, self.of, party)?;
        let Some(latest) = contacts.first() else {
            return Ok(None);
        };
        if corrections::made(self.store, self.of, party, &contacts)?.is_some()
            || self.is_anothers(party)?
        {
            return Ok(None);
        }
        let Some(correction) = self.recall.correction.as_ref().and_then(correction_of) else {
            return Ok(None);
        };
        let (commitment_id, promising) = self.promising(party, latest);
        self.made(&correction, commitment_id, promising).map(Some)
    }

    /// Whether somebody is one with a customer to whom it is promised in their stead: of several the first by their
    /// ids.
    fn is_anothers(&self, party: &Told) -> Result<bool, ApplyError> {
        let Told::Customer(customer_id) = party else {
            return Ok(false);
        };
        for other in MERGED.customers(self.store, self.of.0, customer_id)? {
            let told = evidence::told(self.of, &Told::Customer(other.clone()));
            let mut told = self.store.scan_prefix(told, Direction::Ascending);
            if other < *customer_id && told.next().transpose()?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The promise's id, and to whom it is made.
    fn promising(&self, party: &Told, latest: &ToldIn) -> (String, Promising) {
        let (tenant_id, ..) = self.of;
        let customer = latest.case.customer.clone().unwrap_or_default();
        let (team_id, site_id) = latest.case.team_and_site();
        let (commitment_id, key, interaction_id, customer_id) = match party {
            Told::Customer(customer_id) => (
                corrections::to_customer(self.of, customer_id),
                customer_key(tenant_id, customer_id),
                String::new(),
                customer_id.clone(),
            ),
            Told::Contact(interaction_id, _) => (
                corrections::to_contact(self.of, latest),
                latest.log_key(tenant_id),
                interaction_id.clone(),
                String::new(),
            ),
        };
        let promising = Promising {
            key,
            interaction_id,
            customer_id,
            customer_name: customer.display_name,
            handles: customer.handles,
            agent_id: latest.case.agent_id.clone(),
            team_id,
            site_id,
            channel: Channel::try_from(latest.case.channel).unwrap_or_default(),
            language: latest.case.language.clone(),
            made_at: self.now,
        };
        (commitment_id, promising)
    }

    /// The event that makes it, followed up by the policy that matches it first.
    fn made(
        &self,
        correction: &Correction,
        commitment_id: String,
        promising: Promising,
    ) -> Result<Record, ApplyError> {
        let (tenant_id, ..) = self.of;
        let said_at = self.recall.correction_at.as_ref().and_then(from_wire);
        let said_at = said_at.unwrap_or(self.now);
        let policies = self.house.policies.at(tenant_id, said_at)?;
        let policies = policies.iter().map(|one| {
            let by = PolicyRef {
                policy_id: one.id.clone(),
                version: u32::try_from(one.version).unwrap_or(u32::MAX),
            };
            (by, &one.set)
        });
        let around = Surroundings {
            agent_id: &promising.agent_id,
            team_id: &promising.team_id,
            site_id: &promising.site_id,
            channel: channel(promising.channel),
            language: &promising.language,
        };
        let times = (said_at, self.now);
        let (mut draft, policy) = correction.promise(commitment_id, around, times, policies);
        if let Some((by, policy)) = policy {
            let calendars = self.house.calendars.all(tenant_id, policy.calendar_ids())?;
            correction::follow_up(&mut draft, (by, policy), self.now, &calendars);
        }
        let record = promising.record(author(tenant_id), draft, self.now);
        record.map_err(ApplyError::record)
    }
}
