//! Directions on disk, by what they are directions of: a view that is rebuilt, or a solution that
//! is put back to earlier words, finds them again.
//!
//! Files are written whole and never changed. Each entry has a hash of its own, so damage costs
//! what it hit. When there are more entries than wanted, the oldest file goes; what was asked for
//! since the cache was opened is written once more.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Model, ModelError, Vector};

/// Before all files of this form.
const MAGIC: [u8; 8] = *b"ACVECTS2";
/// Entries of a file, unless more are added at once.
const FILE_ENTRIES: usize = 4_096;
/// Entries that wait before they are written by themselves.
const WAITING_MAX: usize = 256;

const KEY_BYTES: usize = 16;
const SUM_BYTES: usize = 8;
/// How files are called, and how while they are written.
const NAMED: &str = "vectors";
const UNFINISHED: &str = "unfinished";

/// A text, by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId([u8; KEY_BYTES]);

impl TextId {
    /// The id of a text.
    pub fn of(text: &str) -> Self {
        Self(first_bytes(&blake3::hash(text.as_bytes())))
    }

    /// The id in these bytes; none if they are none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The id's bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn first_bytes(hash: &blake3::Hash) -> [u8; KEY_BYTES] {
    let mut bytes = [0; KEY_BYTES];
    bytes.copy_from_slice(&hash.as_bytes()[..KEY_BYTES]);
    bytes
}

/// What a direction is of: a model, how much of a text it reads, and the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// The key of a text, by the model's [`source_sha256`](super::Description::source_sha256).
    pub fn of(source_sha256: &str, tokens_max: usize, text: TextId) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(source_sha256.as_bytes());
        hasher.update(&(tokens_max as u64).to_le_bytes());
        hasher.update(text.as_bytes());
        Self(first_bytes(&hasher.finalize()))
    }
}

/// Where a direction is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It was in the cache.
    Cached,
    /// It was reckoned, and is in the cache.
    Reckoned,
    /// It was reckoned, and could not be written into the cache.
    Unwritten,
}

/// The directions of texts in their order, out of the cache where they are there; the others are reckoned together. To be
/// called off the path of requests: a text takes hundredths of a second, and a library an hour.
///
/// # Errors
/// When the model can't reckon. A cache that can't be written is told by [`Found::Unwritten`].
pub fn directions(
    model: &Model,
    cache: &VectorCache,
    texts: &[&str],
    tokens_max: usize,
) -> Result<Vec<(Vector, Found)>, ModelError> {
    let model_sha256 = &model.description().source_sha256;
    let key = |text: &&str| Key::of(model_sha256, tokens_max, TextId::of(text));
    let keys: Vec<Key> = texts.iter().map(key).collect();
    let kept: Vec<Option<Vector>> = keys.iter().map(|key| cache.get(*key)).collect();
    // What stands there twice is reckoned once.
    let mut unknown: BTreeMap<Key, &str> = BTreeMap::new();
    for ((key, text), kept) in keys.iter().zip(texts).zip(&kept) {
        if kept.is_none() {
            unknown.insert(*key, text);
        }
    }
    let wanted: Vec<&str> = unknown.values().copied().collect();
    let reckoned = model.directions(&wanted, tokens_max)?;
    let mut new = BTreeMap::new();
    for (key, vector) in unknown.into_keys().zip(reckoned) {
        let found = match cache.put(key, vector.clone()) {
            Ok(()) => Found::Reckoned,
            Err(_) => Found::Unwritten,
        };
        new.insert(key, (vector, found));
    }
    let all = keys.iter().zip(kept).map(|(key, kept)| match kept {
        Some(vector) => Some((vector, Found::Cached)),
        None => new.get(key).cloned(),
    });
    Ok(all.flatten().collect())
}

/// Where an entry stands: in which file, as the how many-th.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    file: u64,
    entry: u32,
}

/// Directions on disk. Whoever looks one up does not wait while others are written.
#[derive(Debug)]
pub struct VectorCache {
    dir: PathBuf,
    dimensions: usize,
    entries_max: usize,
    state: Mutex<State>,
    /// Held by whoever changes files.
    writing: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Open files, by their numbers, with how many entries they have.
    files: BTreeMap<u64, (Arc<File>, u32)>,
    places: HashMap<Key, Place>,
    waiting: BTreeMap<Key, Vector>,
    /// What was asked for since the cache was opened.
    asked_for: HashSet<Key>,
}

