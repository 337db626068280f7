//! What is asked for on the command line is what is done, or it is refused.

use aftercall_service::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::command::{Server, Site, aftercall, line, run, run_with};

/// A server with a contact for each text of a summary, all of them from a time ago in days.
fn with(contacts: &[(&str, u64)]) -> (Server, String) {
    let server = Server::start();
    let mut position = String::new();
    for (number, (summary, days)) in (1..).zip(contacts) {
        let mut row: Value = serde_json::from_str(&line(number, "C-1")).unwrap();
        let ago = std::time::Duration::from_secs(days * 86_400 + 3_600);
        row["interaction"]["occurredAt"] = json!((SystemClock::new().now() - ago).to_string());
        row["interaction"]["handling"] = json!({"summary": summary});
        let mut record = server.client(["record", "-", "--json"]);
        let done = run_with(&mut record, row.to_string().as_bytes()).messages();
        done[0]["position"]
            .as_str()
            .unwrap()
            .clone_into(&mut position);
    }
    (server, position)
}

fn total<const N: usize>(server: &Server, position: &str, args: [&str; N]) -> u64 {
    let mut search = server.client(["search", "--json", "--after", position]);
    let messages = run(search.args(args)).messages();
    let total = messages.last().unwrap().get("totalSize");
    total.map_or(0, |total| total.as_str().unwrap().parse().unwrap())
}

#[test]
fn a_search_takes_all_of_its_words_and_leaves_out_what_it_should() {
    let (server, at) = with(&[
        ("A refund for an invoice.", 1),
        ("A refund for a parcel.", 2),
        ("An invoice, by hand.", 3),
    ]);
    assert_eq!(total(&server, &at, ["refund", "invoice"]), 1);
    assert_eq!(total(&server, &at, ["refund -invoice"]), 1);
    assert_eq!(
        total(&server, &at, ["refund", "--limit", "1", "--", "-hand"]),
        2
    );
    assert_eq!(total(&server, &at, ["\"refund for an invoice\""]), 1);
    assert_eq!(total(&server, &at, []), 3);
}

#[test]
fn a_span_looks_back_for_what_has_happened() {
    let (server, at) = with(&[("now", 0), ("this week", 5), ("long ago", 40)]);
    assert_eq!(total(&server, &at, ["--from", "7d"]), 2);
    assert_eq!(total(&server, &at, ["--from", "7d ago"]), 2);
    assert_eq!(total(&server, &at, ["--before", "7d"]), 1);
    assert_eq!(total(&server, &at, ["--from", "50d", "--before", "2d"]), 2);
}

#[test]
fn a_flag_that_there_is_not_is_refused() {
    for (wrong, flag) in [
        (&["search", "refund", "--limt", "3"][..], "--limt"),
        (&["search", "--limt", "3"], "--limt"),
        (&["search", "refund", "--limt=3"], "--limt"),
        (&["timeline", "C-1", "--limt", "3"], "--limt"),
        (&["followups", "list", "--al"], "--al"),
        (&["solutions", "suggest", "orange", "--limt", "3"], "--limt"),
        (&["record", "-", "--jsn"], "--jsn"),
        (&["health", "-x"], "-x"),
    ] {
        let error = run(aftercall([]).args(wrong)).fails(2);
        assert!(error.contains(flag), "{error}");
    }
}

#[test]
fn a_limit_of_nothing_says_nothing_about_the_data() {
    let (server, at) = with(&[("A refund.", 1), ("Another one.", 2)]);
    let said = |args: &[&str]| {
        let mut command = aftercall([]);
        command.args(args).args(["--limit", "0", "--after", &at]);
        run(command.args(["--server", server.said("grpc")])).ok()
    };
    let more = "(0 of 2 shown: raise --limit)\n";
    assert_eq!(said(&["timeline", "C-1"]), more);
    assert_eq!(said(&["search"]), "2 found\n");
    assert_eq!(said(&["search", "nowhere"]), "nothing found\n");
    assert_eq!(
        said(&["timeline", "C-2"]),
        "nothing is recorded of customer C-2\n"
    );
    assert_eq!(said(&["followups", "list"]), "no such promises\n");
}

#[test]
fn a_contact_is_shown_with_its_parts_its_end_and_the_lines_of_its_notes() {
    let server = Server::start();
    let mut row: Value = serde_json::from_str(&line(1, "C-1")).unwrap();
    let contact = row["interaction"].as_object_mut().unwrap();
    let more = json!({
        "occurredAt": "2026-03-02T09:00:00Z",
        "endedAt": "2026-03-02T09:09:30Z",
        "handling": {
            "summary": "First line.\n  - an item\nLast line.",
            "remedies": [{
                "kind": "REMEDY_KIND_REFUND",
                "amount": {"currencyCode": "JPY", "units": "1250"},
            }],
        },
        "segments": [{
            "segmentId": "1",
            "kind": "SEGMENT_KIND_AGENT",
            "agentId": "y.first",
            "answeredAt": "2026-03-02T09:00:10Z",
            "endedAt": "2026-03-02T09:05:00Z",
            "holds": [{
                "beganAt": "2026-03-02T09:01:00Z",
                "endedAt": "2026-03-02T09:02:30Z",
                "reason": "HOLD_REASON_LOOKUP",
            }],
            "transfer": {"kind": "TRANSFER_KIND_WARM", "to": "anna"},
        }],
        "disconnect": {
            "reason": "DISCONNECT_REASON_CUSTOMER",
            "stage": "DISCONNECT_STAGE_TALK",
        },
    });
    contact.extend(more.as_object().unwrap().clone());
    let mut record = server.client(["record", "-", "--json"]);
    let recorded = run_with(&mut record, row.to_string().as_bytes())
        .messages()
        .remove(0);
    let text = |name: &str| recorded[name].as_str().unwrap().to_owned();
    let mut show = server.client(["show"]);
    let position = text("position");
    let shown = run(show.args(["--after", &position, &text("interactionId")])).ok();
    for expected in [
        "segment      y.first, 2026-03-02 10:00:10 – 10:05:00 CET, warm transfer to anna\n",
        "on hold      2026-03-02 10:01:00 – 10:02:30 CET, lookup\n",
        "ended by     customer, stage talk\n",
        "summary      First line.\n               - an item\n             Last line.\n",
        "remedy       refund 1250 JPY\n",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
}
