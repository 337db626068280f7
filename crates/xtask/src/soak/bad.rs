//! Input that nobody means well with: each kind has to be refused, with its own reason.

mod raw;

use aftercall_client::{Client, Error, Rpc};
use aftercall_proto::followups::v1::{FulfilCommitmentRequest, ListCommitmentsRequest};
use aftercall_proto::history::v1::{GetInteractionRequest, ListTimelineRequest};
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, PromoteCandidateRequest, SuggestSolutionsRequest,
};
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::recorder::v1::{
    MergeCustomersRequest, RecordInteractionRequest, RecordInteractionResponse,
};
use futures::future::BoxFuture;
use pbjson_types::{FieldMask, Timestamp};
use rand::Rng;
use rand::rngs::StdRng;

use super::contact::Contact;
use super::scene::{Doors, Scene, now};

pub(super) use raw::silent;

/// A way to be wrong, and the reason with which it is refused.
struct Kind {
    name: &'static str,
    reason: &'static str,
    attempt: for<'a> fn(&Ground<'a>) -> Attempt<'a>,
}

type Attempt<'a> = BoxFuture<'a, Result<(), Error>>;

/// What an attempt is made of.
struct Ground<'a> {
    doors: &'a Doors,
    crm: &'a Client,
    /// A contact that is never recorded.
    fresh: Contact,
    /// One that is.
    known: Contact,
}

impl<'a> Ground<'a> {
    /// Records the fresh contact with something wrong about it.
    fn record(&self, change: impl FnOnce(&mut Interaction)) -> Attempt<'a> {
        let mut request = self.fresh.record(false);
        request.interaction.as_mut().map(change);
        self.send(request)
    }

    fn send<R: Rpc>(&self, request: R) -> Attempt<'a> {
        send(self.crm, request)
    }
}

fn send<R: Rpc>(client: &Client, request: R) -> Attempt<'_> {
    Box::pin(async move { client.call(request).await.map(drop) })
}

/// What no field of a record is.
#[derive(Clone, PartialEq, prost::Message)]
struct Garbage {
    #[prost(bytes = "vec", tag = "1")]
    bytes: Vec<u8>,
}

impl Rpc for Garbage {
    type Answer = RecordInteractionResponse;
    const PATH: &'static str = "/aftercall.recorder.v1.RecorderService/RecordInteraction";
}

/// A request for a method that there is not.
#[derive(Clone, PartialEq, prost::Message)]
struct Forget {}

impl Rpc for Forget {
    type Answer = RecordInteractionResponse;
    const PATH: &'static str = "/aftercall.recorder.v1.RecorderService/ForgetInteraction";
}

const fn kind(
    name: &'static str,
    reason: &'static str,
    attempt: for<'a> fn(&Ground<'a>) -> Attempt<'a>,
) -> Kind {
    Kind {
        name,
        reason,
        attempt,
    }
}

/// Records that are wrong in a field.
const RECORDS: &[Kind] = &[
    kind("no contact at all", "INVALID_REQUEST", |on| {
        on.send(RecordInteractionRequest::default())
    }),
    kind("a contact without a reason", "INVALID_REQUEST", |on| {
        on.record(|it| it.contact_reasons.clear())
    }),
    kind("an id that is none", "INVALID_REQUEST", |on| {
        on.record(|it| "no id".clone_into(&mut it.interaction_id))
    }),
    kind("a contact that lies ahead", "INVALID_REQUEST", |on| {
        on.record(|it| it.occurred_at = at(now().as_second() + 3_600))
    }),
    kind("a time out of this world", "INVALID_REQUEST", |on| {
        on.record(|it| it.occurred_at = at(i64::MAX))
    }),
    kind("a channel that nobody knows", "INVALID_REQUEST", |on| {
        on.record(|it| it.channel = 9_999)
    }),
    kind("a text that is too long", "INVALID_REQUEST", |on| {
        on.record(|it| summarise(it, 70_000))
    }),
    kind("a label that is too long", "INVALID_REQUEST", |on| {
        on.record(|it| it.labels = vec!["x".repeat(1_000)])
    }),
    kind("too many labels", "INVALID_REQUEST", |on| {
        on.record(|it| it.labels = (0..1_000).map(|number| number.to_string()).collect())
    }),
    kind("a promise for the past", "INVALID_REQUEST", |on| {
        on.record(|it| {
            it.no_follow_up_promised = false;
            it.commitments = vec![Default::default()];
            it.commitments[0].promised_by = at(1);
        })
    }),
    kind("a message of 5 MiB", "MESSAGE_TOO_LARGE", |on| {
        on.record(|it| summarise(it, 5 << 20))
    }),
    kind("60,000 elements", "MESSAGE_TOO_LARGE", |on| {
        on.record(|it| it.labels = vec![String::new(); 60_000])
    }),
    kind("bytes that are no message", "INVALID_REQUEST", |on| {
        on.send(Garbage {
            bytes: vec![0xFF; 64],
        })
    }),
];

