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
//! | one made on the parent state | its reads; its values count if nothing it reads is changed before, or only what it is known to move with |
//! | one made on another state | its reads |
//! | nothing | the last call of the same contract |

use std::sync::{Arc, Mutex, PoisonError};

use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::{Address, map::AddressMap};
use slotcast_executor::{Block, ChainTx, ExecutionMode, PredictedWork, UnitCosts, Wait};
use slotcast_model::{Fork, Index as _, IndexVec, Prediction, TxIndex};
use slotcast_scheduler::Mode;

use crate::{
    announced::{Announced, Kept, NextBlock},
    graph::{Waits, predicted_work},
    summaries::{BaseState, CodeAt},
};

/// A block that is estimated to take less is looked at closely: there is little to gain in it, and errors
/// of the estimate weigh most.
const SHORT_NANOS: u64 = 5_000_000;

/// The gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;

/// Calls that are too few for one contract to matter.
const FEW_CALLS: usize = 8;

/// Of so many transactions it is looked at closely up to where they wait, before it is decided: one in
/// this many, and not fewer than this. Whether a block is one chain shows soon, and nothing runs before.
const ONE_IN: usize = 4;
const LEAST_LOOKED_AT: usize = 16;

/// What is at hand of a block before it is executed.
pub(crate) enum AtHand<'a> {
    /// A prediction of each transaction, made in block order.
    All(&'a IndexVec<TxIndex, Prediction>),
    /// What was kept of transactions when they were announced.
    Announced(Looked<'a>),
}

/// What was found of announced transactions so far.
pub(crate) struct Looked<'a> {
    /// None where it does not count.
    announced: Option<&'a Mutex<Announced>>,
    next: Box<NextBlock>,
    /// Of each transaction; empty where nothing was looked up or nothing is announced.
    kept: Vec<Option<Arc<Kept>>>,
}

/// The waits of a block, with those that were worked out already of its first transactions.
pub(crate) struct Begun<'w> {
    pub(crate) waits: Waits<'w>,
    pub(crate) known: Vec<Wait>,
}

impl Looked<'_> {
    /// Looks up those transactions that are not known yet and are `wanted`. Each costs a look into a
    /// large table.
    fn look_up(&mut self, block: &Block, wanted: impl Fn(&Recovered<ChainTx>) -> bool) {
        let Some(announced) = self.announced else { return };
        let announced = announced.lock().unwrap_or_else(PoisonError::into_inner);
        if announced.len() == 0 {
            return;
        }
        self.kept.resize(block.n_transactions(), None);
        for (tx, kept) in block.transactions.iter().zip(&mut self.kept) {
            if kept.is_none() && wanted(tx) {
                *kept = announced.get(tx.tx_hash()).cloned();
            }
        }
    }
}

impl<'a> AtHand<'a> {
    /// What may be announced of a block, if that counts; nothing is looked up yet.
    pub(crate) fn announced(
        block: &Block,
        fork: Fork,
        announced: Option<&'a Mutex<Announced>>,
    ) -> Self {
        let next = Box::new(NextBlock::of(block, fork));
        Self::Announced(Looked { announced, next, kept: Vec::new() })
    }

    /// Looks up everything.
    pub(crate) fn complete(&mut self, block: &Block) {
        if let Self::Announced(looked) = self {
            looked.look_up(block, |_| true);
        }
    }

    /// All that was announced of each transaction, where there is no other prediction.
    pub(crate) fn into_kept(mut self, block: &Block) -> Vec<Option<Arc<Kept>>> {
        self.complete(block);
        match self {
            Self::All(_) => Vec::new(),
            Self::Announced(looked) => looked.kept,
        }
    }

