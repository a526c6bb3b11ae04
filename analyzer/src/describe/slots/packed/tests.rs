//! Are fields found in shifts and masks, and only there?
//!
//! In: terms. Out: assertions on the fields that they are.

use bumpalo::Bump;

use super::*;
use crate::{bytecode::Pc, ir::NodeId};

fn check(build: impl Fn(&mut TermPool<'_>, TermId) -> TermId, expected: Option<(u16, u16)>) {
    let arena = Bump::new();
    let mut pool = TermPool::new(&arena, None);
    let load = pool.leaf(Term::Result(NodeId(0), Pc(0)));
    let term = build(&mut pool, load);
    let found = field_of(&pool, term);
    assert!(found.is_none_or(|(word, _)| word == load));
    assert_eq!(found.map(|(_, field)| (field.from, field.to)), expected);
}

fn apply(pool: &mut TermPool<'_>, op: Op, constant: U256, word: TermId) -> TermId {
    let constant = pool.constant(constant);
    pool.apply(op, &[constant, word])
}

fn low(n_bits: usize) -> U256 {
    (U256::ONE << n_bits) - U256::ONE
}

#[test]
fn reads_are_shifts_and_masks_in_either_order() {
    check(|pool, load| apply(pool, Op::And, low(8), load), Some((0, 8)));
    check(|pool, load| apply(pool, Op::Shr, U256::from(160), load), Some((160, 256)));
    check(
        |pool, load| {
            let shifted = apply(pool, Op::Shr, U256::from(112), load);
            apply(pool, Op::And, low(112), shifted)
        },
        Some((112, 224)),
    );
    check(
        |pool, load| {
            let masked = apply(pool, Op::And, low(112) << 112, load);
            apply(pool, Op::Shr, U256::from(112), masked)
        },
        Some((112, 224)),
    );
    check(
        |pool, load| {
            let shifted = apply(pool, Op::Shr, U256::from(8), load);
            apply(pool, Op::SignExtend, U256::from(2), shifted)
        },
        Some((8, 32)),
    );
}

#[test]
fn a_store_clears_what_it_replaces() {
    check(|pool, load| apply(pool, Op::And, !low(8), load), Some((0, 8)));
    let second_byte: U256 = low(8) << 8;
    check(|pool, load| apply(pool, Op::And, !second_byte, load), Some((8, 16)));
}

#[test]
fn what_is_no_run_is_no_field() {
    check(|pool, load| apply(pool, Op::And, U256::from(5), load), None);
    check(|_, load| load, None);
    check(|pool, load| apply(pool, Op::Add, U256::ONE, load), None);
    check(|pool, load| pool.apply(Op::Shr, &[load, load]), None);
}