impl VectorCache {
    /// Opens the cache in `dir`, for directions of `dimensions` numbers, of which about
    /// `entries_max` are kept. Files that can't be read are left out: a cache is never a reason to
    /// fail.
    ///
    /// # Errors
    /// When the directory can't be made or listed.
    pub fn open(dir: &Path, dimensions: usize, entries_max: usize) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let cache = Self {
            dir: dir.to_owned(),
            dimensions,
            entries_max,
            state: Mutex::default(),
            writing: Mutex::default(),
        };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|it| it == UNFINISHED) {
                fs::remove_file(&path)?;
            } else if path.extension().is_some_and(|it| it == NAMED) {
                let name = path.file_stem().and_then(|name| name.to_str());
                numbers.extend(name.and_then(|name| name.parse::<u64>().ok()));
            }
        }
        numbers.sort_unstable();
        for number in numbers {
            if cache.take_up(number).is_err() {
                // Damaged, or of other dimensions: it makes room.
                fs::remove_file(cache.path(number))?;
            }
        }
        Ok(cache)
    }

    /// How many directions there are.
    pub fn len(&self) -> usize {
        let state = self.state();
        state.places.len() + state.waiting.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The direction of what `key` says; none if it isn't known, or can't be read any more.
    pub fn get(&self, key: Key) -> Option<Vector> {
        let (place, file) = {
            let mut state = self.state();
            if let Some(waiting) = state.waiting.get(&key) {
                return Some(waiting.clone());
            }
            let place = *state.places.get(&key)?;
            let (file, _) = state.files.get(&place.file)?;
            let file = Arc::clone(file);
            state.asked_for.insert(key);
            (place, file)
        };
        let vector = self.read(&file, key, place);
        if vector.is_none() {
            let mut state = self.state();
            if state.places.get(&key) == Some(&place) {
                state.places.remove(&key);
            }
        }
        vector
    }

    /// Keeps a direction; on disk after the next [`flush`](Self::flush), which this does by itself
    /// when many wait.
    ///
    /// # Errors
    /// When they can't be written. They are kept in memory then.
    pub fn put(&self, key: Key, vector: Vector) -> io::Result<()> {
        if vector.values().len() != self.dimensions {
            return Err(io::Error::other("a direction of another model"));
        }
        let is_full = {
            let mut state = self.state();
            if !state.places.contains_key(&key) {
                state.waiting.insert(key, vector);
            }
            state.waiting.len() >= WAITING_MAX
        };
        match is_full {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// When it can't be written. It is kept in memory then.
    pub fn flush(&self) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (waiting, small) = {
            let state = self.state();
            // A small last file is written anew with what comes, so that there are few files.
            let last = state.files.last_key_value();
            let small = last.filter(|(_, (_, count))| (*count as usize) < FILE_ENTRIES / 2);
            (state.waiting.clone(), small.map(|(number, _)| *number))
        };
        if waiting.is_empty() {
            return Ok(());
        }
        let mut entries = match small {
            Some(number) => self.entries(number),
            None => BTreeMap::new(),
        };
        let written: Vec<Key> = waiting.keys().copied().collect();
        entries.extend(waiting);
        self.write(&entries)?;
        {
            let mut state = self.state();
            for key in written {
                state.waiting.remove(&key);
            }
        }
        if let Some(number) = small {
            self.remove(number)?;
        }
        self.make_room()
    }

    /// Drops the oldest files until there are few enough entries; what was asked for goes on.
    fn make_room(&self) -> io::Result<()> {
        loop {
            let oldest = {
                let state = self.state();
                let is_full = state.places.len() > self.entries_max && state.files.len() > 1;
                let oldest = state.files.first_key_value();
                oldest.filter(|_| is_full).map(|(number, _)| *number)
            };
            let Some(oldest) = oldest else {
                return Ok(());
            };
            let mut wanted = self.entries(oldest);
            {
                let mut state = self.state();
                wanted.retain(|key, _| state.asked_for.remove(key));
            }
            self.remove(oldest)?;
            if !wanted.is_empty() {
                self.write(&wanted)?;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.dir.join(format!("{number:010}.{NAMED}"))
    }

    const fn entry_bytes(&self) -> usize {
        KEY_BYTES + self.dimensions + SUM_BYTES
    }

    /// Opens a file, and notes what is in it.
    fn take_up(&self, number: u64) -> io::Result<()> {
        let mut file = File::open(self.path(number))?;
        let mut magic = [0; MAGIC.len() + 4];
        file.read_exact(&mut magic)?;
        let dimensions = &magic[MAGIC.len()..];
        if magic[..MAGIC.len()] != MAGIC || dimensions != (self.dimensions as u32).to_le_bytes() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let (mut entry, mut count) = (vec![0; self.entry_bytes()], 0);
        let mut reader = io::BufReader::with_capacity(1 << 16, &file);
        let mut state = self.state();
        while reader.read_exact(&mut entry).is_ok() {
            if let Some((key, _)) = decode(&entry) {
                let place = Place {
                    file: number,
                    entry: count,
                };
                state.places.insert(key, place);
            }
            count += 1;
        }
        state.files.insert(number, (Arc::new(file), count));
        Ok(())
    }

    fn read(&self, file: &File, key: Key, place: Place) -> Option<Vector> {
        let mut entry = vec![0; self.entry_bytes()];
        let before = MAGIC.len() + 4 + place.entry as usize * entry.len();
        file.read_exact_at(&mut entry, before as u64).ok()?;
        let (found, vector) = decode(&entry)?;
        (found == key).then_some(vector)
    }

    /// What counts of a file.
    fn entries(&self, number: u64) -> BTreeMap<Key, Vector> {
        let (file, of_file) = {
            let state = self.state();
            let Some((file, _)) = state.files.get(&number) else {
                return BTreeMap::new();
            };
            let of_file = state.places.iter();
            let of_file = of_file.filter(|(_, place)| place.file == number);
            let of_file: Vec<_> = of_file.map(|(key, place)| (*key, *place)).collect();
            (Arc::clone(file), of_file)
        };
        let read = of_file.into_iter();
        read.filter_map(|(key, place)| Some((key, self.read(&file, key, place)?)))
            .collect()
    }

    /// Writes a new file, whole or not at all.
    fn write(&self, entries: &BTreeMap<Key, Vector>) -> io::Result<()> {
        let last = self.state().files.last_key_value().map(|(last, _)| *last);
        let number = last.map_or(0, |last| last + 1);
        let path = self.path(number);
        let beside = path.with_extension(UNFINISHED);
        let mut bytes = Vec::with_capacity(12 + entries.len() * self.entry_bytes());
        bytes.extend(MAGIC);
        bytes.extend((self.dimensions as u32).to_le_bytes());
        for (key, vector) in entries {
            encode(*key, vector, &mut bytes);
        }
        let mut file = File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(&self.dir)?.sync_all()?;
        let file = Arc::new(File::open(&path)?);
        let mut state = self.state();
        state.files.insert(number, (file, entries.len() as u32));
        for (key, entry) in entries.keys().zip(0..) {
            let place = Place {
                file: number,
                entry,
            };
            state.places.insert(*key, place);
        }
        Ok(())
    }

    fn remove(&self, number: u64) -> io::Result<()> {
        let mut state = self.state();
        state.files.remove(&number);
        state.places.retain(|_, place| place.file != number);
        drop(state);
        fs::remove_file(self.path(number))
    }
}

fn encode(key: Key, vector: &Vector, bytes: &mut Vec<u8>) {
    let begin = bytes.len();
    bytes.extend(key.0);
    bytes.extend(vector.values().iter().map(|value| value.cast_unsigned()));
    let sum = blake3::hash(&bytes[begin..]);
    bytes.extend(&sum.as_bytes()[..SUM_BYTES]);
}

/// The entry in these bytes; none if they were changed.
fn decode(entry: &[u8]) -> Option<(Key, Vector)> {
    let (content, sum) = entry.split_at_checked(entry.len().checked_sub(SUM_BYTES)?)?;
    if blake3::hash(content).as_bytes()[..SUM_BYTES] != *sum {
        return None;
    }
    let (key, values) = content.split_first_chunk::<KEY_BYTES>()?;
    let values = values.iter().map(|value| value.cast_signed()).collect();
    Some((Key(*key), Vector::from_values(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(n: usize) -> Vector {
        Vector::of(&[n as f32 + 1.0, 1.0, -2.0, 0.5])
    }

    fn key(n: usize) -> Key {
        Key::of("model", 48, TextId::of(&n.to_string()))
    }

    fn open(dir: &Path, max: usize) -> VectorCache {
        VectorCache::open(dir, 4, max).unwrap()
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(dir.path(), 10_000);
        for n in 0..600 {
            cache.put(key(n), vector(n)).unwrap();
        }
        cache.flush().unwrap();
        let cache = open(dir.path(), 10_000);
        assert_eq!(cache.len(), 600);
        for n in 0..600 {
            assert_eq!(cache.get(key(n)), Some(vector(n)));
        }
        assert_eq!(cache.get(Key::of("model", 49, TextId::of("1"))), None);
        // Small files are put together.
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn damage_costs_what_it_hit() {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(dir.path(), 100);
        for n in 0..3 {
            cache.put(key(n), vector(n)).unwrap();
        }
        cache.flush().unwrap();
        let path = cache.path(0);
        let mut bytes = fs::read(&path).unwrap();
        bytes[12 + 18] ^= 1;
        bytes.truncate(bytes.len() - 1);
        fs::write(&path, bytes).unwrap();
        fs::write(dir.path().join("9.unfinished"), "x").unwrap();
        fs::write(dir.path().join("0000000007.vectors"), "not one").unwrap();
        let cache = open(dir.path(), 100);
        let found = (0..3).filter_map(|n| cache.get(key(n))).count();
        assert_eq!((cache.len(), found), (1, 1));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_oldest_go_and_what_is_in_use_stays() {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(dir.path(), 6_000);
        for n in 0..3_000 {
            cache.put(key(n), vector(n)).unwrap();
        }
        assert!(cache.get(key(7)).is_some());
        for n in 3_000..8_500 {
            cache.put(key(n), vector(n)).unwrap();
        }
        cache.flush().unwrap();
        assert!(cache.len() <= 6_000 + FILE_ENTRIES, "{}", cache.len());
        assert_eq!(cache.get(key(7)), Some(vector(7)));
        assert_eq!(cache.get(key(8)), None);
        assert_eq!(cache.get(key(8_499)), Some(vector(8_499)));
    }
}
