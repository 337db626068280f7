//! A server on a copy of the data is mute, until the copy takes the other one's place.

use std::fs;
use std::sync::mpsc::Receiver as Messages;

use serde_json::Value;
use tempfile::TempDir;

use crate::backup::{copy_dir, restore, stats};
use crate::command::{Server, Site, aftercall, line, run, run_with};
use crate::webhooks::{Message, PATIENCE, asked, receiver, server, server_named, until};

/// What webhooks are made for.
const EVENTS: &str = "aftercall.interaction.*";

fn record(server: &Server, number: u64) {
    let contact = line(number, &format!("C-{number}"));
    run_with(&mut server.client(["record", "-"]), contact.as_bytes()).ok();
}

/// A server with a webhook, whose receiver took what it was told of the first contact; the webhook's id. That it took it stands
/// in the log, too: a server that stops before would tell it once more, and a copy of its data would count it as suppressed.
fn told_of_one((url, messages): (&str, &Messages<Message>)) -> (Server, String) {
    let server = server(TempDir::new().unwrap()).caught_up();
    let made = asked(&server, ["webhooks", "create", url, "--event", EVENTS]).remove(0);
    let id = made["webhook"]["webhookId"].as_str().unwrap().to_owned();
    record(&server, 1);
    assert_eq!(next(messages), "C-1");
    let show = ["webhooks", "show", &id];
    until(&server, show, |shown| shown["progress"]["delivered"] == "1");
    (server, id)
}

/// The customer of whom the next message tells.
fn next(messages: &Messages<Message>) -> Value {
    let (_, told) = messages.recv_timeout(PATIENCE).unwrap();
    told["data"]["customerId"].clone()
}

/// Waits until so many deliveries are suppressed.
fn suppressed(server: &Server, webhook_id: &str, count: u64) {
    let show = ["webhooks", "show", webhook_id];
    let count = Value::from(count.to_string());
    until(server, show, |shown| {
        shown["progress"]["suppressed"] == count
    });
    let listed = [
        "webhooks",
        "deliveries",
        webhook_id,
        "--state",
        "suppressed",
    ];
    for delivery in asked(server, listed) {
        if delivery["sequence"].is_null() {
            // The last line says that there are no more.
            continue;
        }
        let failure = &delivery["lastAttempt"]["failure"];
        assert_eq!(failure, "WEBHOOK_FAILURE_ENVIRONMENT");
    }
}

/// What `health` says in words, and whether its JSON says that nobody is told.
fn health(server: &Server) -> (String, bool) {
    let words = run(&mut server.client(["health"])).ok();
    let json = run(&mut server.client(["health", "--json"])).messages();
    (words, json[0]["mute"] == true)
}

fn is_mute(server: &Server) -> bool {
    let (words, mute) = health(server);
    assert_eq!(words.contains("log take-over"), mute, "{words}");
    assert!(words.starts_with("serving\n"), "{words}");
    mute
}

#[test]
fn a_copy_is_mute_until_it_takes_the_others_place_and_then_tells_what_is_new() {
    let (url, messages) = receiver(Vec::new());
    let (first, id) = told_of_one((&url, &messages));
    assert!(!is_mute(&first));
    let (data, copy) = (first.stop(), TempDir::new().unwrap());
    copy_dir(data.path(), copy.path());

    let second = server(copy).caught_up();
    assert!(is_mute(&second));
    record(&second, 2);
    suppressed(&second, &id, 1);
    let tested = run(&mut second.client(["webhooks", "test", &id]));
    assert!(tested.stdout.contains("take-over"), "{tested:#?}");
    // A restart of the copy changes nothing.
    let second = server(second.stop()).caught_up();
    assert!(is_mute(&second));
    record(&second, 3);
    suppressed(&second, &id, 2);
    let copy = second.stop();
    assert!(messages.try_recv().is_err(), "nothing was sent");

    // What is of the copy does not touch the other one.
    let first = server(data).caught_up();
    assert!(!is_mute(&first));
    record(&first, 4);
    assert_eq!(next(&messages), "C-4");
    first.stop();

    let mut take_over = aftercall(["log", "take-over", "--data"]);
    take_over.arg(copy.path());
    run(&mut take_over).ok();
    let second = server(copy).caught_up();
    assert!(!is_mute(&second));
    record(&second, 5);
    assert_eq!(next(&messages), "C-5");
    let show = ["webhooks", "show", &id];
    until(&second, show, |shown| shown["progress"]["delivered"] == "2");
    suppressed(&second, &id, 2);
    second.stop();
    assert!(messages.try_recv().is_err(), "only what is new was told");
}

#[test]
fn a_log_that_is_in_use_is_not_taken_over() {
    let server = Server::start();
    let mut take_over = aftercall(["log", "take-over", "--data"]);
    take_over.arg(server.data());
    let refused = run(&mut take_over).fails(1);
    assert!(refused.contains("holds the log"), "{refused}");
    let nowhere = TempDir::new().unwrap();
    let mut take_over = aftercall(["log", "take-over", "--data"]);
    let refused = run(take_over.arg(nowhere.path())).fails(1);
    assert!(refused.contains("there is no log"), "{refused}");
    server.stop();
}

#[test]
fn a_directory_that_is_renamed_goes_on_telling() {
    let (url, messages) = receiver(Vec::new());
    let (first, _) = told_of_one((&url, &messages));
    let (data, place) = (first.stop(), TempDir::new().unwrap());
    // In the place of the empty one.
    fs::rename(data.path(), place.path()).unwrap();
    let again = server(place).caught_up();
    assert!(!is_mute(&again));
    record(&again, 2);
    assert_eq!(next(&messages), "C-2");
    again.stop();
}

#[test]
fn what_is_restored_is_mute_and_says_how_it_takes_the_others_place() {
    let (url, messages) = receiver(Vec::new());
    let (first, id) = told_of_one((&url, &messages));
    let place = TempDir::new().unwrap();
    let kept = place.path().join("backup");
    run(first.client(["backup"]).arg(&kept)).ok();
    first.stop();

    let data = TempDir::new().unwrap();
    let said = run(&mut restore(&kept, data.path())).ok();
    let command = format!("aftercall log take-over --data {}", data.path().display());
    assert!(said.contains(&command), "{said}");
    let again = server(data).caught_up();
    assert!(is_mute(&again));
    record(&again, 2);
    suppressed(&again, &id, 1);
    assert!(messages.try_recv().is_err(), "nothing was sent");

    // Who names the environment has decided which of the two it is.
    let data = again.stop();
    let log_id = stats(data.path())["logId"].as_str().unwrap().to_owned();
    let named = server_named(data, Some(&log_id)).caught_up();
    assert!(!is_mute(&named));
    record(&named, 3);
    assert_eq!(next(&messages), "C-3");
    let data = named.stop();
    // Without the name it is a copy, as it was.
    let again = server(data).caught_up();
    assert!(is_mute(&again));
    again.stop();
}
