//! A notice as its reader reads it: a pure function of the two.

use aftercall_domain::commitment::Owner;
use aftercall_domain::limits::{MAIL_PROMISES_MAX, MAIL_TEXT_BYTES_MAX};
use jiff::tz::TimeZone;

use super::notice::{Notice, Reader, Standing, Told, ToldConcern};
use super::words;

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject, on one line.
    pub subject: String,
    /// Its text, in lines.
    pub text: String,
}

impl Letter {
    /// What `reader` is told by `notice`.
    pub fn of(notice: &Notice, reader: &Reader) -> Self {
        let page = Page {
            reader,
            zone: zone(&reader.time_zone),
        };
        let named = notice.promises.len().min(MAIL_PROMISES_MAX);
        let concerns = notice.concerns.len().min(MAIL_PROMISES_MAX - named);
        let all = notice.promises.len() + notice.concerns.len() + notice.omitted;
        let unnamed = all - named - concerns;
        let mut text = line(&words::opening(reader.language, &notice.cause));
        text.push('\n');
        for told in notice.promises.iter().take(named) {
            text.push('\n');
            text.push_str(&page.promise(told));
        }
        for told in notice.concerns.iter().take(concerns) {
            text.push('\n');
            text.push_str(&page.concern(told));
        }
        if unnamed > 0 {
            text.push('\n');
            text.push_str(&words::more(reader.language, unnamed));
            text.push('\n');
        }
        text.push('\n');
        let zone = page.zone.iana_name().unwrap_or("UTC");
        text.push_str(&words::closing(reader.language, zone));
        let cause = words::subject(reader.language, &notice.cause);
        let told = (notice.promises.as_slice(), notice.concerns.as_slice());
        let subject = match (told, notice.omitted) {
            (([], []), 0) => cause,
            (([told], []), 0) => format!("{cause}: {}, {}", page.named(told), page.due(told)),
            (([], [told]), 0) => format!("{cause}: {}", page.named_concern(told)),
            ((_, []), _) => format!("{cause}: {}", words::promises(reader.language, all)),
            _ => format!("{cause}: {}", words::alerts(reader.language, all)),
        };
        Self {
            subject: line(&subject),
            text: lines(&text),
        }
    }
}

/// By whose language and clocks it is written.
struct Page<'a> {
    reader: &'a Reader,
    zone: TimeZone,
}

impl Page<'_> {
    fn named(&self, told: &Told) -> String {
        let language = self.reader.language;
        let customer = told.customer_id.as_deref();
        let customer = customer.unwrap_or(language.unknown_customer());
        format!("{} · {}", language.kind(told.kind), line(customer))
    }

    fn due(&self, told: &Told) -> String {
        words::time(self.reader.language, &told.due.to_zoned(self.zone.clone()))
    }

    fn named_concern(&self, told: &ToldConcern) -> String {
        let language = self.reader.language;
        let customer = told.customer_id.as_deref();
        let customer = customer.unwrap_or(language.unknown_customer());
        format!("{} · {}", words::rule(language, told.rule), line(customer))
    }

    /// What is told of a contact or a customer.
    fn concern(&self, told: &ToldConcern) -> String {
        let language = self.reader.language;
        let labels = words::labels(language);
        let since = told.since.to_zoned(self.zone.clone());
        let mut lines = vec![
            (labels.since, words::time(language, &since)),
            (
                labels.severity,
                words::severity(language, told.severity).to_owned(),
            ),
            (labels.handled_by, self.owner(told.owner.as_ref())),
        ];
        if told.is_over {
            let over = words::standing(language, Standing::Over { by: None }).to_owned();
            lines.push((labels.standing, over));
        }
        if !told.interaction_id.is_empty() {
            lines.push((labels.contact, line(&told.interaction_id)));
        }
        let mut text = format!("{}\n", self.named_concern(told));
        for (label, value) in lines {
            text.push_str(&format!("  {label}: {value}\n"));
        }
        text
    }

    fn owner(&self, owner: Option<&Owner>) -> String {
        let language = self.reader.language;
        match owner {
            Some(Owner::Agent(id)) => line(id),
            Some(Owner::Queue(id)) => line(&words::queue(language, id)),
            None => words::nobody(language).to_owned(),
        }
    }

    /// What is told of one promise: a line for each thing.
    fn promise(&self, told: &Told) -> String {
        let language = self.reader.language;
        let labels = words::labels(language);
        let due = format!("{}, {}", self.due(told), words::clock(language, told.clock));
        let mut lines = vec![
            (labels.due, due),
            (
                labels.standing,
                words::standing(language, told.standing).to_owned(),
            ),
            (
                labels.severity,
                words::severity(language, told.severity).to_owned(),
            ),
            (labels.owner, self.owner(told.owner.as_ref())),
            (labels.id, line(&told.commitment_id)),
        ];
        if self.reader.personal_allowed && !told.promise_text.is_empty() {
            lines.push((labels.words, shortened(&line(&told.promise_text))));
        }
        let mut text = format!("{}\n", self.named(told));
        for (label, value) in lines {
            text.push_str(&format!("  {label}: {value}\n"));
        }
        text
    }
}

fn zone(name: &str) -> TimeZone {
    let found = TimeZone::get(name);
    found
        .ok()
        .filter(|_| !name.is_empty())
        .unwrap_or(TimeZone::UTC)
}

/// A text on one line: whatever ends lines or can't be seen is a blank.
fn line(text: &str) -> String {
    let plain = text.replace(is_unfit, " ");
    plain
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text in lines, without what can't be seen.
fn lines(text: &str) -> String {
    text.replace(|sign| sign != '\n' && is_unfit(sign), " ")
}

fn is_unfit(sign: char) -> bool {
    sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}')
}

fn shortened(text: &str) -> String {
    if text.len() <= MAIL_TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAIL_TEXT_BYTES_MAX);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests;
