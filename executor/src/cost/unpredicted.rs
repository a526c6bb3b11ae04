//! Is a block worth several threads of which nothing is predicted yet, and what of it is worth
//! predicting?
//!
//! In: a block's transactions, the size of the codes they enter, [`UnitCosts`]. Out: a [`Plan`].
//! Invariants: it follows from the block and the unit costs; the first transaction to be predicted
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
//! What calls take is told from their gas limits, of which they use a share. Who has the block from
//! the chain knows from its header what all of them use together, and so the share; who builds the
//! block does not, and the usual share is taken. How long a unit of gas takes differs from block to
//! block all the same, so only as much of what is saved counts as every recorded block bears out; see
//! [`UnitCosts::certain_by_limits_percent`]. Against it stand waking, handing over and scheduling.

use alloy_consensus::{Transaction, TxEnvelope, transaction::Recovered};
use alloy_primitives::Address;
use slotcast_model::{Index, TxIndex};

use super::{Call, TRANSFER_GAS, UnitCosts};
use crate::input::Block;

/// A plan that saves less than this of a block is not followed, in percent: waiting for one another
/// and reading through versions could take as much.
const LEAST_SAVED_PERCENT: u64 = 20;

/// How a block of which nothing is predicted yet goes on two threads or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The first transaction that is worth predicting while the block runs; those before it are run in
    /// order meanwhile.
    pub first_predicted: TxIndex,
    /// Whether that is expected to take less than running all in order, without predictions.
    pub is_worth_it: bool,
}

/// The best way on two threads, in nanoseconds.
struct Split {
    first_predicted: TxIndex,
    all: u64,
    saved: u64,
    n_calls: u64,
}

/// What a transaction takes, in nanoseconds, and whether it is a call.
type Takes = (u64, bool);

