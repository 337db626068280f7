//! What users of such systems reported, from the record to what is shown, by the command line: each of
//! these inputs has gone wrong somewhere, and so have its neighbours.

use aftercall_service::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::command::{Done, Server, Site, aftercall, line, run, run_with};

/// A contact of now, of this customer, with `more` in place of what it has.
fn contact(number: u64, customer: &Value, more: &Value) -> Value {
    let mut row: Value = serde_json::from_str(&line(number, "")).unwrap();
    let contact = row["interaction"].as_object_mut().unwrap();
    let now = SystemClock::new().now().to_string();
    contact.insert("occurredAt".to_owned(), now.into());
    contact.insert("customer".to_owned(), customer.clone());
    contact.extend(more.as_object().unwrap().clone());
    if contact.contains_key("commitments") {
        contact.remove("noFollowUpPromised");
    }
    row
}

fn of(customer_id: &str) -> Value {
    json!({"customerId": customer_id})
}

/// A promise for tomorrow.
fn promise(id: &str, text: &str) -> Value {
    let due = SystemClock::new().now() + std::time::Duration::from_secs(86_400);
    let promise = json!({
        "commitmentId": id,
        "kind": "COMMITMENT_KIND_CALL_BACK",
        "promiseText": text,
        "toldToCustomer": true,
        "promisedBy": due.to_string(),
        "owner": {"queueId": "callbacks"},
    });
    json!({"commitments": [promise]})
}

fn record(server: &Server, row: &Value) -> Done {
    let mut record = server.client(["record", "-", "--json"]);
    run_with(&mut record, row.to_string().as_bytes())
}

fn recorded(server: &Server, row: &Value) -> Value {
    record(server, row).messages().remove(0)
}

/// How many a list or a search finds.
fn total(server: &Server, args: &[&str]) -> u64 {
    let mut list = aftercall([]);
    list.args(args)
        .args(["--json", "--server", server.said("grpc")]);
    let answer = run(&mut list).messages().pop().unwrap();
    let total = answer.get("totalSize");
    total.map_or(0, |total| total.as_str().unwrap().parse().unwrap())
}

const PROMISE: &str = "5b0f7c2e-1d3a-4c55-9e0a-7a1b2c3d4e5f";

#[test]
fn one_name_is_one_things_and_found_in_every_spelling() {
    let server = Server::start();
    let first = contact(1, &of("C-1"), &promise(&PROMISE.to_uppercase(), "first"));
    let first = recorded(&server, &first);
    let id = first["interactionId"].as_str().unwrap();
    for (number, spelled) in [(2, PROMISE.to_owned()), (3, PROMISE.replace('-', ""))] {
        let again = contact(number, &of("C-1"), &promise(&spelled, "second"));
        let refused = record(&server, &again).fails(1);
        assert!(
            refused.contains("commitments[0].commitment_id"),
            "{refused}"
        );
        assert!(refused.contains(id), "{refused}");
    }
    assert_eq!(total(&server, &["followups", "list"]), 1);
    for spelled in [
        PROMISE.to_owned(),
        PROMISE.to_uppercase(),
        format!("{{{PROMISE}}}"),
        format!("urn:uuid:{PROMISE}"),
    ] {
        let shown = run(&mut server.client(["followups", "show", &spelled])).ok();
        assert!(shown.contains("first"), "{shown}");
    }
    for spelled in [id.to_uppercase(), id.replace('-', "")] {
        assert!(
            run(&mut server.client(["show", &spelled]))
                .ok()
                .contains(id)
        );
    }

    // One reference, with an id and without, is one contact.
    let without = contact(4, &of("C-2"), &json!({}));
    let mut with = without.clone();
    with["interaction"]["interactionId"] = json!("a09b9f47-7e16-4e46-9042-df487cf1b3e0");
    recorded(&server, &with);
    assert_eq!(recorded(&server, &with)["alreadyRecorded"], true);
    let refused = record(&server, &without).fails(1);
    let named = "external_ref: names contact a09b9f47-7e16-4e46-9042-df487cf1b3e0";
    assert!(refused.contains(named), "{refused}");
    assert_eq!(total(&server, &["timeline", "C-2"]), 1);
}

