//! The events of a feed, as properties.

use aftercall_domain::Violations;
use aftercall_domain::limits::FEED_EVENTS_MAX;
use aftercall_domain::violation::Reason;

use super::lines::{Line, Property, unfold, wrong};

/// An event as a feed has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawEvent {
    /// The line with which it begins.
    pub(super) line: usize,
    properties: Vec<Property>,
}

impl RawEvent {
    /// The first property with a name; none if there is none.
    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.all(name).next()
    }

    /// All properties with a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Property> {
        let properties = self.properties.iter();
        properties.filter(move |property| property.name == name)
    }
}

/// The events of a feed; none beside a violation that makes it no feed, or a part of one. What else a feed may have,
/// such as zones, is passed over.
pub(super) fn events(text: &str, found: &mut Violations) -> Vec<RawEvent> {
    let mut reader = Reader::default();
    let is_whole = unfold(text).iter().all(|line| reader.take(line, found));
    match reader.open.last() {
        _ if !is_whole => return Vec::new(),
        Some((name, line)) => {
            let text =
                format!("BEGIN:{name} is never ended: the feed is cut off; get it again, whole");
            wrong(found, *line, &text);
            return Vec::new();
        }
        None if !reader.began => wrong(found, 1, NO_FEED),
        None => {}
    }
    reader.events
}

const NO_FEED: &str = "is no iCalendar text, which begins with BEGIN:VCALENDAR; send the feed itself, not the page that \
                       leads to it";

#[derive(Default)]
struct Reader {
    /// The components that are not ended yet, each with its line.
    open: Vec<(String, usize)>,
    /// Whether there was a calendar.
    began: bool,
    events: Vec<RawEvent>,
}

impl Reader {
    /// Takes a line; whether it makes sense to go on.
    fn take(&mut self, line: &Line, found: &mut Violations) -> bool {
        if let Some(name) = component(&line.text, "BEGIN:") {
            return self.begin(name, line.no, found);
        }
        if let Some(name) = component(&line.text, "END:") {
            return self.end(&name, line.no, found);
        }
        if self.open.is_empty() {
            wrong(found, line.no, NO_FEED);
            return false;
        }
        let is_event = matches!(&*self.open, [_, (name, _)] if name == "VEVENT");
        if is_event && let Some(event) = self.events.last_mut() {
            event.properties.extend(Property::read(line, found));
        }
        true
    }

    fn begin(&mut self, name: String, line: usize, found: &mut Violations) -> bool {
        if self.open.is_empty() && name != "VCALENDAR" {
            wrong(found, line, NO_FEED);
            return false;
        }
        self.began = true;
        if self.open.len() == 1 && name == "VEVENT" {
            if self.events.len() == FEED_EVENTS_MAX {
                let text = format!(
                    "line {line}: is one event too many; at most {FEED_EVENTS_MAX} are taken: leave out those of the past"
                );
                found.add("feed", Reason::TooMany, text);
                return false;
            }
            self.events.push(RawEvent {
                line,
                properties: Vec::new(),
            });
        }
        self.open.push((name, line));
        true
    }

    fn end(&mut self, name: &str, line: usize, found: &mut Violations) -> bool {
        match self.open.pop() {
            Some((open, _)) if open == name => true,
            Some((open, begun)) => {
                let text = format!(
                    "ends {name}, and {open} of line {begun} is open; the feed is damaged: get it again"
                );
                wrong(found, line, &text);
                false
            }
            None => {
                wrong(found, line, NO_FEED);
                false
            }
        }
    }
}

/// The component that a line begins or ends.
fn component(text: &str, mark: &str) -> Option<String> {
    let begin = text.get(..mark.len())?;
    let name = text[mark.len()..].trim();
    begin
        .eq_ignore_ascii_case(mark)
        .then(|| name.to_ascii_uppercase())
}
