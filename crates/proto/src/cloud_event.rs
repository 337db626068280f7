//! Events as CloudEvents 1.0, as the binary mode of its Kafka binding puts them into headers.
//!
//! `docs/events.md` describes them for those who consume them.

use pbjson_types::Timestamp;
use prost::Message;

use crate::convert::time;
use crate::event::v1::{ActorKind, Event, EventType};

/// The form of the body: an encoded [`Event`].
const CONTENT_TYPE: &str = "application/protobuf";

/// The schema of the body: the full name of its message.
const DATA_SCHEMA: &str = "proto:aftercall.event.v1.Event";

/// The headers of the event that is encoded in `body`, in the partition of `key`; none for a body
/// that is no event.
pub fn headers(key: &[u8], body: &[u8]) -> Vec<(&'static str, String)> {
    match Event::decode(body) {
        Ok(event) => of_event(key, event),
        Err(_) => Vec::new(),
    }
}

fn of_event(key: &[u8], event: Event) -> Vec<(&'static str, String)> {
    let (_, aggregate) = about(event.r#type());
    let subject = format!("{aggregate}/{}", event.aggregate_id);
    let mut headers = vec![
        ("content-type", CONTENT_TYPE.to_owned()),
        ("ce_specversion", "1.0".to_owned()),
        ("ce_type", event.cloud_event_type().to_owned()),
        ("ce_source", source(&event)),
        ("ce_subject", subject),
        ("ce_dataschema", DATA_SCHEMA.to_owned()),
        ("ce_sequence", event.sequence.to_string()),
        ("ce_partitionkey", String::from_utf8_lossy(key).into_owned()),
    ];
    let said = [
        ("ce_time", instant(event.occurred_at.as_ref())),
        ("ce_recordedtime", instant(event.recorded_at.as_ref())),
        ("ce_actorkind", actor_kind(event.actor_kind())),
        ("ce_id", event.event_id),
        ("ce_actorid", event.actor_id),
        ("ce_importbatch", event.import_batch),
    ];
    // An attribute without a value is left out.
    headers.extend(said.into_iter().filter(|(_, value)| !value.is_empty()));
    headers
}

/// Where an event comes from: its tenant and service.
pub fn source(event: &Event) -> String {
    let (service, _) = about(event.r#type());
    format!("/t/{}/{service}", event.tenant_id)
}

/// What sort of thing an event happened to, such as `commitment`.
pub const fn aggregate(event_type: EventType) -> &'static str {
    about(event_type).1
}

/// Whether an event is about telling others of events: they are told nothing of that.
pub const fn is_of_webhooks(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::WebhookChanged
            | EventType::WebhookReplayed
            | EventType::WebhookQueued
            | EventType::WebhookAttempted
            | EventType::MailAttempted
    )
}

/// The type of a message that tells a receiver of alerts. It is no event: what is decided of many receivers is one.
pub const NOTIFICATION: &str = "aftercall.notification.v1";

/// The types of events that others are told of, and of messages to receivers.
pub fn types_told() -> impl Iterator<Item = &'static str> {
    let types = (1..=i32::from(u8::MAX)).filter_map(|number| EventType::try_from(number).ok());
    let told = types.filter(|event_type| !is_of_webhooks(*event_type));
    let told = told.map(|event_type| {
        let mut event = Event::default();
        event.set_type(event_type);
        event.cloud_event_type()
    });
    told.chain([NOTIFICATION])
}

