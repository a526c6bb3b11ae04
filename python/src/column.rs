//! What does an Arrow column hold?
//!
//! In: a Python object. Out: its texts or bytes, nulls kept; none where it is no Arrow column.
//! Invariant: every way in which Arrow writes texts and bytes is read, also as a dictionary.

use arrow_array::cast::AsArray as _;
use arrow_cast::cast;
use arrow_schema::DataType;
use pyo3::{exceptions::PyTypeError, prelude::*};
use pyo3_arrow::input::AnyArray;

/// The values of a column, in order.
pub(crate) enum Column {
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

/// The column that `value` is; `name` is what errors call it.
pub(crate) fn column_of(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<Column>> {
    let is_arrow = value.hasattr("__arrow_c_array__")? || value.hasattr("__arrow_c_stream__")?;
    if !is_arrow {
        return Ok(None);
    }
    let array: AnyArray = value.extract()?;
    let data_type = array.field()?.data_type().clone();
    let wrong = || {
        let text = format!("{name}: is a column of {data_type}; give one of strings or binary");
        PyTypeError::new_err(text)
    };
    let is_text = is_text(&data_type).ok_or_else(wrong)?;
    let target = if is_text { DataType::LargeUtf8 } else { DataType::LargeBinary };
    let (mut texts, mut bytes) = (Vec::new(), Vec::new());
    for chunk in array.into_reader()? {
        let chunk = chunk.and_then(|chunk| cast(&chunk, &target));
        let chunk = chunk.map_err(pyo3_arrow::error::PyArrowError::from)?;
        match is_text {
            true => texts.extend(chunk.as_string::<i64>().iter().map(|it| it.map(str::to_owned))),
            false => bytes.extend(chunk.as_binary::<i64>().iter().map(|it| it.map(<[u8]>::to_vec))),
        }
    }
    Ok(Some(if is_text { Column::Texts(texts) } else { Column::Bytes(bytes) }))
}

/// Whether a column is of texts or of bytes; none where it is of neither.
fn is_text(data_type: &DataType) -> Option<bool> {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(true),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        // Nothing but nulls.
        | DataType::Null => Some(false),
        DataType::Dictionary(_, values) => is_text(values),
        _ => None,
    }
}
