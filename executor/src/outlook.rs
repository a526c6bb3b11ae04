//! While a block is being predicted: is it still worth several threads?
//!
//! In: of one transaction after the other, about how much gas it uses and up to where it waits. Out:
//! whether to give up predicting, from which moment on the rest of the block is run in order.
//! Invariants: the answer follows from what was told and the unit costs, never from a clock or the
//! number of threads, so that what is run speculatively is the same everywhere; once given up, it
//! stays given up.
//!
//! Whether a block's transactions wait for one another shows only when they are predicted. So whoever
//! predicts looks now and then, first after 16 of them, then after twice as many of all, and so on: the part that is known is
//! simulated on two threads, predicting included, and where that takes as long as running it in order,
//! the rest is not predicted any more. What two threads cannot speed up is not worth more of them.
//! Looking costs in all about twice what simulating the whole block once would.

use core::num::NonZeroUsize;

use slotcast_model::{Index, IndexVec, TxIndex};
use slotcast_scheduler::{Steps, simulate_streamed};

use crate::{
    cost::{Advice, TRANSFER_GAS, UnitCosts},
    dataflow::Horizon,
};

/// After how many transactions to look first.
const FIRST_LOOK: usize = 16;

/// What is known of a block so far.
#[derive(Debug)]
pub struct Outlook {
    units: UnitCosts,
    advice: Advice,
    steps: IndexVec<TxIndex, Steps>,
    in_order_nanos: u64,
    next_look: usize,
    is_given_up: bool,
}

impl Outlook {
    /// The outlook for a block of which nothing is known, whose predictions are or are not at hand.
    pub const fn new(units: UnitCosts, advice: Advice) -> Self {
        let steps = IndexVec::new();
        let (in_order_nanos, next_look, is_given_up) = (0, FIRST_LOOK, false);
        Self { units, advice, steps, in_order_nanos, next_look, is_given_up }
    }

    /// Whether the rest of the block is to be run in order.
    pub const fn is_given_up(&self) -> bool {
        self.is_given_up
    }

    /// Tells that the next transaction is not predicted but run in order, in about so many
    /// nanoseconds.
    pub fn tell_unpredicted(&mut self, takes: u64) {
        let horizon = TxIndex::from_usize(self.steps.len());
        let predict = self.units.schedule_nanos;
        self.steps.push(Steps { predict, run: None, decide: takes, horizon });
        self.in_order_nanos = self.in_order_nanos.saturating_add(takes);
        self.next_look = self.steps.len() + FIRST_LOOK;
    }

    /// Tells of the next transaction: the gas it uses, about, and up to where it waits.
    pub fn tell(&mut self, gas: u64, horizon: Horizon) {
        let UnitCosts { transfer_nanos, call, hand_over_nanos, schedule_nanos, .. } = self.units;
        let is_transfer = gas <= TRANSFER_GAS;
        let takes = if is_transfer { transfer_nanos } else { call.nanos(gas) };
        let predicting = match self.advice {
            Advice::ToBeMade if !is_transfer => takes / 100 * self.units.predict_percent,
            Advice::ToBeMade | Advice::AtHand => 0,
        };
        let (predict, horizon, half) =
            (schedule_nanos + predicting, horizon.0, hand_over_nanos / 2);
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

    fn outlook(predict_percent: u64, horizon: fn(u32) -> u32) -> Outlook {
        let units = UnitCosts { predict_percent, ..UnitCosts::default() };
        let mut outlook = Outlook::new(units, Advice::ToBeMade);
        for n in 0..100 {
            outlook.tell(100_000, Horizon(TxIndex(horizon(n))));
        }
        outlook
    }

    #[test]
    fn chains_and_dear_predictions_are_given_up_and_nothing_else() {
        assert!(!outlook(30, |_| 0).is_given_up());
        assert!(outlook(30, |n| n).is_given_up());
        assert!(outlook(110, |_| 0).is_given_up());
        // Every other one waits for the one before: two threads still win something.
        assert!(!outlook(10, |n| if n % 2 == 1 { n } else { 0 }).is_given_up());
    }

    #[test]
    fn a_few_transactions_decide_nothing() {
        let mut outlook = Outlook::new(UnitCosts::default(), Advice::AtHand);
        for n in 0..FIRST_LOOK as u32 - 1 {
            outlook.tell(100_000, Horizon(TxIndex(n)));
        }
        assert!(!outlook.is_given_up());
        outlook.tell(100_000, Horizon(TxIndex(FIRST_LOOK as u32 - 1)));
        assert!(outlook.is_given_up());
    }
}
