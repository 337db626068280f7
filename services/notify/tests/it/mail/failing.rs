//! Servers that fail in ways that no server of others does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aftercall_notify::mail::{MailTls, Outcome, Trouble};
use aftercall_service::{ManualClock, SystemClock};
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{config, mailer, notice, reader};

/// What a server does when it is told to take a mail's content.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// It closes the connection.
    Close,
    /// It says nothing any more.
    Silence,
    /// It goes on with a line that never ends.
    EndlessLine,
    /// It goes on with lines.
    EndlessLines,
    /// It says what is no SMTP.
    Nonsense,
    /// It takes the mail, and closes the connection.
    TakeAndClose,
}

/// A server that does so with each connection, for as long as its tasks are kept; says when it does.
async fn server(then: Then) -> (SocketAddr, mpsc::Receiver<()>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (doing, done) = mpsc::channel(8);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.spawn(serve(stream, then, doing.clone()));
        }
    });
    (address, done, tasks)
}

async fn serve(stream: TcpStream, then: Then, doing: mpsc::Sender<()>) {
    let mut stream = BufReader::new(stream);
    let _ = stream.write_all(b"220 ready\r\n").await;
    let mut line = String::new();
    while !line.starts_with("DATA") {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let answer = match line.starts_with("DATA") {
            true => "354 go on\r\n",
            false => "250 OK\r\n",
        };
        let _ = stream.write_all(answer.as_bytes()).await;
    }
    while line != ".\r\n" {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let _ = doing.send(()).await;
    let piece = match then {
        Then::Close => return,
        Then::Silence => return std::future::pending().await,
        Then::EndlessLine => "250".repeat(1_000),
        Then::EndlessLines => "250-and more\r\n".repeat(100),
        Then::Nonsense => "HTTP/1.1 200 OK\r\n".to_owned(),
        Then::TakeAndClose => {
            let _ = stream.write_all(b"250 taken\r\n").await;
            return;
        }
    };
    while stream.write_all(piece.as_bytes()).await.is_ok() {}
}

async fn outcome(then: Then) -> Outcome {
    let (address, _doing, _tasks) = server(then).await;
    let config = config(address.port(), MailTls::None);
    let mailer = mailer(&config, None, Arc::new(SystemClock::new()));
    mailer.tell(&notice(1), &reader("desk@example.com")).await
}

#[tokio::test]
async fn a_server_that_breaks_off_or_says_too_much_is_tried_again_later() {
    for (then, trouble) in [
        (Then::Close, Trouble::Answer),
        (Then::EndlessLine, Trouble::Answer),
        (Then::EndlessLines, Trouble::Answer),
        (Then::Nonsense, Trouble::Answer),
    ] {
        assert_eq!(outcome(then).await, Outcome::NotNow(trouble), "{then:?}");
    }
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = unused.local_addr().unwrap();
    drop(unused);
    let config = config(address.port(), MailTls::None);
    let mailer = mailer(&config, None, Arc::new(SystemClock::new()));
    let told = mailer.tell(&notice(1), &reader("desk@example.com")).await;
    assert_eq!(told, Outcome::NotNow(Trouble::Connection));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_and_no_longer() {
    let (address, mut doing, _tasks) = server(Then::Silence).await;
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let config = config(address.port(), MailTls::None);
    let mailer = mailer(&config, None, Arc::new(clock.clone()));
    let reader = reader("desk@example.com");
    let notice = notice(1);
    let waiting = mailer.tell(&notice, &reader);
    let passing = async {
        doing.recv().await.unwrap();
        clock.advance(Duration::from_secs(61));
    };
    let (told, ()) = tokio::join!(waiting, passing);
    assert_eq!(told, Outcome::NotNow(Trouble::Timeout));
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_made_anew() {
    let (address, mut doing, _tasks) = server(Then::TakeAndClose).await;
    let config = config(address.port(), MailTls::None);
    let mailer = mailer(&config, None, Arc::new(SystemClock::new()));
    for number in 1..=3 {
        let told = mailer
            .tell(&notice(number), &reader("desk@example.com"))
            .await;
        assert_eq!(told, Outcome::Taken, "{number}");
        doing.recv().await.unwrap();
    }
}
