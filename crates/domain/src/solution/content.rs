//! What a version of a solution says.

use jiff::Timestamp;

use super::audience::{Audience, Governance};
use crate::limits::{
    CLOCK_SKEW_S_MAX, ENVIRONMENT_MAX, ID_BYTES_MAX, LINE_BYTES_MAX, QUESTIONS_MAX,
    SECONDS_PER_DAY, SOLUTION_BYTES_MAX, SOLUTION_LINES_MAX, SOURCES_MAX, TEXT_BYTES_MAX,
    URI_BYTES_MAX, VERIFY_DAYS_MAX,
};
use crate::violation::Reason;
use crate::{Cleaner, FieldPath, Violations};

/// What a solution is taken from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub uri: String,
    /// What it is called.
    pub title: String,
    /// When it was last looked at.
    pub checked_at: Option<Timestamp>,
    /// Who looked.
    pub checked_by: String,
    /// A hash of what stood there.
    pub content_hash: String,
}

/// What a version of a solution says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// What it is about, in a line.
    pub title: String,
    /// The question as customers put it.
    pub question_in_customer_words: Vec<String>,
    /// What can be seen when it is the case.
    pub symptoms: Vec<String>,
    /// Where it is the case: names and values.
    pub environment: Vec<(String, String)>,
    /// What to ask to tell it from its neighbours.
    pub discriminating_questions: Vec<String>,
    /// Why it happens.
    pub cause: String,
    /// What an agent does.
    pub resolution: String,
    /// What helps until then.
    pub workaround: String,
    /// What may be said to a customer, as it stands.
    pub customer_wording: String,
    /// What must not be said.
    pub do_not_say: Vec<String>,
    /// What it is taken from.
    pub sources: Vec<Source>,
    /// The contact reason's code that it answers.
    pub reason_code: String,
    /// For whom it is.
    pub audience: Option<Audience>,
    /// By which rules it is approved.
    pub governance: Option<Governance>,
    /// The client whose contacts it is for.
    pub client_account_id: String,
    /// The language that it is written in.
    pub language: String,
    /// The solution that it is a translation of.
    pub translation_of: String,
    /// The team that answers for it.
    pub owner_group: String,
    /// Until when it has to be verified again.
    pub verify_by: Option<Timestamp>,
    /// From when it is to be live.
    pub effective_from: Option<Timestamp>,
    /// What is different in this version, and why.
    pub change_note: String,
}

/// The texts of a content, by field.
const TEXTS: [&str; 4] = ["cause", "resolution", "workaround", "customer_wording"];

impl Content {
    /// Puts line ends and control characters right, as people's programs send them.
    pub fn clean(&mut self, cleaner: &mut Cleaner) {
        cleaner.text(FieldPath::of("title"), &mut self.title);
        cleaner.text(FieldPath::of("change_note"), &mut self.change_note);
        for (name, text) in TEXTS.into_iter().zip([
            &mut self.cause,
            &mut self.resolution,
            &mut self.workaround,
            &mut self.customer_wording,
        ]) {
            cleaner.text(FieldPath::of(name), text);
        }
        for (name, lines) in [
            (
                "question_in_customer_words",
                &mut self.question_in_customer_words,
            ),
            ("symptoms", &mut self.symptoms),
            (
                "discriminating_questions",
                &mut self.discriminating_questions,
            ),
            ("do_not_say", &mut self.do_not_say),
        ] {
            cleaner.each(FieldPath::of(name), lines, |text, at, cleaner| {
                cleaner.text(at, text);
            });
        }
    }

