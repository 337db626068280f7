//! Calendars, ready to be reckoned by.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aftercall_domain::calendar::{Calendar, OpeningHours};
use aftercall_domain::due::CalendarRef;
use aftercall_proto::convert::setting::opening_hours;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Setting, SettingKind};
use aftercall_view::ApplyError;
use parking_lot::Mutex;

use crate::{Ledger, Settings};

/// The most calendars that are kept ready, of all tenants together. Beyond that all are let go, and made
/// ready again as they are needed.
const KEPT_MAX: usize = 1_000;

/// A tenant's calendar, by its id.
type Name = (String, String);

/// Makes calendars ready, and keeps those that are in use so: to read a year of holidays for each promise would cost
/// more than all the rest of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Calendars {
    ledger: Ledger,
    kept: Arc<Mutex<HashMap<Name, Kept>>>,
}

/// A calendar as it was when the tenant's settings had changed so often; none if there was none.
#[derive(Debug, Clone)]
struct Kept {
    revision: u64,
    calendar: Option<Arc<Calendar>>,
}

impl Calendars {
    /// The calendars of a ledger.
    pub fn of(ledger: Ledger) -> Self {
        Self {
            ledger,
            kept: Arc::default(),
        }
    }

    /// A calendar that is in use, as it is now; none if there is no such one.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn get(&self, tenant_id: &str, id: &str) -> Result<Option<Arc<Calendar>>, ApplyError> {
        let settings = self.ledger.settings(tenant_id);
        let revision = settings.revision()?;
        let name = (tenant_id.to_owned(), id.to_owned());
        if let Some(kept) = self.kept.lock().get(&name)
            && kept.revision == revision
        {
            return Ok(kept.calendar.clone());
        }
        let current = settings.get(SettingKind::Calendar, id)?;
        let calendar = match current.filter(|setting| !setting.retired) {
            None => None,
            Some(setting) => as_of(settings, id, setting.version)?.map(Arc::new),
        };
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let now = Kept {
            revision,
            calendar: calendar.clone(),
        };
        kept.insert(name, now);
        Ok(calendar)
    }

    /// Those of several calendars that are in use.
    ///
    /// # Errors
    /// As [`Calendars::get`].
    pub fn all<'a>(
        &self,
        tenant_id: &str,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, Arc<Calendar>>, ApplyError> {
        let mut all = BTreeMap::new();
        for id in ids {
            if let Some(calendar) = self.get(tenant_id, id)? {
                all.insert(id.to_owned(), calendar);
            }
        }
        Ok(all)
    }

    /// A calendar as it was, in use or not.
    ///
    /// # Errors
    /// As [`Calendars::get`].
    pub fn as_of(
        &self,
        tenant_id: &str,
        calendar: &CalendarRef,
    ) -> Result<Option<Calendar>, ApplyError> {
        let settings = self.ledger.settings(tenant_id);
        as_of(settings, &calendar.calendar_id, calendar.version.into())
    }
}

/// A calendar as it was when `version` was its latest. Only those versions are read that still say when
/// anything is open: what comes before one without an effective date says nothing any more.
fn as_of(settings: Settings<'_>, id: &str, version: u64) -> Result<Option<Calendar>, ApplyError> {
    let mut hours: Vec<(u32, OpeningHours)> = Vec::new();
    let newest = version.checked_add(1);
    for setting in settings.versions(SettingKind::Calendar, id, newest) {
        let setting = setting?;
        let Some((number, opening, is_for_ever)) = read(&setting) else {
            break;
        };
        hours.push((number, opening));
        if is_for_ever {
            break;
        }
    }
    let mut oldest_first = hours.into_iter().rev();
    let Some((first, opening)) = oldest_first.next() else {
        return Ok(None);
    };
    let mut calendar = Calendar::from_version(id, first, opening);
    for (_, opening) in oldest_first {
        calendar.revise(opening);
    }
    Ok(Some(calendar).filter(|calendar| u64::from(calendar.version()) == version))
}

/// What a version says, and whether it does so for all times; none for what no writer of ours makes.
fn read(setting: &Setting) -> Option<(u32, OpeningHours, bool)> {
    let Some(Body::Calendar(calendar)) = &setting.body else {
        return None;
    };
    let hours = opening_hours(calendar).ok()?;
    let number = u32::try_from(setting.version).ok()?;
    Some((number, hours, calendar.effective_from.is_empty()))
}
