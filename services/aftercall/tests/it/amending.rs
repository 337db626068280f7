//! Fields of a contact, said anew on the command line.

use serde_json::{Value, json};

use crate::command::{Server, Site, line, run, run_with};

/// What `amend` answers of a contact, and the contact as it is then.
fn amended(server: &Server, id: &str, fields: &str) -> (Value, Value) {
    let mut amend = server.client(["amend", id, "-", "--json"]);
    amend.args(["--reason", "looked into that morning"]);
    let answer = run_with(&mut amend, fields.as_bytes()).messages().remove(0);
    let after = answer["position"].as_str().unwrap();
    let mut show = server.client(["show", id, "--json"]);
    show.arg(format!("--after={after}"));
    let mut shown = run(&mut show).messages().remove(0);
    (answer, shown["interaction"].take())
}

#[test]
fn what_made_a_customer_call_is_said_later_and_taken_back() {
    let server = Server::start();
    let mut record = server.client(["record", "-", "--json"]);
    let recorded = run_with(&mut record, line(1, "C-1").as_bytes()).messages();
    let id = recorded[0]["interactionId"].as_str().unwrap();

    let driver =
        r#"{"driverSegment": {"code": "incident.outage", "setBy": "DRIVER_SETTER_AGENT"}}"#;
    let (answer, contact) = amended(&server, id, driver);
    assert_eq!(answer["version"], "2");
    assert_eq!(contact["driverSegment"]["code"], "incident.outage");
    assert_eq!(contact["disposition"]["code"], "resolved");

    let (answer, contact) = amended(&server, id, r#"{"driver_segment": null}"#);
    assert_eq!(answer["version"], "3");
    assert!(contact["driverSegment"].is_null(), "{contact}");

    let mut wrong = server.client(["amend", id, "-", "--reason", "another agent"]);
    let refused = run_with(&mut wrong, br#"{"agentId": "bert"}"#).fails(1);
    assert!(refused.contains("update_mask"), "{refused}");
}

#[test]
fn to_whom_the_loss_of_a_recorded_call_is_put_down_is_revised() {
    let server = Server::start();
    let mut request: Value = serde_json::from_str(&line(1, "C-1")).unwrap();
    request["interaction"]["disconnect"] = json!({
        "dropClass": "DROP_CLASS_SUSPECTED",
        "attribution": "DROP_ATTRIBUTION_OURS",
    });
    let mut record = server.client(["record", "-", "--json"]);
    let recorded = run_with(&mut record, request.to_string().as_bytes()).messages();
    let id = recorded[0]["interactionId"].as_str().unwrap();

    let revised = json!({
        "dropClass": "DROP_CLASS_CONFIRMED",
        "attribution": "DROP_ATTRIBUTION_CARRIER",
        "evidence": ["ticket 4711 of the carrier", "its trace"],
    });
    let fields = json!({ "disconnect": revised }).to_string();
    let (_, contact) = amended(&server, id, &fields);
    assert_eq!(contact["disconnect"], revised);
    let shown = run(&mut server.client(["show", id])).ok();
    assert!(shown.contains("put down to carrier"), "{shown}");
    assert!(shown.contains("its trace"), "{shown}");

    let unsaid = json!({ "disconnect": { "evidence": [""] } }).to_string();
    let mut wrong = server.client(["amend", id, "-", "--reason", "nothing shows it"]);
    let refused = run_with(&mut wrong, unsaid.as_bytes()).fails(1);
    assert!(refused.contains("disconnect.evidence[0]"), "{refused}");
}
