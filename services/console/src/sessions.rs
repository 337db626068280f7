//! The sessions there are: who signed in where, until when. They outlive a restart, and can be ended.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use aftercall_service::Principal;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::cookie::write_private;
use crate::oidc::Granted;

/// How many sessions there are at most; of more, the one that ends first gives way.
const SESSIONS_MAX: usize = 10_000;

/// How many of them one person has.
const SESSIONS_PER_ACTOR_MAX: usize = 20;

/// Where the sessions can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// The file can't be read.
    #[error("the console's sessions, {}, can't be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It says something else.
    #[error("{} is no list of sessions: delete it, and everybody signs in anew", path.display())]
    NoList {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

/// A session, as it is kept and told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) actor: String,
    pub(crate) began_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// What the browser says that it is.
    pub(crate) browser: String,
    /// Whom a provider says that it is, where somebody signed in elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) granted: Option<Granted>,
}

impl Session {
    pub(crate) fn is_of(&self, who: &Principal) -> bool {
        self.tenant == *who.tenant_id && self.actor == *who.actor_id
    }
}

#[derive(Debug)]
struct Entry {
    session: Session,
    /// Cancelled when it has ended.
    over: CancellationToken,
}

/// All of them. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Sessions(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    entries: Mutex<BTreeMap<String, Entry>>,
    /// Held while the file is written, so that a later state is never replaced by an earlier one.
    writing: Mutex<()>,
}

impl Sessions {
    /// Those that a file lists; none where there is none.
    pub(crate) fn open(path: PathBuf) -> Result<Self, SessionsError> {
        let kept: Vec<Session> = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|source| SessionsError::NoList {
                path: path.clone(),
                source,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(SessionsError::File { path, source }),
        };
        let entries = kept.into_iter().map(entry).collect();
        Ok(Self(Arc::new(Shared {
            path,
            entries: Mutex::new(entries),
            writing: Mutex::default(),
        })))
    }

    /// The session of an id that has not ended at `now`, and what says that it has.
    pub(crate) fn get(&self, id: &str, now: Timestamp) -> Option<(Session, CancellationToken)> {
        let entries = self.0.entries.lock();
        let Entry { session, over } = entries.get(id)?;
        (session.ends_at > now).then(|| (session.clone(), over.clone()))
    }

    /// Those that `who` may see at `now`, the latest first.
    pub(crate) fn list(&self, now: Timestamp, who: impl Fn(&Session) -> bool) -> Vec<Session> {
        let entries = self.0.entries.lock();
        let open = entries.values().map(|entry| &entry.session);
        let open = open.filter(|session| session.ends_at > now && who(session));
        let mut open: Vec<_> = open.cloned().collect();
        open.sort_by_key(|session| std::cmp::Reverse(session.began_at));
        open
    }

    /// Begins a session. What has ended is forgotten, and what is too much ends. Waits for the disk.
    pub(crate) fn begin(&self, session: Session) -> io::Result<()> {
        let id = session.id.clone();
        {
            let mut entries = self.0.entries.lock();
            let now = session.began_at;
            entries.retain(|_, one| one.session.ends_at > now);
            let same = |one: &Session| one.tenant == session.tenant && one.actor == session.actor;
            make_room(&mut entries, SESSIONS_PER_ACTOR_MAX, same);
            make_room(&mut entries, SESSIONS_MAX, |_| true);
            let (id, entry) = entry(session);
            entries.insert(id, entry);
        }
        let kept = self.write();
        if kept.is_err() {
            self.0.entries.lock().remove(&id);
        }
        kept
    }

    /// Ends a session. Its streams end at once, whatever the disk says. Waits for the disk.
    pub(crate) fn end(&self, id: &str) -> io::Result<()> {
        let Some(entry) = self.0.entries.lock().remove(id) else {
            return Ok(());
        };
        entry.over.cancel();
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        let _writing = self.0.writing.lock();
        let kept: Vec<_> = {
            let entries = self.0.entries.lock();
            entries
                .values()
                .map(|entry| entry.session.clone())
                .collect()
        };
        write_private(&self.0.path, &serde_json::to_vec_pretty(&kept)?)
    }
}

fn entry(session: Session) -> (String, Entry) {
    let over = CancellationToken::new();
    (session.id.clone(), Entry { session, over })
}

/// Ends those that end first, until there is room for one more of `these`.
fn make_room(entries: &mut BTreeMap<String, Entry>, most: usize, these: impl Fn(&Session) -> bool) {
    let mut ends: Vec<_> = entries
        .values()
        .filter(|entry| these(&entry.session))
        .map(|entry| (entry.session.ends_at, entry.session.id.clone()))
        .collect();
    ends.sort();
    let too_many = (ends.len() + 1).saturating_sub(most);
    for (_, id) in ends.into_iter().take(too_many) {
        if let Some(entry) = entries.remove(&id) {
            entry.over.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn session(id: &str, actor: &str, began: i64) -> Session {
        Session {
            id: id.to_owned(),
            tenant: "acme".to_owned(),
            actor: actor.to_owned(),
            began_at: at(began),
            ends_at: at(began + 1_000),
            browser: "a browser".to_owned(),
            granted: None,
        }
    }

    fn open(dir: &TempDir) -> Sessions {
        Sessions::open(dir.path().join("sessions.json")).unwrap()
    }

    #[test]
    fn a_session_outlives_a_restart_and_ends_at_its_time() {
        let dir = TempDir::new().unwrap();
        open(&dir).begin(session("one", "ann", 0)).unwrap();
        let again = open(&dir);
        assert!(again.get("one", at(999)).is_some());
        assert!(again.get("one", at(1_000)).is_none());
        assert!(again.get("two", at(1)).is_none());
    }

    #[test]
    fn an_ended_session_stays_ended_and_says_so_to_its_streams() {
        let dir = TempDir::new().unwrap();
        let sessions = open(&dir);
        sessions.begin(session("one", "ann", 0)).unwrap();
        sessions.begin(session("two", "ann", 1)).unwrap();
        let (_, over) = sessions.get("one", at(2)).unwrap();
        assert!(!over.is_cancelled());
        sessions.end("one").unwrap();
        assert!(over.is_cancelled());
        let again = open(&dir);
        assert!(again.get("one", at(2)).is_none());
        assert!(again.get("two", at(2)).is_some());
    }

    #[test]
    fn one_person_does_not_take_the_places_of_others() {
        let dir = TempDir::new().unwrap();
        let sessions = open(&dir);
        sessions.begin(session("bob", "bob", 0)).unwrap();
        for n in 0..=SESSIONS_PER_ACTOR_MAX {
            let began = i64::try_from(n).unwrap();
            sessions
                .begin(session(&format!("ann-{n}"), "ann", began))
                .unwrap();
        }
        let all = sessions.list(at(30), |_| true);
        assert_eq!(all.len(), SESSIONS_PER_ACTOR_MAX + 1);
        assert!(
            sessions.get("ann-0", at(30)).is_none(),
            "the oldest one gave way"
        );
        assert!(sessions.get("bob", at(30)).is_some());
        assert_eq!(
            all.first().unwrap().id,
            format!("ann-{SESSIONS_PER_ACTOR_MAX}")
        );
    }

    #[test]
    fn a_session_that_cannot_be_kept_is_none() {
        let dir = TempDir::new().unwrap();
        let sessions = Sessions::open(dir.path().join("gone").join("sessions.json")).unwrap();
        assert!(sessions.begin(session("one", "ann", 0)).is_err());
        assert!(sessions.get("one", at(1)).is_none());
    }
}