    /// The waits of `block`, before its first transaction.
    pub(crate) fn waits<'w>(
        &self,
        block: &'w Block,
        state: &'w impl BaseState,
        mode: Mode,
    ) -> Waits<'w> {
        let predictions = block.tx_indices().filter_map(|tx| Some((tx, self.prediction(tx)?)));
        Waits::new(block, state, mode).with_all(predictions)
    }

    /// What the next transaction waits for, of which `waits` knows the ones before.
    pub(crate) fn wait(&self, waits: &mut Waits<'_>, tx: TxIndex) -> Wait {
        match self {
            Self::All(predictions) => waits.next(&predictions[tx]),
            Self::Announced(Looked { kept, next, .. }) => match kept.get(tx.as_usize()) {
                Some(Some(kept)) if kept.is_of(next) => {
                    waits.next_on_parent(&kept.bound.prediction, &kept.moves)
                }
                Some(Some(kept)) => waits.next_without_values(&kept.bound.prediction),
                Some(None) | None => waits.blind(),
            },
        }
    }

    /// Whether several threads pay for `block` on `state`, and what its first transactions wait for where
    /// that was worked out to decide it. It is when nothing is predicted, most calls are of one contract, or
    /// the block is short; otherwise it is found out while the first transactions are executed. Where
    /// several threads pay, everything is looked up.
    pub(crate) fn decide<'w>(
        &mut self,
        block: &'w Block,
        state: &'w impl BaseState,
        (units, mode): (&UnitCosts, Mode),
    ) -> (ExecutionMode, Option<Begun<'w>>) {
        const SEQUENTIAL: (ExecutionMode, Option<Begun<'static>>) =
            (ExecutionMode::Sequential, None);
        if !units.may_pay(block) {
            return SEQUENTIAL;
        }
        if let Self::Announced(looked) = self {
            looked.look_up(block, |tx| !is_surely_plain(tx));
        }
        let mut works = self.works(block);
        // Asking for the size of each code costs more than it brings in most blocks.
        let typical = usize::try_from(units.typical_code_bytes).unwrap_or(usize::MAX);
        let mut estimate = units.estimate(block, works.as_ref(), |_| typical);
        let is_short = estimate.nanos() < SHORT_NANOS;
        if is_short {
            works = works.map(|works| self.weighed(&works, state));
            let size = |address| code_bytes(state, address).unwrap_or(typical);
            estimate = units.estimate(block, works.as_ref(), size);
        }
        if units.mode(&estimate, None) == ExecutionMode::Sequential {
            return SEQUENTIAL;
        }
        self.complete(block);
        if works.is_some() && !is_short && !calls_one_contract(block) {
            return (ExecutionMode::Parallel, None);
        }
        let n_transactions = block.n_transactions();
        let n_known = match &works {
            // Without predictions it takes next to nothing.
            None => n_transactions,
            Some(_) => (n_transactions / ONE_IN).max(LEAST_LOOKED_AT).min(n_transactions),
        };
        let mut waits = self.waits(block, state, mode);
        let first = block.tx_indices().take(n_known);
        let known: Vec<_> = first.map(|tx| self.wait(&mut waits, tx)).collect();
        let horizons = known.iter().map(|wait| wait.horizon.0).collect();
        (units.mode(&estimate, Some(&horizons)), Some(Begun { waits, known }))
    }

    /// What was predicted of a transaction, if anything was.
    fn prediction(&self, tx: TxIndex) -> Option<&Prediction> {
        match self {
            Self::All(predictions) => predictions.get(tx),
            Self::Announced(Looked { kept, .. }) => {
                kept.get(tx.as_usize())?.as_ref().map(|kept| &kept.bound.prediction)
            }
        }
    }

    /// What each call is predicted to go through, none for what looks like a plain transfer; nothing where
    /// no transaction is predicted.
    fn works(&self, block: &Block) -> Option<IndexVec<TxIndex, Option<PredictedWork>>> {
        if let Self::Announced(Looked { kept, .. }) = self
            && kept.iter().all(Option::is_none)
        {
            return None;
        }
        let work = |(tx, transaction): (TxIndex, &Recovered<ChainTx>)| match self.prediction(tx) {
            _ if is_surely_plain(transaction) => None,
            Some(prediction) => predicted_work(transaction, prediction),
            None if transaction.input().is_empty() => None,
            None => Some(PredictedWork { codes: 1, ..PredictedWork::default() }),
        };
        Some(block.tx_indices().zip(&block.transactions).map(work).collect())
    }

    /// The same with the sizes of the codes.
    fn weighed(
        &self,
        works: &IndexVec<TxIndex, Option<PredictedWork>>,
        state: &impl BaseState,
    ) -> IndexVec<TxIndex, Option<PredictedWork>> {
        let weighed = |(tx, work): (TxIndex, &Option<PredictedWork>)| {
            let work = (*work)?;
            let codes = self.prediction(tx).into_iter().flat_map(|it| &it.accounts().code_reads);
            let sizes = codes.filter_map(|address| code_bytes(state, *address));
            let code_bytes = sizes.map(|size| size as u64).sum();
            Some(PredictedWork { code_bytes, ..work })
        };
        works.iter_enumerated().map(weighed).collect()
    }
}

/// Whether a transaction has no gas to run code with, so that it counts for nothing in the decision
/// whatever is predicted of it.
fn is_surely_plain(tx: &Recovered<ChainTx>) -> bool {
    tx.input().is_empty() && tx.kind().is_call() && tx.gas_limit() <= TRANSFER_GAS
}

/// How many bytes the code at an address has; nothing where it is not to be had.
fn code_bytes(state: &impl BaseState, address: Address) -> Option<usize> {
    match state.code(address) {
        CodeAt::Nothing => Some(0),
        CodeAt::Known(_, code) => Some(code.len()),
        CodeAt::Unavailable => None,
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
