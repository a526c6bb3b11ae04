//! What do the EVM's arithmetic instructions compute?
//!
//! In: 256-bit words. Out: 256-bit words, exactly as the yellow paper's appendix H defines them.
//! Written once, for constant folding at analysis and for evaluation at binding.
//! Invariant: total; no operation panics or depends on anything but its operands.

use alloy_primitives::{U256, U512};

use crate::ir::Op;

/// The value of `op` on its operands, in stack order (`a` was on top).
///
/// Operations with fewer operands ignore the rest.
#[inline]
pub fn eval(op: Op, a: &U256, b: &U256, c: &U256) -> U256 {
    match op {
        Op::Add => a.wrapping_add(*b),
        Op::Mul => a.wrapping_mul(*b),
        Op::Sub => a.wrapping_sub(*b),
        Op::Div => a.checked_div(*b).unwrap_or_default(),
        Op::SDiv => sdiv(*a, *b),
        Op::Mod => a.checked_rem(*b).unwrap_or_default(),
        Op::SMod => smod(*a, *b),
        Op::AddMod => a.add_mod(*b, *c),
        Op::MulMod => mul_mod(*a, *b, *c),
        Op::Exp => a.wrapping_pow(*b),
        Op::SignExtend => sign_extend(*a, *b),
        Op::Lt => flag(a < b),
        Op::Gt => flag(b < a),
        Op::SLt => flag(signed_less(*a, *b)),
        Op::SGt => flag(signed_less(*b, *a)),
        Op::Eq => flag(a == b),
        Op::IsZero => flag(a.is_zero()),
        Op::And => *a & *b,
        Op::Or => *a | *b,
        Op::Xor => *a ^ *b,
        Op::Not => !*a,
        Op::Byte => byte(*a, *b),
        Op::Shl => shift(*a).map_or(U256::ZERO, |by| *b << by),
        Op::Shr => shift(*a).map_or(U256::ZERO, |by| *b >> by),
        Op::Sar => sar(*a, *b),
        Op::Clz => U256::from(a.leading_zeros()),
    }
}

/// The word for a truth value.
pub(crate) const fn flag(truth: bool) -> U256 {
    if truth { U256::ONE } else { U256::ZERO }
}

fn mul_mod(a: U256, b: U256, modulus: U256) -> U256 {
    if modulus != U256::MAX {
        return a.mul_mod(b, modulus);
    }
    // The first half of a product of full width, as fixed-point libraries ask for it: with
    // 2^256 ≡ 1, the product is the sum of its halves.
    let product: U512 = a.widening_mul(b);
    let limbs = product.as_limbs();
    let half =
        |at: usize| U256::from_limbs([limbs[at], limbs[at + 1], limbs[at + 2], limbs[at + 3]]);
    let (sum, has_overflowed) = half(0).overflowing_add(half(4));
    let sum = if has_overflowed { sum.wrapping_add(U256::ONE) } else { sum };
    if sum == U256::MAX { U256::ZERO } else { sum }
}

const fn is_negative(word: U256) -> bool {
    word.bit(255)
}

fn magnitude(word: U256) -> U256 {
    if is_negative(word) { word.wrapping_neg() } else { word }
}

fn sdiv(a: U256, b: U256) -> U256 {
    let Some(quotient) = magnitude(a).checked_div(magnitude(b)) else { return U256::ZERO };
    if is_negative(a) == is_negative(b) { quotient } else { quotient.wrapping_neg() }
}

fn smod(a: U256, b: U256) -> U256 {
    let Some(remainder) = magnitude(a).checked_rem(magnitude(b)) else { return U256::ZERO };
    if is_negative(a) { remainder.wrapping_neg() } else { remainder }
}

fn signed_less(a: U256, b: U256) -> bool {
    match (is_negative(a), is_negative(b)) {
        (true, false) => true,
        (false, true) => false,
        (true, true) | (false, false) => a < b,
    }
}

/// `SIGNEXTEND`: the sign bit of byte `at` (from the least significant) fills everything above.
fn sign_extend(at: U256, word: U256) -> U256 {
    if at >= U256::from(31) {
        return word;
    }
    let bit = 8 * at.to::<usize>() + 7;
    let mask = (U256::ONE << bit) - U256::ONE;
    if word.bit(bit) { word | !mask } else { word & mask }
}

/// `BYTE`: byte `at` of `word`, from the most significant.
fn byte(at: U256, word: U256) -> U256 {
    if at < U256::from(32) { U256::from(word.byte(31 - at.to::<usize>())) } else { U256::ZERO }
}

/// The shift distance, if any bit survives it.
fn shift(by: U256) -> Option<usize> {
    (by < U256::from(256)).then(|| by.to())
}

fn sar(by: U256, word: U256) -> U256 {
    let fill = if is_negative(word) { U256::MAX } else { U256::ZERO };
    match shift(by) {
        Some(0) => word,
        Some(by) => (word >> by) | (fill << (256 - by)),
        None => fill,
    }
}

#[cfg(test)]
mod tests;
