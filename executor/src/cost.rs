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
//! are neither predicted nor handed over. Several threads save at most `c − c / t`, and no more than
//! the longest call leaves. Dependencies take a tenth of it on two threads, and with waiting, handing
//! over and reading through versions about a third is left in the end. The former decides where
//! predictions are at hand and the schedule is still to be looked at, the latter where they must be
//! paid for. Several threads cost
//!
//! ```text
//! waking the others   +   (n × handing over   +   predicting: p / (1 + p) of c   +   m × scheduling) / t
//! ```
//!
//! where `p` is what predicting costs in parts of running: while one thread predicts, another runs the
//! start of the block in order, which then is not predicted.
//! All but waking is divided by `t` because it is shared, or the other threads execute meanwhile.
//!
//! What the block costs for certain stands against what may be saved, and `c` is an estimate: before
//! predicting from the gas limits of the calls, of which a known share is used on average, with
//! predictions at hand from what they touch. A unit of gas takes much less in the small contracts of
//! the first years than in those of today, so it is weighed by the size of the code that is entered.
//! The rest of the error is why the estimate counts only as far as every recorded block bears it out;
//! a block that is close to the line is run in order, where nothing can be lost.
//!
//! Blocks are turned away like that which would not be worth it even without any dependency. Whether
//! there are too many shows while they are predicted; see `outlook.rs`. With a whole schedule at hand
//! the time is simulated, dependencies and all.
//!
//! The unit costs are measured: `slotcast bench --units` prints those of the machine it runs on.

use alloy_consensus::{Transaction, TxEnvelope, transaction::Recovered};
use alloy_primitives::Address;
use core::num::NonZeroUsize;

use slotcast_model::{Index, IndexVec, TxIndex};
use slotcast_scheduler::{CostModel, Schedule, simulate_horizons};

use crate::{dataflow::Horizon, input::Block};

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
    /// The least share of the estimate that a recorded block's calls took, in percent.
    pub certain_percent: u64,
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
            transfer_nanos: 340,
            call: CostModel { base_nanos: 9_000, picos_per_gas: 120 },
            typical_code_bytes: 4_200,
            used_percent: 46,
            certain_percent: 17,
            hand_over_nanos: 1_300,
            wake_nanos: 50_000,
            predict_percent: 55,
            schedule_nanos: 260,
        }
    }
}

