//! Records as an import reads them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::contact::Converted;

/// Writes the records in two files in `dir`, the second one packed, and answers their names.
pub(super) fn files(dir: &Path, converted: &Converted) -> anyhow::Result<Vec<PathBuf>> {
    let (plain, packed) = (dir.join("a.jsonl"), dir.join("b.jsonl.gz"));
    let mut first = BufWriter::new(File::create(&plain)?);
    let second = BufWriter::new(File::create(&packed)?);
    let mut second = GzEncoder::new(second, Compression::fast());
    let half = converted.contacts.len() / 2;
    for (index, contact) in converted.contacts.iter().enumerate() {
        let out: &mut dyn Write = if index < half {
            &mut first
        } else {
            &mut second
        };
        serde_json::to_writer(&mut *out, &contact.request)?;
        out.write_all(b"\n")?;
    }
    first.flush()?;
    second.finish()?.flush()?;
    Ok(vec![plain, packed])
}
