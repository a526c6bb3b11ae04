//! While the predictions of a block are looked at: is it still worth several threads?
//!
//! In: of one transaction after the other, about how much gas it uses and up to where it waits. Out:
//! whether to give up, from which moment on the rest of the block is run in order.
//! Invariants: the answer follows from what was told and the unit costs, never from a clock or the
//! number of threads, so that what is run speculatively is the same everywhere; once given up, it
//! stays given up.
//!
//! Whether a block's transactions wait for one another shows only when their predictions are looked
//! at. So whoever does looks now and then, after 16, 32, 64 transactions and so on: the part that is
//! known is simulated on two threads, and where that takes as long as running it in order, the rest is
//! run in order. What two threads cannot speed up is not worth more of them.
//! Looking costs in all about twice what simulating the whole block once would.

use core::num::NonZeroUsize;

use slotcast_model::{IndexVec, TxIndex};
use slotcast_scheduler::{Steps, simulate_streamed};

use crate::{
    cost::{TRANSFER_GAS, UnitCosts},
    dataflow::Horizon,
};

/// After how many transactions to look first.
const FIRST_LOOK: usize = 16;

/// What is known of a block so far.
#[derive(Debug)]
pub struct Outlook {
    units: UnitCosts,
    steps: IndexVec<TxIndex, Steps>,
    in_order_nanos: u64,
    next_look: usize,
    is_given_up: bool,
}

impl Outlook {
    /// The outlook for a block whose predictions are at hand and none of which is looked at yet.
    pub const fn new(units: UnitCosts) -> Self {
        let steps = IndexVec::new();
        let (in_order_nanos, next_look, is_given_up) = (0, FIRST_LOOK, false);
        Self { units, steps, in_order_nanos, next_look, is_given_up }
    }

    /// Whether the rest of the block is to be run in order.
    pub const fn is_given_up(&self) -> bool {
        self.is_given_up
    }

    /// Tells of the next transaction: the gas it uses, about, and up to where it waits.
    pub fn tell(&mut self, gas: u64, horizon: Horizon) {
        let UnitCosts { transfer_nanos, call, hand_over_nanos, schedule_nanos, .. } = self.units;
        let is_transfer = gas <= TRANSFER_GAS;
        let takes = if is_transfer { transfer_nanos } else { call.nanos(gas) };
        let (predict, horizon, half) = (schedule_nanos, horizon.0, hand_over_nanos / 2);
        let is_on_prefix = is_transfer || horizon.0 as usize == self.steps.len();
        self.steps.push(match is_on_prefix {
            true => Steps { predict, run: None, decide: takes, horizon },
            false => Steps { predict, run: Some(takes + half), decide: half, horizon },
        });
        self.in_order_nanos = self.in_order_nanos.saturating_add(takes);
        if self.steps.len() == self.next_look {
            self.next_look *= 2;
            let two = NonZeroUsize::MIN.saturating_add(1);
            self.is_given_up |= self.in_order_nanos <= simulate_streamed(&self.steps, two);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(hand_over_nanos: u64, horizon: fn(u32) -> u32) -> Outlook {
        let units = UnitCosts { hand_over_nanos, ..UnitCosts::default() };
        let mut outlook = Outlook::new(units);
        for n in 0..100 {
            outlook.tell(100_000, Horizon(TxIndex(horizon(n))));
        }
        outlook
    }

    #[test]
    fn chains_and_what_is_dear_to_hand_over_are_given_up_and_nothing_else() {
        assert!(!outlook(1_000, |_| 0).is_given_up());
        assert!(outlook(1_000, |n| n).is_given_up());
        assert!(outlook(100_000, |_| 0).is_given_up());
        // Every other one waits for the one before: two threads still win something.
        assert!(!outlook(1_000, |n| if n % 2 == 1 { n } else { 0 }).is_given_up());
    }

    #[test]
    fn a_few_transactions_decide_nothing() {
        let mut outlook = Outlook::new(UnitCosts::default());
        for n in 0..FIRST_LOOK as u32 - 1 {
            outlook.tell(100_000, Horizon(TxIndex(n)));
        }
        assert!(!outlook.is_given_up());
        outlook.tell(100_000, Horizon(TxIndex(FIRST_LOOK as u32 - 1)));
        assert!(outlook.is_given_up());
    }
}
