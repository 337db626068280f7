//! Settings from the command line: made from files and flags, listed, shown, and taken out of use.

use aftercall_proto::model::v1::Setting;
use aftercall_proto::settings::v1::{
    ApproveHolidaysResponse, ChangeSettingsResponse, StageHolidaysResponse,
};
use serde_json::{Value, json};

use crate::command::{Done, Site, run, run_with};
use crate::on_kafka::everywhere;

everywhere! {
    a_house_is_set_up_and_shown
    holidays_are_staged_and_approved
}

fn set(server: &impl Site, kind: &str, id: &str, file: &Value) -> Done {
    let mut set = server.client([kind, "set", id, "-", "--json"]);
    run_with(&mut set, file.to_string().as_bytes())
}

fn made(done: Done) -> Setting {
    let text = done.ok();
    let mut answer: ChangeSettingsResponse = serde_json::from_str(&text).unwrap();
    answer.settings.remove(0)
}

fn office() -> Value {
    let day = json!([{ "opens": "09:00", "closes": "17:00" }]);
    json!({
        "displayName": "The office",
        "timeZone": "UTC",
        "weekly": { "monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day },
    })
}

fn a_house_is_set_up_and_shown(server: &impl Site) {
    made(set(server, "calendars", "office", &office()));
    made(set(
        server,
        "teams",
        "billing",
        &json!({ "memberIds": ["a.marsh"], "leadIds": ["j.doe"] }),
    ));
    let duty = json!({ "teamId": "billing", "mailAddress": "duty@example.com" });
    made(set(server, "receivers", "duty", &duty));
    let unsent = run(&mut server.client(["receivers", "test", "duty"])).fails(1);
    assert!(unsent.contains("notify.mail.host"), "{unsent}");
    let usual = json!({
        "levels": [{ "wall": "900s", "targets": [{ "teamId": "billing" }] }],
        "catchAllReceiverId": "duty",
    });
    made(set(server, "escalations", "usual", &usual));
    let policy = json!({
        "displayName": "Calls to billing",
        "position": 5,
        "appliesTo": { "kinds": ["COMMITMENT_KIND_CALL_BACK"], "teamIds": ["billing"] },
        "internalTarget": { "sinceMade": { "duration": "28800s", "calendarId": "office" } },
        "escalationPolicyId": "usual",
    });
    assert_eq!(made(set(server, "policies", "calls", &policy)).version, 1);

    let listed = run(&mut server.client(["policies", "list"])).ok();
    for told in [
        "calls",
        "Calls to billing",
        "call back; billing",
        "8h open by office after it was made",
        "usual",
    ] {
        assert!(listed.contains(told), "{told}: {listed}");
    }
    let shown = run(&mut server.client(["policies", "show", "calls"])).ok();
    for told in ["given up after", "90d", "when somebody says so"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let shown = run(&mut server.client(["receivers", "show", "duty"])).ok();
    assert!(shown.contains("20 messages at most"), "{shown}");
    let listed = run(&mut server.client(["escalations", "list"])).ok();
    assert!(listed.contains("team billing"), "{listed}");
    let listed = run(&mut server.client(["teams", "list"])).ok();
    assert!(listed.contains("j.doe"), "{listed}");

    let mut shadow = server.client(["policies", "shadow", "calls", "-"]);
    let shadowed = run_with(&mut shadow, policy.to_string().as_bytes()).ok();
    assert!(shadowed.contains("0 now, 0 then"), "{shadowed}");
    let refused = run(&mut server.client(["teams", "retire", "billing"])).fails(1);
    assert!(
        refused.contains("is named by follow-up policy calls"),
        "{refused}"
    );
    let unknown = json!({ "agentId": "x", "timeZone": "Europe/Atlantis" });
    let refused = set(server, "receivers", "x", &unknown).fails(1);
    assert!(refused.contains("such as Europe/Berlin"), "{refused}");
    run(&mut server.client(["policies", "retire", "calls", "--reason", "no more calls"])).ok();
    let listed = run(&mut server.client(["policies", "list"])).ok();
    assert!(listed.contains("no policies in use"), "{listed}");
    let versions = run(&mut server.client(["policies", "versions", "calls"])).ok();
    assert!(versions.contains("no more calls"), "{versions}");
    assert!(versions.contains("out of use"), "{versions}");

    a_silence_is_made_by_flags(server);
}

fn a_silence_is_made_by_flags(server: &impl Site) {
    let mut create = server.client([
        "silences",
        "create",
        "phones",
        "--only",
        "kind=call_back,refund",
    ]);
    create.args([
        "--not",
        "priority=p1",
        "--until",
        "2h",
        "--reason",
        "new telephones",
    ]);
    let created = run(&mut create).ok();
    for told in [
        "silent",
        "kind is call_back or refund",
        "priority is not p1",
        "new telephones",
    ] {
        assert!(created.contains(told), "{told}: {created}");
    }
    // There is one of that name.
    let refused = run(&mut create).fails(1);
    assert!(refused.contains("phones has version 1"), "{refused}");
    let mut endless = server.client(["silences", "create", "all", "--only", "kind=refund"]);
    run(endless.args(["--reason", "quiet"])).fails(2);
    let listed = run(&mut server.client(["silences", "list"])).ok();
    assert!(listed.contains("new telephones"), "{listed}");
}

fn holidays_are_staged_and_approved(server: &impl Site) {
    made(set(server, "calendars", "office", &office()));
    let feed = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20271225\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christ\r\n mas\r\n\
                END:VEVENT\r\nEND:VCALENDAR\r\n";
    let mut stage = server.client(["calendars", "holidays", "stage", "office", "-", "--json"]);
    stage.args(["--from", "2027-01-01", "--until", "2029-01-01"]);
    let staged = run_with(&mut stage, feed.as_bytes()).ok();
    let staged: StageHolidaysResponse = serde_json::from_str(&staged).unwrap();
    assert_eq!(staged.holidays.unwrap().version, 1);

    let shown = run(&mut server.client(["calendars", "holidays", "show", "office"])).ok();
    for told in [
        "staged",
        "2027-12-25 Christmas",
        "2028-12-25 Christmas",
        "office version 1",
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let listed = run(&mut server.client(["calendars", "holidays", "list"])).ok();
    assert!(listed.contains("staged"), "{listed}");

    let mut approve = server.client([
        "calendars",
        "holidays",
        "approve",
        "office",
        "--version",
        "1",
    ]);
    let approved = run(approve.arg("--json")).ok();
    let approved: ApproveHolidaysResponse = serde_json::from_str(&approved).unwrap();
    assert_eq!(approved.calendar.unwrap().version, 2);
    let calendar = run(&mut server.client(["calendars", "show", "office"])).ok();
    assert!(calendar.contains("2028-12-25 Christmas"), "{calendar}");

    let mut reject = server.client([
        "calendars",
        "holidays",
        "reject",
        "office",
        "--version",
        "2",
    ]);
    let refused = run(&mut reject).fails(1);
    assert!(refused.contains("approved or rejected"), "{refused}");
    let mut stage = server.client(["calendars", "holidays", "stage", "office", "-"]);
    let refused = run_with(&mut stage, b"<html>").fails(1);
    assert!(refused.contains("line 1: "), "{refused}");
    let refused = run_with(&mut stage, b"\xffBEGIN").fails(1);
    assert!(refused.contains("UTF-8"), "{refused}");
}
