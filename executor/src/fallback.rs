//! How much work was wasted, and when is advice given up?
//!
//! In: runs and retries as they happen. Out: [`Tally`], and through [`FallbackRule`] the moment from
//! which a block is run sequentially.
//! Invariants: no transaction is run more than twice; the decision depends on committed transactions
//! alone, so that it is the same for every number of threads.

use slotcast_model::{IndexVec, TxIndex};

/// When the rest of a block is run sequentially because its schedule does not hold.
///
/// A retried transaction costs a run more than it would have cost sequentially. With one retry in
/// four, two threads are about where one would be, so beyond that nothing is to be won; a block is
/// given a few retries before that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FallbackRule {
    /// Retries up to this many are always forgiven.
    pub n_forgiven: usize,
    /// Beyond, advice is given up when more than one in this many committed transactions was
    /// retried.
    pub one_in: usize,
}

impl FallbackRule {
    /// The rule used unless a caller knows better.
    pub const DEFAULT: Self = Self { n_forgiven: 7, one_in: 4 };
    /// Never gives up.
    pub const NEVER: Self = Self { n_forgiven: usize::MAX, one_in: 1 };

    /// Whether advice is given up after `n_retried` of `n_committed` transactions were retried.
    pub(crate) const fn gives_up(&self, n_retried: usize, n_committed: usize) -> bool {
        self.n_forgiven < n_retried && n_committed < n_retried.saturating_mul(self.one_in)
    }
}

impl Default for FallbackRule {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How often each transaction was run, and which were retried.
#[derive(Debug)]
pub(crate) struct Tally {
    n_runs: IndexVec<TxIndex, u8>,
    retried: Vec<TxIndex>,
}

impl Tally {
    pub(crate) fn new(n_transactions: usize) -> Self {
        Self { n_runs: IndexVec::from_elem(0, n_transactions), retried: Vec::new() }
    }

    pub(crate) fn count_run(&mut self, tx: TxIndex) {
        self.n_runs[tx] += 1;
        assert!(self.n_runs[tx] <= 2, "no transaction is run more than twice");
    }

    pub(crate) fn count_retry(&mut self, tx: TxIndex) {
        self.retried.push(tx);
    }

    pub(crate) const fn n_retried(&self) -> usize {
        self.retried.len()
    }

    /// The retried transactions, ascending, and the number of all runs.
    pub(crate) fn into_counts(self) -> (Vec<TxIndex>, usize) {
        assert!(self.retried.is_sorted(), "transactions are decided in block order");
        (self.retried, self.n_runs.iter().copied().map(usize::from).sum())
    }
}

#[cfg(test)]
mod tests;
