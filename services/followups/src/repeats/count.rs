//! How many contacts broken promises caused.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aftercall_domain::limits::{REPEAT_GROUPS_MAX, REPEATS_COUNTED_MAX};
use aftercall_domain::violation::Reason;
use aftercall_domain::{Party, Scope, Violations};
use aftercall_proto::convert::due::duration_to_wire;
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::event::v1::RepeatAttributed;
use aftercall_proto::followups::v1::{
    CountRepeatsRequest, CountRepeatsResponse, RepeatCount, RepeatGrouping,
};
use aftercall_service::{Call, Checker, Including};
use aftercall_view::{Direction, Store};
use jiff::{SignedDuration, Timestamp};

use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::{self, contacts};

/// What is asked for, checked.
#[derive(Debug, Clone, Copy)]
struct Asked {
    from: Timestamp,
    before: Timestamp,
    by: RepeatGrouping,
}

/// Answers `call`.
pub(crate) async fn count(
    followups: &Followups,
    call: Call<CountRepeatsRequest>,
) -> Result<CountRepeatsResponse, Refused> {
    let message = &call.message;
    let asked = check(message)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let reading = followups.reading();
    let through = reading.store_at(including, call.read_until()).await?;
    let scope = call.scope();
    let read = move |store: &Store| counted(store, (call.tenant_id(), &scope), asked);
    let counted = reading.run(read).await?;
    Ok(CountRepeatsResponse {
        complete_through: through.position(reading.log_identity()),
        complete_through_at: through.time(),
        ..counted
    })
}

fn check(message: &CountRepeatsRequest) -> Result<Asked, Violations> {
    let mut checker = Checker::new();
    let from = checker.time("from", message.from.as_ref());
    let before = checker.time("before", message.before.as_ref());
    for (field, given) in [("from", &message.from), ("before", &message.before)] {
        if given.is_none() {
            checker.found().required(field);
        }
    }
    let by = RepeatGrouping::try_from(message.group_by);
    match by {
        Ok(RepeatGrouping::Unspecified) => checker.found().required("group_by"),
        Ok(_) => {}
        Err(_) => {
            let text = "is not a value that this server knows; see the proto for those it takes";
            checker.add("group_by", Reason::UnknownValue, text);
        }
    }
    if let (Some(from), Some(before)) = (from, before)
        && from >= before
    {
        let text = "is not after from; give a later time";
        checker.add("before", Reason::Conflicting, text);
    }
    checker.done(Asked {
        from: from.unwrap_or(Timestamp::UNIX_EPOCH),
        before: before.unwrap_or(Timestamp::UNIX_EPOCH),
        by: by.unwrap_or_default(),
    })
}

fn counted(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    asked: Asked,
) -> Result<CountRepeatsResponse, Refused> {
    let list = contacts::repeats(tenant_id);
    let to = list.clone().time(microseconds(asked.before));
    let from = list.time(microseconds(asked.from));
    let mut groups: BTreeMap<String, (u64, SignedDuration)> = BTreeMap::new();
    let (mut seen, mut total) = (0_usize, (0_u64, SignedDuration::ZERO));
    for entry in store.scan_range(from, Some(&to), Direction::Ascending) {
        seen += 1;
        if seen > REPEATS_COUNTED_MAX {
            let mut found = Violations::new();
            let text = "there are too many contacts in that time; ask for a shorter one";
            found.add("before", Reason::OutOfRange, text);
            return Err(found.into());
        }
        let repeat: RepeatAttributed = keys::decoded(entry?.1)?;
        if !scope.admits(parties(&repeat)) {
            continue;
        }
        let length = repeat.contact_time.as_ref();
        let length = length.and_then(aftercall_proto::convert::due::duration_from_wire);
        let length = length.unwrap_or(SignedDuration::ZERO);
        let value = match asked.by {
            RepeatGrouping::Team => repeat.owner_team_id,
            RepeatGrouping::Agent => repeat.owner_agent_id,
            RepeatGrouping::Reason | RepeatGrouping::Unspecified => repeat.reason_code,
        };
        let group = groups.entry(value).or_default();
        for sum in [group, &mut total] {
            sum.0 += 1;
            sum.1 = sum.1.saturating_add(length);
        }
    }
    let groups_count = u64::try_from(groups.len()).unwrap_or(u64::MAX);
    let mut counts: Vec<_> = groups.into_iter().collect();
    counts.sort_by_key(|(_, (contacts, _))| Reverse(*contacts));
    counts.truncate(REPEAT_GROUPS_MAX);
    let counts = counts
        .into_iter()
        .map(|(value, (contacts, time))| RepeatCount {
            value,
            contacts,
            contact_time: Some(duration_to_wire(time)),
        });
    Ok(CountRepeatsResponse {
        counts: counts.collect(),
        groups_count,
        contacts: total.0,
        contact_time: Some(duration_to_wire(total.1)),
        ..CountRepeatsResponse::default()
    })
}

/// Who has a part in it: those who kept the promise, or made it.
fn parties(repeat: &RepeatAttributed) -> [Party<'_>; 5] {
    [
        Party::Agent(&repeat.owner_agent_id),
        Party::Team(&repeat.owner_team_id),
        Party::Agent(&repeat.made_by_agent_id),
        Party::Team(&repeat.team_id),
        Party::Site(&repeat.site_id),
    ]
}
