//! Does executing a block on several threads pay?
//!
//! In: a block, the size of the codes it enters, what is known of it, [`UnitCosts`]. Out: an
//! [`ExecutionMode`].
//! Invariants: this is the only place that decides it; the mode follows from the block, the
//! predictions and the unit costs alone, never from a clock or the number of threads; it decides how
//! long a block takes and never what it does; integer arithmetic only.
//!
//! # The formula
//!
//! Let `S` be what all transactions take one after the other, and `T` the least that two threads can take:
//! half of `S`, or the longest chain of transactions that wait for one another, as far as waits are
//! known, or the longest transaction. With `n` calls among `m` transactions, threads pay when
//!
//! ```text
//! waking + (n × handing over + m × scheduling) / 2  <  certain share of (S − T)
//! and a fifth of S  ≤  S − T
//! ```
//!
//! What two threads cannot speed up is not worth more of them, so the formula reckons with two
//! whatever their number. All but waking is halved because it is shared, or the other thread executes
//! meanwhile.
//!
//! What a call takes is estimated: from what it is predicted to use, or else from its gas limit and
//! what the block uses together (which a header from the chain states; for a block that is being built
//! the usual share of the limits is taken), weighed by the size of the code that is entered, because a
//! unit of gas takes much less in small contracts. The estimate errs, which is why only as much of what
//! is saved counts as every recorded block bears out; a block close to the line is run sequentially,
//! where nothing can be lost.
//!
//! The unit costs are measured: `slotcast bench --units` prints those of the machine it runs on.

use alloy_consensus::{Transaction, transaction::Recovered};
use alloy_primitives::Address;
use slotcast_model::{Index as _, IndexVec, TxIndex};
use slotcast_scheduler::CostModel;

use crate::{input::Block, transaction::ChainTx};

/// A plan that saves less than this of a block is not followed, in percent: waiting for one another
/// and reading through versions could take as much.
const LEAST_SAVED_PERCENT: u64 = 20;

/// The gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;

/// How a block is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionMode {
    /// One transaction after the other.
    Sequential,
    /// On several threads.
    Parallel,
}

/// What the steps of executing a block cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitCosts {
    /// Nanoseconds to make a plain transfer in closed form.
    pub transfer_nanos: u64,
    /// What a call takes by the gas it uses, when it enters a code of typical size.
    pub call: CostModel,
    /// The size of code at which a call takes just that; a call of other code takes as much more or
    /// less.
    pub typical_code_bytes: u64,
    /// How much of their gas limit calls use, in percent.
    pub used_percent: u64,
    /// The least share of what the estimate by predictions says is saved that every recorded block
    /// bears out, in percent.
    pub certain_percent: u64,
    /// The same of the estimate by gas limits, where nothing is predicted.
    pub certain_by_limits_percent: u64,
    /// Nanoseconds to record what a run reads, hand it over and validate it.
    pub hand_over_nanos: u64,
    /// Nanoseconds until the other threads have woken up and gone back to sleep.
    pub wake_nanos: u64,
    /// Nanoseconds to schedule a transaction.
    pub schedule_nanos: u64,
}

impl Default for UnitCosts {
    /// As measured over the recorded blocks on two cores of a shared server, and rounded. Two runs
    /// differ by a third, most of all in waking, which matters for blocks under a millisecond only.
    fn default() -> Self {
        Self {
            transfer_nanos: 280,
            call: CostModel { base_nanos: 7_400, picos_per_gas: 110 },
            typical_code_bytes: 4_200,
            used_percent: 46,
            certain_percent: 60,
            certain_by_limits_percent: 23,
            hand_over_nanos: 1_300,
            wake_nanos: 50_000,
            schedule_nanos: 190,
        }
    }
}

/// A transaction that runs code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// About how much gas it uses.
    pub gas: u64,
    /// How many bytes the code has that it enters.
    pub code_bytes: u64,
}

impl Call {
    /// A transaction that uses about so much gas. What creates a contract enters its own data.
    pub fn of(tx: &Recovered<ChainTx>, gas: u64, code_bytes: impl Fn(Address) -> usize) -> Self {
        let code_bytes = tx.to().map_or(tx.input().len(), code_bytes) as u64;
        Self { gas, code_bytes }
    }
}

/// What a transaction takes, in nanoseconds, and whether it is a call.
type Takes = (u64, bool);

