//! What do transactions wait for?
//!
//! In: synthetic blocks, with predictions at hand, made on the parent state, and with none. Out: horizons.

use std::collections::BTreeMap;

use alloy_consensus::{Transaction as _, transaction::Recovered};
use slotcast::{
    Engine, EngineSettings, ExecutionRule, NextBlock,
    executor::{ChainTx, ExecutionMode, Horizon},
    graph::{Waits, all_accesses, predicted_accesses},
    model::{AccountLeft, Index, IndexVec, Location, Prediction, Slot, TxIndex},
    scheduler::{Mode, PredictedAccess, schedule},
};
use slotcast_corpus::{Plan, Scenario, generate, prepare};
use slotcast_lab::seal;

#[test]
fn plain_transfers_wait_for_nothing_and_no_transaction_waits_for_what_is_taken_for_granted() {
    let plan = Plan { n_txs: 60, scenario: Scenario::Transfers, ..Plan::default() };
    let block = seal(generate(&plan).unwrap()).unwrap();
    let prepared = prepare(&block).unwrap();
    let predictions = prepared.predict(&Default::default()).predictions;
    let all = all_accesses(prepared.block(), &predictions);
    let waits = predicted_accesses(prepared.block(), &predictions, prepared.state());
    assert!(all.iter().all(|predicted| !predicted.access.reads().is_empty()));
    let mut n_plain = 0;
    for ((tx, prediction), predicted) in
        prepared.block().transactions.iter().zip(&predictions).zip(&waits)
    {
        let reads = predicted.access.reads();
        assert!(!reads.contains(&Location::Nonce(tx.signer())));
        if tx.input().is_empty() && prediction.storage().reads.is_empty() {
            assert_eq!(reads, []);
            n_plain += 1;
        }
    }
    assert!(40 < n_plain, "{n_plain} of 60 are plain");
    let weights = |predicted: &IndexVec<TxIndex, PredictedAccess>| {
        predicted.iter().map(|predicted| predicted.weight).collect::<Vec<_>>()
    };
    assert_eq!(weights(&all), weights(&waits));
}

#[test]
fn waits_are_the_horizons_of_the_schedule() {
    for &scenario in Scenario::ALL {
        let plan = Plan { n_txs: 90, scenario, ..Plan::default() };
        let block = seal(generate(&plan).unwrap()).unwrap();
        let prepared = prepare(&block).unwrap();
        let predictions = prepared.predict(&Default::default()).predictions;
        let (block, state) = (prepared.block(), prepared.state());
        let schedule = schedule(&predicted_accesses(block, &predictions, state));
        let mut waits = Waits::new(block, state, Mode::Dataflow);
        for (tx, prediction) in predictions.iter_enumerated() {
            let horizon = waits.next(prediction).horizon;
            assert_eq!(
                horizon,
                Horizon::of(&schedule, tx, Mode::Dataflow),
                "{tx} of {}",
                scenario.name()
            );
        }
    }
}

