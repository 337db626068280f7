//! The rankings of a whole tenant's candidates, as they stand at a time: claims that have ended, and what was put off
//! until a time that has passed, stand among the open ones.

use std::iter::Peekable;

use aftercall_proto::model::v1::CandidateState;
use aftercall_view::key::prefix_end;
use aftercall_view::{Direction, Store};
use bytes::Bytes;

use crate::failure::Error;
use crate::keys::Ranking;

/// A candidate in a ranking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// Its place among those of the state that was asked for.
    pub(super) place: Bytes,
    pub(super) candidate_id: String,
}

/// The candidates of a ranking beyond a place of it, in its order.
pub(super) fn of(
    store: &Store,
    ranking: Ranking<'_>,
    after: Option<&Bytes>,
    now_us: i64,
) -> impl Iterator<Item = Result<Row, Error>> + use<> {
    let asked: Vec<u8> = ranking.prefix().into();
    let stored: &[CandidateState] = match ranking.state {
        CandidateState::Open => &[
            CandidateState::Open,
            CandidateState::Claimed,
            CandidateState::PutOff,
        ],
        ref state => std::slice::from_ref(state),
    };
    let parts = stored.iter().map(|state| {
        let is_over = *state != ranking.state;
        let ranking = Ranking {
            state: *state,
            ..ranking
        };
        part(store, &ranking, (&asked, after), (is_over, now_us)).peekable()
    });
    Merged(parts.collect())
}

/// The candidates of one stored state: those whose time is over, or those whose isn't.
fn part(
    store: &Store,
    ranking: &Ranking<'_>,
    (asked, after): (&[u8], Option<&Bytes>),
    (is_over, now_us): (bool, i64),
) -> Rows {
    let prefix: Vec<u8> = ranking.prefix().into();
    let from = match after.and_then(|after| after.strip_prefix(asked)) {
        None => prefix.clone(),
        // The first key after the page before.
        Some(last) => [&prefix, last, &[0]].concat(),
    };
    let end = prefix_end(&prefix);
    let entries = store.scan_range(from, end.as_deref(), Direction::Ascending);
    let asked = asked.to_vec();
    let rows = entries.filter_map(move |entry| {
        let (key, until) = match entry {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error.into())),
        };
        let until_us = until.as_ref().try_into().ok().map(i64::from_be_bytes);
        if until_us.is_some_and(|until_us| until_us <= now_us) != is_over {
            return None;
        }
        let place = key.strip_prefix(&*prefix).unwrap_or_default();
        let candidate_id = crate::keys::read_rank(place).map_err(Error::internal);
        let place = Bytes::from([&asked, place].concat());
        Some(candidate_id.map(|candidate_id| Row {
            place,
            candidate_id,
        }))
    });
    Box::new(rows)
}

/// A ranking, read as far as it is asked for.
type Rows = Box<dyn Iterator<Item = Result<Row, Error>>>;

/// Several rankings as one.
struct Merged(Vec<Peekable<Rows>>);

impl Iterator for Merged {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let heads = self.0.iter_mut().enumerate();
        let heads = heads.filter_map(|(at, part)| {
            // A failure comes first.
            let head = part.peek()?.as_ref().ok().cloned();
            Some((head, at))
        });
        let (_, at) = heads.min()?;
        self.0[at].next()
    }
}