impl UnitCosts {
    /// How to execute a block. `gas` is what each transaction is predicted to use, 0 for what looks
    /// like a plain transfer; without it nothing is predicted. `horizons` is up to where each waits, if
    /// that is known yet.
    pub fn mode(
        &self,
        block: &Block,
        gas: Option<&IndexVec<TxIndex, u64>>,
        horizons: Option<&IndexVec<TxIndex, TxIndex>>,
        code_bytes: impl Fn(Address) -> usize,
    ) -> ExecutionMode {
        let (takes, certain_percent) = match gas {
            None => (self.by_limits(block, code_bytes), self.certain_by_limits_percent),
            Some(gas) => (self.by_predictions(block, gas, code_bytes), self.certain_percent),
        };
        let all = takes.iter().fold(0_u64, |sum, (nanos, _)| sum.saturating_add(*nanos));
        let longest = match horizons {
            Some(horizons) => longest_chain(&takes, horizons),
            None => takes.iter().map(|(nanos, _)| *nanos).max().unwrap_or(0),
        };
        let saved = all - longest.max(all / 2);
        let n_calls = takes.iter().filter(|(_, is_call)| *is_call).count() as u64;
        let handing_over = self.hand_over_nanos.saturating_mul(n_calls);
        let scheduling = self.schedule_nanos.saturating_mul(takes.len() as u64);
        let costs = self.wake_nanos.saturating_add(handing_over.saturating_add(scheduling) / 2);
        let pays =
            costs < saved / 100 * certain_percent && all / 100 * LEAST_SAVED_PERCENT <= saved;
        if pays { ExecutionMode::Parallel } else { ExecutionMode::Sequential }
    }

    /// About how long a call takes.
    pub const fn nanos(&self, call: Call) -> u64 {
        let nanos = self.call.nanos(call.gas).saturating_mul(call.code_bytes);
        nanos / if self.typical_code_bytes == 0 { 1 } else { self.typical_code_bytes }
    }

    /// About how long the calls of a block take, going by their gas limits.
    pub fn nanos_of_calls(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> u64 {
        let takes = self.by_limits(block, code_bytes);
        let calls = takes.iter().filter(|(_, is_call)| *is_call);
        calls.fold(0, |sum, (nanos, _)| sum.saturating_add(*nanos))
    }

    fn by_predictions(
        &self,
        block: &Block,
        gas: &IndexVec<TxIndex, u64>,
        code_bytes: impl Fn(Address) -> usize,
    ) -> Vec<Takes> {
        let takes = |(tx, &gas): (&Recovered<ChainTx>, &u64)| match gas {
            0 => (self.transfer_nanos, false),
            gas => (self.nanos(Call::of(tx, gas, &code_bytes)), true),
        };
        block.transactions.iter().zip(gas).map(takes).collect()
    }

    fn by_limits(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> Vec<Takes> {
        let [used, limits] = used_by_calls(block).unwrap_or([self.used_percent, 100]);
        let share = |limit: u64| u128::from(limit) * u128::from(used) / u128::from(limits.max(1));
        let takes = |tx: &Recovered<ChainTx>| match tx.input().is_empty() {
            true => (self.transfer_nanos, false),
            false => {
                let gas = u64::try_from(share(tx.gas_limit())).unwrap_or(u64::MAX);
                (self.nanos(Call::of(tx, gas, &code_bytes)), true)
            }
        };
        block.transactions.iter().map(takes).collect()
    }
}

/// The longest chain of transactions each of which starts when all that it waits for is committed.
fn longest_chain(takes: &[Takes], horizons: &IndexVec<TxIndex, TxIndex>) -> u64 {
    // When everything below a transaction is committed.
    let mut committed = vec![0_u64];
    for ((nanos, _), horizon) in takes.iter().zip(horizons) {
        let start = committed[horizon.as_usize()];
        let before = committed[committed.len() - 1];
        committed.push(before.max(start.saturating_add(*nanos)));
    }
    committed[committed.len() - 1]
}

/// What the calls of a block use together, by its header, and what their gas limits come to. Nothing
/// where the header does not say yet what the block uses.
fn used_by_calls(block: &Block) -> Option<[u64; 2]> {
    let mut used = block.header.gas_used;
    if used == 0 {
        return None;
    }
    let mut limits = 0_u64;
    for tx in &block.transactions {
        match tx.input().is_empty() {
            true => used = used.saturating_sub(tx.gas_limit().min(TRANSFER_GAS)),
            false => limits = limits.saturating_add(tx.gas_limit()),
        }
    }
    Some([used.min(limits), limits])
}

#[cfg(test)]
mod tests;
