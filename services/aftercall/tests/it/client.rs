//! The client's commands, against a server of all services and against services in processes of
//! their own.

use std::process::Command;

use aftercall_proto::followups::v1::FulfilCommitmentResponse;
use aftercall_proto::history::v1::{GetInteractionResponse, SearchResult, TimelineEntry};
use aftercall_proto::knowledge::v1::PromoteCandidateResponse;
use aftercall_proto::model::v1::{Candidate, Commitment, CommitmentOutcome};
use aftercall_proto::recorder::v1::RecordInteractionResponse;
use aftercall_service::{Clock, SystemClock};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::command::{Done, Site, line, lines, run, run_with, spawn};
use crate::on_kafka::everywhere;

everywhere! {
    a_promise_from_the_record_to_its_end
    the_past_of_a_customer_is_found_in_every_way
    a_solved_case_becomes_an_answer
    lists_turn_pages_up_to_the_limit
    every_wrong_field_is_said_with_its_remedy
    a_reader_that_goes_away_is_no_failure
}

/// The messages that a command printed, read as what they should be.
fn read<M: DeserializeOwned>(done: Done) -> Vec<M> {
    let text = done.ok();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A contact with a promise due in two days.
fn with_promise(number: u64, customer: &str) -> String {
    let due = SystemClock::new().now() + std::time::Duration::from_secs(2 * 86_400);
    let mut row: Value = serde_json::from_str(&line(number, customer)).unwrap();
    let contact = row["interaction"].as_object_mut().unwrap();
    contact.remove("noFollowUpPromised");
    let now = SystemClock::new().now().to_string();
    contact.insert("occurredAt".to_owned(), Value::String(now));
    contact.insert(
        "commitments".to_owned(),
        json!([{
            "kind": "COMMITMENT_KIND_CALL_BACK",
            "promiseText": "I'll call you on Thursday.",
            "toldToCustomer": true,
            "promisedBy": due.to_string(),
        }]),
    );
    row.to_string()
}

fn record(server: &impl Site, request: &str) -> RecordInteractionResponse {
    let mut record = server.client(["record", "-", "--json"]);
    read(run_with(&mut record, request.as_bytes())).remove(0)
}

fn a_promise_from_the_record_to_its_end(server: &impl Site) {
    let recorded = record(server, &with_promise(1, "C-1"));
    let promise = &recorded.commitment_ids[0];

    let mut list = server.client(["followups", "list", "--json"]);
    let open: Vec<Commitment> = read(run(list.args(["--after", &recorded.position])));
    assert_eq!(&open[0].commitment_id, promise);
    let table = run(&mut server.client(["followups", "list", "--customer", "C-1"])).ok();
    assert!(table.contains("call back"), "{table}");
    assert!(table.contains(promise.as_str()), "{table}");

    let mut reschedule = server.client(["followups", "reschedule", "--to", "3d", "--reason", "x"]);
    let moved = run(reschedule.arg(promise)).ok();
    assert!(moved.contains("moved"), "{moved}");
    let mut fulfil = server.client(["followups", "fulfil", "--note", "called", "--json"]);
    let kept: Vec<FulfilCommitmentResponse> = read(run(fulfil.arg(promise)));
    let position = kept[0].position.clone();
    let kept = kept[0].commitment.clone().unwrap();
    assert_eq!(kept.outcome(), CommitmentOutcome::Kept);

    let error = run(server
        .client(["followups", "cancel", "--reason", "x"])
        .arg(promise))
    .fails(1);
    assert!(error.contains("COMMITMENT_ALREADY_CLOSED"), "{error}");
    let none = run(&mut server.client(["followups", "list", "--after", &position])).ok();
    assert_eq!(none, "no such promises\n");
    let shown = run(server.client(["followups", "show"]).arg(promise)).ok();
    assert!(shown.contains("kept"), "{shown}");
}

fn the_past_of_a_customer_is_found_in_every_way(server: &impl Site) {
    let recorded = record(server, &with_promise(1, "C-1"));
    let id = recorded.interaction_id.as_str();
    let at = |command: &mut Command| run(command.args(["--after", &recorded.position]));

    let entries: Vec<TimelineEntry> = read(at(&mut server.client(["timeline", "C-1", "--json"])));
    assert_eq!(entries.len(), 1);
    let text = at(&mut server.client(["timeline", "C-1"])).ok();
    assert!(text.contains("billing.double_charge → resolved"), "{text}");
    assert!(text.contains("Paid one charge back."), "{text}");

    let context = at(&mut server.client(["context", "C-1"])).ok();
    assert!(context.contains("Customer C-1: 1 contacts"), "{context}");
    assert!(
        context.contains("“I'll call you on Thursday.”"),
        "{context}"
    );

    let shown: Vec<GetInteractionResponse> = read(at(server.client(["show", "--json"]).arg(id)));
    assert_eq!(shown[0].interaction.as_ref().unwrap().interaction_id, id);
    assert!(
        at(server.client(["show"]).arg(id))
            .ok()
            .contains("Charged twice in March.")
    );

    let found = at(&mut server.client([
        "search",
        "charged",
        "--customer",
        "C-1",
        "--channel",
        "voice",
        "--open-promise",
        "--json",
    ]))
    .messages();
    let first: SearchResult = serde_json::from_value(found[0].clone()).unwrap();
    assert_eq!(first.interaction.unwrap().interaction_id, id);
    assert_eq!(
        found[1]["totalSize"], "1",
        "the last message is the answer itself"
    );
    let text = at(&mut server.client(["search", "charged", "--facet", "reason"])).ok();
    assert!(text.contains("«Charged»"), "{text}");
    assert!(text.contains("1 of 1 shown"), "{text}");
    let nothing = at(&mut server.client(["search", "charged", "--open-promise=false"])).ok();
    assert!(nothing.contains("nothing found"), "{nothing}");
    let nobody = at(&mut server.client(["timeline", "C-2"])).ok();
    assert_eq!(nobody, "nothing is recorded of customer C-2\n");
}

fn a_solved_case_becomes_an_answer(server: &impl Site) {
    let position = record(server, &line(1, "C-1")).position;
    let found: Vec<Candidate> = read(run(&mut server.client([
        "solutions",
        "candidates",
        "--after",
        &position,
        "--json",
    ])));
    let candidate = &found[0].candidate_id;
    let mut promote = server.client(["solutions", "promote", "--title", "Charged twice", "--json"]);
    let promote = promote.args(["--question", "I was charged two times"]);
    let promoted: Vec<PromoteCandidateResponse> = read(run(promote.arg(candidate)));
    let solution = promoted[0].solution.clone().unwrap();
    assert_eq!(solution.resolution, "Paid one charge back.");
    let at = |command: &mut Command| run(command.args(["--after", &promoted[0].position])).ok();
    let listed = at(&mut server.client(["solutions", "list"]));
    assert!(listed.contains("Charged twice"), "{listed}");
    let shown = at(server
        .client(["solutions", "show"])
        .arg(&solution.solution_id));
    assert!(shown.contains("“I was charged two times”"), "{shown}");
    let mut suggest = server.client([
        "solutions",
        "suggest",
        "why",
        "was",
        "I",
        "charged",
        "twice",
    ]);
    let suggested = at(&mut suggest);
    assert!(suggested.contains("Charged twice"), "{suggested}");
    assert!(suggested.contains("why"), "{suggested}");
}

fn lists_turn_pages_up_to_the_limit(server: &impl Site) {
    let text = lines(0..4_200);
    run_with(&mut server.client(["import", "-"]), text.as_bytes()).ok();
    let last = record(server, &line(4_200, "C-1")).position;
    let entries = |limit: &str| {
        let mut timeline = server.client(["timeline", "C-1", "--json", "--limit", limit]);
        read::<TimelineEntry>(run(timeline.args(["--after", &last]))).len()
    };
    assert_eq!(entries("550"), 550);
    assert_eq!(entries("10000"), 601);
    let text = run(&mut server.client(["timeline", "C-1", "--limit", "3"])).ok();
    assert!(
        text.contains("(3 shown; there are more: raise --limit)"),
        "{text}"
    );
}

fn every_wrong_field_is_said_with_its_remedy(server: &impl Site) {
    let wrong = json!({"interaction": {"channel": "CHANNEL_VOICE"}}).to_string();
    let error = run_with(&mut server.client(["record", "-"]), wrong.as_bytes()).fails(1);
    for field in [
        "interaction.direction",
        "interaction.occurred_at",
        "interaction.contact_reasons",
    ] {
        assert!(
            error.contains(&format!("\n  {field}: ")),
            "{field}: {error}"
        );
    }
    assert!(error.contains("INVALID_REQUEST"), "{error}");
    let error = run(&mut server.client(["record", "/nowhere.json"])).fails(1);
    assert!(error.contains("/nowhere.json can't be read"), "{error}");
}

fn a_reader_that_goes_away_is_no_failure(server: &impl Site) {
    run_with(
        &mut server.client(["import", "-"]),
        lines(0..2_000).as_bytes(),
    )
    .ok();
    let mut child = spawn(&mut server.client(["timeline", "C-1", "--json"]));
    drop(child.stdout.take());
    let done: Done = child.wait_with_output().unwrap().into();
    assert!(done.status.success(), "{done:#?}");
    assert_eq!(done.stderr, "");
}
