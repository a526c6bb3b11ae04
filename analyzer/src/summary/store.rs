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

use super::{ANALYZER_VERSION, Resumed, Summary};
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
            index: OnceLock::new(),
            code,
            fork,
            limits: stored.limits,
            targets: stored.targets,
            functions: functions.collect(),
            fallback: stored.fallback,
            resumed: Resumed::default(),
        })
    }
}

#[cfg(test)]
mod tests;
