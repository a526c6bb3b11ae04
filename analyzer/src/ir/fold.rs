//! Which operations are simpler than they look?
//!
//! In: an operation on terms. Out: an equal term, as small as the rules make it.
//! Invariant: for every value of the leaves (and, where a selector is given, every calldata that
//! begins with it) the result has the value of the operation; a property test checks each rule against
//! exact arithmetic, and that each is tried.
//!
//! The rules, in the order they are tried:
//!
//! | rule | before → after |
//! | --- | --- |
//! | constants | all operands constant → the value |
//! | greater | `gt(a, b)` → `lt(b, a)`, `sgt` likewise |
//! | power of two | `div(x, 2^k)` → `shr(k, x)`, `mul` → `shl`, `mod(x, 2^k)` → `and(x, 2^k - 1)` |
//! | neutral | `x + 0`, `x * 1`, `x | 0`, `x ^ 0`, `shl(0, x)`, … → `x` |
//! | absorbing | `x * 0`, `x & 0` → `0`; `x | max` → `max` |
//! | same | `x - x`, `x ^ x`, `lt(x, x)` → `0`; `eq(x, x)` → `1`; `x & x`, `x | x` → `x` |
//! | sums | `(x + a) + b` → `x + (a + b)`, `x - a` → `x + (-a)`, constants last |
//! | masks | `(x & a) & b` → `x & (a & b)`; `x & m` → `x` where `x` has no bit outside `m` |
//! | shifts | `shl(a, shl(b, x))` → `shl(a + b, x)`, `shr` likewise |
//! | truth | `iszero(iszero(x))` → `x` for a truth value; `eq(x, 0)` → `iszero(x)` |
//! | selector | the top four bytes of calldata → the selector; calldata holds at least four bytes |

mod rule;

use alloy_primitives::U256;

use self::rule::{Rule, by};
use super::{Env, Op, Term, TermId, TermPool};
use crate::word;

/// `op` on up to three operands, simplified.
pub(super) fn apply(pool: &mut TermPool<'_>, op: Op, a: TermId, b: TermId, c: TermId) -> TermId {
    let constants = (pool.as_const(a), pool.as_const(b), pool.as_const(c));
    let all_constant = match (op.arity(), constants) {
        (1, (Some(a), _, _)) => Some([a, a, a]),
        (2, (Some(a), Some(b), _)) => Some([a, b, b]),
        (3, (Some(a), Some(b), Some(c))) => Some([a, b, c]),
        _ => None,
    };
    if let Some([a, b, c]) = all_constant {
        return by(Rule::Constants, pool.constant(word::eval(op, &a, &b, &c)));
    }
    let rewritten = match op.arity() {
        1 => unary(pool, op, a),
        2 => binary(pool, op, a, b),
        _ => None,
    };
    rewritten.unwrap_or_else(|| pool.raw(op, [a, b, c]))
}

fn unary(pool: &mut TermPool<'_>, op: Op, x: TermId) -> Option<TermId> {
    match (op, pool.get(x)) {
        (Op::IsZero, Term::Apply(Op::IsZero, [y, ..])) if bits(pool, y) <= 1 => {
            Some(by(Rule::TruthTwiceNegated, y))
        }
        (Op::IsZero, Term::Env(Env::CallDataSize)) if pool.selector().is_some() => {
            Some(by(Rule::CalldataIsThere, pool.constant(U256::ZERO)))
        }
        (Op::Not, Term::Apply(Op::Not, [y, ..])) => Some(by(Rule::NotTwice, y)),
        _ => None,
    }
}

fn binary(pool: &mut TermPool<'_>, op: Op, a: TermId, b: TermId) -> Option<TermId> {
    match op {
        Op::Gt => Some(by(Rule::Greater, pool.apply(Op::Lt, &[b, a]))),
        Op::SGt => Some(by(Rule::SignedGreater, pool.apply(Op::SLt, &[b, a]))),
        Op::Add => add(pool, a, b),
        Op::Sub => sub(pool, a, b),
        Op::Mul | Op::Div | Op::Mod => scale(pool, op, a, b),
        Op::And => and(pool, a, b),
        Op::Or | Op::Xor => or(pool, op, a, b),
        Op::Eq => eq(pool, a, b),
        Op::Lt => less(pool, a, b),
        Op::SLt if a == b => Some(by(Rule::SignedLessSame, pool.constant(U256::ZERO))),
        Op::Shl | Op::Shr => shift(pool, op, a, b),
        Op::Sar if pool.as_const(a) == Some(U256::ZERO) => Some(by(Rule::SarByZero, b)),
        Op::Exp if pool.as_const(b) == Some(U256::ONE) => Some(by(Rule::ExpToOne, a)),
        Op::Exp if pool.as_const(a) == Some(U256::from(2)) => {
            let one = pool.constant(U256::ONE);
            Some(by(Rule::ExpOfTwo, pool.apply(Op::Shl, &[b, one])))
        }
        Op::Byte => selector_byte(pool, a, b),
        _ => None,
    }
}