#[test]
fn what_is_not_predicted_waits_for_the_last_call_of_the_same_contract() {
    let plan = Plan { n_txs: 60, scenario: Scenario::Mixed, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    let (block, state) = (prepared.block(), prepared.state());
    let last_call = |tx: TxIndex| {
        let called = |tx| {
            let tx = block.transaction(tx);
            tx.to().filter(|_| !tx.input().is_empty())
        };
        let to = called(tx)?;
        block.tx_indices().take_while(|it| *it < tx).filter(|it| called(*it) == Some(to)).last()
    };
    let mut waits = Waits::new(block, state, Mode::Values);
    let blind: Vec<_> = block.tx_indices().map(|_| waits.blind().horizon.0).collect();
    let expected: Vec<_> = block
        .tx_indices()
        .map(|tx| last_call(tx).map_or(TxIndex(0), |last| TxIndex(last.0 + 1)))
        .collect();
    assert_eq!(blind, expected);
    assert!(expected.iter().any(|it| it.0 != 0), "some contract is called twice");
}

#[test]
fn calls_after_one_that_is_not_predicted_wait_for_it() {
    let plan = Plan { n_txs: 40, scenario: Scenario::Erc20, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    let predictions = prepared.predict(&Default::default()).predictions;
    let (block, state) = (prepared.block(), prepared.state());
    let with_blind = |blind: u32| {
        let mut waits = Waits::new(block, state, Mode::Values);
        let wait = |tx: TxIndex| match tx.0 == blind {
            true => waits.blind(),
            false => waits.next(&predictions[tx]),
        };
        block.tx_indices().map(wait).collect::<Vec<_>>()
    };
    let (all, some) = (with_blind(u32::MAX), with_blind(5));
    let callee = |tx: TxIndex| {
        let tx = block.transaction(tx);
        tx.to().filter(|_| !tx.input().is_empty())
    };
    let contract = callee(TxIndex(5)).expect("it calls a contract");
    let mut n_after = 0;
    for tx in block.tx_indices() {
        let (all, some) = (all[tx.as_usize()].horizon.0, some[tx.as_usize()].horizon.0);
        match 5 < tx.0 && callee(tx) == Some(contract) {
            true => assert_eq!(some, all.max(TxIndex(6)), "{tx}"),
            false => assert!(tx.0 == 5 || some == all, "{tx}"),
        }
        n_after += usize::from(5 < tx.0 && callee(tx) == Some(contract));
    }
    assert!(0 < n_after, "the contract is called again");
}

#[test]
fn values_made_on_the_parent_state_count_where_it_is_known_what_becomes_of_them() {
    let (mut n_told, mut n_right, mut n_moved, mut n_waiting) = (0, 0, 0, 0);
    for &scenario in Scenario::KINDS {
        let plan = Plan { n_txs: 60, scenario, ..Plan::default() };
        let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
        let (block, state) = (prepared.block(), prepared.state());
        let (engine, next) = (Engine::new(1).unwrap(), NextBlock::of(block, prepared.fork()));
        // What transactions really leave, before any is announced.
        for _ in 0..3 {
            engine.predict_block(block, state).unwrap();
        }
        let in_order = engine.predict_block(block, state).unwrap().predictions;
        for tx in &block.transactions {
            assert!(engine.announce(tx, &next, state));
        }
        let mut waits = engine.waits(block, state).unwrap();
        let mut last_changes: BTreeMap<Slot, (TxIndex, bool)> = BTreeMap::new();
        for tx in block.tx_indices() {
            let hash = block.transaction(tx).tx_hash();
            let prediction = engine.kept_prediction(hash, &next, state).unwrap();
            let (wait, storage) = (waits(tx), prediction.storage());
            let mut is_touched = false;
            for slot in storage.reads.iter().chain(&storage.deltas) {
                let Some((last, was_touched)) = last_changes.get(slot) else { continue };
                is_touched = true;
                let left = in_order[*last].values().iter().find(|(left, _)| left == slot);
                if let Some(told) = wait.expected.iter().find(|(told, _)| told == slot) {
                    n_told += 1;
                    n_right += usize::from(Some(told) == left);
                    n_moved += usize::from(*was_touched);
                } else if *last < wait.horizon.0 {
                    n_waiting += 1;
                } else {
                    assert!(wait.deltas.contains(slot), "{tx} of {}", scenario.name());
                }
            }
            for slot in storage.writes.iter().chain(&storage.deltas) {
                last_changes.insert(*slot, (tx, is_touched));
            }
        }
    }
    assert!(
        0 < n_moved && n_moved < n_told && 0 < n_waiting,
        "{n_told} are told, {n_moved} of them by transactions that found changes, {n_waiting} wait"
    );
    // The rest: a transaction whose prediction on the parent state takes another path leaves other values.
    assert!(n_told <= n_right + n_told / 20, "{n_right} of {n_told} are right");
}

/// What transactions of a block are told of accounts, and how many wait.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    codes: usize,
    nonces: usize,
    destroyed: usize,
    waiting: usize,
    run_twice: usize,
}

/// What is told of accounts in a synthetic block of this kind, by predictions made in block order.
fn told_of_accounts(scenario: Scenario, mode: Mode) -> Told {
    let plan = Plan { n_txs: 90, scenario, ..Plan::default() };
    let generated = generate(&plan).expect("the plan can be made");
    let prepared = prepare(&seal(generated).expect("it runs")).expect("it is well formed");
    let (block, state) = (prepared.block(), prepared.state());
    let predictions = prepared.predict(&Default::default()).predictions;
    let mut waits = Waits::new(block, state, mode);
    let mut told = Told::default();
    for prediction in &predictions {
        let wait = waits.next(prediction);
        told.waiting += usize::from(wait.horizon.0.0 != 0);
        for (_, account) in &wait.accounts {
            told.codes += usize::from(account.code.is_some());
            told.nonces += usize::from(account.nonces != 0);
            told.destroyed += usize::from(account.is_destroyed);
        }
    }
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    let settings = EngineSettings { mode, execution, ..EngineSettings::default() };
    let engine = Engine::with_settings(2, settings).expect("threads can be started");
    let executed = engine.execute_predicted(block, state, &predictions).expect("it runs");
    told.run_twice = executed.execution.reexecuted().len();
    told
}

#[test]
fn what_is_left_of_accounts_is_told_and_not_waited_for() {
    for scenario in [Scenario::DeployAndCall, Scenario::Create2, Scenario::Delegation] {
        let name = scenario.name();
        let told = told_of_accounts(scenario, Mode::Values);
        assert!(20 < told.codes, "{name}: {told:?}");
        assert_eq!((told.waiting, told.run_twice), (0, 0), "{name}");
        let without = told_of_accounts(scenario, Mode::Dataflow);
        assert!(20 < without.waiting && without.codes == 0, "{name}: {without:?}");
    }
    // Whether an account that is paid from within exists is not told.
    let told = told_of_accounts(Scenario::SelfDestruct, Mode::Values);
    assert!(5 < told.destroyed && told.waiting == 0 && told.run_twice < 10, "{told:?}");
    // Ether that earlier transactions bring suffices to pay from.
    let told = told_of_accounts(Scenario::Transient, Mode::Values);
    assert_eq!((told.waiting, told.run_twice), (0, 0), "{told:?}");
}

#[test]
fn nonces_that_cannot_be_are_told_like_others() {
    let plan = Plan { n_txs: 60, scenario: Scenario::Delegation, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    let (block, state) = (prepared.block(), prepared.state());
    let most = AccountLeft { nonces: u64::MAX, ..AccountLeft::default() };
    let claims = |(tx, it): (&Recovered<ChainTx>, Prediction)| {
        it.with_account_changes(vec![(tx.signer(), most.clone())])
    };
    let predictions = prepared.predict(&Default::default()).predictions;
    let predictions: IndexVec<TxIndex, _> =
        block.transactions.iter().zip(predictions).map(claims).collect();
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    let settings = EngineSettings { execution, ..EngineSettings::default() };
    let engine = Engine::with_settings(2, settings).unwrap();
    let executed = engine.execute_predicted(block, state, &predictions).unwrap();
    assert_eq!(executed.receipts_root(), block.header.receipts_root);
}
