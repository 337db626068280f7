//! Files that a command reads whole.

use std::fs::File;
use std::io::{self, Read};

use super::CommandError;

/// Reads a file, or standard input where it is called `-`.
///
/// # Errors
/// When it can't be read, or has more than `mib_max` MiB: then `else_use` says what to do instead.
pub(super) fn read(file: &str, mib_max: u64, else_use: &str) -> Result<Vec<u8>, CommandError> {
    let bytes_max = mib_max << 20;
    let failed = |source| CommandError::File {
        path: file.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let taken = match file {
        "-" => io::stdin()
            .lock()
            .take(bytes_max + 1)
            .read_to_end(&mut bytes),
        path => File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes)),
    };
    match taken.map_err(failed)? as u64 > bytes_max {
        true => Err(CommandError::Input(format!(
            "{file} is larger than {mib_max} MiB: {else_use}"
        ))),
        false => Ok(bytes),
    }
}
