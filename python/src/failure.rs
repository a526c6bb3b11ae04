//! Why is there no table?
//!
//! In: errors of the libraries. Out: [`Failure`], and the exception that Python sees.
//! Invariant: the exception names the file and the field as far as there are any, in its text and as
//! attributes.

use pyo3::{create_exception, exceptions::PyValueError, prelude::*};
use slotcast_corpus::{CorpusError, RunError};

use crate::field::field_of;

create_exception!(
    slotcast,
    SlotcastError,
    PyValueError,
    "A file that cannot be used, or a table that cannot be made.\n\n\
     `file` is the path and `field` the place in the file, from its top; None where there is none."
);

/// What is raised.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    file: Option<String>,
    field: Option<String>,
}

impl Failure {
    /// One that no file is to blame for.
    pub(crate) const fn new(message: String) -> Self {
        Self { message, file: None, field: None }
    }

    /// A field of a file that does not do.
    pub(crate) fn in_field(file: &str, field: &str, message: &str) -> Self {
        let (file, field) = (file.to_owned(), field.to_owned());
        let message = format!("{file}: {field}: {message}");
        Self { message, file: Some(file), field: Some(field) }
    }

    /// A block that contradicts itself or cannot be run.
    pub(crate) fn of_run(file: &str, error: &RunError) -> Self {
        let message = format!("{file}: {error}");
        Self { message, file: Some(file.to_owned()), field: field_of(error) }
    }

    /// As Python raises it.
    pub(crate) fn into_python(self) -> PyErr {
        let Self { message, file, field } = self;
        Python::attach(|py| {
            let raised = SlotcastError::new_err(message);
            let value = raised.value(py);
            let set = value.setattr("file", file).and_then(|()| value.setattr("field", field));
            set.map_or_else(|error| error, |()| raised)
        })
    }
}

impl From<CorpusError> for Failure {
    fn from(error: CorpusError) -> Self {
        let message = match &error {
            CorpusError::Read { .. } => {
                format!("{error}; name a recorded block or a folder of them")
            }
            _ => error.to_string(),
        };
        let (file, field) = match error {
            CorpusError::Read { path, .. }
            | CorpusError::Write { path, .. }
            | CorpusError::EmptyFolder { path } => (path.display().to_string(), None),
            CorpusError::Gzip { name, .. }
            | CorpusError::TooLarge { name, .. }
            | CorpusError::Json { name, .. }
            | CorpusError::Print { name, .. } => (name, None),
            CorpusError::Field { name, path, .. } => (name, Some(path)),
        };
        Self { message, file: Some(file), field }
    }
}
