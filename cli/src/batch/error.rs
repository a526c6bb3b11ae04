//! Why does a job not come to its end?
//!
//! In: files that cannot be read or written, lines that are no codes. Out: [`BatchError`].
//! Invariant: every message names the file, and the line where there is one, and says what to do.

use std::{io, path::PathBuf};

/// Why a job stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    /// The input cannot be read.
    #[error("{}: cannot be read: {source}; name a file with a code on each line", path.display())]
    Read {
        /// The input.
        path: PathBuf,
        /// What was reported.
        source: io::Error,
    },
    /// The input is packed, and damaged.
    #[error(
        "{}: line {line}: gzip data is damaged or cut short ({source}); fetch or make the file again",
        path.display()
    )]
    Damaged {
        /// The input.
        path: PathBuf,
        /// The line up to which it could be read.
        line: u64,
        /// What was reported.
        source: io::Error,
    },
    /// A line of the input is no code.
    #[error(
        "{}: line {line}: {reason}; correct it and run the same command again, which goes on from \
         there",
        path.display()
    )]
    Line {
        /// The input.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The output cannot be written.
    #[error(
        "{}: cannot be written: {source}; free space or name another file, and run the same command \
         again, which keeps what is done",
        path.display()
    )]
    Write {
        /// The output, or the file that becomes it.
        path: PathBuf,
        /// What was reported.
        source: io::Error,
    },
    /// Another process is writing the same output.
    #[error("{}: another process is writing it; wait for it or name another file", path.display())]
    Busy {
        /// The file that becomes the output.
        path: PathBuf,
    },
    /// What is there was begun with other settings, or is something else.
    #[error(
        "{}: is of another job ({found}, not {wanted}); remove it or name another file",
        path.display()
    )]
    OtherJob {
        /// The output, or the file that becomes it.
        path: PathBuf,
        /// What it says of itself.
        found: String,
        /// What this job says of itself.
        wanted: String,
    },
    /// What is there was made from another input.
    #[error(
        "{}: its line {line} is not of the code that {} has there; remove it or name another file",
        path.display(), input.display()
    )]
    OtherInput {
        /// The file that becomes the output.
        path: PathBuf,
        /// The input.
        input: PathBuf,
        /// The line, from 1.
        line: u64,
    },
}