/// Changes of what is not there, or not so.
const CHANGES: &[Kind] = &[
    kind("another content under an id", "REQUEST_ID_REUSED", |on| {
        let mut request = on.known.record(false);
        if let Some(contact) = &mut request.interaction {
            "somebody".clone_into(&mut contact.agent_id);
        }
        on.send(request)
    }),
    kind("an amendment of nothing", "INTERACTION_NOT_FOUND", |on| {
        on.send(on.fresh.amendment())
    }),
    kind(
        "an amendment of another version",
        "VERSION_MISMATCH",
        |on| {
            let mut request = on.known.amendment();
            request.request_id = on.fresh.id();
            request.expected_version = 99;
            on.send(request)
        },
    ),
    kind("an amendment of no field", "INVALID_REQUEST", |on| {
        let mut request = on.known.amendment();
        request.request_id = on.fresh.id();
        request.update_mask = Some(FieldMask {
            paths: vec!["nothing".to_owned()],
        });
        on.send(request)
    }),
    kind("an amendment without a reason", "INVALID_REQUEST", |on| {
        let mut request = on.known.amendment();
        request.request_id = on.fresh.id();
        request.reason.clear();
        on.send(request)
    }),
    kind("a promise that nobody made", "COMMITMENT_NOT_FOUND", |on| {
        on.send(FulfilCommitmentRequest {
            commitment_id: on.fresh.promise_id(),
            ..FulfilCommitmentRequest::default()
        })
    }),
    kind("a customer merged with itself", "INVALID_REQUEST", |on| {
        on.send(MergeCustomersRequest {
            customer_id: on.known.customer_id(),
            merged_customer_id: on.known.customer_id(),
            reason: "twice".to_owned(),
            ..MergeCustomersRequest::default()
        })
    }),
    kind("a candidate that is none", "CANDIDATE_NOT_FOUND", |on| {
        on.send(PromoteCandidateRequest {
            candidate_id: on.fresh.id(),
            title: "An answer".to_owned(),
            resolution: "Restart it.".to_owned(),
            ..PromoteCandidateRequest::default()
        })
    }),
];

/// Questions that make no sense.
const QUESTIONS: &[Kind] = &[
    kind("a contact that is none", "INTERACTION_NOT_FOUND", |on| {
        on.send(get(&on.fresh))
    }),
    kind("a solution that is none", "SOLUTION_NOT_FOUND", |on| {
        on.send(GetSolutionRequest {
            solution_id: on.fresh.id(),
            ..GetSolutionRequest::default()
        })
    }),
    kind("a timeline of nobody", "INVALID_REQUEST", |on| {
        on.send(ListTimelineRequest::default())
    }),
    kind("a page token of nobody's", "PAGE_TOKEN_INVALID", |on| {
        on.send(ListCommitmentsRequest {
            page_token: "bm90aGluZw".to_owned(),
            ..ListCommitmentsRequest::default()
        })
    }),
    kind("a page with fewer than none", "INVALID_REQUEST", |on| {
        on.send(ListCommitmentsRequest {
            page_size: -1,
            ..ListCommitmentsRequest::default()
        })
    }),
    kind("a position of nobody's", "POSITION_INVALID", |on| {
        on.send(ListCommitmentsRequest {
            min_position: "bm90aGluZw".to_owned(),
            ..ListCommitmentsRequest::default()
        })
    }),
    kind("a suggestion for nothing", "INVALID_REQUEST", |on| {
        on.send(SuggestSolutionsRequest::default())
    }),
    kind("a method that there is not", "METHOD_UNKNOWN", |on| {
        on.send(Forget {})
    }),
];

/// Callers who may not.
const CALLERS: &[Kind] = &[
    kind("no token", "UNAUTHENTICATED", |on| {
        send(&on.doors.nobody, on.fresh.record(false))
    }),
    kind("a token of nobody's", "UNAUTHENTICATED", |on| {
        send(&on.doors.stranger, get(&on.known))
    }),
    kind("a role that may not", "ROLE_REQUIRED", |on| {
        send(&on.doors.reader, on.fresh.record(false))
    }),
    kind("another tenant's contact", "INTERACTION_NOT_FOUND", |on| {
        send(&on.doors.other, get(&on.known))
    }),
];

const ALL: [&[Kind]; 4] = [RECORDS, CHANGES, QUESTIONS, CALLERS];

/// How many kinds there are, those below HTTP and silence included.
pub(super) fn kinds() -> usize {
    drawn() + 1
}

/// How many of them chance chooses from: silence has callers of its own.
fn drawn() -> usize {
    ALL.iter().map(|some| some.len()).sum::<usize>() + raw::KINDS.len()
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn summarise(contact: &mut Interaction, bytes: usize) {
    contact.handling.get_or_insert_default().summary = "x".repeat(bytes);
}

fn get(contact: &Contact) -> GetInteractionRequest {
    GetInteractionRequest {
        which: Some(contact.id().into()),
        latest: true,
        ..GetInteractionRequest::default()
    }
}

/// Sends something bad, of a kind that chance chooses.
pub(super) async fn input(
    scene: &Scene,
    crm: &Client,
    known: Option<Contact>,
    random: &mut StdRng,
) {
    let Some(known) = known else { return };
    let drawn = random.random_range(0..drawn());
    let Some(kind) = ALL.into_iter().flatten().nth(drawn) else {
        return raw::bytes(scene, random).await;
    };
    let ground = Ground {
        doors: &scene.doors,
        crm,
        fresh: Contact {
            // Far from those that are recorded.
            number: random.random_range(u64::MAX / 2..u64::MAX),
            occurred_at: known.occurred_at,
            is_large: false,
        },
        known,
    };
    match (kind.attempt)(&ground).await {
        Err(Error::Refused(refusal)) if refusal.reason == kind.reason => {
            scene.tally.refused(kind.name);
        }
        Err(error) => {
            let (name, reason) = (kind.name, kind.reason);
            scene
                .book
                .found(format!("{name} is not refused with {reason}: {error}"));
        }
        Ok(()) => scene.book.found(format!("{} is taken", kind.name)),
    }
}