    /// Notes all that is wrong with a draft in `found`. A draft may be incomplete: see [`Content::check_whole`].
    pub fn check(&self, now: Timestamp, found: &mut Violations) {
        if self.title.trim().is_empty() {
            let text = "is required; say in a line what the solution is about";
            found.add("title", Reason::Required, text);
        }
        super::draft::text("title", &self.title, LINE_BYTES_MAX, found);
        for (name, text) in self.texts() {
            super::draft::text(name, text, TEXT_BYTES_MAX, found);
        }
        super::draft::text("change_note", &self.change_note, TEXT_BYTES_MAX, found);
        let questions = &self.question_in_customer_words;
        lines(
            "question_in_customer_words",
            questions,
            QUESTIONS_MAX,
            found,
        );
        for (name, list) in [
            ("symptoms", &self.symptoms),
            ("discriminating_questions", &self.discriminating_questions),
            ("do_not_say", &self.do_not_say),
        ] {
            lines(name, list, SOLUTION_LINES_MAX, found);
        }
        self.check_names(found);
        self.check_environment(found);
        self.check_sources(now, found);
        self.check_times(now, found);
        let bytes = self.bytes();
        if bytes > SOLUTION_BYTES_MAX {
            let text = format!(
                "has {bytes} bytes in all; at most {SOLUTION_BYTES_MAX} are taken, so shorten it"
            );
            found.add("", Reason::TooLong, text);
        }
    }

    /// Notes what a version lacks that is to be reviewed or published.
    pub fn check_whole(&self, found: &mut Violations) {
        if self.resolution.trim().is_empty() && self.customer_wording.trim().is_empty() {
            let text = "is required before a review, unless there is a customer_wording; say what solves it";
            found.add("resolution", Reason::Required, text);
        }
        let audience = self.audience.unwrap_or(Audience::Internal);
        if !audience.is_within() && self.customer_wording.trim().is_empty() {
            let text =
                "is required for an audience outside the house: say what may be said as it stands";
            found.add("customer_wording", Reason::Required, text);
        }
        let needs = |audience| self.audience == Some(audience);
        if needs(Audience::Team) && self.owner_group.is_empty() {
            let text = "is required for the audience TEAM; name the team";
            found.add("owner_group", Reason::Required, text);
        }
        if needs(Audience::ClientAccount) && self.client_account_id.is_empty() {
            let text = "is required for the audience CLIENT_ACCOUNT; name the client";
            found.add("client_account_id", Reason::Required, text);
        }
        let is_governed = self.governance == Some(Governance::ComplianceBased);
        if is_governed && self.sources.is_empty() {
            let text = "is required for COMPLIANCE_BASED solutions; name what it is taken from";
            found.add("sources", Reason::Required, text);
        }
        if is_governed && self.verify_by.is_none() {
            let text = "is required for COMPLIANCE_BASED solutions; say until when it has to be verified again";
            found.add("verify_by", Reason::Required, text);
        }
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let texts = [
            &self.cause,
            &self.resolution,
            &self.workaround,
            &self.customer_wording,
        ];
        TEXTS.into_iter().zip(texts)
    }

    fn check_names(&self, found: &mut Violations) {
        for (name, id) in [
            ("reason_code", &self.reason_code),
            ("client_account_id", &self.client_account_id),
            ("translation_of", &self.translation_of),
            ("owner_group", &self.owner_group),
        ] {
            super::draft::text(name, id, ID_BYTES_MAX, found);
        }
        if !is_language(&self.language) {
            let text = "is no language tag; give one such as `de` or `de-CH`";
            found.add("language", Reason::Malformed, text);
        }
    }

    fn check_environment(&self, found: &mut Violations) {
        if self.environment.len() > ENVIRONMENT_MAX {
            found.too_many("environment", self.environment.len(), ENVIRONMENT_MAX);
            return;
        }
        for (at, (key, value)) in self.environment.iter().enumerate() {
            let field = format!("environment[{at}]");
            if key.trim().is_empty() {
                found.required(format!("{field}.key"));
            }
            if self.environment[..at].iter().any(|(other, _)| other == key) {
                let text = "stands there before; say each thing once";
                found.add(format!("{field}.key"), Reason::Conflicting, text);
            }
            super::draft::text(&format!("{field}.key"), key, ID_BYTES_MAX, found);
            super::draft::text(&format!("{field}.value"), value, LINE_BYTES_MAX, found);
        }
    }

