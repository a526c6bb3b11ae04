//! How can a command end?
//!
//! In: errors of the libraries and of the operating system. Out: [`Verdict`] where there is a
//! result, [`Failure`] where there is none.
//! Invariant: a failure's text is one lowercase fragment that names the file and says what to do.

use std::{fmt, io};

use slotcast_contracts::artifacts::ArtifactError;
use slotcast_corpus::CorpusError;
use slotcast_store::CacheError;

/// What came of a command that ran to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything that was checked holds.
    Holds,
    /// Something that was checked does not.
    Fails,
}

impl Verdict {
    /// The verdict on a check.
    pub(crate) const fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What it was given cannot be used.
    BadInput(String),
    /// The reader closed the pipe, which is no error.
    ClosedPipe,
}

impl Failure {
    /// Input that cannot be used, as `reason` says.
    pub(crate) fn bad_input(reason: impl fmt::Display) -> Self {
        Self::BadInput(reason.to_string())
    }

    /// Input from the file called `name` that cannot be used.
    pub(crate) fn in_file(name: &str, reason: impl fmt::Display) -> Self {
        Self::BadInput(format!("{name}: {reason}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadInput(reason) => f.write_str(reason),
            Self::ClosedPipe => f.write_str("the output was closed"),
        }
    }
}

impl From<CorpusError> for Failure {
    fn from(error: CorpusError) -> Self {
        match error {
            CorpusError::Read { .. } => {
                Self::bad_input(format_args!("{error}; name a recorded block or a folder of them"))
            }
            error => Self::bad_input(error),
        }
    }
}

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Self {
        Self::bad_input(error)
    }
}

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        Self::bad_input(error)
    }
}

/// Of writing results; reading has errors of its own.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::bad_input(format_args!("the output cannot be written: {error}")),
        }
    }
}
