//! A server of SMTP that others wrote (Python's `aiosmtpd`), as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tempfile::TempDir;

/// By what the server knows who may send.
pub(crate) const NAME: &str = "aftercall";
pub(crate) const PASSWORD: &str = "correct horse \\ battery";

/// The server, which ends with its use.
pub(crate) struct Relay {
    pub(crate) port: u16,
    child: Child,
    said: BufReader<ChildStdout>,
    dir: TempDir,
}

impl Relay {
    /// A server in one of the modes of `server.py`.
    pub(crate) fn start(mode: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        certificates(&dir);
        // Set by `cargo xtask test`.
        let python = std::env::var("AFTERCALL_SMTP_PYTHON");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mail/server.py");
        let mut command = Command::new(python.unwrap_or_else(|_| "python3".to_owned()));
        command.arg(script).arg(mode).arg(dir.path());
        command.args([NAME, PASSWORD]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let port = line.trim().parse();
        let port = port.expect("a Python that has aiosmtpd, as `cargo xtask test` sets one up");
        Self {
            port,
            child,
            said,
            dir,
        }
    }

    /// A file of the server's certificates, or beside them.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// From now on it takes what it is sent, or does not.
    pub(crate) fn be_busy(&self, busy: bool) {
        match busy {
            true => std::fs::write(self.file("busy"), "").unwrap(),
            false => std::fs::remove_file(self.file("busy")).unwrap(),
        }
    }

    /// The next mail that it was sent.
    pub(crate) fn received(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes an authority's certificate, and the one that it gave to the server.
fn certificates(dir: &TempDir) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    std::fs::write(dir.path().join("ca.pem"), authority).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap().pem();
    std::fs::write(dir.path().join("server.pem"), certificate).unwrap();
    std::fs::write(dir.path().join("server.key"), key.serialize_pem()).unwrap();
}