#[test]
fn any_words_are_shown_and_found() {
    let server = Server::start();
    let texts = [
        ("Λάθος λογαριασμός από την Αθήνα", "ΑΘΗΝΑ"),
        ("Λάθος λογαριασμός", "λαθος"),
        ("Έλεγξε τους δρόμους", "ΔΡΟΜΟΥΣ"),
        (
            "\u{1112}\u{116a}\u{11ab}\u{1107}\u{116e}\u{11af}을 요청",
            "환불을",
        ),
        ("\u{30cf}\u{3099}\u{30af}\u{3099}", "バグ"),
        ("\u{ff8a}\u{ff9e}\u{ff78}\u{ff9e} report", "バグ"),
        ("Андре\u{438}\u{306}", "Андрей"),
        ("ещё раз", "еще"),
        ("Die Rech\u{ad}nung ist falsch", "Rechnung"),
        ("pass\u{200b}word lost", "password"),
        ("line one\r\nline two\u{b}", "\"one line\""),
        ("שָׁלוֹם", "שלום"),
    ];
    for (number, (text, words)) in (1..).zip(texts) {
        let more = json!({"handling": {"summary": text}});
        let row = contact(number, &of(&format!("T-{number}")), &more);
        let answer = recorded(&server, &row);
        let warned = answer.get("warnings").is_some();
        assert_eq!(warned, text.contains('\u{b}'), "{answer}");
        let customer = format!("T-{number}");
        let found = total(&server, &["search", "--customer", &customer, words]);
        assert_eq!(found, 1, "{words} in {text}");
    }
    for (number, text) in (1..).zip([
        "❤️ thanks",
        "1️⃣ first",
        "🇩🇪🇫🇷",
        "👩‍👩‍👧‍👦 family",
        "שלום עולם",
        "e\u{301}\u{301}\u{301}",
    ]) {
        let id = format!("00000000-0000-4000-8000-00000000000{number}");
        let row = contact(100 + number, &of("EMOJI"), &promise(&id, text));
        recorded(&server, &row);
    }
    let table = run(&mut server.client(["followups", "list"])).ok();
    assert_eq!(table.lines().count(), 7, "{table}");
}

#[test]
fn anybody_may_call_and_is_found_by_what_is_known() {
    let server = Server::start();
    let by = |kind: &str, value: &str| json!({"handles": [{"kind": format!("HANDLE_KIND_{kind}"), "value": value}]});
    let withheld = json!({
        "matchStatus": "MATCH_STATUS_ANONYMOUS",
        "handles": [{"kind": "HANDLE_KIND_TELEPHONE", "value": "anonymous"}],
    });
    for number in [1, 2] {
        recorded(&server, &contact(number, &withheld, &json!({})));
    }
    assert_eq!(
        total(&server, &["timeline", "--handle", "anonymous"]),
        0,
        "nobody's name"
    );
    assert_eq!(total(&server, &["search"]), 2);
    for (number, (kind, value)) in (3..).zip([
        ("MAIL", "who@example.org"),
        ("CHAT", "@visitor-77"),
        ("SOCIAL", "reviewer"),
        ("TELEPHONE", "22033"),
        ("TELEPHONE", "12"),
    ]) {
        recorded(&server, &contact(number, &by(kind, value), &json!({})));
        for list in ["timeline", "search"] {
            assert_eq!(
                total(&server, &[list, "--handle", value]),
                1,
                "{list} {value}"
            );
        }
        let context = run(&mut server.client(["context", "--handle", value])).ok();
        assert!(context.contains(": 1 contacts"), "{context}");
    }

    // Who was promised something is called back, under a number that is found however it is spelled.
    let unknown = by("TELEPHONE", "+4930999001");
    recorded(
        &server,
        &contact(20, &unknown, &promise(PROMISE, "call back")),
    );
    for spelled in [
        "030 999001",
        "+4930999001",
        "0049 30 999001",
        "(030) 999-001",
    ] {
        let list = run(&mut server.client(["followups", "list", "--handle", spelled])).ok();
        assert!(list.contains("+4930999001"), "{spelled}: {list}");
        assert_eq!(total(&server, &["timeline", "--handle", spelled]), 1);
    }
}

