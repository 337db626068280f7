//! Promises as iCalendar (RFC 5545). The same promises give the same bytes, whenever they are asked for.
//!
//! Each is an event at its due, and no to-do: calendars on the net and on telephones show events. It takes no
//! time, and nobody counts as busy because of it.

use aftercall_domain::commitment::Commitment;
use aftercall_domain::ids::Namespace;
use aftercall_domain::limits::CALENDAR_FEED_TEXT_BYTES_MAX;
use aftercall_domain::wording::Language;
use aftercall_proto::model::v1::{CalendarFeed, FeedLanguage};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::lines::Lines;

/// How often a calendar should look again.
const LOOKED_EVERY: &str = "PT15M";

/// A promise, and whose it is by its log key.
#[derive(Debug, Clone)]
pub(super) struct Dated {
    pub(super) promise: Commitment,
    pub(super) whose: u64,
}

/// The calendar of a feed.
pub(super) fn write(tenant_id: &str, feed: &CalendarFeed, promises: &[Dated]) -> String {
    let language = match feed.language() {
        FeedLanguage::German => Language::German,
        FeedLanguage::English | FeedLanguage::Unspecified => Language::English,
    };
    let name = match feed.display_name.as_str() {
        "" => feed.agent_id.as_str(),
        name => name,
    };
    let mut lines = Lines::default();
    lines.value("BEGIN", "VCALENDAR");
    lines.value("VERSION", "2.0");
    lines.value("PRODID", "-//aftercall//promises//EN");
    lines.value("CALSCALE", "GREGORIAN");
    lines.text("NAME", name);
    lines.text("X-WR-CALNAME", name);
    lines.value("REFRESH-INTERVAL;VALUE=DURATION", LOOKED_EVERY);
    lines.value("X-PUBLISHED-TTL", LOOKED_EVERY);
    for dated in promises {
        event(tenant_id, feed, language, dated, &mut lines);
    }
    lines.value("END", "VCALENDAR");
    lines.into_text()
}

fn event(
    tenant_id: &str,
    feed: &CalendarFeed,
    language: Language,
    dated: &Dated,
    lines: &mut Lines,
) {
    let Dated { promise, whose } = dated;
    let changed_at = utc(changed_at(promise));
    lines.value("BEGIN", "VEVENT");
    lines.value("UID", &uid(tenant_id, promise, *whose));
    lines.value("DTSTAMP", &changed_at);
    lines.value("CREATED", &utc(promise.recorded_at));
    lines.value("LAST-MODIFIED", &changed_at);
    lines.value("SEQUENCE", &moves(promise).to_string());
    lines.value("DTSTART", &utc(promise.due_at()));
    lines.text("SUMMARY", &summary(language, promise));
    if feed.personal_allowed && !promise.promise_text.is_empty() {
        lines.text("DESCRIPTION", &shortened(&promise.promise_text));
    }
    lines.value("STATUS", "CONFIRMED");
    lines.value("TRANSP", "TRANSPARENT");
    lines.value("END", "VEVENT");
}

/// The same for a promise in every feed, and no other promise's.
fn uid(tenant_id: &str, promise: &Commitment, whose: u64) -> String {
    let parts: [&[u8]; 3] = [
        tenant_id.as_bytes(),
        promise.commitment_id.as_bytes(),
        &whose.to_be_bytes(),
    ];
    format!("{}@aftercall", Namespace::CalendarEvent.id(&parts))
}

fn summary(language: Language, promise: &Commitment) -> String {
    let customer = promise.customer_id.as_deref();
    let customer = customer.unwrap_or(language.unknown_customer());
    format!("{} · {customer}", language.kind(promise.kind))
}

/// How often the due moved, or may have: by somebody, or by a pause that is over.
fn moves(promise: &Commitment) -> u64 {
    let pauses = u64::try_from(promise.pauses.len()).unwrap_or(u64::MAX);
    u64::from(promise.moves).saturating_add(pauses)
}

/// When it moved last, or was recorded.
fn changed_at(promise: &Commitment) -> Timestamp {
    let moved = promise.reschedules.iter().map(|moved| moved.at);
    let went_on = promise.pauses.iter().filter_map(|pause| pause.to);
    let latest = moved.chain(went_on).max();
    latest.map_or(promise.recorded_at, |at| at.max(promise.recorded_at))
}

/// An instant as iCalendar writes it.
fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// As much of a text as a calendar holds.
fn shortened(text: &str) -> String {
    if text.len() <= CALENDAR_FEED_TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(CALENDAR_FEED_TEXT_BYTES_MAX);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests;
