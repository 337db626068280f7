//! What can be set about the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use aftercall_domain::limits::ELEMENTS_MAX;
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as readable;
use serde::{Deserialize, Serialize};

use super::memory::{COPIES, ELEMENT_BYTES};

const KIB: u32 = 1024;
const MIB: u32 = 1024 * KIB;

/// The server's settings. Durations are written as `30s` or `1m 30s`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Where gRPC is served. Only loopback without `credentials`. Default: `127.0.0.1:7400`.
    pub listen: SocketAddr,
    /// Where Prometheus finds `/metrics`; none when absent. Default: `127.0.0.1:7401`.
    pub metrics_listen: Option<SocketAddr>,
    /// Where calendars fetch the feeds of promises, over HTTP/1.1; none when absent. Default: none.
    pub feeds_listen: Option<SocketAddr>,
    /// How an address of a feed begins, such as `https://feeds.example`: by what name and port calendars reach
    /// `feeds_listen`. Default: its own address.
    pub feeds_url: Option<String>,
    /// The TOML file of those who may call; development mode when absent. Read again when it changes.
    /// Default: none.
    pub credentials: Option<PathBuf>,
    /// The name of the proxy that speaks TLS with callers in the server's place. Without it and without
    /// `tls`, only loopback is served. Default: none.
    pub tls_proxy: Option<String>,
    /// The largest message that is taken, in bytes and decompressed. Default: 4 MiB.
    pub message_bytes_max: usize,
    /// How many connections are open at a time; more wait until one closes. One without a request
    /// gives way. Default: 4096.
    pub connections_max: usize,
    /// How many of them one address has, or one network of 64 bits of IPv6; more are refused. Behind a
    /// proxy all have one address. Default: 1024.
    pub connections_per_address_max: usize,
    /// How long a new connection has to agree on TLS and to speak HTTP/2. Default: `10s`.
    #[serde(with = "readable")]
    pub handshake_timeout: Duration,
    /// How long a connection is kept without a request. Default: `10m`.
    #[serde(with = "readable")]
    pub idle_timeout: Duration,
    /// How long a connection is used; then its client is told to open another one. Default: `12h`.
    #[serde(with = "readable")]
    pub connection_age_max: Duration,
    /// How long what is open then may go on. Default: `1h`.
    #[serde(with = "readable")]
    pub connection_age_grace: Duration,
    /// How many streams one connection may have open; more wait at the client. Default: 1024.
    pub streams_per_connection_max: u32,
    /// How many requests are worked on at a time; more are refused with `TOO_MANY_REQUESTS`.
    /// Default: 8192.
    pub requests_in_flight_max: usize,
    /// How many bytes the requests that are worked on may take in memory, all together; more wait, and
    /// are refused with `TOO_MANY_REQUESTS`. Default: 256 MiB.
    pub requests_bytes_max: u32,
    /// How many calls are open at a time, with the streams of alerts and records; more are refused
    /// with `TOO_MANY_REQUESTS`. Default: 32768.
    pub streams_max: usize,
    /// How many calls of health and reflection are open at a time: nobody needs credentials for them.
    /// Default: 1024.
    pub health_streams_max: usize,
    /// How long a request may take until its answer begins; a caller may ask for less by
    /// `grpc-timeout`. Default: `30s`.
    #[serde(with = "readable")]
    pub request_timeout: Duration,
    /// How long a connection may be silent before it is asked whether it lives. Default: `30s`.
    #[serde(with = "readable")]
    pub keepalive_interval: Duration,
    /// How long it has to answer. Default: `10s`.
    #[serde(with = "readable")]
    pub keepalive_timeout: Duration,
    /// How many bytes a caller may send ahead on one stream. Default: 1 MiB.
    pub stream_window_bytes: u32,
    /// How many bytes a caller may send ahead on one connection. Default: 8 MiB.
    pub connection_window_bytes: u32,
    /// How long requests in flight have to end when the server stops. Default: `20s`.
    #[serde(with = "readable")]
    pub drain_timeout: Duration,
    /// TLS, of gRPC and of the metrics.
    pub tls: TlsConfig,
}

const NO_BASE: &str = "must begin with https:// or http://, name a host, and have no query: as in https://feeds.example";

/// Whether paths can be put after `url`.
fn is_base(url: &str) -> bool {
    let Ok(url) = url.parse::<http::Uri>() else {
        return false;
    };
    matches!(url.scheme_str(), Some("https" | "http"))
        && url.host().is_some()
        && url.query().is_none()
}

