//! Candidates, scored.

use std::collections::BTreeMap;

use super::pool::{Map, Pool};
use super::{Library, PAIRS_WEIGHT, PIECES_WEIGHT, Query, Sought, rarity, saturated};
use crate::neighbours::Vectors;
use crate::profile::{Part, Profile};
use crate::words::{self, TERM_BYTES_MAX};

/// Letters of the pieces that are compared.
const PIECES: std::ops::RangeInclusive<usize> = 3..=5;

/// How well candidates fit a text by their words.
#[derive(Debug, Clone)]
pub struct Words {
    /// Each candidate, in the order in which they were given.
    pub scored: Vec<Scored>,
    /// How near each is to the text: the cosine of their terms.
    pub near: Vec<f32>,
    /// How near they are to each other.
    pub among: Vectors,
}

/// A candidate's score.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// How well it fits.
    pub score: f32,
    /// Whether it shares a word with the text that says what it is about.
    pub tells: bool,
    /// What each part brings to the score, the weightiest first.
    pub matches: Vec<Match>,
}

/// Words that a text and a part of a solution share.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The part.
    pub part: Part,
    /// The words, as they are compared, the weightiest first.
    pub words: Vec<String>,
    /// How much of the score they bring.
    pub score: f32,
}

/// Scores all candidates.
pub fn score(query: &Query, sought: &[Sought], library: Library, candidates: &[&Profile]) -> Words {
    let pool = Pool::of(candidates);
    let scored = pool.scored(query, sought, library);
    let rows = pool.rows();
    Words {
        scored,
        near: pool.near(query, &rows),
        among: Vectors::of(rows, pool.terms.len()),
    }
}

/// A text's score, without more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighed {
    /// How well it fits: comparable within one answer only.
    pub score: f32,
    /// Whether it shares a word with what is asked that says what that is about.
    pub tells: bool,
    /// How near the two are: the cosine of their terms.
    pub near: f32,
}

/// How well each text fits.
pub fn weigh(
    query: &Query,
    sought: &[Sought],
    library: Library,
    candidates: &[&Profile],
) -> Vec<Weighed> {
    let pool = Pool::of(candidates);
    let scored = pool.scored(query, sought, library).into_iter();
    let near = pool.near(query, &pool.rows());
    let all = scored.zip(near).map(|(one, near)| Weighed {
        score: one.score,
        tells: one.tells,
        near,
    });
    all.collect()
}

