//! How do rows become an Arrow table?
//!
//! In: columns, one iterator each. Out: a record batch.
//! Invariants: every column may hold nulls, so tables of one kind have one schema; a column that does
//! not fit into one batch is an error and no panic.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, RecordBatch, UInt32Array, UInt64Array,
    builder::{BinaryBuilder, StringBuilder},
};
use arrow_schema::{DataType, Field, Schema};

use crate::failure::Failure;

/// Most bytes of one column: offsets are signed and have 32 bits.
const MAX_BYTES: usize = i32::MAX as usize;

/// Columns so far.
#[derive(Default)]
pub(crate) struct Table {
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
    too_long: Option<&'static str>,
}

impl Table {
    /// Adds a column of texts.
    pub(crate) fn texts<T: AsRef<str>>(
        mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<T>>,
    ) -> Self {
        let mut column = StringBuilder::new();
        for value in values {
            let value = value.as_ref().map(AsRef::as_ref);
            if !self.has_room(name, column.values_slice().len(), value.map_or(0, str::len)) {
                break;
            }
            column.append_option(value);
        }
        self.with(name, DataType::Utf8, column.finish())
    }

    /// Adds a column of bytes.
    pub(crate) fn bytes<T: AsRef<[u8]>>(
        mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<T>>,
    ) -> Self {
        let mut column = BinaryBuilder::new();
        for value in values {
            let value = value.as_ref().map(AsRef::as_ref);
            if !self.has_room(name, column.values_slice().len(), value.map_or(0, <[u8]>::len)) {
                break;
            }
            column.append_option(value);
        }
        self.with(name, DataType::Binary, column.finish())
    }

    /// Adds a column of whole numbers.
    pub(crate) fn u64s(
        self,
        name: &'static str,
        values: impl Iterator<Item = Option<u64>>,
    ) -> Self {
        self.with(name, DataType::UInt64, values.collect::<UInt64Array>())
    }

    /// Adds a column of smaller whole numbers.
    pub(crate) fn u32s(
        self,
        name: &'static str,
        values: impl Iterator<Item = Option<u32>>,
    ) -> Self {
        self.with(name, DataType::UInt32, values.collect::<UInt32Array>())
    }

    /// Adds a column of ratios.
    pub(crate) fn ratios(
        self,
        name: &'static str,
        values: impl Iterator<Item = Option<f64>>,
    ) -> Self {
        self.with(name, DataType::Float64, values.collect::<Float64Array>())
    }

    /// Adds a column of truth values.
    pub(crate) fn flags(
        self,
        name: &'static str,
        values: impl Iterator<Item = Option<bool>>,
    ) -> Self {
        self.with(name, DataType::Boolean, values.collect::<BooleanArray>())
    }

    /// The record batch.
    pub(crate) fn finish(self) -> Result<RecordBatch, Failure> {
        if let Some(name) = self.too_long {
            let text = format!("column {name}: has more than {MAX_BYTES} bytes; give less at once");
            return Err(Failure::new(text));
        }
        let batch = RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.columns);
        Ok(batch.expect("all columns are of the same rows"))
    }

    fn with<A: arrow_array::Array + 'static>(
        mut self,
        name: &'static str,
        data_type: DataType,
        column: A,
    ) -> Self {
        self.fields.push(Field::new(name, data_type, true));
        self.columns.push(Arc::new(column));
        self
    }

    fn has_room(&mut self, name: &'static str, n_bytes: usize, n_more: usize) -> bool {
        let has_room = n_bytes.saturating_add(n_more) <= MAX_BYTES;
        if !has_room {
            self.too_long.get_or_insert(name);
        }
        has_room
    }
}
