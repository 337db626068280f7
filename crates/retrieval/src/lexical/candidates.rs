//! Candidates, scored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::counts::{Counts, Lists};
use super::pieces::Pieces;
use super::pool::Pool;
use super::synonyms::{Standing, Synonym};
use super::{Library, PAIRS_WEIGHT, PIECES_WEIGHT, Query, Sought, rarity, saturated};
use crate::map::Map;
use crate::neighbours::Vectors;
use crate::profile::{Part, Profile};
use crate::words;

/// How well candidates fit a text by their words.
#[derive(Debug, Clone)]
pub struct Words {
    /// Each candidate, in the order in which they were given.
    pub scored: Vec<Scored>,
    /// How near each is to the text: the cosine of their terms.
    pub near: Vec<f32>,
    /// Each candidate's terms, weighed,
    rows: Vec<Vec<(u32, f32)>>,
    /// and how many different ones there are.
    terms: usize,
}

impl Words {
    /// How near the candidates are to each other: the cosines of their terms.
    pub fn among(&self) -> Vectors {
        Vectors::of(&self.rows, self.terms)
    }
}

/// A candidate's score.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// How well it fits.
    pub score: f32,
    /// Whether it shares a word with the text that says what it is about.
    pub tells: bool,
    /// The words that it shares with the text.
    pub shared: Shared,
}

/// Words that a text and a candidate share, and what each brings in a part: put together when it is asked for, because
/// few candidates are told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared(Vec<SharedWord>);

/// A word that a text and a part share, and what it brings.
#[derive(Debug, Clone, PartialEq)]
struct SharedWord {
    part: Part,
    word: Arc<str>,
    brings: f32,
    /// What the text says, if the word is a synonym of that.
    asked: Option<Arc<str>>,
}

/// Words that a text and a part of a solution share.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The part.
    pub part: Part,
    /// The words, as they are compared, the weightiest first.
    pub words: Vec<Arc<str>>,
    /// Which of them are synonyms: what the text says, and what stands for it here.
    pub synonyms: Vec<(Arc<str>, Arc<str>)>,
    /// How much of the score they bring.
    pub score: f32,
}

/// Scores all candidates.
pub fn score(query: &Query, sought: &[Sought], library: Library, candidates: &[&Profile]) -> Words {
    let pool = Pool::of(candidates);
    let standing = pool.standing(query);
    let by = (query, &standing);
    let scored = pool.scored(by, sought, library, |score, shares| Scored {
        score,
        tells: tells(&shares),
        shared: Shared::of(&shares),
    });
    let rows = pool.rows();
    Words {
        scored,
        near: pool.near(by, &rows),
        rows,
        terms: pool.terms.len(),
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
    let told = |score: f32, shares: Vec<Share<'_>>| (score, tells(&shares));
    let standing = pool.standing(query);
    let by = (query, &standing);
    let scored = pool.scored(by, sought, library, told).into_iter();
    let near = pool.near(by, &pool.rows());
    let all = scored
        .zip(near)
        .map(|((score, tells), near)| Weighed { score, tells, near });
    all.collect()
}

/// What a sought term or a synonym brings in a part.
#[derive(Debug, Clone, Copy)]
struct Share<'s> {
    part: Part,
    of: Of<'s>,
    brings: f32,
}

/// Of what a share is.
#[derive(Debug, Clone, Copy)]
enum Of<'s> {
    Sought(&'s Sought),
    Synonym(&'s Synonym),
}

impl Of<'_> {
    const fn tells(&self) -> bool {
        match self {
            Self::Sought(sought) => sought.tells,
            Self::Synonym(synonym) => synonym.tells,
        }
    }
}

fn tells(shares: &[Share<'_>]) -> bool {
    shares.iter().any(|share| share.of.tells())
}

/// What finds the shares of candidates, one after the other.
struct Shares<'s> {
    sought: &'s [Sought],
    library: Library,
    /// For each term of the candidates, which sought terms it is or has among its forms.
    matching: Lists<u32>,
    /// How often each sought term stands in each part.
    counts: Counts,
}

