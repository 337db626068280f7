//! Whose turn it was while promises were to be kept: what was ours of it, and what was not.

use std::collections::BTreeMap;

use aftercall_domain::due::Turn;
use aftercall_domain::violation::Reason;
use aftercall_domain::{Scope, Violations};
use aftercall_log::LogIdentity;
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::{
    FairClock, FairClockGroupBy, FairClockRow, ListFairClocksRequest, ListFairClocksResponse,
    MeasureFairClocksRequest, MeasureFairClocksResponse, PromiseFilter, TurnSpan, TurnTimes,
};
use aftercall_service::{Call, Checker, Including, Paging, Through, Unread};
use aftercall_view::key::prefix_end;
use aftercall_view::{Direction, Store, TokenError};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::Insight;
use crate::answer::number;
use crate::failure::Unanswered;
use crate::fold::{TURNS, Turns};
use crate::insight::Complete;
use crate::keys;
use crate::limits::{CLOCKS, GROUPS_MAX, PROMISES_LOOKED_AT_MAX, SPANS_SHOWN_MAX, VALUES_MAX};

/// What promises must fulfil, checked.
#[derive(Debug)]
struct Filter {
    wire: PromiseFilter,
    unset: Vec<FairClockGroupBy>,
    from_us: i64,
    before_us: i64,
}

impl Filter {
    fn of(wire: Option<&PromiseFilter>, checker: &mut Checker) -> Self {
        let wire = wire.cloned().unwrap_or_default();
        for (field, values) in [
            ("filter.team_ids", &wire.team_ids),
            ("filter.agent_ids", &wire.agent_ids),
            ("filter.kinds", &wire.kinds),
        ] {
            checker.ids(field, values, VALUES_MAX);
        }
        let unset = checker.known_list("filter.unset", &wire.unset, VALUES_MAX);
        let (from, before) = checker.within(
            ("filter.made_from", wire.made_from.as_ref()),
            ("filter.made_before", wire.made_before.as_ref()),
        );
        Self {
            wire,
            unset,
            from_us: from.map_or(i64::MIN, time::microseconds),
            before_us: before.map_or(i64::MAX, time::microseconds),
        }
    }

    fn admits(&self, turns: &Turns) -> bool {
        let wire = &self.wire;
        let lists = [&wire.team_ids, &wire.agent_ids, &wire.kinds];
        let own = [&turns.team_id, &turns.owner_agent_id, &turns.kind];
        let mut fits = lists.into_iter().zip(own);
        let unset = self.unset.iter();
        fits.all(|(values, own)| values.is_empty() || values.contains(own))
            && unset.map(|by| value(turns, *by)).all(str::is_empty)
            && (turns.told_to_customer || !wire.told_to_customer)
    }
}

fn value(turns: &Turns, by: FairClockGroupBy) -> &str {
    match by {
        FairClockGroupBy::Team => &turns.team_id,
        FairClockGroupBy::Agent => &turns.owner_agent_id,
        FairClockGroupBy::Kind => &turns.kind,
        FairClockGroupBy::Unspecified => "",
    }
}

/// How long it was whose turn, in whole milliseconds by [`TURNS`].
#[derive(Debug, Clone, Copy, Default)]
struct Times([u64; TURNS.len()]);

impl Times {
    /// Those of a promise until `now_us`. What is left of their fractions is told of nobody, so that promises add up to
    /// their groups, and turns to all of the time.
    fn of(turns: &Turns, now_us: i64) -> Self {
        let mut times = Self::default();
        for span in &turns.spans {
            let to_us = span.to_us.unwrap_or(now_us);
            let took = u64::try_from(to_us.saturating_sub(span.from_us)).unwrap_or(0);
            if let Some(time) = times.0.get_mut(span.turn as usize) {
                *time = time.saturating_add(took);
            }
        }
        Self(times.0.map(|us| us / 1_000))
    }

