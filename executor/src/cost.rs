//! Is a block worth several threads?
//!
//! In: a block, or its schedule, a number of threads, and [`UnitCosts`]. Out: a [`Course`].
//! Invariants: the choice follows from the block, the schedule and the unit costs alone, never from a
//! clock; it decides how long a block takes and never what it does; integer arithmetic only.
//!
//! # The sum
//!
//! Let `c` be what the block's calls take one after the other, `n` their number, `m` that of all
//! transactions, on `t` threads. Plain transfers are made in closed form by whoever decides, so they
//! are not handed over. With predictions at hand, several threads save at most `c − c / t`, and no more
//! than the longest call leaves; dependencies take a tenth of it on two threads. Several threads cost
//!
//! ```text
//! waking the others   +   (n × handing over   +   m × scheduling) / t
//! ```
//!
//! All but waking is divided by `t` because it is shared, or the other threads execute meanwhile. What
//! is saved where predictions are still to be made stands in `cost/unpredicted.rs`.
//!
//! What the block costs for certain stands against what may be saved, and `c` is an estimate: before
//! predicting from the gas limits of the calls and what the block uses together, with predictions at
//! hand from what they touch. A unit of gas takes much less in the small contracts of the first years
//! than in those of today, so it is weighed by the size of the code that is entered. The rest of the
//! error is why the estimate counts only as far as every recorded block bears it out; a block that is
//! close to the line is run in order, where nothing can be lost.
//!
//! Blocks are turned away like that which would not be worth it even without any dependency. Whether
//! there are too many shows while predictions at hand are looked at; see `outlook.rs`. With a whole
//! schedule at hand the time is simulated, dependencies and all.
//!
//! The unit costs are measured: `slotcast bench --units` prints those of the machine it runs on.

use alloy_consensus::{Transaction, TxEnvelope, transaction::Recovered};
use alloy_primitives::Address;
use core::num::NonZeroUsize;

use slotcast_model::{IndexVec, TxIndex};
use slotcast_scheduler::{CostModel, Schedule, simulate_horizons};

use crate::dataflow::Horizon;

mod unpredicted;

pub use unpredicted::Plan;

/// How a block is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// One transaction after the other.
    InOrder,
    /// On several threads, as the schedule advises.
    Dataflow,
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
    /// The least share of the estimate by predictions that a recorded block's calls took, in percent.
    pub certain_percent: u64,
    /// The same of the estimate by gas limits, where nothing is predicted.
    pub certain_by_limits_percent: u64,
    /// Nanoseconds to record what a run reads, hand it over and validate it.
    pub hand_over_nanos: u64,
    /// Nanoseconds until the other threads have woken up and gone home again.
    pub wake_nanos: u64,
    /// What predicting a call costs, in percent of running it.
    pub predict_percent: u64,
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
            certain_percent: 20,
            certain_by_limits_percent: 23,
            hand_over_nanos: 1_300,
            wake_nanos: 50_000,
            predict_percent: 53,
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
    pub fn of(tx: &Recovered<TxEnvelope>, gas: u64, code_bytes: impl Fn(Address) -> usize) -> Self {
        let code_bytes = tx.to().map_or(tx.input().len(), code_bytes) as u64;
        Self { gas, code_bytes }
    }
}

impl UnitCosts {
    /// What to do with a block of these transactions, all predicted: the calls among them, and nothing
    /// for each that is made in closed form.
    pub fn course_of_calls(
        &self,
        txs: impl Iterator<Item = Option<Call>>,
        threads: usize,
    ) -> Course {
        let [mut n_txs, mut n_calls, mut estimate, mut longest] = [0_u64; 4];
        for call in txs {
            n_txs += 1;
            if let Some(call) = call {
                n_calls += 1;
                let nanos = self.nanos(call);
                estimate = estimate.saturating_add(nanos);
                longest = longest.max(nanos);
            }
        }
        let certain = |nanos: u64| nanos / 100 * self.certain_percent;
        let (threads, calls) = (threads.max(1) as u64, certain(estimate));
        // However many threads, the longest call takes its time.
        let saved = (calls - certain(longest).max(calls / threads)) / 100 * UNCHAINED_PERCENT;
        let handing_over = self.hand_over_nanos.saturating_mul(n_calls);
        let scheduling = self.schedule_nanos.saturating_mul(n_txs);
        let shared = handing_over.saturating_add(scheduling) / threads;
        course(self.wake_nanos.saturating_add(shared) < saved)
    }

