//! Looks for what librdkafka is built with, and says in one line what to install. Cargo runs this in the
//! first moments of a build, long before librdkafka's own build would say it in many.

use std::env;
use std::process::{Command, Stdio};

/// What gets all of it.
const REMEDY: &str = "on Debian `apt-get install cmake g++ libssl-dev make pkg-config`, on Fedora \
    `dnf install cmake gcc-c++ make openssl-devel pkgconf`; or build without the log on Kafka, by \
    `--no-default-features`";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_set = |name: &str| env::var_os(name).is_some();
    // For another system, only who asks for it knows what there is.
    if !is_set("CARGO_FEATURE_KAFKA") || env::var_os("HOST") != env::var_os("TARGET") {
        return;
    }
    let mut missing = Vec::new();
    if !is_set("CXX") && !runs("c++", &["--version"]) {
        missing.push("a compiler for C++");
    }
    for tool in ["cmake", "make"] {
        if !runs(tool, &["--version"]) {
            missing.push(tool);
        }
    }
    if is_set("CARGO_FEATURE_VENDORED_OPENSSL") {
        // Debian's smallest Perl lacks what OpenSSL's own configuration uses.
        if !runs("perl", &["-MFindBin", "-MIPC::Cmd", "-MTime::Piece", "-e1"]) {
            missing.push("perl with its modules");
        }
    } else if !is_set("OPENSSL_DIR")
        && !is_set("OPENSSL_LIB_DIR")
        && !runs("pkg-config", &["--exists", "openssl"])
    {
        missing.push("OpenSSL's headers with pkg-config");
    }
    if !missing.is_empty() {
        let missing = missing.join(", ");
        println!("cargo::error=to build aftercall, this machine lacks {missing}: {REMEDY}");
    }
}

/// Whether a program is there and succeeds.
fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}
