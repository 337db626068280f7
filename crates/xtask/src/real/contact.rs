//! A contact as a source has it, on its way into a record.

use std::collections::BTreeMap;

use aftercall_domain::limits::ID_BYTES_MAX;
use aftercall_domain::text::is_unseen;
use aftercall_proto::model::v1::{
    Channel, CommitmentDraft, CommitmentKind, ContactReason, Customer, Direction, ExternalRef,
    Interaction, MatchStatus, Owner, Priority, owner,
};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::chats::Chat;
use super::dues::CityDue;
use super::rules::Labelled;
use super::verdict::Promise;

/// The import that all records belong to.
const BATCH: &str = "real";

/// All that was converted.
#[derive(Debug, Default)]
pub(super) struct Converted {
    pub(super) contacts: Vec<Contact>,
    /// How many sources had records.
    pub(super) sources: usize,
    /// What was met on the way, by kind.
    pub(super) noted: BTreeMap<&'static str, u64>,
    /// New York's dues.
    pub(super) dues: Vec<CityDue>,
    /// Chats, as they happened.
    pub(super) chats: Vec<Chat>,
    /// Texts with their labels.
    pub(super) texts: Vec<Labelled>,
}

impl Converted {
    pub(super) fn note(&mut self, kind: &'static str) {
        *self.noted.entry(kind).or_default() += 1;
    }

    /// Adds what was met in reading one more contact.
    pub(super) fn note_all(&mut self, other: Self) {
        for (kind, count) in other.noted {
            *self.noted.entry(kind).or_default() += count;
        }
        self.dues.extend(other.dues);
        self.chats.extend(other.chats);
        self.texts.extend(other.texts);
    }
}

/// One contact: its record, and what its source says of the promise in it.
#[derive(Debug)]
pub(super) struct Contact {
    pub(super) request: RecordInteractionRequest,
    pub(super) promise: Option<Promise>,
}

impl Contact {
    /// The record; there is always one.
    pub(super) fn interaction(&self) -> Interaction {
        self.request.interaction.clone().unwrap_or_default()
    }

    /// Adds a promise; without one, nothing was promised as far as the source knows.
    pub(super) fn promise(&mut self, promise: Promise, queue: &str, zone: &str) {
        let draft = CommitmentDraft {
            commitment_id: promise.commitment_id.clone(),
            kind: CommitmentKind::Other.into(),
            told_to_customer: true,
            promised_by: Some(wire(promise.due)),
            time_zone: zone.to_owned(),
            owner: Some(Owner {
                owner: Some(owner::Owner::QueueId(clipped(queue))),
            }),
            priority: Priority::P3.into(),
            fulfilled_at: promise.fulfilled.map(wire),
            ..CommitmentDraft::default()
        };
        if let Some(interaction) = &mut self.request.interaction {
            interaction.commitments.push(draft);
            interaction.no_follow_up_promised = false;
        }
        self.promise = Some(promise);
    }
}

/// The least that every source has.
#[derive(Debug)]
pub(super) struct Sketch<'a> {
    /// The system that the record comes from.
    pub(super) source: &'a str,
    /// Its id there.
    pub(super) id: &'a str,
    /// The customer's id there, if the source knows one.
    pub(super) customer: Option<&'a str>,
    pub(super) occurred_at: Timestamp,
    /// The source's word for the channel.
    pub(super) channel: Option<&'a str>,
    /// The codes of the reasons, the primary one first.
    pub(super) codes: Vec<String>,
    /// The reason in the customer's own words, if they are.
    pub(super) verbatim: &'a str,
    /// What is known to be missing.
    pub(super) labels: Vec<String>,
}

impl Sketch<'_> {
    /// The record of it, in which nothing was promised.
    pub(super) fn contact(self) -> Contact {
        let mut labels = self.labels;
        let (channel, known) = channel(self.channel);
        if !known {
            labels.push(code(&["channel", self.channel.unwrap_or("not_said")]));
        }
        let direction = match self.channel {
            Some("internal" | "system") => Direction::Internal,
            _ => Direction::Inbound,
        };
        let mut reasons: Vec<_> = self
            .codes
            .into_iter()
            .map(|code| ContactReason {
                code,
                ..ContactReason::default()
            })
            .collect();
        if reasons.is_empty() {
            reasons.push(ContactReason {
                code: "unclassified".to_owned(),
                ..ContactReason::default()
            });
        }
        reasons[0].primary = true;
        reasons[0].stated_verbatim = cleaned(self.verbatim);
        let status = match self.customer {
            Some(_) => MatchStatus::Matched,
            None => MatchStatus::Unknown,
        };
        let interaction = Interaction {
            interaction_id: id("interaction", self.source, self.id),
            external_ref: Some(ExternalRef {
                source_system: self.source.to_owned(),
                external_id: clipped(self.id),
            }),
            channel: channel.into(),
            direction: direction.into(),
            customer: Some(Customer {
                customer_id: clipped(self.customer.unwrap_or_default()),
                match_status: status.into(),
                ..Customer::default()
            }),
            occurred_at: Some(wire(self.occurred_at)),
            // For whom it was answered: by this the contacts of one source are told from those of others.
            client_account_id: clipped(self.source),
            contact_reasons: reasons,
            no_follow_up_promised: true,
            labels,
            ..Interaction::default()
        };
        Contact {
            request: RecordInteractionRequest {
                interaction: Some(interaction),
                import_batch: BATCH.to_owned(),
                ..Default::default()
            },
            promise: None,
        }
    }
}

