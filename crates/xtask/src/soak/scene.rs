//! Who is there: the server's callers with their credentials, the book, and what was counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aftercall_client::{Client, Error, Retry, Token};
use hdrhistogram::Histogram;
use jiff::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::book::Book;

/// Connections of those who record; a CRM keeps a few, not hundreds.
const CONNECTIONS: usize = 4;

/// A call is tried again for so long: longer than any fault of a soak lasts.
const PATIENCE: Retry = Retry {
    tries_max: 10_000,
    wait_max: Duration::from_secs(240),
    step_first: Duration::from_millis(50),
    step_max: Duration::from_secs(1),
};

/// What latencies are told apart by, in digits.
const DIGITS: u8 = 3;

/// Those who have a token: its text, its tenant and its roles.
const CALLERS: [(&str, &str, &str); 3] = [
    (
        "crm",
        "soak",
        r#""integration", "agent", "team_lead", "supervisor", "kb_publisher", "compliance_officer""#,
    ),
    ("other", "other", r#""integration", "agent", "supervisor""#),
    ("reader", "soak", r#""auditor""#),
];

/// Writes the server's file of those who may call.
pub(super) fn write_credentials(file: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    for (token, tenant, roles) in CALLERS {
        let hash = Sha256::digest(token);
        writeln!(
            text,
            "[[token]]\nsha256 = \"{hash:x}\"\ntenant = \"{tenant}\""
        )?;
        writeln!(
            text,
            "actor = \"{token}\"\nkind = \"INTEGRATION\"\nroles = [{roles}]"
        )?;
    }
    Ok(std::fs::write(file, text)?)
}

/// Clients of the server, by who calls.
#[derive(Debug)]
pub(super) struct Doors {
    pub(super) address: String,
    crm: Vec<Client>,
    /// Of the CRM, too, but tries nothing again.
    pub(super) once: Client,
    /// Of another tenant.
    pub(super) other: Client,
    /// May read, and not write.
    pub(super) reader: Client,
    /// Has no token.
    pub(super) nobody: Client,
    /// Has a token that nobody gave it.
    pub(super) stranger: Client,
}

impl Doors {
    fn new(address: &str) -> Result<Self, Error> {
        let client = |token: &str, retry| {
            let client = Client::builder(format!("http://{address}")).token(Token::new(token));
            client.retry(retry).connect_lazy()
        };
        let crm = (0..CONNECTIONS).map(|_| client("crm", PATIENCE));
        Ok(Self {
            address: address.to_owned(),
            crm: crm.collect::<Result<_, _>>()?,
            once: client("crm", Retry::never())?,
            other: client("other", PATIENCE)?,
            reader: client("reader", PATIENCE)?,
            nobody: client("", PATIENCE)?,
            stranger: client("stranger", PATIENCE)?,
        })
    }

    /// The CRM's client for the caller of that number.
    pub(super) fn crm(&self, number: usize) -> &Client {
        &self.crm[number % self.crm.len()]
    }
}

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Microseconds, by what was done.
    calls: Mutex<BTreeMap<&'static str, Histogram<u64>>>,
    /// Bad inputs that were refused as they should be, by their kind.
    refused: Mutex<BTreeMap<&'static str, u64>>,
    /// Other things that were tried, such as calls that were given up.
    tried: Mutex<BTreeMap<&'static str, u64>>,
}

impl Tally {
    pub(super) fn call(&self, kind: &'static str, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mut calls = self.calls.lock();
        let Some(histogram) = histogram(&mut calls, kind) else {
            return;
        };
        // It grows with what is recorded.
        let _ = histogram.record(micros);
    }

    pub(super) fn refused(&self, kind: &'static str) {
        *self.refused.lock().entry(kind).or_default() += 1;
    }

    pub(super) fn tried(&self, kind: &'static str) {
        *self.tried.lock().entry(kind).or_default() += 1;
    }

    /// How many calls were answered as they should be.
    pub(super) fn total(&self) -> u64 {
        let calls: u64 = self.calls.lock().values().map(Histogram::len).sum();
        calls + self.refused.lock().values().sum::<u64>()
    }

    pub(super) fn all_calls(&self) -> BTreeMap<&'static str, Histogram<u64>> {
        self.calls.lock().clone()
    }

    pub(super) fn all_refused(&self) -> BTreeMap<&'static str, u64> {
        self.refused.lock().clone()
    }

    pub(super) fn all_tried(&self) -> BTreeMap<&'static str, u64> {
        self.tried.lock().clone()
    }
}

fn histogram<'a>(
    calls: &'a mut BTreeMap<&'static str, Histogram<u64>>,
    kind: &'static str,
) -> Option<&'a mut Histogram<u64>> {
    if !calls.contains_key(kind) {
        calls.insert(kind, Histogram::new(DIGITS).ok()?);
    }
    calls.get_mut(kind)
}

/// What all who take part share.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) doors: Doors,
    pub(super) book: Book,
    pub(super) tally: Tally,
    over: AtomicBool,
}

impl Scene {
    pub(super) fn new(address: &str) -> Result<Self, Error> {
        Ok(Self {
            doors: Doors::new(address)?,
            book: Book::default(),
            tally: Tally::default(),
            over: AtomicBool::new(false),
        })
    }

    /// Tells the callers to end.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Calls, and counts how long that took. What fails is a fault: whatever a soak does ends before a
    /// call's patience does.
    pub(super) async fn call<R: aftercall_client::Rpc>(
        &self,
        client: &Client,
        kind: &'static str,
        request: R,
    ) -> Option<R::Answer> {
        let begun = Instant::now();
        match client.call(request).await {
            Ok(answer) => {
                self.tally.call(kind, begun.elapsed());
                Some(answer)
            }
            Err(error) => {
                self.book.found(format!("{kind}: {error}"));
                None
            }
        }
    }
}

/// The machine's time, which is the server's.
#[expect(
    clippy::disallowed_methods,
    reason = "the server's clock is this machine's"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
