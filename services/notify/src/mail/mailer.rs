//! Sends mails: over a few connections, that are kept for the next one, within deadlines.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_service::{Clock, chain};
use lettre::Message;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::extension::ClientId;
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use super::config::{MailConfig, MailConfigError, MailTls, Relay};
use super::connection::{Allowance, Bounded, Secured};
use super::message::message;
use super::notice::{Notice, Reader};
use super::outcome::{CLOSING, Outcome, Trouble};
use crate::send::tls;

/// How long a connection may take to be made and to be ready for a mail, and the whole of an attempt.
const CONNECTED_WITHIN: Duration = Duration::from_secs(20);
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// How many mails are sent at a time, and how many connections are kept.
const CONNECTIONS_MAX: usize = 4;

/// For how long a connection is kept that nobody uses.
const KEPT_FOR: Duration = Duration::from_secs(20);

/// How many of a name's addresses are tried.
const ADDRESSES_MAX: usize = 4;

/// The ways of saying who we are, the better one first. Both are sent by TLS, or on this machine.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

/// That the server takes no mail from who has not said who they are, or not well enough: RFC 4954. It may be put right
/// in the settings.
const UNKNOWN_TO_IT: [u16; 4] = [530, 534, 535, 538];

/// Why mail can't be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The settings are of no use.
    #[error(transparent)]
    Config(#[from] MailConfigError),
    /// The certificates of `notify.ca_file` are of no use.
    #[error(transparent)]
    Authorities(Box<dyn std::error::Error + Send + Sync>),
}

/// Sends mails by one server.
pub struct Mailer {
    relay: Relay,
    clock: Arc<dyn Clock>,
    hello: ClientId,
    implicit: TlsConnector,
    starttls: TlsParameters,
    places: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mailer").field(&self.relay).finish()
    }
}

/// A connection that nobody uses.
struct Idle {
    connection: Ready,
    since: Duration,
}

/// A connection that takes a mail.
struct Ready {
    smtp: AsyncSmtpConnection,
    allowance: Allowance,
}

