//! Records from JSON, however a program writes it: by `record` and by `import` alike.

use aftercall_proto::history::v1::SearchResult;
use serde_json::{Value, json};

use crate::command::{Done, Server, Site, line, run, run_with};

fn contact(number: u64) -> Value {
    serde_json::from_str(&line(number, "C-1")).unwrap()
}

/// Takes `text` by both commands; each against a server of its own.
fn taken(text: &[u8]) -> [(Server, Done); 2] {
    [["record", "-", "--json"], ["import", "-", "--json"]].map(|command| {
        let server = Server::start();
        let done = run_with(&mut server.client(command), text);
        (server, done)
    })
}

/// The ids that the source gave to what a server has.
fn recorded(server: &Server, last: &str) -> Vec<String> {
    let mut record = server.client(["record", "-", "--json"]);
    let position = run_with(&mut record, last.as_bytes()).messages()[0]["position"].clone();
    let mut search = server.client(["search", "--order", "time_asc", "--json"]);
    let found = run(search.args(["--after", position.as_str().unwrap()])).messages();
    let results = found
        .iter()
        .filter(|message| message.get("interaction").is_some());
    let results = results.map(|result| serde_json::from_value(result.clone()).unwrap());
    let ids = results.map(|result: SearchResult| {
        let contact = result.interaction.unwrap();
        contact.external_ref.unwrap().external_id
    });
    ids.collect()
}

#[test]
fn every_layout_is_taken_by_record_and_import_alike() {
    let (a, b) = (contact(1), contact(2));
    let last = line(9, "C-9");
    for text in [
        format!("{a}\n{b}\n"),
        format!("\u{feff}{a}\r\n\r\n{b}"),
        format!("{a:#}\n{b:#}\n"),
        format!("[{a}, {b}]"),
        format!("\u{feff}[\n{a:#},\n{b}\n]\n"),
    ] {
        for (server, done) in taken(text.as_bytes()) {
            assert!(done.status.success(), "{text}\n{done:#?}");
            let ids = recorded(&server, &last);
            assert_eq!(ids, ["call-1", "call-2", "call-9"], "{text}");
        }
    }
}

#[test]
fn what_proto3_json_allows_is_taken_by_record_and_import_alike() {
    let mut row = contact(1);
    let contact = row["interaction"].as_object_mut().unwrap();
    contact.insert("teamId".to_owned(), Value::Null);
    contact.insert("segments".to_owned(), Value::Null);
    contact.insert("channel".to_owned(), json!(1));
    let reasons = contact.remove("contactReasons").unwrap();
    contact.insert("contact_reasons".to_owned(), reasons);
    for (server, done) in taken(row.to_string().as_bytes()) {
        assert!(done.status.success(), "{done:#?}");
        assert_eq!(recorded(&server, &line(9, "C-9")), ["call-1", "call-9"]);
    }
}

#[test]
fn a_time_without_a_zone_is_told_with_line_field_and_remedy() {
    let text: String = ["2026-11-01 09:00:00", "2026-11-01T09:00:00", "2026-11-01"]
        .iter()
        .zip(1..)
        .map(|(time, number)| {
            let mut row = contact(number);
            row["interaction"]["occurredAt"] = json!(time);
            format!("{row}\n")
        })
        .collect();
    for (_, done) in taken(text.as_bytes()) {
        let said = done.fails(1);
        for line in 1..=3 {
            let place = format!(":{line}: interaction.occurredAt: needs a ");
            assert!(said.contains(&place), "{line}: {said}");
        }
        assert!(said.contains("such as 2026-11-01T09:00:00Z"), "{said}");
        assert!(!said.contains("column"), "{said}");
    }
}

#[test]
fn record_takes_nothing_of_a_file_with_a_mistake_and_import_the_rest() {
    let mut wrong = contact(2);
    wrong["interaction"]["agentid"] = json!("anna");
    let text = format!("[\n{},\n{wrong:#},\n{}\n]", contact(1), contact(3));
    let [(of_record, record), (of_import, import)] = taken(text.as_bytes());
    let said = record.fails(1);
    assert!(said.contains("nothing is recorded"), "{said}");
    assert!(said.contains("did you mean \"agentId\"?"), "{said}");
    assert_eq!(recorded(&of_record, &line(9, "C-9")), ["call-9"]);
    assert_eq!(import.status.code(), Some(1));
    // The line of the field, not that of the record.
    let place = import.stderr.contains(":6: interaction.agentid: ");
    assert!(place, "{import:#?}");
    let ids = recorded(&of_import, &line(9, "C-9"));
    assert_eq!(ids, ["call-1", "call-3", "call-9"]);
}

#[test]
fn a_file_that_breaks_off_or_is_no_utf8_is_told_in_one_message() {
    let utf16: Vec<u8> = line(1, "C-1")
        .encode_utf16()
        .fold(vec![0xff, 0xfe], |mut bytes, unit| {
            bytes.extend(unit.to_le_bytes());
            bytes
        });
    let broken = format!("[{},", contact(1)).into_bytes();
    for (text, said) in [(utf16, "save it in UTF-8"), (broken, "not closed")] {
        for (_, done) in taken(&text) {
            let error = done.fails(1);
            assert!(error.contains(said), "{error}");
            assert_eq!(error.trim_end().lines().count(), 1, "{error}");
        }
    }
}
