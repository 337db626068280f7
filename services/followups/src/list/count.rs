//! How many promises there are, by team, owner, kind and the like: what a board shows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::LocalDays;
use aftercall_domain::commitment::{Commitment, Owner};
use aftercall_domain::violation::Reason;
use aftercall_proto::followups::v1::{
    CommitmentDimension, CommitmentGroup, CountCommitmentsRequest, CountCommitmentsResponse,
    LocalDay,
};
use aftercall_proto::model::v1 as wire;
use aftercall_service::{Call, Checker, Including, Unread};
use aftercall_view::{ApplyError, Store};
use jiff::Timestamp;

use super::filter::Filter;
use super::scan::{narrowest, places};
use super::wanted;
use crate::failure::Refused;
use crate::followups::Followups;
use crate::limits::{COUNTED_MAX, DIMENSIONS_MAX, GROUPS_MAX};

/// Answers `call`.
pub(crate) async fn count(
    followups: &Followups,
    call: Call<CountCommitmentsRequest>,
) -> Result<CountCommitmentsResponse, Refused> {
    let (until, tenant_id) = (call.read_until(), call.tenant_id().to_owned());
    let whose = (tenant_id, call.scope(), &*call.principal.actor_id);
    let CountCommitmentsRequest {
        filter,
        by,
        time_zone,
        min_position,
        latest,
    } = call.message;
    let now = followups.clock().now();
    let mut checker = Checker::new();
    let filter = Filter::new(whose, filter.unwrap_or_default(), now, &mut checker);
    let by = By::read(&by, time_zone, &mut checker);
    let by = checker.done(by)?;
    let reading = followups.reading();
    let including = Including {
        min_position: &min_position,
        latest,
    };
    let through = reading.store_at(including, until).await?;
    let read = move |store: &Store| {
        let filter = filter.with_merged(store).map_err(ApplyError::from)?;
        Ok::<_, Unread>(Counted::of(store, &filter, &by, now)?.answer(&by))
    };
    let answer = reading.run(read).await?;
    Ok(CountCommitmentsResponse {
        complete_through: through.encode(reading.log_identity()),
        ..answer
    })
}

/// By what promises are counted.
#[derive(Debug)]
struct By {
    dimensions: Vec<CommitmentDimension>,
    /// The zone whose days are meant, and its name.
    days: Option<(LocalDays, String)>,
}

impl By {
    /// What the request asks for; what is wrong with it is noted.
    fn read(by: &[i32], time_zone: String, checker: &mut Checker) -> Self {
        let dimensions = checker.known_list::<CommitmentDimension>("by", by, DIMENSIONS_MAX);
        for (place, dimension) in dimensions.iter().enumerate() {
            if dimensions.iter().take(place).any(|it| it == dimension) {
                let field = format!("by[{place}]");
                checker.conflicting(&field, "is given before; give each dimension once");
            }
        }
        let by_day = dimensions.contains(&CommitmentDimension::DueDay);
        let days = match (by_day, LocalDays::of(&time_zone)) {
            (true, Some(days)) => Some((days, time_zone)),
            (true, None) if time_zone.is_empty() => {
                checker.found().required("time_zone");
                None
            }
            (true, None) => {
                let text = "must be an IANA time zone, such as Europe/Berlin";
                checker.add("time_zone", Reason::UnknownTimeZone, text);
                None
            }
            (false, _) if !time_zone.is_empty() => {
                let text = "says whose days are meant, and days are not asked for; leave it out, or count \
                            by DUE_DAY";
                checker.conflicting("time_zone", text);
                None
            }
            (false, _) => None,
        };
        Self { dimensions, days }
    }

