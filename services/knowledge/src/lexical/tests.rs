//! The best of what shares words with a text are the same, whether all are scored or only those that may be among them.

use aftercall_ledger::Happening;
use aftercall_retrieval::words;
use aftercall_view::Indexer;
use proptest::prelude::*;
use tantivy::indexer::NoMergePolicy;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, Term};

use super::*;
use crate::index::Fields;
use crate::visible::{Sight, Sights};

const TENANT: &str = "acme";
const MARK: &str = "mark";
/// The last two tell little.
const WORDS: [&str; 8] = [
    "router", "refund", "lamp", "invoice", "screen", "parcel", "the", "please",
];
/// As much as the writer takes at least, in bytes.
const WRITER_BYTES: usize = 15_000_000;

/// A document: its words, by their places, and how long it is.
type Says = (Vec<usize>, u64);

fn document(fields: &Fields, key: usize, (said, length): &Says) -> TantivyDocument {
    let text = |term: &Term| term.value().as_str().unwrap().to_owned();
    let schema = Indexer::<Happening>::schema(fields).schema;
    let mut document = TantivyDocument::default();
    document.add_bytes(fields.key, &key.to_be_bytes());
    for word in said {
        let stem = &words::words(WORDS[*word])[0].term;
        let term = fields.term(TENANT, stem, false);
        document.add_text(fields.terms, text(&term));
    }
    document.add_text(fields.marks, text(&fields.mark(TENANT, MARK)));
    let of_length = schema.get_field(fields.length(false)).unwrap();
    document.add_u64(of_length, *length);
    document
}

/// An index of several segments, in which each document of a number that `gone` divides is deleted again.
fn searcher(fields: &Fields, segments: &[Vec<Says>], gone: usize) -> Searcher {
    let index = Index::create_in_ram(Indexer::<Happening>::schema(fields).schema);
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES).unwrap();
    writer.set_merge_policy(Box::new(NoMergePolicy));
    let mut count: usize = 0;
    for segment in segments {
        for says in segment {
            writer.add_document(document(fields, count, says)).unwrap();
            count += 1;
        }
        writer.commit().unwrap();
    }
    for key in (gone..count).step_by(gone) {
        writer.delete_term(Term::from_field_bytes(fields.key, &key.to_be_bytes()));
    }
    writer.commit().unwrap();
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
    let reader: IndexReader = reader.try_into().unwrap();
    reader.searcher()
}

/// All that is scored for a text, and the best of it, each with its score.
type Scored = (Vec<(DocAddress, f32)>, Vec<(DocAddress, f32)>);

fn scored(
    (searcher, fields): (&Searcher, &Fields),
    text: &str,
    (wanted, best_max): (usize, Option<usize>),
) -> Scored {
    let sight = Sight {
        marks: vec![vec![MARK.to_owned()]],
        at_us: 0,
        only_verified: false,
        is_outside: false,
    };
    let sights = Sights::default();
    let visible = Visible::of(&sights, (searcher, fields), TENANT, &sight).unwrap();
    let library = Library {
        documents: visible.documents(),
        length_mean: visible.terms_each(),
    };
    let mut known = Known::of(&visible);
    let (_, terms) = sought(&mut known, library, (text, &Counting::default())).unwrap();
    let searched: Vec<_> = terms
        .iter()
        .map(|sought| (sought, known.places(&sought.term).unwrap()))
        .collect();
    let mut all = scoring::scored((&visible, library), (&searched, &[]), best_max).unwrap();
    let of: HashMap<DocAddress, f32> = all.iter().copied().collect();
    let best = best(&mut all, wanted);
    let best = best.into_iter().map(|address| (address, of[&address]));
    let best = best.collect();
    (all, best)
}

fn said() -> impl Strategy<Value = Says> {
    let word = prop_oneof![
        1 => 0..2_usize,
        3 => 2..5_usize,
        12 => 5..8_usize,
    ];
    (prop::collection::vec(word, 1..8), 5..60_u64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_best_are_the_best_of_all_to_the_bit(
        // More than are in one block of an index, too.
        segments in prop::collection::vec(prop::collection::vec(said(), 1..300), 1..4),
        asked in prop::collection::vec(0..WORDS.len(), 1..10),
        wanted in 1..30_usize,
        gone in 2..20_usize,
    ) {
        let fields = Fields::new();
        let searcher = searcher(&fields, &segments, gone);
        let asked: Vec<&str> = asked.into_iter().map(|word| WORDS[word]).collect();
        let text = asked.join(" ");
        let index = (&searcher, &fields);
        let (all, expected) = scored(index, &text, (wanted, None));
        let (some, found) = scored(index, &text, (wanted, Some(wanted)));
        prop_assert!(some.len() <= all.len());
        let bits = |best: &[(DocAddress, f32)]| -> Vec<(DocAddress, u32)> {
            best.iter().map(|(address, score)| (*address, score.to_bits())).collect()
        };
        prop_assert_eq!(bits(&found), bits(&expected));
    }
}

#[test]
fn what_can_not_be_among_the_best_is_not_scored() {
    let fields = Fields::new();
    let mut all: Vec<Says> = vec![(vec![2], 10); 300];
    all.extend(vec![(vec![0, 2], 10); 5]);
    let searcher = searcher(&fields, &[all], 1_000);
    let index = (&searcher, &fields);
    let text = "router lamp";
    assert_eq!(scored(index, text, (3, None)).0.len(), 305);
    assert_eq!(scored(index, text, (3, Some(3))).0.len(), 5);
}

proptest! {
    #[test]
    fn the_best_are_those_that_sorting_puts_first(
        scores in prop::collection::vec(0..20_u8, 0..120),
        wanted in 0..40_usize,
    ) {
        let scores = (0..).zip(scores.into_iter().map(f32::from));
        let mut documents: Vec<_> = scores
            .map(|(document, score)| (DocAddress::new(0, document), score))
            .collect();
        let mut sorted = documents.clone();
        sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
        let of: HashMap<DocAddress, f32> = sorted.iter().copied().collect();
        let least = wanted.checked_sub(1).and_then(|last| sorted.get(last));
        let least = least.map_or(0.0, |(_, score)| *score);
        let expected = sorted.iter().map(|(_, score)| *score);
        let expected: Vec<f32> = expected
            .filter(|score| *score >= least)
            .take(2 * wanted)
            .collect();
        let mut best = best(&mut documents, wanted);
        let found: Vec<f32> = best.iter().map(|address| of[address]).collect();
        prop_assert_eq!(&found, &expected);
        best.sort_unstable();
        best.dedup();
        prop_assert_eq!(best.len(), found.len());
    }
}

#[test]
fn the_work_is_bounded_by_the_solutions_of_terms() {
    assert_eq!(affordable([].into_iter()), 0);
    assert_eq!(affordable([1; 1_000].into_iter()), QUERY_TERMS_MAX);
    let half = VISITED_MAX / 2;
    assert_eq!(affordable([1, half, half, half].into_iter()), 2);
    // What stands in more solutions than may be looked at is looked at if it comes first.
    assert_eq!(affordable([VISITED_MAX * 2, 1].into_iter()), 1);
}
