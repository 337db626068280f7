//! Reading timelines: a customer's own, or those of all handles that somebody may mean, as one.

use std::iter::Peekable;
use std::sync::Arc;

use aftercall_domain::{Handle, HandleKind, Scope};
use aftercall_view::Direction;
use aftercall_view::key::{Parts, prefix_end};
use bytes::Bytes;
use prost::Message;

use crate::calls::{self, CALLS};
use crate::failure::Unanswered;
use crate::keys;
use crate::known::Known;
use crate::request::Whose;
use crate::stored::{self, StoredEntry};

/// The length of an entry's place in its timeline: its time and its place in the log.
pub(crate) const PLACE_BYTES: usize = 16;

/// How the keys of telephone numbers begin whose country is known.
const WHOLE_NUMBER: &str = "tel:+";

/// The timelines that a question is about.
#[derive(Debug)]
pub(crate) struct Timelines {
    lines: Vec<Line>,
    /// Whether they are a customer's, in which an entry that stands elsewhere is of one of several.
    of_customer: bool,
    tenant_id: Arc<str>,
}

/// One of them.
#[derive(Debug)]
struct Line {
    prefix: Vec<u8>,
    /// Only the entries of this handle, where the timeline is of several that are spelled alike.
    handle: Option<String>,
}

impl Timelines {
    /// All that happened with the customers that are one, or by a handle.
    pub(crate) fn of(tenant_id: &str, whose: &Whose, customers: &[String]) -> Self {
        match whose {
            Whose::Customer(_) => Self {
                lines: customers
                    .iter()
                    .map(|customer_id| Line {
                        prefix: keys::timeline(tenant_id, customer_id).into(),
                        handle: None,
                    })
                    .collect(),
                of_customer: true,
                tenant_id: tenant_id.into(),
            },
            Whose::Handle(spellings) => Self {
                lines: spellings
                    .iter()
                    .map(|key| Line::of_handle(tenant_id, key))
                    .collect(),
                of_customer: false,
                tenant_id: tenant_id.into(),
            },
        }
    }

    /// The entries, the latest first: of those after the place `after` if there is one.
    pub(crate) fn read(self, known: &Known, after: Option<&[u8]>) -> Rows {
        // Most tenants have no calls: that is known without a look at each contact.
        let calls = match CALLS.are_any(known.store(), &self.tenant_id) {
            Ok(false) => None,
            Ok(true) | Err(_) => Some(Arc::clone(&self.tenant_id)),
        };
        let lines = self.lines.into_iter().map(|line| {
            let from = match after {
                // The first key after that place's.
                Some(after) => [line.prefix.as_slice(), after, &[0]].concat(),
                None => line.prefix.clone(),
            };
            let end = prefix_end(&line.prefix);
            let scan = known.scan_range(from, end.as_deref(), Direction::Ascending);
            let of_customer = self.of_customer;
            let calls = calls.clone();
            let rows = scan.filter_map(move |stored| {
                line.row(stored, (of_customer, calls.clone())).transpose()
            });
            (Box::new(rows) as Box<dyn Iterator<Item = Read> + Send>).peekable()
        });
        Rows {
            lines: lines.collect(),
            last: Bytes::new(),
        }
    }
}

impl Line {
    /// The timeline of a handle, by one of its keys.
    fn of_handle(tenant_id: &str, key: &str) -> Self {
        let kept = kept_under(key);
        Self {
            prefix: keys::handle_timeline(tenant_id, &kept).into(),
            handle: (kept != key).then(|| key.to_owned()),
        }
    }

    fn row(
        &self,
        stored: Result<(Bytes, Bytes), Unanswered>,
        (of_customer, calls): (bool, Option<Arc<str>>),
    ) -> Result<Option<Row>, Unanswered> {
        let (key, value) = stored?;
        if let Some(handle) = &self.handle
            && StoredEntry::decode(value.clone())?.handle != *handle
        {
            return Ok(None);
        }
        let place = key.slice(self.prefix.len().min(key.len())..);
        Ok(Some(Row {
            place,
            value,
            of_customer,
            calls,
        }))
    }
}

/// The key under which a view keeps the timeline of the handle that has `key`. A telephone number
/// has two, and is kept under the one without its country, where it is also found by people who
/// leave that out.
pub(crate) fn kept_under(key: &str) -> String {
    let whole = key.strip_prefix(WHOLE_NUMBER);
    let within_country = whole.and_then(|digits| {
        let number = Handle {
            kind: HandleKind::Telephone,
            value: format!("+{digits}"),
            display_form: String::new(),
        };
        number.keys().last()
    });
    within_country.unwrap_or_else(|| key.to_owned())
}

