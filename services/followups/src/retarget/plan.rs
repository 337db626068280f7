//! What the policies as they are now make of open promises: reads, and changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{Commitment, Owner, PolicyRef, Retargeted, Retargeting};
use aftercall_domain::setting::shadow::{Judged, PolicySet};
use aftercall_domain::setting::{FollowUpPolicy, PromiseFacts};
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_ledger::{Calendars, Ready};
use aftercall_log::LogIdentity;
use aftercall_proto::event::v1::EventType;
use aftercall_service::seal::RequestHash;
use aftercall_view::{Positions, Store};
use jiff::Timestamp;

use crate::batch::request_id_of;
use crate::contacts::{Contacts, Reached};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::REQUESTS;
use crate::limits::{RETARGET_LOOKS_MAX, RETARGETED_MAX};
use crate::list::{Filter, Place, all_places, wanted};

type Set = PolicySet<BTreeMap<String, Arc<Calendar>>>;

/// How a tenant follows up promises now. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct House {
    pub(super) tenant_id: Arc<str>,
    policies: Ready<FollowUpPolicy>,
    calendars: Calendars,
    contacts: Contacts,
    log: LogIdentity,
}

/// What becomes of some open promises.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) promises: Vec<Planned>,
    /// The last place that was looked at; none if there are no more.
    pub(super) next_after: Option<Place>,
}

/// What becomes of one promise.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) commitment: Commitment,
    pub(super) whose: u64,
    /// How it is to be followed up; none if it stays as it is.
    pub(super) changes: Option<Box<Retargeted>>,
    pub(super) moved_by_hand: bool,
    /// Where it stands in the log that the same request did it before.
    pub(super) done: Option<String>,
}

impl Planned {
    /// How it is followed up.
    pub(super) fn before(&self) -> Judged<'_> {
        let Commitment { policy, target, .. } = &self.commitment;
        Judged {
            policy_id: policy.as_ref().map(|policy| &*policy.policy_id),
            target_at: target.as_ref().map(|target| target.at),
        }
    }

    /// How it will be.
    pub(super) fn after(&self) -> Judged<'_> {
        let before = self.before();
        let Some(change) = &self.changes else {
            return before;
        };
        let target = change.moved.as_ref().map(|moved| moved.target.as_ref());
        Judged {
            policy_id: change.policy.as_ref().map(|policy| &*policy.policy_id),
            target_at: match target {
                Some(target) => target.map(|target| target.at),
                None => before.target_at,
            },
        }
    }
}

impl House {
    pub(super) fn of(followups: &Followups, tenant_id: &str) -> Self {
        Self {
            tenant_id: tenant_id.into(),
            policies: followups.policies().clone(),
            calendars: followups.calendars().clone(),
            contacts: followups.contacts().clone(),
            log: followups.reading().log_identity(),
        }
    }

    /// What becomes of the promises after `after`, as far as one request goes.
    pub(super) fn plan(
        &self,
        store: &Store,
        (filter, after): (&Filter, Option<Place>),
        (actor_id, request_id, hash): (&str, &str, RequestHash),
        now: Timestamp,
    ) -> Result<Plan, Refused> {
        let set = self.set()?;
        let mut plan = Plan {
            promises: Vec::new(),
            next_after: None,
        };
        let mut last = None;
        let places = all_places(store, filter, after.as_ref())?;
        for (looked_at, place) in places.enumerate() {
            if plan.promises.len() == RETARGETED_MAX || looked_at == RETARGET_LOOKS_MAX {
                plan.next_after = last;
                break;
            }
            let place = place?;
            let found = wanted(store, filter, &place)?;
            let whose = place.2;
            last = Some(place);
            let Some(commitment) = found else { continue };
            let (changes, moved_by_hand) = match self.judge(&set, (&commitment, whose), now)? {
                Retargeting::Changes(change) => (Some(change), false),
                Retargeting::MovedByHand => (None, true),
                Retargeting::Same => (None, false),
            };
            let request_id = request_id_of(request_id, &commitment.commitment_id);
            let done = self.done(store, (actor_id, &request_id, hash))?;
            plan.promises.push(Planned {
                changes: changes.filter(|_| done.is_none()),
                commitment,
                whose,
                moved_by_hand,
                done,
            });
        }
        Ok(plan)
    }

    /// Where it stands that a request was done before.
    pub(super) fn done(
        &self,
        store: &Store,
        (actor_id, request_id, hash): (&str, &str, RequestHash),
    ) -> Result<Option<String>, Refused> {
        let name = RequestName {
            tenant_id: &self.tenant_id,
            actor_id,
            method: EventType::CommitmentRetargeted,
            request_id,
        };
        match REQUESTS.find(store, name, hash.as_bytes())? {
            Known::Not => Ok(None),
            Known::Reused => Err(Refused::RequestIdReused),
            Known::Done(done) => Ok(Some(Positions::through(done.position()).encode(&self.log))),
        }
    }

    /// The policies as they are now, with the calendars that they name.
    pub(super) fn set(&self) -> Result<Set, Refused> {
        let policies = self.policies.all(&self.tenant_id)?;
        let ids: BTreeSet<&str> = policies
            .iter()
            .flat_map(|one| one.set.calendar_ids())
            .collect();
        let calendars = self.calendars.all(&self.tenant_id, ids)?;
        let policies = policies.iter().map(|one| {
            let version = u32::try_from(one.version).unwrap_or(u32::MAX);
            (one.id.clone(), version, one.set.clone())
        });
        Ok(PolicySet::new(policies.collect(), calendars))
    }

    /// What the policies make of an open promise.
    pub(super) fn judge(
        &self,
        set: &Set,
        (commitment, whose): (&Commitment, u64),
        now: Timestamp,
    ) -> Result<Retargeting, Refused> {
        let contact = match set.asks_for_contact() {
            true => {
                let id = &commitment.interaction_id;
                self.contacts.reached(&self.tenant_id, id, whose)?
            }
            false => Reached::default(),
        };
        let decides = set.decides(&facts(commitment, &contact));
        let policy = decides.map(|(id, version, policy)| {
            let by = PolicyRef {
                policy_id: id.to_owned(),
                version,
            };
            (by, policy)
        });
        let policy = policy.as_ref().map(|(by, policy)| (by, *policy));
        let judged = commitment.retargeting(policy, now, set.calendars());
        judged.map_err(|refusal| Refused::by_rule(refusal, &commitment.commitment_id))
    }
}

/// What of a promise decides which policy it has.
fn facts<'a>(commitment: &'a Commitment, contact: &'a Reached) -> PromiseFacts<'a> {
    PromiseFacts {
        kind: commitment.kind,
        kind_code: &commitment.kind_code,
        priority: commitment.priority,
        team_id: match commitment.owner_team_id.as_str() {
            "" => &commitment.team_id,
            team => team,
        },
        site_id: &commitment.site_id,
        queue_id: match &commitment.owner {
            Some(Owner::Queue(id)) => id,
            Some(Owner::Agent(_)) | None => "",
        },
        channel: contact.channel,
        language: &contact.language,
        told_to_customer: commitment.told_to_customer,
    }
}
