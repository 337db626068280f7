//! STAR's chats, told as they happened: who had them, what was said and when they ended, and nothing of how. Which of them
//! were lost is for aftercall to find, and is held against what the source says.

use std::collections::BTreeMap;

use aftercall_client::Client;
use aftercall_domain::limits::CALL_EVENTS_REPORTED_MAX;
use aftercall_proto::history::v1::GetInteractionRequest;
use aftercall_proto::insight::v1::{AggregateRequest, ContactFilter, Measures};
use aftercall_proto::model::v1::{
    CallDrop, CallEvent, CallEventKind as Kind, Direction, DropClass, SentimentParticipant,
};
use aftercall_proto::recorder::v1::report_call_events_response::Outcome;
use aftercall_proto::recorder::v1::{BatchReportCallEventsRequest, ReportCallEventsRequest};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::contact::wire;

/// The source, as contacts and calls name it.
const SOURCE: &str = "star";

/// What was found is worth at least this: the rules have come to more, and must not become worse unnoticed.
const PRECISION_MIN: f64 = 0.95;
const RECALL_MIN: f64 = 0.6;

/// A chat as its source has it.
#[derive(Debug)]
pub(super) struct Chat {
    /// Its id there.
    pub(super) id: String,
    /// The contact's id.
    pub(super) interaction_id: String,
    pub(super) customer_id: String,
    pub(super) agent_id: String,
    pub(super) started: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) turns: Vec<Turn>,
    /// Whether the source says that it was cut short: what is to be found.
    pub(super) was_lost: bool,
}

/// Something that was said in it.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) at: Timestamp,
    pub(super) by: SentimentParticipant,
    pub(super) text: String,
}

/// How many chats were found, and of these, how many the source calls lost; how many it calls so in all.
#[derive(Debug, Default, Clone, Copy)]
struct Found {
    found: u64,
    right: u64,
    labelled: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Chats {
    pub(super) told: u64,
    /// Those that were found, by what they were taken to be lost.
    by_basis: BTreeMap<String, Found>,
    /// All; those by which the rules were made; and those that were held out.
    all: Found,
    halves: [Found; 2],
    pub(super) mismatches: Vec<String>,
}

/// Whether a set's record is of the half that rules are not made by.
pub(super) fn is_held_out(id: &str) -> bool {
    let digest = Sha256::digest(id.as_bytes());
    digest.last().is_some_and(|byte| byte & 1 == 1)
}

/// Tells all chats, and sees which were found to be lost.
///
/// # Errors
/// When the server does not answer.
pub(super) async fn tell(asked: &Client, chats: &[Chat]) -> anyhow::Result<Chats> {
    let mut came = Chats::default();
    let events = chats.iter().flat_map(Chat::events);
    let requests: Vec<_> = events
        .map(|event| ReportCallEventsRequest {
            correlation_id: String::new(),
            event: Some(event),
        })
        .collect();
    for part in requests.chunks(CALL_EVENTS_REPORTED_MAX) {
        let request = BatchReportCallEventsRequest {
            requests: part.to_vec(),
        };
        for answer in asked.call(request).await?.responses {
            if let Some(Outcome::Failure(failure)) = answer.outcome {
                came.mismatches
                    .push(format!("an event is refused: {}", failure.message));
            }
        }
    }
    for chat in chats {
        let request = GetInteractionRequest {
            which: Some(chat.interaction_id.clone().into()),
            latest: true,
            ..GetInteractionRequest::default()
        };
        let call = asked.call(request).await?.call;
        match call.and_then(|call| call.drop) {
            Some(drop) => came.note(chat, &drop),
            None => came.mismatches.push(format!("{} has no end", chat.id)),
        }
    }
    came.measured(asked, chats).await?;
    came.is_worth_it();
    Ok(came)
}

impl Chat {
    /// What telephony would have told of it. The source does not say when its agent came to it: they had it from the
    /// beginning on.
    fn events(&self) -> Vec<CallEvent> {
        let started = CallEvent {
            direction: Direction::Inbound.into(),
            customer_id: self.customer_id.clone(),
            ..self.event("started", Kind::Started, self.started)
        };
        let answered = CallEvent {
            agent_id: self.agent_id.clone(),
            ..self.event("answered", Kind::Answered, self.started)
        };
        let said = (1..).zip(&self.turns).map(|(number, turn)| CallEvent {
            participant: turn.by.into(),
            text: turn.text.clone(),
            // Of turns of one second the order is that of their names.
            ..self.event(&format!("turn-{number:04}"), Kind::Said, turn.at)
        });
        let mut events = vec![started, answered];
        events.extend(said);
        events.push(self.event("ended", Kind::Ended, self.ended));
        events
    }

    fn event(&self, event_id: &str, kind: Kind, at: Timestamp) -> CallEvent {
        CallEvent {
            source: SOURCE.to_owned(),
            call_id: self.id.clone(),
            event_id: event_id.to_owned(),
            kind: kind.into(),
            occurred_at: Some(wire(at)),
            interaction_id: self.interaction_id.clone(),
            ..CallEvent::default()
        }
    }

    fn lasted(&self) -> SignedDuration {
        self.ended.duration_since(self.started)
    }
}

impl Found {
    fn note(&mut self, is_found: bool, is_labelled: bool) {
        self.found += u64::from(is_found);
        self.right += u64::from(is_found && is_labelled);
        self.labelled += u64::from(is_labelled);
    }