#[test]
fn each_of_several_customers_is_shown_a_contact_until_one_is_named() {
    let server = Server::start();
    let shared = json!({
        "matchStatus": "MATCH_STATUS_AMBIGUOUS",
        "candidateCustomerIds": ["SH-1", "SH-2"],
        "handles": [{"kind": "HANDLE_KIND_TELEPHONE", "value": "+4930111222"}],
    });
    let answer = recorded(&server, &contact(30, &shared, &json!({})));
    for customer in ["SH-1", "SH-2"] {
        for command in ["context", "timeline"] {
            let shown = run(&mut server.client([command, customer])).ok();
            assert!(shown.contains("one of several customers"), "{shown}");
        }
    }
    let id = answer["interactionId"].as_str().unwrap();
    let mut identify = server.client(["identify", id, "--customer", "SH-2"]);
    run(identify.args(["--reason", "called back"])).ok();
    let own = run(&mut server.client(["context", "SH-2"])).ok();
    assert!(own.contains("Customer SH-2: 1 contacts\n"), "{own}");
    assert!(!own.contains("one of several"), "{own}");
    let other = run(&mut server.client(["context", "SH-1"])).ok();
    assert_eq!(other, "no contact with customer SH-1\n");
}

#[test]
fn what_is_wrong_is_said_once_and_with_its_field() {
    let server = Server::start();
    let due_less = json!({"commitments": [{
        "kind": "COMMITMENT_KIND_CALL_BACK",
        "promisedNotBefore": "2026-12-01T00:00:00Z",
    }]});
    let far = json!({"segments": [{
        "kind": "SEGMENT_KIND_AGENT",
        "answeredAt": "2199-01-01T00:00:00Z",
    }]});
    for (customer, more, field) in [
        (
            of("C-1"),
            due_less,
            "interaction.commitments[0].promised_by",
        ),
        (of("C-1"), far, "interaction.segments[0].answered_at"),
        (of("C-1 "), json!({}), "interaction.customer.customer_id"),
        (of(" C-1"), json!({}), "interaction.customer.customer_id"),
        (
            of("C\u{200b}-1"),
            json!({}),
            "interaction.customer.customer_id",
        ),
        (of("C-1\t"), json!({}), "interaction.customer.customer_id"),
        (
            of("\u{3164}"),
            json!({}),
            "interaction.customer.customer_id",
        ),
    ] {
        let refused = record(&server, &contact(1, &customer, &more)).fails(1);
        let told = refused
            .lines()
            .filter(|line| line.starts_with("  interaction"));
        let told: Vec<_> = told.collect();
        assert_eq!(told.len(), 1, "{refused}");
        assert!(told[0].starts_with(&format!("  {field}: ")), "{refused}");
    }
    // What a CRM calls its customers is its own business.
    for (number, customer) in (1..).zip(["auth0|5f7c", "a/b%20c", "客户 7", "Ünï-1"]) {
        recorded(&server, &contact(number, &of(customer), &json!({})));
        assert_eq!(total(&server, &["timeline", customer]), 1, "{customer}");
    }
}

