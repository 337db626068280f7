//! Candidates, as they are read: groups of wordings that say nearly the same, see [`groups`].
//!
//! A list goes by what would be saved. A candidate that gains cases while somebody turns pages moves towards the
//! front: it may be missed by that reader, and is never shown twice.
//!
//! Who does not read all of the tenant sees candidates by the cases that they read: see [`scoped`].

mod assembly;
mod firsts;
mod groups;
mod rows;
mod scoped;

use aftercall_domain::Scope;
use aftercall_domain::masking::Known;
use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{ListCandidatesRequest, ListCandidatesResponse};
use aftercall_proto::model::v1::{Candidate, CandidateState};
use aftercall_service::{Call, Checker, Paging, Through, Total, given};
use aftercall_view::Store;
use bytes::Bytes;
use prost::Message;

use crate::failure::Error;
use crate::keys::Ranking;
use crate::limits::{COUNTED_MAX, PAGE, ROWS_LOOKED_AT_MAX};
use crate::page::{self, Listed};
use crate::personal;

pub(crate) use groups::{Group, Groups};
use rows::Row;
use scoped::Scoped;

pub(crate) use firsts::Firsts;

/// A list of candidates, as it was asked for.
#[derive(Debug)]
pub(crate) struct Query {
    tenant_id: String,
    scope: Scope,
    state: CandidateState,
    /// Only what this reviewer has claimed.
    claimed_by: Option<String>,
    reason_code: Option<String>,
    paging: Paging,
    include_total: bool,
}

impl Query {
    /// Checks the request.
    pub(crate) fn of(call: &Call<ListCandidatesRequest>, log: &LogIdentity) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        let state = match checker.known("state", message.state) {
            None | Some(CandidateState::Unspecified) => CandidateState::Open,
            Some(state) => state,
        };
        checker.id("reason_code", &message.reason_code);
        let size = checker.count("page_size", message.page_size, PAGE);
        if message.mine && state != CandidateState::Claimed {
            let text =
                "is of claimed candidates alone; send the state CANDIDATE_STATE_CLAIMED with it";
            checker.conflicting("mine", text);
        }
        checker.done(())?;
        let mine = message.mine.then(|| call.principal.actor_id.to_string());
        let reason_code = given(message.reason_code.clone());
        let ranking = Ranking {
            tenant_id: call.tenant_id(),
            state,
            reason_code: reason_code.as_deref(),
        };
        let (prefix, scope) = (Vec::from(ranking.prefix()), call.scope());
        let claimed_by = mine.as_deref().unwrap_or_default();
        let asked: [&[u8]; 3] = [&prefix, &scope.fingerprint(), claimed_by.as_bytes()];
        let paging = Paging::asked(log, &asked, size, &message.page_token)?;
        page::check_place(&paging, &prefix)?;
        Ok(Self {
            tenant_id: call.tenant_id().to_owned(),
            scope,
            state,
            claimed_by: mine,
            reason_code,
            paging,
            include_total: message.include_total,
        })
    }

    /// The page that is asked for.
    pub(crate) fn paging(&self) -> &Paging {
        &self.paging
    }

    fn ranking(&self) -> Ranking<'_> {
        Ranking {
            tenant_id: &self.tenant_id,
            state: self.state,
            reason_code: self.reason_code.as_deref(),
        }
    }

    /// Whether a group, in the state that is asked for, is wanted.
    fn wants(&self, group: &Group) -> bool {
        let by = group
            .decision()
            .map(|decision| decision.decided_by.as_str());
        group.state() == self.state
            && (self.claimed_by.is_none() || by == self.claimed_by.as_deref())
    }
}

/// A page of candidates as they stand at `now_us`.
pub(crate) fn list(
    store: &Store,
    query: &Query,
    (through, log): (&Through, &LogIdentity),
    now_us: i64,
) -> Result<ListCandidatesResponse, Error> {
    let scoped = query.scope.parties();
    let scoped = scoped.map(|own| Scoped::read(store, &query.tenant_id, own));
    let scoped = scoped.transpose()?;
    let reader = Reader {
        store,
        tenant_id: &query.tenant_id,
        scoped: scoped.as_ref(),
        now_us,
    };
    let total = query
        .include_total
        .then(|| reader.count(query))
        .transpose()?;
    let listed = reader.page(query)?;
    Ok(ListCandidatesResponse {
        next_page_token: query.paging.token(log, &through.positions, listed.next),
        complete_through: through.position(log),
        complete_through_at: through.time(),
        candidates: listed.items,
        total_size: total.map(|total| total.size),
        total_size_is_lower_bound: total.is_some_and(|total| total.is_lower_bound),
    })
}

