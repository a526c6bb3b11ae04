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
//! Let `S` be what all calls take one after the other, and `T` the least that two threads can take: half
//! of `S`, or the longest chain of transactions that wait for one another, as far as waits are known, or
//! the longest transaction. Plain transfers are made one after the other in any case. With `n` calls among
//! `m` transactions, threads pay when
//!
//! ```text
//! waking + (n × handing over + m × scheduling) / 2  <  certain share of (S − T)
//! and three tenths of everything  ≤  S − T
//! ```
//!
//! What two threads cannot speed up is not worth more of them, so the formula reckons with two
//! whatever their number. All but waking is halved because the threads share it, or the other executes
//! meanwhile.
//!
//! What a call takes is estimated from its gas limit and what the block uses together (which a header from
//! the chain states; for a block that is being built the usual share of the limits is taken), weighed by
//! the size of the code that is entered, because a unit of gas takes much less in small contracts; twice
//! the usual size counts most, for the more code there is the less of it a call runs. Where it is
//! predicted, by the slots, codes and bytes that it goes through, and by the gas that these do not explain,
//! less in small contracts as well. The estimate errs, which is why only a share of what is saved counts; a
//! block close to the line is run sequentially, where nothing can be lost.
//!
//! The unit costs are measured: `slotcast bench --units` prints those of the machine it runs on.

use alloy_consensus::{Transaction, transaction::Recovered};
use alloy_primitives::Address;
use slotcast_model::{Index as _, IndexVec, TxIndex};
use slotcast_scheduler::CostModel;

use crate::{input::Block, transaction::ChainTx};

/// A plan that saves less than this of a block is not followed, in percent: waiting for one another
/// and reading through versions could take as much. Of three recorded blocks between 20 and 30 percent
/// none gained more than a tenth over one thread, on two machines, and one lost a fifth.
const LEAST_SAVED_PERCENT: u64 = 30;

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
    /// What a call takes for each slot that it is predicted to read, and for each to change.
    pub slot_nanos: u64,
    /// The same for each code that it enters or looks at.
    pub code_nanos: u64,
    /// The same for each byte of its data, in picoseconds.
    pub byte_picos: u64,
    /// The same for each unit of gas that none of these explains, in picoseconds.
    pub computing_picos: u64,
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
    /// Computing takes more where there is nothing else (`bench --units` says how much); less than half
    /// of that is taken, since some of the gas that is left unexplained is for storage all the same.
    /// Handing over takes 2,500 on one thread; with two, recorded blocks of 30 to 150 calls miss 2,400 to
    /// 4,800 for each call of being twice as fast.
    fn default() -> Self {
        Self {
            transfer_nanos: 280,
            call: CostModel { base_nanos: 13_000, picos_per_gas: 180 },
            typical_code_bytes: 4_200,
            used_percent: 46,
            slot_nanos: 1_900,
            code_nanos: 4_300,
            byte_picos: 32_000,
            computing_picos: 400,
            certain_percent: 25,
            certain_by_limits_percent: 20,
            hand_over_nanos: 3_500,
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

/// What a call is predicted to go through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictedWork {
    /// Slots that it reads, and again those that it changes.
    pub slots: u64,
    /// Codes that it enters or looks at.
    pub codes: u64,
    /// How many bytes these codes have together; zero where it is not known.
    pub code_bytes: u64,
    /// Bytes of its data.
    pub bytes: u64,
    /// The gas that all this costs.
    pub gas: u64,
}

/// What a call takes, in nanoseconds; none for a plain transfer.
type Takes = Option<u64>;

/// How much more a call takes in large codes than in those of typical size.
const MOST_BY_SIZE: u64 = 2;

/// What the calls of a block take, as far as it can be estimated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Of each transaction; none for a plain transfer.
    takes: IndexVec<TxIndex, Takes>,
    /// The share of what it says is saved that counts.
    certain_percent: u64,
}

impl Estimate {
    /// All calls one after the other, in nanoseconds.
    pub fn nanos(&self) -> u64 {
        self.takes.iter().flatten().fold(0, |sum, nanos| sum.saturating_add(*nanos))
    }
}

impl UnitCosts {
    /// What the calls of a block take. `works` is what each is predicted to go through, none for what looks
    /// like a plain transfer; without it nothing is predicted. `code_bytes` is the size of the code at an
    /// address.
    pub fn estimate(
        &self,
        block: &Block,
        works: Option<&IndexVec<TxIndex, Option<PredictedWork>>>,
        code_bytes: impl Fn(Address) -> usize,
    ) -> Estimate {
        let (takes, certain_percent) = match works {
            None => (self.by_limits(block, code_bytes), self.certain_by_limits_percent),
            Some(works) => (self.by_predictions(block, works), self.certain_percent),
        };
        Estimate { takes, certain_percent }
    }

    /// Whether several threads may pay for a block at all: not where they would not even if all that
    /// gas limits tell were saved for certain. This looks at the block alone, so that what is known of it
    /// need not be looked up.
    pub fn may_pay(&self, block: &Block) -> bool {
        let typical = usize::try_from(self.typical_code_bytes).unwrap_or(usize::MAX);
        let estimate = Estimate { certain_percent: 100, ..self.estimate(block, None, |_| typical) };
        self.pays(&estimate, 0)
    }

