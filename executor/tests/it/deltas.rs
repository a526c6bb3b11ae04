//! Is a transaction that only adds to a slot spared its re-execution, and no other?
//!
//! In: small contracts, called by many, which are claimed to only add to slot 0. Out:
//! the sequential outcome in both modes on any number of threads, and which transactions were run
//! again: none where the claim is true, all that went another way where it is not.

use alloy_primitives::{TxKind, U256};
use slotcast_executor::{FallbackRule, Fork, SequentialSettings, execute_sequential};
use slotcast_model::{AccessSet, Location, Slot};
use slotcast_scheduler::{PredictedAccess, Schedule, schedule};

use crate::{
    asm::{Asm, op},
    made::{Call, ETHER, Made, address},
    parallel::{run, settings_with},
};

const SUB: u8 = 0x03;
const LT: u8 = 0x10;
const GT: u8 = 0x11;
const AND: u8 = 0x16;
const DUP2: u8 = 0x81;
const SWAP1: u8 = 0x90;
const SWAP2: u8 = 0x91;

const N_CALLS: u8 = 6;
const CONTRACT: u8 = 0xd0;

fn load() -> Asm {
    Asm::default().push(0).op(&[op::SLOAD])
}

/// All add to slot 0 of the contract, and none waits.
fn claims(n: usize) -> Schedule {
    let added = Location::Storage(Slot::new(address(CONTRACT), U256::ZERO));
    let access = AccessSet::new(vec![], vec![], vec![added]);
    let prediction = PredictedAccess { access, weight: 1 };
    schedule(&(0..n).map(|_| prediction.clone()).collect())
}

