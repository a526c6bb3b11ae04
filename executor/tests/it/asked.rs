//! Do questions about a block get the right answers, and do transactions run alone see the parent
//! state only?

use alloy_primitives::{Address, TxKind, U256};
use slotcast_executor::{
    AloneSettings, Block, Fork, MemoryState, Question, SequentialSettings, execute_alone,
    execute_sequential, inspect,
};
use slotcast_model::{IndexVec, Location, Slot, TxIndex};

use crate::{
    asm::{Asm, op},
    made::{Call, ETHER, Made, address},
};

const A: Address = address(0xa1);
const CODE: Address = address(0xc0);

fn slot(key: u64) -> Slot {
    Slot::new(CODE, U256::from(key))
}

/// A block of transactions by `A`, each of which runs `code` with `storage` before the first.
fn block_of(code: Asm, storage: &[(u64, u64)], n_txs: u64) -> (Block, MemoryState) {
    let mut made = Made::new(Fork::London);
    made.account(A, ETHER).contract(CODE, 0, &code.0, storage);
    for nonce in 0..n_txs {
        made.send(A, nonce, TxKind::Call(CODE), Call::default());
    }
    made.build()
}

/// Whether the first transaction of `code` only adds to slot 1, which holds `word` before it.
fn only_adds(code: Asm, word: u64, by: u64) -> bool {
    let (block, state) = block_of(code, &[(1, word), (2, 9)], 1);
    let raises = vec![(slot(1), U256::from(by))];
    let questions = IndexVec::from(vec![Question { locations: vec![], raises }]);
    let inspected = inspect(&block, &state, &questions).unwrap();
    let settings = SequentialSettings { is_observed: true };
    let sequential = execute_sequential(&block, &state, &settings).unwrap();
    assert_eq!(inspected.observations, sequential.observations, "asking changes nothing");
    assert_eq!(inspected.txs, sequential.outcome.txs);
    inspected.answers[TxIndex(0)].only_added[0]
}

#[test]
fn a_slot_that_is_added_to_and_no_more_is_told_from_all_others() {
    let load = |key| Asm::default().push(key).op(&[op::SLOAD]);
    let add = || Asm::default().increment(1);
    assert!(only_adds(add(), 5, 1));
    assert!(only_adds(add(), 5, 4096));
    assert!(!only_adds(add(), 0, 1), "a slot that is empty costs more to fill");
    let overwrite = Asm::default().push(8).store(1);
    assert!(!only_adds(overwrite, 5, 1));
    let copy = || load(1).op(&[op::DUP1]).store(1);
    assert!(!only_adds(copy().store(2), 5, 1), "another slot follows it");
    let doubled = load(1).op(&[op::DUP1, op::ADD]).store(1);
    assert!(!only_adds(doubled, 5, 1), "it must rise by as much");
    let logged = add().push(1).op(&[op::SLOAD]).push(0).op(&[op::MSTORE]);
    assert!(!only_adds(logged.push(32).push(0).op(&[op::LOG0]), 5, 1), "a log tells it");
    let branch = add().when(load(1).push(7).op(&[op::EQ]), Asm::default().increment(3));
    assert!(only_adds(branch.clone(), 100, 1), "a guard that decides nothing is no use of it");
    assert!(!only_adds(branch, 5, 1), "a guard that decides is");
    let fails = add().when(load(1).push(7).op(&[op::EQ]), Asm::default().op(&[op::INVALID]));
    assert!(!only_adds(fails, 5, 1), "it decides whether the transaction succeeds");
}

#[test]
fn words_are_those_just_before_the_transaction() {
    let (block, state) = block_of(Asm::default().increment(1), &[(1, 5)], 3);
    let locations = vec![
        Location::Storage(slot(1)),
        Location::Storage(slot(7)),
        Location::Nonce(A),
        Location::Balance(A),
        Location::Code(CODE),
    ];
    let question = Question { locations, raises: vec![] };
    let questions = IndexVec::from(vec![question; 3]);
    let answers = inspect(&block, &state, &questions).unwrap().answers;
    let mut balance = U256::from(ETHER) + U256::ONE;
    for (tx, answer) in answers.iter_enumerated() {
        let [counter, empty, nonce, wei, code] = answer.values[..] else { panic!("{answer:?}") };
        assert_eq!(counter, U256::from(5 + tx.0));
        assert_eq!(empty, U256::ZERO);
        assert_eq!(nonce, U256::from(tx.0));
        assert!(wei < balance, "fees are paid");
        assert_eq!(code, U256::from_be_bytes(state.code_hash(CODE).0));
        balance = wei;
    }
}

#[test]
fn run_alone_every_transaction_is_the_first() {
    // Slot 1 holds the next slot to write.
    let load = || Asm::default().push(1).op(&[op::SLOAD]);
    let code = load().op(&[op::DUP1, op::SSTORE]).increment(1);
    let (block, state) = block_of(code, &[(1, 5)], 3);
    let alone = execute_alone(&block, &state, AloneSettings { is_observed: true }).unwrap();
    assert_eq!(alone.n_rejected, 0, "a nonce that is to come is overlooked");
    for observation in &alone.observations {
        assert_eq!(observation.writes, [slot(1), slot(5)]);
        assert_eq!(observation.accounts.code_reads, [CODE]);
    }
    let unwatched = execute_alone(&block, &state, AloneSettings { is_observed: false }).unwrap();
    for (with, without) in alone.observations.iter().zip(&unwatched.observations) {
        assert_eq!((&with.reads, &with.writes), (&without.reads, &without.writes));
    }
    let settings = SequentialSettings { is_observed: true };
    let sequential = execute_sequential(&block, &state, &settings).unwrap().observations;
    assert_eq!(sequential[TxIndex(2)].writes, [slot(1), slot(7)]);
}

#[test]
fn who_cannot_pay_yet_is_lent_the_money() {
    let mut made = Made::new(Fork::London);
    made.contract(CODE, 0, &Asm::default().increment(1).0, &[]);
    made.send(A, 4, TxKind::Call(CODE), Call::default());
    let (block, state) = made.build();
    let alone = execute_alone(&block, &state, AloneSettings { is_observed: true }).unwrap();
    assert_eq!(alone.n_rejected, 0);
    assert_eq!(alone.observations[TxIndex(0)].writes, [slot(1)]);
}