fn add(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if let Some((x, constant)) = pool.with_const(a, b) {
        if constant.is_zero() {
            return Some(by(Rule::AddZero, x));
        }
        if let Term::Apply(Op::Add, [y, z, _]) = pool.get(x)
            && let Some((y, inner)) = pool.with_const(y, z)
        {
            let sum = pool.constant(inner.wrapping_add(constant));
            return Some(by(Rule::AddTwice, pool.apply(Op::Add, &[y, sum])));
        }
        return None;
    }
    // A constant inside an operand moves outwards, so that sums with one base are recognised.
    for (x, y) in [(a, b), (b, a)] {
        if let Term::Apply(Op::Add, [p, q, _]) = pool.get(x)
            && let Some((p, constant)) = pool.with_const(p, q)
        {
            let inner = pool.apply(Op::Add, &[p, y]);
            let constant = pool.constant(constant);
            return Some(by(Rule::AddOutwards, pool.apply(Op::Add, &[inner, constant])));
        }
    }
    None
}

fn sub(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(by(Rule::SubSame, pool.constant(U256::ZERO)));
    }
    if let Some(constant) = pool.as_const(b) {
        let negated = pool.constant(constant.wrapping_neg());
        return Some(by(Rule::SubConstant, pool.apply(Op::Add, &[a, negated])));
    }
    // (x + c) - x → c, the length of a buffer that starts and ends at one pointer.
    let (base_a, offset_a) = base_offset(pool, a);
    let (base_b, offset_b) = base_offset(pool, b);
    (base_a == base_b && (base_a, base_b) != (a, b))
        .then(|| by(Rule::SubOfOneBase, pool.constant(offset_a.wrapping_sub(offset_b))))
}

/// A sum as its part that is not constant, and the constant.
pub(crate) fn base_offset(pool: &TermPool<'_>, x: TermId) -> (TermId, U256) {
    match pool.get(x) {
        Term::Apply(Op::Add, [a, b, _]) => pool.with_const(a, b).unwrap_or((x, U256::ZERO)),
        _ => (x, U256::ZERO),
    }
}

fn scale(pool: &mut TermPool<'_>, op: Op, a: TermId, b: TermId) -> Option<TermId> {
    let (x, factor) = match op {
        Op::Mul => pool.with_const(a, b)?,
        _ => (a, pool.as_const(b)?),
    };
    if factor.is_zero() {
        return Some(by(Rule::ScaleByZero, pool.constant(U256::ZERO)));
    }
    if factor.count_ones() != 1 {
        return None;
    }
    if op == Op::Mod {
        let mask = pool.constant(factor - U256::ONE);
        return Some(by(Rule::ModPowerOfTwo, pool.apply(Op::And, &[x, mask])));
    }
    let distance = pool.constant(U256::from(factor.trailing_zeros()));
    Some(match op {
        Op::Mul => by(Rule::MulPowerOfTwo, pool.apply(Op::Shl, &[distance, x])),
        _ => by(Rule::DivPowerOfTwo, pool.apply(Op::Shr, &[distance, x])),
    })
}

fn and(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(by(Rule::AndSame, a));
    }
    let (x, mask) = pool.with_const(a, b)?;
    if mask.is_zero() {
        return Some(by(Rule::AndZero, pool.constant(U256::ZERO)));
    }
    let is_low_mask = mask & mask.wrapping_add(U256::ONE) == U256::ZERO;
    if is_low_mask && bits(pool, x) <= mask.bit_len() {
        return Some(by(Rule::AndNothingLost, x));
    }
    if let Some(selector) = pool.selector()
        && is_first_word(pool, x)
        && mask.trailing_zeros() >= 224
    {
        let masked = pool.constant((U256::from(selector) << 224) & mask);
        return Some(by(Rule::AndOfSelector, masked));
    }
    match pool.get(x) {
        Term::Apply(Op::And, [y, z, _]) => {
            let (y, inner) = pool.with_const(y, z)?;
            let mask = pool.constant(mask & inner);
            Some(by(Rule::AndTwice, pool.apply(Op::And, &[y, mask])))
        }
        _ => None,
    }
}