impl<'s> Shares<'s> {
    /// Of a candidate, in the order of what is sought and of the parts.
    fn of(&mut self, profile: &Profile, numbers: &[(u32, u32)]) -> Vec<Share<'s>> {
        const PARTS: usize = Part::ALL.len();
        for (part, run) in profile.runs() {
            for at in run {
                let (number, _) = numbers[usize::from(*at)];
                for one in self.matching.get(number as usize) {
                    let kind = *one as usize * PARTS + part as usize;
                    self.counts.add(kind, part.weight());
                }
            }
        }
        let mut counted: Vec<(usize, Part, u32)> = Vec::new();
        self.counts.take(|kind, count| {
            counted.push((kind / PARTS, Part::ALL[kind % PARTS], count));
        });
        let length = profile.length() as f32 / self.library.length_mean.max(1.0);
        let mut shares = Vec::with_capacity(counted.len());
        for parts in counted.chunk_by(|a, b| a.0 == b.0) {
            let sought = &self.sought[parts[0].0];
            let total: u32 = parts.iter().map(|(_, _, count)| *count).sum();
            let total = total as f32;
            let each = sought.weight * saturated(total, length) / total;
            let of_part = |(_, part, count): &(usize, Part, u32)| Share {
                part: *part,
                of: Of::Sought(sought),
                brings: each * *count as f32,
            };
            shares.extend(parts.iter().map(of_part));
        }
        shares
    }

    /// Of what stands in a candidate of the text's synonyms.
    fn of_synonyms(
        &self,
        query: &'s Query,
        profile: &Profile,
        standing: &[(usize, Part, u32)],
    ) -> Vec<Share<'s>> {
        let length = profile.length() as f32 / self.library.length_mean.max(1.0);
        let mut shares = Vec::with_capacity(standing.len());
        for parts in standing.chunk_by(|a, b| a.0 == b.0) {
            let synonym = &query.synonyms()[parts[0].0];
            let total: u32 = parts.iter().map(|(_, _, count)| *count).sum();
            let total = total as f32;
            let each = synonym.weight * saturated(total, length) / total;
            shares.extend(parts.iter().map(|(_, part, count)| Share {
                part: *part,
                of: Of::Synonym(synonym),
                brings: each * *count as f32,
            }));
        }
        shares
    }
}

