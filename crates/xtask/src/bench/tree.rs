//! Another commit's sources and what is built of them, below `target/`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::command;

/// A commit that is checked out beside this one. There is one such tree, and one directory of what was
/// built in it: of the commit after it, only what differs is built.
#[derive(Debug)]
pub(super) struct Tree {
    /// The commit, as `git log --oneline` shortens it.
    pub(super) commit: String,
    sources: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Checks `commit` out.
    pub(super) fn of(commit: &str) -> anyhow::Result<Self> {
        let root = crate::root();
        let exact = format!("{commit}^{{commit}}");
        let Ok(full) = git(&root, &["rev-parse", "--verify", "--quiet", &exact]) else {
            bail!("{commit} is no commit of this repository; fetch it, or name another one");
        };
        let short = git(&root, &["rev-parse", "--short", &full])?;
        let place = root.join("target/against");
        let sources = place.join("tree");
        let path = sources.to_str().context("the path is not text")?;
        if sources.join("Cargo.toml").exists() {
            let out = ["checkout", "--quiet", "--force", "--detach", &full];
            git(&sources, &out)?;
        } else {
            // It may be known from a target directory that was deleted since.
            git(&root, &["worktree", "prune"])?;
            git(
                &root,
                &["worktree", "add", "--force", "--detach", path, &full],
            )?;
        }
        Ok(Self {
            commit: short,
            sources,
            target: place.join("target"),
        })
    }

    /// `cargo` in this tree.
    pub(super) fn cargo(&self) -> Command {
        let mut cargo = command::cargo();
        cargo.current_dir(&self.sources);
        cargo.env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}

/// What git answers, without the line's end.
fn git(dir: &PathBuf, args: &[&str]) -> anyhow::Result<String> {
    let answered = Command::new("git").current_dir(dir).args(args).output();
    let answered = answered.context("can't start git")?;
    if !answered.status.success() {
        let said = String::from_utf8_lossy(&answered.stderr);
        bail!("git {} failed: {}", args.join(" "), said.trim());
    }
    Ok(String::from_utf8(answered.stdout)?.trim().to_owned())
}