/// Calls a contract with this code, and `first` in its slot 0, six times under each fork; those run
/// again and the words moved.
fn check_on(made: &mut Made) -> (Vec<u32>, usize) {
    for n in 0..N_CALLS {
        made.account(address(0xa0 + n), ETHER);
        made.send(address(0xa0 + n), 0, TxKind::Call(address(CONTRACT)), Call::default());
    }
    let (block, state) = made.build();
    let unobserved = SequentialSettings { is_observed: false };
    let expected = execute_sequential(&block, &state, &unobserved).unwrap().outcome;
    let claims = claims(N_CALLS.into());
    let mut results = Vec::new();
    for settings in settings_with(&[1, 2, 4], FallbackRule::NEVER) {
        let parallel = run(&block, &claims, &state, &settings).unwrap();
        assert!(parallel.outcome == expected, "{}", settings.mode.text());
        let reexecuted: Vec<u32> = parallel.reexecuted.iter().map(|tx| tx.0).collect();
        results.push((reexecuted, parallel.n_moved_slots));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
    results.remove(0)
}

fn check(code: &Asm, first: u64) -> (Vec<u32>, usize) {
    let mut results = Vec::new();
    for fork in &Fork::ALL[..14] {
        let mut made = Made::new(*fork);
        made.contract(address(CONTRACT), 0, &code.0, &[(0, first)]);
        results.push(check_on(&mut made));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "forks differ: {results:?}");
    results.remove(0)
}

const NONE_AGAIN: (Vec<u32>, usize) = (Vec::new(), 5);

fn all_but_the_first() -> (Vec<u32>, usize) {
    ((1..6).collect(), 0)
}

#[test]
fn a_counter_is_moved() {
    assert_eq!(check(&Asm::default().increment(0), 7), NONE_AGAIN);
    assert_eq!(check(&Asm::default().increment(0).increment(0), 7), NONE_AGAIN);
    let masked = load().push(0xffff).op(&[AND]).push(1).op(&[op::ADD]).store(0);
    assert_eq!(check(&masked, 7), NONE_AGAIN);
    // The sum is stored and taken back within one transaction.
    let back = Asm::default().increment(0).push(1).push(0).op(&[op::SLOAD, SUB]).store(0);
    assert_eq!(check(&back, 7).0, Vec::<u32>::new());
}

#[test]
fn filling_an_empty_slot_costs_something_else() {
    assert_eq!(check(&Asm::default().increment(0), 0), all_but_the_first());
    // Emptying it and filling it again costs something else too; after that it goes on from 2^256.
    let emptying = Asm::default().push(1).push(0).op(&[op::SLOAD, SUB]).store(0);
    assert_eq!(check(&emptying, 3), (vec![2, 3], 3));
}

#[test]
fn a_guard_holds_or_the_transaction_is_run_again() {
    // Takes 30 if there is more than that.
    let taken = Asm::default().push(30).op(&[SWAP1, SUB]).store(0).push(0);
    let code = load().when(Asm::default().op(&[op::DUP1]).push(30).op(&[LT]), taken).op(&[op::POP]);
    assert_eq!(check(&code, 1_000), NONE_AGAIN);
    // 100, 70, 40, 10: the fourth goes another way, and so do those behind it.
    assert_eq!(check(&code, 100), (vec![3, 4, 5], 2));
}

#[test]
fn a_checked_sum_is_moved() {
    // a + 2, and a revert if that is below a: the stack holds the sum, and both are compared.
    let code = load().op(&[op::DUP1]).push(2).op(&[op::ADD, op::DUP1, SWAP2, GT]);
    let failing = Asm::default().push(0).push(0).op(&[op::REVERT]);
    assert_eq!(check(&code.when(Asm::default(), failing).store(0), 7).0, Vec::<u32>::new());
}

#[test]
fn a_word_that_goes_elsewhere_is_looked_at() {
    let elsewhere = [
        // Into another slot, into memory, into a log, as a key, over a call, into the output.
        load().store(1).increment(0),
        load().push(0).op(&[op::MSTORE]).increment(0),
        load().push(0).op(&[op::LOG0]).increment(0),
        load().op(&[op::SLOAD, op::POP]).increment(0),
        load().call(op::CALL, address(0xa0), 0, 100).op(&[op::POP, op::POP]).increment(0),
        // A constant, and a constant in between.
        load().op(&[op::POP]).push(9).store(0).increment(0),
        Asm::default().push(9).store(0).increment(0),
        // What is multiplied is no sum any more.
        load().push(2).op(&[op::MUL]).store(0),
    ];
    for (n, code) in elsewhere.into_iter().enumerate() {
        assert_eq!(check(&code, 7), all_but_the_first(), "{n}");
    }
    // The other side of a subtraction: 7, 993, 7 and so on.
    assert_eq!(check(&load().push(1_000).op(&[SUB]).store(0), 7), (vec![1, 3, 5], 0));
}

#[test]
fn a_word_that_goes_nowhere_is_not_looked_at() {
    let dropped = load().push(3).op(&[SWAP1, op::POP, op::POP]);
    assert_eq!(check(&dropped.increment(0), 7), NONE_AGAIN);
    let both = load().push(0).op(&[op::SLOAD, op::ADD]).store(0);
    assert_eq!(check(&both, 7), all_but_the_first());
    let difference = load().push(0).op(&[op::SLOAD, SUB]).push(1).op(&[op::ADD, op::POP]);
    assert_eq!(check(&difference.increment(0), 7), NONE_AGAIN);
    let copies = load().op(&[op::DUP1, DUP2, op::EQ, op::POP]).push(1).op(&[op::ADD]).store(0);
    assert_eq!(check(&copies.op(&[op::POP]), 7).0, Vec::<u32>::new());
}

#[test]
fn what_a_reverted_frame_added_is_not_added() {
    let (adder, twice) = (address(CONTRACT), address(0xd1));
    for (n, fork) in [Fork::Byzantium, Fork::Istanbul, Fork::London, Fork::Osaka].iter().enumerate()
    {
        let mut made = Made::new(*fork);
        // Adds one, and reverts after that when it was called with no wei.
        let reverting = Asm::default().push(0).push(0).op(&[op::REVERT]);
        let no_wei = Asm::default().op(&[op::CALLVALUE, op::ISZERO]);
        let code = Asm::default().increment(0).when(no_wei, reverting);
        made.contract(adder, 0, &code.0, &[(0, 7)]);
        let call = |asm: Asm, wei| asm.call(op::CALL, adder, wei, 60_000).op(&[op::POP]);
        let code = call(call(call(Asm::default(), 1), 0), 1);
        made.contract(twice, ETHER, &code.0, &[]);
        for sender in 0..N_CALLS {
            made.account(address(0xa0 + sender), ETHER);
            made.send(address(0xa0 + sender), 0, TxKind::Call(twice), Call::default());
        }
        let (block, state) = made.build();
        let unobserved = SequentialSettings { is_observed: false };
        let expected = execute_sequential(&block, &state, &unobserved).unwrap().outcome;
        for settings in settings_with(&[1, 3], FallbackRule::NEVER) {
            let parallel = run(&block, &claims(N_CALLS.into()), &state, &settings).unwrap();
            assert!(parallel.outcome == expected, "{n}");
            assert_eq!(parallel.reexecuted, [], "{n}");
        }
        let account = expected.state.iter().find(|account| account.address == adder).unwrap();
        assert_eq!(account.storage[0].after, U256::from(7 + 2 * u64::from(N_CALLS)));
    }
}