impl Pool<'_> {
    /// Each candidate's score and its shares, as `told` makes something of them.
    fn scored<'s, T>(
        &self,
        (query, standing): (&'s Query, &Standing),
        sought: &'s [Sought],
        library: Library,
        told: impl Fn(f32, Vec<Share<'s>>) -> T,
    ) -> Vec<T> {
        let pairs = self.pairs(query, library);
        let pieces = self.pieces(query, library);
        let mut shares = Shares {
            sought,
            library,
            matching: self.matching(sought),
            counts: Counts::of(sought.len() * Part::ALL.len()),
        };
        let all = self.each().zip(standing.iter());
        let all = all.zip(pairs.into_iter().zip(pieces));
        let scored = all.map(|(((profile, numbers), standing), (pairs, pieces))| {
            let by_synonyms = shares.of_synonyms(query, profile, standing);
            let mut shares = shares.of(profile, numbers);
            shares.extend(by_synonyms);
            let mut score: f32 = shares.iter().map(|share| share.brings).sum();
            score += PAIRS_WEIGHT * pairs + PIECES_WEIGHT * pieces;
            told(score, shares)
        });
        scored.collect()
    }

    /// For each term of the candidates, which sought terms it is or has among its forms.
    fn matching(&self, sought: &[Sought]) -> Lists<u32> {
        let mut exact: Vec<Option<u32>> = vec![None; self.terms.len()];
        for (place, sought) in (0..).zip(sought) {
            if let Some(number) = self.numbers.get(sought.term.as_str()) {
                exact[*number as usize] = Some(place);
            }
        }
        let forms = words::Forms::of(sought.iter().map(|sought| sought.term.as_str()));
        let mut matching = Lists::with_capacity(self.terms.len());
        for (term, exact) in self.terms.iter().zip(exact) {
            exact.into_iter().for_each(|place| matching.push(place));
            forms.each(term, |place| {
                if !matching.open().contains(&place) {
                    matching.push(place);
                }
            });
            matching.end();
        }
        matching
    }

    /// What pairs of neighbouring words bring to each candidate.
    fn pairs(&self, query: &Query, library: Library) -> Vec<f32> {
        let number = |term: &str| self.numbers.get(term).copied();
        let asked = query.words().iter().map(|word| number(&word.term));
        let asked: Vec<Option<u32>> = asked.collect();
        let mut wanted: Map<(u32, u32), usize> = Map::default();
        let mut is_first = vec![false; self.terms.len()];
        for two in asked.windows(2) {
            if let [Some(one), Some(other)] = two {
                let next = wanted.len();
                wanted.entry((*one, *other)).or_insert(next);
                is_first[*one as usize] = true;
            }
        }
        let mut counts = Counts::of(wanted.len());
        let mut counted = Lists::with_capacity(self.profiles.len());
        for (profile, numbers) in self.each() {
            for (part, run) in profile.runs() {
                for two in run.windows(2) {
                    let (one, _) = numbers[usize::from(two[0])];
                    let (other, _) = numbers[usize::from(two[1])];
                    if is_first[one as usize]
                        && let Some(pair) = wanted.get(&(one, other))
                    {
                        counts.add(*pair, part.weight());
                    }
                }
            }
            counts.take(|pair, count| counted.push((pair, count)));
            counted.end();
        }
        self.weighed(&counted, wanted.len(), library)
    }

    /// What pieces of words bring to each candidate.
    fn pieces(&self, query: &Query, library: Library) -> Vec<f32> {
        let mut seen = BTreeSet::new();
        let terms = query.words().iter().map(|word| word.term.as_str());
        let wanted = Pieces::of(terms.filter(|term| seen.insert(*term)));
        let mut of_terms = Lists::with_capacity(self.terms.len());
        for term in &self.terms {
            wanted.each(term, |piece| of_terms.push(piece));
            of_terms.end();
        }
        let mut counts = Counts::of(wanted.len());
        let mut counted = Lists::with_capacity(self.profiles.len());
        for (_, numbers) in self.each() {
            for (number, count) in numbers {
                let pieces = of_terms.get(*number as usize);
                pieces.iter().for_each(|piece| counts.add(*piece, *count));
            }
            counts.take(|piece, count| counted.push((piece, count)));
            counted.end();
        }
        self.weighed(&counted, wanted.len(), library)
    }

    /// BM25 of what is counted in the candidates alone: no index knows of it.
    fn weighed(&self, counted: &Lists<(usize, u32)>, kinds: usize, library: Library) -> Vec<f32> {
        let mut having = vec![0.0; kinds];
        for (kind, _) in counted.iter().flatten() {
            having[*kind] += 1.0;
        }
        let rare = |having: &f32| rarity(*having, library.documents as f32);
        let rare: Vec<f32> = having.iter().map(rare).collect();
        let weigh = |(counts, profile): (&[(usize, u32)], &&Profile)| {
            let length = profile.length() as f32 / library.length_mean.max(1.0);
            let share =
                |(kind, count): &(usize, u32)| rare[*kind] * saturated(*count as f32, length);
            counts.iter().map(share).sum()
        };
        counted.iter().zip(self.profiles).map(weigh).collect()
    }

    /// Each candidate's terms, weighed.
    fn rows(&self) -> Vec<Vec<(u32, f32)>> {
        let weighed = |(number, count): &(u32, u32)| (*number, self.weight(*number, *count));
        let rows = self.each();
        rows.map(|(_, numbers)| numbers.iter().map(weighed).collect())
            .collect()
    }

    /// How near the candidates, by their weighed terms, are to the text: the cosine.
    fn near(&self, (query, standing): (&Query, &Standing), rows: &[Vec<(u32, f32)>]) -> Vec<f32> {
        let mut asked: BTreeMap<u32, u32> = BTreeMap::new();
        let mut strange: BTreeMap<&str, f32> = BTreeMap::new();
        for word in query.words() {
            match self.numbers.get(word.term.as_str()) {
                Some(number) => *asked.entry(*number).or_default() += 1,
                None => *strange.entry(&word.term).or_default() += 1.0,
            }
        }
        let weighed = asked
            .into_iter()
            .map(|(number, count)| (number, self.weight(number, count)));
        let asked: Vec<(u32, f32)> = weighed.collect();
        // What each term weighs in the text: nothing, if that doesn't have it.
        let mut of_text = vec![0.0; self.terms.len()];
        for (number, weight) in &asked {
            of_text[*number as usize] = *weight;
        }
        // What a synonym stands for is known by that.
        let (stood_for, by_synonyms) = self.stood_for(query, standing);
        strange.retain(|term, _| !stood_for.contains(term));
        // Words that no candidate has make the text another one, too.
        let rare = (self.profiles.len() as f32 + 1.0).ln() + 1.0;
        let strange = strange
            .iter()
            .map(|(term, count)| (words::weight(term) * rare * (1.0 + count.ln())).powi(2));
        let square = asked.iter().map(|(_, value)| value * value).sum::<f32>();
        let square = square + strange.sum::<f32>() + by_synonyms;
        let near = rows.iter().zip(standing.iter()).map(|(row, standing)| {
            let length: f32 = row.iter().map(|(_, value)| value * value).sum();
            let shared = row
                .iter()
                .map(|(number, value)| (value, of_text[*number as usize]))
                .filter(|(_, of_text)| *of_text != 0.0)
                .map(|(value, of_text)| value * of_text);
            let mut shared = shared.sum::<f32>();
            if standing.is_empty() {
                return shared / (length * square).sqrt().max(f32::MIN_POSITIVE);
            }
            shared += self.shared_by_synonyms(query, standing, (row, &of_text));
            let near = shared / (length * square).sqrt().max(f32::MIN_POSITIVE);
            near.min(1.0)
        });
        near.collect()
    }
}

