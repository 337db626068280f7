//! Where a process works, and whether anybody is told anything from there.

use aftercall_log::Log;

/// The environment in which a process works, such as `production`. People and systems are told in the environment in
/// which their telling began, and in no other.
///
/// Two of one environment would tell everything twice. So a process on a copy of the data is mute, unless the
/// configuration names its environment: then whoever runs it has decided which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    name: String,
    mute: bool,
}

impl Environment {
    /// The environment that is `named` by the configuration; where it names none, that of the log, by the log's id.
    pub fn of(named: Option<&str>, log: &dyn Log) -> Self {
        match named {
            Some(name) => Self {
                name: name.to_owned(),
                mute: false,
            },
            None => Self {
                name: log.id().to_string(),
                mute: log.copied().is_some(),
            },
        }
    }

    /// Its name. A copy bears that of what it is a copy of, so that what is made in it is told once it takes its place.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether nothing at all is told from here: this is a copy of the data, and nobody said that it takes the other's
    /// place.
    pub fn is_mute(&self) -> bool {
        self.mute
    }

    /// Whether what is told in the environment `name` is told from here.
    pub fn tells(&self, name: &str) -> bool {
        !self.mute && self.name == name
    }

    /// Has the process's metrics say whether it is mute.
    pub fn measure(&self) {
        metrics::gauge!("aftercall_mute").set(f64::from(u8::from(self.mute)));
    }

    /// What to do where something of another environment is not told, and should be.
    pub fn remedy(&self) -> &'static str {
        match self.mute {
            true => {
                "this is a copy of the data, which tells nobody anything: if it takes the place of the other one, stop \
                 the server and call `aftercall log take-over`, or set notify.environment to the other one's name"
            }
            false => {
                "if this takes the place of the other environment, set notify.environment to that one's name"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aftercall_log::{EmbeddedLog, LogId, MemoryLog, Options};

    use super::*;

    #[test]
    fn without_a_name_it_is_that_of_the_log() {
        let log = MemoryLog::new(LogId([7; 16]), 1);
        let here = Environment::of(None, &log);
        assert_eq!(here.name(), log.id().to_string());
        assert!(here.tells(&log.id().to_string()) && !here.tells("production") && !here.is_mute());
        let named = Environment::of(Some("production"), &log);
        assert!(named.tells("production") && !named.tells(&log.id().to_string()));
    }

    #[test]
    fn a_copy_is_mute_unless_it_is_named() {
        let (first, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(EmbeddedLog::open(first.path(), Options::default()).unwrap());
        for entry in std::fs::read_dir(first.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let log = EmbeddedLog::open(copy.path(), Options::default()).unwrap();
        let (here, name) = (Environment::of(None, &log), log.id().to_string());
        assert!(here.is_mute() && here.name() == name && !here.tells(&name));
        let named = Environment::of(Some(&name), &log);
        assert!(named.tells(&name) && !named.is_mute());
    }
}
