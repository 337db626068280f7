//! Which engine the log is on, and where.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The event log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Where it is kept. Default: in files of this process.
    pub engine: Engine,
    /// The cluster, for the engine `kafka`.
    pub kafka: KafkaConfig,
}

/// Where the log is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// In the data directory, for one process.
    #[default]
    Embedded,
    /// In a topic of Apache Kafka, for many.
    Kafka,
}

/// The cluster and the topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaConfig {
    /// Some of the brokers, as `host:port`, with commas between them.
    pub brokers: String,
    /// The topic that is the log.
    pub topic: String,
    /// Whether the connections are encrypted and the brokers prove who they are.
    pub tls: bool,
    /// Whom to trust, PEM. Without it, whom this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate, PEM, where the brokers ask for one.
    pub certificate_file: Option<PathBuf>,
    /// Its key, PEM.
    pub key_file: Option<PathBuf>,
    /// How this process says who it is. Without it, it doesn't.
    pub sasl_mechanism: Option<SaslMechanism>,
    /// The name, for PLAIN and SCRAM.
    pub username: Option<String>,
    /// The file that holds the password, for PLAIN and SCRAM.
    pub password_file: Option<PathBuf>,
    /// The identity provider's token endpoint, for OAUTHBEARER.
    pub token_url: Option<String>,
    /// The client's name there.
    pub client_id: Option<String>,
    /// The file that holds the client's secret.
    pub client_secret_file: Option<PathBuf>,
    /// What the token is to be good for.
    pub scope: Option<String>,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".to_owned(),
            topic: "aftercall".to_owned(),
            tls: false,
            ca_file: None,
            certificate_file: None,
            key_file: None,
            sasl_mechanism: None,
            username: None,
            password_file: None,
            token_url: None,
            client_id: None,
            client_secret_file: None,
            scope: None,
        }
    }
}

/// How a process says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaslMechanism {
    /// A name and a password, as they are.
    #[serde(rename = "PLAIN")]
    Plain,
    /// A name and a password, by a salted challenge.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The same with a longer hash.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    /// A token of an identity provider.
    #[serde(rename = "OAUTHBEARER")]
    OauthBearer,
}

/// Settings that don't go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogConfigError {
    /// A setting that another one needs.
    #[error("log.kafka.{key} is not set, and {needed_by} needs it")]
    Missing {
        /// The setting.
        key: &'static str,
        /// What needs it.
        needed_by: &'static str,
    },
    /// A setting that means nothing without another one.
    #[error("log.kafka.{key} has no effect unless {needs}: set that, or leave {key} out")]
    Useless {
        /// The setting.
        key: &'static str,
        /// What it needs.
        needs: &'static str,
    },
}

#[cfg(feature = "kafka")]
mod engine {
    use aftercall_log::kafka::{ClientCertificate, Config, Mechanism, Sasl, Security, Tls};

    use super::{KafkaConfig, LogConfigError, SaslMechanism};

    impl KafkaConfig {
        /// What the engine needs to know.
        ///
        /// # Errors
        /// [`LogConfigError`] when settings are missing or have no effect.
        pub fn engine(&self) -> Result<Config, LogConfigError> {
            let brokers = self.brokers.split(',').map(str::trim);
            let brokers: Vec<_> = brokers
                .filter(|broker| !broker.is_empty())
                .map(str::to_owned)
                .collect();
            if brokers.is_empty() {
                return Err(LogConfigError::Missing {
                    key: "brokers",
                    needed_by: "log.engine = \"kafka\"",
                });
            }
            Ok(Config {
                brokers,
                topic: self.topic.clone(),
                security: Security {
                    tls: self.tls()?,
                    sasl: self.sasl()?,
                },
            })
        }

        fn tls(&self) -> Result<Option<Tls>, LogConfigError> {
            if !self.tls {
                let files = [
                    ("ca_file", &self.ca_file),
                    ("certificate_file", &self.certificate_file),
                    ("key_file", &self.key_file),
                ];
                let set = files.into_iter().find(|(_, file)| file.is_some());
                return set.map_or(Ok(None), |(key, _)| {
                    Err(LogConfigError::Useless {
                        key,
                        needs: "tls is true",
                    })
                });
            }
            let client = match (&self.certificate_file, &self.key_file) {
                (None, None) => None,
                (certificate, key) => Some(ClientCertificate {
                    certificate_file: required("certificate_file", "key_file", certificate)?,
                    key_file: required("key_file", "certificate_file", key)?,
                }),
            };
            Ok(Some(Tls {
                ca_file: self.ca_file.clone(),
                client,
            }))
        }

