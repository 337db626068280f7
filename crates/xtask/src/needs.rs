//! What the build, some tests and some benchmarks need of the machine: how to see that it is there, and
//! how to get it.

use std::process::Command;

use anyhow::bail;

use crate::command;

/// Something that is needed beyond Cargo.
#[derive(Debug)]
pub(crate) struct Need {
    /// What it is called in messages.
    pub(crate) name: &'static str,
    /// The build, tests with this in their name, or the benchmark of this name, can't do without it.
    pub(crate) of: &'static str,
    /// What to do where it can't be installed from here.
    pub(crate) remedy: &'static str,
    /// Debian's package, where there is one.
    package: Option<&'static str>,
    present: fn() -> bool,
}

/// What tests that need something have in their names.
pub(crate) const TESTS: &[&str] = &[
    "needs_root",
    "needs_strace",
    "needs_kafka",
    "needs_smtp",
    "needs_python",
];

/// What librdkafka is built with: what `crates/log/build.rs` looks for, too.
const BUILD: &str = "build";

const ALL: &[Need] = &[
    Need {
        name: "a compiler for C++",
        of: BUILD,
        remedy: "install the package g++",
        package: Some("g++"),
        present: || command::succeeds("c++", ["--version"]),
    },
    Need {
        name: "CMake and make",
        of: BUILD,
        remedy: "install the packages cmake and make",
        package: Some("cmake"),
        present: || {
            command::succeeds("cmake", ["--version"]) && command::succeeds("make", ["--version"])
        },
    },
    Need {
        name: "pkg-config",
        of: BUILD,
        remedy: "install the package pkg-config",
        package: Some("pkg-config"),
        present: || command::succeeds("pkg-config", ["--version"]),
    },
    Need {
        name: "OpenSSL's headers",
        of: BUILD,
        remedy: "install the package libssl-dev",
        package: Some("libssl-dev"),
        present: || command::succeeds("pkg-config", ["--exists", "openssl"]),
    },
    Need {
        name: "root, with loop devices",
        of: "needs_root",
        remedy: "run `cargo xtask test` as root on a machine with /dev/loop-control",
        package: None,
        present: || rustix::process::geteuid().is_root() && exists("/dev/loop-control"),
    },
    Need {
        name: "mkfs.ext4 and losetup",
        of: "needs_root",
        remedy: "install the packages e2fsprogs and mount",
        package: Some("e2fsprogs"),
        present: || {
            command::succeeds("mkfs.ext4", ["-V"]) && command::succeeds("losetup", ["--version"])
        },
    },
    Need {
        name: "strace",
        of: "needs_strace",
        remedy: "install the package strace, and allow ptrace",
        package: Some("strace"),
        present: || command::succeeds("strace", ["-o", "/dev/null", "true"]),
    },
    Need {
        name: "Java 17 or later",
        of: "needs_kafka",
        remedy: "install the package default-jre-headless",
        package: Some("default-jre-headless"),
        present: || command::succeeds("java", ["--version"]),
    },
    Need {
        name: "Maven",
        of: "needs_kafka",
        remedy: "install the package maven",
        package: Some("maven"),
        present: || command::succeeds("mvn", ["--version"]),
    },
    Need {
        name: "Python 3 with venv",
        of: "needs_smtp",
        remedy: "install the package python3-venv",
        package: Some("python3-venv"),
        present: || command::succeeds("python3", ["-c", "import ensurepip, venv"]),
    },
    Need {
        name: "Python 3",
        of: "needs_python",
        remedy: "install the package python3",
        package: Some("python3"),
        present: || command::succeeds("python3", ["--version"]),
    },
    Need {
        name: "Node 20.19 or later, with npm",
        of: "console",
        remedy: "install Node from nodejs.org or your distribution",
        package: Some("npm"),
        present: || {
            command::succeeds("node", ["--version"]) && command::succeeds("npm", ["--version"])
        },
    },
    Need {
        name: "Chromium",
        of: "console --browser",
        remedy: "install the package chromium",
        package: Some("chromium"),
        present: || command::succeeds("chromium", ["--version"]),
    },
    Need {
        name: "the font DejaVu Sans",
        of: "console --browser",
        remedy: "install the package fonts-dejavu-core",
        package: Some("fonts-dejavu-core"),
        present: || exists("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    },
    Need {
        name: "PostgreSQL's server",
        of: "record",
        remedy: "install the package postgresql",
        package: Some("postgresql"),
        present: || exists("/usr/lib/postgresql"),
    },
    Need {
        name: "PostgreSQL's server",
        of: "timers",
        remedy: "install the package postgresql",
        package: Some("postgresql"),
        present: || exists("/usr/lib/postgresql"),
    },
    Need {
        name: "Python 3 with venv",
        of: "insight",
        remedy: "install the package python3-venv",
        package: Some("python3-venv"),
        present: || command::succeeds("python3", ["-c", "import ensurepip, venv"]),
    },
];

fn exists(path: &str) -> bool {
    std::path::Path::new(path).exists()
}

/// Provides for the build and all tests; what is missing for the build is a failure.
pub(crate) fn run() -> anyhow::Result<()> {
    let missing = provide(&[&[BUILD], TESTS].concat());
    for Need {
        name, of, remedy, ..
    } in &missing
    {
        eprintln!("missing for {of}: {name}; {remedy}");
    }
    if missing.iter().any(|need| need.of == BUILD) {
        bail!("what the build needs is missing");
    }
    Ok(())
}

/// Installs what is missing for `users`, which are the build, tests' markers or benchmarks, where that
/// is possible; returns what is still missing.
pub(crate) fn provide(users: &[&str]) -> Vec<&'static Need> {
    let wanted = ALL.iter().filter(|need| users.contains(&need.of));
    let mut missing: Vec<_> = wanted.filter(|need| !(need.present)()).collect();
    if missing.iter().any(|need| need.package.is_some()) && may_install() {
        let packages = missing.iter().filter_map(|need| need.package);
        let mut install = Command::new("apt-get");
        install
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        let updated = command::run(Command::new("apt-get").args(["update", "--quiet"]));
        if let Err(error) = updated.and_then(|()| command::run(&mut install)) {
            eprintln!("warning: {error:#}");
        }
        missing.retain(|need| !(need.present)());
    }
    missing
}

fn may_install() -> bool {
    rustix::process::geteuid().is_root() && command::succeeds("apt-get", ["--version"])
}