    /// The group of a promise.
    fn group(&self, commitment: &Commitment, now: Timestamp) -> Group {
        let mut group = Group::default();
        for dimension in &self.dimensions {
            match dimension {
                CommitmentDimension::Unspecified => {}
                CommitmentDimension::Team => group.team_id.clone_from(&commitment.team_id),
                CommitmentDimension::OwnerTeam => {
                    group.owner_team_id.clone_from(&commitment.owner_team_id);
                }
                CommitmentDimension::Owner => {
                    group.owner = commitment.owner.as_ref().map(|owner| match owner {
                        Owner::Agent(id) => (false, id.clone()),
                        Owner::Queue(id) => (true, id.clone()),
                    });
                }
                CommitmentDimension::Kind => {
                    group.kind = wire::CommitmentKind::from(commitment.kind).into();
                }
                CommitmentDimension::Timeliness => {
                    group.timeliness = wire::Timeliness::from(commitment.timeliness(now)).into();
                }
                CommitmentDimension::Lifecycle => {
                    group.lifecycle = wire::CommitmentLifecycle::from(commitment.lifecycle).into();
                }
                CommitmentDimension::DueDay => {
                    let days = self.days.as_ref();
                    group.due_on = days.map(|(days, _)| days.day(commitment.due_at()));
                }
            }
        }
        group
    }

    fn told(&self, group: Group, count: u64) -> CommitmentGroup {
        let Group {
            team_id,
            owner_team_id,
            owner,
            kind,
            timeliness,
            lifecycle,
            due_on,
        } = group;
        let owner = owner.map(|(is_queue, id)| match is_queue {
            false => Owner::Agent(id),
            true => Owner::Queue(id),
        });
        let due_on = due_on.zip(self.days.as_ref());
        CommitmentGroup {
            count,
            team_id,
            owner_team_id,
            owner: owner.map(Into::into),
            kind,
            timeliness,
            lifecycle,
            due_on: due_on.map(|((year, month, day), (_, zone))| LocalDay {
                year,
                month,
                day,
                time_zone: zone.clone(),
            }),
        }
    }
}

/// What the promises of a group share, as far as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    team_id: String,
    owner_team_id: String,
    /// Whether it is a queue, and its id.
    owner: Option<(bool, String)>,
    kind: i32,
    timeliness: i32,
    lifecycle: i32,
    due_on: Option<(i32, i32, i32)>,
}

/// What was counted.
#[derive(Debug, Default)]
struct Counted {
    groups: BTreeMap<Group, u64>,
    is_lower_bound: bool,
}

impl Counted {
    /// Counts, as far as it may look.
    fn of(store: &Store, filter: &Filter, by: &By, now: Timestamp) -> Result<Self, ApplyError> {
        let lists = narrowest(store, filter, None)?;
        let mut counted = Self::default();
        // What is moved or closed meanwhile is met twice, and counts once.
        let mut met = BTreeSet::new();
        let mut examined: usize = 0;
        for lifecycle in filter.lifecycles() {
            for place in places(store, filter, (&lists, lifecycle), None) {
                examined += 1;
                if examined > COUNTED_MAX {
                    counted.is_lower_bound = true;
                    return Ok(counted);
                }
                let place = place?;
                let Some(commitment) = wanted(store, filter, &place)? else {
                    continue;
                };
                let (_, commitment_id, whose) = place;
                if met.insert((commitment_id, whose)) {
                    *counted
                        .groups
                        .entry(by.group(&commitment, now))
                        .or_default() += 1;
                }
            }
        }
        Ok(counted)
    }

    /// The largest groups, and how many promises and groups there are.
    fn answer(self, by: &By) -> CountCommitmentsResponse {
        let total_size = self.groups.values().sum();
        let mut groups: Vec<_> = self.groups.into_iter().collect();
        // Groups of the same size stay in the order of what they share.
        groups.sort_by_key(|(_, count)| Reverse(*count));
        let further = groups.len().saturating_sub(GROUPS_MAX);
        groups.truncate(GROUPS_MAX);
        let groups = groups.into_iter();
        CountCommitmentsResponse {
            groups: groups.map(|(group, count)| by.told(group, count)).collect(),
            total_size,
            total_size_is_lower_bound: self.is_lower_bound,
            further_groups: further as u64,
            complete_through: String::new(),
        }
    }
}
