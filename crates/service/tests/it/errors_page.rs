//! `docs/errors.md` and the code say the same.

use std::collections::BTreeMap;

use aftercall_domain::violation;
use aftercall_service::Reason;

/// The cells of the table under `heading`, by their first.
fn rows(heading: &str) -> BTreeMap<String, Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    let page = std::fs::read_to_string(path).expect("docs/errors.md is there");
    let section = page
        .split("\n## ")
        .find(|section| section.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("docs/errors.md has no section {heading}"));
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect()
    });
    let mut table = BTreeMap::new();
    for row in cells.collect::<Vec<Vec<String>>>() {
        assert!(
            row.iter().all(|cell| !cell.is_empty()),
            "an empty cell in {row:?}"
        );
        let twice = table.insert(row[0].clone(), row[1..].to_vec());
        assert!(twice.is_none(), "two rows for {row:?}");
    }
    table
}

#[test]
fn every_reason_has_a_row_with_its_code_and_a_remedy() {
    let rows = rows("Reasons");
    let page: BTreeMap<_, _> = rows
        .iter()
        .map(|(reason, cells)| (reason.as_str(), cells[0].replace('_', "")))
        .collect();
    let code: BTreeMap<_, _> = Reason::ALL
        .iter()
        .map(|reason| (reason.name(), format!("{:?}", reason.code()).to_uppercase()))
        .collect();
    assert_eq!(page, code);
    for (reason, cells) in rows {
        assert_eq!(cells.len(), 3, "{reason}: code, meaning, remedy");
    }
}

#[test]
fn every_reason_of_a_field_has_a_row() {
    let rows = rows("Fields");
    let page: Vec<_> = rows.keys().map(String::as_str).collect();
    let mut code: Vec<_> = violation::Reason::ALL
        .iter()
        .map(|reason| reason.as_str())
        .collect();
    code.sort_unstable();
    assert_eq!(page, code);
}
