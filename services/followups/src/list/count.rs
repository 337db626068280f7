//! How many promises there are, by team, owner, kind and the like: what a board shows.

mod scan;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use aftercall_domain::LocalDays;
use aftercall_domain::commitment::{Lifecycle, Owner};
use aftercall_domain::violation::Reason;
use aftercall_proto::followups::v1::{
    CommitmentDimension, CommitmentGroup, CountCommitmentsRequest, CountCommitmentsResponse,
    LocalDay,
};
use aftercall_proto::model::v1 as wire;
use aftercall_service::{Call, Checker, Including, Through, Unread};
use aftercall_view::Store;
use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::filter::Filter;
use super::tally::Tally;
use crate::failure::Refused;
use crate::followups::Followups;
use crate::limits::{COUNTED_AT_ONCE, DIMENSIONS_MAX, GROUPS_MAX, LARGE_COUNT};
use scan::Counting;

/// How often a count looks at what changed while it looked at what had changed before.
const LOOKS_AGAIN_MAX: usize = 8;

/// Answers `call`.
pub(crate) async fn count(
    followups: &Followups,
    call: Call<CountCommitmentsRequest>,
) -> Result<CountCommitmentsResponse, Refused> {
    let (read_until, until) = (call.read_until(), call.write_until());
    let tenant_id = call.tenant_id().to_owned();
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
    let through = reading.store_at(including, read_until).await?;
    let merge = move |store: &Store| filter.with_merged(store).map_err(Unread::from);
    let filter = reading.run(merge).await?;
    let counting = Counting::new(filter, by, now);
    let (counting, through) = count_all(followups, counting, through, until).await?;
    Ok(CountCommitmentsResponse {
        complete_through: through.position(reading.log_identity()),
        complete_through_at: through.time(),
        ..answer(counting.done())
    })
}

/// Counts to the end, piece by piece; says what the count is complete through, which is at least what it began with.
async fn count_all(
    followups: &Followups,
    mut counting: Counting,
    begun: Through,
    until: Instant,
) -> Result<(Counting, Through), Refused> {
    let reading = followups.reading();
    let mut place = begun.positions;
    let mut large = None;
    loop {
        let piece = move |store: &Store| {
            let is_over = counting.piece(store, COUNTED_AT_ONCE)?;
            Ok::<_, Unread>((counting, is_over))
        };
        let (next, is_over) = reading.run(piece).await?;
        counting = next;
        if is_over {
            break;
        }
        if large.is_none() && counting.len() >= LARGE_COUNT {
            // Each holds a name of every promise: few do at a time.
            large = Some(turn(followups.large_counts(), until).await?);
        }
        in_time(until)?;
    }
    // What changed meanwhile, and while that was looked at.
    for _ in 0..LOOKS_AGAIN_MAX {
        let applied = reading.view().applied();
        if place.covers_all(&applied) {
            break;
        }
        let partitions = followups.log().partitions();
        loop {
            let look = move |store: &Store| {
                let mut place = place;
                let of = (&mut place, partitions);
                let is_over = counting.again(store, of, COUNTED_AT_ONCE)?;
                Ok::<_, Unread>((counting, place, is_over))
            };
            let (next, reached, is_over) = reading.run(look).await?;
            (counting, place) = (next, reached);
            if is_over {
                break;
            }
            in_time(until)?;
        }
        place = place.union(&applied);
    }
    // More is in it by now, of later times: the one at which it began still holds.
    let through = Through {
        positions: place,
        at: begun.at,
    };
    Ok((counting, through))
}

/// The turn of a large count, which is waited for as long as somebody waits for the count.
async fn turn(large: &Semaphore, until: Instant) -> Result<SemaphorePermit<'_>, Unread> {
    let turn = timeout_at(until, large.acquire()).await;
    let turn = turn.map_err(|_| Unread::Late)?;
    // Nobody closes it while there are views to count in.
    turn.map_err(|_| Unread::Unavailable(None))
}

/// Whether somebody still waits for it.
fn in_time(until: Instant) -> Result<(), Unread> {
    match Instant::now() < until {
        true => Ok(()),
        false => Err(Unread::Late),
    }
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
    fn group(&self, tally: &Tally, lifecycle: Lifecycle, now: Timestamp) -> Group {
        let mut group = Group::default();
        for dimension in &self.dimensions {
            match dimension {
                CommitmentDimension::Unspecified => {}
                CommitmentDimension::Team => group.team_id.clone_from(&tally.team_id),
                CommitmentDimension::OwnerTeam => {
                    group.owner_team_id.clone_from(&tally.owner_team_id);
                }
                CommitmentDimension::Owner => {
                    group.owner = tally.owner.as_ref().map(|owner| match owner {
                        Owner::Agent(id) => (false, id.clone()),
                        Owner::Queue(id) => (true, id.clone()),
                    });
                }
                CommitmentDimension::Kind => {
                    group.kind = wire::CommitmentKind::from(tally.kind).into();
                }
                CommitmentDimension::Timeliness => {
                    group.timeliness = wire::Timeliness::from(tally.turning.timeliness(now)).into();
                }
                CommitmentDimension::Lifecycle => {
                    group.lifecycle = wire::CommitmentLifecycle::from(lifecycle).into();
                }
                CommitmentDimension::DueDay => {
                    let days = self.days.as_ref();
                    group.due_on = days.map(|(days, _)| days.day(tally.due_at));
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

/// The largest groups, and how many promises and groups there are.
fn answer((by, mut groups): (By, Vec<(Group, u64)>)) -> CountCommitmentsResponse {
    let total_size = groups.iter().map(|(_, count)| count).sum();
    // Groups of the same size stay in the order of what they share.
    groups.sort_by_key(|(_, count)| Reverse(*count));
    let further = groups.len().saturating_sub(GROUPS_MAX);
    groups.truncate(GROUPS_MAX);
    let groups = groups.into_iter();
    CountCommitmentsResponse {
        groups: groups.map(|(group, count)| by.told(group, count)).collect(),
        total_size,
        further_groups: further as u64,
        ..CountCommitmentsResponse::default()
    }
}
