//! What telephony tells of contacts that were recorded, too.

use aftercall_proto::history::v1::{ExportFormat, InteractionFilter, SearchInteractionsRequest};
use aftercall_proto::model::v1::{CallEvent, CallEventKind, DisconnectReason, DropClass};
use serde_json::Value;

use crate::contact::contact;
use crate::export::{Taken, asked};
use crate::fixture::{About, Caller, Events, Service, TENANT, ago, id, ids, reported, views};

/// Telephony tells something of a contact, so many seconds ago.
pub(crate) fn told(events: &Events, n: u64, (seconds, kind, agent): (i64, CallEventKind, &str)) {
    let reason = match kind {
        CallEventKind::Dropped => DisconnectReason::TelecomProblem,
        _ => DisconnectReason::Unspecified,
    };
    let node = if kind == CallEventKind::MenuStep {
        "main"
    } else {
        ""
    };
    let event = CallEvent {
        source: "pbx".into(),
        call_id: n.to_string(),
        event_id: seconds.to_string(),
        kind: kind.into(),
        occurred_at: Some(ago(seconds)),
        interaction_id: id(1, n),
        agent_id: agent.into(),
        disconnect_reason: reason.into(),
        menu_node: node.into(),
        ..CallEvent::default()
    };
    let about = About {
        tenant: TENANT,
        customer: String::new(),
        interaction: id(1, n),
        aggregate: id(1, n),
        sequence: 0,
        recorded_at: ago(seconds),
        import: false,
    };
    events.fact(&about, &reported(event));
}

async fn found_by(client: &mut Caller, agent: &str) -> Vec<String> {
    let request = SearchInteractionsRequest {
        filter: Some(InteractionFilter {
            agent_ids: vec![agent.into()],
            ..Default::default()
        }),
        ..Default::default()
    };
    let found = client.search(request).await.unwrap();
    for result in &found.results {
        let contact = result.interaction.as_ref().unwrap();
        assert!(contact.ended_at.is_some());
        let disconnect = contact.disconnect.as_ref().unwrap();
        assert_eq!(disconnect.drop_class(), DropClass::Suspected);
    }
    let mut ids = ids(&found);
    ids.sort();
    ids
}

#[tokio::test]
async fn a_call_is_found_and_taken_home_by_its_telephony_whenever_it_was_recorded() {
    let (events, dir) = (Events::new(), views());
    let of_call = |n, steps: &[(i64, CallEventKind, &str)]| {
        for step in steps {
            told(&events, n, *step);
        }
    };
    let call = [
        (95, CallEventKind::MenuStep, ""),
        (90, CallEventKind::Answered, "first"),
        (80, CallEventKind::Answered, "second"),
        (70, CallEventKind::Dropped, ""),
    ];
    // Recorded before anything was told, in the middle, at the end, and never.
    contact(1).record(&events);
    of_call(1, &call);
    of_call(2, &call[..1]);
    contact(2).record(&events);
    of_call(2, &call[1..]);
    of_call(3, &call);
    contact(3).record(&events);
    of_call(4, &call);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let all: Vec<_> = (1..5).map(|n| id(1, n)).collect();
    assert_eq!(found_by(&mut client, "second").await, all);

    let taken = Taken::from(&mut client, asked(ExportFormat::Ndjson, 0), 9);
    let lines = taken.await.unwrap().lines(0);
    assert_eq!(lines.len(), all.len());
    for line in lines {
        let line: Value = serde_json::from_str(&line).unwrap();
        let contact = &line["interaction"];
        assert!(contact["endedAt"].is_string(), "{contact}");
        assert_eq!(contact["segments"][2]["agentId"], "second", "{contact}");
        let step = &contact["ivrPath"][0];
        assert_eq!(step["node"], "main", "{contact}");
        assert_eq!(step["outcome"], "IVR_OUTCOME_AGENT", "{contact}");
        assert_eq!(contact["disconnect"]["dropClass"], "DROP_CLASS_SUSPECTED");
    }

    // What is told later is found, too, and not as of before.
    let before = service.tail();
    told(&events, 3, (75, CallEventKind::Answered, "third"));
    let mut later = service.client();
    assert_eq!(found_by(&mut later, "third").await, [id(1, 3)]);
    let mut then = service.client().asking_as_of(before);
    assert_eq!(found_by(&mut then, "third").await, Vec::<String>::new());
    assert_eq!(found_by(&mut then, "second").await, all);
}
