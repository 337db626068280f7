//! Who may call what: the table, the descriptors and `docs/permissions.md` say the same.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_proto::DESCRIPTORS;
use aftercall_service::{Access, Permissions, Role};
use prost::Message;
use prost_types::FileDescriptorSet;

/// The roles of each method, by its service and name, as in `HistoryService/GetInteraction`.
type Table = BTreeMap<String, BTreeSet<&'static str>>;

/// A method's path without its package.
fn short(path: &str) -> String {
    let (_, short) = path.rsplit_once('.').expect("a service in a package");
    short.to_owned()
}

fn names(roles: &[Role]) -> BTreeSet<&'static str> {
    roles.iter().map(|role| role.name()).collect()
}

#[test]
fn every_method_has_a_row_and_every_row_is_a_method() {
    let described = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
    let mut methods = BTreeSet::new();
    for file in &described.file {
        for service in &file.service {
            let service_name = format!("{}.{}", file.package(), service.name());
            let paths = service.method.iter();
            methods.extend(paths.map(|method| format!("/{service_name}/{}", method.name())));
        }
    }
    assert!(!methods.is_empty());
    let permissions = Permissions::default();
    let rows: BTreeSet<_> = permissions
        .iter()
        .map(|(path, _)| path.to_owned())
        .collect();
    assert_eq!(rows, methods);
    for (path, roles) in permissions.iter() {
        assert!(!roles.is_empty(), "nobody may call {path}");
        assert_eq!(roles.len(), names(roles).len(), "{path} names a role twice");
    }
}

#[test]
fn the_page_has_the_same_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/permissions.md");
    let page = std::fs::read_to_string(path).expect("docs/permissions.md is there");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let mut written = Table::new();
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let roles = cells[1].split(',').map(|role| {
            let role: Role = role.trim().parse().unwrap();
            role.name()
        });
        let twice = written.insert(cells[0].replace('`', ""), roles.collect());
        assert_eq!(twice, None, "two rows for {}", cells[0]);
    }
    let permissions = Permissions::default();
    let table: Table = permissions
        .iter()
        .map(|(path, roles)| (short(path), names(roles)))
        .collect();
    assert_eq!(written, table);
}

#[test]
fn the_page_says_how_far_each_role_reaches() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/permissions.md");
    let page = std::fs::read_to_string(path).expect("docs/permissions.md is there");
    let (_, table) = page.split_once("| roles | reach |").expect("the table");
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut written = BTreeMap::new();
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        for role in cells[0].split(", ") {
            let role: Role = role.parse().unwrap();
            assert_eq!(written.insert(role.name(), cells[1]), None, "{role} twice");
        }
    }
    let roles = Role::ALL.iter();
    let reaches = roles.map(|role| (role.name(), Access::default().reach(*role).name()));
    assert_eq!(written, reaches.collect());
}

#[test]
fn who_administers_reads_no_word_of_a_customer() {
    let permissions = Permissions::default();
    let mut open: Vec<_> = permissions
        .iter()
        .filter(|(_, roles)| roles.contains(&Role::TenantAdmin))
        .map(|(path, _)| short(path))
        .collect();
    open.sort();
    assert_eq!(
        open,
        [
            // Of labels that the caller gives, and tells receivers alone.
            "AlertService/TestRoute",
            "CalendarFeedService/ListCalendarFeeds",
            "CalendarFeedService/RevokeCalendarFeed",
            "FollowupService/PreviewDue",
            // Tells ids and dues alone.
            "FollowupService/RetargetOpen",
            "MailService/TestMail",
            "SettingsService/ApproveHolidays",
            "SettingsService/ChangeSettings",
            "SettingsService/GetSetting",
            "SettingsService/ListSettingVersions",
            "SettingsService/ListSettings",
            "SettingsService/RejectHolidays",
            "SettingsService/ShadowPolicies",
            "SettingsService/StageHolidays",
            "WebhookService/CreateWebhook",
            "WebhookService/GetWebhook",
            "WebhookService/ListWebhookDeliveries",
            "WebhookService/ListWebhooks",
            "WebhookService/ReplayWebhook",
            "WebhookService/RotateWebhookKey",
            "WebhookService/TestWebhook",
            "WebhookService/UpdateWebhook",
        ]
    );
}
