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

/// How unlikely it is that two shares are of one and the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likelihood {
    /// The statistic; never negative.
    pub g2: f64,
    /// How likely so large a difference is by chance, both ways.
    pub p: f64,
}

/// The log-likelihood ratio test of two shares: `part` of `of` against `part` of `of` before. With O the four counts (those that
/// have it and those that don't, in both), and E what they would be if both shares were the pooled one, G² = 2 Σ O ln(O ÷ E), and
/// a count of 0 adds nothing. `p` is by the chi-squared distribution with one degree of freedom, erfc(√(G² ÷ 2)).
///
/// For words it is the better test: most are rare, and of rare ones the normal approximation of [`two_shares`] finds far too many
/// (T. Dunning, Accurate Methods for the Statistics of Surprise and Coincidence, Computational Linguistics 19(1), 1993). Where there
/// is nothing to compare, nothing is different.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn log_likelihood((part, of): (u64, u64), (part_before, of_before): (u64, u64)) -> Likelihood {
    if of == 0 || of_before == 0 {
        return Likelihood { g2: 0.0, p: 1.0 };
    }
    let all = (of + of_before) as f64;
    let pooled = (part + part_before) as f64 / all;
    let added = |observed: u64, share: f64, of: u64| match observed {
        0 => 0.0,
        observed => observed as f64 * (observed as f64 / (share * of as f64)).ln(),
    };
    let sum = added(part, pooled, of)
        + added(of.saturating_sub(part), 1.0 - pooled, of)
        + added(part_before, pooled, of_before)
        + added(
            of_before.saturating_sub(part_before),
            1.0 - pooled,
            of_before,
        );
    let g2 = (2.0 * sum).max(0.0);
    Likelihood {
        g2,
        p: erfc((g2 / 2.0).sqrt()),
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
    fn rare_words_are_compared_by_likelihood() {
        let found = log_likelihood((60, 200), (40, 200));
        assert!((found.g2 - 5.36142545781415).abs() < 1e-9, "{found:?}");
        assert!((found.p - 0.020586939588116172).abs() < 1e-9, "{found:?}");
        let found = log_likelihood((12, 1_000), (0, 1_000));
        assert!((found.g2 - 16.707967380961005).abs() < 1e-9, "{found:?}");
        // The same both ways, and nothing where there is nothing, or no difference.
        let other = log_likelihood((0, 1_000), (12, 1_000));
        assert!((found.g2 - other.g2).abs() < 1e-9, "{other:?}");
        assert_eq!(log_likelihood((0, 0), (1, 2)).p, 1.0);
        assert!(log_likelihood((3, 9), (1, 3)).g2 < 1e-9);
        assert_eq!(log_likelihood((9, 9), (7, 7)).p, 1.0);
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
