//! Which bits of a storage word does a value take?
//!
//! Before → after: `shr(112, load) & (2^112 - 1)` → bits 112..224 of `load`; `load & 0xff` → bits
//! 0..8; `shr(160, load)` → bits 160..256; `load & ~0xff00` → bits 8..16, which a store is about to
//! replace.
//! Guard: the mask is one run of ones, or all ones but one run. A mask that keeps the high end is
//! taken to make room below it, for reading the high end needs a shift and no mask.

use core::fmt;

use alloy_primitives::U256;

use crate::ir::{Op, Term, TermId, TermPool};

/// A run of bits in a word, counted from the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field {
    /// The lowest bit.
    pub from: u16,
    /// Behind the highest bit.
    pub to: u16,
}

/// All bits of a word.
const WORD: u16 = 256;

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

/// The word that `term` is a part of, and which part: never the whole.
pub(crate) fn field_of(pool: &TermPool<'_>, term: TermId) -> Option<(TermId, Field)> {
    let Term::Apply(op, [a, b, _]) = pool.get(term) else { return None };
    match op {
        Op::Shr => {
            let (word, field) = masked(pool, b);
            let by = u16::try_from(pool.as_usize(a)?).ok()?;
            let field = Field { from: field.from.max(by), ..field };
            (field.from < field.to && by != 0).then_some((word, field))
        }
        Op::And => {
            let (inner, mask) = pool.with_const(a, b)?;
            let (word, low) = shifted(pool, inner);
            let field = kept_or_cleared(mask)?;
            let field = Field {
                from: field.from.saturating_add(low),
                to: field.to.saturating_add(low).min(WORD),
            };
            (field.from < field.to).then_some((word, field))
        }
        Op::SignExtend => {
            let bytes = u16::try_from(pool.as_usize(a)?).ok()?.checked_add(1)?;
            let (word, low) = shifted(pool, b);
            let to = bytes.checked_mul(8)?.checked_add(low)?;
            (to < WORD || low != 0 && to == WORD).then_some((word, Field { from: low, to }))
        }
        _ => None,
    }
}

/// `term` as a word shifted down by a constant.
fn shifted(pool: &TermPool<'_>, term: TermId) -> (TermId, u16) {
    match pool.get(term) {
        Term::Apply(Op::Shr, [by, word, _]) => {
            let by = pool.as_usize(by).and_then(|by| u16::try_from(by).ok());
            by.filter(|&by| by < WORD).map_or((term, 0), |by| (word, by))
        }
        _ => (term, 0),
    }
}

/// `term` as a word of which a mask keeps one run.
fn masked(pool: &TermPool<'_>, term: TermId) -> (TermId, Field) {
    let all = Field { from: 0, to: WORD };
    let Term::Apply(Op::And, [a, b, _]) = pool.get(term) else { return (term, all) };
    pool.with_const(a, b)
        .and_then(|(word, mask)| Some((word, run(mask)?)))
        .map_or((term, all), |(word, field)| (word, field))
}

/// The run that `mask` keeps, or the one it clears.
fn kept_or_cleared(mask: U256) -> Option<Field> {
    match mask.bit(255) {
        true => run(!mask),
        false => run(mask),
    }
}

/// The ones of `bits` as one run, if they are one.
fn run(bits: U256) -> Option<Field> {
    if bits.is_zero() {
        return None;
    }
    let from = bits.trailing_zeros();
    let ones = bits >> from;
    let is_run = (ones & ones.wrapping_add(U256::ONE)).is_zero();
    is_run.then(|| Field { from: from as u16, to: bits.bit_len() as u16 })
}

#[cfg(test)]
mod tests;