impl UnitCosts {
    /// Plans a block of which nothing is known but its transactions, perhaps what they use together,
    /// and how many bytes of code there are at an address.
    pub fn plan(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> Plan {
        let split = self.split(&self.takes(block, code_bytes));
        let Split { first_predicted, all, saved, n_calls } = split;
        let handing_over = self.hand_over_nanos.saturating_mul(n_calls);
        let scheduling = self.schedule_nanos.saturating_mul(block.n_transactions() as u64);
        let costs = self.wake_nanos.saturating_add(handing_over.saturating_add(scheduling) / 2);
        let is_worth_it = costs < saved / 100 * self.certain_by_limits_percent
            && all / 100 * LEAST_SAVED_PERCENT <= saved;
        Plan { first_predicted, is_worth_it }
    }

    /// About how long the calls of a block take, going by the same.
    pub fn nanos_of_calls(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> u64 {
        let takes = self.takes(block, code_bytes);
        let calls = takes.iter().filter(|(_, is_call)| *is_call);
        calls.fold(0, |sum, (nanos, _)| sum.saturating_add(*nanos))
    }

    fn takes(&self, block: &Block, code_bytes: impl Fn(Address) -> usize) -> Vec<Takes> {
        let [used, limits] = used_by_calls(block).unwrap_or([self.used_percent, 100]);
        let share = |limit: u64| u128::from(limit) * u128::from(used) / u128::from(limits.max(1));
        let takes = |tx: &Recovered<TxEnvelope>| match tx.input().is_empty() {
            true => (self.transfer_nanos, false),
            false => {
                let gas = u64::try_from(share(tx.gas_limit())).unwrap_or(u64::MAX);
                (self.nanos(Call::of(tx, gas, &code_bytes)), true)
            }
        };
        block.transactions.iter().map(takes).collect()
    }

    fn split(&self, takes: &[Takes]) -> Split {
        let n_calls = takes.iter().filter(|(_, is_call)| *is_call).count() as u64;
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
        Split { first_predicted: TxIndex::from_usize(first), all, saved: all - together, n_calls }
    }
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
mod tests {
    use alloy_consensus::{Header, SignableTransaction, TxLegacy};
    use alloy_primitives::{Signature, TxKind, U256};

    use super::*;

    fn call(gas_limit: u64) -> Recovered<TxEnvelope> {
        let to = TxKind::Call(Address::ZERO);
        let tx = TxLegacy { gas_limit, to, input: vec![1].into(), ..TxLegacy::default() };
        let tx = tx.into_signed(Signature::new(U256::ONE, U256::ONE, false)).into();
        Recovered::new_unchecked(tx, Address::ZERO)
    }

    fn block_of_calls(n: usize) -> Block {
        Block {
            chain_id: 1,
            header: Header::default(),
            hash: Default::default(),
            transactions: vec![call(500_000); n],
            withdrawals: None,
            forks: Default::default(),
            ommers: vec![],
        }
    }

    #[test]
    fn what_predicting_costs_decides_before_it_is_done() {
        let block = block_of_calls(400);
        let is_worth_it = |predict_percent, code_bytes| {
            let units = UnitCosts { predict_percent, ..UnitCosts::default() };
            units.plan(&block, |_| code_bytes).is_worth_it
        };
        assert!(is_worth_it(10, 6_200));
        assert!(!is_worth_it(1_000, 6_200));
        // The same in a contract of a few instructions.
        assert!(!is_worth_it(10, 60));
    }

    #[test]
    fn what_the_block_uses_together_decides_when_it_is_known() {
        let mut block = block_of_calls(60);
        let units = UnitCosts::default();
        let nanos = |block: &Block| units.nanos_of_calls(block, |_| 6_200);
        let is_worth_it = |block: &Block| units.plan(block, |_| 6_200).is_worth_it;
        let not_known = nanos(&block);
        assert!(is_worth_it(&block));
        // All that the limits allow, and next to nothing of it.
        block.header.gas_used = 60 * 500_000;
        assert!(not_known < nanos(&block));
        assert!(is_worth_it(&block));
        block.header.gas_used = 60 * 30_000;
        assert!(nanos(&block) < not_known / 2);
        assert!(!is_worth_it(&block));
        // A header that cannot be right changes nothing but the estimate.
        block.header.gas_used = u64::MAX;
        assert!(is_worth_it(&block));
    }

    #[test]
    fn a_call_that_is_most_of_a_block_is_run_before_the_rest_is_predicted() {
        let units = UnitCosts::default();
        let calls = |long_at: usize| -> Vec<Takes> {
            (0..100).map(|n| (if n == long_at { 6_000_000 } else { 100_000 }, true)).collect()
        };
        assert_eq!(units.split(&calls(20)).first_predicted, TxIndex(21));
        // Nothing is left to save where one call takes nearly all.
        let mut alone = vec![(10_000, true); 100];
        alone[50].0 = 50_000_000;
        assert!(units.split(&alone).saved < 1_000_000);
    }

    #[test]
    fn a_plan_that_saves_little_of_a_block_is_not_followed() {
        let units = UnitCosts::default();
        let is_worth_it = |longest: u64| {
            let mut block = block_of_calls(100);
            block.transactions[50] = call(longest);
            units.plan(&block, |_| 6_200).is_worth_it
        };
        assert!(is_worth_it(500_000));
        assert!(!is_worth_it(900_000_000));
    }

    #[test]
    fn the_start_of_a_block_takes_as_long_as_predicting_the_rest() {
        let block = block_of_calls(300);
        let first = |predict_percent| {
            let costs = UnitCosts { predict_percent, ..UnitCosts::default() };
            costs.plan(&block, |_| 6_200).first_predicted.0
        };
        assert_eq!(first(0), 0);
        // Of 300 calls, 100 are run while 200 are predicted in half of their time.
        assert_eq!(first(50), 100);
        assert_eq!(first(100), 150);
        let nothing = UnitCosts::default().plan(&block_of_calls(0), |_| 6_200);
        assert_eq!(nothing.first_predicted, TxIndex(0));
    }
}
