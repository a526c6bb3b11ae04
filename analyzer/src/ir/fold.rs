//! Which operations are simpler than they look?
//!
//! In: an operation on terms. Out: an equal term, as small as the rules make it.
//! Invariant: for every value of the leaves (and, where a selector is given, every calldata that
//! begins with it) the result has the value of the operation; `tests/it/stages.rs` and the property
//! test below check each rule against exact arithmetic.
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

use alloy_primitives::U256;

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
        return pool.constant(word::eval(op, a, b, c));
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
        (Op::IsZero, Term::Apply(Op::IsZero, [y, ..])) if bits(pool, y) <= 1 => Some(y),
        (Op::IsZero, Term::Env(Env::CallDataSize)) if pool.selector().is_some() => {
            Some(pool.constant(U256::ZERO))
        }
        (Op::Not, Term::Apply(Op::Not, [y, ..])) => Some(y),
        _ => None,
    }
}

fn binary(pool: &mut TermPool<'_>, op: Op, a: TermId, b: TermId) -> Option<TermId> {
    match op {
        Op::Gt => Some(pool.apply(Op::Lt, &[b, a])),
        Op::SGt => Some(pool.apply(Op::SLt, &[b, a])),
        Op::Add => add(pool, a, b),
        Op::Sub => sub(pool, a, b),
        Op::Mul | Op::Div | Op::Mod => scale(pool, op, a, b),
        Op::And => and(pool, a, b),
        Op::Or | Op::Xor => or(pool, op, a, b),
        Op::Eq => eq(pool, a, b),
        Op::Lt => less(pool, a, b),
        Op::SLt if a == b => Some(pool.constant(U256::ZERO)),
        Op::Shl | Op::Shr => shift(pool, op, a, b),
        Op::Sar if pool.as_const(a) == Some(U256::ZERO) => Some(b),
        Op::Exp if pool.as_const(b) == Some(U256::ONE) => Some(a),
        Op::Exp if pool.as_const(a) == Some(U256::from(2)) => {
            let one = pool.constant(U256::ONE);
            Some(pool.apply(Op::Shl, &[b, one]))
        }
        Op::Byte => selector_byte(pool, a, b),
        _ => None,
    }
}

/// The constant operand of a commuting operation, with the other one.
fn split(pool: &TermPool<'_>, a: TermId, b: TermId) -> Option<(TermId, U256)> {
    match (pool.as_const(a), pool.as_const(b)) {
        (_, Some(constant)) => Some((a, constant)),
        (Some(constant), _) => Some((b, constant)),
        _ => None,
    }
}

fn add(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if let Some((x, constant)) = split(pool, a, b) {
        if constant.is_zero() {
            return Some(x);
        }
        if let Term::Apply(Op::Add, [y, z, _]) = pool.get(x)
            && let Some((y, inner)) = split(pool, y, z)
        {
            let sum = pool.constant(inner.wrapping_add(constant));
            return Some(pool.apply(Op::Add, &[y, sum]));
        }
        return None;
    }
    // A constant inside an operand moves outwards, so that sums with one base are recognised.
    for (x, y) in [(a, b), (b, a)] {
        if let Term::Apply(Op::Add, [p, q, _]) = pool.get(x)
            && let Some((p, constant)) = split(pool, p, q)
        {
            let inner = pool.apply(Op::Add, &[p, y]);
            let constant = pool.constant(constant);
            return Some(pool.apply(Op::Add, &[inner, constant]));
        }
    }
    None
}

fn sub(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(pool.constant(U256::ZERO));
    }
    if let Some(constant) = pool.as_const(b) {
        let negated = pool.constant(constant.wrapping_neg());
        return Some(pool.apply(Op::Add, &[a, negated]));
    }
    // (x + c) - x → c, the length of a buffer that starts and ends at one pointer.
    let (base_a, offset_a) = base_offset(pool, a);
    let (base_b, offset_b) = base_offset(pool, b);
    (base_a == base_b && (base_a, base_b) != (a, b))
        .then(|| pool.constant(offset_a.wrapping_sub(offset_b)))
}

/// A sum as its part that is not constant, and the constant.
pub(crate) fn base_offset(pool: &TermPool<'_>, x: TermId) -> (TermId, U256) {
    match pool.get(x) {
        Term::Apply(Op::Add, [a, b, _]) => split(pool, a, b).unwrap_or((x, U256::ZERO)),
        _ => (x, U256::ZERO),
    }
}

fn scale(pool: &mut TermPool<'_>, op: Op, a: TermId, b: TermId) -> Option<TermId> {
    let (x, factor) = match op {
        Op::Mul => split(pool, a, b)?,
        _ => (a, pool.as_const(b)?),
    };
    if factor.is_zero() {
        return Some(pool.constant(U256::ZERO));
    }
    if factor.count_ones() != 1 {
        return None;
    }
    if op == Op::Mod {
        let mask = pool.constant(factor - U256::ONE);
        return Some(pool.apply(Op::And, &[x, mask]));
    }
    let by = pool.constant(U256::from(factor.trailing_zeros()));
    Some(pool.apply(if op == Op::Mul { Op::Shl } else { Op::Shr }, &[by, x]))
}

