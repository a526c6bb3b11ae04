//! What does a block come to whose transactions run on values that they are told?
//!
//! In: values of slots and changes of balances that are right, wrong, random, huge, of another account, of
//! accounts that are destroyed and made again. Out: the sequential outcome whatever was told; no re-execution where it was right,
//! one where it was wrong, and not many more than a window of them before advice is given up.

use alloy_primitives::{Address, TxKind, U256};
use slotcast_executor::{
    Advice, Block, BlockOutcome, FallbackRule, Fork, Horizon, MemoryState, Pool,
    SequentialSettings, Settings, ToldAccount, Wait, execute, execute_sequential,
};
use slotcast_model::{Slot, TxIndex};

use crate::{
    asm::{Asm, init_code, op},
    made::{Call, ETHER, Made, address},
    parallel::Random,
    random::random_block,
};

const COUNTER: u8 = 0xd0;
const FIRST: u64 = 7;

fn slot(account: Address, key: u64) -> Slot {
    Slot::new(account, U256::from(key))
}

/// A block of so many calls of a counter, from one sender.
fn counting(n: u32) -> (Block, MemoryState) {
    let mut made = Made::new(Fork::London);
    made.account(address(0xa0), 10 * ETHER);
    made.contract(address(COUNTER), 0, &Asm::default().increment(0).0, &[(0, FIRST)]);
    made.gas_limit = u64::MAX;
    for nonce in 0..n {
        made.send(address(0xa0), nonce.into(), TxKind::Call(address(COUNTER)), Call::default());
    }
    made.build()
}

fn sequential(block: &Block, state: &MemoryState) -> BlockOutcome {
    let unobserved = SequentialSettings { is_observed: false };
    execute_sequential(block, state, &unobserved).unwrap().outcome
}

/// Runs a block on one to eight threads, where each transaction is told `told`; the re-executed ones,
/// which are the same for all, as the outcome is.
pub(crate) fn check(
    block: &Block,
    state: &MemoryState,
    fallback: FallbackRule,
    told: impl Fn(TxIndex) -> Wait,
) -> Vec<TxIndex> {
    let expected = sequential(block, state);
    let mut first = None;
    for threads in [1, 2, 3, 8] {
        let settings = Settings { fallback, ..Settings::of(Pool::new(threads).unwrap()) };
        let mut told = |tx| told(tx);
        let ran = execute(block, state, Advice::Streamed(&mut told, &settings)).unwrap();
        let (again, n) = (ran.reexecuted().to_vec(), ran.n_executions());
        assert_eq!(n, block.n_transactions() + again.len(), "{threads} threads");
        assert!(n <= 2 * block.n_transactions(), "{threads} threads");
        assert!(ran.into_outcome(state).unwrap() == expected, "{threads} threads");
        assert_eq!(*first.get_or_insert_with(|| again.clone()), again, "{threads} threads");
    }
    first.unwrap_or_default()
}

fn finds(expected: Vec<(Slot, U256)>) -> Wait {
    Wait { expected, ..Wait::default() }
}

#[test]
fn right_values_break_a_chain() {
    let (block, state) = counting(40);
    let count = |tx: TxIndex| U256::from(FIRST + u64::from(tx.0));
    let again = check(&block, &state, FallbackRule::NEVER, |tx| {
        finds(vec![(slot(address(COUNTER), 0), count(tx))])
    });
    assert_eq!(again, []);
}

#[test]
fn a_wrong_value_costs_one_reexecution() {
    let (block, state) = counting(40);
    let count = |tx: TxIndex| U256::from(FIRST + u64::from(tx.0));
    let again = check(&block, &state, FallbackRule::NEVER, |tx| {
        let off = if tx.0 % 10 == 3 { U256::MAX } else { U256::ZERO };
        finds(vec![(slot(address(COUNTER), 0), count(tx).wrapping_add(off))])
    });
    assert_eq!(again, [3, 13, 23, 33].map(TxIndex));
    // Huge, or of another account, so that this one is not told at all.
    let huge = vec![(slot(address(COUNTER), 0), U256::MAX)];
    let other = vec![(slot(address(0xa0), 0), U256::from(FIRST))];
    let huge = check(&block, &state, FallbackRule::NEVER, |_| finds(huge.clone()));
    assert_eq!(huge, (0..40).map(TxIndex).collect::<Vec<_>>());
    let other = check(&block, &state, FallbackRule::NEVER, |_| finds(other.clone()));
    assert_eq!(other, (1..40).map(TxIndex).collect::<Vec<_>>());
}

