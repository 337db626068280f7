//! A server of mail that others wrote (Python's `aiosmtpd`), as a process of its own, and what it was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;

/// From whom mail comes, and the domain of its ids.
const FROM: &str = "aftercall <alerts@example.com>";
const DOMAIN: &str = "example.com";

/// What came: the texts of each mail, by the mail's id.
#[derive(Debug, Default)]
pub(super) struct Mails(BTreeMap<String, BTreeSet<String>>);

impl Mails {
    fn take(&mut self, mail: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = text(&mail["headers"]["Message-ID"]);
        self.0.entry(id).or_default().insert(text(&mail["text"]));
    }

    /// How many different mails came.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// All that the log decided on came, always with the same words; and nothing else did. `decided` are the messages' ids.
    pub(super) fn faults(&self, decided: &BTreeSet<String>) -> Vec<String> {
        let ids: BTreeMap<_, _> = decided.iter().map(|id| (mail_id(id), id)).collect();
        let lacking = ids.iter().filter(|(mail, _)| !self.0.contains_key(*mail));
        let lacking = lacking.map(|(_, id)| format!("no mail came of {id}"));
        let mut faults: Vec<_> = lacking.collect();
        for (id, texts) in &self.0 {
            if !ids.contains_key(id) {
                faults.push(format!("a mail came that nobody decided on: {id}"));
            }
            if texts.len() > 1 {
                faults.push(format!("the mail {id} came with several texts: {texts:?}"));
            }
        }
        faults
    }
}

fn mail_id(notification_id: &str) -> String {
    format!("<{notification_id}@{DOMAIN}>")
}

/// The server, which ends with its use.
#[derive(Debug)]
pub(super) struct Mailbox {
    child: Child,
    port: u16,
    mails: Arc<Mutex<Mails>>,
}

impl Mailbox {
    /// Takes all mail from now on; what it needs is in `scratch`.
    pub(super) fn open(scratch: &Path) -> Self {
        // Set by `cargo xtask chaos`.
        let python = std::env::var("AFTERCALL_SMTP_PYTHON");
        let mut command = Command::new(python.unwrap_or_else(|_| "python3".to_owned()));
        command.arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../notify/tests/it/mail/server.py"
        ));
        command
            .arg("plain")
            .arg(scratch)
            .args(["nobody", "nothing"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a Python");
        let said = child.stdout.take().expect("its output");
        let mut said = BufReader::new(said).lines().map_while(Result::ok);
        let port = said.next().and_then(|line| line.parse().ok());
        let port = port.expect("a Python that has aiosmtpd, as `cargo xtask chaos` sets one up");
        let mails = Arc::<Mutex<Mails>>::default();
        let takes = Arc::clone(&mails);
        std::thread::spawn(move || {
            for line in said {
                takes
                    .lock()
                    .take(&serde_json::from_str(&line).unwrap_or_default());
            }
        });
        Self { child, port, mails }
    }

    /// What a server is told so that it sends mail here.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let settings = [
            ("HOST", "localhost".to_owned()),
            ("PORT", self.port.to_string()),
            ("TLS", "none".to_owned()),
            ("FROM", FROM.to_owned()),
        ];
        settings
            .map(|(name, value)| (format!("AFTERCALL_NOTIFY__MAIL__{name}"), value))
            .into()
    }

    /// What came.
    pub(super) fn mails(&self) -> Arc<Mutex<Mails>> {
        Arc::clone(&self.mails)
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mail_may_come_twice_but_not_be_missed_changed_or_invented() {
        let decided = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let mail =
            |id: &str, text: &str| json!({"headers": {"Message-ID": mail_id(id)}, "text": text});
        let mut mails = Mails::default();
        mails.take(&mail("a", "late"));
        mails.take(&mail("a", "late"));
        assert_eq!(mails.faults(&decided), ["no mail came of b"]);
        mails.take(&mail("b", "late"));
        assert_eq!(mails.faults(&decided), [""; 0]);
        mails.take(&mail("b", "later"));
        mails.take(&mail("c", "late"));
        let faults = mails.faults(&decided).join("; ");
        assert!(faults.contains("several texts"), "{faults}");
        assert!(faults.contains("nobody decided on: <c@"), "{faults}");
        assert_eq!(mails.len(), 3);
    }
}