fn and(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(a);
    }
    let (x, mask) = split(pool, a, b)?;
    if mask.is_zero() {
        return Some(pool.constant(U256::ZERO));
    }
    let is_low_mask = mask & mask.wrapping_add(U256::ONE) == U256::ZERO;
    if is_low_mask && bits(pool, x) <= mask.bit_len() {
        return Some(x);
    }
    if let Some(selector) = pool.selector()
        && is_first_word(pool, x)
        && mask.trailing_zeros() >= 224
    {
        return Some(pool.constant((U256::from(selector) << 224) & mask));
    }
    match pool.get(x) {
        Term::Apply(Op::And, [y, z, _]) => {
            let (y, inner) = split(pool, y, z)?;
            let mask = pool.constant(mask & inner);
            Some(pool.apply(Op::And, &[y, mask]))
        }
        _ => None,
    }
}

fn or(pool: &mut TermPool<'_>, op: Op, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(if op == Op::Or { a } else { pool.constant(U256::ZERO) });
    }
    let (x, constant) = split(pool, a, b)?;
    if constant.is_zero() {
        return Some(x);
    }
    (constant == U256::MAX).then(|| match op {
        Op::Or => pool.constant(U256::MAX),
        _ => pool.apply(Op::Not, &[x]),
    })
}

fn eq(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if a == b {
        return Some(pool.constant(U256::ONE));
    }
    let (x, constant) = split(pool, a, b)?;
    if constant.is_zero() {
        return Some(pool.apply(Op::IsZero, &[x]));
    }
    (bits(pool, x) < constant.bit_len()).then(|| pool.constant(U256::ZERO))
}

fn less(pool: &mut TermPool<'_>, a: TermId, b: TermId) -> Option<TermId> {
    if a == b || pool.as_const(b) == Some(U256::ZERO) {
        return Some(pool.constant(U256::ZERO));
    }
    if pool.as_const(a) == Some(U256::ZERO) {
        let zero = pool.apply(Op::IsZero, &[b]);
        return Some(pool.apply(Op::IsZero, &[zero]));
    }
    pool.selector()?;
    let size = Term::Env(Env::CallDataSize);
    if pool.get(a) == size && pool.as_const(b)? <= U256::from(4) {
        return Some(pool.constant(U256::ZERO));
    }
    (pool.get(b) == size && pool.as_const(a)? < U256::from(4)).then(|| pool.constant(U256::ONE))
}

fn shift(pool: &mut TermPool<'_>, op: Op, by: TermId, x: TermId) -> Option<TermId> {
    let distance = pool.as_const(by)?;
    if distance.is_zero() {
        return Some(x);
    }
    if U256::from(256) <= distance {
        return Some(pool.constant(U256::ZERO));
    }
    if let Some(selector) = pool.selector()
        && op == Op::Shr
        && U256::from(224) <= distance
        && is_first_word(pool, x)
    {
        return Some(pool.constant(U256::from(selector) >> (distance - U256::from(224))));
    }
    if op == Op::Shr && U256::from(bits(pool, x)) <= distance {
        return Some(pool.constant(U256::ZERO));
    }
    match pool.get(x) {
        Term::Apply(inner, [inner_by, y, _]) if inner == op => {
            let sum = pool.as_const(inner_by)?.saturating_add(distance);
            let by = pool.constant(sum);
            Some(pool.apply(op, &[by, y]))
        }
        _ => None,
    }
}

