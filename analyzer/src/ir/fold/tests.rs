//! Is every rewrite exact, and is every one of them tried?
//!
//! In: random stack code. Out: assertions.

use bumpalo::Bump;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{rule::happened, *};

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
            word::eval(op, &exact(pool, a, leaf), &exact(pool, b, leaf), &exact(pool, c, leaf))
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

/// A constant, or one that a rule is about.
fn constant() -> impl Strategy<Value = U256> {
    prop_oneof![
        2 => interesting(),
        1 => prop_oneof![Just(0_u64), Just(1), Just(2), Just(4), Just(224)].prop_map(U256::from),
        1 => Just(U256::MAX),
        1 => Just(U256::MAX << 224),
    ]
}

/// Random stack code over constants and leaves: every operation is built by the folding constructor
/// and, beside it, computed exactly. All rules must have happened in the end.
#[test]
fn rewriting_keeps_the_value() {
    let config = Config { cases: 100_000, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let steps = prop::collection::vec((0..OPS.len(), any::<[u8; 3]>(), any::<bool>()), 1..24);
    let constants = prop::collection::vec(constant(), 4);
    let result = TestRunner::new_with_rng(config, rng)
        .run(&(interesting(), constants, steps), |(leaf, constants, steps)| {
            rewriting_keeps(leaf, &constants, &steps)
        });
    result.unwrap();
    assert_eq!(happened::fewer_than(20), [], "rules that are hardly ever tried");
}

fn rewriting_keeps(
    leaf: U256,
    constants: &[U256],
    steps: &[(usize, [u8; 3], bool)],
) -> Result<(), TestCaseError> {
    let arena = Bump::new();
    let mut pool = TermPool::new(&arena, Some(SELECTOR));
    let mut values: Vec<(TermId, U256)> = Vec::new();
    for constant in constants {
        values.push((pool.constant(*constant), *constant));
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
    for &(op, picks, is_chained) in steps {
        let op = OPS[op];
        let pick = |n: usize| values[picks[n] as usize % values.len()];
        let (a, mut b, c) = (pick(0), pick(1), pick(2));
        // Rules look at what an operand was made of, so operands are often the last result.
        if is_chained {
            b = values[values.len() - 1];
        }
        let id = pool.apply(op, &[a.0, b.0, c.0][..op.arity()]);
        let expected = match op.arity() {
            1 => word::eval(op, &a.1, &a.1, &a.1),
            2 => word::eval(op, &a.1, &b.1, &b.1),
            _ => word::eval(op, &a.1, &b.1, &c.1),
        };
        prop_assert_eq!(exact(&pool, id, leaf), expected, "{:?}", op);
        values.push((id, expected));
    }
    Ok(())
}

#[test]
fn rewrites_give_the_terms_that_others_look_for() {
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