impl Mailer {
    /// Mail by the server that `config` names; none where it names none. `ca_file` holds authorities that its
    /// certificate may come from, beside those that the machine trusts.
    ///
    /// # Errors
    /// [`MailerError`], which names the setting.
    pub fn open(
        config: &MailConfig,
        ca_file: Option<&Path>,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, MailerError> {
        let Some(relay) = config.read()? else {
            return Ok(None);
        };
        let client = tls(ca_file).map_err(authorities)?;
        let mut parameters = TlsParameters::builder(relay.host.clone());
        if let Some(path) = ca_file {
            parameters = trusting(parameters, path)?;
        }
        let starttls = parameters.build_rustls().map_err(authorities)?;
        Ok(Some(Self {
            hello: ClientId::Domain(relay.from.email.domain().to_owned()),
            relay,
            clock,
            implicit: TlsConnector::from(Arc::new(client)),
            starttls,
            places: Semaphore::new(CONNECTIONS_MAX),
            idle: Mutex::default(),
        }))
    }

    /// From whom mail comes.
    pub fn from(&self) -> &Mailbox {
        &self.relay.from
    }

    /// Tells `reader` of `notice`, and says what came of it.
    pub async fn tell(&self, notice: &Notice, reader: &Reader) -> Outcome {
        match message(notice, reader, self.from()) {
            Ok(message) => self.send(&message).await,
            Err(error) => {
                tracing::debug!(
                    error = %chain(&error),
                    notification_id = %notice.notification_id,
                    "a notice is no mail"
                );
                Outcome::Never(Trouble::Address)
            }
        }
    }

    /// Sends a mail, and says what came of it. The server may have taken a mail of which it is not known: it has the
    /// same id when it is sent again.
    pub async fn send(&self, message: &Message) -> Outcome {
        let Ok(_place) = self.places.acquire().await else {
            return Outcome::NotNow(Trouble::Connection);
        };
        let sent = self.within(ANSWERED_WITHIN, self.attempt(message)).await;
        sent.unwrap_or(Outcome::NotNow(Trouble::Timeout))
    }

    async fn attempt(&self, message: &Message) -> Outcome {
        while let Some(ready) = self.take() {
            match self.exchange(ready, message).await {
                // It was closed while nobody used it, or is about to be.
                Outcome::NotNow(Trouble::Connection | Trouble::Answer | Trouble::Code(CLOSING)) => {
                }
                outcome => return outcome,
            }
        }
        match self.within(CONNECTED_WITHIN, self.connect()).await {
            Some(Ok(ready)) => self.exchange(ready, message).await,
            Some(Err(trouble)) => Outcome::NotNow(trouble),
            None => Outcome::NotNow(Trouble::Timeout),
        }
    }

    async fn exchange(&self, mut ready: Ready, message: &Message) -> Outcome {
        ready.allowance.renew();
        let written = message.formatted();
        match ready.smtp.send(message.envelope(), &written).await {
            Ok(_) => {
                self.keep(ready);
                Outcome::Taken
            }
            Err(error) => {
                let said = chain(&error).to_string();
                tracing::debug!(error = said, "a mail was not taken");
                judged(&error)
            }
        }
    }

    /// A connection that was used not long ago.
    fn take(&self) -> Option<Ready> {
        let now = self.clock.monotonic();
        let mut idle = self.idle.lock();
        idle.retain(|one| now.saturating_sub(one.since) < KEPT_FOR);
        idle.pop().map(|one| one.connection)
    }

    fn keep(&self, connection: Ready) {
        let since = self.clock.monotonic();
        let mut idle = self.idle.lock();
        if idle.len() < CONNECTIONS_MAX && !connection.smtp.has_broken() {
            idle.push(Idle { connection, since });
        }
    }

    /// A connection on which we have said who we are.
    async fn connect(&self) -> Result<Ready, Trouble> {
        let allowance = Allowance::new();
        let stream = Bounded::new(self.dial().await?, allowance.clone());
        let connected = match self.relay.tls {
            MailTls::Implicit => {
                let host = self.relay.host.clone();
                let name = ServerName::try_from(host).map_err(|_| Trouble::Tls)?;
                let secured = self.implicit.connect(name, stream).await;
                let secured = secured.map_err(|error| failed(&error, Trouble::Tls))?;
                let stream = Box::new(Secured(secured));
                AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await
            }
            MailTls::Starttls | MailTls::None => {
                let stream = Box::new(stream);
                AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await
            }
        };
        let mut smtp = connected.map_err(|error| failed(&error, trouble(&error)))?;
        if self.relay.tls == MailTls::Starttls {
            let secured = smtp.starttls(self.starttls.clone(), &self.hello).await;
            secured.map_err(|error| failed(&error, Trouble::Tls))?;
        }
        if let Some((name, password)) = &self.relay.credentials {
            let credentials = Credentials::new(name.clone(), password.clone());
            let known = smtp.auth(&MECHANISMS, &credentials).await;
            known.map_err(|error| failed(&error, Trouble::Credentials))?;
        }
        Ok(Ready { smtp, allowance })
    }

    /// A connection to one of the server's addresses: without TLS to this machine alone, whatever its name is found
    /// to mean.
    async fn dial(&self) -> Result<TcpStream, Trouble> {
        let found = lookup_host((self.relay.host.as_str(), self.relay.port)).await;
        let found = found.map_err(|error| failed(&error, Trouble::Connection))?;
        let is_here = |address: IpAddr| address.to_canonical().is_loopback();
        let is_fit =
            |address: &SocketAddr| self.relay.tls != MailTls::None || is_here(address.ip());
        for address in found.filter(is_fit).take(ADDRESSES_MAX) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    tracing::debug!(%address, %error, "no connection to the server of mail");
                }
            }
        }
        Err(Trouble::Connection)
    }

    /// Waits no longer than `limit`.
    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.clock.sleep_for(limit) => None,
        }
    }
}

/// Says what was in the way, where whoever runs the server finds it.
fn failed(error: &(dyn std::error::Error + 'static), trouble: Trouble) -> Trouble {
    let error = chain(error).to_string();
    tracing::debug!(error, ?trouble, "the server of mail is not ready");
    trouble
}

/// What an error of a server that had taken us in says of the mail.
fn judged(error: &SmtpError) -> Outcome {
    match trouble(error) {
        Trouble::Code(code) if UNKNOWN_TO_IT.contains(&code) => {
            Outcome::NotNow(Trouble::Credentials)
        }
        trouble if error.is_permanent() => Outcome::Never(trouble),
        // The server can't be sent such an address, now or later.
        Trouble::Address => Outcome::Never(Trouble::Address),
        trouble => Outcome::NotNow(trouble),
    }
}

fn trouble(error: &SmtpError) -> Trouble {
    match error.status() {
        Some(code) => Trouble::Code(code.into()),
        None if error.is_client() => Trouble::Address,
        None if error.is_response() || is_too_much(error) => Trouble::Answer,
        None => Trouble::Connection,
    }
}

/// Whether the server said more than is read.
fn is_too_much(error: &SmtpError) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return error.kind() == std::io::ErrorKind::InvalidData;
        }
        source = error.source();
    }
    false
}

fn authorities(error: impl std::error::Error + Send + Sync + 'static) -> MailerError {
    MailerError::Authorities(Box::new(error))
}

/// Trusts the authorities of a file, too.
fn trusting(
    parameters: TlsParametersBuilder,
    path: &Path,
) -> Result<TlsParametersBuilder, MailerError> {
    let read = std::fs::read(path).map_err(authorities)?;
    let certificates = Certificate::from_pem(&read).map_err(authorities)?;
    Ok(parameters.add_root_certificate(certificates))
}