    fn precision(self) -> f64 {
        share(self.right, self.found)
    }

    fn recall(self) -> f64 {
        share(self.right, self.labelled)
    }
}

fn share(part: u64, of: u64) -> f64 {
    match of {
        0 => 0.0,
        of => part as f64 / of as f64,
    }
}

impl Chats {
    /// Those that were found.
    pub(super) const fn found(&self) -> u64 {
        self.all.found
    }

    /// Those of them that the source calls lost.
    pub(super) const fn right(&self) -> u64 {
        self.all.right
    }

    fn note(&mut self, chat: &Chat, drop: &CallDrop) {
        let is_found = matches!(
            drop.drop_class(),
            DropClass::Suspected | DropClass::Confirmed
        );
        self.told += 1;
        self.all.note(is_found, chat.was_lost);
        self.halves[usize::from(is_held_out(&chat.id))].note(is_found, chat.was_lost);
        if is_found {
            let basis = drop.basis().as_str_name().to_owned();
            let basis = self.by_basis.entry(basis).or_default();
            basis.note(is_found, chat.was_lost);
        }
    }

    /// What was told of the calls completes their records, and is measured.
    async fn measured(&mut self, asked: &Client, chats: &[Chat]) -> anyhow::Result<()> {
        let request = AggregateRequest {
            filter: Some(ContactFilter {
                client_account_ids: vec![SOURCE.to_owned()],
                ..ContactFilter::default()
            }),
            latest: true,
            ..AggregateRequest::default()
        };
        let total: Measures = asked.call(request).await?.total.unwrap_or_default();
        let handled_ms: i128 = chats.iter().map(|chat| chat.lasted().as_millis()).sum();
        let number = |count: u64| i128::from(count);
        for (field, said, other) in [
            ("handled", total.handled, number(chats.len() as u64)),
            ("unrecorded", total.unrecorded, 0),
            ("handle_ms", total.handle_ms, handled_ms),
            ("dropped", total.dropped, number(self.all.found)),
        ] {
            if i128::from(said) != other {
                let text =
                    format!("the measures of {SOURCE} say {field} {said}, and its chats {other}");
                self.mismatches.push(text);
            }
        }
        Ok(())
    }

    fn is_worth_it(&mut self) {
        let (precision, recall) = (self.all.precision(), self.all.recall());
        if self.told > 0 && (precision < PRECISION_MIN || recall < RECALL_MIN) {
            let text = format!(
                "lost chats are found with a precision of {precision:.3} and a recall of {recall:.3}"
            );
            self.mismatches.push(text);
        }
    }

    /// A table that people can read.
    pub(super) fn table(&self) -> String {
        let Found { labelled, .. } = self.all;
        let head = format!(
            "Lost chats, of {} told and {labelled} labelled (found, right, missed)",
            self.told
        );
        let mut lines = vec![head];
        for (basis, it) in &self.by_basis {
            let basis = basis.trim_start_matches("DROP_BASIS_");
            lines.push(format!("  {basis:<40} {:>6} {:>6}", it.found, it.right));
        }
        let [made_by, held_out] = self.halves;
        for (name, it) in [
            ("all", self.all),
            ("the half that the rules were made by", made_by),
            ("the half that was held out", held_out),
        ] {
            let missed = it.labelled - it.right;
            let (precision, recall) = (it.precision(), it.recall());
            lines.push(format!(
                "  {name:<40} {:>6} {:>6} {missed:>6}  precision {precision:.3}, recall {recall:.3}",
                it.found, it.right
            ));
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_told_without_its_outcome() {
        let started: Timestamp = "2020-05-13T13:14:24Z".parse().unwrap();
        let turn = |second, text: &str| Turn {
            at: started + SignedDuration::from_secs(second),
            by: SentimentParticipant::Customer,
            text: text.to_owned(),
        };
        let chat = Chat {
            id: "star-1".to_owned(),
            interaction_id: "i".to_owned(),
            customer_id: "c".to_owned(),
            agent_id: "a".to_owned(),
            started,
            ended: started + SignedDuration::from_secs(9),
            turns: vec![turn(3, "Hello"), turn(3, "Anybody?")],
            was_lost: true,
        };
        let events = chat.events();
        let kinds: Vec<_> = events.iter().map(CallEvent::kind).collect();
        let expected = [
            Kind::Started,
            Kind::Answered,
            Kind::Said,
            Kind::Said,
            Kind::Ended,
        ];
        assert_eq!(kinds, expected);
        assert!(events.iter().all(|event| event.interaction_id == "i"));
        assert!(events[2].event_id < events[3].event_id);
        let end = &events[4];
        assert_eq!((end.disconnect_reason, end.drop_side), (0, 0));
    }

    #[test]
    fn what_was_found_is_held_against_the_label() {
        let mut found = Found::default();
        for (is_found, is_labelled) in [(true, true), (true, true), (false, true), (true, false)] {
            found.note(is_found, is_labelled);
        }
        assert_eq!((found.found, found.right, found.labelled), (3, 2, 3));
        assert!((found.precision() - 2.0 / 3.0).abs() < 1e-9);
        assert!((found.recall() - 2.0 / 3.0).abs() < 1e-9);
    }
}
