//! Synonyms: words and phrases of which a house says that each stands for each other.
//!
//! What a text says is looked for under the other words of its group, too. A phrase is found where its words stand one
//! after the other. Nothing here changes what a text without synonyms finds, or how it is ranked.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::counts::{Counts, Lists};
use super::pool::Pool;
use super::query::REPEATED_MAX;
use super::{Library, Query, Sought, rarity};
use crate::map::Map;
use crate::profile::Part;
use crate::words::{self, Word};

/// How much a synonym counts beside the word that the text has: half. What the customer said is sure, and what a house takes for
/// the same is so mostly; so of two solutions that are alike the one with the customer's own word comes first, and one that has
/// only the other word is found all the same.
pub const SYNONYM_WEIGHT: f32 = 0.5;
/// Synonyms of a text that are looked up.
const LOOKED_UP_MAX: usize = 64;

/// Groups of words and phrases that stand for each other.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    groups: Vec<Vec<Phrase>>,
    /// By their first terms, the groups and their members.
    beginning: HashMap<String, Vec<(usize, usize)>>,
}

#[derive(Debug, Clone)]
struct Phrase {
    text: Arc<str>,
    terms: Vec<String>,
}

/// What stands for something that a text says.
#[derive(Debug, Clone, PartialEq)]
pub struct Synonym {
    /// What the text says, as the group has it.
    pub asked: Arc<str>,
    /// What stands for it, as the group has it.
    pub found: Arc<str>,
    /// The terms of what stands for it, one after the other; more than one of a phrase.
    pub terms: Vec<String>,
    /// How much it tells: half as much as it would by itself, and never more than half of what is asked.
    pub weight: f32,
    /// Whether it says what the text is about.
    pub tells: bool,
    /// The terms of what the text says.
    instead_of: Vec<String>,
    /// How many solutions have each of its terms.
    having: Vec<u64>,
}

impl Groups {
    /// The groups of words and phrases.
    pub fn of<'w, G>(groups: impl IntoIterator<Item = G>) -> Self
    where
        G: IntoIterator<Item = &'w str>,
    {
        let mut all = Self::default();
        for group in groups {
            let phrases = group.into_iter().map(|text| Phrase {
                text: text.into(),
                terms: words::words(text)
                    .into_iter()
                    .map(|word| word.term)
                    .collect(),
            });
            let phrases: Vec<_> = phrases.filter(|one| !one.terms.is_empty()).collect();
            for (member, phrase) in phrases.iter().enumerate() {
                let first = all.beginning.entry(phrase.terms[0].clone()).or_default();
                first.push((all.groups.len(), member));
            }
            all.groups.push(phrases);
        }
        all
    }

    /// What of the groups the words say, each with how often.
    fn said(&self, words: &[Word]) -> BTreeMap<(usize, usize), u16> {
        let mut said: BTreeMap<(usize, usize), u16> = BTreeMap::new();
        for (at, word) in words.iter().enumerate() {
            let begun = self.beginning.get(&word.term).into_iter().flatten();
            for (group, member) in begun {
                if begins(&words[at..], &self.groups[*group][*member].terms) {
                    let times = said.entry((*group, *member)).or_default();
                    *times = (*times + 1).min(REPEATED_MAX);
                }
            }
        }
        said
    }
}

/// Whether words begin with the terms.
fn begins(words: &[Word], terms: &[String]) -> bool {
    let mut both = words.iter().zip(terms);
    words.len() >= terms.len() && both.all(|(word, term)| word.term == *term)
}

