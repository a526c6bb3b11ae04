//! Whose code runs on this contract's storage?
//!
//! Before → after: the target of a DELEGATECALL → a constant account (EIP-1167 and libraries), or
//! the slot it is loaded from (EIP-1967, EIP-1822 and what came before), or neither, as with
//! beacons and with targets named in calldata.
//! Guard: masks to the 160 bits of an address are looked through; anything else computed is neither.

use alloy_primitives::Address;

use super::{Recovery, SlotShape, packed::field_of};
use crate::ir::{CallKind, Effect, TermId};

/// Where a delegated call finds its code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delegate {
    /// In an account that is part of this code.
    Account(Address),
    /// In the account that this slot names.
    Slot(SlotShape),
    /// In an account that is only known when the call is made.
    Computed,
}

impl Recovery<'_, '_> {
    /// Where `effect` finds the code it runs on this contract's storage, if it does that.
    pub(super) fn delegate(&mut self, effect: &Effect<TermId>) -> Option<Delegate> {
        let Effect::Call { kind: CallKind::DelegateCall | CallKind::CallCode, target, .. } =
            *effect
        else {
            return None;
        };
        let target = field_of(self.pool, target).map_or(target, |(word, _)| word);
        if let Some(account) = self.pool.as_const(target) {
            let bytes = account.to_be_bytes::<32>();
            return Some(Delegate::Account(Address::from_slice(&bytes[12..])));
        }
        let key = self.loaded_from(target);
        let shapes = key.map(|key| self.shapes(key)).unwrap_or_default();
        Some(shapes.into_iter().next().map_or(Delegate::Computed, Delegate::Slot))
    }

    /// The key of the load that gave `term`, if one did.
    pub(super) fn loaded_from(&self, term: TermId) -> Option<TermId> {
        match self.effect(term)?.1 {
            Effect::SLoad { key } => Some(key),
            _ => None,
        }
    }
}