    /// How to execute a block whose calls take this. `horizons` is up to where the first transactions wait,
    /// as many as are known yet; the others are taken to wait for one another as much.
    pub fn mode(
        &self,
        estimate: &Estimate,
        horizons: Option<&IndexVec<TxIndex, TxIndex>>,
    ) -> ExecutionMode {
        let Estimate { takes, .. } = estimate;
        let together = estimate.nanos();
        let one = takes.iter().flatten().max().copied().unwrap_or(0);
        let longest = match horizons {
            None => one,
            Some(horizons) => {
                let first = takes.iter().take(horizons.len()).flatten();
                let first: u128 = first.map(|nanos| u128::from(*nanos)).sum();
                let chain = u128::from(longest_chain(takes, horizons)) * u128::from(together);
                let chain = u64::try_from(chain / first.max(1)).unwrap_or(u64::MAX);
                one.max(chain.min(together))
            }
        };
        match self.pays(estimate, longest) {
            true => ExecutionMode::Parallel,
            false => ExecutionMode::Sequential,
        }
    }

    /// Whether threads pay when `longest` must be done one after the other.
    fn pays(&self, estimate: &Estimate, longest: u64) -> bool {
        let Estimate { takes, certain_percent } = estimate;
        let together = estimate.nanos();
        let saved = together - longest.max(together / 2);
        let (n, n_calls) = (takes.len() as u64, takes.iter().flatten().count() as u64);
        let all = together.saturating_add(self.transfer_nanos.saturating_mul(n - n_calls));
        let handing_over = self.hand_over_nanos.saturating_mul(n_calls);
        let scheduling = self.schedule_nanos.saturating_mul(n);
        let costs = self.wake_nanos.saturating_add(handing_over.saturating_add(scheduling) / 2);
        costs < saved / 100 * certain_percent && all / 100 * LEAST_SAVED_PERCENT <= saved
    }

    /// About how long a call takes that goes through this, in codes of usual size.
    pub const fn nanos_through(&self, work: PredictedWork) -> u64 {
        let slots = self.slot_nanos.saturating_mul(work.slots);
        let codes = self.code_nanos.saturating_mul(work.codes);
        let bytes = self.byte_picos.saturating_mul(work.bytes) / 1_000;
        slots.saturating_add(codes).saturating_add(bytes)
    }

    /// About how long a call takes.
    pub const fn nanos(&self, call: Call) -> u64 {
        let typical = if self.typical_code_bytes == 0 { 1 } else { self.typical_code_bytes };
        let most = typical.saturating_mul(MOST_BY_SIZE);
        let code_bytes = if most < call.code_bytes { most } else { call.code_bytes };
        self.call.nanos(call.gas).saturating_mul(code_bytes) / typical
    }

    fn by_predictions(
        &self,
        block: &Block,
        works: &IndexVec<TxIndex, Option<PredictedWork>>,
    ) -> IndexVec<TxIndex, Takes> {
        let used = self.used_of_limits(block);
        let takes = |(tx, work): (&Recovered<ChainTx>, &Option<PredictedWork>)| {
            let work = (*work)?;
            // What creates a contract pays most of its gas for storing the code.
            let computing = match tx.is_create() {
                true => 0,
                false => used(tx.gas_limit()).saturating_sub(work.gas),
            };
            let other = computing.saturating_mul(self.computing_picos) / 1_000;
            let nanos = self.nanos_through(work).saturating_add(other);
            let usual = work.codes.saturating_mul(self.typical_code_bytes);
            Some(match work.code_bytes {
                0 => nanos,
                bytes if usual <= bytes => nanos,
                bytes => nanos.saturating_mul(bytes) / usual,
            })
        };
        block.transactions.iter().zip(works).map(takes).collect()
    }

    fn by_limits(
        &self,
        block: &Block,
        code_bytes: impl Fn(Address) -> usize,
    ) -> IndexVec<TxIndex, Takes> {
        let used = self.used_of_limits(block);
        let takes = |tx: &Recovered<ChainTx>| match tx.input().is_empty() {
            true => None,
            false => Some(self.nanos(Call::of(tx, used(tx.gas_limit()), &code_bytes))),
        };
        block.transactions.iter().map(takes).collect()
    }

    /// About how much gas a call of this block uses, by its limit.
    fn used_of_limits(&self, block: &Block) -> impl Fn(u64) -> u64 + use<> {
        let [used, limits] = used_by_calls(block).unwrap_or([self.used_percent, 100]);
        move |limit| {
            let share = u128::from(limit) * u128::from(used) / u128::from(limits.max(1));
            u64::try_from(share).unwrap_or(u64::MAX)
        }
    }
}

/// The longest chain of transactions each of which starts when all that it waits for is committed.
fn longest_chain(takes: &IndexVec<TxIndex, Takes>, horizons: &IndexVec<TxIndex, TxIndex>) -> u64 {
    // When everything below a transaction is committed.
    let mut committed = vec![0_u64];
    for (nanos, horizon) in takes.iter().zip(horizons) {
        let start = committed[horizon.as_usize()];
        let before = committed[committed.len() - 1];
        committed.push(before.max(start.saturating_add(nanos.unwrap_or(0))));
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