/// TLS. The files are read again when they change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// The server's certificate (PEM), and those between it and its authority; no TLS when absent.
    /// Default: none.
    pub certificate_file: Option<PathBuf>,
    /// The certificate's key (PEM). Default: none.
    pub key_file: Option<PathBuf>,
    /// The certificates (PEM) of those whom clients' certificates must come from; clients are asked for
    /// none when absent. Default: none.
    pub client_ca_file: Option<PathBuf>,
    /// Whether a client without a certificate is turned away. Default: no.
    pub client_certificate_required: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7400)),
            metrics_listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 7401))),
            feeds_listen: None,
            feeds_url: None,
            credentials: None,
            tls_proxy: None,
            message_bytes_max: 4 * MIB as usize,
            connections_max: 4096,
            connections_per_address_max: 1024,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(10 * 60),
            connection_age_max: Duration::from_secs(12 * 60 * 60),
            connection_age_grace: Duration::from_secs(60 * 60),
            streams_per_connection_max: 1024,
            requests_in_flight_max: 8192,
            requests_bytes_max: 256 * MIB,
            streams_max: 32_768,
            health_streams_max: 1024,
            request_timeout: Duration::from_secs(30),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            stream_window_bytes: MIB,
            connection_window_bytes: 8 * MIB,
            drain_timeout: Duration::from_secs(20),
            tls: TlsConfig::default(),
        }
    }
}

impl ServerConfig {
    /// The longest headers of a request, in bytes.
    pub(super) const HEADER_BYTES_MAX: u32 = 16 * KIB;

    /// How long after a stop began connections are cut, whatever goes on there: before whoever waits
    /// for the server gives up, which is after three quarters of `drain_timeout`.
    pub(super) fn connections_cut_after(&self) -> Duration {
        self.drain_timeout * 5 / 8
    }

    /// What one message may take in memory, in bytes.
    fn message_in_memory(&self) -> u64 {
        let bytes = u64::try_from(self.message_bytes_max).unwrap_or(u64::MAX);
        bytes.saturating_mul(2 * u64::from(COPIES)) + ELEMENTS_MAX as u64 * u64::from(ELEMENT_BYTES)
    }

    /// Whether callers may be let in at `address`: nobody reads along, or it is said who sees to that.
    pub(super) fn is_private(&self, address: SocketAddr) -> bool {
        self.tls.certificate_file.is_some()
            || self.tls_proxy.is_some()
            || address.ip().to_canonical().is_loopback()
    }

    /// The first setting with which the server would serve nobody, and what is wrong with it.
    pub(super) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        const ZERO: &str = "must be more than 0";
        const WINDOW: &str = "must be 65535 to 2147483647: HTTP/2 has no other windows";
        /// The smallest window that every connection begins with, and the largest that there is.
        const WINDOWS: std::ops::RangeInclusive<u32> = 65_535..=(1 << 31) - 1;
        let zero = [
            ("message_bytes_max", self.message_bytes_max == 0),
            ("connections_max", self.connections_max == 0),
            (
                "connections_per_address_max",
                self.connections_per_address_max == 0,
            ),
            ("handshake_timeout", self.handshake_timeout.is_zero()),
            ("idle_timeout", self.idle_timeout.is_zero()),
            ("connection_age_max", self.connection_age_max.is_zero()),
            (
                "streams_per_connection_max",
                self.streams_per_connection_max == 0,
            ),
            ("requests_in_flight_max", self.requests_in_flight_max == 0),
            ("streams_max", self.streams_max == 0),
            ("health_streams_max", self.health_streams_max == 0),
            ("request_timeout", self.request_timeout.is_zero()),
            ("keepalive_interval", self.keepalive_interval.is_zero()),
            ("keepalive_timeout", self.keepalive_timeout.is_zero()),
            ("drain_timeout", self.drain_timeout.is_zero()),
        ];
        let windows = [
            ("stream_window_bytes", self.stream_window_bytes),
            ("connection_window_bytes", self.connection_window_bytes),
        ];
        let zero = zero.into_iter().filter(|(_, is)| *is);
        let outside = windows
            .into_iter()
            .filter(|(_, bytes)| !WINDOWS.contains(bytes));
        let feeds_url = self.feeds_url.iter().filter(|url| !is_base(url));
        let mut wrong = zero
            .map(|(key, _)| (key, ZERO))
            .chain(outside.map(|(key, _)| (key, WINDOW)))
            .chain(feeds_url.map(|_| ("feeds_url", NO_BASE)));
        wrong.next().or_else(|| {
            let few = u64::from(self.requests_bytes_max) < self.message_in_memory();
            let problem = "must be at least 40 MB and six times server.message_bytes_max: as much as \
                           one message may take while it is read";
            few.then_some(("requests_bytes_max", problem))
        })
    }
}
