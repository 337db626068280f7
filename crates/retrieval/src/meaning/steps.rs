//! What the encoder does between its products of matrices: in place, and with one pass over the numbers. Loops are
//! written so that a compiler reckons several numbers at once.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result};

/// What keeps a division by the spread of equal numbers finite, as the model was trained.
const EPSILON: f32 = 1e-12;
/// How many sums go on beside each other.
const LANES: usize = 8;

/// Adds the same numbers to each row.
#[derive(Debug)]
pub(super) struct Add;

impl InplaceOp2 for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn cpu_fwd(
        &self,
        rows: &mut CpuStorage,
        rows_layout: &Layout,
        added: &CpuStorage,
        added_layout: &Layout,
    ) -> Result<()> {
        let added = read(added, added_layout)?;
        for row in changed(rows, rows_layout)?.chunks_exact_mut(added.len()) {
            add(row, added);
        }
        Ok(())
    }
}

/// Adds a row to each row, and brings each to a mean of 0 and a spread of 1, scaled and shifted.
#[derive(Debug)]
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

impl InplaceOp2 for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn cpu_fwd(
        &self,
        rows: &mut CpuStorage,
        rows_layout: &Layout,
        added: &CpuStorage,
        added_layout: &Layout,
    ) -> Result<()> {
        let width = self.scale.len();
        let rows = changed(rows, rows_layout)?.chunks_exact_mut(width);
        let added = read(added, added_layout)?.chunks_exact(width);
        for (row, added) in rows.zip(added) {
            add(row, added);
            let mean = sum(row, |number| number) / width as f32;
            row.iter_mut().for_each(|number| *number -= mean);
            let variance = sum(row, |number| number * number) / width as f32;
            let factor = (variance + EPSILON).sqrt().recip();
            let numbers = row.iter_mut().zip(&self.scale).zip(&self.shift);
            for ((number, scale), shift) in numbers {
                *number = *number * factor * scale + shift;
            }
        }
        Ok(())
    }
}

/// The Gaussian error linear unit: a number times the share of a normal distribution below it.
#[derive(Debug)]
pub(super) struct Gelu;

impl InplaceOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, numbers: &mut CpuStorage, layout: &Layout) -> Result<()> {
        for number in changed(numbers, layout)? {
            *number = gelu(*number);
        }
        Ok(())
    }
}

/// Shares of one along each row, of numbers times a factor.
#[derive(Debug)]
pub(super) struct Softmax {
    pub(super) factor: f32,
}

impl InplaceOp1 for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn cpu_fwd(&self, rows: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let width = layout.dims().last().copied().unwrap_or(1);
        for row in changed(rows, layout)?.chunks_exact_mut(width) {
            let most = row.iter().copied().fold(f32::MIN, f32::max);
            for number in &mut *row {
                *number = exp((*number - most) * self.factor);
            }
            let factor = sum(row, |number| number).recip();
            row.iter_mut().for_each(|number| *number *= factor);
        }
        Ok(())
    }
}

fn changed<'s>(storage: &'s mut CpuStorage, layout: &Layout) -> Result<&'s mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(numbers), Some((from, to))) => Ok(&mut numbers[from..to]),
        _ => candle_core::bail!("the numbers don't lie in a row"),
    }
}

fn read<'s>(storage: &'s CpuStorage, layout: &Layout) -> Result<&'s [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(numbers), Some((from, to))) => Ok(&numbers[from..to]),
        _ => candle_core::bail!("the numbers don't lie in a row"),
    }
}

fn add(row: &mut [f32], added: &[f32]) {
    for (number, added) in row.iter_mut().zip(added) {
        *number += added;
    }
}

/// The sum of what is made of each number.
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (lanes, rest) = row.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for lane in lanes {
        for (sum, number) in sums.iter_mut().zip(lane) {
            *sum += of(*number);
        }
    }
    let rest = rest.iter().map(|number| of(*number));
    sums.into_iter().chain(rest).sum()
}

