//! Scoring by words is what it is defined to be: reckoned here the slow way, term by term and two by two.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use aftercall_domain::words::stands_alone;
use aftercall_retrieval::lexical::{self, B, K1, Library, Query, Sought};
use aftercall_retrieval::neighbours::Vectors;
use aftercall_retrieval::{Part, Profile, words};
use proptest::prelude::*;

/// The forms of a solution's term.
fn forms(term: &str) -> Vec<String> {
    let letters: Vec<char> = term.chars().collect();
    let marked = |mark: char, part: &[char]| -> String {
        let part = part.iter().copied();
        std::iter::once(mark).chain(part).collect()
    };
    let all = |is: fn(char) -> bool| letters.iter().all(|letter| is(*letter));
    if all(stands_alone) {
        letters.iter().map(|one| marked('\u{4}', &[*one])).collect()
    } else if all(|letter| matches!(letter, '\u{AC00}'..='\u{D7A3}')) {
        letters.windows(2).map(|two| marked('\u{3}', two)).collect()
    } else if all(char::is_alphabetic) {
        let mut forms = Vec::new();
        if letters.len() >= 6 {
            forms.push(marked('\u{1}', &letters[..5]));
        }
        // Of five letters or more, after three or more.
        for from in 3..(letters.len() + 1).saturating_sub(5) {
            forms.push(marked('\u{2}', &letters[from..]));
        }
        forms
    } else {
        Vec::new()
    }
}

/// All pieces of a term, with marks at its ends.
fn pieces(term: &str) -> Vec<String> {
    const LETTERS: RangeInclusive<usize> = 3..=5;
    let mut letters = vec![' '];
    letters.extend(term.chars());
    letters.push(' ');
    let of_length = |length| letters.windows(length).map(|some| some.iter().collect());
    LETTERS.flat_map(of_length).collect()
}

fn rarity(having: f32, documents: f32) -> f32 {
    (((documents - having).max(0.0) + 0.5) / (having + 0.5)).ln_1p()
}

fn saturated(count: f32, length: f32) -> f32 {
    count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length))
}

/// What a profile has of a kind, and how often.
type Counts<K> = BTreeMap<K, u32>;

/// BM25 of what candidates alone have, for those kinds that are wanted, in the order in which those come first.
fn weighed<K: Ord + Clone>(
    wanted: Vec<K>,
    counted: &[(Counts<K>, f32)],
    library: Library,
) -> Vec<f32> {
    let mut seen = BTreeSet::new();
    let wanted: Vec<K> = wanted
        .into_iter()
        .filter(|one| seen.insert(one.clone()))
        .collect();
    let having = |kind: &K| {
        counted
            .iter()
            .filter(|(counts, _)| counts.contains_key(kind))
            .count()
    };
    let of_one = |(counts, length): &(Counts<K>, f32)| {
        let there = wanted
            .iter()
            .filter_map(|kind| Some((kind, counts.get(kind)?)));
        let shares = there.map(|(kind, count)| {
            let rare = rarity(having(kind) as f32, library.documents as f32);
            rare * saturated(*count as f32, *length)
        });
        shares.sum::<f32>()
    };
    counted.iter().map(of_one).collect()
}

/// A candidate's own words.
fn own(profile: &Profile, sought: &[Sought], length: f32) -> (f32, bool) {
    let terms: Vec<&str> = profile.terms().collect();
    let forms: Vec<Vec<String>> = terms.iter().map(|term| forms(term)).collect();
    let (mut score, mut tells): (Vec<f32>, bool) = (Vec::new(), false);
    for one in sought {
        let mut counts: Counts<Part> = Counts::new();
        for (part, run) in profile.runs() {
            for at in run {
                let at = usize::from(*at);
                if terms[at] == one.term || forms[at].contains(&one.term) {
                    *counts.entry(part).or_default() += part.weight();
                }
            }
        }
        let total = counts.values().sum::<u32>() as f32;
        for count in counts.values() {
            score.push(one.weight * saturated(total, length) / total * *count as f32);
            tells |= one.tells;
        }
    }
    (score.iter().sum(), tells)
}

fn scores(
    query: &Query,
    sought: &[Sought],
    library: Library,
    profiles: &[&Profile],
) -> Vec<(f32, bool)> {
    let length = |one: &Profile| one.length() as f32 / library.length_mean.max(1.0);
    let asked: Vec<&str> = query
        .words()
        .iter()
        .map(|word| word.term.as_str())
        .collect();
    let pairs = asked
        .windows(2)
        .map(|two| (two[0].to_owned(), two[1].to_owned()));
    let counted: Vec<_> = profiles
        .iter()
        .map(|one| (pairs_of(one), length(one)))
        .collect();
    let pairs = weighed(pairs.collect(), &counted, library);
    let counted: Vec<_> = profiles
        .iter()
        .map(|one| (pieces_of(one), length(one)))
        .collect();
    let wanted = asked.iter().flat_map(|term| pieces(term));
    let pieces = weighed(wanted.collect(), &counted, library);
    let all = profiles.iter().zip(pairs.into_iter().zip(pieces));
    let scored = all.map(|(one, (pairs, pieces))| {
        let (mut score, tells) = own(one, sought, length(one));
        score += 0.1 * pairs + 0.05 * pieces;
        (score, tells)
    });
    scored.collect()
}

fn pairs_of(profile: &Profile) -> Counts<(String, String)> {
    let terms: Vec<&str> = profile.terms().collect();
    let mut counts = Counts::new();
    for (part, run) in profile.runs() {
        for two in run.windows(2) {
            let term = |at: u16| terms[usize::from(at)].to_owned();
            *counts.entry((term(two[0]), term(two[1]))).or_default() += part.weight();
        }
    }
    counts
}