    /// About how long a call takes.
    pub const fn nanos(&self, call: Call) -> u64 {
        let nanos = self.call.nanos(call.gas).saturating_mul(call.code_bytes);
        nanos / if self.typical_code_bytes == 0 { 1 } else { self.typical_code_bytes }
    }

    /// What to do with a block whose schedule is made.
    pub fn course_of_schedule(&self, schedule: &Schedule, threads: usize) -> Course {
        let txs = schedule.weights().indices();
        let horizons = txs.map(|tx| Horizon::of(schedule, tx)).collect();
        self.course_of_horizons(&horizons, schedule.weights(), threads)
    }

    /// What to do with a block of which it is known up to where each transaction waits, and about how
    /// much gas it uses.
    pub fn course_of_horizons(
        &self,
        horizons: &IndexVec<TxIndex, Horizon>,
        gas: &IndexVec<TxIndex, u64>,
        threads: usize,
    ) -> Course {
        let Some(threads) = NonZeroUsize::new(threads).filter(|threads| 1 < threads.get()) else {
            return Course::InOrder;
        };
        // Plain transfers are made at their turn either way.
        let costs = |extra: u64| -> IndexVec<TxIndex, u64> {
            let nanos = |&gas: &u64| match gas <= TRANSFER_GAS {
                true => 0,
                false => self.call.nanos(gas).saturating_add(extra),
            };
            gas.iter().map(nanos).collect()
        };
        let in_order = costs(0).iter().fold(0, |sum: u64, &nanos| sum.saturating_add(nanos));
        let handed_over = costs(self.hand_over_nanos);
        let horizons = horizons.iter().map(|horizon| horizon.0).collect();
        let together = simulate_horizons(horizons, &handed_over, threads);
        course(together.saturating_add(self.wake_nanos) < in_order)
    }
}

/// How much of what threads could save the dependencies of recorded blocks leave on two threads:
/// without any overhead they allow 1.83 times the speed, instead of twice.
const UNCHAINED_PERCENT: u64 = 90;

/// The gas of a plain transfer.
pub(crate) const TRANSFER_GAS: u64 = 21_000;

const fn course(is_worth_it: bool) -> Course {
    if is_worth_it { Course::Dataflow } else { Course::InOrder }
}

#[cfg(test)]
mod tests {
    use slotcast_scheduler::{Forecast, Policy, schedule};

    use super::*;

    fn schedule_of(weights: &[u64], edges: &[(u32, u32)]) -> Schedule {
        use slotcast_model::{AccessSet, Location};
        let location = |n: u32| {
            Location::Balance(alloy_primitives::Address::left_padding_from(&n.to_be_bytes()))
        };
        let forecast = |(tx, &weight): (usize, &u64)| {
            let reads = edges.iter().filter(|edge| edge.1 as usize == tx);
            let reads = reads.map(|edge| location(edge.0)).collect();
            Forecast {
                access: AccessSet::new(reads, vec![location(tx as u32)], vec![]),
                weight,
                partial: false,
            }
        };
        schedule(&weights.iter().enumerate().map(forecast).collect(), &Policy::Optimistic)
    }

    #[test]
    fn chains_and_trifles_are_run_in_order() {
        let units = UnitCosts::default();
        let wide = schedule_of(&[200_000; 40], &[]);
        assert_eq!(units.course_of_schedule(&wide, 2), Course::Dataflow);
        assert_eq!(units.course_of_schedule(&wide, 1), Course::InOrder);
        let edges: Vec<_> = (1..40).map(|n| (n - 1, n)).collect();
        let chain = schedule_of(&[200_000; 40], &edges);
        assert_eq!(units.course_of_schedule(&chain, 8), Course::InOrder);
        let transfers = schedule_of(&[21_000; 400], &[]);
        assert_eq!(units.course_of_schedule(&transfers, 8), Course::InOrder);
        assert_eq!(units.course_of_schedule(&schedule_of(&[], &[]), 8), Course::InOrder);
    }
}
