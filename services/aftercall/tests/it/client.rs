//! The client's commands, against a server of all services and against services in processes of
//! their own.

mod solutions;

use std::process::Command;

use aftercall_proto::followups::v1::{
    ExplainDueResponse, FulfilCommitmentResponse, PreviewDueResponse,
};
use aftercall_proto::history::v1::{GetInteractionResponse, SearchResult, TimelineEntry};
use aftercall_proto::knowledge::v1::PromoteCandidateResponse;
use aftercall_proto::model::v1::{Candidate, Commitment, CommitmentOutcome};
use aftercall_proto::recorder::v1::RecordInteractionResponse;
use aftercall_proto::settings::v1::ChangeSettingsResponse;
use aftercall_service::{Clock, SystemClock};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::command::{Done, Site, line, lines, run, run_with, spawn};
use crate::on_kafka::everywhere;
use solutions::a_solution_is_written_reviewed_and_published;

/// How many times a list is asked for until it has what it is to have.
const LOOKS: usize = 1_000;

everywhere! {
    a_promise_from_the_record_to_its_end
    the_past_of_a_customer_is_found_in_every_way
    a_solved_case_becomes_an_answer
    a_solution_is_written_reviewed_and_published
    a_due_is_reckoned_by_a_calendar_and_explained
    a_promise_recurs_until_its_series_is_ended
    lists_turn_pages_up_to_the_limit
    every_wrong_field_is_said_with_its_remedy
    what_was_just_said_is_seen_at_once
    a_reader_that_goes_away_is_no_failure
}

