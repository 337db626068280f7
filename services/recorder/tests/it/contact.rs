//! Contacts as a CRM would send them.

use aftercall_proto::model::v1::Interaction;
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_service::testing;
use pbjson_types::Timestamp;

pub(crate) use aftercall_service::testing::reason;

/// When the tests begin, in seconds: 2026-05-04T10:00:00Z.
pub(crate) const NOW_S: i64 = 1_777_888_800;

pub(crate) const HOUR_S: i64 = 3_600;

/// A UUID for a test's contact.
pub(crate) fn id(number: u32) -> String {
    format!("0199c3a4-6f00-7000-8000-{number:012x}")
}

pub(crate) fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// A sound contact in which nothing was promised.
pub(crate) fn interaction(id: &str) -> Interaction {
    Interaction {
        interaction_id: id.to_owned(),
        ended_at: at(NOW_S - 60),
        ..testing::contact(second(NOW_S - 600))
    }
}

/// A sound contact with one promise.
pub(crate) fn with_promise(id: &str) -> Interaction {
    Interaction {
        no_follow_up_promised: false,
        commitments: vec![testing::promise(second(NOW_S + 24 * HOUR_S))],
        ..interaction(id)
    }
}

fn second(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(second).unwrap()
}

pub(crate) fn request(interaction: Interaction) -> RecordInteractionRequest {
    RecordInteractionRequest {
        interaction: Some(interaction),
        ..RecordInteractionRequest::default()
    }
}
