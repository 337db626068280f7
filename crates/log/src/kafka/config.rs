//! How the cluster is reached, and librdkafka's settings made of it.

use std::path::{Path, PathBuf};

use rdkafka::ClientConfig;

use super::KafkaError as OpenError;

/// Where the log is, and as whom this process comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Some of the cluster's brokers, as `host:port`; they tell of the others.
    pub brokers: Vec<String>,
    /// The topic that is the log.
    pub topic: String,
    /// How the connection is protected, and as whom.
    pub security: Security,
}

/// How the connection to the brokers is protected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Security {
    /// Encrypts the connection, and has the brokers prove who they are.
    pub tls: Option<Tls>,
    /// Says who this process is.
    pub sasl: Option<Sasl>,
}

/// Whom to trust, and the client's own certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificates (PEM) of those whom the brokers' certificates must come from; without it,
    /// those whom this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate (PEM) and key (PEM, not encrypted), where brokers ask for one.
    pub client: Option<ClientCertificate>,
}

/// The certificate that a client proves itself by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and those that it comes from, PEM.
    pub certificate_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
}

/// Who this process is. Secrets are read from files, and never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sasl {
    /// A name and a password.
    Password {
        /// How they are proven.
        mechanism: Mechanism,
        /// The name.
        username: String,
        /// The file that holds the password.
        password_file: PathBuf,
    },
    /// A token that an OpenID Connect provider gives to this client (client credentials).
    OauthBearer {
        /// The provider's token endpoint.
        token_url: String,
        /// The client's name at the provider.
        client_id: String,
        /// The file that holds the client's secret.
        client_secret_file: PathBuf,
        /// What the token is to be good for.
        scope: Option<String>,
    },
}

/// How a password is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// It is sent.
    Plain,
    /// By a salted challenge.
    ScramSha256,
    /// By a salted challenge, with a longer hash.
    ScramSha512,
}

impl Config {
    /// The settings that all clients share.
    pub(super) fn client(&self) -> Result<ClientConfig, OpenError> {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", self.brokers.join(","))
            .set("client.id", "aftercall")
            .set("allow.auto.create.topics", "false")
            // A broker that has stopped answering is given up after these, not after minutes.
            .set("socket.timeout.ms", "10000")
            .set("socket.connection.setup.timeout.ms", "5000")
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            // A partition's new leader is looked for at least this often.
            .set("topic.metadata.refresh.interval.ms", "5000")
            .set("log.connection.close", "false");
        self.security.apply(&mut client)?;
        Ok(client)
    }
}

impl Security {
    fn apply(&self, client: &mut ClientConfig) -> Result<(), OpenError> {
        let protocol = match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        client.set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            tls.apply(client)?;
        }
        match &self.sasl {
            Some(sasl) => sasl.apply(client),
            None => Ok(()),
        }
    }
}

impl Tls {
    fn apply(&self, client: &mut ClientConfig) -> Result<(), OpenError> {
        match &self.ca_file {
            Some(file) => client.set("ssl.ca.location", readable(file)?),
            // Where this machine keeps the certificates that it trusts.
            None => client.set("ssl.ca.location", "probe"),
        };
        client.set("ssl.endpoint.identification.algorithm", "https");
        if let Some(own) = &self.client {
            client
                .set("ssl.certificate.location", readable(&own.certificate_file)?)
                .set("ssl.key.location", readable(&own.key_file)?);
        }
        Ok(())
    }
}

impl Sasl {
    fn apply(&self, client: &mut ClientConfig) -> Result<(), OpenError> {
        match self {
            Self::Password {
                mechanism,
                username,
                password_file,
            } => {
                let mechanism = match mechanism {
                    Mechanism::Plain => "PLAIN",
                    Mechanism::ScramSha256 => "SCRAM-SHA-256",
                    Mechanism::ScramSha512 => "SCRAM-SHA-512",
                };
                client
                    .set("sasl.mechanism", mechanism)
                    .set("sasl.username", username)
                    .set("sasl.password", secret(password_file)?);
            }
            Self::OauthBearer {
                token_url,
                client_id,
                client_secret_file,
                scope,
            } => {
                client
                    .set("sasl.mechanism", "OAUTHBEARER")
                    .set("sasl.oauthbearer.method", "oidc")
                    .set("sasl.oauthbearer.token.endpoint.url", token_url)
                    .set("sasl.oauthbearer.client.id", client_id)
                    .set(
                        "sasl.oauthbearer.client.secret",
                        secret(client_secret_file)?,
                    );
                if let Some(scope) = scope {
                    client.set("sasl.oauthbearer.scope", scope);
                }
            }
        }
        Ok(())
    }
}

/// The path of a file that is there, as text.
fn readable(file: &Path) -> Result<&str, OpenError> {
    let opened = std::fs::File::open(file);
    opened.map_err(|source| OpenError::File {
        path: file.to_owned(),
        source,
    })?;
    file.to_str().ok_or_else(|| OpenError::File {
        path: file.to_owned(),
        source: std::io::Error::other("the path is not text"),
    })
}

/// What a secret's file holds, without the line's end.
fn secret(file: &Path) -> Result<String, OpenError> {
    let text = std::fs::read_to_string(file).map_err(|source| OpenError::File {
        path: file.to_owned(),
        source,
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