/// By the error function, of which Abramowitz and Stegun (Handbook of Mathematical Functions, 7.1.26) give a form
/// that is at most 1.5e-7 off.
#[inline]
fn gelu(number: f32) -> f32 {
    let x = number.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let terms = [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6];
    let sum = terms
        .into_iter()
        .fold(1.061_405_4, |sum: f32, term: f32| sum * t + term);
    // What lies above `number.abs()`, of both sides together.
    let outside = 0.5 * sum * t * exp(-x * x);
    let below = if number < 0.0 { outside } else { 1.0 - outside };
    number * below
}

/// e to the power of a number that is 0 or less, at most 3e-7 of itself off: two to the power of a whole number, times e to
/// the power of a rest of at most half the logarithm of two, by its series.
#[inline]
fn exp(number: f32) -> f32 {
    /// Added to a number, this leaves a whole one in the last bits.
    const WHOLE: f32 = 12_582_912.0;
    /// Of the logarithm of two, what multiplied with whole numbers loses nothing, and what is left.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    /// Less than this is nothing.
    const LEAST: f32 = -87.0;
    let number = number.max(LEAST);
    let whole = number * std::f32::consts::LOG2_E + WHOLE;
    let times = whole - WHOLE;
    let rest = number - times * LN_2[0] - times * LN_2[1];
    let terms = [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let series = terms
        .into_iter()
        .fold(1.0 / 720.0, |sum, term| sum * rest + term);
    let power = f32::from_bits(whole.to_bits().wrapping_add(127) << 23);
    series * power
}

#[cfg(test)]
mod tests {
    use candle_core::{D, Device, Tensor};
    use proptest::prelude::*;

    use super::*;

    fn rows() -> impl Strategy<Value = Vec<f32>> {
        prop::collection::vec(-12.0_f32..12.0, 3 * 21)
    }

    fn tensor(numbers: &[f32]) -> Tensor {
        Tensor::from_slice(numbers, (3, 21), &Device::Cpu).unwrap()
    }

    fn off(one: &Tensor, other: &Tensor) -> f32 {
        let off = (one - other).unwrap().abs().unwrap();
        off.max_all().unwrap().to_scalar().unwrap()
    }

    proptest! {
        #[test]
        fn a_power_is_about_what_it_is_by_twice_as_many_digits(number in -80.0_f32..=0.0) {
            let expected = f64::from(number).exp();
            prop_assert!((f64::from(exp(number)) / expected - 1.0).abs() < 3e-7);
        }

        #[test]
        fn each_step_gives_what_the_plain_operations_do(numbers in rows(), beside in rows()) {
            let (plain, added) = (tensor(&numbers), tensor(&beside));
            let stepped = tensor(&numbers);
            stepped.inplace_op1(&Gelu).unwrap();
            prop_assert!(off(&stepped, &plain.gelu_erf().unwrap()) < 5e-6);

            let stepped = tensor(&numbers);
            stepped.inplace_op1(&Softmax { factor: 0.5 }).unwrap();
            let powers = (&plain * 0.5).unwrap().exp().unwrap();
            let sums = powers.sum_keepdim(D::Minus1).unwrap();
            prop_assert!(off(&stepped, &powers.broadcast_div(&sums).unwrap()) < 1e-6);

            let stepped = tensor(&numbers);
            stepped.inplace_op2(&added.get(1).unwrap(), &Add).unwrap();
            prop_assert!(off(&stepped, &plain.broadcast_add(&added.get(1).unwrap()).unwrap()) < 1e-6);

            let (scale, shift) = (vec![1.5; 21], vec![-0.25; 21]);
            let stepped = tensor(&numbers);
            stepped.inplace_op2(&added, &Norm { scale, shift }).unwrap();
            let sum = (&plain + &added).unwrap();
            let centred = sum.broadcast_sub(&sum.mean_keepdim(D::Minus1).unwrap()).unwrap();
            let spread = centred.sqr().unwrap().mean_keepdim(D::Minus1).unwrap().sqrt().unwrap();
            let normed = (centred.broadcast_div(&spread).unwrap() * 1.5).unwrap() - 0.25;
            prop_assert!(off(&stepped, &normed.unwrap()) < 1e-4);
        }
    }
}
