//! Which slots does a frame load and store?
//!
//! In: SLOAD and SSTORE. Out: words, and the journal's slots.
//! Invariants: a slot is asked for once; a key that is not known is a gap and a wildcard.

use alloy_primitives::{Address, U256};
use slotcast_model::{Gap, Slot};

use super::{StateView, eval::Machine, journal::Value, running::Running};
use crate::program::Operand;

impl<S: StateView> Machine<'_, S> {
    pub(super) fn sload(
        &mut self,
        running: &mut Running<'_>,
        key: Operand,
        is_used: bool,
        only_adds: bool,
    ) -> Option<U256> {
        let Some(key) = running.get(key) else {
            self.unknown_key(running.frame.address);
            return None;
        };
        let slot = Slot::new(running.frame.address, key);
        let (at, cell, is_first) = self.work.journal.touch(slot, only_adds);
        if is_first {
            running.charge(self.prices.cold_slot);
        }
        match cell.current {
            Value::Unread if is_used => self.read(at, slot).known(),
            value => value.known(),
        }
    }

    pub(super) fn sstore(
        &mut self,
        running: &mut Running<'_>,
        key: Operand,
        value: Operand,
        only_adds: bool,
    ) {
        let Some(key) = running.get(key) else {
            return self.unknown_key(running.frame.address);
        };
        let slot = Slot::new(running.frame.address, key);
        let (at, mut cell, is_first) = self.work.journal.touch(slot, only_adds);
        if cell.current == Value::Unread {
            let value = self.read(at, slot);
            (cell.original, cell.current) = (value, value);
        }
        let value = Value::of(running.get(value));
        self.uncounted += self.prices.uncounted_of_store(&cell, value);
        running.charge(self.prices.store(&cell, value, is_first));
        self.work.journal.set(at, value);
    }

    /// Whether a frame may store: not where nothing may be changed, nor with as little gas as comes
    /// with wei (EIP-2200).
    pub(super) fn may_store(&mut self, running: &Running<'_>) -> bool {
        let Some(sentry) = self.prices.sentry else { return !running.frame.is_static };
        let above = running.frame.gas.checked_sub(sentry + 1);
        if above.is_some_and(|above| running.is_in_doubt(above, self.uncounted)) {
            self.doubt_gas(running.frame.depth);
        }
        above.is_some() && !running.frame.is_static
    }

    /// Asks the state for a slot that was not read before.
    pub(super) fn read(&mut self, at: usize, slot: Slot) -> Value {
        let word = if self.work.journal.is_created(slot.address) {
            Some(U256::ZERO)
        } else if self.may_read() {
            let word = self.state.storage(slot.address, slot.key);
            match word {
                Some(word) => self.rely(slot.into(), word),
                None => self.gap(Gap::MissingState),
            }
            word
        } else {
            None
        };
        let value = Value::of(word);
        self.work.journal.learn(at, value);
        value
    }

    fn unknown_key(&mut self, address: Address) {
        self.gap(Gap::UnknownKey);
        if !self.work.wildcards.contains(&address) {
            self.work.wildcards.push(address);
        }
    }
}
