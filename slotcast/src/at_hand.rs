//! What does each transaction wait for, by what is at hand of it?
//!
//! In: predictions of the whole block, or those that were made when transactions were announced. Out:
//! of one transaction after the other its [`Wait`], and what each goes through, by which it is decided
//! whether several threads pay.
//! Invariants: nothing is predicted here, so that no summary is made while a block is executed; what is
//! said of a transaction depends on the block, its parent state and what is at hand alone.
//!
//! | at hand | waits by |
//! |---|---|
//! | a prediction made in block order | its reads; its values count |
//! | one made on the parent state | its reads; its values count if nothing it reads is changed before |
//! | one made on another state | its reads |
//! | nothing | the last call of the same contract |

use std::sync::Arc;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, map::AddressMap};
use slotcast_executor::{Block, PredictedWork, Wait};
use slotcast_model::{Fork, Index as _, IndexVec, Prediction, TxIndex};
use slotcast_scheduler::Mode;

use crate::{
    announced::{Kept, NextBlock},
    graph::{Waits, predicted_work},
    summaries::BaseState,
};

/// Calls that are too few for one contract to matter.
const FEW_CALLS: usize = 8;

/// What is at hand of a block before it is executed.
pub(crate) enum AtHand<'a> {
    /// A prediction of each transaction, made in block order.
    All(&'a IndexVec<TxIndex, Prediction>),
    /// What was kept of each transaction when it was announced; empty where nothing was.
    Announced(Vec<Option<Arc<Kept>>>, Box<NextBlock>),
}

impl<'a> AtHand<'a> {
    /// What was announced of a block.
    pub(crate) fn announced(block: &Block, fork: Fork, kept: Vec<Option<Arc<Kept>>>) -> Self {
        Self::Announced(kept, Box::new(NextBlock::of(block, fork)))
    }

    /// The waits of `block`, before its first transaction.
    pub(crate) fn waits<'w>(
        &self,
        block: &'w Block,
        state: &'w impl BaseState,
        mode: Mode,
    ) -> Waits<'w> {
        let waits = Waits::new(block, state, mode);
        match self {
            Self::All(predictions) => waits.with_all(predictions.iter()),
            Self::Announced(kept, _) => {
                waits.with_all(kept.iter().flatten().map(|it| &it.bound.prediction))
            }
        }
    }

    /// What the next transaction waits for, of which `waits` knows the ones before.
    pub(crate) fn wait(&self, waits: &mut Waits<'_>, tx: TxIndex) -> Wait {
        match self {
            Self::All(predictions) => waits.next(&predictions[tx]),
            Self::Announced(kept, next) => match kept.get(tx.as_usize()) {
                Some(Some(kept)) if kept.is_of(next) => {
                    waits.next_on_parent(&kept.bound.prediction)
                }
                Some(Some(kept)) => waits.next_without_values(&kept.bound.prediction),
                Some(None) | None => waits.blind(),
            },
        }
    }

    /// What each call is predicted to go through, none for what looks like a plain transfer; nothing where
    /// no transaction is predicted.
    pub(crate) fn works(&self, block: &Block) -> Option<IndexVec<TxIndex, Option<PredictedWork>>> {
        let txs = &block.transactions;
        let kept = match self {
            Self::All(predictions) => {
                let works = txs.iter().zip(*predictions);
                return Some(works.map(|(tx, it)| predicted_work(tx, it)).collect());
            }
            Self::Announced(kept, _) if kept.iter().all(Option::is_none) => return None,
            Self::Announced(kept, _) => kept,
        };
        let work = |(tx, kept): (_, &Option<Arc<Kept>>)| match (tx, kept) {
            (tx, Some(kept)) => predicted_work(tx, &kept.bound.prediction),
            (tx, None) if tx.input().is_empty() => None,
            (_, None) => Some(PredictedWork { codes: 1, ..PredictedWork::default() }),
        };
        Some(txs.iter().zip(kept).map(work).collect())
    }

    /// What the transactions of a block wait for, where that may decide whether several threads pay: when
    /// nothing is predicted, or most calls are of one contract. Otherwise it is found out while the first
    /// ones are executed.
    pub(crate) fn waits_before<'w>(
        &self,
        block: &Block,
        waits: impl FnOnce() -> Waits<'w>,
    ) -> Option<IndexVec<TxIndex, Wait>> {
        let is_blind = match self {
            Self::All(_) => false,
            Self::Announced(kept, _) => kept.iter().all(Option::is_none),
        };
        if !is_blind && !calls_one_contract(block) {
            return None;
        }
        let mut waits = waits();
        Some(block.tx_indices().map(|tx| self.wait(&mut waits, tx)).collect())
    }
}

/// Whether more than half of a block's calls are of one contract.
fn calls_one_contract(block: &Block) -> bool {
    let mut calls: AddressMap<usize> = AddressMap::default();
    let callees = block.transactions.iter().filter(|tx| !tx.input().is_empty());
    let callees: Vec<Address> = callees.filter_map(|tx| tx.to()).collect();
    let mut most = 0;
    for callee in &callees {
        let n = calls.entry(*callee).or_default();
        *n += 1;
        most = most.max(*n);
    }
    FEW_CALLS < callees.len() && callees.len() < 2 * most
}
