//! How much gas is left, about?
//!
//! In: what a program does. Out: the gas it costs, as far as it is modelled.
//! Invariant: an estimate from below. Instructions' fixed costs, storage, calls, creations, hashes,
//! and the memory that the program still asks for are counted; what slicing left out is not. A frame is
//! predicted to run out of gas only if this part alone is more than it has; what it may use beyond is
//! bounded by [`most_uncounted`].

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
    /// What the first touch of an account takes that a destroyed one leaves everything to.
    pub(super) cold_heir: u64,
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
    /// What a frame must have more of than this to store (EIP-2200).
    pub(super) sentry: Option<u64>,
    /// Added to a call that sends wei.
    pub(super) call_value: u64,
    /// What creating takes before init code runs, and for each word of it (EIP-3860).
    pub(super) create: u64,
    pub(super) init_word: u64,
    /// For each byte of code left behind (yellow paper appendix G).
    pub(super) code_byte: u64,
    /// What may be due because a payment goes to an account that did not exist (EIP-161).
    pub(super) new_account: u64,
    /// What new state costs, which may come out of the reservoir (EIP-8037) and is not counted: a slot,
    /// an account, a byte of code.
    state_slot: u64,
    pub(super) state_account: u64,
    pub(super) state_byte: u64,
}

/// Given to the callee of a call that sends wei.
pub(super) const CALL_STIPEND: u64 = 2_300;

impl Prices {
    pub(super) fn of(fork: Fork) -> Self {
        let before_istanbul = Self {
            cold_slot: 0,
            cold_account: 0,
            cold_heir: 0,
            set: 20_000,
            reset: 5_000,
            dirty: 5_000,
            cold_store: 0,
            keeps_part: Fork::Tangerine <= fork,
            sentry: None,
            call_value: 9_000,
            create: 32_000,
            init_word: if Fork::Shanghai <= fork { 2 } else { 0 },
            code_byte: 200,
            new_account: 25_000,
            state_slot: 0,
            state_account: 0,
            state_byte: 0,
        };
        if fork < Fork::Istanbul {
            return before_istanbul;
        }
        let istanbul = Self { dirty: 800, sentry: Some(CALL_STIPEND), ..before_istanbul };
        if fork < Fork::Berlin {
            return istanbul;
        }
        let berlin = Self {
            cold_slot: 2_000,
            cold_account: 2_500,
            cold_heir: 2_600,
            reset: 2_900,
            dirty: 100,
            cold_store: 2_100,
            ..istanbul
        };
        if fork < Fork::Amsterdam {
            return berlin;
        }
        // EIP-8037 and 8038: of what creating state costs the part outside the reservoir.
        let (set, reset, create) = (10_100, 10_100, 12_000);
        let (state_slot, state_account, state_byte) = (97_920, 183_600, 1_530);
        Self {
            set,
            reset,
            create,
            cold_store: 2_000,
            call_value: 11_300,
            code_byte: 0,
            new_account: state_account,
            state_slot,
            state_account,
            state_byte,
            ..berlin
        }
    }

    /// The most that storing `new` can cost beyond what [`Self::store`] says.
    pub(super) fn uncounted_of_store(&self, cell: &Cell, new: Value) -> u64 {
        match (cell.original, cell.current, new) {
            (Value::Known(first), Value::Known(_), Value::Known(new)) => {
                let is_set = first.is_zero() && !new.is_zero();
                if is_set { self.state_slot } else { 0 }
            }
            _ => self.set + self.state_slot,
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

/// What memory of so many words costs (yellow paper appendix H).
pub(super) const fn memory(n_words: u64) -> u64 {
    n_words.saturating_mul(3).saturating_add(n_words.saturating_mul(n_words) / 512)
}

/// The most that a frame which used so much may have used beyond: memory and logs that slicing left
/// out, and `uncounted`, what is known not to be counted.
pub(super) const fn most_uncounted(used: u64, uncounted: u64) -> u64 {
    (300 + used / 16).saturating_add(uncounted)
}

/// A gas operand as a number; more than fits is all there is.
pub(super) fn saturate(gas: U256) -> u64 {
    u64::try_from(gas).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
