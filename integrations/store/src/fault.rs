//! Is a file damaged, or is something else in the way?
//!
//! In: what the library that keeps the file reports, and its panics. Out: [`Fault`].
//! Invariant: a file is called damaged only for what it holds, so that a full disk or a lock never
//! costs what was kept.

use std::{
    io::ErrorKind,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Why a file could not be worked on.
#[derive(Debug)]
pub(crate) enum Fault {
    /// What it holds is not what was written, or of another format.
    Damaged(String),
    /// Something else is in the way: a full disk, a missing folder, a lock of another kind.
    Outside(String),
}

impl Fault {
    /// What was reported.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Damaged(reason) | Self::Outside(reason) => reason,
        }
    }
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        let reason = error.to_string();
        match error {
            redb::Error::Io(error)
                if !matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) =>
            {
                Self::Outside(reason)
            }
            redb::Error::DatabaseAlreadyOpen
            | redb::Error::LockProtocolMismatch
            | redb::Error::PreviousIo
            | redb::Error::ValueTooLarge(_)
            | redb::Error::WouldBlock => Self::Outside(reason),
            _ => Self::Damaged(reason),
        }
    }
}

/// What `work` gives, with a panic as damage.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(Fault::from),
        Err(_) => Err(Fault::Damaged("its pages are damaged".to_owned())),
    }
}
