//! What has to be on the shard where a transaction runs?
//!
//! In: a prepared block. Out: [`ShardBlock`]s: of each transaction what it is predicted to touch and does
//! touch, as far as that binds it to a shard.
//! Invariants: predicted footprints follow from predictions alone, true ones from execution alone.
//!
//! State comes in two kinds of pieces: a storage slot, and an account's record, which is its balance,
//! nonce and code together. A piece binds a transaction if it reads or changes it, and if some
//! transaction of the same block changes it; what none changes has a copy on every shard, as code has.
//! Fees do not bind: what goes to the beneficiary and to the vaults of a rollup is summed up at the end.

use alloy_primitives::{Address, map::HashSet};
use slotcast::{PredictSettings, Prepared, graph::estimate_gas};
use slotcast_corpus::RunError;
use slotcast_executor::{ExecutionError, SequentialSettings, execute_sequential, rules_of};
use slotcast_model::{
    AccessSet, AccountAccess, Coverage, IndexVec, Location, Slot, StorageAccess, TxIndex,
};
use slotcast_scheduler::{CostModel, partition::Touched};

use crate::earners::earners;

/// A block as sharding sees it.
#[derive(Clone, Debug)]
pub struct ShardBlock {
    /// What is predicted of each transaction.
    pub predicted: IndexVec<TxIndex, Touched>,
    /// What each does touch, and its work by the gas it used.
    pub truth: IndexVec<TxIndex, Touched>,
    /// What each reads and changes of that.
    pub accesses: IndexVec<TxIndex, AccessSet>,
    /// Whether what is predicted of each may miss accesses.
    pub is_partial: IndexVec<TxIndex, bool>,
    /// Who sends each.
    pub senders: IndexVec<TxIndex, Address>,
}

/// What a transaction reads and changes.
type Access = (Vec<Location>, Vec<Location>);

/// Predicts and runs a block, and cuts it into blocks of so many transactions.
pub fn shard_blocks(prepared: &Prepared, per_block: usize) -> Result<Vec<ShardBlock>, RunError> {
    cut(prepared, per_block.max(1)).map_err(|source| RunError::of(prepared.block(), source))
}

/// What is predicted of each transaction, and whether that may miss accesses.
pub type PredictedFootprints = (IndexVec<TxIndex, Touched>, IndexVec<TxIndex, bool>);

/// The predicted footprints of a block; nothing is run.
pub fn predicted_footprints(prepared: &Prepared) -> Result<PredictedFootprints, RunError> {
    let fees = Fees::of(prepared).map_err(|source| RunError::of(prepared.block(), source))?;
    let (predicted, is_partial) = predicted(prepared, &fees);
    Ok((footprints(predicted).0, is_partial.into()))
}

fn cut(prepared: &Prepared, per_block: usize) -> Result<Vec<ShardBlock>, ExecutionError> {
    let (block, state) = (prepared.block(), prepared.state());
    let fees = Fees::of(prepared)?;
    let (predicted, is_partial) = predicted(prepared, &fees);
    let observed = execute_sequential(block, state, &SequentialSettings { is_observed: true })?;
    let costs = CostModel::default();
    let outcomes = observed.outcome.txs.iter().zip(observed.observations);
    let truth = outcomes.map(|(outcome, it)| {
        let storage = StorageAccess { reads: it.reads, writes: it.writes, deltas: Vec::new() };
        let work = costs.nanos(outcome.gas_used().unwrap_or(0));
        (fees.access(&storage, &it.accounts), work)
    });
    let truth: Vec<(Access, u64)> = truth.collect();
    let senders: Vec<Address> = block.transactions.iter().map(|tx| tx.signer()).collect();
    let parts = predicted.chunks(per_block).zip(truth.chunks(per_block));
    let others = is_partial.chunks(per_block).zip(senders.chunks(per_block));
    let blocks = parts.zip(others).map(|((predicted, truth), (is_partial, senders))| {
        let (truth, accesses) = footprints(truth.to_vec());
        let (predicted, _) = footprints(predicted.to_vec());
        let (is_partial, senders) = (is_partial.to_vec().into(), senders.to_vec().into());
        ShardBlock { predicted, truth, accesses, is_partial, senders }
    });
    Ok(blocks.collect())
}

fn predicted(prepared: &Prepared, fees: &Fees) -> (Vec<(Access, u64)>, Vec<bool>) {
    let costs = CostModel::default();
    let predictions = prepared.predict(&PredictSettings::default()).predictions;
    let txs = prepared.block().transactions.iter().zip(&predictions);
    let of = |(tx, prediction): (_, &slotcast_model::Prediction)| {
        let access = fees.access(prediction.storage(), prediction.accounts());
        (access, costs.nanos(estimate_gas(tx, prediction)))
    };
    let is_partial = predictions.iter().map(|it| it.coverage() == Coverage::Partial).collect();
    (txs.map(of).collect(), is_partial)
}

/// Where fees go.
struct Fees(Vec<Address>);

impl Fees {
    fn of(prepared: &Prepared) -> Result<Self, ExecutionError> {
        let block = prepared.block();
        Ok(Self(earners(&rules_of(block)?, &block.header)))
    }

    fn access(&self, storage: &StorageAccess, accounts: &AccountAccess) -> Access {
        let slots =
            |slots: &[Slot]| slots.iter().copied().map(Location::Storage).collect::<Vec<_>>();
        let of = |list: &[Address], kind: fn(Address) -> Location| {
            list.iter().copied().map(kind).collect::<Vec<_>>()
        };
        let (mut reads, mut writes) = (slots(&storage.reads), slots(&storage.writes));
        writes.extend(slots(&storage.deltas));
        reads.extend(of(&accounts.balance_reads, Location::Balance));
        reads.extend(of(&accounts.code_reads, Location::Code));
        let paid = accounts.balance_credits.iter().filter(|it| !self.0.contains(it));
        writes.extend(paid.copied().map(Location::Balance));
        writes.extend(of(&accounts.balance_debits, Location::Balance));
        writes.extend(of(&accounts.nonces, Location::Nonce));
        for made in [&accounts.created, &accounts.destroyed, &accounts.delegated] {
            writes.extend(of(made, Location::Code));
        }
        (reads, writes)
    }
}

/// What binds each transaction of a block to a shard, and how.
fn footprints(
    txs: Vec<(Access, u64)>,
) -> (IndexVec<TxIndex, Touched>, IndexVec<TxIndex, AccessSet>) {
    let changed: HashSet<Location> =
        txs.iter().flat_map(|((_, writes), _)| writes).copied().collect();
    let of = |((reads, writes), work): (Access, u64)| {
        let reads = reads.into_iter().filter(|it| changed.contains(it)).map(piece).collect();
        let access = AccessSet::new(reads, writes.into_iter().map(piece).collect(), Vec::new());
        let mut locations = [access.reads(), access.writes()].concat();
        locations.sort_unstable();
        locations.dedup();
        (Touched { locations, work }, access)
    };
    let (touched, accesses): (Vec<_>, Vec<_>) = txs.into_iter().map(of).unzip();
    (touched.into(), accesses.into())
}

/// The piece of state that a location is of.
const fn piece(location: Location) -> Location {
    match location {
        Location::Nonce(address) | Location::Code(address) => Location::Balance(address),
        Location::Balance(_) | Location::Storage(_) => location,
    }
}
