//! How is a summary kept?
//!
//! In: a [`Summary`]. Out: bytes, and a summary from bytes.
//! Invariants: a summary that was read writes the same bytes again; bytes that were damaged, or
//! written by another version of the analysis, are refused and never half read. Only programs that
//! were made are kept; the others are made when they are asked for, as ever.
//!
//! ```text
//!  "SLOTSUM" version(4, little endian) keccak256 of the rest(32) rest(postcard)
//! ```

use std::sync::OnceLock;

use alloy_primitives::{Bytes, keccak256};
use serde::{Deserialize, Serialize};
use slotcast_model::Fork;

use super::{ANALYZER_VERSION, Summary};
use crate::{bytecode::delegation, limits::Limits, program::Program, targets::Targets};

const MAGIC: &[u8; 7] = b"SLOTSUM";
const VERSION_LEN: usize = 4;
const HASH_LEN: usize = 32;

/// What is written of a summary; the rest follows from it.
#[derive(Serialize, Deserialize)]
struct Stored {
    fork: String,
    limits: Limits,
    targets: Targets,
    code: Vec<u8>,
    functions: Vec<(u32, Option<Program>)>,
    fallback: Program,
}

/// Why bytes are no summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// They do not begin as a summary does.
    #[error("no summary: it does not begin with SLOTSUM and a version")]
    NotASummary,
    /// Another version of the analysis wrote them.
    #[error(
        "a summary of analyzer version {found}, where {ANALYZER_VERSION} is needed; make it again"
    )]
    Version {
        /// The version that wrote them.
        found: u32,
    },
    /// They are not what was written.
    #[error("a damaged summary: its checksum does not hold; make it again")]
    Damaged,
}

impl Summary {
    /// The summary as bytes, with the programs made so far.
    pub fn to_bytes(&self) -> Vec<u8> {
        let functions =
            self.functions.iter().map(|(selector, made)| (*selector, made.get().cloned()));
        let stored = Stored {
            fork: self.fork.name().to_owned(),
            limits: self.limits,
            targets: self.targets.clone(),
            code: self.code().to_vec(),
            functions: functions.collect(),
            fallback: self.fallback.clone(),
        };
        let rest = postcard::to_stdvec(&stored).expect("plain data in memory can be written");
        let mut bytes = Vec::with_capacity(MAGIC.len() + VERSION_LEN + HASH_LEN + rest.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&ANALYZER_VERSION.to_le_bytes());
        bytes.extend_from_slice(keccak256(&rest).as_slice());
        bytes.extend_from_slice(&rest);
        bytes
    }

    /// The summary that [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// When the bytes are none, are damaged, or another version of the analysis wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(StoreError::NotASummary)?;
        let (version, rest) =
            rest.split_first_chunk::<VERSION_LEN>().ok_or(StoreError::NotASummary)?;
        let found = u32::from_le_bytes(*version);
        if found != ANALYZER_VERSION {
            return Err(StoreError::Version { found });
        }
        let (hash, rest) = rest.split_first_chunk::<HASH_LEN>().ok_or(StoreError::Damaged)?;
        if keccak256(rest).0 != *hash {
            return Err(StoreError::Damaged);
        }
        let stored: Stored = postcard::from_bytes(rest).map_err(|_| StoreError::Damaged)?;
        let fork = Fork::from_name(&stored.fork).ok_or(StoreError::Damaged)?;
        let code = Bytes::from(stored.code);
        let functions = stored.functions.into_iter().map(|(selector, program)| {
            (selector, program.map_or_else(OnceLock::new, OnceLock::from))
        });
        Ok(Self {
            code_hash: keccak256(&code),
            delegate: delegation(&code).filter(|_| Fork::Prague <= fork),
            terrain: OnceLock::new(),
            code,
            fork,
            limits: stored.limits,
            targets: stored.targets,
            functions: functions.collect(),
            fallback: stored.fallback,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze;

    /// Dispatches 0x11223344 to a store into slot 1, and stops for the rest.
    const CODE: [u8; 23] = [
        0x5f, 0x35, 0x60, 0xe0, 0x1c, 0x63, 0x11, 0x22, 0x33, 0x44, 0x14, 0x60, 0x10, 0x57, 0x00,
        0x00, 0x5b, 0x60, 0x07, 0x60, 0x01, 0x55, 0x00,
    ];

    fn summary() -> Summary {
        analyze(&CODE, Fork::Osaka, &Limits::default())
    }

    #[test]
    fn what_was_read_writes_the_same_bytes() {
        let summary = summary();
        let lazy = summary.to_bytes();
        summary.complete();
        let whole = summary.to_bytes();
        assert_ne!(lazy, whole, "made programs are kept");
        for bytes in [lazy, whole] {
            let read = Summary::from_bytes(&bytes).expect("bytes of our own");
            assert_eq!(read.to_bytes(), bytes);
            assert_eq!(read.entry(Some(0x1122_3344)), summary.entry(Some(0x1122_3344)));
            assert_eq!(read.entry(None), summary.entry(None));
            assert_eq!(read.code_hash(), summary.code_hash());
        }
    }

    #[test]
    fn what_was_read_makes_the_programs_that_are_missing() {
        let (lazy, whole) = (summary(), summary());
        whole.complete();
        let read = Summary::from_bytes(&lazy.to_bytes()).expect("bytes of our own");
        let code = Bytes::from_static(&CODE);
        let read = read.sharing(&code).sharing(&Bytes::from_static(b"another"));
        assert_eq!(read.code().as_ptr(), code.as_ptr());
        read.complete();
        assert_eq!(read.to_bytes(), whole.to_bytes());
    }

    #[test]
    fn what_is_damaged_or_of_another_version_is_refused() {
        let bytes = summary().to_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            let error = Summary::from_bytes(&damaged).expect_err("a flipped bit is noticed");
            let expected = match at {
                0..7 => StoreError::NotASummary,
                7..11 => {
                    StoreError::Version { found: ANALYZER_VERSION ^ (1 << (8 * (at as u32 - 7))) }
                }
                _ => StoreError::Damaged,
            };
            assert_eq!(error, expected, "byte {at}");
            assert!(Summary::from_bytes(&bytes[..at]).is_err(), "cut off at {at}");
        }
    }
}
