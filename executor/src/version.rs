//! At which step of a block does a value stand, and where was it found?
//!
//! In: transaction indices. Out: [`Version`], ascending through opening, transactions and closing,
//! and [`Seen`].
//! Invariant: versions compare as the steps of the block follow one another.

use alloy_eip7928::BlockAccessIndex;
use slotcast_model::TxIndex;

/// A step of a block, which is also the version of everything that the step writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32);

impl Version {
    /// The system calls before the first transaction.
    pub(crate) const OPENING: Self = Self(0);
    /// The system calls, withdrawals and rewards after the last one.
    pub(crate) const CLOSING: Self = Self(u32::MAX - 1);
    /// When all of that is done.
    pub(crate) const AFTER_ALL: Self = Self(u32::MAX);

    /// A transaction.
    pub(crate) const fn of(tx: TxIndex) -> Self {
        Self(tx.0 + 1)
    }

    /// Where the step stands in the access list of a block of so many transactions (EIP-7928).
    pub(crate) fn access_index(self, n_transactions: usize) -> BlockAccessIndex {
        BlockAccessIndex::new(u64::from(self.0).min(n_transactions as u64 + 1))
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen<T> {
    /// No step of this block wrote it: the base state has it.
    Base,
    /// A step of the block wrote it.
    Written(T),
}
