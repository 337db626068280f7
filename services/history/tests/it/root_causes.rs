//! Root causes, said later by somebody else: shown, searched, counted, taken home, and as they were.

use aftercall_log::Position;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CauseAttributed;
use aftercall_proto::history::v1::{
    ExportFormat, Facet, GetInteractionResponse, InteractionFilter, SearchInteractionsRequest,
    timeline_entry::What,
};
use aftercall_proto::model::v1::{ReasonResolution, RootCause};

use crate::contact::{Contact, contact};
use crate::export::{Taken, asked};
use crate::fixture::{Caller, Events, Service, ago, id, ids, views};

impl Contact {
    /// Appends what somebody says of the contact's root cause, as the event of this number about that.
    pub(crate) fn explain(&self, events: &Events, number: u64, code: &str) -> Position {
        let fact = Fact::CauseAttributed(Box::new(CauseAttributed {
            interaction_id: self.id(),
            root_cause_code: code.to_owned(),
            taxonomy_version: "3".to_owned(),
            note: format!("found out, {number}"),
            confidence: (number == 1).then_some(0.5),
        }));
        let about = self.about(format!("cause-{}", self.id()), number, ago(100));
        events.fact(&about, &fact)
    }
}

fn said(answer: &GetInteractionResponse) -> Option<&RootCause> {
    answer.interaction.as_ref().unwrap().root_cause.as_ref()
}

/// The contacts that a filter finds, and the counts by root cause.
async fn found(
    client: &mut Caller,
    filter: InteractionFilter,
) -> (Vec<String>, Vec<(String, u64)>) {
    let request = SearchInteractionsRequest {
        filter: Some(filter),
        facets: vec![Facet::RootCause.into()],
        page_size: 200,
        ..Default::default()
    };
    let page = client.search(request).await.unwrap();
    let mut ids = ids(&page);
    ids.sort();
    let counts = page.facets[0].counts.iter();
    let counts = counts.map(|it| (it.value.clone(), it.count)).collect();
    (ids, counts)
}

fn with_cause(code: &str) -> InteractionFilter {
    InteractionFilter {
        root_cause_codes: vec![code.to_owned()],
        ..InteractionFilter::default()
    }
}

fn with_any(has_root_cause: bool) -> InteractionFilter {
    InteractionFilter {
        has_root_cause: Some(has_root_cause),
        ..InteractionFilter::default()
    }
}

#[tokio::test]
async fn what_was_said_last_counts_with_who_and_when_and_all_of_it_is_kept() {
    let (events, dir) = (Events::new(), views());
    let one = contact(1).reason("billing", "", ReasonResolution::Resolved);
    one.record(&events);
    one.explain(&events, 1, "process.delay");
    one.explain(&events, 2, "system.down");
    contact(2).record(&events);
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let answer = client.get(&id(1, 1)).await.unwrap();
    let expected = RootCause {
        code: "system.down".to_owned(),
        taxonomy_version: "3".to_owned(),
        set_by: "agent-1".to_owned(),
        set_at: Some(ago(100)),
        confidence: None,
    };
    assert_eq!(said(&answer), Some(&expected));
    // It amends nothing.
    assert_eq!(answer.interaction.as_ref().unwrap().version, 1);
    assert_eq!(
        (answer.amendment_count, answer.root_cause_change_count),
        (0, 2)
    );
    let changes = answer.root_cause_changes.iter();
    let changes: Vec<_> = changes
        .map(|it| (it.number, it.root_cause.clone().unwrap().code, &*it.note))
        .collect();
    assert_eq!(
        changes,
        [
            (2, "system.down".to_owned(), "found out, 2"),
            (1, "process.delay".to_owned(), "found out, 1"),
        ]
    );
    let timeline = client.timeline("customer-1").await;
    let shown = timeline.iter().filter_map(|entry| match &entry.what {
        Some(What::Interaction(contact)) => contact.root_cause.clone(),
        _ => None,
    });
    assert_eq!(shown.collect::<Vec<_>>(), [expected]);

    // Taken back, it is one of those that nobody has looked into, and what was said is kept.
    one.explain(&events, 3, "");
    let mut client = service.client();
    let answer = client.get(&id(1, 1)).await.unwrap();
    assert_eq!((said(&answer), answer.root_cause_changes.len()), (None, 3));
    let (ids, _) = found(&mut client, with_any(false)).await;
    assert_eq!(ids, [id(1, 1), id(1, 2)]);
    service.stop().await;
}

