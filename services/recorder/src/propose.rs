//! Promises that an agent said and that the contact's record does not list: each becomes a promise that is only proposed.
//!
//! The finder is the domain's ([`aftercall_domain::spoken`]). Here its findings get their dues, by the customer's clocks and by
//! the policy that the promise would have, and, in a record, ids that follow from the contact: so a repetition proposes nothing
//! twice.

use std::sync::Arc;

use aftercall_domain::calendar::Zone;
use aftercall_domain::commitment::Origin;
use aftercall_domain::interaction::{CommitmentDraft, Surroundings, commitment_id};
use aftercall_domain::limits::{COMMITMENTS_MAX, PROPOSED_CONFIDENCE_MIN};
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, FieldPath, Interaction, Warning, WarningReason};
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::model::v1 as wire;
use aftercall_proto::recorder::v1::{
    FindPromisesRequest, FindPromisesResponse, FoundPromise, ProposedPromise,
};
use aftercall_service::{Call, Checker};
use aftercall_view::Store;
use jiff::Timestamp;
use uuid::Uuid;

use crate::core::Core;
use crate::failure::Refusal;
use crate::follow_up::around;
use crate::house::TenantHouse;
use crate::prepare::House;
use crate::score::{self, Said};

/// When and where something was said.
#[derive(Debug, Clone, Copy)]
struct Told<'a> {
    around: Surroundings<'a>,
    at: Timestamp,
    time_zone: &'a str,
    /// Our clock.
    now: Timestamp,
}

/// Adds to a contact, which has its id and its own promises theirs, what its agent said beyond them. Warns where the record
/// says that nothing was promised.
pub(crate) fn propose(
    contact: &mut Interaction,
    (said, (tenant_id, id)): (&[Said], (&str, Uuid)),
    house: &dyn House,
    now: Timestamp,
) -> Result<Option<Warning>, Refusal> {
    let told = Told {
        around: around(contact),
        at: contact.occurred_at,
        time_zone: &contact.customer.time_zone,
        now,
    };
    let mut found = drafts(said, told, house)?;
    found.retain(|draft| is_sure(draft) && !draft.is_among(&contact.commitments));
    let mut found = distinct(found);
    let own = contact.commitments.len();
    found.truncate(COMMITMENTS_MAX.saturating_sub(own));
    for (place, draft) in found.iter_mut().enumerate() {
        let id = commitment_id(tenant_id, id, own + place).to_string();
        draft.commitment_id = CommitmentId::read(&id).into_string();
    }
    let is_odd = contact.no_follow_up_promised && !found.is_empty();
    let warning = is_odd.then(|| Warning {
        field: "interaction.no_follow_up_promised".to_owned(),
        reason: WarningReason::PromiseSaid,
        count: u32::try_from(found.len()).unwrap_or(u32::MAX),
        detail: String::new(),
    });
    contact.commitments.extend(found);
    Ok(warning)
}

/// What was said as promises, each with its due, in the order of their places. One that has no due at all is left out.
fn drafts(
    said: &[Said],
    told: Told<'_>,
    house: &dyn House,
) -> Result<Vec<CommitmentDraft>, Refusal> {
    let mut drafts = Vec::with_capacity(said.len());
    for (saying, text) in said {
        let mut draft = CommitmentDraft::said(saying, text, told.now);
        draft.settle(told.around);
        let policy = house.policy(&draft.facts(told.around))?;
        let policy = policy.as_ref().map(|policy| &policy.set);
        let named = policy.and_then(|policy| policy.calendar_ids().next());
        let calendars = house.calendars(named.as_slice())?;
        let place = (told.at, told.time_zone);
        if draft.reckon_said(saying.when, place, policy, &calendars) {
            drafts.push(draft);
        }
    }
    Ok(drafts)
}

fn is_sure(draft: &CommitmentDraft) -> bool {
    let finding = draft.finding.as_ref();
    finding.is_some_and(|finding| finding.confidence >= PROPOSED_CONFIDENCE_MIN)
}

/// Each promise once, however often it was said: those with a due that was said first.
fn distinct(drafts: Vec<CommitmentDraft>) -> Vec<CommitmentDraft> {
    let is_due_said = |draft: &CommitmentDraft| {
        let finding = draft.finding.as_ref();
        finding.is_some_and(|finding| finding.is_due_said)
    };
    let (with_due, without): (Vec<_>, Vec<_>) = drafts.into_iter().partition(is_due_said);
    let mut kept: Vec<CommitmentDraft> = Vec::new();
    for draft in with_due.into_iter().chain(without) {
        if !draft.is_among(&kept) {
            kept.push(draft);
        }
    }
    let place = |draft: &CommitmentDraft| {
        let finding = draft.finding.as_ref();
        finding.map(|finding| (finding.turn, finding.span.start))
    };
    kept.sort_by_key(place);
    kept
}

/// What a promise of a record was proposed as, if it was.
pub(crate) fn proposed(draft: &CommitmentDraft) -> Option<ProposedPromise> {
    (draft.origin == Origin::Said).then(|| ProposedPromise {
        commitment_id: draft.commitment_id.clone(),
        kind: wire::CommitmentKind::from(draft.kind).into(),
        proposed_until: draft.proposed_until.map(to_wire),
        finding: draft.finding.clone().map(Into::into),
    })
}

/// The same of a promise as it stands in the log.
pub(crate) fn proposed_at_first(draft: &wire::CommitmentDraft) -> Option<ProposedPromise> {
    (draft.origin() == wire::CommitmentOrigin::Said).then(|| ProposedPromise {
        commitment_id: draft.commitment_id.clone(),
        kind: draft.kind,
        proposed_until: draft.proposed_until,
        finding: draft.finding.clone(),
    })
}

/// Answers which promises are found in what was said. Nothing is recorded.
pub(crate) async fn find_promises(
    core: &Arc<Core>,
    call: Call<FindPromisesRequest>,
) -> Result<FindPromisesResponse, Refusal> {
    let FindPromisesRequest {
        turns,
        occurred_at,
        time_zone,
        team_id,
    } = call.message;
    let mut checker = Checker::new();
    let at = FieldPath::of("turns");
    if turns.is_empty() {
        let text = "is required; give at least one text";
        checker.add(at, Reason::Required, text);
    }
    let turns = score::read(turns, at, checker.found());
    let occurred_at = checker.time("occurred_at", occurred_at.as_ref());
    checker.id("team_id", &team_id);
    if !time_zone.is_empty() && Zone::named(&time_zone).is_none() {
        let text = "is no zone of the IANA time zone database; give a name such as Europe/Berlin";
        checker.add("time_zone", Reason::UnknownTimeZone, text);
    }
    let turns = checker.done(turns)?;
    let now = core.now();
    let tenant_id = Arc::clone(&call.principal.tenant_id);
    let shared = Arc::clone(core);
    let find = move |_: &Store| {
        let said = score::sayings(&turns);
        let told = Told {
            around: Surroundings {
                team_id: &team_id,
                ..Surroundings::default()
            },
            at: occurred_at.unwrap_or(now),
            time_zone: &time_zone,
            now,
        };
        drafts(&said, told, &TenantHouse::new(&shared, &tenant_id))
    };
    let found = core.reading.run(find).await?;
    let promises = found.into_iter().map(|draft| {
        let draft = wire::CommitmentDraft::from(draft);
        FoundPromise {
            kind: draft.kind,
            words: draft.promise_text,
            due: draft.due,
            promised_by: draft.promised_by,
            time_zone: draft.time_zone,
            finding: draft.finding,
        }
    });
    Ok(FindPromisesResponse {
        promises: promises.collect(),
    })
}
