//! The server that a command asks.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use aftercall_client::{Client, Token};

use super::CommandError;

/// Where the server is, and who asks.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ServerArgs {
    /// The server's address
    #[arg(long, global = true, value_name = "URL", env = "AFTERCALL_SERVER")]
    #[arg(default_value = "http://127.0.0.1:7400")]
    pub server: String,
    /// The bearer token that says who asks; better kept in the environment or a file
    #[arg(long, global = true, env = "AFTERCALL_TOKEN", hide_env_values = true)]
    #[arg(value_parser = |text: &str| Ok::<_, Infallible>(Token::new(text)))]
    pub token: Option<Token>,
    /// A file whose first line is the token
    #[arg(long, global = true, value_name = "FILE", env = "AFTERCALL_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// The certificates (PEM) of those whom the server's must come from, besides those whom this machine
    /// trusts
    #[arg(long, global = true, value_name = "FILE", env = "AFTERCALL_CA")]
    pub ca: Option<PathBuf>,
    /// The certificate (PEM) that says who asks, where the server knows it
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "AFTERCALL_CERTIFICATE"
    )]
    #[arg(requires = "key")]
    pub certificate: Option<PathBuf>,
    /// The certificate's key (PEM)
    #[arg(long, global = true, value_name = "FILE", env = "AFTERCALL_KEY")]
    #[arg(requires = "certificate")]
    pub key: Option<PathBuf>,
}

impl ServerArgs {
    /// The server at `url`, without credentials.
    pub fn at(url: &str) -> Self {
        Self {
            server: url.to_owned(),
            token: None,
            token_file: None,
            ca: None,
            certificate: None,
            key: None,
        }
    }

    /// Connects to it.
    ///
    /// # Errors
    /// When the address or the token can't be used, or nothing answers there.
    pub async fn connect(&self) -> Result<Client, CommandError> {
        let mut client = Client::builder(&self.server).latest();
        if let Some(token) = self.token()? {
            client = client.token(token);
        }
        if let Some(ca) = &self.ca {
            client = client.trust(read(ca)?);
        }
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key) {
            client = client.show(read(certificate)?, read(key)?);
        }
        Ok(client.connect().await?)
    }

    fn token(&self) -> Result<Option<Token>, CommandError> {
        let (None, Some(file)) = (&self.token, &self.token_file) else {
            return Ok(self.token.clone());
        };
        Ok(read(file)?.lines().next().map(Token::new))
    }
}

fn read(file: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(file).map_err(|source| CommandError::File {
        path: file.display().to_string(),
        source,
    })
}
