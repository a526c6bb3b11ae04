//! How much gas is left, about?
//!
//! In: what a program does. Out: the gas it costs, as far as it is modelled.
//! Invariant: an estimate from below. Instructions' fixed costs, storage, calls, hashes and copies
//! are counted; memory growth and logs of computed length are not, nor refunds. A transaction is
//! forecast to run out of gas only if this part alone is more than it has.

use alloy_primitives::U256;
use slotcast_model::Fork;

use super::journal::{Cell, Value};

/// Prices that forks changed, in gas (yellow paper appendix G; EIP-150, 2200, 2929, 3529).
#[derive(Clone, Copy, Debug)]
pub(super) struct Prices {
    /// Added for the first touch of a slot by SLOAD, whose fixed price is that of a warm one.
    pub(super) cold_slot: u64,
    /// Added for the first touch of an account.
    pub(super) cold_account: u64,
    /// Storing zero to non-zero for the first time.
    set: u64,
    /// Storing another value for the first time.
    reset: u64,
    /// Storing what is there, or storing again.
    dirty: u64,
    /// Added for the first touch of a slot by SSTORE.
    cold_store: u64,
    /// Whether a caller keeps a 64th part of its gas (EIP-150).
    pub(super) keeps_part: bool,
}

/// A block's fixed costs are taken when it is entered, those behind a call included; what a call
/// finds missing by less than this may be there.
pub(super) const GAS_SLACK: u64 = 200;
/// Added to a call that sends wei.
pub(super) const CALL_VALUE: u64 = 9_000;
/// Given to the callee of a call that sends wei.
pub(super) const CALL_STIPEND: u64 = 2_300;

impl Prices {
    pub(super) fn of(fork: Fork) -> Self {
        let before_istanbul = Self {
            cold_slot: 0,
            cold_account: 0,
            set: 20_000,
            reset: 5_000,
            dirty: 5_000,
            cold_store: 0,
            keeps_part: Fork::Tangerine <= fork,
        };
        if fork < Fork::Istanbul {
            return before_istanbul;
        }
        if fork < Fork::Berlin {
            return Self { dirty: 800, ..before_istanbul };
        }
        Self {
            cold_slot: 2_000,
            cold_account: 2_500,
            reset: 2_900,
            dirty: 100,
            cold_store: 2_100,
            ..before_istanbul
        }
    }

    /// What storing `new` costs in a slot that held `cell`.
    pub(super) fn store(&self, cell: &Cell, new: Value, is_first_touch: bool) -> u64 {
        let touch = if is_first_touch { self.cold_store } else { 0 };
        let nets = self.dirty != self.reset;
        let clean = !nets || cell.original == cell.current;
        let price = match (cell.current, new) {
            (Value::Known(old), Value::Known(new)) if nets && old == new => self.dirty,
            (Value::Known(old), Value::Known(new)) if clean && old.is_zero() && !new.is_zero() => {
                self.set
            }
            (Value::Known(_), Value::Known(_)) if clean => self.reset,
            // An unknown value is taken for the cheapest case: the estimate is one from below.
            _ => self.dirty,
        };
        touch + price
    }
}

/// What hashing or copying `len` bytes adds, at `per_word`.
pub(super) const fn per_word(len: usize, per_word: u64) -> u64 {
    (len as u64).div_ceil(32).saturating_mul(per_word)
}

/// A gas operand as a number; more than fits is all there is.
pub(super) fn saturate(gas: U256) -> u64 {
    u64::try_from(gas).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_priced_by_what_the_slot_held() {
        let known = |n: u64| Value::Known(U256::from(n));
        let cell = |original, current| Cell {
            original: known(original),
            current: known(current),
            only_added: false,
        };
        let price = |fork, cell: Cell, new| Prices::of(fork).store(&cell, known(new), true);
        assert_eq!(price(Fork::London, cell(0, 0), 1), 22_100);
        assert_eq!(price(Fork::London, cell(1, 1), 2), 5_000);
        assert_eq!(price(Fork::London, cell(1, 2), 3), 2_200);
        assert_eq!(price(Fork::London, cell(1, 1), 1), 2_200);
        assert_eq!(price(Fork::Istanbul, cell(0, 5), 1), 800);
        assert_eq!(price(Fork::Byzantium, cell(1, 2), 3), 5_000);
        assert_eq!(price(Fork::Byzantium, cell(0, 0), 3), 20_000);
    }
}