impl Pool<'_> {
    fn scored(&self, query: &Query, sought: &[Sought], library: Library) -> Vec<Scored> {
        let matching = self.matching(sought);
        let pairs = self.pairs(query, library);
        let pieces = self.pieces(query, library);
        let all = self.each().zip(pairs.into_iter().zip(pieces));
        let score = |(one, (pairs, pieces))| {
            let mut one = self.score(one, sought, &matching, library);
            one.score += PAIRS_WEIGHT * pairs + PIECES_WEIGHT * pieces;
            one
        };
        all.map(score).collect()
    }

    /// For each term of the candidates, which sought terms it is or has among its forms.
    fn matching(&self, sought: &[Sought]) -> Vec<Vec<usize>> {
        let places: Map<&str, usize> = sought
            .iter()
            .enumerate()
            .map(|(place, sought)| (sought.term.as_str(), place))
            .collect();
        let of_term = |term: &&str| {
            let mut found: Vec<usize> = places.get(term).copied().into_iter().collect();
            words::forms_of_solution(term, |form| {
                let place = places.get(form).copied();
                found.extend(place.filter(|place| !found.contains(place)));
            });
            found
        };
        self.terms.iter().map(of_term).collect()
    }

    fn score(
        &self,
        (profile, numbers): (&Profile, &[u32]),
        sought: &[Sought],
        matching: &[Vec<usize>],
        library: Library,
    ) -> Scored {
        let mut counts: Map<(usize, Part), f32> = Map::default();
        let mut totals: Map<usize, f32> = Map::default();
        for (part, run) in profile.runs() {
            for at in run {
                for one in &matching[numbers[usize::from(*at)] as usize] {
                    *counts.entry((*one, part)).or_default() += part.weight() as f32;
                    *totals.entry(*one).or_default() += part.weight() as f32;
                }
            }
        }
        let length = profile.length() as f32 / library.length_mean.max(1.0);
        let mut counts: Vec<_> = counts.into_iter().collect();
        // One order of summing, whatever the order of the map.
        counts.sort_unstable_by_key(|(of, _)| *of);
        let share = |((one, part), count): ((usize, Part), f32)| {
            let share = sought[one].weight * saturated(totals[&one], length) / totals[&one];
            (part, &sought[one], share * count)
        };
        let shares: Vec<(Part, &Sought, f32)> = counts.into_iter().map(share).collect();
        Scored {
            score: shares.iter().map(|(_, _, share)| share).sum(),
            tells: shares.iter().any(|(_, sought, _)| sought.tells),
            matches: matches(shares),
        }
    }

    /// What pairs of neighbouring words bring to each candidate.
    fn pairs(&self, query: &Query, library: Library) -> Vec<f32> {
        let number = |at: usize| self.numbers.get(query.words()[at].term.as_str());
        let mut wanted: Map<(u32, u32), usize> = Map::default();
        for at in 1..query.words().len() {
            if let (Some(one), Some(other)) = (number(at - 1), number(at)) {
                let next = wanted.len();
                wanted.entry((*one, *other)).or_insert(next);
            }
        }
        let counted = self.each().map(|(profile, numbers)| {
            let mut counts = Counts::of(wanted.len());
            for (part, run) in profile.runs() {
                for two in run.windows(2) {
                    let pair = (numbers[usize::from(two[0])], numbers[usize::from(two[1])]);
                    if let Some(pair) = wanted.get(&pair) {
                        counts.add(*pair, part.weight());
                    }
                }
            }
            counts.told()
        });
        self.weighed(counted.collect(), wanted.len(), library)
    }

    /// What pieces of words bring to each candidate.
    fn pieces(&self, query: &Query, library: Library) -> Vec<f32> {
        let mut wanted: Map<u128, usize> = Map::default();
        for word in query.words() {
            pieces(&word.term, |piece| {
                let next = wanted.len();
                wanted.entry(piece).or_insert(next);
            });
        }
        let of_term = |term: &&str| {
            let mut found = Vec::new();
            pieces(term, |piece| found.extend(wanted.get(&piece)));
            found
        };
        let of_terms: Vec<Vec<usize>> = self.terms.iter().map(of_term).collect();
        let counted = self.each().map(|(profile, numbers)| {
            let mut counts = Counts::of(wanted.len());
            for (number, (_, count)) in numbers.iter().zip(profile.counts()) {
                of_terms[*number as usize]
                    .iter()
                    .for_each(|piece| counts.add(*piece, count));
            }
            counts.told()
        });
        self.weighed(counted.collect(), wanted.len(), library)
    }

    /// BM25 of what is counted in the candidates alone: no index knows of it.
    fn weighed(&self, counted: Vec<Vec<(usize, u32)>>, kinds: usize, library: Library) -> Vec<f32> {
        let mut having = vec![0.0; kinds];
        for (kind, _) in counted.iter().flatten() {
            having[*kind] += 1.0;
        }
        let rare = |having: &f32| rarity(*having, library.documents as f32);
        let rare: Vec<f32> = having.iter().map(rare).collect();
        let weigh = |(counts, profile): (&Vec<(usize, u32)>, &&Profile)| {
            let length = profile.length() as f32 / library.length_mean.max(1.0);
            let share =
                |(kind, count): &(usize, u32)| rare[*kind] * saturated(*count as f32, length);
            counts.iter().map(share).sum()
        };
        counted.iter().zip(self.profiles).map(weigh).collect()
    }

    /// How much a term of the candidates tells that a text has so often: by how rare it is among them.
    fn weight(&self, number: u32, count: f32) -> f32 {
        let having = self.having[number as usize] as f32;
        let rare = (self.profiles.len() as f32 / having).ln() + 1.0;
        words::weight(self.terms[number as usize]) * rare * (1.0 + count.ln())
    }

    /// Each candidate's terms, weighed.
    fn rows(&self) -> Vec<Vec<(u32, f32)>> {
        let all = self.profiles.iter().zip(&self.of);
        let rows = all.map(|(profile, numbers)| {
            let row = numbers.iter().zip(profile.counts());
            row.map(|(number, (_, count))| (*number, self.weight(*number, count as f32)))
                .collect()
        });
        rows.collect()
    }

    /// How near the candidates, by their weighed terms, are to the text: the cosine.
    fn near(&self, query: &Query, rows: &[Vec<(u32, f32)>]) -> Vec<f32> {
        let mut asked: BTreeMap<u32, f32> = BTreeMap::new();
        let mut strange: BTreeMap<&str, f32> = BTreeMap::new();
        for word in query.words() {
            match self.numbers.get(word.term.as_str()) {
                Some(number) => *asked.entry(*number).or_default() += 1.0,
                None => *strange.entry(&word.term).or_default() += 1.0,
            }
        }
        for (number, count) in &mut asked {
            *count = self.weight(*number, *count);
        }
        // Words that no candidate has make the text another one, too.
        let rare = (self.profiles.len() as f32 + 1.0).ln() + 1.0;
        let strange = strange
            .iter()
            .map(|(term, count)| (words::weight(term) * rare * (1.0 + count.ln())).powi(2));
        let square = asked.values().map(|value| value * value).sum::<f32>() + strange.sum::<f32>();
        let near = rows.iter().map(|row| {
            let length: f32 = row.iter().map(|(_, value)| value * value).sum();
            let shared = row
                .iter()
                .filter_map(|(number, value)| Some(value * asked.get(number)?));
            shared.sum::<f32>() / (length * square).sqrt().max(f32::MIN_POSITIVE)
        });
        near.collect()
    }
}

