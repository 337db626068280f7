//! A session with Asterisk's manager interface: login, keepalive, and the channels that there are.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Address, Connection, Gatherer, Line, PIECE_BYTES};
use crate::command::CommandError;
use crate::connect::asterisk::manager::{Frame, LISTING};
use crate::connect::cutter::Cutter;
use crate::connect::outbox::Kept;
use crate::connect::say;

/// After so long without a word it is asked whether the other side is there, and after as long again given up.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// The classes of events that are asked for.
const CLASSES: &str = "call,agent,dtmf";
const LOGIN: &str = "aftercall-login";

/// Who logs in.
pub(in crate::connect) struct Login {
    pub(in crate::connect) user: String,
    pub(in crate::connect) secret: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Login {
    /// # Errors
    /// When a name or a secret can't stand in a line.
    pub(in crate::connect) fn new(user: &str, secret: &str) -> Result<Self, CommandError> {
        let is_line = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        match is_line(user) && is_line(secret) {
            true => Ok(Self {
                user: user.to_owned(),
                secret: secret.to_owned(),
            }),
            false => Err(CommandError::Usage(
                "the manager's user and secret are lines of text: neither is empty, or has control characters".to_owned(),
            )),
        }
    }
}

/// How a session ended.
enum Ended {
    /// The connection was lost.
    Lost(String),
    /// The login was refused.
    Refused(String),
}

/// What an answer or an event means for the session.
enum Heard {
    Nothing,
    /// The login is taken.
    Welcome,
    /// It is not.
    Refusal(String),
}

impl Gatherer<'_> {
    /// Keeps the events of a manager interface, for ever.
    ///
    /// # Errors
    /// When the first login is refused, or what comes can't be kept.
    pub(in crate::connect) async fn manager(
        &self,
        address: &Address,
        login: &Login,
    ) -> Result<(), CommandError> {
        let mut line = Line::default();
        let mut was_in = false;
        loop {
            let mut stream = match address.connect().await {
                Ok(stream) => stream,
                Err(error) => {
                    line.is_lost(address, &error.to_string()).await;
                    continue;
                }
            };
            let ended = self
                .session(&mut stream, (address, login), (&mut line, &mut was_in))
                .await?;
            let why = match ended {
                Ended::Lost(why) => why,
                // Once it was taken, it is the manager's trouble, which may pass.
                Ended::Refused(why) if was_in => why,
                Ended::Refused(why) => {
                    return Err(CommandError::Input(format!(
                        "the manager at {address} refuses the login: {why}"
                    )));
                }
            };
            drop(stream);
            line.is_lost(address, &why).await;
        }
    }

    async fn session(
        &self,
        stream: &mut Box<dyn Connection>,
        (address, login): (&Address, &Login),
        (line, was_in): (&mut Line, &mut bool),
    ) -> Result<Ended, CommandError> {
        let Login { user, secret } = login;
        let hello = format!(
            "Action: Login\r\nActionID: {LOGIN}\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: {CLASSES}\r\n\r\n"
        );
        let mut asking = hello;
        let mut cutter = Cutter::new(self.cut, 0);
        let mut piece = vec![0; PIECE_BYTES];
        let mut is_asked = false;
        loop {
            if !asking.is_empty() {
                let asked = stream
                    .write_all(std::mem::take(&mut asking).as_bytes())
                    .await;
                if let Err(error) = asked {
                    return Ok(Ended::Lost(error.to_string()));
                }
            }
            let read = match tokio::time::timeout(SILENCE_MAX, stream.read(&mut piece)).await {
                Err(_) if is_asked => {
                    return Ok(Ended::Lost(
                        "nothing was heard of it for a minute".to_owned(),
                    ));
                }
                Err(_) => {
                    is_asked = true;
                    "Action: Ping\r\n\r\n".clone_into(&mut asking);
                    continue;
                }
                Ok(Ok(0)) => return Ok(Ended::Lost("the other side closed it".to_owned())),
                Ok(Ok(read)) => read,
                Ok(Err(error)) => return Ok(Ended::Lost(error.to_string())),
            };
            is_asked = false;
            let mut found = Vec::new();
            cutter.push(&piece[..read], &mut found);
            let mut kept: Vec<Kept> = Vec::new();
            for bytes in found.into_iter().filter_map(|one| one.bytes) {
                match self.hear(&String::from_utf8_lossy(&bytes), &mut kept) {
                    Heard::Nothing => {}
                    Heard::Welcome => {
                        *was_in = true;
                        line.is_there(address);
                        asking = format!("Action: CoreShowChannels\r\nActionID: {LISTING}\r\n\r\n");
                    }
                    Heard::Refusal(why) => return Ok(Ended::Refused(why)),
                }
            }
            self.keep(&kept).await?;
        }
    }

    /// Takes an answer or an event, and what has to be kept of it.
    fn hear(&self, text: &str, kept: &mut Vec<Kept>) -> Heard {
        let frame = Frame::read(text);
        match (frame.get("actionid"), frame.get("response")) {
            (LOGIN, "Success") => {
                kept.push(self.kept(None));
                return Heard::Welcome;
            }
            (LOGIN, _) => return Heard::Refusal(frame.get("message").to_owned()),
            (LISTING, "Error") => say(&format!(
                "the manager does not say which channels there are ({}): give its user write=system,reporting. Calls \
                 that end while the connection is lost stay open",
                frame.get("message")
            )),
            _ if frame.is_wanted() => kept.push(self.kept(Some(text.to_owned()))),
            _ => {}
        }
        Heard::Nothing
    }
}
