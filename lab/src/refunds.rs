//! If gas for what a block has warmed already were given back, how often would a prediction tell how
//! much?
//!
//! In: a prepared block, predictions for it, and what it really touched. Out: [`Refund`]s of its
//! transactions and their sums, [`RefundCounts`].
//! Invariants: a study and no part of execution; a refund is a function of lists of slots and accounts,
//! the same for true and for predicted ones, so that only wrong lists make a difference.
//!
//! The OP Stack means to charge what an earlier transaction of the same block has touched as warm, by
//! giving the difference back. What is assumed of it here:
//!
//! - A slot gives back 2,000 gas and an account 2,500, the difference of EIP-2929 between a first and a
//!   later SLOAD or call. That an SSTORE as first access pays 100 more is left out: lists do not tell
//!   which came first. Nothing bounds the refund, and it changes no other gas.
//! - A transaction is charged for every slot it touches and for every account it calls, inspects or pays,
//!   but not for its sender and recipient, the beneficiary, accounts that fees go to, precompiles, accounts
//!   it creates, those whose authorization it carries, and what its access list names: these are warm.
//!   A delegate of the recipient is taken for charged.
//! - What a transaction touched is warm for all later ones, also if it failed. System calls before the
//!   block warm nothing, and a name in an access list does not warm what is never touched.
//! - Deposits warm and get nothing back. Before Berlin nothing is cold, and blocks are left out.
//! - A wildcard of a prediction names no slot and so gives nothing back.

use std::collections::BTreeSet;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U256};
use serde::Serialize;
use slotcast::Prepared;
use slotcast_corpus::RunError;
use slotcast_executor::{Block, rules_of};
use slotcast_model::{
    AccountAccess, Coverage, Fork, IndexVec, Observation, Prediction, Slot, TxIndex,
};

use crate::earners::earners;

/// What a slot gives back.
const SLOT_REFUND: u64 = 2_000;
/// What an account gives back.
const ACCOUNT_REFUND: u64 = 2_500;

/// The gas that a transaction would get back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refund {
    /// By what it and those before it really touched.
    pub truth: u64,
    /// By what was predicted of it and of those before it: known before the block runs.
    pub ahead: u64,
    /// By what was predicted of it and what those before it really touched: known when its turn comes.
    pub in_order: u64,
}

/// The refunds of a block, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefundCounts {
    /// Transactions that could get something back.
    pub txs: u64,
    /// Those of them that do.
    pub refunded: u64,
    /// Those whose prediction says that it may miss something.
    pub partial: u64,
    /// Gas given back.
    pub true_gas: u64,
    /// Of the refunds that are known before the block runs.
    pub ahead: RefundHits,
    /// Of those that are known when the transaction's turn comes.
    pub in_order: RefundHits,
}

/// How good predicted refunds are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefundHits {
    /// Transactions of which the refund is right to the unit.
    pub exact: u64,
    /// Those of them that get something back.
    pub exact_refunded: u64,
    /// Gas predicted to be given back.
    pub gas: u64,
    /// Gas predicted beyond the truth, transaction by transaction.
    pub over: u64,
    /// Gas missing from the truth.
    pub under: u64,
}

impl RefundHits {
    fn count(&mut self, predicted: u64, truth: u64) {
        let is_exact = predicted == truth;
        self.exact += u64::from(is_exact);
        self.exact_refunded += u64::from(is_exact && truth != 0);
        self.gas += predicted;
        self.over += predicted.saturating_sub(truth);
        self.under += truth.saturating_sub(predicted);
    }

    const fn add(&mut self, other: &Self) {
        self.exact += other.exact;
        self.exact_refunded += other.exact_refunded;
        self.gas += other.gas;
        self.over += other.over;
        self.under += other.under;
    }
}

impl RefundCounts {
    /// Adds another block.
    pub const fn add(&mut self, other: &Self) {
        self.txs += other.txs;
        self.refunded += other.refunded;
        self.partial += other.partial;
        self.true_gas += other.true_gas;
        self.ahead.add(&other.ahead);
        self.in_order.add(&other.in_order);
    }

    fn count(&mut self, refund: Refund, is_partial: bool) {
        self.txs += 1;
        self.refunded += u64::from(refund.truth != 0);
        self.partial += u64::from(is_partial);
        self.true_gas += refund.truth;
        self.ahead.count(refund.ahead, refund.truth);
        self.in_order.count(refund.in_order, refund.truth);
    }
}

/// The refunds of a block, in the figures other tools read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundFigures {
    /// Transactions that could get something back.
    pub txs: u64,
    /// Those of them that do.
    pub refunded: u64,
    /// Those whose prediction says that it may miss something.
    pub partial: u64,
    /// Gas given back.
    pub true_gas: u64,
    /// By predictions alone.
    pub ahead: RefundHitFigures,
    /// By the transaction's prediction, after those before it.
    pub in_order: RefundHitFigures,
}

/// How good predicted refunds are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundHitFigures {
    /// Transactions of which the refund is right to the unit, of all.
    pub exact_share: f64,
    /// The same of those that get something back.
    pub exact_share_of_refunded: f64,
    /// Gas predicted to be given back.
    pub gas: u64,
    /// Gas predicted beyond the truth, transaction by transaction.
    pub over: u64,
    /// Gas missing from the truth.
    pub under: u64,
}

impl From<&RefundCounts> for RefundFigures {
    fn from(counts: &RefundCounts) -> Self {
        let share = |part: u64, whole: u64| match whole {
            0 => 1.0,
            _ => part as f64 / whole as f64,
        };
        let hits = |hits: &RefundHits| RefundHitFigures {
            exact_share: share(hits.exact, counts.txs),
            exact_share_of_refunded: share(hits.exact_refunded, counts.refunded),
            gas: hits.gas,
            over: hits.over,
            under: hits.under,
        };
        Self {
            txs: counts.txs,
            refunded: counts.refunded,
            partial: counts.partial,
            true_gas: counts.true_gas,
            ahead: hits(&counts.ahead),
            in_order: hits(&counts.in_order),
        }
    }
}