impl Query {
    /// Looks for synonyms of what the text says, too; `having` says how many solutions have a term. What none has, and what the
    /// text says itself, is left out.
    pub fn expand<'g>(
        &mut self,
        groups: impl IntoIterator<Item = &'g Groups>,
        library: Library,
        mut having: impl FnMut(&str) -> u64,
    ) {
        let mut left = LOOKED_UP_MAX;
        for groups in groups {
            for ((group, member), times) in groups.said(self.words()) {
                let asked = &groups.groups[group][member];
                let others = groups.groups[group].iter().enumerate();
                for (_, found) in others.filter(|(other, _)| *other != member) {
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                    let known = self.synonyms().iter();
                    let mut known = known.map(|one| &one.terms);
                    if known.any(|terms| *terms == found.terms) || self.says(&found.terms) {
                        continue;
                    }
                    let synonym = Synonym::of((asked, times), found, library, &mut having);
                    self.synonyms.extend(synonym);
                }
            }
        }
    }

    /// What stands for something that the text says.
    pub fn synonyms(&self) -> &[Synonym] {
        &self.synonyms
    }

    /// Whether a phrase stands for something that the text says.
    pub fn has_phrases(&self) -> bool {
        self.synonyms.iter().any(|one| one.terms.len() > 1)
    }

    /// Whether the text has the terms, one after the other.
    fn says(&self, terms: &[String]) -> bool {
        let words = self.words();
        (0..words.len()).any(|at| begins(&words[at..], terms))
    }

    /// What is looked up to find what shares `sought` or a synonym, what tells most first. The words of a phrase are among it each
    /// for itself, and tell nothing so.
    pub fn widened<'s>(&self, sought: &'s [Sought]) -> Cow<'s, [Sought]> {
        if self.synonyms.is_empty() {
            return Cow::Borrowed(sought);
        }
        let mut all = sought.to_vec();
        for synonym in &self.synonyms {
            let count = synonym.terms.len();
            let (weight, tells) = (synonym.weight / count as f32, synonym.tells && count == 1);
            for (term, having) in synonym.terms.iter().zip(&synonym.having) {
                match all.iter_mut().find(|one| one.term == *term) {
                    Some(one) => {
                        one.weight = one.weight.max(weight);
                        one.tells |= tells;
                    }
                    None => all.push(Sought {
                        term: term.clone(),
                        word: Arc::clone(&synonym.found),
                        having: *having,
                        boost: SYNONYM_WEIGHT,
                        weight,
                        tells,
                    }),
                }
            }
        }
        super::query::heaviest_first(&mut all);
        Cow::Owned(all)
    }
}

impl Phrase {
    /// How much its words count: as the one that tells most.
    fn weight(&self) -> f32 {
        let each = self.terms.iter().map(|term| words::weight(term));
        each.fold(0.0, f32::max)
    }

    fn tells(&self) -> bool {
        self.terms.iter().any(|term| words::tells(term))
    }
}

impl Synonym {
    /// None where no solution has it.
    fn of(
        (asked, times): (&Phrase, u16),
        found: &Phrase,
        library: Library,
        having: &mut impl FnMut(&str) -> u64,
    ) -> Option<Self> {
        let count = |term: &String| having(term);
        let of_found: Vec<u64> = found.terms.iter().map(count).collect();
        // No more solutions have a phrase than have the rarest of its words.
        let least = of_found.iter().copied().min().filter(|least| *least > 0)?;
        let of_asked = asked.terms.iter().map(|term| having(term)).min();
        // A rare synonym of a usual word tells no more than that does.
        let having = least.max(of_asked.unwrap_or(0));
        let itself = f32::from(times) * asked.weight().min(found.weight());
        Some(Self {
            asked: Arc::clone(&asked.text),
            found: Arc::clone(&found.text),
            terms: found.terms.clone(),
            weight: SYNONYM_WEIGHT * itself * rarity(having as f32, library.documents as f32),
            tells: asked.tells() && found.tells(),
            instead_of: asked.terms.clone(),
            having: of_found,
        })
    }
}

/// Where the synonyms of a text stand: for each candidate, which of them in which part, and how often.
pub(super) type Standing = Lists<(usize, Part, u32)>;

