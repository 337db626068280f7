//! Files that a disk or a hand has altered.

use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Overwrites some bytes of one or more of the files, and says where.
pub(crate) fn damage(files: &[PathBuf], seed: u64) -> Vec<(PathBuf, usize)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut files = files.to_vec();
    files.sort();
    let mut at = Vec::new();
    while at.is_empty() {
        for file in &files {
            let mut bytes = std::fs::read(file).unwrap();
            if bytes.is_empty() || random.random_bool(0.5) {
                continue;
            }
            let from = random.random_range(0..bytes.len());
            let to = bytes.len().min(from + random.random_range(1..2_000));
            random.fill(&mut bytes[from..to]);
            std::fs::write(file, bytes).unwrap();
            at.push((file.clone(), from));
        }
    }
    at
}

/// All files below `dir`, in the order of their names.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    list_files(dir, &mut files);
    files.sort();
    files
}

fn list_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list_files(&path, files)
        } else {
            files.push(path)
        }
    }
}