/// The refunds of a block by what it really touched and by these predictions.
///
/// ```
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::{block_refunds, judge_block};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let truth = judge_block(&prepared, &predictions)?.truth;
/// let refunds = block_refunds(&prepared, &predictions, &truth.observations)?;
/// assert!(refunds.refunded <= refunds.txs && refunds.ahead.exact <= refunds.txs);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn block_refunds(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    observations: &IndexVec<TxIndex, Observation>,
) -> Result<RefundCounts, RunError> {
    let block = prepared.block();
    let header = &block.header;
    let rules = rules_of(block).map_err(|source| RunError::of(block, source))?;
    let mut counts = RefundCounts::default();
    if rules.fork_at(header.number, header.timestamp) < Fork::Berlin {
        return Ok(counts);
    }
    let free = earners(&rules, header);
    let asked = block.tx_indices().map(|tx| Asked::of(block, tx, &free)).collect();
    let truth = observations.iter().map(Touched::of_truth).collect();
    let predicted = predictions.iter().map(Touched::of_prediction).collect();
    let refunds = refunds(&asked, &truth, &predicted);
    for (tx, refund) in refunds.iter_enumerated().filter(|(tx, _)| asked[*tx].is_refunded) {
        let prediction = &predictions[tx];
        let is_partial =
            prediction.coverage() == Coverage::Partial || !prediction.wildcards().is_empty();
        counts.count(*refund, is_partial);
    }
    Ok(counts)
}

/// What a transaction touches, by what it may be charged for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Touched {
    slots: BTreeSet<Slot>,
    /// Called, inspected or paid.
    accounts: BTreeSet<Address>,
    /// Touched without a charge.
    others: BTreeSet<Address>,
}

impl Touched {
    fn of_truth(truth: &Observation) -> Self {
        Self::of(&[&truth.reads], &truth.accounts)
    }

    fn of_prediction(prediction: &Prediction) -> Self {
        let storage = prediction.storage();
        Self::of(&[&storage.reads, &storage.deltas], prediction.accounts())
    }

    fn of(slots: &[&[Slot]], touched: &AccountAccess) -> Self {
        let set = |lists: &[&[Address]]| lists.concat().into_iter().collect::<BTreeSet<_>>();
        let others = set(&[&touched.nonces, &touched.created, &touched.delegated]);
        let mut accounts = set(&[
            &touched.balance_reads,
            &touched.balance_debits,
            &touched.balance_credits,
            &touched.code_reads,
            &touched.destroyed,
        ]);
        accounts.retain(|account| !others.contains(account));
        Self { slots: slots.concat().into_iter().collect(), accounts, others }
    }

    fn add(&mut self, other: &Self) {
        self.slots.extend(&other.slots);
        self.accounts.extend(&other.accounts);
        self.accounts.extend(&other.others);
    }
}

/// What is known of a transaction before it runs.
#[derive(Clone, Debug, Default)]
struct Asked {
    is_refunded: bool,
    slots: BTreeSet<Slot>,
    accounts: BTreeSet<Address>,
}

impl Asked {
    fn of(block: &Block, tx: TxIndex, free: &[Address]) -> Self {
        let transaction = block.transaction(tx);
        let ends = [Some(transaction.signer()), transaction.to()];
        let listed = || transaction.access_list().into_iter().flat_map(|list| list.iter());
        let slots = listed().flat_map(|item| {
            let slot = |key: &alloy_primitives::B256| Slot {
                address: item.address,
                key: U256::from_be_bytes(key.0),
            };
            item.storage_keys.iter().map(slot)
        });
        let accounts = listed().map(|item| item.address).chain(ends.into_iter().flatten());
        Self {
            is_refunded: transaction.as_deposit().is_none(),
            slots: slots.collect(),
            accounts: accounts.chain(free.iter().copied()).collect(),
        }
    }

    /// What the transaction gets back for touching this, where that is warm.
    fn refund(&self, touched: &Touched, warm: &Touched) -> u64 {
        let slots = touched.slots.intersection(&warm.slots);
        let slots = slots.filter(|slot| !self.slots.contains(*slot)).count();
        let accounts = touched.accounts.intersection(&warm.accounts);
        let is_charged =
            |account: &&Address| !self.accounts.contains(*account) && !is_precompile(account);
        let accounts = accounts.filter(is_charged).count();
        slots as u64 * SLOT_REFUND + accounts as u64 * ACCOUNT_REFUND
    }
}

/// Whether an address is of those that Ethereum gives to precompiled contracts.
fn is_precompile(address: &Address) -> bool {
    address[..18].iter().all(|byte| *byte == 0)
}

fn refunds(
    asked: &IndexVec<TxIndex, Asked>,
    truth: &IndexVec<TxIndex, Touched>,
    predicted: &IndexVec<TxIndex, Touched>,
) -> IndexVec<TxIndex, Refund> {
    let [mut warm, mut warm_by_prediction] = [Touched::default(), Touched::default()];
    let refund = |(tx, asked): (TxIndex, &Asked)| {
        let refund = Refund {
            truth: asked.refund(&truth[tx], &warm),
            ahead: asked.refund(&predicted[tx], &warm_by_prediction),
            in_order: asked.refund(&predicted[tx], &warm),
        };
        warm.add(&truth[tx]);
        warm_by_prediction.add(&predicted[tx]);
        refund
    };
    asked.iter_enumerated().map(refund).collect()
}

#[cfg(test)]
mod tests;
