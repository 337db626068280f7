//! Connections that speak no HTTP/2, or nothing: the server has to close them.

use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::scene::Scene;

/// How long the server may take to close a connection: longer than it gives anybody to speak.
const CLOSED_WITHIN: Duration = Duration::from_secs(60);

/// How long to wait for a server that is away.
const AWAY: Duration = Duration::from_millis(500);

/// What is said, by what it is.
pub(super) const KINDS: [(&str, &[u8]); 4] = [
    ("bytes that are no HTTP/2", &[0xFF; 100]),
    (
        "a request of HTTP/1.1",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
    ),
    (
        "TLS where there is none",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03",
    ),
    (
        "a frame that is too large",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xFF\xFF\xFF\x04\x00\x00\x00\x00\x00",
    ),
];

const SILENT: &str = "a connection that says nothing";

/// Says one of them.
pub(super) async fn bytes(scene: &Scene, random: &mut StdRng) {
    let (name, said) = KINDS[random.random_range(0..KINDS.len())];
    closed(scene, name, said).await;
}

/// Keeps opening connections that say nothing.
pub(in super::super) async fn silent(scene: Arc<Scene>) {
    loop {
        closed(&scene, SILENT, b"").await;
    }
}

/// Waits until the server has closed a connection, on which so much was said.
async fn closed(scene: &Scene, name: &'static str, said: &[u8]) {
    let Ok(mut stream) = TcpStream::connect(&scene.doors.address).await else {
        return tokio::time::sleep(AWAY).await;
    };
    let conversation = async {
        if stream.write_all(said).await.is_ok() {
            // How it ends makes no difference: a reset does, too.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    };
    match timeout(CLOSED_WITHIN, conversation).await {
        Ok(()) => scene.tally.refused(name),
        Err(_) => scene.book.found(format!("{name} is not closed")),
    }
}