impl Shared {
    fn of(shares: &[Share<'_>]) -> Self {
        let shares = shares.iter().map(|share| {
            let (word, asked) = match share.of {
                Of::Sought(sought) => (&sought.word, None),
                Of::Synonym(synonym) => (&synonym.found, Some(Arc::clone(&synonym.asked))),
            };
            SharedWord {
                part: share.part,
                word: Arc::clone(word),
                brings: share.brings,
                asked,
            }
        });
        Self(shares.collect())
    }

    /// What each part brings to the score, the weightiest first.
    pub fn matches(&self) -> Vec<Match> {
        let mut shares: Vec<_> = self.0.iter().collect();
        shares.sort_by(|a, b| {
            let more = b.brings.total_cmp(&a.brings);
            more.then_with(|| a.word.cmp(&b.word))
        });
        let mut matches: Vec<Match> = Vec::new();
        for SharedWord {
            part,
            word,
            brings,
            asked,
        } in shares
        {
            let found = match matches.iter().position(|found| found.part == *part) {
                Some(place) => &mut matches[place],
                None => {
                    matches.push(Match {
                        part: *part,
                        words: Vec::new(),
                        synonyms: Vec::new(),
                        score: 0.0,
                    });
                    let last = matches.len() - 1;
                    &mut matches[last]
                }
            };
            if !found.words.contains(word) {
                found.words.push(Arc::clone(word));
            }
            if let Some(asked) = asked {
                found.synonyms.push((Arc::clone(asked), Arc::clone(word)));
            }
            found.score += brings;
        }
        matches.sort_by(|a, b| b.score.total_cmp(&a.score));
        matches
    }
}