/// Which service an event comes from, and what sort of aggregate it is about.
#[expect(clippy::too_many_lines, reason = "one entry a type, and no decision")]
const fn about(event_type: EventType) -> (&'static str, &'static str) {
    match event_type {
        EventType::InteractionRecorded
        | EventType::InteractionAmended
        | EventType::InteractionAnalysed
        | EventType::InteractionIdentified => ("recorder", "interaction"),
        EventType::RepeatAttributed => ("followups", "repeat"),
        EventType::ConcernRaised
        | EventType::ConcernAcknowledged
        | EventType::ConcernSnoozed
        | EventType::ConcernClosed
        | EventType::ConcernRetriggered
        | EventType::ConcernResolved => ("followups", "concern"),
        EventType::CustomersMerged | EventType::CustomersUnmerged => ("recorder", "customer"),
        EventType::CommitmentMade
        | EventType::CommitmentDependenciesSet
        | EventType::CommitmentDependencyTurned
        | EventType::CommitmentRecurrenceEnded
        | EventType::CommitmentFulfilled
        | EventType::CommitmentCancelled
        | EventType::CommitmentRescheduled
        | EventType::CommitmentRetargeted
        | EventType::CommitmentLapsed
        | EventType::CommitmentAttempted
        | EventType::CommitmentConfirmed
        | EventType::CommitmentDismissed
        | EventType::CommitmentStageReached
        | EventType::CommitmentPaused
        | EventType::CommitmentResumed
        | EventType::CommitmentHandoverAsked
        | EventType::CommitmentHandoverAccepted
        | EventType::CommitmentHandoverEnded
        | EventType::CommitmentReassigned
        | EventType::CommitmentWaiverRequested
        | EventType::CommitmentWaiverDeclined
        | EventType::CommitmentWaived
        | EventType::CommitmentSuperseded
        | EventType::CommitmentWithdrawn
        | EventType::CommitmentExpired
        | EventType::AlertAcknowledged
        | EventType::AlertSnoozed
        | EventType::AlertClosed
        | EventType::AlertRetriggered
        | EventType::AlertFiredAgain => ("followups", "commitment"),
        EventType::AlertsRouted => ("followups", "alert-routes"),
        EventType::SearchReported | EventType::SearchUnanswered => ("knowledge", "search"),
        EventType::LinkJudged => ("knowledge", "link"),
        EventType::CauseAttributed => ("insight", "cause"),
        EventType::ProblemChanged | EventType::ProblemImproved => ("insight", "problem"),
        EventType::ExportBegun => ("history", "export"),
        EventType::CallReported => ("recorder", "call"),
        EventType::CallClosed | EventType::CallDropJudged | EventType::CallWrapUpSaved => {
            ("followups", "call")
        }
        EventType::SolutionPublished
        | EventType::SolutionDrafted
        | EventType::SolutionEdited
        | EventType::SolutionSubmitted
        | EventType::SolutionReturned
        | EventType::SolutionApproved
        | EventType::SolutionRetired
        | EventType::SolutionVersionRecalled
        | EventType::SolutionRestored
        | EventType::SolutionMerged
        | EventType::SolutionUnmerged
        | EventType::SolutionConfidenceChanged
        | EventType::SolutionFlagged
        | EventType::SolutionFlagResolved
        | EventType::SolutionVerified => ("knowledge", "solution"),
        EventType::SettingsChanged => ("settings", "settings"),
        EventType::WebhookChanged | EventType::WebhookReplayed => ("notify", "webhook"),
        EventType::WebhookQueued => ("notify", "webhook-queue"),
        EventType::WebhookAttempted => ("notify", "webhook-outcomes"),
        EventType::MailAttempted => ("notify", "mail-outcomes"),
        EventType::CalendarFeedChanged => ("followups", "calendar-feed"),
        EventType::CandidatesClaimed
        | EventType::CandidatesReleased
        | EventType::CandidatesPutOff
        | EventType::CandidatesRejected
        | EventType::CandidatesMerged => ("knowledge", "candidate"),
        EventType::Unspecified => ("unknown", "unknown"),
    }
}

fn instant(at: Option<&Timestamp>) -> String {
    let at = at.and_then(time::from_wire);
    at.map(|at| at.to_string()).unwrap_or_default()
}

fn actor_kind(kind: ActorKind) -> String {
    let name = kind.as_str_name().trim_start_matches("ACTOR_KIND_");
    match kind {
        ActorKind::Unspecified => String::new(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = include_str!("../../../docs/events.md");

    fn event() -> Event {
        let at = |seconds| Timestamp { seconds, nanos: 0 };
        let mut event = Event {
            event_id: "0199".to_owned(),
            tenant_id: "acme".to_owned(),
            aggregate_id: "c-1".to_owned(),
            sequence: 3,
            occurred_at: Some(at(1_700_000_000)),
            recorded_at: Some(at(1_700_000_001)),
            actor_id: "a.marsh".to_owned(),
            ..Event::default()
        };
        event.set_type(EventType::CommitmentLapsed);
        event.set_actor_kind(ActorKind::System);
        event
    }

    #[test]
    fn an_event_has_the_attributes_of_a_cloud_event() {
        let headers = headers(b"acme|customer-1", &event().encode_to_vec());
        let expected = [
            ("content-type", "application/protobuf"),
            ("ce_specversion", "1.0"),
            ("ce_type", "aftercall.commitment.lapsed.v1"),
            ("ce_source", "/t/acme/followups"),
            ("ce_subject", "commitment/c-1"),
            ("ce_dataschema", "proto:aftercall.event.v1.Event"),
            ("ce_sequence", "3"),
            ("ce_partitionkey", "acme|customer-1"),
            ("ce_time", "2023-11-14T22:13:20Z"),
            ("ce_recordedtime", "2023-11-14T22:13:21Z"),
            ("ce_actorkind", "SYSTEM"),
            ("ce_id", "0199"),
            ("ce_actorid", "a.marsh"),
        ];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(headers, expected);
        for (name, _) in headers {
            let row = format!("| `{name}` |");
            assert!(EVENTS.contains(&row), "docs/events.md lacks {name}");
        }
    }

    #[test]
    fn what_is_no_event_has_no_attributes() {
        assert_eq!(headers(b"key", b"\xff\xff"), []);
    }

    #[test]
    fn every_type_has_a_row_with_its_message() {
        let types = (0..=i32::from(u8::MAX))
            .filter_map(|number| EventType::try_from(number).ok())
            .filter(|event_type| *event_type != EventType::Unspecified);
        let mut rows = 0;
        for event_type in types {
            let mut event = event();
            event.set_type(event_type);
            let (service, aggregate) = about(event_type);
            let name = event.cloud_event_type();
            let message: String = event_type
                .as_str_name()
                .trim_start_matches("EVENT_TYPE_")
                .split('_')
                .map(|word| format!("{}{}", &word[..1], word[1..].to_lowercase()))
                .collect();
            let row = format!("| `{name}` | `{message}` | `{aggregate}` | `{service}` |");
            assert!(EVENTS.contains(&row), "docs/events.md lacks: {row}");
            rows += 1;
        }
        let listed = EVENTS
            .lines()
            .filter(|line| line.starts_with("| `aftercall."));
        assert_eq!(
            listed.count(),
            rows,
            "docs/events.md has a type that there is not"
        );
    }
}
