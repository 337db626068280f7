//! A system that is told by webhook: takes messages over HTTP, and now and then does not.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What a receiver does with a message.
#[cfg_attr(
    not(feature = "kafka"),
    expect(dead_code, reason = "only in the chaos it is late or hangs up")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Takes it.
    Take,
    /// Takes it, after a while.
    TakeLate(Duration),
    /// Says that it can't now.
    Refuse,
    /// Hangs up without a word.
    HangUp,
}

/// Listens from now on, until the test is over, and does with each message, by its id and its body, what `take` says.
/// Answers at which URL.
pub(crate) fn listen(take: impl Fn(&str, Vec<u8>) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let take = Arc::new(take);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let take = Arc::clone(&take);
            // Who sends may be killed or stopped in the middle: nobody else waits for that.
            std::thread::spawn(move || answer(&stream, &*take));
        }
    });
    format!("http://{address}/hooks")
}

/// What a server is told so that it may send to this machine, and seal a webhook's secret.
pub(crate) fn settings(scratch: &Path) -> Vec<(String, String)> {
    let key = scratch.join("secrets.key");
    std::fs::write(&key, "0123456789abcdef".repeat(4)).expect("a file");
    let key = key.display().to_string();
    let networks = r#"["127.0.0.0/8"]"#.to_owned();
    let settings = [("SECRETS_KEY_FILE", key), ("PRIVATE_NETWORKS", networks)];
    settings
        .map(|(name, value)| (format!("AFTERCALL_NOTIFY__{name}"), value))
        .into()
}

/// Reads one message, and answers it.
fn answer(stream: &TcpStream, take: &dyn Fn(&str, Vec<u8>) -> Reply) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut id, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some(("webhook-id", value)) => id = value.to_owned(),
            Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
            _ if line == "\r\n" => break,
            // Who was killed before all of it was sent has sent no message.
            _ if !line.ends_with('\n') => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let status = match take(&id, body) {
        Reply::Take => 200,
        Reply::TakeLate(late) => {
            std::thread::sleep(late);
            200
        }
        Reply::Refuse => 503,
        Reply::HangUp => return Ok(()),
    };
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    (&*stream).write_all(answer.as_bytes())
}