fn selector_byte(pool: &mut TermPool<'_>, at: TermId, x: TermId) -> Option<TermId> {
    let at = pool.as_usize(at)?;
    let selector = pool.selector()?;
    (at < 4 && is_first_word(pool, x))
        .then(|| pool.constant(U256::from(selector.to_be_bytes()[at])))
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
mod tests {
    use bumpalo::Bump;
    use proptest::prelude::*;

    use super::*;

    const OPS: [Op; 26] = [
        Op::Add,
        Op::Mul,
        Op::Sub,
        Op::Div,
        Op::SDiv,
        Op::Mod,
        Op::SMod,
        Op::AddMod,
        Op::MulMod,
        Op::Exp,
        Op::SignExtend,
        Op::Lt,
        Op::Gt,
        Op::SLt,
        Op::SGt,
        Op::Eq,
        Op::IsZero,
        Op::And,
        Op::Or,
        Op::Xor,
        Op::Not,
        Op::Byte,
        Op::Shl,
        Op::Shr,
        Op::Sar,
        Op::Clz,
    ];

    const CALLER: U256 = U256::from_limbs([0x1234_5678_9abc_def0, 77, 0x1111_2222, 0]);
    const SELECTOR: u32 = 0xa905_9cbb;

    /// Exact evaluation of a term for the fixed leaves of the tests.
    fn exact(pool: &TermPool<'_>, x: TermId, leaf: U256) -> U256 {
        match pool.get(x) {
            Term::Const(value) => value,
            Term::Env(Env::Caller) => CALLER,
            Term::Env(Env::CallDataSize) => U256::from(36),
            Term::CallData(_) => (U256::from(SELECTOR) << 224) | (leaf >> 32),
            Term::Apply(op, [a, b, c]) => {
                word::eval(op, exact(pool, a, leaf), exact(pool, b, leaf), exact(pool, c, leaf))
            }
            _ => leaf,
        }
    }

    fn interesting() -> impl Strategy<Value = U256> {
        prop_oneof![
            (0_u64..300).prop_map(U256::from),
            (0_usize..256).prop_map(|bit| U256::ONE << bit),
            (0_usize..=256).prop_map(|bits| U256::MAX.checked_shr(bits).unwrap_or_default()),
            (0_u64..40).prop_map(|n| U256::MAX - U256::from(n)),
            any::<[u64; 4]>().prop_map(U256::from_limbs),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// Random stack code over constants and leaves: every operation is built by the folding
        /// constructor and, beside it, computed exactly.
        #[test]
        fn rewriting_keeps_the_value(
            leaf in interesting(),
            constants in prop::collection::vec(interesting(), 4),
            steps in prop::collection::vec((0..OPS.len(), any::<[u8; 3]>()), 1..24),
        ) {
            let arena = Bump::new();
            let mut pool = TermPool::new(&arena, Some(SELECTOR));
            let mut values: Vec<(TermId, U256)> = Vec::new();
            for constant in constants {
                values.push((pool.constant(constant), constant));
            }
            let zero = pool.constant(U256::ZERO);
            for term in [
                Term::Env(Env::Caller),
                Term::Env(Env::CallDataSize),
                Term::Env(Env::GasPrice),
                Term::CallData(zero),
            ] {
                let id = pool.leaf(term);
                values.push((id, exact(&pool, id, leaf)));
            }
            for (op, picks) in steps {
                let op = OPS[op];
                let pick = |n: usize| values[picks[n] as usize % values.len()];
                let (a, b, c) = (pick(0), pick(1), pick(2));
                let id = pool.apply(op, &[a.0, b.0, c.0][..op.arity()]);
                let expected = match op.arity() {
                    1 => word::eval(op, a.1, a.1, a.1),
                    2 => word::eval(op, a.1, b.1, b.1),
                    _ => word::eval(op, a.1, b.1, c.1),
                };
                prop_assert_eq!(exact(&pool, id, leaf), expected, "{:?}", op);
                values.push((id, expected));
            }
        }
    }

    #[test]
    fn each_rule_fires() {
        let arena = Bump::new();
        let mut pool = TermPool::new(&arena, Some(SELECTOR));
        let x = pool.leaf(Term::Env(Env::GasPrice));
        let caller = pool.leaf(Term::Env(Env::Caller));
        let size = pool.leaf(Term::Env(Env::CallDataSize));
        let n = |pool: &mut TermPool<'_>, value: u64| pool.constant(U256::from(value));
        let (zero, one, two, four, eight) =
            (n(&mut pool, 0), n(&mut pool, 1), n(&mut pool, 2), n(&mut pool, 4), n(&mut pool, 8));
        let first = pool.leaf(Term::CallData(zero));
        let mask = pool.constant((U256::ONE << 160) - U256::ONE);
        let by = n(&mut pool, 224);

        assert_eq!(pool.apply(Op::Add, &[x, zero]), x);
        assert_eq!(pool.apply(Op::Sub, &[x, x]), zero);
        assert_eq!(pool.apply(Op::And, &[caller, mask]), caller);
        assert_ne!(pool.apply(Op::And, &[x, mask]), x);
        assert_eq!(pool.apply(Op::Mul, &[x, one]), x);
        assert_eq!(pool.apply(Op::Mul, &[x, zero]), zero);
        let eighth = pool.apply(Op::Div, &[x, eight]);
        let three = n(&mut pool, 3);
        assert_eq!(eighth, pool.apply(Op::Shr, &[three, x]));
        let x2 = pool.apply(Op::Add, &[x, two]);
        let x4 = pool.apply(Op::Add, &[two, x2]);
        assert_eq!(x4, pool.apply(Op::Add, &[x, four]));
        assert_eq!(pool.apply(Op::Sub, &[x4, x2]), two);
        assert_eq!(pool.apply(Op::Lt, &[size, four]), zero);
        let selector = n(&mut pool, SELECTOR.into());
        assert_eq!(pool.apply(Op::Shr, &[by, first]), selector);
        let truth = pool.apply(Op::Lt, &[x, caller]);
        let not = pool.apply(Op::IsZero, &[truth]);
        assert_eq!(pool.apply(Op::IsZero, &[not]), truth);
        assert_eq!(pool.apply(Op::Gt, &[caller, x]), truth);
        assert_eq!(pool.apply(Op::Eq, &[x, x]), one);
        let is_zero = pool.apply(Op::IsZero, &[x]);
        assert_eq!(pool.apply(Op::Eq, &[zero, x]), is_zero);
    }
}
