//! What the command says of itself. Run with `ACCEPT=1` to take over a change.

use std::path::PathBuf;

use crate::command::{aftercall, run};

/// Every command, as it is asked for help.
const COMMANDS: &[&str] = &[
    "",
    "serve",
    "config",
    "demo",
    "record",
    "import",
    "connect",
    "connect asterisk",
    "connect amazon-connect",
    "amend",
    "identify",
    "merge",
    "unmerge",
    "customers",
    "customers find",
    "timeline",
    "context",
    "show",
    "search",
    "export",
    "export verify",
    "export key",
    "sentiment",
    "sentiment score",
    "sentiment add",
    "followups",
    "followups list",
    "followups count",
    "followups watch",
    "followups show",
    "followups preview",
    "followups explain",
    "followups make",
    "followups end-series",
    "followups fulfil",
    "followups cancel",
    "followups reschedule",
    "followups attempt",
    "followups pause",
    "followups resume",
    "followups reassign",
    "followups reassign-all",
    "followups accept",
    "followups decline",
    "followups confirm",
    "followups dismiss",
    "followups ask-waiver",
    "followups waive",
    "followups decline-waiver",
    "followups supersede",
    "alerts",
    "alerts list",
    "alerts watch",
    "alerts ack",
    "alerts snooze",
    "alerts close",
    "alerts explain",
    "alerts test-route",
    "insight",
    "insight aggregate",
    "insight kept",
    "insight effort",
    "insight feelings",
    "insight fair-clocks",
    "insight struggles",
    "insight evidence",
    "insight problems",
    "insight problems list",
    "insight problems show",
    "insight problems create",
    "insight problems update",
    "insight problems improve",
    "insight problems measure",
    "insight problems history",
    "insight drivers",
    "insight repeats",
    "insight slipups",
    "insight contacts",
    "insight cause",
    "taxonomies",
    "taxonomies shipped",
    "call-policies",
    "synonyms",
    "calls",
    "calls watch",
    "calls report",
    "calls incomplete",
    "calls judge",
    "calls wrap-up",
    "solutions",
    "solutions suggest",
    "solutions search",
    "solutions report-search",
    "solutions struggles",
    "solutions report",
    "solutions links",
    "solutions judge-link",
    "solutions candidates",
    "solutions candidate",
    "solutions claim",
    "solutions release",
    "solutions put-off",
    "solutions reject",
    "solutions merge-into",
    "solutions capture",
    "solutions promote",
    "solutions draft",
    "solutions edit",
    "solutions submit",
    "solutions review",
    "solutions take-back",
    "solutions discard",
    "solutions approve",
    "solutions publish",
    "solutions rollback",
    "solutions retire",
    "solutions restore",
    "solutions merge",
    "solutions unmerge",
    "solutions list",
    "solutions show",
    "solutions versions",
    "solutions diff",
    "solutions changes",
    "calendars",
    "calendars list",
    "calendars show",
    "calendars versions",
    "calendars set",
    "calendars retire",
    "calendars holidays",
    "calendars holidays stage",
    "calendars holidays list",
    "calendars holidays show",
    "calendars holidays approve",
    "calendars holidays reject",
    "policies",
    "policies set",
    "policies shadow",
    "policies retarget",
    "escalations",
    "teams",
    "receivers",
    "silences",
    "silences create",
    "webhooks",
    "webhooks create",
    "webhooks list",
    "webhooks show",
    "webhooks test",
    "webhooks rotate",
    "webhooks disable",
    "webhooks enable",
    "webhooks deliveries",
    "webhooks dead",
    "webhooks replay",
    "health",
    "backup",
    "restore",
    "model",
    "model fetch",
    "model import",
    "model status",
    "log",
    "log init",
    "log copy",
    "log cat",
    "log stats",
    "log verify",
    "log repair",
];

#[test]
fn the_help_is_what_was_agreed() {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/help.txt");
    let mut text = String::new();
    for command in COMMANDS {
        let mut help = aftercall([]);
        help.args(command.split_whitespace())
            .arg("--help")
            .env("COLUMNS", "100");
        text.push_str(&format!(
            "$ aftercall {command} --help\n{}\n",
            run(&mut help).ok()
        ));
    }
    if std::env::var_os("ACCEPT").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    let agreed = std::fs::read_to_string(&golden).unwrap();
    assert!(
        text == agreed,
        "the help has changed: see it with ACCEPT=1 and git diff\n{text}"
    );
}

#[test]
fn wrong_usage_ends_with_2() {
    for wrong in [
        &["serch"][..],
        &["search", "--limit", "many"],
        &["followups", "fulfil"],
        &["identify", "contact", "--reason", "said so"],
        &[
            "identify",
            "contact",
            "--reason",
            "x",
            "--nobody",
            "--customer",
            "C-1",
        ],
        &["identify", "contact", "--customer", "C-1"],
        &["merge", "C-1", "--reason", "the same address"],
        &["unmerge", "C-1", "C-2"],
    ] {
        let error = run(aftercall([]).args(wrong)).fails(2);
        assert!(
            error.contains("Usage") || error.contains("--help"),
            "{wrong:?}: {error}"
        );
    }
    let mut list = aftercall(["followups", "list", "--due-before", "soon"]);
    let error = run(&mut list).fails(2);
    assert!(error.contains("2026-11-22"), "{error}");
}
