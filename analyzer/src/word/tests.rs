//! Does our arithmetic agree with the library and the yellow paper?
//!
//! In: words at the edges of ranges. Out: assertions on what operations give.

use super::*;

fn word(n: i64) -> U256 {
    let magnitude = U256::from(n.unsigned_abs());
    if n < 0 { magnitude.wrapping_neg() } else { magnitude }
}

#[test]
fn products_modulo_all_ones_are_those_of_the_library() {
    let words = [0, 1, 2, 7, 1_u64 << 40].map(U256::from);
    let words = words
        .into_iter()
        .flat_map(|it| [it, !it, it << 128_usize, !(it << 128_usize), it << 200_usize]);
    let words: Vec<U256> = words.collect();
    for &a in &words {
        for &b in &words {
            assert_eq!(eval(Op::MulMod, &a, &b, &U256::MAX), a.mul_mod(b, U256::MAX), "{a} {b}");
        }
    }
}

#[test]
fn signed_operations_follow_the_yellow_paper() {
    let two = |op, a, b| eval(op, &word(a), &word(b), &U256::ZERO);
    assert_eq!(two(Op::SDiv, -7, 2), word(-3));
    assert_eq!(two(Op::SMod, -7, 2), word(-1));
    assert_eq!(two(Op::SMod, 7, -2), word(1));
    assert_eq!(two(Op::SDiv, 5, 0), U256::ZERO);
    let min = U256::ONE << 255;
    assert_eq!(eval(Op::SDiv, &min, &word(-1), &U256::ZERO), min);
    assert_eq!(two(Op::SLt, -1, 0), U256::ONE);
    assert_eq!(two(Op::Sar, 1, -3), word(-2));
    assert_eq!(two(Op::Sar, 300, -3), word(-1));
    assert_eq!(two(Op::SignExtend, 0, 0x80), word(-128));
    assert_eq!(two(Op::SignExtend, 0, 0x17f), word(0x7f));
    assert_eq!(two(Op::SignExtend, 31, -5), word(-5));
}

#[test]
fn bytes_and_shifts_count_from_the_right_end() {
    let one_to_32 = U256::from_be_bytes(core::array::from_fn::<u8, 32, _>(|n| n as u8 + 1));
    assert_eq!(eval(Op::Byte, &word(0), &one_to_32, &U256::ZERO), word(1));
    assert_eq!(eval(Op::Byte, &word(31), &one_to_32, &U256::ZERO), word(32));
    assert_eq!(eval(Op::Byte, &word(32), &one_to_32, &U256::ZERO), U256::ZERO);
    assert_eq!(eval(Op::Shl, &word(8), &word(1), &U256::ZERO), word(256));
    assert_eq!(eval(Op::Shr, &word(256), &U256::MAX, &U256::ZERO), U256::ZERO);
    assert_eq!(eval(Op::Clz, &U256::ZERO, &U256::ZERO, &U256::ZERO), word(256));
    assert_eq!(eval(Op::Exp, &word(2), &word(255), &U256::ZERO), U256::ONE << 255);
}
