//! The directory of an export while it is filled: whole files under their names, and how far it has come.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aftercall_proto::history::v1::{ExportManifest, ExportPart, ExportStart};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::command::CommandError;

/// What an export holds.
pub(super) const MANIFEST: &str = "manifest.json";
/// Its signature.
pub(super) const SIGNATURE: &str = "manifest.sig";
/// How far it has come, until it is whole.
const STATE: &str = "export.json";
/// What the file is called that is being written.
const UNFINISHED: &str = "unfinished";

/// The longest state that is read.
const STATE_BYTES_MAX: u64 = 4 << 20;

/// How far an export has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    export_id: String,
    resume_token: String,
    files: u32,
}

/// A directory that is filled.
pub(super) struct Folder {
    dir: PathBuf,
    state: State,
    part: Option<Part>,
}

/// The file that is being written.
struct Part {
    file: File,
    hash: Context,
    bytes: u64,
}

impl Folder {
    /// A directory that is empty or made now; or one from a run that was broken off.
    pub(super) fn open(dir: &Path) -> Result<Self, CommandError> {
        if dir.join(MANIFEST).exists() {
            return Err(CommandError::Usage(format!(
                "{} holds a whole export: name another directory, or check it with `aftercall export verify`",
                dir.display()
            )));
        }
        let state = match dir.join(STATE).exists() {
            true => read_state(dir)?,
            false => {
                let failed = |source| failed(dir, source);
                let mut make = DirBuilder::new();
                make.recursive(true)
                    .mode(0o700)
                    .create(dir)
                    .map_err(failed)?;
                if fs::read_dir(dir).map_err(failed)?.next().is_some() {
                    return Err(CommandError::Usage(format!(
                        "{} is not empty: name a directory of its own for the export",
                        dir.display()
                    )));
                }
                State::default()
            }
        };
        Ok(Self {
            dir: dir.to_owned(),
            state,
            part: None,
        })
    }

    /// Where to go on, if it was begun before.
    pub(super) fn resume_token(&self) -> Option<&str> {
        self.is_begun().then_some(&self.state.resume_token)
    }

    /// Whether it can go on.
    pub(super) fn is_begun(&self) -> bool {
        !self.state.resume_token.is_empty()
    }

    /// How many files are whole.
    pub(super) fn files(&self) -> u32 {
        self.state.files
    }

    /// Notes what is to come.
    pub(super) fn begin(&mut self, start: &ExportStart) -> Result<(), CommandError> {
        let files = start.next_part.saturating_sub(1);
        if self.is_begun() && (self.state.export_id != start.export_id || self.state.files != files)
        {
            return Err(CommandError::Input(
                "the server goes on with another export, or elsewhere".to_owned(),
            ));
        }
        self.state = State {
            export_id: start.export_id.clone(),
            resume_token: start.resume_token.clone(),
            files,
        };
        self.keep_state()
    }

    /// Writes bytes of the file that comes next.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        let path = self.dir.join(UNFINISHED);
        let part = match &mut self.part {
            Some(part) => part,
            none => {
                let mut options = OpenOptions::new();
                let options = options.write(true).create(true).truncate(true).mode(0o600);
                let file = options
                    .open(&path)
                    .map_err(|source| failed(&path, source))?;
                none.insert(Part {
                    file,
                    hash: Context::new(&SHA256),
                    bytes: 0,
                })
            }
        };
        part.hash.update(bytes);
        part.bytes += bytes.len() as u64;
        let written = part.file.write_all(bytes);
        written.map_err(|source| failed(&path, source))
    }

    /// Gives a file that is whole its name, and notes how far it has come.
    pub(super) fn finish_part(&mut self, told: &ExportPart) -> Result<(), CommandError> {
        let part = self.part.take();
        let part = part.ok_or_else(|| damaged(&told.name))?;
        let sha256 = hex(part.hash.finish().as_ref());
        if sha256 != told.sha256 || part.bytes != told.size || told.number != self.state.files + 1 {
            return Err(damaged(&told.name));
        }
        let (from, to) = (
            self.dir.join(UNFINISHED),
            self.dir.join(file_name(&told.name)?),
        );
        let renamed = part.file.sync_all().and_then(|()| fs::rename(&from, &to));
        renamed.map_err(|source| failed(&to, source))?;
        self.state.files = told.number;
        self.state.resume_token.clone_from(&told.resume_token);
        self.keep_state()
    }

    /// Ends an export that is whole.
    pub(super) fn finish(&mut self, told: &ExportManifest) -> Result<(), CommandError> {
        let signature = format!("{}\n", told.signature);
        // The manifest comes last: with it, the export is whole.
        for (name, text) in [(SIGNATURE, &signature), (MANIFEST, &told.manifest)] {
            self.put(name, text.as_bytes())?;
        }
        let state = self.dir.join(STATE);
        fs::remove_file(&state).map_err(|source| failed(&state, source))
    }

    fn keep_state(&self) -> Result<(), CommandError> {
        let state = serde_json::to_vec(&self.state);
        let state = state.map_err(|error| failed(&self.dir.join(STATE), error.into()))?;
        self.put(STATE, &state)
    }

    /// Puts a small file in its place, whole or not at all.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), CommandError> {
        let path = self.dir.join(name);
        let fresh = self.dir.join(format!("{name}.new"));
        let put = || {
            let mut options = OpenOptions::new();
            let options = options.write(true).create(true).truncate(true).mode(0o600);
            let mut file = options.open(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.dir)?.sync_all()
        };
        put().map_err(|source| failed(&path, source))
    }
}

fn read_state(dir: &Path) -> Result<State, CommandError> {
    let path = dir.join(STATE);
    let read = || {
        let mut text = Vec::new();
        let file = File::open(&path)?;
        io::Read::read_to_end(&mut io::Read::take(file, STATE_BYTES_MAX), &mut text)?;
        Ok(serde_json::from_slice(&text)?)
    };
    read().map_err(|source| failed(&path, source))
}

/// A name in the directory, and nowhere else.
pub(super) fn file_name(name: &str) -> Result<&str, CommandError> {
    let of_name = |character: char| character.is_ascii_alphanumeric() || "-.".contains(character);
    match name.starts_with("part-") && name.len() <= 64 && name.chars().all(of_name) {
        true => Ok(name),
        false => Err(CommandError::Input(
            "the export names a file that none of its files can be called".to_owned(),
        )),
    }
}

/// Hexadecimal digits, two a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn damaged(name: &str) -> CommandError {
    CommandError::Input(format!(
        "{name} is not what the server says that it is; run the command again"
    ))
}

fn failed(path: &Path, source: io::Error) -> CommandError {
    CommandError::File {
        path: path.display().to_string(),
        source,
    }
}
