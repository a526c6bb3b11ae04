//! How do summaries travel from one machine to another?
//!
//! In: the bytes of summaries. Out: one run of bytes, and the summaries in it again.
//! Invariants: the same on every machine; what is cut short or changed on the way is refused whole,
//! and so is what another analysis made.
//!
//! ```text
//!  "SLOTEXP1" length and name of the analysis, (length, summary)*, 0, keccak256 of all before
//! ```
//!
//! Lengths are of four bytes, little endian.

use alloy_primitives::keccak256;

use crate::analysis::analysis;

const MAGIC: &[u8; 8] = b"SLOTEXP1";
const HASH_LEN: usize = 32;

/// Why bytes cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// They do not begin as an export does.
    #[error("no export of summaries; make one with `slotcast store export`")]
    NotAnExport,
    /// They are not what was written.
    #[error("cut short or damaged; copy or export it again")]
    Damaged,
    /// Another analysis made the summaries.
    #[error(
        "made by analysis {found}, which this slotcast (analysis {}) does not believe; \
         export it with the same build",
        analysis()
    )]
    OtherAnalysis {
        /// Its name.
        found: String,
    },
}

/// The summaries with these bytes, as one run of bytes.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new() -> Self {
        let mut writer = Self(MAGIC.to_vec());
        writer.push(analysis().as_bytes());
        writer
    }

    /// Adds a summary.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).expect("a store refuses what is so large");
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    /// Ends the list.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.push(&[]);
        let hash = keccak256(&self.0);
        self.0.extend_from_slice(hash.as_slice());
        self.0
    }
}

/// The summaries in `bytes`.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<&[u8]>, ExportError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(ExportError::NotAnExport)?;
    let (body, hash) = bytes.split_last_chunk::<HASH_LEN>().ok_or(ExportError::Damaged)?;
    if keccak256(body).0 != *hash {
        return Err(ExportError::Damaged);
    }
    let mut rest = rest;
    let found = next(&mut rest).ok_or(ExportError::Damaged)?;
    if found != analysis().as_bytes() {
        let found = String::from_utf8_lossy(found).into_owned();
        return Err(ExportError::OtherAnalysis { found });
    }
    let mut summaries = Vec::new();
    loop {
        match next(&mut rest) {
            None => return Err(ExportError::Damaged),
            Some([]) => return Ok(summaries),
            Some(summary) => summaries.push(summary),
        }
    }
}

/// Takes the next piece from the front of `rest`.
fn next<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk::<4>()?;
    let (piece, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = behind;
    Some(piece)
}

#[cfg(test)]
mod tests;
