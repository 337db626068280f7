//! A log, and a view of it that counts.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aftercall_log::{Entry, Log, LogId, MemoryLog, Position, Record};
use aftercall_view::index::IndexSchema;
use aftercall_view::key::Key;
use aftercall_view::{
    ApplyError, Direction, EngineKind, Feed, FeedOptions, FromRecord, Indexer, Judge, Options,
    Placed, Positions, Projection, Store, Txn, Verdict, ViewHandle, Views,
};
use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tantivy::TantivyDocument;
use tantivy::collector::Count;
use tantivy::query::TermQuery;
use tantivy::schema::{BytesOptions, Field, IndexRecordOption, STRING, Schema};
use tokio::time::Instant;

pub(crate) const LOG: LogId = LogId([7; 16]);

/// A record's body that [`Words`] can't apply.
pub(crate) const POISON: &[u8] = b"poison";

/// A record's body that makes [`Words`] panic.
pub(crate) const PANIC: &[u8] = b"panic";

/// Far enough away that a wait that works never meets it.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Appends one record for each (key, word), and says what includes them all.
pub(crate) async fn append(log: &MemoryLog, words: &[(&str, &str)]) -> Positions {
    let records = words
        .iter()
        .map(|(key, word)| record(key, word.as_bytes()))
        .collect();
    let positions: Vec<Position> = log.append(records).await.unwrap();
    positions
        .into_iter()
        .map(|at| (at.partition, at.offset + 1))
        .collect()
}

pub(crate) fn record(key: &str, body: &[u8]) -> Record {
    Record {
        key: Bytes::copy_from_slice(key.as_bytes()),
        recorded_at_us: 0,
        body: Bytes::copy_from_slice(body),
    }
}

/// The words of each key, in order, and how many there are: a fold in which a record that is
/// applied twice, or not, shows. With an index, a document for each key.
pub(crate) struct Words {
    pub(crate) version: u32,
    pub(crate) fields: Option<Fields>,
    /// How many documents were made for the index.
    pub(crate) made: Arc<AtomicUsize>,
}

pub(crate) struct Fields {
    pub(crate) schema: Schema,
    pub(crate) key: Field,
    pub(crate) word: Field,
}

impl Words {
    pub(crate) fn plain() -> Self {
        Self {
            version: 1,
            fields: None,
            made: Arc::default(),
        }
    }

    pub(crate) fn indexed() -> Self {
        let mut schema = Schema::builder();
        let key = schema.add_bytes_field("key", BytesOptions::default().set_indexed());
        let word = schema.add_text_field("word", STRING);
        Self {
            version: 1,
            fields: Some(Fields {
                schema: schema.build(),
                key,
                word,
            }),
            made: Arc::default(),
        }
    }
}

/// What a record says: a word of a key.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) key: Bytes,
    pub(crate) word: Bytes,
}

impl FromRecord for Word {
    fn from_record(entry: &Entry) -> Result<Self, ApplyError> {
        Ok(Self {
            key: entry.record.key.clone(),
            word: entry.record.body.clone(),
        })
    }
}

/// Accepts everything, and has a store all the same.
pub(crate) struct Everything;

impl Judge for Everything {
    type Fact = Word;

    fn name(&self) -> &'static str {
        "ledger"
    }

    fn version(&self) -> u32 {
        1
    }

    fn judge(&mut self, fact: &Placed<Word>, txn: &mut Txn<'_>) -> Result<Verdict, ApplyError> {
        txn.put(Key::new(1).bytes(&fact.key), fact.word.clone())?;
        Ok(Verdict::Accepted)
    }
}

pub(crate) fn words_key(key: &str) -> Key {
    Key::new(1).text(key)
}

impl Projection for Words {
    type Fact = Word;

    fn name(&self) -> &'static str {
        "words"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn apply(&mut self, fact: &Placed<Word>, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let body = &fact.word;
        if body == POISON {
            return Err(ApplyError::record("poison"));
        }
        assert!(body != PANIC, "this record panics");
        let key = std::str::from_utf8(&fact.key).unwrap();
        let known = txn.get(words_key(key))?;
        let mut words = known.clone().unwrap_or_default().to_vec();
        words.extend_from_slice(body);
        words.push(b' ');
        txn.put_lasting(words_key(key), words)?;
        if body == "forget" {
            txn.delete(words_key(key))?;
        }
        let document = fact.key.clone();
        if known.is_none() {
            txn.touch_new(document)
        } else {
            txn.touch(document)
        }
        Ok(())
    }

    fn indexer(&mut self) -> Option<&mut dyn Indexer<Word>> {
        if self.fields.is_some() {
            Some(self)
        } else {
            None
        }
    }
}