    fn add(&mut self, other: Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own = own.saturating_add(other);
        }
    }

    fn told(self) -> TurnTimes {
        let [ours, customers, third_partys, systems] = self.0;
        let total = self.0.iter().fold(0_u64, |sum, ms| sum.saturating_add(*ms));
        TurnTimes {
            ours_ms: number(ours),
            customers_ms: number(customers),
            third_partys_ms: number(third_partys),
            systems_ms: number(systems),
            total_ms: number(total),
            ours_share: share(ours, total),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a share needs no more digits")]
fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// Shows `visit` every promise that is asked for, with its place, by when they were made, until it has seen enough.
fn promises(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    filter: &Filter,
    after: Option<&[u8]>,
    mut visit: impl FnMut(&[u8], &Turns) -> Result<bool, Unanswered>,
) -> Result<(), Unanswered> {
    let all = keys::turns(tenant_id);
    let from = match after {
        Some(place) => [&*all, place].concat(),
        None => all.clone().time(filter.from_us).to_vec(),
    };
    let end = match filter.before_us {
        i64::MAX => prefix_end(&all),
        before_us => Some(all.clone().time(before_us).to_vec()),
    };
    let mut seen = 0;
    for entry in store.scan_range(from, end.as_deref(), Direction::Ascending) {
        let (key, value) = entry?;
        seen += 1;
        if seen > PROMISES_LOOKED_AT_MAX {
            return Err(too_many("filter.made_from").into());
        }
        let turns = Turns::decode(value)?;
        let parties = turns.parties.iter().flat_map(|parties| parties.iter());
        if !filter.admits(&turns) || !scope.admits(parties) {
            continue;
        }
        if !visit(&key[all.len()..], &turns)? {
            break;
        }
    }
    Ok(())
}

fn too_many(field: &str) -> Violations {
    let mut found = Violations::new();
    let text = "asks for too many promises or groups; ask for a shorter time, or for fewer teams";
    found.add(field, Reason::OutOfRange, text);
    found
}

/// One group of promises.
#[derive(Debug, Default)]
struct Group {
    promises: u64,
    open: u64,
    times: Times,
}

/// What is asked for, checked.
#[derive(Debug)]
struct Query {
    filter: Filter,
    by: FairClockGroupBy,
}

impl Query {
    fn of(request: &MeasureFairClocksRequest) -> Result<Self, Violations> {
        let mut checker = Checker::new();
        let filter = Filter::of(request.filter.as_ref(), &mut checker);
        let by = checker.known("by", request.by).unwrap_or_default();
        checker.done(Self { filter, by })
    }

    fn measure(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        at: Timestamp,
    ) -> Result<MeasureFairClocksResponse, Unanswered> {
        let now_us = time::microseconds(at);
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        promises(store, whose, &self.filter, None, |_, turns| {
            let value = value(turns, self.by);
            if !groups.contains_key(value) {
                groups.insert(value.to_owned(), Group::default());
                if groups.len() > GROUPS_MAX {
                    return Err(too_many("by").into());
                }
            }
            if let Some(group) = groups.get_mut(value) {
                group.promises += 1;
                group.open += u64::from(turns.spans.iter().any(|it| it.to_us.is_none()));
                group.times.add(Times::of(turns, now_us));
            }
            Ok(true)
        })?;
        let (mut total, mut count) = (Times::default(), 0);
        let mut rows = Vec::with_capacity(groups.len());
        for (value, group) in groups {
            total.add(group.times);
            count += group.promises;
            rows.push(FairClockRow {
                filter: Some(self.drill_down(&value)),
                value,
                promises: number(group.promises),
                open: number(group.open),
                times: Some(group.times.told()),
            });
        }
        Ok(MeasureFairClocksResponse {
            rows,
            total: Some(total.told()),
            promises: number(count),
            ..MeasureFairClocksResponse::default()
        })
    }

    /// Asks for exactly the promises of a group.
    fn drill_down(&self, value: &str) -> PromiseFilter {
        let mut filter = self.filter.wire.clone();
        if value.is_empty() && self.by != FairClockGroupBy::Unspecified {
            filter.unset.push(self.by.into());
            return filter;
        }
        let only = vec![value.to_owned()];
        match self.by {
            FairClockGroupBy::Team => filter.team_ids = only,
            FairClockGroupBy::Agent => filter.agent_ids = only,
            FairClockGroupBy::Kind => filter.kinds = only,
            FairClockGroupBy::Unspecified => {}
        }
        filter
    }
}

/// Answers `call`.
pub(crate) async fn measure(
    insight: &Insight,
    call: Call<MeasureFairClocksRequest>,
) -> Result<MeasureFairClocksResponse, Unanswered> {
    let query = Query::of(&call.message)?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let (tenant_id, scope) = (call.tenant_id().to_owned(), call.scope());
    let measure =
        move |store: &Store, at: Timestamp| query.measure(store, (&tenant_id, &scope), at);
    insight.measure(including, call.read_until(), measure).await
}

/// A page of promises, checked.
#[derive(Debug)]
struct Listing {
    filter: Filter,
    paging: Paging,
}

impl Listing {
    fn of(call: &Call<ListFairClocksRequest>, log: &LogIdentity) -> Result<Self, Unanswered> {
        let message = &call.message;
        let mut checker = Checker::new();
        let filter = Filter::of(message.filter.as_ref(), &mut checker);
        let size = checker.count("page_size", message.page_size, CLOCKS);
        checker.done(())?;
        let query: [&[u8]; 4] = [
            b"fair clocks",
            call.tenant_id().as_bytes(),
            &call.scope().fingerprint(),
            &filter.wire.encode_to_vec(),
        ];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        Ok(Self { filter, paging })
    }

    fn list(
        &self,
        store: &Store,
        whose: (&str, &Scope),
        (at, through, log): (Timestamp, &Through, &LogIdentity),
    ) -> Result<ListFairClocksResponse, Unanswered> {
        let (now_us, after) = match self.paging.after() {
            None => (time::microseconds(at), None),
            Some(token) => {
                let (now_us, place) = read_token(token)?;
                (now_us, Some(place))
            }
        };
        let is_first = after.is_none();
        let (mut page, mut total, mut next) = (self.paging.page(), 0_i64, None);
        promises(
            store,
            whose,
            &self.filter,
            after.as_deref(),
            |place, turns| {
                total += 1;
                if next.is_none() {
                    let clock = shown(turns, now_us);
                    let bytes = clock.encoded_len();
                    match page.takes(bytes) {
                        true => page.add(clock, bytes),
                        false => next = Some(token(now_us, place)),
                    }
                }
                // On the first page they are counted to the end.
                Ok(is_first || next.is_none())
            },
        )?;
        let at = Timestamp::from_microsecond(now_us);
        Ok(ListFairClocksResponse {
            clocks: page.into_items(),
            total_size: is_first.then_some(total),
            next_page_token: self.paging.token(log, &through.positions, next),
            complete_through: through.position(log),
            complete_through_at: at.ok().map(time::to_wire),
        })
    }
}

fn shown(turns: &Turns, now_us: i64) -> FairClock {
    let instant = |us| Timestamp::from_microsecond(us).ok().map(time::to_wire);
    let spans = turns.spans.iter().take(SPANS_SHOWN_MAX);
    let spans = spans.map(|span| TurnSpan {
        turn: name(TURNS.get(span.turn as usize)).to_owned(),
        from: instant(span.from_us),
        to: span.to_us.and_then(instant),
    });
    FairClock {
        commitment_id: turns.commitment_id.clone(),
        interaction_id: turns.interaction_id.clone(),
        team_id: turns.team_id.clone(),
        agent_id: turns.owner_agent_id.clone(),
        kind: turns.kind.clone(),
        times: Some(Times::of(turns, now_us).told()),
        spans: spans.collect(),
    }
}

const fn name(turn: Option<&Turn>) -> &'static str {
    match turn {
        Some(Turn::Us) | None => "US",
        Some(Turn::Customer) => "CUSTOMER",
        Some(Turn::ThirdParty) => "THIRD_PARTY",
        Some(Turn::System) => "SYSTEM",
    }
}

/// Where a page begins, and the time until which turns that last are counted on all pages.
fn token(now_us: i64, place: &[u8]) -> Bytes {
    let mut bytes = now_us.to_be_bytes().to_vec();
    bytes.extend_from_slice(place);
    bytes.into()
}

fn read_token(token: &[u8]) -> Result<(i64, Vec<u8>), Unread> {
    let read = token.split_first_chunk::<8>();
    let (now_us, place) = read.ok_or(Unread::PageToken(TokenError::Malformed))?;
    Ok((i64::from_be_bytes(*now_us), place.to_vec()))
}

/// The promises of a page.
pub(crate) async fn list(
    insight: &Insight,
    call: Call<ListFairClocksRequest>,
) -> Result<ListFairClocksResponse, Unanswered> {
    let log = insight.log_identity();
    let query = Listing::of(&call, &log)?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    let Complete { at, .. } = insight.complete(including, call.read_until()).await?;
    let reading = insight.reading();
    let through = query.paging.reach(reading, including, call.read_until());
    let (through, scope) = (through.await?, call.scope());
    let list =
        move |store: &Store| query.list(store, (call.tenant_id(), &scope), (at, &through, &log));
    reading.run(list).await
}
