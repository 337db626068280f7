//! Asks a broker which brokers it knows: the one question that says whether a cluster is up.
//!
//! By hand, because a client library would be a second one beside the log's, for a single request:
//! Metadata, version 1, of no topic (<https://kafka.apache.org/protocol#The_Messages_Metadata>).

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest answer that is read: far more than a handful of brokers takes.
const ANSWER_BYTES_MAX: u32 = 1 << 16;

/// How many brokers the broker at `address` knows to be alive.
///
/// # Errors
/// When it can't be reached, or does not answer.
pub(super) fn brokers(address: SocketAddr) -> io::Result<u32> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&request())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > ANSWER_BYTES_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "an answer of another protocol",
        ));
    }
    let mut answer = Vec::new();
    stream.take(u64::from(length)).read_to_end(&mut answer)?;
    count(&answer).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// The request with its header: key 3, version 1, correlation 1, no client's name, no topics.
fn request() -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(3_i16.to_be_bytes());
    body.extend(1_i16.to_be_bytes());
    body.extend(1_i32.to_be_bytes());
    body.extend((-1_i16).to_be_bytes());
    body.extend(0_i32.to_be_bytes());
    let mut request = u32::try_from(body.len())
        .unwrap_or_default()
        .to_be_bytes()
        .to_vec();
    request.append(&mut body);
    request
}

/// The length of the array of brokers, which follows the correlation.
fn count(answer: &[u8]) -> Option<u32> {
    let count = answer.get(4..8)?.try_into().ok()?;
    Some(u32::from_be_bytes(count))
}
