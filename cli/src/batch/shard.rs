//! Which codes are whose, when several machines share the work?
//!
//! In: a text such as `2/8`. Out: [`Shard`].
//! Invariants: each code belongs to exactly one of the shards, whatever the order and the number of
//! times in which it occurs in the input; no shard needs another.

use core::{fmt, str::FromStr};

use alloy_primitives::B256;

/// One of several shares of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Which, from 1.
    index: u64,
    /// Of how many.
    of: u64,
}

/// Why a text names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give a shard as i/n, with i from 1 to n")]
pub(crate) struct ShardError;

impl Shard {
    /// All codes.
    pub(crate) const ALL: Self = Self { index: 1, of: 1 };

    /// Whether the code with this hash belongs to it.
    pub(crate) fn has(self, code_hash: B256) -> bool {
        let (first, _) = code_hash.0.split_first_chunk::<8>().expect("a hash has 32 bytes");
        u64::from_be_bytes(*first) % self.of == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (index, of) = text.split_once('/').ok_or(ShardError)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| ShardError);
        let (index, of) = (number(index)?, number(of)?);
        match (1..=of).contains(&index) {
            true => Ok(Self { index, of }),
            false => Err(ShardError),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests;