type Read = Result<Row, Unanswered>;

/// The rows of timelines, merged; each entry once.
pub(crate) struct Rows {
    lines: Vec<Peekable<Box<dyn Iterator<Item = Read> + Send>>>,
    /// The place of the last one.
    last: Bytes,
}

impl Iterator for Rows {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        loop {
            let heads = self.lines.iter_mut().enumerate();
            let first = heads
                .filter_map(|(line, rows)| Some((line, rows.peek()?)))
                .min_by_key(|(_, row)| row.as_ref().map(|row| row.place.clone()).ok())?
                .0;
            let row = self.lines[first].next()?;
            match &row {
                // One contact may be known by several handles.
                Ok(row) if row.place == self.last => {}
                Ok(there) => {
                    self.last = there.place.clone();
                    return Some(row);
                }
                Err(_) => return Some(row),
            }
        }
    }
}

/// The place in the log, as one number, of what stands at a place in a timeline.
pub(crate) fn seq_at(place: &[u8]) -> u64 {
    let mut parts = Parts::new(place);
    let seq = parts.time_descending().and_then(|_| parts.u64());
    // Every key of a timeline ends so; one that doesn't is after every position.
    seq.map_or(u64::MAX, |seq| !seq)
}

/// One row of a timeline.
#[derive(Debug)]
pub(crate) struct Row {
    /// Where it stands in its timeline.
    pub(crate) place: Bytes,
    value: Bytes,
    of_customer: bool,
    /// The tenant, if it has calls.
    calls: Option<Arc<str>>,
}

impl Row {
    /// Its place in the log as one number: see [`keys::seq_of`].
    pub(crate) fn seq(&self) -> u64 {
        seq_at(&self.place)
    }

    /// The entry's bytes, and whether it is of one of several customers. None while it is moved, and of a call that
    /// was recorded, too.
    fn entry(&self, known: &Known) -> Result<Option<(Bytes, bool)>, Unanswered> {
        let (entry, ambiguous) = match stored::is_elsewhere(&self.value) {
            false => (self.value.clone(), false),
            true => {
                let home = StoredEntry::decode(self.value.clone())?.home;
                let is_call = calls::is_call(&home);
                if is_call && calls::is_superseded(known, &home)? {
                    return Ok(None);
                }
                let Some(entry) = known.get(&home)? else {
                    return Ok(None);
                };
                // A call stands elsewhere in the timeline of whoever's it is.
                (entry, self.of_customer && !is_call)
            }
        };
        let Some(tenant_id) = &self.calls else {
            return Ok(Some((entry, ambiguous)));
        };
        let mut completed = StoredEntry::decode(entry)?;
        calls::complete(known, tenant_id, &mut completed)?;
        Ok(Some((completed.encode_to_vec().into(), ambiguous)))
    }

    /// The entry as it is answered, encoded; none for who does not read it.
    pub(crate) fn answered(
        &self,
        known: &Known,
        scope: &Scope,
    ) -> Result<Option<Bytes>, Unanswered> {
        let Some((entry, ambiguous)) = self.entry(known)? else {
            return Ok(None);
        };
        if !scope.is_all() && !StoredEntry::decode(entry.clone())?.is_within(scope) {
            return Ok(None);
        }
        let answered = stored::answered(&entry)?;
        Ok(Some(match ambiguous {
            true => stored::ambiguous(&answered),
            false => answered,
        }))
    }

    /// Whether it lies within somebody's scope.
    pub(crate) fn is_within(&self, known: &Known, scope: &Scope) -> Result<bool, Unanswered> {
        if scope.is_all() && self.calls.is_none() {
            return Ok(true);
        }
        let entry = self.decoded(known)?;
        Ok(entry.is_some_and(|(entry, _)| entry.is_within(scope)))
    }

    /// The entry, and whether it is of one of several customers.
    pub(crate) fn decoded(&self, known: &Known) -> Result<Option<(StoredEntry, bool)>, Unanswered> {
        let Some((entry, ambiguous)) = self.entry(known)? else {
            return Ok(None);
        };
        Ok(Some((StoredEntry::decode(entry)?, ambiguous)))
    }
}