impl Pool<'_> {
    /// Where the synonyms of a text stand.
    pub(super) fn standing(&self, query: &Query) -> Standing {
        const PARTS: usize = Part::ALL.len();
        let synonyms = query.synonyms();
        let mut wanted: Vec<Vec<u32>> = Vec::with_capacity(synonyms.len());
        let mut by_first: Map<u32, Vec<usize>> = Map::default();
        for (place, synonym) in synonyms.iter().enumerate() {
            let numbers = self.numbered(synonym);
            if let Some(first) = numbers.first() {
                by_first.entry(*first).or_default().push(place);
            }
            wanted.push(numbers);
        }
        let mut counts = Counts::of(wanted.len() * PARTS);
        let mut standing = Lists::with_capacity(self.profiles.len());
        for (profile, numbers) in self.each() {
            let number = |at: &u16| numbers[usize::from(*at)].0;
            let runs = profile.runs().filter(|_| !by_first.is_empty());
            for (part, run) in runs {
                for (at, first) in run.iter().enumerate() {
                    for place in by_first.get(&number(first)).into_iter().flatten() {
                        let (terms, rest) = (&wanted[*place], &run[at..]);
                        let mut both = terms.iter().zip(rest);
                        if rest.len() >= terms.len() && both.all(|(term, at)| *term == number(at)) {
                            counts.add(place * PARTS + part as usize, part.weight());
                        }
                    }
                }
            }
            counts.take(|kind, count| {
                standing.push((kind / PARTS, Part::ALL[kind % PARTS], count));
            });
            standing.end();
        }
        standing
    }

    /// The numbers of a synonym's terms; none, if the candidates don't have all of them.
    fn numbered(&self, synonym: &Synonym) -> Vec<u32> {
        let numbers = synonym.terms.iter();
        let numbers = numbers.map(|term| self.numbers.get(term.as_str()).copied());
        numbers.collect::<Option<Vec<u32>>>().unwrap_or_default()
    }

    /// What of a text's words that no candidate has some candidate has a synonym of, and how much those weigh, squared: as
    /// much as the heaviest synonym of each.
    pub(super) fn stood_for<'q>(
        &self,
        query: &'q Query,
        standing: &Standing,
    ) -> (BTreeSet<&'q str>, f32) {
        let there: BTreeSet<usize> = standing.iter().flatten().map(|one| one.0).collect();
        let (mut words, mut heaviest) = (BTreeSet::new(), BTreeMap::<&str, f32>::new());
        for place in there {
            let synonym = &query.synonyms()[place];
            let instead_of = synonym.instead_of.iter().map(String::as_str);
            let strange = instead_of.filter(|term| !self.numbers.contains_key(*term));
            let strange: Vec<&str> = strange.collect();
            if strange.is_empty() {
                continue;
            }
            let numbers = self.numbered(synonym).into_iter();
            let square = numbers
                .map(|number| self.weight(number, 1).powi(2))
                .sum::<f32>();
            let most = heaviest.entry(&synonym.asked).or_default();
            *most = most.max(square);
            words.extend(strange);
        }
        (words, heaviest.into_values().sum())
    }

    /// What synonyms add to how near a candidate is, before it is divided by lengths: those terms of theirs that the text does
    /// not have itself, each once.
    pub(super) fn shared_by_synonyms(
        &self,
        query: &Query,
        standing: &[(usize, Part, u32)],
        (row, of_text): (&[(u32, f32)], &[f32]),
    ) -> f32 {
        let places: BTreeSet<usize> = standing.iter().map(|one| one.0).collect();
        let synonyms = places.into_iter().map(|place| &query.synonyms()[place]);
        let numbers: BTreeSet<u32> = synonyms.flat_map(|one| self.numbered(one)).collect();
        let others = row
            .iter()
            .filter(|(number, _)| numbers.contains(number) && of_text[*number as usize] == 0.0);
        let shared = others.map(|(number, value)| value * self.weight(*number, 1));
        SYNONYM_WEIGHT * shared.sum::<f32>()
    }
}
