//! What would the storage of a contract in use hold?
//!
//! In: a contract's storage layout. Out: [`Plausible`], which gives each declared slot a word of its
//! variables' types: flags, addresses of contracts that are there, amounts, short texts.
//! Invariant: a word depends on the layout, the slot and the generator alone.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use slotcast_corpus::{
    Contract,
    contract::{StorageLayout, Variable, short_string},
};

use super::rng::Rng;

/// A variable's place within its slot, and what it may hold.
#[derive(Clone, Copy, Debug)]
struct Field {
    /// Bits from the low end.
    offset: usize,
    /// Bits.
    width: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Flag,
    Address,
    Contract,
    Number,
    Text,
    Length,
}

/// The declared slots of one contract.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plausible {
    slots: BTreeMap<U256, Vec<Field>>,
}

impl Plausible {
    pub(crate) fn new(contract: &Contract) -> Self {
        let mut plausible = Self::default();
        if let Some(layout) = &contract.layout {
            for variable in &layout.storage {
                plausible.declare(variable, U256::ZERO, layout);
            }
        }
        plausible
    }

    fn declare(&mut self, variable: &Variable, base: U256, layout: &StorageLayout) {
        let slot = base.wrapping_add(variable.slot);
        let Some(known) = layout.types.get(&variable.type_name) else { return };
        for member in &known.members {
            self.declare(member, slot, layout);
        }
        let kind = match (known.encoding.as_str(), known.label.as_str()) {
            _ if !known.members.is_empty() => return,
            ("bytes", _) => Kind::Text,
            ("dynamic_array", _) => Kind::Length,
            ("inplace" | "vyper_inplace", "bool") => Kind::Flag,
            ("inplace" | "vyper_inplace", "address") => Kind::Address,
            ("inplace", label) if label.starts_with("contract ") => Kind::Contract,
            ("inplace", label) if label.starts_with("enum ") => Kind::Flag,
            ("inplace" | "vyper_inplace", _) => Kind::Number,
            _ => return,
        };
        let width = 8 * known.number_of_bytes.saturating_to::<usize>();
        if width <= 256 {
            let field = Field { offset: 8 * usize::from(variable.offset), width, kind };
            self.slots.entry(slot).or_default().push(field);
        }
    }

    /// A word for a slot; none when the layout does not declare it.
    pub(crate) fn word(
        &self,
        key: U256,
        rng: &mut Rng,
        tokens: &[Address],
        others: &[Address],
    ) -> Option<U256> {
        let fields = self.slots.get(&key)?;
        let mut word = U256::ZERO;
        for field in fields {
            let address = |address: Address| U256::from_be_bytes(address.into_word().0);
            let value = match field.kind {
                Kind::Flag => U256::from(rng.below(2)),
                Kind::Contract => address(rng.pick(tokens)),
                Kind::Address => match rng.below(3) {
                    0 => address(rng.pick(others)),
                    1 => address(rng.pick(tokens)),
                    _ => address(others[0]),
                },
                Kind::Number => number(field.width, rng),
                Kind::Text => short_string(["", "a", "Some Token"][rng.below(3) as usize]),
                Kind::Length => U256::from(rng.below(4)),
            };
            word |= (value & (U256::MAX >> (256 - field.width))) << field.offset;
        }
        Some(word)
    }
}

/// Amounts for wide fields, counts for narrow ones; one and zero are flags and locks.
pub(crate) fn number(width: usize, rng: &mut Rng) -> U256 {
    match (rng.below(8), width) {
        (0, _) => U256::ZERO,
        (1..=3, _) => U256::ONE,
        (4, _) => U256::from(rng.below(100)),
        (5, 33..) => U256::from(1_771_600_007 - rng.below(2)),
        (_, 65..) => U256::from(1 + rng.below(1_000)) * U256::from(10).pow(U256::from(18)),
        _ => U256::from(rng.below(1 << 20)),
    }
}
