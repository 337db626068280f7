//! Figures of two commits, paired by their names and rounds.

use std::collections::BTreeMap;

use super::figures::Figure;

/// Which of the two a run is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The commit that is worked on.
    This,
    /// The other commit.
    That,
}

/// What both said in all rounds, in the order in which the figures first came.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    names: Vec<String>,
    said: BTreeMap<String, Said>,
}

/// What was said of one figure: by round, each side's value.
#[derive(Debug, Default)]
struct Said {
    unit: String,
    rounds: BTreeMap<u32, [Option<f64>; 2]>,
}

/// A figure that both have.
#[derive(Debug, PartialEq)]
pub(super) struct Pair<'a> {
    pub(super) name: &'a str,
    pub(super) unit: &'a str,
    /// The medians of the rounds that both ran.
    pub(super) this: f64,
    pub(super) that: f64,
    /// This ÷ that, of the same round each.
    pub(super) ratio: Spread,
    /// How many rounds both ran.
    pub(super) rounds: usize,
}

/// How far values differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

impl Pairs {
    /// Adds what a run said. Of several figures with one name in a run, the last counts.
    pub(super) fn add(&mut self, round: u32, side: Side, figure: &Figure) {
        let said = self.said.entry(figure.name.clone()).or_insert_with(|| {
            self.names.push(figure.name.clone());
            Said::default()
        });
        said.unit.clone_from(&figure.unit);
        said.rounds.entry(round).or_default()[side as usize] = Some(figure.value);
    }

    /// The figures that both have from one round at least.
    pub(super) fn paired(&self) -> Vec<Pair<'_>> {
        let pairs = self.names.iter().filter_map(|name| {
            let said = &self.said[name];
            let both = said
                .rounds
                .values()
                .filter_map(|[this, that]| this.zip(*that));
            let (this, that): (Vec<_>, Vec<_>) = both.unzip();
            let ratios = this.iter().zip(&that).map(|(this, that)| this / that);
            Some(Pair {
                name,
                unit: &said.unit,
                ratio: spread(ratios.filter(|ratio| ratio.is_finite()).collect())?,
                rounds: this.len(),
                this: spread(this)?.median,
                that: spread(that)?.median,
            })
        });
        pairs.collect()
    }

    /// The names of figures that only `side` has.
    pub(super) fn only(&self, side: Side) -> Vec<&str> {
        let has = |name: &str, side: Side| {
            let mut rounds = self.said[name].rounds.values();
            rounds.any(|values| values[side as usize].is_some())
        };
        let other = match side {
            Side::This => Side::That,
            Side::That => Side::This,
        };
        let names = self.names.iter().map(String::as_str);
        names
            .filter(|name| has(name, side) && !has(name, other))
            .collect()
    }
}

/// None of no values.
fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let (min, max) = (*values.first()?, *values.last()?);
    let half = values.len() / 2;
    let median = match values.len() % 2 {
        0 => f64::midpoint(values[half - 1], values[half]),
        _ => values[half],
    };
    Some(Spread { min, median, max })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(said: &[(u32, Side, &str, f64)]) -> Pairs {
        let mut pairs = Pairs::default();
        for (round, side, name, value) in said {
            let figure = Figure {
                name: (*name).to_owned(),
                value: *value,
                unit: "s".to_owned(),
            };
            pairs.add(*round, *side, &figure);
        }
        pairs
    }

    use Side::{That, This};

    #[test]
    fn ratios_are_of_values_of_the_same_round() {
        // The machine was half as fast in the second round: the ratios don't show it.
        let pairs = pairs(&[
            (1, This, "rebuild", 40.0),
            (1, That, "rebuild", 20.0),
            (2, This, "rebuild", 22.0),
            (2, That, "rebuild", 10.0),
            (3, This, "rebuild", 36.0),
            (3, That, "rebuild", 20.0),
        ]);
        let [pair] = &pairs.paired()[..] else {
            panic!("one pair");
        };
        assert_eq!((pair.this, pair.that, pair.rounds), (36.0, 20.0, 3));
        let Spread { min, median, max } = pair.ratio;
        assert_eq!((min, median, max), (1.8, 2.0, 2.2));
    }

    #[test]
    fn a_figure_that_one_side_lacks_has_no_pair() {
        let pairs = pairs(&[
            (1, This, "new", 1.0),
            (1, This, "both", 1.0),
            (1, That, "both", 2.0),
            (1, That, "old", 1.0),
        ]);
        let paired = pairs.paired();
        assert_eq!(
            paired.iter().map(|it| it.name).collect::<Vec<_>>(),
            ["both"]
        );
        assert_eq!(pairs.only(This), ["new"]);
        assert_eq!(pairs.only(That), ["old"]);
    }

    #[test]
    fn a_round_that_one_side_lacks_does_not_count() {
        let pairs = pairs(&[
            (1, This, "a", 3.0),
            (1, That, "a", 1.0),
            (2, This, "a", 100.0),
        ]);
        let paired = pairs.paired();
        assert_eq!((paired[0].this, paired[0].rounds), (3.0, 1));
        assert_eq!(paired[0].ratio.max, 3.0);
        // Where no round has both, neither side has it alone, and there is no pair.
        let apart = self::pairs(&[(1, This, "a", 3.0), (2, That, "a", 1.0)]);
        assert_eq!(apart.paired(), []);
        assert!(apart.only(This).is_empty() && apart.only(That).is_empty());
    }

    #[test]
    fn what_is_divided_by_nothing_has_no_ratio() {
        let pairs = pairs(&[(1, This, "lag", 3.0), (1, That, "lag", 0.0)]);
        assert_eq!(pairs.paired(), []);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let found = spread(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((found.min, found.median, found.max), (1.0, 2.5, 4.0));
        assert_eq!(spread(Vec::new()), None);
    }
}
