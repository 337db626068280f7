//! The model's reckoning: BERT's encoder, on one thread's worth of a processor.

use std::collections::BTreeMap;
use std::ops::Range;

use candle_core::{Device, Result, Tensor};

use super::steps::{Add, Gelu, Norm, Softmax};
use super::weights::{Description, Table};

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
struct Linear {
    /// As it is multiplied with, from the right: its rows lie as they are read, else they would be laid out anew for each
    /// product.
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
            weight: self.take(&format!("{name}.weight"))?.t()?.contiguous()?,
            bias: self.take(&format!("{name}.bias"))?,
        })
    }

    fn norm(&mut self, name: &str) -> Result<Norm> {
        Ok(Norm {
            scale: self.take(&format!("{name}.weight"))?.to_vec1()?,
            shift: self.take(&format!("{name}.bias"))?.to_vec1()?,
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

    /// Of each text the mean of what its tokens mean beside each other. Several are read at once, because the numbers of the
    /// model, which are many, are looked at once for all of them; no text knows of the others.
    pub(super) fn means(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let numbers = Tensor::new(texts.concat(), &Device::Cpu)?;
        let mut read = self.words.index_select(&numbers, 0)?;
        let positions = texts
            .iter()
            .map(|text| self.positions.narrow(0, 0, text.len()));
        let positions = Tensor::cat(&positions.collect::<Result<Vec<_>>>()?, 0)?;
        read.inplace_op2(&positions, &self.norm)?;
        let places = places(texts);
        for layer in &self.layers {
            read = layer.of(&read, &places)?;
        }
        let mean =
            |place: &Range<usize>| read.narrow(0, place.start, place.len())?.mean(0)?.to_vec1();
        places.iter().map(mean).collect()
    }
}

/// Where the rows of each text's tokens are.
fn places(texts: &[Vec<u32>]) -> Vec<Range<usize>> {
    let ends = texts.iter().scan(0, |end, text| {
        *end += text.len();
        Some(*end)
    });
    ends.zip(texts)
        .map(|(end, text)| end - text.len()..end)
        .collect()
}

impl Linear {
    fn of(&self, rows: &Tensor) -> Result<Tensor> {
        let product = rows.matmul(&self.weight)?;
        product.inplace_op2(&self.bias, &Add)?;
        Ok(product)
    }
}

impl Layer {
    fn of(&self, rows: &Tensor, places: &[Range<usize>]) -> Result<Tensor> {
        let all = [
            self.query.of(rows)?,
            self.key.of(rows)?,
            self.value.of(rows)?,
        ];
        let looked = places.iter().map(|place| {
            let of_text = |rows: &Tensor| rows.narrow(0, place.start, place.len());
            let [query, key, value] = all.each_ref().map(of_text);
            self.look(&query?, &key?, &value?)
        });
        let looked = Tensor::cat(&looked.collect::<Result<Vec<_>>>()?, 0)?;
        let attended = self.attended.of(&looked)?;
        attended.inplace_op2(rows, &self.attended_norm)?;
        let inner = self.inner.of(&attended)?;
        inner.inplace_op1(&Gelu)?;
        let outer = self.outer.of(&inner)?;
        outer.inplace_op2(&attended, &self.outer_norm)?;
        Ok(outer)
    }

    /// What the tokens of one text take from each other.
    fn look(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> Result<Tensor> {
        let (tokens, dimensions) = query.dims2()?;
        let width = dimensions / self.heads;
        let heads = |all: &Tensor| {
            let all = all.reshape((tokens, self.heads, width))?;
            all.transpose(0, 1)?.contiguous()
        };
        let scores = heads(query)?.matmul(&heads(key)?.t()?)?;
        let factor = (width as f32).sqrt().recip();
        scores.inplace_op1(&Softmax { factor })?;
        let looked = scores.matmul(&heads(value)?)?;
        looked.transpose(0, 1)?.reshape((tokens, dimensions))
    }
}
