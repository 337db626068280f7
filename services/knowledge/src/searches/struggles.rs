//! What the team can't answer, the worst first: each with what shows it, and with what there is to begin with.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{
    ListStrugglesRequest, Struggle, StruggleCounts, StruggleQuestion,
};
use aftercall_service::{Call, Checker, Paging, Unread, given};
use aftercall_view::key::{Key, Parts};
use aftercall_view::{Direction, Store, TokenError};
use bytes::Bytes;
use prost::Message;

use super::asking::cut;
use super::drafts;
use super::period::{self, Of, Period};
use super::questions::Questions;
use super::records::{Asked, Shown, Sums};
use crate::candidates::Firsts;
use crate::failure::Error;
use crate::fold::stored;
use crate::keys as view_keys;
use crate::keys::search::{self as keys, Showing};
use crate::limits::{
    QUESTION_SHOWN_BYTES_MAX, SHOWN_COMPARED_MAX, SHOWN_NAMED_MAX, SHOWN_VISITED_MAX,
    STRUGGLE_QUESTIONS_MAX, STRUGGLES,
};
use crate::personal;
use crate::reader::Viewer;
use crate::records::{Case, timestamp};

/// What is asked for, checked.
#[derive(Debug)]
pub(super) struct Query {
    tenant_id: String,
    viewer: Viewer,
    period: Period,
    reason_code: Option<String>,
    team_id: Option<String>,
    paging: Paging,
    /// Where the page before ended: the score and the reason.
    after: Option<(u64, String)>,
}

impl Query {
    /// Checks the request.
    pub(super) fn of(call: &Call<ListStrugglesRequest>, log: &LogIdentity) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        let (from, before) = (message.from.as_ref(), message.before.as_ref());
        let period = Period::of(from, before, &mut checker);
        checker.id("reason_code", &message.reason_code);
        checker.id("team_id", &message.team_id);
        let size = checker.count("page_size", message.page_size, STRUGGLES);
        checker.done(())?;
        let (tenant_id, viewer) = (call.tenant_id().to_owned(), Viewer::of(call));
        let query: [&[u8]; 6] = [
            b"struggles",
            tenant_id.as_bytes(),
            &viewer.scope.fingerprint(),
            &period.bytes(),
            message.reason_code.as_bytes(),
            message.team_id.as_bytes(),
        ];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        let after = paging.after().map(|place| read_place(place)).transpose()?;
        Ok(Self {
            tenant_id,
            viewer,
            period,
            reason_code: given(message.reason_code.clone()),
            team_id: given(message.team_id.clone()),
            paging,
            after,
        })
    }

    /// Who asks.
    pub(super) fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// The page that is asked for.
    pub(super) fn paging(&self) -> &Paging {
        &self.paging
    }

    fn sums_of(&self) -> Of<'_> {
        Of {
            tenant_id: &self.tenant_id,
            scope: &self.viewer.scope,
            team_id: self.team_id.as_deref(),
            reason_code: self.reason_code.as_deref(),
        }
    }
}

/// A place in the list: the higher score first.
fn place(score: u64, reason_code: &str) -> Bytes {
    Key::new(1).u64(score).text(reason_code).into()
}

fn read_place(place: &[u8]) -> Result<(u64, String), Unread> {
    let mut parts = Parts::new(place);
    let read = parts.tag().and_then(|_| Ok((parts.u64()?, parts.text()?)));
    read.map_err(|_| Unread::PageToken(TokenError::Malformed))
}

/// Struggles, and where the page ends.
pub(super) type Listed = (Vec<Struggle>, Option<Bytes>);

/// A page of the list, as it stands at `now_us`. `nearest` answers which solution comes nearest to a question.
pub(super) fn list(
    store: &Store,
    (query, now_us): (&Query, i64),
    nearest: impl Fn(&str) -> Result<Option<Nearest>, Error>,
) -> Result<Listed, Error> {
    let ranked = ranked_by_day(store, query.sums_of(), query.period)?;
    let firsts = Firsts::read(store, query.viewer.whose(), now_us)?;
    let drafts = drafts::by_reason(store, &query.viewer)?;
    let due = ranked.into_iter().filter(|(reason, sums, _)| {
        let place = (Reverse(sums.score()), reason);
        let after = query.after.as_ref();
        after.is_none_or(|(score, after)| place > (Reverse(*score), after))
    });
    let struggles = due.map(|(reason, sums, days)| {
        let mut struggle = struggle(store, query, (&reason, &sums), &nearest)?;
        let days_of = query.period.from..query.period.before;
        let score = |day| days.get(&day).map_or(0, Sums::score);
        struggle.score_by_day = days_of.map(score).collect();
        if let Some((candidate_id, _)) = firsts.of(&reason)? {
            struggle.candidate_id = candidate_id;
        }
        struggle.draft_solution_id = drafts.get(&reason).cloned().unwrap_or_default();
        Ok((place(sums.score(), &reason), struggle))
    });
    query.paging.fill(struggles)
}

/// The reasons of a period that show a struggle, the worst first.
pub(super) fn ranked(
    store: &Store,
    of: Of<'_>,
    period: Period,
) -> Result<Vec<(String, Sums)>, Error> {
    let ranked = ranked_by_day(store, of, period)?.into_iter();
    Ok(ranked.map(|(reason, sums, _)| (reason, sums)).collect())
}

/// A reason with its sums, all together and day by day.
type ByDay = (String, Sums, BTreeMap<u32, Sums>);

