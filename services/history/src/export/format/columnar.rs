//! A part in Apache Parquet: the columns, by groups of rows, compressed with Snappy.

use std::io;
use std::sync::Arc;

use parquet::basic::{
    Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical,
};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::super::columns::{COLUMNS, Cell, Kind, Row};

/// How many rows are held until they are written as a group.
const GROUP_ROWS: usize = 16_384;

/// About how many bytes of text are.
const GROUP_BYTES: usize = 8 << 20;

/// A part that is being written.
pub(crate) struct Columnar {
    writer: SerializedFileWriter<Sink>,
    values: Vec<Values>,
    rows: usize,
    bytes: usize,
}

/// What was written and not taken yet.
#[derive(Debug, Default)]
struct Sink(Vec<u8>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The values of a column in the group that is being gathered, and in which rows there is one.
#[derive(Debug)]
struct Values {
    there: Vec<i16>,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Texts(Vec<ByteArray>),
    Whole(Vec<i64>),
    Numbers(Vec<f64>),
}

impl Columnar {
    pub(super) fn begin() -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            // The same rows have the same bytes, whatever the library is called by then.
            .set_created_by("aftercall".to_owned())
            .build();
        let writer = SerializedFileWriter::new(Sink::default(), schema()?, Arc::new(properties))?;
        Ok(Self {
            writer,
            values: COLUMNS
                .iter()
                .map(|column| Values::of(column.kind))
                .collect(),
            rows: 0,
            bytes: 0,
        })
    }

    pub(super) fn add(&mut self, row: &Row) -> Result<(), ParquetError> {
        for (column, values) in COLUMNS.iter().zip(&mut self.values) {
            self.bytes += values.add((column.cell)(row));
        }
        self.rows += 1;
        match self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            true => self.write_group(),
            false => Ok(()),
        }
    }

    pub(super) fn take(&mut self, bytes_min: usize) -> Vec<u8> {
        let written = &mut self.writer.inner_mut().0;
        match written.len() > bytes_min {
            true => std::mem::take(written),
            false => Vec::new(),
        }
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, ParquetError> {
        if self.rows > 0 {
            self.write_group()?;
        }
        Ok(self.writer.into_inner()?.0)
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for values in &mut self.values {
            let Some(mut column) = group.next_column()? else {
                return Err(ParquetError::General("a column too few".to_owned()));
            };
            values.write(&mut column)?;
            column.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Values {
    fn of(kind: Kind) -> Self {
        Self {
            there: Vec::new(),
            held: match kind {
                Kind::Text => Held::Texts(Vec::new()),
                Kind::Integer | Kind::Time => Held::Whole(Vec::new()),
                Kind::Number => Held::Numbers(Vec::new()),
            },
        }
    }

    /// Adds a value; about how many bytes it takes. One of another kind than the column's is left out.
    fn add(&mut self, cell: Cell<'_>) -> usize {
        let (bytes, there) = match (&mut self.held, cell) {
            (Held::Texts(texts), Cell::Text(text)) => {
                let bytes = text.into_owned().into_bytes();
                let size = bytes.len();
                texts.push(ByteArray::from(bytes));
                (size, true)
            }
            (Held::Whole(all), Cell::Integer(whole) | Cell::Time(whole)) => {
                all.push(whole);
                (size_of::<i64>(), true)
            }
            (Held::Numbers(all), Cell::Number(number)) => {
                all.push(number);
                (size_of::<f64>(), true)
            }
            _ => (0, false),
        };
        self.there.push(there.into());
        bytes
    }

    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let there = Some(&*self.there);
        match &mut self.held {
            Held::Texts(texts) => {
                let written = column.typed::<ByteArrayType>();
                written.write_batch(texts, there, None)?;
                texts.clear();
            }
            Held::Whole(all) => {
                column.typed::<Int64Type>().write_batch(all, there, None)?;
                all.clear();
            }
            Held::Numbers(all) => {
                column.typed::<DoubleType>().write_batch(all, there, None)?;
                all.clear();
            }
        }
        self.there.clear();
        Ok(())
    }
}

fn schema() -> Result<TypePtr, ParquetError> {
    let columns = COLUMNS.iter().map(|column| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Integer => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Time => (
                Physical::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
            ),
        };
        let column = Type::primitive_type_builder(column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .with_converted_type(ConvertedType::NONE);
        Ok(Arc::new(column.build()?))
    });
    let columns = columns.collect::<Result<Vec<_>, ParquetError>>()?;
    let schema = Type::group_type_builder("contact").with_fields(columns);
    Ok(Arc::new(schema.build()?))
}