#[test]
fn two_ways_of_solving_are_one_only_if_they_read_alike() {
    let server = Server::start();
    let ways = [
        (
            "sign",
            &[
                "Give 10% off",
                "Give 10 off",
                "Give $10 off",
                "Give -10 off",
            ][..],
            4,
        ),
        ("name", &["Use C++", "Use C#", "Use C"], 3),
        (
            "form",
            &["Gerät zurücksetzen", "Gera\u{308}t zuru\u{308}cksetzen"],
            1,
        ),
    ];
    let mut number = 0;
    for (code, resolutions, expected) in ways {
        for resolution in resolutions {
            number += 1;
            let more = json!({
                "contactReasons": [{
                    "code": code,
                    "primary": true,
                    "resolution": "REASON_RESOLUTION_RESOLVED",
                }],
                "handling": {"resolution": resolution},
            });
            recorded(&server, &contact(number, &of("C-1"), &more));
        }
        let candidates = total(&server, &["solutions", "candidates", "--reason", code]);
        assert_eq!(candidates, expected, "{code}");
    }
}

#[test]
fn a_customer_is_found_by_a_part_of_a_name_and_by_one_that_was_had_before() {
    let server = Server::start();
    let named = |name: &str| {
        let number = json!([{"kind": "HANDLE_KIND_TELEPHONE", "value": "+49 30 999001"}]);
        json!({"customerId": "C-7", "displayName": name, "handles": number})
    };
    let before = contact(1, &named("Anna Schulz"), &json!({}));
    recorded(&server, &before);
    let now = contact(2, &named("Anna Meier"), &promise(PROMISE, "first"));
    recorded(&server, &now);

    for words in [&["mei", "ANN"][..], &["030 999001"], &["C-7"]] {
        let mut find = server.client(["customers", "find"]);
        let shown = run(find.args(words)).ok();
        assert!(shown.contains("C-7") && shown.contains("Anna Meier"));
        assert!(!shown.contains("Schulz"), "{shown}");
    }
    let mut find = server.client(["customers", "find", "schulz", "--json"]);
    let found = run(&mut find).messages().remove(0);
    assert_eq!(found["displayName"], "Anna Meier");
    assert_eq!(found["matchedName"], "Anna Schulz");
    assert_eq!(found["interactionCount"], "2");
    assert_eq!(found["openCommitmentCount"], 1);
    let nobody = run(&mut server.client(["customers", "find", "weber"])).ok();
    assert_eq!(nobody.trim(), "no customer is found by weber");
    let refused = run(&mut server.client(["customers", "find", "w"])).fails(1);
    assert!(refused.contains("text: is too short"), "{refused}");
}

#[test]
fn the_agents_of_all_parts_find_a_contact() {
    let server = Server::start();
    let more = json!({
        "agentId": "z.last",
        "occurredAt": "2026-11-20T09:00:00Z",
        "endedAt": "2026-11-20T09:20:00Z",
        "segments": [
            {
                "segmentId": "1",
                "kind": "SEGMENT_KIND_AGENT",
                "agentId": "y.first",
                "answeredAt": "2026-11-20T09:00:10Z",
                "endedAt": "2026-11-20T09:05:00Z",
                "transfer": {"kind": "TRANSFER_KIND_WARM", "to": "z.last"},
            },
            {
                "segmentId": "2",
                "kind": "SEGMENT_KIND_AGENT",
                "agentId": "z.last",
                "answeredAt": "2026-11-20T09:05:00Z",
                // The clocks of two systems: a few seconds are nothing.
                "endedAt": "2026-11-20T09:20:05Z",
            },
        ],
    });
    let answer = recorded(&server, &contact(1, &of("SEG-1"), &more));
    for (agent, found) in [("y.first", 1), ("z.last", 1), ("x.none", 0)] {
        assert_eq!(
            total(&server, &["search", "--agent", agent]),
            found,
            "{agent}"
        );
    }
    let id = answer["interactionId"].as_str().unwrap();
    let shown = run(&mut server.client(["show", id])).ok();
    assert!(shown.contains("y.first, 2026-11-20 10:00:10"), "{shown}");
    assert!(shown.contains("warm transfer to z.last"), "{shown}");
}
