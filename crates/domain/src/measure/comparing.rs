//! Whether a share rose or fell by more than chance.

/// Two shares, compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoShares {
    /// The statistic; positive where the first share is the larger one.
    pub z: f64,
    /// How likely so large a difference is by chance, both ways.
    pub p: f64,
}

/// The two-proportion z-test with the pooled share: `part` of `of` against `part` of `of` before. Where there is nothing
/// to compare, nothing is different.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn two_shares((part, of): (u64, u64), (part_before, of_before): (u64, u64)) -> TwoShares {
    let none = TwoShares { z: 0.0, p: 1.0 };
    if of == 0 || of_before == 0 {
        return none;
    }
    let (n, n_before) = (of as f64, of_before as f64);
    let (share, before) = (part as f64 / n, part_before as f64 / n_before);
    let pooled = (part + part_before) as f64 / (n + n_before);
    let spread = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / n_before)).sqrt();
    if spread <= 0.0 {
        return none;
    }
    let z = (share - before) / spread;
    TwoShares {
        z,
        p: erfc(z.abs() / std::f64::consts::SQRT_2),
    }
}

/// How many were spared, and between what that lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spared {
    /// As many as there would have been with the share of before, less those that there were.
    pub count: f64,
    /// From what on,
    pub low: f64,
    /// and up to what, with a confidence of 95 %.
    pub high: f64,
}

/// How many of `of` are no longer `part`, measured by the share of before: `part` of `of` before, and `part` of `of` after.
/// The bounds are those of the difference of two shares, each with its own spread (Wald). Where there is nothing to
/// compare, nothing is spared.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn spared((part_before, of_before): (u64, u64), (part, of): (u64, u64)) -> Spared {
    if of == 0 || of_before == 0 {
        return Spared {
            count: 0.0,
            low: 0.0,
            high: 0.0,
        };
    }
    let (n, n_before) = (of as f64, of_before as f64);
    let (share, before) = (part as f64 / n, part_before as f64 / n_before);
    let spread = (share * (1.0 - share) / n + before * (1.0 - before) / n_before).sqrt();
    let (fell, within) = (before - share, CONFIDENT * spread);
    Spared {
        count: fell * n,
        low: (fell - within) * n,
        high: (fell + within) * n,
    }
}

/// How many standard deviations on both sides hold 95 % of a normal distribution.
const CONFIDENT: f64 = 1.959_963_984_540_054;

/// P-values corrected for how many there are, by Benjamini and Hochberg (1995): the share of false findings among those
/// up to it.
#[allow(clippy::cast_precision_loss, reason = "there are far fewer than 2^53")]
pub fn corrected(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|one, other| p_values[*other].total_cmp(&p_values[*one]));
    let count = p_values.len() as f64;
    let (mut corrected, mut least) = (vec![1.0; p_values.len()], 1.0_f64);
    for (after, index) in order.into_iter().enumerate() {
        let rank = count - after as f64;
        least = least.min(p_values[index] * count / rank);
        corrected[index] = least;
    }
    corrected
}

/// The complementary error function of what is not negative: by its series up to 2.5, and by its continued fraction
/// (Abramowitz and Stegun 7.1.6 and 7.1.14) beyond.
fn erfc(x: f64) -> f64 {
    if x > 27.0 {
        return 0.0;
    }
    let scale = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.5 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        return (1.0 - 2.0 * scale * sum).max(0.0);
    }
    let mut fraction = x;
    for k in (1..=120).rev() {
        fraction = x + f64::from(k) / 2.0 / fraction;
    }
    scale / fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_is_that_of_the_tables() {
        for (x, expected) in [
            (0.0, 1.0),
            (0.5, 0.479_500_122_186_953_5),
            (1.0, 0.157_299_207_050_285_13),
            (2.0, 0.004_677_734_981_047_266),
            (3.0, 2.209_049_699_858_544e-5),
            (5.0, 1.537_459_794_428_034_8e-12),
        ] {
            let found = erfc(x);
            assert!(
                (found - expected).abs() <= expected * 1e-9,
                "{x}: {found} is not {expected}"
            );
        }
    }

    #[test]
    fn shares_are_compared_as_in_the_books() {
        let found = two_shares((60, 200), (40, 200));
        assert!((found.z - 2.309_401_076_758_503).abs() < 1e-12, "{found:?}");
        assert!(
            (found.p - 0.020_921_335_337_794_03).abs() < 1e-9,
            "{found:?}"
        );
        assert_eq!(two_shares((0, 0), (1, 2)).p, 1.0);
        assert_eq!(two_shares((0, 9), (0, 7)).p, 1.0);
        assert_eq!(two_shares((9, 9), (7, 7)).z, 0.0);
    }

    #[test]
    fn what_was_spared_is_told_with_its_bounds() {
        let found = spared((60, 200), (40, 200));
        assert!((found.count - 20.0).abs() < 1e-9, "{found:?}");
        // 0.1 ± 1.96 √(0.2 · 0.8 / 200 + 0.3 · 0.7 / 200), of 200.
        let within = 200.0 * 1.959_963_984_540_054 * (0.37_f64 / 200.0).sqrt();
        assert!((found.low - (20.0 - within)).abs() < 1e-9, "{found:?}");
        assert!((found.high - (20.0 + within)).abs() < 1e-9, "{found:?}");
        assert_eq!(spared((0, 0), (3, 9)).count, 0.0);
        assert!(spared((10, 100), (30, 100)).count < 0.0);
    }

    #[test]
    fn many_comparisons_are_held_to_more() {
        let corrected = corrected(&[0.01, 0.04, 0.03, 0.5]);
        let expected = [0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5];
        for (found, expected) in corrected.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
    }
}
