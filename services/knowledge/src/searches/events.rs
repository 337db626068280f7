//! What events do to what is known of searches and struggles.

use aftercall_ledger::{Accepted, Search, What};
use aftercall_proto::event::v1::{LinkJudged, SearchReported, SearchUnanswered};
use aftercall_proto::model::v1::{Call, LinkVerdict, SearchOutcome};
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::contacts;
use super::counting;
use super::lending::{self, Lent};
use super::records::{Asked, Judged, Reach, Seen};
use crate::echoes::{self, Voice};
use crate::fold::stored;
use crate::keys::search as keys;
use crate::limits::SEEN_MAX;
use crate::records::micros;

/// Applies one event of the log; `call` is the call that its contact is, if that is over.
pub(crate) fn apply(
    fact: &Accepted,
    call: Option<&Call>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    match &fact.what {
        What::Recorded { recorded, .. } => contacts::on_recorded(fact, recorded, call, txn),
        What::Amended(amended) => contacts::on_amended(fact, amended, call, txn),
        What::Identified(identified) => contacts::on_identified(fact, identified, txn),
        What::Search(Search::Reported(reported)) => on_reported(fact, reported, txn),
        What::Search(Search::Unanswered(found)) => on_unanswered(fact, found, txn),
        What::LinkJudged(judged) => on_judged(fact, judged, txn),
        _ => Ok(()),
    }
}

/// A solution of a reason is live from an instant on. That it has existed is not taken back.
pub(crate) fn exists(
    tenant_id: &str,
    (solution_id, reason_code): (&str, &str),
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::reach(tenant_id, solution_id);
    let mut reach: Reach = stored(txn.get(&key)?)?.unwrap_or_default();
    // All that is said of a solution stands in one order.
    if reach.existed_from_us.is_some() && reach.existed_for == reason_code {
        return Ok(());
    }
    reach.existed_from_us.get_or_insert(at_us);
    reason_code.clone_into(&mut reach.existed_for);
    let list = keys::existing(tenant_id, reason_code);
    txn.put(list.time(at_us).id(solution_id), "")?;
    txn.put(key, reach.encode_to_vec())?;
    Ok(())
}

fn on_reported(
    fact: &Accepted,
    reported: &SearchReported,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let event = &fact.event;
    let (tenant_id, search_id) = (event.tenant_id.as_str(), event.aggregate_id.as_str());
    let nothing = Bytes::new;
    keys::COMMANDS.remember(fact, search_id, nothing, txn)?;
    let mut search = Change::begin(fact, txn)?;
    for solution_id in &reported.shown_solution_ids {
        search.see(solution_id, |seen| &mut seen.shown);
    }
    let outcome = reported.outcome();
    match outcome {
        SearchOutcome::Opened => search.see(&reported.solution_id, |seen| &mut seen.opened),
        SearchOutcome::Used => search.see(&reported.solution_id, |seen| {
            seen.version = reported.version;
            &mut seen.used
        }),
        SearchOutcome::Rejected => search.see(&reported.solution_id, |seen| {
            if !seen.used {
                seen.version = reported.version;
            }
            &mut seen.rejected
        }),
        SearchOutcome::NoneFitted => search.asked.none_fitted = true,
        SearchOutcome::Unspecified => {}
    }
    if let Some(question) = &reported.question {
        search.asked.learn(question);
    }
    search.end((tenant_id, search_id), txn)
}

fn on_unanswered(
    fact: &Accepted,
    found: &SearchUnanswered,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let event = &fact.event;
    let mut search = Change::begin(fact, txn)?;
    search.asked.none_fitted = true;
    for solution_id in &found.guessed_solution_ids {
        search.see(solution_id, |seen| &mut seen.shown);
    }
    if let Some(question) = &found.question {
        search.asked.learn(question);
    }
    search.end((&event.tenant_id, &event.aggregate_id), txn)
}

/// A search, while an event changes it.
struct Change {
    asked: Asked,
    /// The contact that it named before.
    named: String,
    /// What it lent before.
    lent: Vec<Lent>,
    /// What it said of versions before.
    voiced: Vec<Voice>,
    /// What became of solutions that had not become of them in this search before.
    reached: Vec<(String, Reach)>,
}

impl Change {
    fn begin(fact: &Accepted, txn: &Txn<'_>) -> Result<Self, ApplyError> {
        let event = &fact.event;
        let key = keys::asked(&event.tenant_id, &event.aggregate_id);
        let mut asked: Asked = stored(txn.get(key)?)?.unwrap_or_else(|| Asked {
            at_us: micros(event.occurred_at.as_ref()),
            ..Asked::default()
        });
        asked.sequence = event.sequence;
        Ok(Self {
            named: asked.question.interaction_id.clone(),
            lent: Lent::all(&event.aggregate_id, &asked),
            voiced: asked.voices(),
            asked,
            reached: Vec::new(),
        })
    }