/// Whether predictions are at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// They have to be made first.
    ToBeMade,
    /// They are there, and cost nothing any more.
    AtHand,
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
    /// What to do with a block of which nothing is known but its transactions, and how many bytes of
    /// code there are at an address.
    pub fn course_of_block(
        &self,
        block: &Block,
        code_bytes: impl Fn(Address) -> usize,
        threads: usize,
        advice: Advice,
    ) -> Course {
        // Sizes need not be looked up where not even the largest would make a difference.
        let course = self.course_by_limits(block, |_| LARGEST_CODE_BYTES, threads, advice);
        match course {
            Course::InOrder => Course::InOrder,
            Course::Dataflow => self.course_by_limits(block, code_bytes, threads, advice),
        }
    }

    fn course_by_limits(
        &self,
        block: &Block,
        code_bytes: impl Fn(Address) -> usize,
        threads: usize,
        advice: Advice,
    ) -> Course {
        let call = |tx| self.call_by_limit(tx, &code_bytes);
        self.course_of_calls(block.transactions.iter().map(call), threads, advice)
    }

    /// The first transaction of `block` that is worth predicting while the block runs: those before it
    /// are run in order meanwhile, and should take as long.
    ///
    /// It follows from the block alone, whatever the number of threads: predicting is done by one, and
    /// so is running in order.
    pub fn first_predicted(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> TxIndex {
        let nanos = |tx: &Recovered<TxEnvelope>| self.nanos_by_limit(tx, &code_bytes);
        let all: Vec<u64> = block.transactions.iter().map(nanos).collect();
        let total = all.iter().fold(0, |sum: u64, &nanos| sum.saturating_add(nanos));
        let mut left = self.predicting_the_rest(total);
        let is_in_front = |nanos: &&u64| match left.checked_sub(**nanos) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        TxIndex::from_usize(all.iter().take_while(is_in_front).count())
    }

    /// How long it takes to predict what is left of a block when as much of it has been run in order
    /// meanwhile, if running all takes so long.
    const fn predicting_the_rest(&self, nanos: u64) -> u64 {
        nanos / (100 + self.predict_percent) * self.predict_percent
    }

    /// About how long a transaction of which nothing is predicted takes.
    pub fn nanos_by_limit(
        &self,
        tx: &Recovered<TxEnvelope>,
        code_bytes: impl Fn(Address) -> usize,
    ) -> u64 {
        match self.call_by_limit(tx, code_bytes) {
            Some(call) => self.nanos(call),
            None => self.transfer_nanos,
        }
    }

    /// A transaction as its gas limit has it; nothing for what is made in closed form.
    fn call_by_limit(
        &self,
        tx: &Recovered<TxEnvelope>,
        code_bytes: impl Fn(Address) -> usize,
    ) -> Option<Call> {
        let used = tx.gas_limit().saturating_mul(self.used_percent) / 100;
        (!tx.input().is_empty()).then(|| Call::of(tx, used, code_bytes))
    }

    /// What to do with a block of these transactions: the calls among them, and nothing for each that
    /// is made in closed form.
    pub fn course_of_calls(
        &self,
        txs: impl Iterator<Item = Option<Call>>,
        threads: usize,
        advice: Advice,
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
        let (left_percent, predicting) = match advice {
            Advice::ToBeMade => (ACHIEVED_PERCENT, self.predicting_the_rest(calls)),
            Advice::AtHand => (UNCHAINED_PERCENT, 0),
        };
        // However many threads, the longest call takes its time.
        let saved = (calls - certain(longest).max(calls / threads)) / 100 * left_percent;
        let shared = [
            self.hand_over_nanos.saturating_mul(n_calls),
            predicting,
            self.schedule_nanos.saturating_mul(n_txs),
        ];
        let shared = shared.into_iter().fold(0, u64::saturating_add) / threads;
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

/// How much of what two threads could save they do save on recorded blocks, with predictions at hand:
/// `slotcast bench` finds 1.22 times the speed of running in order by the same means, instead of twice.
const ACHIEVED_PERCENT: u64 = 36;

/// No code is larger (EIP-170).
const LARGEST_CODE_BYTES: usize = 24_576;

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

    fn block_of_calls(n: usize) -> Block {
        use alloy_consensus::{Header, SignableTransaction, TxLegacy};
        use alloy_primitives::{Signature, TxKind, U256};
        let tx = TxLegacy {
            gas_limit: 500_000,
            to: TxKind::Call(Address::ZERO),
            input: vec![1].into(),
            ..TxLegacy::default()
        };
        let tx = tx.into_signed(Signature::new(U256::ONE, U256::ONE, false)).into();
        Block {
            chain_id: 1,
            header: Header::default(),
            hash: Default::default(),
            transactions: vec![Recovered::new_unchecked(tx, Address::ZERO); n],
            withdrawals: None,
            forks: Default::default(),
            ommers: vec![],
        }
    }

    #[test]
    fn what_predicting_costs_decides_before_it_is_done() {
        let costs = |predict_percent| UnitCosts { predict_percent, ..UnitCosts::default() };
        let block = block_of_calls(400);
        let of = |units: UnitCosts, threads, advice| {
            units.course_of_block(&block, |_| 6_200, threads, advice)
        };
        assert_eq!(of(costs(10), 2, Advice::ToBeMade), Course::Dataflow);
        assert_eq!(of(costs(100), 2, Advice::ToBeMade), Course::InOrder);
        assert_eq!(of(costs(100), 2, Advice::AtHand), Course::Dataflow);
        assert_eq!(of(costs(10), 1, Advice::AtHand), Course::InOrder);
        // The same in a contract of a few instructions.
        let small = costs(10).course_of_block(&block, |_| 60, 2, Advice::AtHand);
        assert_eq!(small, Course::InOrder);
    }

    #[test]
    fn the_start_of_a_block_takes_as_long_as_predicting_the_rest() {
        let block = block_of_calls(300);
        let first = |predict_percent| {
            let costs = UnitCosts { predict_percent, ..UnitCosts::default() };
            costs.first_predicted(&block, |_| 6_200).0
        };
        assert_eq!(first(0), 0);
        // Of 300 calls, 100 are run while 200 are predicted in half of their time.
        assert_eq!(first(50), 100);
        assert_eq!(first(100), 150);
        let nothing = UnitCosts::default().first_predicted(&block_of_calls(0), |_| 6_200);
        assert_eq!(nothing, TxIndex(0));
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