/// A candidate with its latest cases, of those that lie within somebody's scope, and what these say of
/// their customers. Its words hold nothing that is personal to any of them.
pub(crate) fn find(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    candidate_id: &str,
    now_us: i64,
) -> Result<Option<(Candidate, Known)>, Error> {
    let scoped = scope.parties();
    let scoped = scoped.map(|own| Scoped::read(store, tenant_id, own));
    let scoped = scoped.transpose()?;
    let reader = Reader {
        store,
        tenant_id,
        scoped: scoped.as_ref(),
        now_us,
    };
    let Some(group) = reader.groups().of(candidate_id)? else {
        return Ok(None);
    };
    let mut known = Known::default();
    let mut candidate = reader.assemble(&group, Some(&mut known))?;
    personal::mask(&mut candidate, &known);
    Ok(Some((candidate, known)))
}

/// Reads candidates for somebody.
#[derive(Clone, Copy)]
struct Reader<'a> {
    store: &'a Store,
    tenant_id: &'a str,
    /// What they read, if it is not all of the tenant.
    scoped: Option<&'a Scoped<'a>>,
    now_us: i64,
}

impl<'a> Reader<'a> {
    fn groups(self) -> Groups<'a> {
        Groups::new(self.store, (self.tenant_id, self.scoped), self.now_us)
    }

    /// A page of those groups that are wanted.
    fn page(self, query: &Query) -> Result<Listed<Candidate>, Error> {
        let groups = self.groups();
        let (mut page, mut last) = (query.paging.page(), None);
        let rows = self.rows(query.ranking(), query.paging.after())?;
        for (looked_at, row) in rows.enumerate() {
            if looked_at >= ROWS_LOOKED_AT_MAX {
                return Ok(Listed {
                    items: page.into_items(),
                    next: last,
                });
            }
            let Row {
                place,
                candidate_id,
            } = row?;
            let group = groups.led_by(&candidate_id)?;
            if let Some(group) = group.filter(|group| query.wants(group)) {
                let candidate = self.assemble(&group, None)?;
                let bytes = candidate.encoded_len();
                if !page.takes(bytes) {
                    return Ok(Listed {
                        items: page.into_items(),
                        next: last,
                    });
                }
                page.add(candidate, bytes);
            }
            last = Some(place);
        }
        Ok(Listed {
            items: page.into_items(),
            next: None,
        })
    }

    /// How many groups are wanted, as far as it is looked at: each look draws what a candidate belongs to.
    fn count(self, query: &Query) -> Result<Total, Error> {
        let groups = self.groups();
        let mut total = Total {
            size: 0,
            is_lower_bound: self.scoped.is_some_and(|scoped| scoped.is_cut),
        };
        for (looked_at, row) in self.rows(query.ranking(), None)?.enumerate() {
            if looked_at >= COUNTED_MAX {
                total.is_lower_bound = true;
                break;
            }
            let Row { candidate_id, .. } = row?;
            let is_wanted = match query.claimed_by {
                None => groups.leads(&candidate_id, query.state)?,
                Some(_) => {
                    let group = groups.led_by(&candidate_id)?;
                    group.is_some_and(|group| query.wants(&group))
                }
            };
            total.size += u64::from(is_wanted);
        }
        Ok(total)
    }

    /// The candidates that may lead a wanted group, those first that would save most, beyond a place.
    fn rows(
        self,
        ranking: Ranking<'_>,
        after: Option<&Bytes>,
    ) -> Result<Box<dyn Iterator<Item = Result<Row, Error>> + 'a>, Error> {
        match self.scoped {
            Some(scoped) => {
                let ranked = scoped.ranked(ranking)?.into_iter();
                let after = after.cloned();
                let beyond = ranked
                    .filter(move |(place, _)| after.as_ref().is_none_or(|after| place > after));
                Ok(Box::new(beyond.map(|(place, candidate_id)| {
                    Ok(Row {
                        place,
                        candidate_id,
                    })
                })))
            }
            None => Ok(Box::new(rows::of(self.store, ranking, after, self.now_us))),
        }
    }
}