/// How often each of some kinds is there.
struct Counts(Vec<u32>);

impl Counts {
    fn of(kinds: usize) -> Self {
        Self(vec![0; kinds])
    }

    fn add(&mut self, kind: usize, count: u32) {
        self.0[kind] += count;
    }

    /// Those that are there.
    fn told(self) -> Vec<(usize, u32)> {
        let counts = self.0.into_iter().enumerate();
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

/// Tells a term's pieces, with a mark at its ends: 21 bits a letter.
fn pieces(term: &str, mut found: impl FnMut(u128)) {
    const LETTER_BITS: u32 = 21;
    let mut letters = [0_u128; TERM_BYTES_MAX + 2];
    let mut count = 1;
    letters[0] = u128::from(u32::from(' '));
    for letter in term.chars().chain([' ']).take(TERM_BYTES_MAX + 1) {
        letters[count] = u128::from(u32::from(letter));
        count += 1;
    }
    for length in PIECES {
        for piece in letters[..count].windows(length) {
            found(
                piece
                    .iter()
                    .fold(1, |all, letter| all << LETTER_BITS | letter),
            );
        }
    }
}

/// What each part brings to the score, the weightiest first.
fn matches(mut shares: Vec<(Part, &Sought, f32)>) -> Vec<Match> {
    shares.sort_by(|a, b| {
        let more = b.2.total_cmp(&a.2);
        more.then_with(|| a.1.word.cmp(&b.1.word))
    });
    let mut matches: Vec<Match> = Vec::new();
    for (part, sought, share) in shares {
        let found = match matches.iter().position(|found| found.part == part) {
            Some(place) => &mut matches[place],
            None => {
                matches.push(Match {
                    part,
                    words: Vec::new(),
                    score: 0.0,
                });
                let last = matches.len() - 1;
                &mut matches[last]
            }
        };
        if !found.words.contains(&sought.word) {
            found.words.push(sought.word.clone());
        }
        found.score += share;
    }
    matches.sort_by(|a, b| b.score.total_cmp(&a.score));
    matches
}