/// The messages that a command printed, read as what they should be.
fn read<M: DeserializeOwned>(done: Done) -> Vec<M> {
    let text = done.ok();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What a command listed, and how many there are in all, as the answer says that ends the list.
fn listed<M: DeserializeOwned>(done: Done) -> (Vec<M>, u64) {
    let mut messages = done.messages();
    let answer = messages.pop().unwrap();
    assert_ne!(answer["completeThrough"], json!(""), "{answer}");
    let total = answer.get("totalSize");
    let total = total.map_or(0, |total| total.as_str().unwrap().parse().unwrap());
    let items = messages.into_iter().map(serde_json::from_value);
    (items.collect::<Result<_, _>>().unwrap(), total)
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
    let (open, total): (Vec<Commitment>, _) =
        listed(run(list.args(["--after", &recorded.position])));
    assert_eq!(total, 1);
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

    let mut timeline = server.client(["timeline", "C-1", "--json"]);
    let (entries, total): (Vec<TimelineEntry>, _) = listed(at(&mut timeline));
    assert_eq!((entries.len(), total), (1, 1));
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
    let mut candidates = server.client(["solutions", "candidates", "--json"]);
    let candidates = run(candidates.args(["--after", &position]));
    let (found, total): (Vec<Candidate>, _) = listed(candidates);
    assert_eq!(total, 1);
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

fn a_due_is_reckoned_by_a_calendar_and_explained(server: &impl Site) {
    let always = json!([{ "opens": "00:00", "closes": "24:00" }]);
    let calendar = json!({
        "timeZone": "UTC",
        "weekly": {
            "monday": always, "tuesday": always, "wednesday": always, "thursday": always,
            "friday": always, "saturday": always, "sunday": always,
        },
    });
    let mut set = server.client(["calendars", "set", "always", "-", "--json"]);
    let set = run_with(&mut set, calendar.to_string().as_bytes());
    let changed: ChangeSettingsResponse = read(set).remove(0);
    assert_eq!(changed.settings[0].version, 1);

    let mut row: Value = serde_json::from_str(&with_promise(1, "C-1")).unwrap();
    // Another process may not have the calendar yet.
    row["settingsPosition"] = json!(changed.position);
    let promise = row["interaction"]["commitments"][0]
        .as_object_mut()
        .unwrap();
    promise.remove("promisedBy");
    let within = json!({ "businessElapsed": { "duration": "7200s", "calendarId": "always" } });
    promise.insert("due".to_owned(), within);
    let recorded = record(server, &row.to_string());
    let due = &recorded.dues[0];
    assert_eq!(due.commitment_id, recorded.commitment_ids[0]);

    let mut explain = server.client(["followups", "explain", "--json"]);
    let explain = explain.args([&due.commitment_id, "--after", &recorded.position]);
    let explained: ExplainDueResponse = read(run(explain)).remove(0);
    assert_eq!(explained.commitment.unwrap().promised_by, due.promised_by);
    let working = explained.working.unwrap();
    assert_eq!(working.sum.unwrap().seconds, 7_200);
    assert_eq!(working.resolution, due.resolution);

    let mut preview = server.client(["followups", "preview", "--in", "3h", "--json"]);
    let preview = preview.args(["--calendar", "always", "--after", &changed.position]);
    let previewed: PreviewDueResponse = read(run(preview)).remove(0);
    assert_eq!(previewed.working.unwrap().sum.unwrap().seconds, 10_800);
}

fn a_promise_recurs_until_its_series_is_ended(server: &impl Site) {
    let shown = |done: Done| done.messages().remove(0)["commitment"].clone();
    let make = [
        "followups",
        "make",
        "--customer",
        "C-recurs",
        "--kind",
        "call_back",
        "--in",
        "2h",
        "--every",
        "FREQ=DAILY",
        "--times",
        "5",
        "--plan",
        "repair",
        "--step",
        "1",
        "--json",
    ];
    let made = shown(run(&mut server.client(make)));
    let id = made["commitmentId"].as_str().unwrap();
    let fulfil = ["followups", "fulfil", id, "--note", "called", "--json"];
    run(&mut server.client(fulfil)).ok();
    let listed = || {
        let list = ["followups", "list", "--series", id, "--json"];
        let mut all = run(&mut server.client(list)).messages();
        all.retain(|one| one.get("commitmentId").is_some());
        all
    };
    let next = (0..LOOKS).find_map(|_| {
        let mut all = listed().into_iter();
        all.find(|one| one["occurrence"]["occurrenceNo"] == 2)
    });
    let next = next.expect("the next promise of the series is made");
    let next_id = next["commitmentId"].as_str().unwrap();
    assert_ne!(next_id, id);
    assert_eq!(listed().len(), 2);

    let end = [
        "followups",
        "end-series",
        id,
        "--reason",
        "the part is here",
    ];
    let card = run(&mut server.client(end)).ok();
    assert!(card.contains(next_id), "{card}");
    assert!(card.contains("2, the last"), "{card}");
    let refused = run(&mut server.client(end)).fails(1);
    assert!(refused.contains("a series is ended once"), "{refused}");

    let plan = run(&mut server.client(["followups", "list", "--plan", "repair"])).ok();
    assert!(plan.contains(id) && !plan.contains(next_id), "{plan}");
    let card = run(&mut server.client(["followups", "show", id])).ok();
    assert!(card.contains("repair, step 1"), "{card}");
    let bad = [
        "followups",
        "make",
        "--customer",
        "C-recurs",
        "--kind",
        "call_back",
        "--in",
        "2h",
        "--every",
        "FREQ=MINUTELY",
    ];
    let refused = run(&mut server.client(bad)).fails(1);
    assert!(refused.contains("commitment.recurrence.rrule"), "{refused}");
}

fn lists_turn_pages_up_to_the_limit(server: &impl Site) {
    let text = lines(0..4_200);
    run_with(&mut server.client(["import", "-"]), text.as_bytes()).ok();
    let last = record(server, &line(4_200, "C-1")).position;
    let entries = |limit: &str| {
        let mut timeline = server.client(["timeline", "C-1", "--json", "--limit", limit]);
        let (entries, total) = listed::<TimelineEntry>(run(timeline.args(["--after", &last])));
        (entries.len(), total)
    };
    assert_eq!(entries("550"), (550, 601));
    assert_eq!(entries("10000"), (601, 601));
    assert_eq!(entries("0"), (0, 601));
    let text = run(&mut server.client(["timeline", "C-1", "--limit", "3"])).ok();
    assert!(text.contains("(3 of 601 shown: raise --limit)"), "{text}");
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

/// Nothing is waited for and no position is passed on: each command asks for what was durable when it
/// came.
fn what_was_just_said_is_seen_at_once(server: &impl Site) {
    let total = |args: [&str; 3]| {
        let done = run(&mut server.client(args));
        listed::<Value>(done).1
    };
    for turn in 1..=20 {
        let customer = format!("C-{turn}");
        let recorded = record(server, &with_promise(turn, &customer));
        assert_eq!(total(["timeline", &customer, "--json"]), 1, "turn {turn}");
        let id = recorded.interaction_id.as_str();
        let shown = run(&mut server.client(["show", id])).ok();
        assert!(shown.contains(id), "{shown}");
        assert_eq!(total(["followups", "list", "--json"]), turn);
        let found = run(&mut server.client(["search", "--customer", &customer, "--json"]));
        assert_eq!(found.messages().last().unwrap()["totalSize"], "1");
    }

    let contact = record(server, &with_promise(30, "wrong")).interaction_id;
    let reason = ["--reason", "said so"];
    let mut identify = server.client(["identify", &contact, "--customer", "right"]);
    let said = run(identify.args(reason).args(["--verification", "full"])).ok();
    for line in ["customer  right\n", "version   2\n"] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(total(["timeline", "right", "--json"]), 1);
    assert_eq!(total(["timeline", "wrong", "--json"]), 0);
    let promises = run(&mut server.client(["followups", "list", "--customer", "right"])).ok();
    assert!(promises.contains("call back"), "{promises}");
    let shown = run(&mut server.client(["show", &contact])).ok();
    assert!(shown.contains("said so"), "{shown}");

    let merge = run(server.client(["merge", "right", "C-1"]).args(reason)).ok();
    assert!(merge.contains("are one   right and C-1\n"), "{merge}");
    for either in ["right", "C-1"] {
        assert_eq!(total(["timeline", either, "--json"]), 2);
    }
    let again = run(server.client(["merge", "C-1", "right"]).args(reason)).fails(1);
    assert!(again.contains("CUSTOMERS_ALREADY_MERGED"), "{again}");
    let mut unmerge = server.client(["unmerge", "right", "C-1", "--json"]);
    let unmerged = run(unmerge.args(reason)).messages();
    assert_eq!(unmerged[0]["version"], "2");
    assert_eq!(total(["timeline", "C-1", "--json"]), 1);

    let mut nobody = server.client(["identify", &contact, "--nobody", "--json"]);
    let taken_back = run(nobody.args(reason)).messages();
    assert_eq!(taken_back[0]["version"], "3");
    assert_eq!(total(["timeline", "right", "--json"]), 0);
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