#[tokio::test]
async fn contacts_are_found_and_counted_by_root_cause_and_as_they_were() {
    let (events, dir) = (Events::new(), views());
    let all: Vec<Contact> = (1..=4).map(contact).collect();
    all.iter().for_each(|one| {
        one.record(&events);
    });
    all[0].explain(&events, 1, "process.delay");
    all[1].explain(&events, 1, "process.handover");
    all[2].explain(&events, 1, "processes");
    let service = Service::start(&events, dir.path()).await;
    let before = service.tail();
    let mut client = service.client();
    let (process, counts) = found(&mut client, with_cause("process")).await;
    assert_eq!(process, [id(1, 1), id(1, 2)]);
    let one_each = |codes: &[&str]| -> Vec<_> {
        let codes = codes.iter();
        codes.map(|code| ((*code).to_owned(), 1)).collect()
    };
    assert_eq!(counts, one_each(&["process.delay", "process.handover"]));
    assert_eq!(found(&mut client, with_any(false)).await.0, [id(1, 4)]);

    all[0].explain(&events, 2, "system");
    all[3].explain(&events, 1, "process.delay");
    let mut client = service.client();
    let (process, counts) = found(&mut client, with_cause("process")).await;
    assert_eq!(process, [id(1, 2), id(1, 4)]);
    assert_eq!(counts, one_each(&["process.delay", "process.handover"]));
    let mut then = service.client().asking_as_of(before);
    let (process, _) = found(&mut then, with_cause("process")).await;
    assert_eq!(process, [id(1, 1), id(1, 2)]);
    assert_eq!(found(&mut then, with_any(false)).await.0, [id(1, 4)]);
    let answer = then.get(&id(1, 1)).await.unwrap();
    assert_eq!(said(&answer).unwrap().code, "process.delay");
    assert_eq!(answer.root_cause_changes.len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn it_is_taken_home_in_each_form() {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    let (events, dir) = (Events::new(), views());
    let one = contact(1);
    one.record(&events);
    one.explain(&events, 1, "process.delay");
    let service = Service::start(&events, dir.path()).await;
    let mut client = service.client();
    let asking = |format| asked(format, 0);
    let json = Taken::from(&mut client, asking(ExportFormat::Ndjson), 9).await;
    let line: serde_json::Value = serde_json::from_str(&json.unwrap().lines(0)[0]).unwrap();
    let cause = &line["interaction"]["rootCause"];
    assert_eq!(cause["code"], "process.delay");
    assert_eq!(cause["setBy"], "agent-1");
    assert_eq!(cause["confidence"], 0.5);
    let rows = Taken::from(&mut client, asking(ExportFormat::Csv), 9).await;
    let rows = rows.unwrap();
    let mut reader = csv::ReaderBuilder::new().from_reader(&rows.parts[0].1[..]);
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cells = header.iter().zip(&row);
    let cells = cells.filter(|(name, _)| name.starts_with("root_cause"));
    let cells: Vec<&str> = cells.map(|(_, cell)| cell).collect();
    let set_at = "2026-06-15T11:58:20Z";
    assert_eq!(cells, ["process.delay", "3", "agent-1", set_at, "0.5"]);
    let taken = Taken::from(&mut client, asking(ExportFormat::Parquet), 9).await;
    let taken = taken.unwrap();
    let bytes = bytes::Bytes::from(taken.parts[0].1.clone());
    let reader = SerializedFileReader::new(bytes).unwrap();
    let row = reader.get_row_iter(None).unwrap().next().unwrap().unwrap();
    let cells: Vec<String> = row
        .get_column_iter()
        .filter(|(name, _)| name.starts_with("root_cause"))
        .map(|(_, cell)| cell.to_string())
        .collect();
    assert_eq!(cells.len(), 5);
    assert_eq!(cells[..3], ["\"process.delay\"", "\"3\"", "\"agent-1\""]);
    assert_eq!(cells[4], "0.5");
    service.stop().await;
}
