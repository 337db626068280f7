//! The model's reckoning: BERT's encoder, on one thread's worth of a processor.

use std::collections::BTreeMap;

use candle_core::{D, DType, Device, Result, Tensor};

use super::weights::{Description, Table};

/// What keeps a division by the spread of equal numbers finite, as the model was trained.
const EPSILON: f64 = 1e-12;

/// An encoder.
#[derive(Debug)]
pub(super) struct Bert {
    words: Tensor,
    /// Positions, with the type of a first sentence added.
    positions: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Norm {
    scale: Tensor,
    shift: Tensor,
}

#[derive(Debug)]
struct Linear {
    /// As it is multiplied with, from the right.
    weight: Tensor,
    bias: Tensor,
}

#[derive(Debug)]
struct Layer {
    heads: usize,
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: Norm,
    inner: Linear,
    outer: Linear,
    outer_norm: Norm,
}

/// The tables, taken one after the other.
struct Tables(BTreeMap<String, Table>);

impl Tables {
    fn take(&mut self, name: &str) -> Result<Tensor> {
        let Some(table) = self.0.remove(name) else {
            candle_core::bail!("the model has no {name}");
        };
        Tensor::from_vec(table.numbers, table.shape, &Device::Cpu)
    }

    fn linear(&mut self, name: &str) -> Result<Linear> {
        Ok(Linear {
            weight: self.take(&format!("{name}.weight"))?.t()?,
            bias: self.take(&format!("{name}.bias"))?,
        })
    }

    fn norm(&mut self, name: &str) -> Result<Norm> {
        Ok(Norm {
            scale: self.take(&format!("{name}.weight"))?,
            shift: self.take(&format!("{name}.bias"))?,
        })
    }

    fn layer(&mut self, layer: usize, heads: usize) -> Result<Layer> {
        let name = |rest: &str| format!("encoder.layer.{layer}.{rest}");
        Ok(Layer {
            heads,
            query: self.linear(&name("attention.self.query"))?,
            key: self.linear(&name("attention.self.key"))?,
            value: self.linear(&name("attention.self.value"))?,
            attended: self.linear(&name("attention.output.dense"))?,
            attended_norm: self.norm(&name("attention.output.LayerNorm"))?,
            inner: self.linear(&name("intermediate.dense"))?,
            outer: self.linear(&name("output.dense"))?,
            outer_norm: self.norm(&name("output.LayerNorm"))?,
        })
    }
}

impl Bert {
    pub(super) fn of(description: &Description, tables: BTreeMap<String, Table>) -> Result<Self> {
        let mut tables = Tables(tables);
        let words = tables.take("embeddings.word_embeddings.weight")?;
        let positions = tables.take("embeddings.position_embeddings.weight")?;
        let kinds = tables.take("embeddings.token_type_embeddings.weight")?;
        let norm = tables.norm("embeddings.LayerNorm")?;
        let layers = (0..description.layers).map(|at| tables.layer(at, description.heads));
        Ok(Self {
            words,
            positions: positions.broadcast_add(&kinds.get(0)?)?,
            norm,
            layers: layers.collect::<Result<_>>()?,
        })
    }

    /// The mean of what the tokens mean beside each other.
    pub(super) fn mean(&self, tokens: &[u32]) -> Result<Vec<f32>> {
        let numbers = Tensor::new(tokens, &Device::Cpu)?;
        let words = self.words.index_select(&numbers, 0)?;
        let read = (words + self.positions.narrow(0, 0, tokens.len())?)?;
        let mut read = self.norm.of(&read)?;
        for layer in &self.layers {
            read = layer.of(&read)?;
        }
        read.mean(0)?.to_dtype(DType::F32)?.to_vec1()
    }
}

impl Norm {
    fn of(&self, rows: &Tensor) -> Result<Tensor> {
        let centred = rows.broadcast_sub(&rows.mean_keepdim(D::Minus1)?)?;
        let spread = (centred.sqr()?.mean_keepdim(D::Minus1)? + EPSILON)?.sqrt()?;
        let scaled = centred.broadcast_div(&spread)?.broadcast_mul(&self.scale)?;
        scaled.broadcast_add(&self.shift)
    }
}

impl Linear {
    fn of(&self, rows: &Tensor) -> Result<Tensor> {
        rows.matmul(&self.weight)?.broadcast_add(&self.bias)
    }
}

impl Layer {
    fn of(&self, rows: &Tensor) -> Result<Tensor> {
        let (tokens, dimensions) = rows.dims2()?;
        let width = dimensions / self.heads;
        let heads = |all: Tensor| {
            let all = all.reshape((tokens, self.heads, width))?;
            all.transpose(0, 1)?.contiguous()
        };
        let query = heads(self.query.of(rows)?)?;
        let key = heads(self.key.of(rows)?)?;
        let value = heads(self.value.of(rows)?)?;
        let scores = (query.matmul(&key.t()?)? * (width as f64).powf(-0.5))?;
        let looked = softmax(&scores)?.matmul(&value)?;
        let looked = looked.transpose(0, 1)?.reshape((tokens, dimensions))?;
        let rows = self
            .attended_norm
            .of(&(self.attended.of(&looked)? + rows)?)?;
        let inner = self.inner.of(&rows)?.gelu_erf()?;
        self.outer_norm.of(&(self.outer.of(&inner)? + rows)?)
    }
}

/// Shares of one along the last direction.
fn softmax(scores: &Tensor) -> Result<Tensor> {
    let least = scores
        .broadcast_sub(&scores.max_keepdim(D::Minus1)?)?
        .exp()?;
    least.broadcast_div(&least.sum_keepdim(D::Minus1)?)
}
