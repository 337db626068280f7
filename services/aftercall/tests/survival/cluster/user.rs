//! A user of a replica's own, by whom the kernel can tell its traffic from all other.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The first of the numbers that are drawn: above those that systems give to people and services,
/// and all of them below the one of nobody.
const FIRST: u32 = 61_200;
/// Two runs on one machine begin apart, or one would cut off the other's: with so many numbers each.
const OF_A_RUN: u32 = 200;
const RUNS: u32 = 20;

/// How many were drawn by this process.
static DRAWN: AtomicU32 = AtomicU32::new(0);

/// A number that nobody else has; none needs to be known to the system.
#[derive(Debug)]
pub(super) struct User(u32);

impl User {
    /// One that was not drawn before; none where this process may not run others as somebody else,
    /// or not route their traffic.
    pub(super) fn draw() -> Option<Self> {
        let run = std::process::id() % RUNS;
        let drawn = DRAWN.fetch_add(1, Ordering::Relaxed) % OF_A_RUN;
        let user = Self(FIRST + run * OF_A_RUN + drawn);
        let [program, rest @ ..] = user.command();
        let mut may = Command::new(program);
        may.args(rest)
            .args([env!("CARGO_BIN_EXE_aftercall"), "--version"]);
        (succeeds(&mut may) && succeeds(Command::new("ip").args(["rule", "list"]))).then_some(user)
    }

    /// Gives it the new directory `data`, and says by what command a program is run as this user.
    pub(super) fn owner_of(&self, data: &Path) -> Vec<String> {
        let parent = data.parent().expect("a directory for it");
        let passable = fs::Permissions::from_mode(0o711);
        fs::set_permissions(parent, passable).expect("a directory of ours");
        fs::create_dir(data).expect("a new directory");
        chown(data, Some(self.0), Some(self.0)).expect("a new owner");
        self.command().into()
    }

    fn command(&self) -> [String; 6] {
        let number = self.0.to_string();
        let words = ["setpriv", "--reuid", &number, "--regid", &number];
        let [program, reuid, user, regid, group] = words.map(str::to_owned);
        [
            program,
            reuid,
            user,
            regid,
            group,
            "--clear-groups".to_owned(),
        ]
    }

    /// Loses all that it sends to other machines.
    pub(super) fn cut_off(&self) {
        self.rule("add");
    }

    /// Ends that.
    pub(super) fn connect(&self) {
        self.rule("del");
    }

    fn rule(&self, change: &str) {
        let range = format!("{0}-{0}", self.0);
        let mut rule = Command::new("ip");
        rule.args(["rule", change, "uidrange", &range]);
        rule.args(["priority", &self.0.to_string(), "blackhole"]);
        assert!(succeeds(&mut rule), "{rule:?}");
        assert!(succeeds(
            Command::new("ip").args(["route", "flush", "cache"])
        ));
    }
}

impl Drop for User {
    fn drop(&mut self) {
        // A test that fails must not leave it behind; most were ended before.
        let mut rule = Command::new("ip");
        rule.args(["rule", "del", "priority", &self.0.to_string()]);
        succeeds(&mut rule);
    }
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
