//! Is a block worth several threads of which nothing is predicted yet, and what of it is worth
//! predicting?
//!
//! In: a block's transactions, the size of the codes they enter, [`UnitCosts`]. Out: a [`Course`], and
//! the first transaction to be predicted.
//! Invariants: both follow from the block and the unit costs; the first transaction to be predicted
//! does not depend on the number of threads.
//!
//! One thread predicts, in block order. Meanwhile another runs the first transactions in order, which
//! are not predicted; then all run what is predicted. On two threads, running `f` first takes
//!
//! ```text
//! max(f, predicting the rest)   +   max(rest / 2, longest of the rest)
//! ```
//!
//! and the best `f` is looked for. A block that two threads cannot speed up is not worth more of them,
//! so two are reckoned with whatever their number.
//!
//! A little less than half of what that saves is left in the end, for dependencies, waiting and reading
//! through versions; see [`ACHIEVED_PERCENT`]. Against it stand waking, handing over and scheduling.

use alloy_consensus::{Transaction, TxEnvelope, transaction::Recovered};
use alloy_primitives::Address;
use slotcast_model::{Index, TxIndex};

use super::{Call, Course, UnitCosts, course};
use crate::input::Block;

/// How much of what two threads could save is counted on: on recorded blocks of many calls they do save
/// from a tenth to three fifths, in the middle a little more than this.
const ACHIEVED_PERCENT: u64 = 45;

/// No code is larger (EIP-170).
const LARGEST_CODE_BYTES: usize = 24_576;

/// What a block comes to on two threads, in nanoseconds.
struct Plan {
    first_predicted: TxIndex,
    saved: u64,
    n_calls: u64,
}

/// What a transaction takes, in nanoseconds, and whether it is a call.
type Takes = (u64, bool);

impl UnitCosts {
    /// What to do with a block of which nothing is known but its transactions, and how many bytes of
    /// code there are at an address.
    pub fn course_of_block(
        &self,
        block: &Block,
        code_bytes: impl Fn(Address) -> usize,
        threads: usize,
    ) -> Course {
        if threads < 2 {
            return Course::InOrder;
        }
        // Sizes need not be looked up where not even the largest would make a difference.
        match self.course_by_limits(block, |_| LARGEST_CODE_BYTES) {
            Course::InOrder => Course::InOrder,
            Course::Dataflow => self.course_by_limits(block, code_bytes),
        }
    }

    fn course_by_limits(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> Course {
        let plan = self.plan(&self.takes(block, code_bytes));
        let handing_over = self.hand_over_nanos.saturating_mul(plan.n_calls);
        let scheduling = self.schedule_nanos.saturating_mul(block.n_transactions() as u64);
        let shared = handing_over.saturating_add(scheduling) / 2;
        course(self.wake_nanos.saturating_add(shared) < plan.saved / 100 * ACHIEVED_PERCENT)
    }

    /// The first transaction of `block` that is worth predicting while the block runs; those before it
    /// are run in order meanwhile.
    pub fn first_predicted(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> TxIndex {
        self.plan(&self.takes(block, code_bytes)).first_predicted
    }

    /// About how long a transaction of which nothing is predicted takes.
    pub fn nanos_by_limit(
        &self,
        tx: &Recovered<TxEnvelope>,
        code_bytes: impl Fn(Address) -> usize,
    ) -> u64 {
        let used = tx.gas_limit().saturating_mul(self.used_percent) / 100;
        match tx.input().is_empty() {
            true => self.transfer_nanos,
            false => self.nanos(Call::of(tx, used, code_bytes)),
        }
    }

    fn takes(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> Vec<Takes> {
        let takes = |tx| (self.nanos_by_limit(tx, &code_bytes), !tx.input().is_empty());
        block.transactions.iter().map(takes).collect()
    }

    /// The best way on two threads.
    fn plan(&self, takes: &[Takes]) -> Plan {
        let calls = || takes.iter().filter(|(_, is_call)| *is_call).map(|(nanos, _)| *nanos);
        let (n_calls, longest) = (calls().count() as u64, calls().max().unwrap_or(0));
        let all = takes.iter().fold(0_u64, |sum, (nanos, _)| sum.saturating_add(*nanos));
        // From the end: what is behind each transaction.
        let [mut rest, mut rest_of_calls, mut longest_of_rest] = [0_u64; 3];
        let mut best = (all, takes.len());
        for (at, &(nanos, is_call)) in takes.iter().enumerate().rev() {
            rest = rest.saturating_add(nanos);
            longest_of_rest = longest_of_rest.max(nanos);
            rest_of_calls = rest_of_calls.saturating_add(if is_call { nanos } else { 0 });
            let front = all - rest.min(all);
            let predicting = rest_of_calls / 100 * self.predict_percent;
            let together = front.max(predicting).saturating_add(longest_of_rest.max(rest / 2));
            best = best.min((together, at));
        }
        let (together, first) = best;
        let saved = (all - together) / 100 * self.certain_percent_of(n_calls, longest, all);
        Plan { first_predicted: TxIndex::from_usize(first), saved, n_calls }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let block = block_of_calls(400);
        let of = |predict_percent, code_bytes, threads| {
            let units = UnitCosts { predict_percent, ..UnitCosts::default() };
            units.course_of_block(&block, |_| code_bytes, threads)
        };
        assert_eq!(of(10, 6_200, 2), Course::Dataflow);
        assert_eq!(of(10, 6_200, 64), Course::Dataflow);
        assert_eq!(of(1_000, 6_200, 2), Course::InOrder);
        assert_eq!(of(10, 6_200, 1), Course::InOrder);
        // The same in a contract of a few instructions.
        assert_eq!(of(10, 60, 2), Course::InOrder);
    }

    #[test]
    fn a_call_that_is_most_of_a_block_is_run_before_the_rest_is_predicted() {
        let units = UnitCosts::default();
        let calls = |long_at: usize| -> Vec<Takes> {
            (0..100).map(|n| (if n == long_at { 6_000_000 } else { 100_000 }, true)).collect()
        };
        assert_eq!(units.plan(&calls(20)).first_predicted, TxIndex(21));
        // Nothing is left to save where one call takes nearly all.
        let mut alone = vec![(10_000, true); 100];
        alone[50].0 = 50_000_000;
        assert!(units.plan(&alone).saved < 1_000_000);
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
}
