//! Which codes does a Python object hold?
//!
//! In: an Arrow column or any iterable of bytes and hexadecimal strings. Out: [`Code`]s in order.
//! Invariant: what is no code stays in its place and says why.

use alloy_primitives::hex;
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyByteArray, PyBytes, PyString},
};

use crate::column::{Column, column_of};

/// The bytes of a code, or why there are none.
pub(crate) type Code = Result<Vec<u8>, String>;

/// Why a null is no code.
const NULL: &str = "code: is null";

/// The codes in `value`.
pub(crate) fn codes_of(value: &Bound<'_, PyAny>) -> PyResult<Vec<Code>> {
    let is_one = value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyByteArray>();
    if is_one {
        return Err(PyTypeError::new_err("codes: is a single code; put it into a list"));
    }
    match column_of(value, "codes")? {
        Some(Column::Bytes(codes)) => {
            Ok(codes.into_iter().map(|code| code.ok_or_else(|| NULL.to_owned())).collect())
        }
        Some(Column::Texts(codes)) => {
            Ok(codes.iter().map(|code| of_text(code.as_deref())).collect())
        }
        None => value.try_iter()?.map(|code| code.and_then(|code| of_value(&code))).collect(),
    }
}

fn of_text(text: Option<&str>) -> Code {
    hex::decode(text.ok_or(NULL)?).map_err(|error| format!("code: {error}"))
}

fn of_value(value: &Bound<'_, PyAny>) -> PyResult<Code> {
    if value.is_none() {
        return Ok(Err(NULL.to_owned()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(of_text(Some(&text.to_cow()?)));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Ok(bytes.as_bytes().to_vec()));
    }
    if let Ok(bytes) = value.cast::<PyByteArray>() {
        return Ok(Ok(bytes.to_vec()));
    }
    let name = value.get_type().name()?;
    Ok(Err(format!("code: is of type {name}; give bytes or a hexadecimal string")))
}
