//! What is kept of segments from one request to the next is what is found by looking through them anew, and what a
//! plain filter of all documents says.

use std::collections::BTreeMap;

use aftercall_ledger::Happening;
use aftercall_view::Indexer;
use proptest::prelude::*;
use tantivy::indexer::NoMergePolicy;
use tantivy::schema::Schema;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term};

use super::{Sight, Sights, Visible};
use crate::index::Fields;

const TENANT: &str = "acme";
const MARKS: [&str; 4] = ["a", "b", "c", "d"];
const WORDS: [&str; 3] = ["router", "refund", "lamp"];
/// As much as the writer takes at least, in bytes.
const WRITER_BYTES: usize = 15_000_000;

/// A document, as far as sight goes.
#[derive(Debug, Clone)]
struct Says {
    marks: Vec<usize>,
    /// By their places, each as often as it stands there.
    words: Vec<usize>,
    /// Within the house, and outside of it.
    lengths: [u64; 2],
    verify_by: i64,
    outside_until: i64,
}

#[derive(Debug, Clone)]
enum Step {
    Put(u8, Says),
    Remove(u8),
    Commit,
    Merge,
    /// By the last commit, or by the one before.
    Ask(Sight, bool),
}

/// An index, and what it holds.
struct World {
    fields: Fields,
    schema: Schema,
    index: Index,
    reader: IndexReader,
    writer: IndexWriter,
    pending: BTreeMap<u8, Says>,
    /// What was committed, the latest last.
    committed: Vec<(Searcher, BTreeMap<u8, Says>)>,
}

impl World {
    fn new() -> Self {
        let fields = Fields::new();
        let schema = Indexer::<Happening>::schema(&fields).schema;
        let index = Index::create_in_ram(schema.clone());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
        let reader: IndexReader = reader.try_into().unwrap();
        let writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES).unwrap();
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let mut world = Self {
            fields,
            schema,
            index,
            reader,
            writer,
            pending: BTreeMap::new(),
            committed: Vec::new(),
        };
        world.show();
        world
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Put(key, says) => {
                self.remove(*key);
                self.writer.add_document(self.document(*key, says)).unwrap();
                self.pending.insert(*key, says.clone());
            }
            Step::Remove(key) => {
                self.remove(*key);
                self.pending.remove(key);
            }
            Step::Commit => self.commit(),
            Step::Merge => {
                self.commit();
                let segments = self.index.searchable_segment_ids().unwrap();
                if segments.len() > 1 {
                    self.writer.merge(&segments).wait().unwrap();
                    self.show();
                }
            }
            Step::Ask(..) => {}
        }
    }

    fn remove(&self, key: u8) {
        let key = Term::from_field_bytes(self.fields.key, &[key]);
        self.writer.delete_term(key);
    }

    fn commit(&mut self) {
        self.writer.commit().unwrap();
        self.show();
    }

    fn show(&mut self) {
        self.reader.reload().unwrap();
        let searcher = self.reader.searcher();
        self.committed.push((searcher, self.pending.clone()));
    }

    fn document(&self, key: u8, says: &Says) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_bytes(self.fields.key, &[key]);
        for word in &says.words {
            for is_outside in [false, true] {
                let term = self.fields.term(TENANT, WORDS[*word], is_outside);
                document.add_text(self.fields.terms, text(&term));
            }
        }
        for mark in &says.marks {
            let mark = self.fields.mark(TENANT, MARKS[*mark]);
            document.add_text(self.fields.marks, text(&mark));
        }
        for (is_outside, length) in [false, true].into_iter().zip(says.lengths) {
            let name = self.fields.length(is_outside);
            document.add_u64(self.schema.get_field(name).unwrap(), length);
        }
        for (name, until) in [
            (Fields::VERIFY_BY, says.verify_by),
            (Fields::OUTSIDE_UNTIL, says.outside_until),
        ] {
            document.add_i64(self.schema.get_field(name).unwrap(), until);
        }
        document
    }

    /// Compares what is kept with what is found anew, and with what a plain filter says.
    fn check(&self, sights: &Sights, sight: &Sight, is_before: bool) {
        let last = self.committed.len() - 1;
        let (searcher, all) = &self.committed[last.saturating_sub(usize::from(is_before))];
        let seen = |sights: &Sights| {
            let index = (searcher, &self.fields);
            let visible = Visible::of(sights, index, TENANT, sight).unwrap();
            let addresses: Vec<_> = visible.all().collect();
            let each = WORDS.map(|word| having(&visible, word));
            (visible.documents, visible.terms, addresses, each)
        };
        let kept = seen(sights);
        assert_eq!(kept, seen(&Sights::default()), "{sight:?}");
        let shown: Vec<&Says> = all.values().filter(|says| shows(sight, says)).collect();
        let (documents, terms, addresses, each) = kept;
        assert_eq!(documents, shown.len() as u64, "{sight:?}");
        let lengths = shown.iter().map(|says| length(sight, says));
        assert_eq!(terms, lengths.sum::<u64>(), "{sight:?}");
        assert_eq!(addresses.len(), shown.len());
        for (word, found) in each.into_iter().enumerate() {
            let counted = shown.iter().map(|says| {
                let count = says.words.iter().filter(|one| **one == word).count();
                (count as u32, length(sight, says) as u32)
            });
            let mut counted: Vec<_> = counted.filter(|(count, _)| *count > 0).collect();
            counted.sort_unstable();
            assert_eq!(found, (counted.len() as u64, counted), "{sight:?} {word}");
        }
    }
}

