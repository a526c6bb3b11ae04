//! Which selector does a condition compare calldata with?
//!
//! In: the condition of a branch. Out: the selector, and which side is the function's.
//! Invariant: looks at terms alone, so that any form of dispatcher that folds to a comparison is found.

use alloy_primitives::U256;

use crate::ir::{Op, Term, TermId, TermPool};

/// `condition` without leading `iszero`s, and whether their number was odd.
pub(super) fn strip_negations(pool: &TermPool<'_>, mut condition: TermId) -> (TermId, bool) {
    let mut negated = false;
    while let Term::Apply(Op::IsZero, [inner, ..]) = pool.get(condition) {
        condition = inner;
        negated = !negated;
    }
    (condition, negated)
}

/// The selector that `condition` compares calldata with, and whether a condition that is not zero
/// means equal.
pub(super) fn selector_test(pool: &TermPool<'_>, condition: TermId) -> Option<(u32, bool)> {
    let Term::Apply(op, [a, b, _]) = pool.get(condition) else { return None };
    let (value, equal_when_set) = match (op, pool.as_const(a), pool.as_const(b)) {
        (Op::Eq, Some(value), _) if is_selector(pool, b) => (value, true),
        (Op::Eq, _, Some(value)) if is_selector(pool, a) => (value, true),
        (Op::Xor | Op::Sub, Some(value), _) if is_selector(pool, b) => (value, false),
        (Op::Xor, _, Some(value)) if is_selector(pool, a) => (value, false),
        // Subtracting a constant is folded to adding its negation.
        (Op::Add, _, Some(value)) if is_selector(pool, a) => (value.wrapping_neg(), false),
        (Op::Add, Some(value), _) if is_selector(pool, b) => (value.wrapping_neg(), false),
        _ => return None,
    };
    Some((u32::try_from(value).ok()?, equal_when_set))
}

/// Whether `x` is the first four bytes of calldata, `shr(224, calldata[0])`.
fn is_selector(pool: &TermPool<'_>, x: TermId) -> bool {
    let Term::Apply(Op::Shr, [by, word, _]) = pool.get(x) else { return false };
    let Term::CallData(at) = pool.get(word) else { return false };
    pool.as_const(by) == Some(U256::from(224)) && pool.as_const(at) == Some(U256::ZERO)
}
