//! What can be set about the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as readable;
use serde::{Deserialize, Serialize};

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
    /// The TOML file of bearer tokens; development mode when absent. Default: none.
    pub credentials: Option<PathBuf>,
    /// The largest message that is taken, in bytes and decompressed. Default: 4 MiB.
    pub message_bytes_max: usize,
    /// How many connections are open at a time; more wait until one closes. Default: 1024.
    pub connections_max: usize,
    /// How many streams one connection may have open; more wait at the client. Default: 1024.
    pub streams_per_connection_max: u32,
    /// How many requests are worked on at a time; more are refused with `TOO_MANY_REQUESTS`.
    /// Default: 8192.
    pub requests_in_flight_max: usize,
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
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7400)),
            metrics_listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 7401))),
            credentials: None,
            message_bytes_max: 4 * MIB as usize,
            connections_max: 1024,
            streams_per_connection_max: 1024,
            requests_in_flight_max: 8192,
            request_timeout: Duration::from_secs(30),
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            stream_window_bytes: MIB,
            connection_window_bytes: 8 * MIB,
            drain_timeout: Duration::from_secs(20),
        }
    }
}

impl ServerConfig {
    /// The transport that follows. Windows are fixed: measuring the connection instead costs a ping
    /// per read, and the machine's memory is bounded by streams and connections anyway.
    pub(super) fn transport(&self) -> tonic::transport::Server {
        tonic::transport::Server::builder()
            .max_concurrent_streams(self.streams_per_connection_max)
            .initial_stream_window_size(self.stream_window_bytes)
            .initial_connection_window_size(self.connection_window_bytes)
            .http2_keepalive_interval(Some(self.keepalive_interval))
            .http2_keepalive_timeout(Some(self.keepalive_timeout))
            .http2_max_header_list_size(16 * KIB)
    }
}
