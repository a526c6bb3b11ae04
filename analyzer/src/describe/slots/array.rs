//! Which slots belong to an array or to a struct?
//!
//! Before → after: `keccak(slot)` → the elements of the dynamic array at `slot`;
//! `slot + i * size + n` → member `n` of some element, where `slot` may be such a hash, an element
//! of a mapping, or a plain number.
//! Guard: some summand leads to a slot, or else the sum has a constant to be the base of a static
//! array. A summand that leads to neither is an index, whatever it is computed from, unless it is a
//! hash: an unknown place plus a constant is an unknown place.

use alloy_primitives::U256;

use super::{Found, Recovery, SlotShape, Step, linear::Sum};
use crate::ir::{Effect, Term, TermId};

/// Constant addends from this on are differences, as in `length - 1`, not members of a struct.
const MAX_OFFSET: U256 = U256::from_limbs([1 << 16, 0, 0, 0]);

impl Recovery<'_, '_> {
    /// keccak256 of the one word `slot`.
    pub(super) fn elements(&mut self, slot: TermId) -> Found {
        self.find(slot).step(Step::Elements)
    }

    /// An operation; only sums lead anywhere.
    pub(super) fn sum(&mut self, term: TermId) -> Found {
        let sum = Sum::new(self.pool, term);
        if sum.summands.as_slice() == [(term, 1)] {
            return Found::opaque();
        }
        let mut base = Found::default();
        let mut is_indexed = false;
        for &(summand, factor) in &sum.summands {
            let found = if factor == 1 { self.find(summand) } else { Found::opaque() };
            let is_hashed = found.shapes.iter().any(SlotShape::is_hashed);
            let is_better = base.shapes.is_empty()
                || is_hashed && !base.shapes.iter().any(SlotShape::is_hashed);
            if found.outermost.is_some() && found.shapes.is_empty() {
                base.merge(found);
            } else if !found.shapes.is_empty() && is_better {
                is_indexed |= !base.shapes.is_empty();
                base = Found { outermost: base.outermost.or(found.outermost), ..found };
            } else if found.shapes.is_empty() && self.is_hash(summand) {
                return Found::opaque();
            } else {
                is_indexed = true;
            }
        }
        let found = self.offset(base, sum.constant);
        if is_indexed { found.step(Step::Index) } else { found }
    }

    /// `base` plus a constant.
    fn offset(&mut self, base: Found, constant: U256) -> Found {
        if !base.shapes.is_empty() && constant < MAX_OFFSET {
            return base.step(Step::Offset(constant.to()));
        }
        // The hash of an array's slot may be the constant, and what looked like a slot its index.
        let of_constant = self.constant(constant);
        if of_constant.shapes.iter().any(SlotShape::is_hashed) {
            return of_constant.step(Step::Index);
        }
        match (base.shapes.is_empty(), base.outermost, constant.is_zero()) {
            (false, _, _) => base.step(Step::Index),
            // A loop's variable taken further: the loop's start will tell its base.
            (true, Some(_), _) => base,
            (true, None, true) => Found::opaque(),
            (true, None, false) => of_constant,
        }
    }

    /// Whether `term` is a hash, which is a place of its own and no index.
    fn is_hash(&self, term: TermId) -> bool {
        matches!(self.pool.get(term), Term::Keccak(_))
            || matches!(self.effect(term), Some((_, Effect::Keccak { .. })))
    }
}
