//! Candidates that say the same support each other: a candidate beside others that fit well fits
//! better than it shows by itself.

/// How many neighbours a candidate has,
const NEAREST: usize = 10;
/// and how much they count.
pub(crate) const SMOOTHING: f32 = 0.8;

/// A column is dense if this times as many as have something in it are more than all.
const DENSE: usize = 4;

/// How alike candidates are, each to each.
#[derive(Debug, Clone)]
pub struct Vectors {
    count: usize,
    similarities: Vec<f32>,
}

impl Vectors {
    /// The cosines of sparse vectors: each a list of dimensions, once each, and what stands there.
    pub fn of(rows: &[Vec<(u32, f32)>], dimensions: usize) -> Self {
        let count = rows.len();
        let columns = Columns::of(rows, dimensions);
        let mut similarities = vec![0.0; count * count];
        let mut dense = vec![0.0; count];
        for column in columns.all() {
            // Half of them: the others are the same. Of a column in which many have something, all are gone through in
            // a row; that nothing is added to some changes nothing.
            let is_dense = DENSE * column.len() > count;
            if is_dense {
                dense.fill(0.0);
                for (row, value) in column {
                    dense[*row as usize] = *value;
                }
            }
            for (at, (row, value)) in column.iter().enumerate() {
                let row = *row as usize;
                let of_row = &mut similarities[row * count..][..=row];
                if is_dense {
                    for (sum, of_other) in of_row.iter_mut().zip(&dense) {
                        *sum += value * of_other;
                    }
                } else {
                    for (other, of_other) in &column[..=at] {
                        of_row[*other as usize] += value * of_other;
                    }
                }
            }
        }
        for one in 0..count {
            for other in 0..one {
                similarities[other * count + one] = similarities[one * count + other];
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
        let mut nearest: Vec<(usize, f32)> = Vec::with_capacity(wanted.min(self.count) + 1);
        for (other, similarity) in others.filter(|(other, _)| *other != one) {
            if nearest.len() == wanted {
                // As most are: surely not nearer.
                let is_farther = |last: &(usize, f32)| similarity < last.1;
                if nearest.last().is_some_and(is_farther) {
                    continue;
                }
                let is_nearer = |last: &(usize, f32)| last.1.total_cmp(&similarity).is_lt();
                if !nearest.last().is_some_and(is_nearer) {
                    continue;
                }
            }
            // Of two that are as near, the first comes first.
            let place = nearest.partition_point(|kept| kept.1.total_cmp(&similarity).is_ge());
            nearest.insert(place, (other, similarity));
            nearest.truncate(wanted);
        }
        nearest
    }
}

/// The columns of sparse vectors of length one, each a list of rows and what stands there.
struct Columns {
    values: Vec<(u32, f32)>,
    /// Where each column begins, and the last one ends.
    begins: Vec<usize>,
}

impl Columns {
    fn of(rows: &[Vec<(u32, f32)>], dimensions: usize) -> Self {
        let mut begins = vec![0; dimensions + 1];
        for (column, _) in rows.iter().flatten() {
            begins[*column as usize + 1] += 1;
        }
        let mut all = 0;
        for begin in &mut begins {
            all += *begin;
            *begin = all;
        }
        let mut next = begins.clone();
        let mut values = vec![(0, 0.0); all];
        for (row, of_row) in (0..).zip(rows) {
            let square: f32 = of_row.iter().map(|(_, value)| value * value).sum();
            let norm = square.sqrt().max(f32::MIN_POSITIVE);
            for (column, value) in of_row {
                let next = &mut next[*column as usize];
                values[*next] = (row, value / norm);
                *next += 1;
            }
        }
        Self { values, begins }
    }

    fn all(&self) -> impl Iterator<Item = &[(u32, f32)]> {
        let each = self.begins.windows(2);
        each.map(move |two| &self.values[two[0]..two[1]])
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
