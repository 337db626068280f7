//! What people say of calls on the command line.

use aftercall_domain::interaction::id_of_reference;
use serde_json::{Value, json};

use crate::command::{Server, Site, run, run_with};

/// A call that ended, for no reason that anybody told.
fn told(server: &Server) -> String {
    let event = |second: u32, kind: &str, agent: &str| {
        json!({
            "source": "pbx",
            "callId": "77",
            "eventId": kind,
            "kind": format!("CALL_EVENT_KIND_{kind}"),
            "occurredAt": format!("2024-05-02T10:00:{second:02}Z"),
            "agentId": agent,
        })
    };
    let events = json!([
        event(0, "STARTED", ""),
        event(10, "ANSWERED", "ana"),
        event(50, "ENDED", ""),
    ]);
    let mut report = server.client(["calls", "report", "-"]);
    run_with(&mut report, events.to_string().as_bytes()).ok();
    id_of_reference("default", "pbx", "77").to_string()
}

/// The contact, as it is once a command's answer is in it.
fn shown(server: &Server, id: &str, after: &Value) -> Value {
    let after = after["position"].as_str().unwrap();
    let mut show = server.client(["show", id, "--json"]);
    show.arg(format!("--after={after}"));
    run(&mut show).messages().remove(0)
}

#[test]
fn a_call_is_judged_and_its_wrap_up_saved_by_hand() {
    let server = Server::start();
    let id = told(&server);
    let mut judge = server.client(["calls", "judge", &id, "--class", "confirmed", "--json"]);
    judge.args(["--attribution", "carrier", "--reason", "its own report"]);
    let judged = run(&mut judge).messages().remove(0);
    let drop = &shown(&server, &id, &judged)["call"]["drop"];
    assert_eq!(drop["dropClass"], "DROP_CLASS_CONFIRMED");
    assert_eq!(drop["attribution"], "DROP_ATTRIBUTION_CARRIER");
    assert_eq!(drop["judgements"][0]["reason"], "its own report");
    // It is said anew, and the later word counts.
    let mut revise = server.client(["calls", "judge", &id, "--class", "not-a-drop", "--json"]);
    revise.args(["--reason", "all was said"]);
    let revised = run(&mut revise).messages().remove(0);
    let drop = &shown(&server, &id, &revised)["call"]["drop"];
    assert_eq!(drop["dropClass"], "DROP_CLASS_NOT_A_DROP");

    let mut save = server.client(["calls", "wrap-up", &id, "-", "--json"]);
    let saved = run_with(&mut save, br#"{"labels": ["vip"]}"#).messages();
    let contact = shown(&server, &id, &saved[0]);
    assert_eq!(contact["interaction"]["labels"], json!(["vip"]));
    let mut wrong = server.client(["calls", "wrap-up", &id, "-"]);
    let refused = run_with(&mut wrong, br#"{"endedAt": null}"#).fails(1);
    assert!(refused.contains("which telephony tells"), "{refused}");
}
