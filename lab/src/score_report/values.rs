//! Does a transaction read what the predictions of those before it say they leave?
//!
//! In: a block's truth, with what every touched slot held when its turn came, and predictions in block
//! order. Out: for each transaction whether all slots it touches held what was predicted.
//! Invariants: what a prediction is known to write and not known to leave is unknown, and unknown is
//! not exact; a slot no prediction writes is that of the parent state.

use std::collections::BTreeMap;

use alloy_primitives::{U256, map::AddressSet};
use slotcast::Prepared;
use slotcast_model::{IndexVec, Prediction, Slot, TxIndex};

use super::judge::Truth;

/// Which transactions read predicted values only.
pub(super) fn values_held(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    truth: &Truth,
) -> IndexVec<TxIndex, bool> {
    let mut left = Left::default();
    let held = predictions.iter_enumerated().map(|(tx, prediction)| {
        let read = truth.observations[tx].reads.iter().zip(&truth.found[tx]);
        let held = read.into_iter().all(|(slot, value)| {
            left.value(slot, || prepared.state().storage(slot.address, slot.key)) == Some(*value)
        });
        left.add(prediction);
        held
    });
    held.collect()
}

/// What the predictions so far leave.
#[derive(Default)]
struct Left {
    slots: BTreeMap<Slot, Option<U256>>,
    cleared: AddressSet,
}

impl Left {
    fn value(&self, slot: &Slot, base: impl FnOnce() -> U256) -> Option<U256> {
        match self.slots.get(slot) {
            Some(value) => *value,
            None if self.cleared.contains(&slot.address) => Some(U256::ZERO),
            None => Some(base()),
        }
    }

    fn add(&mut self, prediction: &Prediction) {
        let storage = prediction.storage();
        for slot in storage.writes.iter().chain(&storage.deltas) {
            self.slots.insert(*slot, None);
        }
        for &(slot, value) in prediction.values() {
            self.slots.insert(slot, Some(value));
        }
        for &address in &prediction.accounts().destroyed {
            self.cleared.insert(address);
            self.slots.retain(|slot, _| slot.address != address);
        }
    }
}

#[cfg(test)]
mod tests;