    fn check_sources(&self, now: Timestamp, found: &mut Violations) {
        if self.sources.len() > SOURCES_MAX {
            found.too_many("sources", self.sources.len(), SOURCES_MAX);
            return;
        }
        for (at, source) in self.sources.iter().enumerate() {
            let field = |name: &str| format!("sources[{at}].{name}");
            if source.uri.trim().is_empty() && source.title.trim().is_empty() {
                let text = "is required, unless there is a title; say what the source is";
                found.add(field("uri"), Reason::Required, text);
            }
            super::draft::text(&field("uri"), &source.uri, URI_BYTES_MAX, found);
            super::draft::text(&field("title"), &source.title, LINE_BYTES_MAX, found);
            super::draft::text(
                &field("checked_by"),
                &source.checked_by,
                ID_BYTES_MAX,
                found,
            );
            match source.checked_at {
                None => {
                    let text = "is required; say when the source was last looked at";
                    found.add(field("checked_at"), Reason::SourceUndated, text);
                }
                Some(at) if at.as_second() > now.as_second().saturating_add(CLOCK_SKEW_S_MAX) => {
                    let text = "is in the future; say when the source was looked at";
                    found.add(field("checked_at"), Reason::InFuture, text);
                }
                Some(_) => {}
            }
            if !is_hash(&source.content_hash) {
                let text = "is no SHA-256; give 64 hexadecimal digits, or leave it empty";
                found.add(field("content_hash"), Reason::Malformed, text);
            }
        }
    }

    fn check_times(&self, now: Timestamp, found: &mut Violations) {
        let latest = now
            .as_second()
            .saturating_add(VERIFY_DAYS_MAX * SECONDS_PER_DAY);
        for (name, at) in [
            ("verify_by", self.verify_by),
            ("effective_from", self.effective_from),
        ] {
            if at.is_some_and(|at| at.as_second() > latest) {
                let text =
                    format!("is more than {VERIFY_DAYS_MAX} days ahead; give an earlier time");
                found.add(name, Reason::InFuture, text);
            }
        }
        if let (Some(from), Some(by)) = (self.effective_from, self.verify_by)
            && by <= from
        {
            let text = "is not later than effective_from, so that it would have to be verified before it is live";
            found.add("verify_by", Reason::Conflicting, text);
        }
    }

    /// How much text there is in all.
    fn bytes(&self) -> usize {
        let lists = [
            &self.question_in_customer_words,
            &self.symptoms,
            &self.discriminating_questions,
            &self.do_not_say,
        ];
        let lists = lists.into_iter().flatten().map(String::len);
        let texts = self.texts().map(|(_, text)| text.len());
        lists.chain(texts).chain([self.change_note.len()]).sum()
    }
}

fn lines(name: &str, lines: &[String], count_max: usize, found: &mut Violations) {
    if lines.len() > count_max {
        found.too_many(name, lines.len(), count_max);
        return;
    }
    for (at, line) in lines.iter().enumerate() {
        let field = format!("{name}[{at}]");
        if line.trim().is_empty() {
            let text = "is empty; give its words, or leave the element out";
            found.add(field.as_str(), Reason::Required, text);
        }
        super::draft::text(&field, line, TEXT_BYTES_MAX, found);
    }
}

/// Whether it is empty, or has the form of a BCP 47 tag.
fn is_language(tag: &str) -> bool {
    let parts = || tag.split('-');
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let first =
        |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic());
    tag.is_empty() || (tag.len() <= 35 && parts().all(is_part) && parts().next().is_some_and(first))
}

/// Whether it is empty, or a SHA-256 in hexadecimal digits.
fn is_hash(hash: &str) -> bool {
    hash.is_empty() || (hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