fn or(pool: &mut TermPool<'_>, op: Op, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(match op {
            Op::Or => by(Rule::OrSame, a),
            _ => by(Rule::XorSame, pool.constant(U256::ZERO)),
        });
    }
    let (x, constant) = pool.with_const(a, b)?;
    if constant.is_zero() {
        return Some(by(Rule::OrZero, x));
    }
    (constant == U256::MAX).then(|| match op {
        Op::Or => by(Rule::OrAll, pool.constant(U256::MAX)),
        _ => by(Rule::XorAll, pool.apply(Op::Not, &[x])),
    })
}

fn eq(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(by(Rule::EqSame, pool.constant(U256::ONE)));
    }
    let (x, constant) = pool.with_const(a, b)?;
    if constant.is_zero() {
        return Some(by(Rule::EqZero, pool.apply(Op::IsZero, &[x])));
    }
    (bits(pool, x) < constant.bit_len()).then(|| by(Rule::EqTooNarrow, pool.constant(U256::ZERO)))
}

fn less(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(by(Rule::LessSame, pool.constant(U256::ZERO)));
    }
    if pool.as_const(b) == Some(U256::ZERO) {
        return Some(by(Rule::LessThanZero, pool.constant(U256::ZERO)));
    }
    if pool.as_const(a) == Some(U256::ZERO) {
        let zero = pool.apply(Op::IsZero, &[b]);
        return Some(by(Rule::ZeroIsLess, pool.apply(Op::IsZero, &[zero])));
    }
    pool.selector()?;
    let size = Term::Env(Env::CallDataSize);
    if pool.get(a) == size && pool.as_const(b)? <= U256::from(4) {
        return Some(by(Rule::SizeIsNotLess, pool.constant(U256::ZERO)));
    }
    (pool.get(b) == size && pool.as_const(a)? < U256::from(4))
        .then(|| by(Rule::LessThanSize, pool.constant(U256::ONE)))
}

fn shift(pool: &mut TermPool<'_>, op: Op, distance: TermId, x: TermId) -> Option<TermId> {
    let distance = pool.as_const(distance)?;
    if distance.is_zero() {
        return Some(by(Rule::ShiftByZero, x));
    }
    if U256::from(256) <= distance {
        return Some(by(Rule::ShiftAllOut, pool.constant(U256::ZERO)));
    }
    if let Some(selector) = pool.selector()
        && op == Op::Shr
        && U256::from(224) <= distance
        && is_first_word(pool, x)
    {
        let shifted = pool.constant(U256::from(selector) >> (distance - U256::from(224)));
        return Some(by(Rule::ShiftToSelector, shifted));
    }
    if op == Op::Shr && U256::from(bits(pool, x)) <= distance {
        return Some(by(Rule::ShiftNarrowOut, pool.constant(U256::ZERO)));
    }
    match pool.get(x) {
        Term::Apply(inner, [inner_by, y, _]) if inner == op => {
            let sum = pool.as_const(inner_by)?.saturating_add(distance);
            let sum = pool.constant(sum);
            Some(by(Rule::ShiftTwice, pool.apply(op, &[sum, y])))
        }
        _ => None,
    }
}

fn selector_byte(pool: &mut TermPool<'_>, at: TermId, x: TermId) -> Option<TermId> {
    let at = pool.as_usize(at)?;
    let selector = pool.selector()?;
    (at < 4 && is_first_word(pool, x))
        .then(|| by(Rule::SelectorByte, pool.constant(U256::from(selector.to_be_bytes()[at]))))
}

fn is_first_word(pool: &TermPool<'_>, x: TermId) -> bool {
    matches!(pool.get(x), Term::CallData(at) if pool.as_const(at) == Some(U256::ZERO))
}

/// How many low bits of `x` can be set: an upper bound found without looking deep.
pub(crate) fn bits(pool: &TermPool<'_>, x: TermId) -> usize {
    let constant = |id| pool.as_usize(id);
    match pool.get(x) {
        Term::Const(value) => value.bit_len(),
        Term::Env(Env::Address | Env::Caller | Env::Origin | Env::Coinbase) => 160,
        Term::Apply(op, [a, b, _]) => match op {
            Op::Lt | Op::Gt | Op::SLt | Op::SGt | Op::Eq | Op::IsZero => 1,
            Op::Byte => 8,
            Op::Clz => 9,
            Op::Shr => constant(a).map_or(256, |by| 256_usize.saturating_sub(by)),
            Op::And => match (pool.as_const(a), pool.as_const(b)) {
                (Some(mask), _) | (_, Some(mask)) => mask.bit_len(),
                _ => 256,
            },
            _ => 256,
        },
        _ => 256,
    }
}

#[cfg(test)]
mod tests;