fn text(term: &Term) -> String {
    term.value().as_str().unwrap().to_owned()
}

/// In how many documents a word stands, and of each how often, and how long the document is.
fn having(visible: &Visible<'_>, word: &str) -> (u64, Vec<(u32, u32)>) {
    let (having, places) = visible.having(word, u64::MAX).unwrap();
    let mut all = Vec::new();
    let told = visible.each_having(&places, |_, having| {
        all.extend(having.each().map(|(_, count, length)| (count, length)));
    });
    told.unwrap();
    all.sort_unstable();
    (having, all)
}

fn length(sight: &Sight, says: &Says) -> u64 {
    says.lengths[usize::from(sight.is_outside)]
}

/// The plain filter.
fn shows(sight: &Sight, says: &Says) -> bool {
    let has = |mark: &String| says.marks.iter().any(|one| MARKS[*one] == mark);
    let is_until = |applies: bool, until: i64| !applies || until >= sight.at_us;
    sight.marks.iter().all(|marks| marks.iter().any(has))
        && is_until(sight.only_verified, says.verify_by)
        && is_until(sight.is_outside, says.outside_until)
}

fn says() -> impl Strategy<Value = Says> {
    let marks = prop::sample::subsequence(vec![0_usize, 1, 2, 3], 1..4);
    let words = prop::collection::vec(0..WORDS.len(), 0..5);
    let lengths = [0..100_u64, 0..100_u64];
    let until = || prop_oneof![Just(i64::MAX), 0..6_i64];
    (marks, words, lengths, until(), until()).prop_map(
        |(marks, words, lengths, verify_by, outside_until)| Says {
            marks,
            words,
            lengths,
            verify_by,
            outside_until,
        },
    )
}

fn sight() -> impl Strategy<Value = Sight> {
    let some = || prop::sample::subsequence(MARKS.to_vec(), 1..3);
    let marks = prop::collection::vec(some(), 1..3);
    let rest = (0..7_i64, any::<bool>(), any::<bool>());
    (marks, rest).prop_map(|(marks, (at_us, only_verified, is_outside))| Sight {
        marks: marks
            .into_iter()
            .map(|marks| marks.into_iter().map(str::to_owned).collect())
            .collect(),
        at_us,
        only_verified,
        is_outside,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few sights, so that each is met again, at other times.
    let sights = prop::collection::vec(sight(), 1..3);
    sights.prop_flat_map(|sights| {
        let ask = (prop::sample::select(sights), 0..7_i64, any::<bool>());
        let ask = ask
            .prop_map(|(sight, at_us, is_before)| Step::Ask(Sight { at_us, ..sight }, is_before));
        let step = prop_oneof![
            6 => (0..12_u8, says()).prop_map(|(key, says)| Step::Put(key, says)),
            2 => (0..12_u8).prop_map(Step::Remove),
            4 => Just(Step::Commit),
            1 => Just(Step::Merge),
            8 => ask,
        ];
        prop::collection::vec(step, 0..60)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_kept_is_what_is_found_anew(steps in steps()) {
        let (mut world, sights) = (World::new(), Sights::default());
        for step in &steps {
            world.take(step);
            if let Step::Ask(sight, is_before) = step {
                world.check(&sights, sight, *is_before);
            }
        }
    }
}

#[test]
fn a_word_is_found_in_all_of_many_documents() {
    for documents in [1_u8, 127, 128, 129, 255] {
        let (mut world, sights) = (World::new(), Sights::default());
        let sight = Sight {
            marks: vec![vec![MARKS[0].to_owned()]],
            at_us: 0,
            only_verified: false,
            is_outside: false,
        };
        for key in 0..documents {
            let says = Says {
                marks: vec![0],
                words: vec![0; 1 + usize::from(key % 3)],
                lengths: [u64::from(key), 0],
                verify_by: i64::MAX,
                outside_until: i64::MAX,
            };
            world.take(&Step::Put(key, says));
        }
        world.commit();
        world.check(&sights, &sight, false);
        for key in (0..documents).step_by(5) {
            world.take(&Step::Remove(key));
        }
        world.commit();
        world.check(&sights, &sight, false);
        world.check(&sights, &sight, true);
    }
}