        fn sasl(&self) -> Result<Option<Sasl>, LogConfigError> {
            let mechanism = match self.sasl_mechanism {
                None => {
                    self.unused(true, true, "sasl_mechanism is set")?;
                    return Ok(None);
                }
                Some(SaslMechanism::OauthBearer) => {
                    self.unused(true, false, "sasl_mechanism is a password's")?;
                    let by = "sasl_mechanism = \"OAUTHBEARER\"";
                    return Ok(Some(Sasl::OauthBearer {
                        token_url: required("token_url", by, &self.token_url)?,
                        client_id: required("client_id", by, &self.client_id)?,
                        client_secret_file: required(
                            "client_secret_file",
                            by,
                            &self.client_secret_file,
                        )?,
                        scope: self.scope.clone(),
                    }));
                }
                Some(SaslMechanism::Plain) => Mechanism::Plain,
                Some(SaslMechanism::ScramSha256) => Mechanism::ScramSha256,
                Some(SaslMechanism::ScramSha512) => Mechanism::ScramSha512,
            };
            self.unused(false, true, "sasl_mechanism is OAUTHBEARER")?;
            let by = "a sasl_mechanism with a password";
            Ok(Some(Sasl::Password {
                mechanism,
                username: required("username", by, &self.username)?,
                password_file: required("password_file", by, &self.password_file)?,
            }))
        }

        /// Refuses what is set and has no effect.
        fn unused(
            &self,
            password: bool,
            token: bool,
            needs: &'static str,
        ) -> Result<(), LogConfigError> {
            let settings = [
                ("username", password && self.username.is_some()),
                ("password_file", password && self.password_file.is_some()),
                ("token_url", token && self.token_url.is_some()),
                ("client_id", token && self.client_id.is_some()),
                (
                    "client_secret_file",
                    token && self.client_secret_file.is_some(),
                ),
                ("scope", token && self.scope.is_some()),
            ];
            match settings.into_iter().find(|(_, useless)| *useless) {
                Some((key, _)) => Err(LogConfigError::Useless { key, needs }),
                None => Ok(()),
            }
        }
    }

    fn required<T: Clone>(
        key: &'static str,
        needed_by: &'static str,
        value: &Option<T>,
    ) -> Result<T, LogConfigError> {
        value
            .clone()
            .ok_or(LogConfigError::Missing { key, needed_by })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn settings_that_do_not_go_together_are_named() {
            let plain = KafkaConfig {
                tls: true,
                sasl_mechanism: Some(SaslMechanism::Plain),
                username: Some("aftercall".to_owned()),
                password_file: Some("password".into()),
                ..KafkaConfig::default()
            };
            assert!(plain.engine().is_ok());
            let cases = [
                (
                    KafkaConfig {
                        password_file: None,
                        ..plain.clone()
                    },
                    "log.kafka.password_file is not set",
                ),
                (
                    KafkaConfig {
                        sasl_mechanism: None,
                        ..plain.clone()
                    },
                    "log.kafka.username has no effect",
                ),
                (
                    KafkaConfig {
                        scope: Some("kafka".to_owned()),
                        ..plain.clone()
                    },
                    "log.kafka.scope has no effect",
                ),
                (
                    KafkaConfig {
                        key_file: Some("key".into()),
                        ..plain.clone()
                    },
                    "log.kafka.certificate_file is not set",
                ),
                (
                    KafkaConfig {
                        tls: false,
                        ca_file: Some("ca".into()),
                        ..plain.clone()
                    },
                    "log.kafka.ca_file has no effect",
                ),
                (
                    KafkaConfig {
                        brokers: " , ".to_owned(),
                        ..plain
                    },
                    "log.kafka.brokers is not set",
                ),
            ];
            for (config, expected) in cases {
                let said = config.engine().unwrap_err().to_string();
                assert!(said.starts_with(expected), "{said}");
            }
        }
    }
}
