//! Whether an export is what was signed: by the signature of its manifest, and every byte of its files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA256};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;

use super::VerifyArgs;
use super::folder::{MANIFEST, SIGNATURE, file_name, hex};
use crate::command::CommandError;
use crate::output::{Output, Style};

/// The largest manifest that is read.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// How much of a file is read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// The manifest, as far as it is checked.
#[derive(Deserialize)]
struct Manifest {
    version: String,
    rows: u64,
    parts: Vec<Part>,
    key: Key,
}

#[derive(Deserialize)]
struct Part {
    name: String,
    rows: u64,
    bytes: u64,
    sha256: String,
}

#[derive(Deserialize)]
struct Key {
    id: String,
    public_key: String,
}

/// Checks an export, and says all that is wrong with it.
pub(super) fn verify(args: &VerifyArgs, output: &mut Output) -> Result<(), CommandError> {
    let signed = read(&args.dir, MANIFEST)?;
    let signature = read(&args.dir, SIGNATURE)?;
    let manifest: Manifest = serde_json::from_slice(&signed).map_err(|error| {
        CommandError::Input(format!("{MANIFEST} is no manifest of an export: {error}"))
    })?;
    let mut wrong = Vec::new();
    if manifest.version != "aftercall-export/1" {
        wrong.push(format!("{MANIFEST}: its version is not known here"));
    }
    let key = args.signed_by.as_ref().unwrap_or(&manifest.key.public_key);
    if *key != manifest.key.public_key {
        wrong.push(format!(
            "{MANIFEST}: signed by another key than the one that was given"
        ));
    }
    if !is_signed(key, &signed, &signature) {
        wrong.push(format!("{MANIFEST}: the signature does not hold"));
    }
    let parts = manifest.parts.iter();
    if parts.clone().map(|part| part.rows).sum::<u64>() != manifest.rows {
        wrong.push(format!(
            "{MANIFEST}: its files have another number of contacts than it"
        ));
    }
    for part in parts {
        wrong.extend(check(&args.dir, part)?);
    }
    wrong.extend(strays(&args.dir, &manifest)?);
    report(&manifest, &wrong, output)
}

fn report(manifest: &Manifest, wrong: &[String], output: &mut Output) -> Result<(), CommandError> {
    if output.json() {
        let line = serde_json::json!({
            "whole": wrong.is_empty(),
            "rows": manifest.rows,
            "files": manifest.parts.len(),
            "key": manifest.key.public_key,
            "wrong": wrong,
        });
        output.line(&line.to_string())?;
    } else if wrong.is_empty() {
        output.line(&format!(
            "whole: {} contacts in {} files, signed by {} ({})",
            manifest.rows,
            manifest.parts.len(),
            manifest.key.public_key,
            manifest.key.id
        ))?;
    } else {
        for text in wrong {
            output.paragraph(0, Style::Bad, text)?;
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(CommandError::Reported),
    }
}

fn is_signed(key: &str, signed: &[u8], signature: &[u8]) -> bool {
    let signature = signature.trim_ascii();
    let (Ok(key), Ok(signature)) = (STANDARD.decode(key), STANDARD.decode(signature)) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key)
        .verify(signed, &signature)
        .is_ok()
}

/// What is wrong with a file.
fn check(dir: &Path, part: &Part) -> Result<Option<String>, CommandError> {
    let Ok(name) = file_name(&part.name) else {
        return Ok(Some(format!(
            "{MANIFEST}: names a file that none of its files can be called"
        )));
    };
    let path = dir.join(name);
    let hashed = hash(&path);
    let (bytes, sha256) = match hashed {
        Ok(hashed) => hashed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some(format!("{}: is missing", part.name)));
        }
        Err(source) => return Err(failed(&path, source)),
    };
    Ok(match (bytes == part.bytes, sha256 == part.sha256) {
        (true, true) => None,
        (true, false) => Some(format!(
            "{}: its bytes are not those that were signed",
            part.name
        )),
        (false, _) => Some(format!(
            "{}: has {bytes} bytes, and {} were signed",
            part.name, part.bytes
        )),
    })
}

fn hash(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes) = (Context::new(&SHA256), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok((bytes, hex(hash.finish().as_ref())));
        }
        bytes += read as u64;
        hash.update(&chunk[..read]);
    }
}

/// Files that look like the export's, and are not.
fn strays(dir: &Path, manifest: &Manifest) -> Result<Vec<String>, CommandError> {
    let known: BTreeSet<&str> = manifest.parts.iter().map(|part| &*part.name).collect();
    let mut strays = Vec::new();
    for entry in fs::read_dir(dir).map_err(|source| failed(dir, source))? {
        let name = entry.map_err(|source| failed(dir, source))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("part-") && !known.contains(&*name) {
            strays.push(format!("{name}: is not of this export"));
        }
    }
    strays.sort();
    Ok(strays)
}

fn read(dir: &Path, name: &str) -> Result<Vec<u8>, CommandError> {
    let path = dir.join(name);
    let read = || {
        let mut bytes = Vec::new();
        File::open(&path)?
            .take(MANIFEST_BYTES_MAX)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|source| failed(&path, source))
}

fn failed(path: &Path, source: io::Error) -> CommandError {
    CommandError::File {
        path: path.display().to_string(),
        source,
    }
}
