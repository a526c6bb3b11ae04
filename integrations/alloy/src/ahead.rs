//! What of a host's transactions is executed before it asks?
//!
//! In: the transactions that it says it will hand over, in this order; then one question after the
//! other. Out: the result that is at hand for a transaction, while everything before it was committed
//! as it was handed out.
//! Invariant: once the host does anything else, nothing of what is left is handed out: it was decided
//! on a state that the host does not have.
//!
//! ```text
//! Nothing ── expect ──► Expected ── first transaction ──► Decided ── another course ──► Nothing
//! ```

use std::collections::VecDeque;

use alloy_consensus::{TxEnvelope, transaction::Recovered};
use alloy_primitives::B256;
use slotcast::{
    executor::Decided,
    model::{Index, TxIndex},
};

/// Where a host stands with what it said.
#[derive(Debug, Default)]
pub(crate) enum Ahead {
    /// It said nothing, or did something else.
    #[default]
    Nothing,
    /// It will hand these over; nothing is executed yet.
    Expected(Vec<Recovered<TxEnvelope>>),
    /// It hands over what was executed.
    Decided(Rest),
}

/// What was executed and not handed out yet.
#[derive(Debug)]
pub(crate) struct Rest {
    txs: VecDeque<(B256, Decided)>,
    next: TxIndex,
    /// A result was handed out, and is not committed yet.
    is_out: bool,
}

impl Ahead {
    /// The transactions that are to be decided now, if it is time.
    pub(crate) fn expected(&mut self) -> Option<Vec<Recovered<TxEnvelope>>> {
        match core::mem::take(self) {
            Self::Expected(txs) => Some(txs),
            other => {
                *self = other;
                None
            }
        }
    }

    /// These were decided; `hashes` are theirs.
    pub(crate) fn decide(&mut self, hashes: Vec<B256>, txs: Vec<Decided>) {
        assert_eq!(hashes.len(), txs.len(), "every transaction is decided");
        let txs = hashes.into_iter().zip(txs).collect();
        *self = Self::Decided(Rest { txs, next: TxIndex(0), is_out: false });
    }

    /// What the transaction with this hash comes to, and where it was expected, if that is at hand.
    pub(crate) fn take(&mut self, hash: B256) -> Option<(TxIndex, Decided)> {
        let taken = match self {
            Self::Decided(rest) => rest.take(hash),
            Self::Nothing | Self::Expected(_) => return None,
        };
        if taken.is_none() {
            self.leave();
        }
        taken
    }

    /// The host commits a result.
    pub(crate) fn commit(&mut self) {
        match self {
            Self::Decided(rest) if rest.is_out => rest.is_out = false,
            _ => self.leave(),
        }
    }

    /// The host may do something else from now on.
    pub(crate) fn leave(&mut self) {
        *self = Self::Nothing;
    }
}

impl Rest {
    fn take(&mut self, hash: B256) -> Option<(TxIndex, Decided)> {
        if self.is_out {
            return None;
        }
        let (_, decided) = self.txs.pop_front().filter(|(expected, _)| *expected == hash)?;
        let tx = self.next;
        self.next = TxIndex::from_usize(tx.as_usize() + 1);
        // What cannot be included leaves nothing to commit.
        self.is_out = matches!(decided, Decided::Executed(_));
        Some((tx, decided))
    }
}