fn ranked_by_day(store: &Store, of: Of<'_>, period: Period) -> Result<Vec<ByDay>, Error> {
    let by_reason = period::by_reason(store, of, period)?;
    let sums = by_reason
        .into_iter()
        .map(|(reason, days)| (reason, period::total(days.values()), days));
    let mut ranked: Vec<_> = sums.filter(|(_, sums, _)| sums.score() > 0).collect();
    ranked.sort_by(|(a, one, _), (b, other, _)| {
        let by_score = other.score().cmp(&one.score());
        by_score.then_with(|| a.cmp(b))
    });
    Ok(ranked)
}

/// The solution that comes nearest to a question.
#[derive(Debug)]
pub(super) struct Nearest {
    pub(super) solution_id: String,
    pub(super) title: String,
    pub(super) is_guess: bool,
}

fn struggle(
    store: &Store,
    query: &Query,
    (reason_code, sums): (&str, &Sums),
    nearest: impl Fn(&str) -> Result<Option<Nearest>, Error>,
) -> Result<Struggle, Error> {
    let evidence = evidence(store, query.sums_of(), query.period, reason_code)?;
    let mut struggle = Struggle {
        reason_code: reason_code.to_owned(),
        score: sums.score(),
        counts: Some(counts(sums)),
        questions: evidence.questions,
        interaction_ids: evidence.interaction_ids,
        search_ids: evidence.search_ids,
        ..Struggle::default()
    };
    let words = struggle.questions.first().map(|question| &*question.text);
    if let Some(found) = nearest(words.unwrap_or(reason_code))? {
        struggle.nearest_solution_id = found.solution_id;
        struggle.nearest_title = found.title;
        struggle.nearest_is_guess = found.is_guess;
    }
    Ok(struggle)
}

/// What sums say of a struggle.
pub(super) fn counts(sums: &Sums) -> StruggleCounts {
    let count = |sum: i64| u64::try_from(sum).unwrap_or(0);
    StruggleCounts {
        contacts: count(sums.struggling),
        lookup_holds: count(sums.lookups),
        unanswered_searches: count(sums.unanswered),
        transfers_after_search: count(sums.transfers),
        assists: count(sums.assists),
        corrections: count(sums.corrections),
        repeats: count(sums.repeats),
    }
}

/// What shows a struggle.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) questions: Vec<StruggleQuestion>,
    interaction_ids: Vec<String>,
    search_ids: Vec<String>,
}

/// What shows the struggle with a reason, as far as the caller reads it.
pub(super) fn evidence(
    store: &Store,
    of: Of<'_>,
    period: Period,
    reason_code: &str,
) -> Result<Evidence, Error> {
    let list = keys::shown(of.tenant_id, reason_code);
    let (from_us, before_us) = period.span_us();
    // The latest first, from the last moment before the end.
    let from = list.clone().time_descending(before_us - 1);
    let to = list.clone().time_descending(from_us - 1);
    let mut evidence = Evidence::default();
    let (mut questions, mut compared) = (Questions::default(), 0);
    let found = store.scan_range(from, Some(&to), Direction::Ascending);
    for entry in found.take(SHOWN_VISITED_MAX) {
        let (key, shown) = entry?;
        let shown = Shown::decode(shown).map_err(Error::internal)?;
        let (_, showing) = keys::read_showing(&key, &list).map_err(Error::internal)?;
        let Some(words) = words_of(store, of, &shown, &showing)? else {
            continue;
        };
        let (names, id) = match showing {
            Showing::Contact(id, _) => (&mut evidence.interaction_ids, id),
            Showing::Search(id) => (&mut evidence.search_ids, id),
        };
        if names.len() < SHOWN_NAMED_MAX {
            names.push(id);
        }
        questions.add(&words);
        compared += 1;
        if compared == SHOWN_COMPARED_MAX {
            break;
        }
    }
    let groups = questions.into_groups().into_iter();
    let groups = groups.take(STRUGGLE_QUESTIONS_MAX);
    evidence.questions = groups
        .map(|group| StruggleQuestion {
            text: cut(&group.text, QUESTION_SHOWN_BYTES_MAX).to_owned(),
            count: group.count,
        })
        .collect();
    Ok(evidence)
}

/// The words of a contact or a search, without what is personal; none if the caller doesn't read it.
fn words_of(
    store: &Store,
    of: Of<'_>,
    shown: &Shown,
    showing: &Showing,
) -> Result<Option<String>, Error> {
    match showing {
        Showing::Contact(id, whose) => {
            let case = store.get(view_keys::case(of.tenant_id, id, *whose))?;
            let case: Case = stored(case).map_err(Error::internal)?.unwrap_or_default();
            let is_of_team = of.team_id.is_none_or(|asked| asked == shown.team_id);
            if !is_of_team || !of.scope.admits(case.parties().iter()) {
                return Ok(None);
            }
            let known = personal::known(&case);
            Ok(Some(
                personal::masked("stated", &case.stated_verbatim, &known).0,
            ))
        }
        Showing::Search(id) => {
            if !of.admits(&shown.site_id, &shown.team_id) {
                return Ok(None);
            }
            let asked = store.get(keys::asked(of.tenant_id, id))?;
            let asked: Option<Asked> = stored(asked).map_err(Error::internal)?;
            Ok(asked.map(|asked| asked.question.text))
        }
    }
}

/// When a day begins, as answers have it.
pub(super) fn day_at(day: u32) -> pbjson_types::Timestamp {
    timestamp(super::records::day_begins(day))
}
