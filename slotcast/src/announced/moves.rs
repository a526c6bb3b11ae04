//! How does what a transaction leaves in storage follow from what it finds there?
//!
//! In: a transaction, what it is bound by, and its binding. Out: [`Moves`], of each slot that it changes
//! whether what it leaves stays the same when something else is found, or moves along with it.
//! Invariant: it is advice; what it is wrong about costs a re-execution.
//!
//! The transaction is bound once more on a state in which every slot that it changes holds something
//! else, each moved by an amount of its own. If it goes the same way, what is left tells: a token's
//! balance moves by just what was added to it, a flag that is set stays, and what is anything else moves
//! otherwise, a price for one. Amounts grow with what is there, so that an exchange rate shows too.

use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::transaction::Recovered;
use alloy_primitives::U256;
use slotcast_analyzer::bind::{Binder, BlockWords, Bound, Changes, StateView};
use slotcast_executor::ChainTx;
use slotcast_model::{Coverage, Prediction, Slot, StorageAccess};

use crate::{overlay::StateOverlay, predict::bind_with_values};

/// A slot is moved by what is there divided by two to this power, so that what grows in proportion
/// shows, and what must suffice mostly still does.
const SHIFT_BITS: usize = 7;

/// What a slot is left with when something else is found in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// The same.
    Stays,
    /// What is found and this, modulo 2^256.
    Adds(U256),
}

/// What a transaction leaves when what it finds in the slots that it changes is something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moves {
    /// The slots that may be found otherwise, ascending, with what they are left with then, if that is
    /// known.
    slots: Vec<(Slot, Option<Move>)>,
    /// Whether all balances change by as much, and as much is left of accounts.
    keeps_accounts: bool,
}

impl Moves {
    /// The moves of a transaction that was bound like this.
    pub(super) fn of<S: StateView>(
        bound: &Bound,
        binder: &mut Binder,
        tx: &Recovered<ChainTx>,
        words: &BlockWords,
        view: &S,
    ) -> Self {
        let prediction = &bound.prediction;
        let storage = prediction.storage();
        let changed = storage.writes.iter().chain(&storage.deltas);
        let found = |slot: &Slot| Some((*slot, view.storage(slot.address, slot.key)?));
        let shift = |(n, (slot, found))| (slot, (found, shift_of(found, n)));
        let shifts: Shifts = changed.filter_map(found).enumerate().map(shift).collect();
        if shifts.is_empty() || prediction.coverage() == Coverage::Partial {
            return Self::default();
        }
        let moved = |(slot, (found, shift)): (&Slot, &(U256, U256))| {
            (*slot, Some(found.wrapping_add(*shift)))
        };
        let mut shifted = StateOverlay::new(view);
        shifted
            .apply(&Changes { storage: shifts.iter().map(moved).collect(), ..Changes::default() });
        let other = bind_with_values(binder, tx, words, &shifted);
        Self::between(prediction, &other.prediction, &shifts).unwrap_or_default()
    }

    /// The moves that two bindings tell, the other made on the shifted state; nothing if it goes another
    /// way.
    fn between(one: &Prediction, other: &Prediction, shifts: &Shifts) -> Option<Self> {
        if touched(one) != touched(other) || one.accounts() != other.accounts() {
            return None;
        }
        let value = |of: &Prediction, slot: &Slot| {
            let at = of.values().binary_search_by_key(slot, |(slot, _)| *slot).ok()?;
            Some(of.values()[at].1)
        };
        let how = |slot: &Slot, found: U256, shift: U256| {
            let (value, then) = (value(one, slot)?, value(other, slot)?);
            match then.wrapping_sub(value) {
                U256::ZERO => Some(Move::Stays),
                by if by == shift => Some(Move::Adds(value.wrapping_sub(found))),
                _ => None,
            }
        };
        let slots = shifts.iter().map(|(slot, (found, shift))| (*slot, how(slot, *found, *shift)));
        Some(Self {
            slots: slots.collect(),
            keeps_accounts: other.balance_changes() == one.balance_changes()
                && other.account_changes() == one.account_changes(),
        })
    }

    /// What is known of `slot`, if it may be found otherwise: what it is left with then, if anything.
    pub(crate) fn of_slot(&self, slot: &Slot) -> Option<Option<Move>> {
        let at = self.slots.binary_search_by_key(slot, |(slot, _)| *slot).ok()?;
        Some(self.slots[at].1)
    }

    /// Whether balances change by as much then, and as much is left of accounts.
    pub(crate) const fn keeps_accounts(&self) -> bool {
        self.keeps_accounts
    }
}

/// What is found in slots, and by how much they are moved.
type Shifts = BTreeMap<Slot, (U256, U256)>;

/// The slots that a transaction changes, and those that it reads besides; whether it only adds to them is
/// another matter.
fn touched(prediction: &Prediction) -> (BTreeSet<Slot>, BTreeSet<Slot>) {
    let StorageAccess { reads, writes, deltas } = prediction.storage();
    let all = |slots: &[Slot]| slots.iter().chain(deltas).copied().collect();
    (all(writes), all(reads))
}

/// By how much the `n`-th slot is moved, which holds this: no two by the same amount where they hold the
/// same, and towards the middle, so that nothing wraps around.
fn shift_of(word: U256, n: usize) -> U256 {
    let amount = (word >> SHIFT_BITS).wrapping_add(U256::from(n + 1));
    if word.bit(255) { U256::ZERO.wrapping_sub(amount) } else { amount }
}
