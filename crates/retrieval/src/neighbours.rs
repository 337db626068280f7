//! Candidates that say the same support each other: a candidate beside others that fit well fits
//! better than it shows by itself.

/// How many neighbours a candidate has,
const NEAREST: usize = 10;
/// and how much they count.
pub(crate) const SMOOTHING: f32 = 0.8;

/// How alike candidates are, each to each.
#[derive(Debug, Clone)]
pub struct Vectors {
    count: usize,
    similarities: Vec<f32>,
}

impl Vectors {
    /// The cosines of sparse vectors: each a list of dimensions, once each, and what stands there.
    pub fn of(rows: Vec<Vec<(u32, f32)>>, dimensions: usize) -> Self {
        let count = rows.len();
        let mut columns: Vec<Vec<(u32, f32)>> = vec![Vec::new(); dimensions];
        for (row, values) in rows.iter().enumerate() {
            let norm = values
                .iter()
                .map(|(_, value)| value * value)
                .sum::<f32>()
                .sqrt();
            for (column, value) in values {
                columns[*column as usize].push((row as u32, value / norm.max(f32::MIN_POSITIVE)));
            }
        }
        let mut similarities = vec![0.0; count * count];
        for column in &columns {
            for (row, value) in column {
                let of_row = &mut similarities[*row as usize * count..][..count];
                for (other, of_other) in column {
                    of_row[*other as usize] += value * of_other;
                }
            }
        }
        Self {
            count,
            similarities,
        }
    }

    /// How alike each two of `count` are, as `similarity` says; each two are asked for once.
    pub fn by(count: usize, mut similarity: impl FnMut(usize, usize) -> f32) -> Self {
        let mut similarities = vec![0.0; count * count];
        for one in 0..count {
            for other in 0..one {
                let value = similarity(one, other);
                similarities[one * count + other] = value;
                similarities[other * count + one] = value;
            }
        }
        Self {
            count,
            similarities,
        }
    }

    /// How alike two are.
    pub fn similarity(&self, one: usize, other: usize) -> f32 {
        self.similarities[one * self.count + other]
    }

    /// The `wanted` that are nearest to one, itself left out, the nearest first.
    pub fn nearest(&self, one: usize, wanted: usize) -> Vec<(usize, f32)> {
        let row = &self.similarities[one * self.count..][..self.count];
        let others = row.iter().copied().enumerate();
        let mut others: Vec<_> = others.filter(|(other, _)| *other != one).collect();
        let closer =
            |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0));
        if others.len() > wanted && wanted > 0 {
            others.select_nth_unstable_by(wanted - 1, closer);
        }
        others.truncate(wanted);
        others.sort_by(closer);
        others
    }
}

/// What each one's nearest neighbours lend it: the mean of their scores, by how near they are.
pub(crate) fn lent(scores: &[f32], among: &Vectors) -> Vec<f32> {
    let of_one = |one| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (other, similarity) in among.nearest(one, NEAREST) {
            let similarity = similarity.max(0.0);
            sum += similarity * scores[other];
            weights += similarity;
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
    };
    (0..scores.len()).map(of_one).collect()
}
