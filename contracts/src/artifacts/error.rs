//! Why can an artifact not be used?
//!
//! In: what was read. Out: [`ArtifactError`], which names the file and, in a JSON file, the field.

use core::fmt;

/// Input that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}{reason}", Prefix(field))]
pub struct ArtifactError {
    /// The file, or the argument that is none.
    pub file: String,
    /// The field, such as `deployedBytecode.object`; empty where it is the file as a whole.
    pub field: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// `field: `, or nothing.
struct Prefix<'a>(&'a str);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            field => write!(f, "{field}: "),
        }
    }
}

impl ArtifactError {
    /// Of a file as a whole.
    pub(crate) fn file(file: &str, reason: impl fmt::Display) -> Self {
        Self::field(file, "", reason)
    }

    /// Of one field.
    pub(crate) fn field(file: &str, field: &str, reason: impl fmt::Display) -> Self {
        Self { file: file.to_owned(), field: field.to_owned(), reason: reason.to_string() }
    }
}