/// Our word for a channel, and whether it says the same.
fn channel(word: Option<&str>) -> (Channel, bool) {
    match word {
        Some("phone") => (Channel::Voice, true),
        Some("chat") => (Channel::Chat, true),
        Some("email") => (Channel::Email, true),
        Some("social") => (Channel::Social, true),
        Some("ivr") => (Channel::Voice, false),
        _ => (Channel::Task, false),
    }
}

/// The id that follows from a source's own: the same in every run.
pub(super) fn id(kind: &str, source: &str, id: &str) -> String {
    let name = format!("{kind}\0{source}\0{id}");
    let mut bytes = [0; 16];
    blake3::Hasher::new()
        .update(name.as_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    uuid::Uuid::new_v8(bytes).to_string()
}

/// A code of several parts, such as `street_lights.outage`.
pub(super) fn code(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| {
        let words: Vec<_> = part
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        words.join("_")
    });
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    clipped(&parts.join("."))
}

/// An id that is taken: not too long, without what can't be seen, and without blanks at its ends.
pub(super) fn clipped(id: &str) -> String {
    let odd = |c: char| is_unseen(c) || c.is_whitespace();
    let id: String = id.chars().map(|c| if odd(c) { ' ' } else { c }).collect();
    let id = id.trim();
    id[..id.floor_char_boundary(ID_BYTES_MAX)]
        .trim_end()
        .to_owned()
}

/// A text that is taken: without control characters.
pub(super) fn cleaned(text: &str) -> String {
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.chars().map(|c| if odd(c) { ' ' } else { c }).collect()
}

/// A local time in a zone that the source names in front of a remark.
pub(super) fn instant(local: &str, zone: &str) -> anyhow::Result<Timestamp> {
    let time: DateTime = local
        .parse()
        .with_context(|| format!("{local:?} is no local time"))?;
    let zone = TimeZone::get(zone).with_context(|| format!("{zone:?} is no zone"))?;
    Ok(zone.to_ambiguous_zoned(time).compatible()?.timestamp())
}

/// The zone that a source names, such as "America/New_York (naive local time in source)".
pub(super) fn zone(remark: Option<&str>) -> &str {
    remark
        .and_then(|remark| remark.split_whitespace().next())
        .unwrap_or("UTC")
}

/// An instant on the wire.
pub(super) fn wire(time: Timestamp) -> pbjson_types::Timestamp {
    let nanos = time.as_nanosecond().rem_euclid(1_000_000_000);
    pbjson_types::Timestamp {
        seconds: time.as_nanosecond().div_euclid(1_000_000_000) as i64,
        nanos: nanos as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_read_in_their_zone() {
        let zone = zone(Some("America/New_York (naive local time in source)"));
        let summer = instant("2011-07-01T03:43:07", zone).unwrap();
        assert_eq!(summer.to_string(), "2011-07-01T07:43:07Z");
        let winter = instant("2011-12-01T03:43", zone).unwrap();
        assert_eq!(winter.to_string(), "2011-12-01T08:43:00Z");
        assert_eq!(super::zone(None), "UTC");
        assert!(instant("yesterday", "UTC").is_err());
    }

    #[test]
    fn codes_and_ids_are_such_as_are_taken() {
        assert_eq!(
            code(&["Street Lights", "Outage / pole #3", ""]),
            "street_lights.outage_pole_3"
        );
        assert_eq!(code(&["é".repeat(100).as_str()]).len(), 128);
        assert_eq!(clipped(" a|b\u{7}c\u{200b}"), "a|b c");
        assert_eq!(
            id("interaction", "boston311", "1"),
            id("interaction", "boston311", "1")
        );
        assert_ne!(
            id("interaction", "boston311", "1"),
            id("commitment", "boston311", "1")
        );
    }
}