    /// Notes once what became of a solution.
    fn see(&mut self, solution_id: &str, what: impl Fn(&mut Seen) -> &mut bool) {
        let seen = &mut self.asked.seen;
        let at = seen.iter().position(|one| one.solution_id == solution_id);
        let at = match at {
            Some(at) => at,
            None if seen.len() < SEEN_MAX && !solution_id.is_empty() => {
                seen.push(Seen {
                    solution_id: solution_id.to_owned(),
                    ..Seen::default()
                });
                seen.len() - 1
            }
            None => return,
        };
        let before = seen[at].clone();
        *what(&mut seen[at]) = true;
        let after = &seen[at];
        let new = |before: bool, after: bool| i64::from(after) - i64::from(before);
        let reach = Reach {
            shown: new(before.shown, after.shown),
            opened: new(before.opened, after.opened),
            used: new(before.used, after.used),
            rejected: new(before.rejected, after.rejected),
            ..Reach::default()
        };
        self.reached.push((solution_id.to_owned(), reach));
    }

    fn end(
        self,
        (tenant_id, search_id): (&str, &str),
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        for (solution_id, by) in &self.reached {
            shift_reach(tenant_id, solution_id, by, txn)?;
        }
        let voices = self.asked.voices();
        if voices != self.voiced {
            let before = self.voiced.iter().map(|one| (one, -1));
            for (voice, by) in before.chain(voices.iter().map(|one| (one, 1))) {
                echoes::voice(tenant_id, voice, by, txn)?;
            }
        }
        let lent = Lent::all(search_id, &self.asked);
        lending::change(tenant_id, &self.lent, &lent, txn)?;
        let named = self.asked.question.interaction_id.clone();
        txn.put(
            keys::asked(tenant_id, search_id),
            self.asked.encode_to_vec(),
        )?;
        if named == self.named {
            return counting::recount_search(tenant_id, search_id, txn);
        }
        counting::join(tenant_id, &named, search_id, txn)
    }
}

fn shift_reach(
    tenant_id: &str,
    solution_id: &str,
    by: &Reach,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::reach(tenant_id, solution_id);
    let mut reach: Reach = stored(txn.get(&key)?)?.unwrap_or_default();
    let pairs = [
        (&mut reach.shown, by.shown),
        (&mut reach.opened, by.opened),
        (&mut reach.used, by.used),
        (&mut reach.rejected, by.rejected),
        (&mut reach.right, by.right),
        (&mut reach.wrong, by.wrong),
    ];
    for (sum, by) in pairs {
        *sum = sum.wrapping_add(by);
    }
    txn.put(key, reach.encode_to_vec())?;
    Ok(())
}

fn on_judged(fact: &Accepted, judged: &LinkJudged, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let event = &fact.event;
    let tenant_id = event.tenant_id.as_str();
    let is_right = match judged.verdict() {
        LinkVerdict::Right => true,
        LinkVerdict::Wrong => false,
        LinkVerdict::Unspecified => return Ok(()),
    };
    let (solution_id, interaction_id) = (&judged.solution_id, &judged.interaction_id);
    keys::COMMANDS.remember(fact, &event.aggregate_id, Bytes::new, txn)?;
    let key = keys::judged(tenant_id, solution_id, interaction_id);
    let before: Option<Judged> = stored(txn.get(&key)?)?;
    let counts = |right: bool, times: i64| Reach {
        right: if right { times } else { 0 },
        wrong: if right { 0 } else { times },
        ..Reach::default()
    };
    if let Some(before) = before {
        shift_reach(tenant_id, solution_id, &counts(before.is_right, -1), txn)?;
    }
    shift_reach(tenant_id, solution_id, &counts(is_right, 1), txn)?;
    let after = Judged {
        sequence: event.sequence,
        is_right,
    };
    txn.put(key, after.encode_to_vec())?;
    // It is drawn no more.
    let drawn = keys::unjudged_in(tenant_id, solution_id, interaction_id);
    let drawn: Vec<_> = txn
        .scan_prefix(drawn, Direction::Ascending)
        .map(|entry| Ok::<_, ApplyError>(entry?.0))
        .collect::<Result<_, _>>()?;
    for key in drawn {
        txn.delete(key)?;
    }
    Ok(())
}
