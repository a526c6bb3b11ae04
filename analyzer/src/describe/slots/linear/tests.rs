//! Are sums taken apart into what they add up?
//!
//! In: terms. Out: assertions on their summands.

use bumpalo::Bump;

use super::*;
use crate::ir::Env;

#[test]
fn a_length_added_to_its_start_is_the_end() {
    let arena = Bump::new();
    let mut pool = TermPool::new(&arena, None);
    let start = pool.leaf(Term::Env(Env::Caller));
    let end = pool.leaf(Term::Env(Env::Origin));
    let difference = pool.apply(Op::Sub, &[end, start]);
    let word = pool.constant(U256::from(32));
    let len = pool.apply(Op::Add, &[difference, word]);
    let sum = Sum::new(&pool, len).plus(&Sum::new(&pool, start));
    let expected = pool.apply(Op::Add, &[end, word]);
    assert_eq!(sum, Sum::new(&pool, expected));
    assert_eq!(sum.constant, U256::from(32));
}

#[test]
fn a_term_added_twice_keeps_its_factor() {
    let arena = Bump::new();
    let mut pool = TermPool::new(&arena, None);
    let x = pool.leaf(Term::Env(Env::Caller));
    let once = Sum::new(&pool, x);
    let twice = once.clone().plus(&once);
    assert_eq!(twice.summands.as_slice(), [(x, 2)]);
    assert!(twice.without(x).summands.is_empty());
}