fn pieces_of(profile: &Profile) -> Counts<String> {
    let mut counts = Counts::new();
    for (term, count) in profile.counts() {
        for piece in pieces(term) {
            *counts.entry(piece).or_default() += count;
        }
    }
    counts
}

/// Each candidate's terms, weighed by how rare they are among the candidates.
fn rows<'p>(profiles: &[&'p Profile]) -> Vec<BTreeMap<&'p str, f32>> {
    let having = |term: &str| {
        let having = profiles
            .iter()
            .filter(|one| one.terms().any(|own| own == term));
        having.count() as f32
    };
    let row = |profile: &&'p Profile| {
        let counts = profile.counts();
        let weighed = counts.map(|(term, count)| {
            let rare = (profiles.len() as f32 / having(term)).ln() + 1.0;
            (
                term,
                words::weight(term) * rare * (1.0 + (count as f32).ln()),
            )
        });
        weighed.collect()
    };
    profiles.iter().map(row).collect()
}

/// The cosine, summed in no particular order.
fn cosine(one: &BTreeMap<&str, f32>, other: &BTreeMap<&str, f32>) -> f32 {
    let square = |row: &BTreeMap<&str, f32>| row.values().map(|value| value * value).sum::<f32>();
    let shared = one
        .iter()
        .filter_map(|(term, value)| Some(value * other.get(*term)?));
    shared.sum::<f32>() / (square(one) * square(other)).sqrt()
}

/// Others for one, the nearest first, by sorting all of them.
fn nearest(among: &Vectors, one: usize, (count, wanted): (usize, usize)) -> Vec<(usize, f32)> {
    let others = (0..count).filter(|other| *other != one);
    let mut others: Vec<_> = others
        .map(|other| (other, among.similarity(one, other)))
        .collect();
    others.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    others.truncate(wanted);
    others
}

/// Texts whose words come again, whole, bent, put together, or with a slip; of several scripts.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => prop::sample::select(vec![
            "refund", "refunds", "the", "how", "invoice", "invoices", "voicemail", "router",
            "ruoter", "Telefonrechnung", "Rechnung", "Rechnungen", "kündigen", "Kündigung", "5G",
            "λογαριασμού", "λογαριασμός", "возврата", "возврат", "如何申请退款", "退款", "退了款",
            "환불을", "환불은", "하하하하", "請求されました", "بطاقة", "E-42",
        ]).prop_map(str::to_owned),
        1 => "[a-e]{1,9}",
        1 => "\\PC{1,8}",
    ];
    prop::collection::vec(word, 0..14).prop_map(|words| words.join(" "))
}

fn solution() -> impl Strategy<Value = Profile> {
    let parts = (text(), text(), text(), text());
    parts.prop_map(|(title, question, another, resolution)| {
        Profile::of([
            (Part::Title, title.as_str()),
            (Part::Question, question.as_str()),
            (Part::Question, another.as_str()),
            (Part::Resolution, resolution.as_str()),
        ])
    })
}

/// What of a text some solution has.
fn sought(query: &Query, library: Library, profiles: &[Profile]) -> Vec<Sought> {
    let mut having: BTreeMap<String, u64> = BTreeMap::new();
    for profile in profiles {
        let mut terms: BTreeSet<String> = BTreeSet::new();
        for term in profile.terms() {
            terms.insert(term.to_owned());
            terms.extend(forms(term));
        }
        for term in terms {
            *having.entry(term).or_default() += 1;
        }
    }
    query.sought(library, |term| having.get(term).copied().unwrap_or(0))
}

fn is_close(one: f32, other: f32) -> bool {
    (one - other).abs() <= 1e-4 * one.abs().max(other.abs()).max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scores_are_what_they_are_defined_to_be(
        profiles in prop::collection::vec(solution(), 1..12),
        text in text(),
    ) {
        let query = Query::of(&text);
        let lengths: u32 = profiles.iter().map(Profile::length).sum();
        let library = Library {
            documents: 3 * profiles.len() as u64,
            length_mean: lengths as f32 / profiles.len() as f32,
        };
        let sought = sought(&query, library, &profiles);
        let of: Vec<&Profile> = profiles.iter().collect();
        let found = lexical::score(&query, &sought, library, &of);
        let expected = scores(&query, &sought, library, &of);
        let told: Vec<(f32, bool)> = found.scored.iter().map(|one| (one.score, one.tells)).collect();
        // To the bit: what is reckoned faster is summed in the same order.
        prop_assert_eq!(&told, &expected);
        let weighed = lexical::weigh(&query, &sought, library, &of);
        let weighed: Vec<(f32, bool)> = weighed.iter().map(|one| (one.score, one.tells)).collect();
        prop_assert_eq!(&weighed, &expected);
        let (rows, among) = (rows(&of), found.among());
        for one in 0..of.len() {
            for other in (0..of.len()).filter(|other| *other != one) {
                let similarity = among.similarity(one, other);
                let is_empty = rows[one].is_empty() || rows[other].is_empty();
                let expected = if is_empty { 0.0 } else { cosine(&rows[one], &rows[other]) };
                prop_assert!(is_close(similarity, expected), "{} for {}", similarity, expected);
                prop_assert_eq!(similarity, among.similarity(other, one));
            }
            for wanted in [0, 3, 10] {
                let expected = nearest(&among, one, (of.len(), wanted));
                prop_assert_eq!(among.nearest(one, wanted), expected);
            }
        }
    }

    #[test]
    fn forms_are_what_they_are_defined_to_be(text in text()) {
        for word in words::words(&text) {
            let mut found = Vec::new();
            words::forms_of_solution(&word.term, |form| found.push(form.to_owned()));
            prop_assert_eq!(found, forms(&word.term));
        }
    }
}