#[test]
fn values_that_all_fail_are_given_up_after_a_window() {
    let (block, state) = counting(1_000);
    let wrong = vec![(slot(address(COUNTER), 0), U256::from(1))];
    let again = check(&block, &state, FallbackRule::DEFAULT, |_| finds(wrong.clone()));
    assert_eq!(again, (0..8 + 512).map(TxIndex).collect::<Vec<_>>());
}

#[test]
fn a_value_above_the_horizon_stands_on_what_is_committed_below() {
    let (block, state) = counting(12);
    let again = check(&block, &state, FallbackRule::NEVER, |tx| match tx.0 {
        // Told.
        0..6 => finds(vec![(slot(address(COUNTER), 0), U256::from(FIRST + u64::from(tx.0)))]),
        // Waiting, and nothing told.
        6 | 7 => Horizon(tx).into(),
        // Told a value that is right, though it waits for some.
        _ => Wait {
            horizon: Horizon(TxIndex(7)),
            ..finds(vec![(slot(address(COUNTER), 0), U256::from(FIRST + u64::from(tx.0)))])
        },
    });
    assert_eq!(again, []);
}

#[test]
fn values_of_a_contract_that_is_destroyed_and_made_again() {
    let destroy = Asm::default().op(&[op::CALLER, op::SELFDESTRUCT]);
    let child_code = Asm::default().when(Asm::default().op(&[op::CALLDATASIZE]), destroy);
    let init = init_code(&child_code.increment(0).0);
    let factory = address(0xd1);
    let child = factory.create2_from_code(U256::from(1).to_be_bytes::<32>(), &init);
    for fork in [Fork::Petersburg, Fork::London, Fork::Cancun] {
        let mut made = Made::new(fork);
        let make = Asm::default().create(&init, 0, Some(1)).op(&[op::POP]).0;
        made.contract(factory, 0, &make, &[]);
        made.contract(child, 0, &[op::STOP], &[(0, 5)]);
        for n in 0..6 {
            made.account(address(0xa0 + n), ETHER);
        }
        let ask = || Call { input: [1].into(), ..Call::default() };
        let [to_factory, to_child] = [factory, child].map(TxKind::Call);
        made.send(address(0xa0), 0, to_child, ask());
        made.send(address(0xa1), 0, to_factory, Call::default());
        made.send(address(0xa2), 0, to_child, Call::default());
        made.send(address(0xa3), 0, to_child, ask());
        made.send(address(0xa4), 0, to_factory, Call::default());
        made.send(address(0xa5), 0, to_child, Call::default());
        let (block, state) = made.build();
        for value in [0, 1, 5, 6] {
            check(&block, &state, FallbackRule::NEVER, |_| {
                finds(vec![(slot(child, 0), U256::from(value))])
            });
        }
    }
}

#[test]
fn random_values_on_random_blocks_have_the_sequential_outcome() {
    for fork in &Fork::ALL[..14] {
        for seed in 0..40 {
            let seed = seed * 100 + *fork as u64;
            let (block, state) = random_block(seed, *fork).build();
            let told = |tx: TxIndex| {
                let mut random = Random(seed ^ u64::from(tx.0) << 32);
                let mut expected = Vec::new();
                for _ in 0..random.next() % 8 {
                    let account = address(0x80 + (random.next() % 6) as u8);
                    let value = match random.next() % 4 {
                        0 => U256::MAX.wrapping_sub(U256::from(random.next())),
                        1 => U256::from(random.next()),
                        _ => U256::from(random.next() % 4),
                    };
                    expected.push((slot(account, random.next() % 3), value));
                }
                expected.sort_unstable_by_key(|(slot, _)| *slot);
                expected.dedup_by_key(|(slot, _)| *slot);
                let horizon = Horizon(TxIndex((random.next() % u64::from(tx.0 + 1)) as u32));
                Wait { horizon, ..finds(expected) }
            };
            check(&block, &state, FallbackRule::NEVER, told);
            check(&block, &state, FallbackRule { n_forgiven: 3, one_in: 4 }, told);
        }
    }
}