impl Indexer<Word> for Words {
    fn schema(&self) -> IndexSchema {
        let fields = self.fields.as_ref().unwrap();
        IndexSchema {
            version: 1,
            schema: fields.schema.clone(),
            key: fields.key,
            tokenizers: tantivy::tokenizer::TokenizerManager::default(),
        }
    }

    fn touched(
        &mut self,
        fact: &Placed<Word>,
        _txn: &Txn<'_>,
        touched: &mut BTreeSet<Bytes>,
    ) -> Result<(), ApplyError> {
        touched.insert(fact.key.clone());
        Ok(())
    }

    fn document(
        &mut self,
        key: &[u8],
        txn: &Txn<'_>,
    ) -> Result<Option<TantivyDocument>, ApplyError> {
        self.made.fetch_add(1, Ordering::Relaxed);
        let Some(words) = txn.get(words_key(std::str::from_utf8(key).unwrap()))? else {
            return Ok(None);
        };
        let mut document = TantivyDocument::new();
        for word in String::from_utf8(words.to_vec())
            .unwrap()
            .split_whitespace()
        {
            document.add_text(self.fields.as_ref().unwrap().word, word);
        }
        Ok(Some(document))
    }
}

/// The defaults, but a view is ready only when all of it is checked, and other tests do not go
/// before it.
pub(crate) fn options() -> Options {
    Options {
        check_wait: Duration::from_secs(60),
        nice: 0,
        lock_wait: Duration::ZERO,
        ..Options::default()
    }
}

/// A view, and the feed that it follows.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) view: ViewHandle,
    pub(crate) feed: Feed<Word>,
}

impl Deref for View {
    type Target = ViewHandle;

    fn deref(&self) -> &ViewHandle {
        &self.view
    }
}

/// Starts the view in `dir`.
pub(crate) fn start(log: &MemoryLog, dir: &Path, words: Words) -> View {
    start_with(log, dir, words, options())
}

pub(crate) fn start_with(log: &MemoryLog, dir: &Path, words: Words, options: Options) -> View {
    let views = dir.to_owned().into();
    start_over(Arc::new(log.clone()), views, words, options)
}

/// Starts the view in `dir` on an engine.
pub(crate) fn start_on(engine: EngineKind, log: &MemoryLog, dir: &Path, words: Words) -> View {
    let dir = dir.to_owned();
    let views = Views {
        engine,
        ..dir.into()
    };
    start_over(Arc::new(log.clone()), views, words, options())
}

/// Starts the view over any log.
pub(crate) fn start_over(log: Arc<dyn Log>, views: Views, words: Words, options: Options) -> View {
    let feed_options = FeedOptions {
        ledger: Options {
            poll_records_max: options.poll_records_max,
            ..self::options()
        },
        ..FeedOptions::default()
    };
    let (feed, runner) = Feed::new(log, views, Everything, feed_options);
    let view = feed.spawn(words, options).unwrap();
    runner.spawn().unwrap();
    View { view, feed }
}

/// Stops the view and its feed, and waits for their end.
pub(crate) async fn stop(view: View) {
    let View { view, feed } = view;
    for one in [&view, feed.ledger()] {
        one.stop();
        one.stopped().await.unwrap();
    }
}

/// All that the store holds for its readers.
pub(crate) fn contents(store: &Store) -> Vec<(Bytes, Bytes)> {
    store
        .scan_prefix([], Direction::Ascending)
        .collect::<Result<_, _>>()
        .unwrap()
}

/// How many documents have `word`, by the last index commit; `fields` are the schema's.
pub(crate) fn found(view: &ViewHandle, fields: &Fields, word: &str) -> usize {
    let searcher = view.snapshot().unwrap().searcher;
    let term = tantivy::Term::from_field_text(fields.word, word);
    let query = TermQuery::new(term, IndexRecordOption::Basic);
    searcher.search(&query, &Count).unwrap()
}

/// Words that a seed draws: `count` of them, over a few hundred keys.
pub(crate) async fn append_drawn(log: &MemoryLog, seed: u64, count: usize) -> Positions {
    let mut random = StdRng::seed_from_u64(seed);
    let drawn: Vec<(String, String)> = (0..count)
        .map(|_| {
            (
                format!("customer-{}", random.random_range(0..300)),
                drawn_word(&mut random),
            )
        })
        .collect();
    let words: Vec<_> = drawn
        .iter()
        .map(|(key, word)| (key.as_str(), word.as_str()))
        .collect();
    append(log, &words).await
}

fn drawn_word(random: &mut StdRng) -> String {
    const WORDS: [&str; 5] = ["bill", "delivery", "damage", "refund", "forget"];
    WORDS[random.random_range(0..WORDS.len())].repeat(random.random_range(1..4))
}

/// Copies the files below `from` to `to`, in whatever state they are.
pub(crate) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &target),
            // A file may go away under a running view.
            false => drop(std::fs::copy(entry.path(), target)),
        }
    }
}
