//! One connection to a receiver.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::RETRY_AFTER;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

use super::{Answer, SendError};
use crate::target::Target;

/// How much of an answer is read: more ends the connection, and matters to nobody.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How much of it is kept.
const EXCERPT_BYTES_MAX: usize = 512;

/// What keeps a connection going.
type Driver = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// A connection, free for the next message. It goes on only while somebody uses it.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
    pub(super) opened_at: Instant,
}

impl Connection {
    /// Connects to `address`, which was checked, as `target` says.
    pub(super) async fn open(
        address: SocketAddr,
        target: &Target,
        tls: Arc<ClientConfig>,
    ) -> Result<Self, SendError> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(SendError::Connection)?;
        stream.set_nodelay(true).map_err(SendError::Connection)?;
        let stream = match target.secure {
            false => Either::Left(stream),
            true => {
                let name = ServerName::try_from(target.host.clone());
                let name = name.map_err(|error| SendError::Tls(io::Error::other(error)))?;
                let connected = TlsConnector::from(tls).connect(name, stream).await;
                Either::Right(connected.map_err(SendError::Tls)?)
            }
        };
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        Ok(Self {
            sender,
            driver: Box::pin(driver),
            opened_at: Instant::now(),
        })
    }

    /// Sends a request, and reads what is answered. The connection comes back if it can be used again.
    pub(super) async fn exchange(
        self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Answer, Option<Self>), SendError> {
        let Self {
            mut sender,
            mut driver,
            opened_at,
        } = self;
        let exchanging = async move {
            sender.ready().await?;
            let answer = sender.send_request(request).await?;
            let (status, retry_after) = (answer.status(), answer.headers().get(RETRY_AFTER));
            let retry_after = retry_after.cloned();
            let (excerpt, is_whole) = read(answer.into_body()).await;
            let answer = Answer {
                status,
                retry_after,
                excerpt,
            };
            Ok::<_, hyper::Error>((answer, is_whole.then_some(sender)))
        };
        let mut exchanging = std::pin::pin!(exchanging);
        let (answer, sender) = tokio::select! {
            biased;
            answered = &mut exchanging => answered?,
            // It ends with its last answer, which may not have been read yet.
            ended = &mut driver => {
                ended?;
                // What still waits for it hears of its end.
                drop(driver);
                let (answer, _) = exchanging.await?;
                return Ok((answer, None));
            }
        };
        let connection = sender.map(|sender| Self {
            sender,
            driver,
            opened_at,
        });
        Ok((answer, connection))
    }
}

/// The beginning of an answer's body, and whether all of it was read. What is said there matters less than
/// the status: a body that breaks off takes nothing from it.
async fn read(mut body: Incoming) -> (String, bool) {
    let (mut kept, mut bytes) = (Vec::new(), 0);
    let is_whole = loop {
        let data = match body.frame().await {
            None => break true,
            Some(Err(_)) => break false,
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        bytes += data.len();
        let room = EXCERPT_BYTES_MAX - kept.len();
        kept.extend_from_slice(&data[..data.len().min(room)]);
        if bytes > ANSWER_BYTES_MAX {
            break false;
        }
    };
    (String::from_utf8_lossy(&kept).into_owned(), is_whole)
}