/// A block of so many payments of one wei to a contract that keeps what it then has, each in a slot of
/// that name.
fn paying(n: u32) -> (Block, MemoryState) {
    let mut made = Made::new(Fork::London);
    made.account(address(0xa0), 10 * ETHER);
    let keep = Asm::default().op(&[op::SELFBALANCE, op::SELFBALANCE, op::SSTORE]).0;
    made.contract(address(COUNTER), FIRST, &keep, &[]);
    made.gas_limit = u64::MAX;
    for nonce in 0..n {
        let call = Call { wei: 1, ..Call::default() };
        made.send(address(0xa0), nonce.into(), TxKind::Call(address(COUNTER)), call);
    }
    made.build()
}

fn gain(balance: U256) -> ToldAccount {
    ToldAccount { balance, ..ToldAccount::default() }
}

/// A wait that is told this of accounts.
pub(crate) fn told(accounts: Vec<(Address, ToldAccount)>) -> Wait {
    Wait { accounts, ..Wait::default() }
}

fn gains(account: Address, change: U256) -> Wait {
    told(vec![(account, gain(change))])
}

#[test]
fn right_changes_of_a_balance_break_a_chain() {
    let (block, state) = paying(40);
    let again =
        check(&block, &state, FallbackRule::NEVER, |tx| gains(address(COUNTER), U256::from(tx.0)));
    assert_eq!(again, []);
    // On top of what is committed below the horizon.
    let again = check(&block, &state, FallbackRule::NEVER, |tx| {
        let below = tx.0.min(7);
        let wait = gains(address(COUNTER), U256::from(tx.0 - below));
        Wait { horizon: Horizon(TxIndex(below)), ..wait }
    });
    assert_eq!(again, []);
}

#[test]
fn a_wrong_change_of_a_balance_costs_one_reexecution() {
    let (block, state) = paying(40);
    let again = check(&block, &state, FallbackRule::NEVER, |tx| {
        let off = if tx.0 % 10 == 3 { U256::MAX } else { U256::ZERO };
        gains(address(COUNTER), U256::from(tx.0).wrapping_add(off))
    });
    assert_eq!(again, [3, 13, 23, 33].map(TxIndex));
    for change in [U256::MAX, U256::MAX >> 1, U256::from(1) << 250] {
        let huge = check(&block, &state, FallbackRule::NEVER, |_| gains(address(COUNTER), change));
        assert_eq!(huge, (0..40).map(TxIndex).collect::<Vec<_>>(), "{change}");
    }
    // Of others: a sender who seems to have nothing, or an account that is not there.
    for other in [0xa0, 0xee] {
        let told_both = |tx: TxIndex| {
            let mut accounts = vec![
                (address(other), gain(U256::from(10 * ETHER).wrapping_neg())),
                (address(COUNTER), gain(U256::from(tx.0))),
            ];
            accounts.sort_unstable_by_key(|(address, _)| *address);
            told(accounts)
        };
        let again = check(&block, &state, FallbackRule::NEVER, told_both);
        let expected = if other == 0xa0 { 0..40 } else { 0..0 };
        assert_eq!(again, expected.map(TxIndex).collect::<Vec<_>>());
    }
}

#[test]
fn random_changes_of_balances_have_the_sequential_outcome() {
    for fork in &Fork::ALL[..14] {
        for seed in 0..30 {
            let seed = seed * 100 + *fork as u64;
            let (block, state) = random_block(seed, *fork).build();
            let told_some = |tx: TxIndex| {
                let mut random = Random(seed ^ u64::from(tx.0) << 32 ^ 1);
                let mut balances = Vec::new();
                for _ in 0..random.next() % 6 {
                    let among = [0x80, 0xa0, 0xbe][random.next() as usize % 3];
                    let account = address(among + (random.next() % 6) as u8);
                    let change = U256::from(random.next() % 1_000);
                    let change = match random.next() % 4 {
                        0 => change.wrapping_neg(),
                        1 => change << 240,
                        _ => change,
                    };
                    balances.push((account, gain(change)));
                }
                balances.sort_unstable_by_key(|(address, _)| *address);
                balances.dedup_by_key(|(address, _)| *address);
                let horizon = Horizon(TxIndex((random.next() % u64::from(tx.0 + 1)) as u32));
                Wait { horizon, ..told(balances) }
            };
            check(&block, &state, FallbackRule::NEVER, told_some);
            check(&block, &state, FallbackRule { n_forgiven: 3, one_in: 4 }, told_some);
        }
    }
}
