//! What a text means, as a direction: 384 numbers of a byte each.

use pulp::{Arch, Simd, WithSimd};

/// A direction in a model's space.
#[derive(Debug, Clone, PartialEq)]
pub struct Vector {
    values: Box<[i8]>,
    /// One through the length of `values`.
    unit: f32,
    /// 1 of one text; of several, less where they go apart.
    agreement: f32,
}

impl Vector {
    /// The direction of `values`, of whatever length they are.
    pub fn of(values: &[f32]) -> Self {
        let largest = values.iter().fold(0.0_f32, |most, one| most.max(one.abs()));
        let scale = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        let values = values.iter().map(|one| (one * scale).round() as i8);
        Self::from_values(values.collect())
    }

    /// The direction whose numbers were written.
    pub(crate) fn from_values(values: Box<[i8]>) -> Self {
        let square = dot(&values, &values) as f32;
        Self {
            values,
            unit: if square > 0.0 {
                square.sqrt().recip()
            } else {
                0.0
            },
            agreement: 1.0,
        }
    }

    /// The direction between several, each with its weight. None of none.
    pub fn between<'v>(vectors: impl IntoIterator<Item = (&'v Self, f32)>) -> Option<Self> {
        let (mut sum, mut weights): (Vec<f32>, f32) = (Vec::new(), 0.0);
        for (vector, weight) in vectors {
            weights += weight;
            sum.resize(vector.values.len(), 0.0);
            for (sum, value) in sum.iter_mut().zip(&vector.values) {
                *sum += weight * f32::from(*value) * vector.unit;
            }
        }
        let mut between = (!sum.is_empty()).then(|| Self::of(&sum))?;
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
        between.agreement = (length / weights.max(f32::MIN_POSITIVE)).min(1.0);
        Some(between)
    }

    /// The cosine of the angle between two: 1 for the same meaning, about 0 for unrelated ones.
    pub fn cosine(&self, other: &Self) -> f32 {
        dot(&self.values, &other.values) as f32 * self.unit * other.unit
    }

    /// The cosine of their texts, on average: less than that of the directions between them.
    pub fn nearness(&self, other: &Self) -> f32 {
        self.cosine(other) * self.agreement * other.agreement
    }

    /// The numbers.
    pub fn values(&self) -> &[i8] {
        &self.values
    }
}

/// The sum of the products.
fn dot(one: &[i8], other: &[i8]) -> i32 {
    Arch::new().dispatch(Dot { one, other })
}

/// Compiled for each kind of processor, of which the one at hand is taken: all directions of a library are looked at for
/// each question.
struct Dot<'v> {
    one: &'v [i8],
    other: &'v [i8],
}

impl WithSimd for Dot<'_> {
    type Output = i32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> i32 {
        let products = self.one.iter().zip(self.other);
        products.map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
    }
}

/// Many directions in a row, each under a number, for looking at all of them at once.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    dimensions: usize,
    values: Vec<i8>,
    units: Vec<f32>,
    agreements: Vec<f32>,
}

impl Scan {
    /// Room for directions of `dimensions` numbers.
    pub fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            ..Self::default()
        }
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Adds one, and says at which place.
    ///
    /// # Panics
    /// If it has another number of dimensions.
    pub fn push(&mut self, vector: &Vector) -> usize {
        assert_eq!(vector.values.len(), self.dimensions, "another model's");
        self.values.extend(&vector.values);
        self.units.push(vector.unit);
        self.agreements.push(vector.agreement);
        self.len() - 1
    }

    /// Puts another one at a place.
    ///
    /// # Panics
    /// If it has another number of dimensions, or there is no such place.
    pub fn put(&mut self, place: usize, vector: &Vector) {
        self.values[place * self.dimensions..][..self.dimensions].copy_from_slice(&vector.values);
        self.units[place] = vector.unit;
        self.agreements[place] = vector.agreement;
    }

    /// The cosine of the angle between the one at a place and another; see [`Vector::cosine`].
    ///
    /// # Panics
    /// If there is no such place.
    pub fn cosine(&self, place: usize, vector: &Vector) -> f32 {
        let values = &self.values[place * self.dimensions..][..self.dimensions];
        dot(values, &vector.values) as f32 * self.units[place] * vector.unit
    }

    /// The one at a place.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn get(&self, place: usize) -> Vector {
        let values = &self.values[place * self.dimensions..][..self.dimensions];
        Vector {
            values: values.into(),
            unit: self.units[place],
            agreement: self.agreements[place],
        }
    }
}

/// Keeps what is nearest of all that is added.
#[derive(Debug, Clone)]
pub struct Nearest<T> {
    wanted: usize,
    least: f32,
    best: Vec<(T, f32)>,
}

impl<T: Ord> Nearest<T> {
    /// Keeps so many.
    pub fn new(wanted: usize) -> Self {
        Self {
            wanted,
            least: f32::MIN,
            best: Vec::with_capacity(2 * wanted + 1),
        }
    }

    /// Adds one, with its cosine.
    pub fn add(&mut self, one: T, cosine: f32) {
        if cosine < self.least || self.wanted == 0 {
            return;
        }
        self.best.push((one, cosine));
        if self.best.len() > 2 * self.wanted {
            self.cut();
            self.least = self.best.last().map_or(f32::MIN, |(_, least)| *least);
        }
    }

    /// The nearest, the nearest first, with their cosines; of equal ones the least.
    pub fn finish(mut self) -> Vec<(T, f32)> {
        self.cut();
        self.best
    }

    fn cut(&mut self) {
        self.best
            .sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.best.truncate(self.wanted);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-1.0_f32..1.0, 24)
    }

    proptest! {
        #[test]
        fn a_byte_a_number_is_enough(one in values(), other in values()) {
            let length = |all: &[f32]| all.iter().map(|a| a * a).sum::<f32>().sqrt();
            prop_assume!(length(&one) > 0.1 && length(&other) > 0.1);
            let dot: f32 = one.iter().zip(&other).map(|(a, b)| a * b).sum();
            let cosine = Vector::of(&one).cosine(&Vector::of(&other));
            prop_assert!((cosine - dot / length(&one) / length(&other)).abs() < 0.02);
        }

        #[test]
        fn a_scan_finds_what_looking_at_each_does(
            all in prop::collection::vec(values(), 1..40),
            sought in values(),
            wanted in 1_usize..8,
        ) {
            let sought = Vector::of(&sought);
            let (mut scan, mut nearest) = (Scan::new(24), Nearest::new(wanted));
            for one in &all {
                let place = scan.push(&Vector::of(one));
                prop_assert_eq!(scan.get(place), Vector::of(one));
                nearest.add(place, scan.cosine(place, &sought));
            }
            let mut expected: Vec<_> = (0..all.len()).collect();
            let cosine = |at: &usize| Vector::of(&all[*at]).cosine(&sought);
            expected.sort_by(|a, b| cosine(b).total_cmp(&cosine(a)).then(a.cmp(b)));
            expected.truncate(wanted);
            let found = nearest.finish();
            prop_assert_eq!(found.into_iter().map(|(at, _)| at).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_direction_without_length_is_near_to_nothing() {
        let nothing = Vector::of(&[0.0; 4]);
        assert_eq!(nothing.cosine(&Vector::of(&[1.0; 4])), 0.0);
        assert_eq!(Vector::between([]), None);
    }
}
