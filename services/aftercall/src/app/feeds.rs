//! The port where calendars fetch feeds of promises.

use std::convert::Infallible;

use aftercall_followups::Followups;
use aftercall_service::Supervisor;
use aftercall_service::server::{self, Listener, ServerConfig, ServerError, Tls};

use super::{Service, local_addr};

/// A port that was taken.
pub(super) struct Feeds {
    listener: Listener,
    base: String,
    per_address_max: usize,
}

impl Feeds {
    /// Takes the port that the configuration names, in a process that answers calendars.
    pub(super) async fn open(
        config: &ServerConfig,
        tls: Option<&Tls>,
        asked: &[Service],
    ) -> Result<Option<Self>, ServerError> {
        if !asked.is_empty() && !asked.contains(&Service::Followups) {
            return Ok(None);
        }
        let bound = server::bind_feeds(config, tls).await?;
        let Some((address, listener)) = config.feeds_listen.zip(bound) else {
            return Ok(None);
        };
        let base = match &config.feeds_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => {
                let scheme = if tls.is_some() { "https" } else { "http" };
                let address = local_addr(&listener, ("feeds_listen", address))?;
                format!("{scheme}://{address}")
            }
        };
        Ok(Some(Self {
            listener,
            base,
            per_address_max: config.connections_per_address_max,
        }))
    }

    /// How addresses of feeds begin.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Serves until the process stops.
    pub(super) fn serve(self, followups: Followups, supervisor: &Supervisor) {
        let find = move |path: String| {
            let followups = followups.clone();
            async move { followups.page(&path).await }
        };
        let stopping = supervisor.stopping();
        supervisor.spawn("feeds", async move {
            server::serve_pages(self.listener, self.per_address_max, find, stopping).await;
            Ok::<_, Infallible>(())
        });
    }
}
