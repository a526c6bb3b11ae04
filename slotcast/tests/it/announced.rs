//! Are predictions that were made before the block those that are made in it, where they hold?
//!
//! In: synthetic blocks whose transactions were announced. Out: predictions, outcomes.

use alloy_primitives::{Address, B256};
use slotcast::{
    Engine, EngineSettings, ExecutionRule, NextBlock, Prepared,
    executor::{ExecutionMode, SequentialSettings, execute_sequential},
};
use slotcast_corpus::{Plan, Scenario, generate, prepare};
use slotcast_lab::seal;

fn block_of(scenario: Scenario) -> Prepared {
    let plan = Plan { n_txs: 120, scenario, ..Plan::default() };
    let sealed = seal(generate(&plan).expect("the plan is sound")).expect("it can be executed");
    prepare(&sealed).expect("its rules are known")
}

fn announce(engine: &Engine, prepared: &Prepared, next: &NextBlock) {
    for tx in &prepared.block().transactions {
        engine.announce(tx, next, prepared.state());
    }
}

#[test]
fn what_still_holds_is_what_predicting_in_the_block_gives() {
    let (mut n_kept, mut n_made) = (0, 0);
    for &scenario in Scenario::ALL {
        let prepared = block_of(scenario);
        let (block, state) = (prepared.block(), prepared.state());
        let engine = Engine::new(1).unwrap();
        // Computed jumps are known from here on.
        for _ in 0..3 {
            engine.predict_block(block, state).unwrap();
        }
        let in_block = engine.predict_block(block, state).unwrap();
        assert_eq!(in_block.n_kept, 0);
        announce(&engine, &prepared, &NextBlock::of(block, prepared.fork()));
        let refreshed = engine.predict_block(block, state).unwrap();
        assert_eq!(refreshed.predictions, in_block.predictions, "{}", scenario.name());
        n_kept += refreshed.n_kept;
        // For a block with another fee recipient they are made again.
        let mut other = NextBlock::of(block, prepared.fork());
        other.words.coinbase = Address::with_last_byte(9);
        announce(&engine, &prepared, &other);
        assert_eq!(engine.predict_block(block, state).unwrap(), in_block, "{}", scenario.name());
        n_made += block.n_transactions() - refreshed.n_kept;
    }
    assert!(100 < n_kept && 100 < n_made, "{n_kept} held and {n_made} did not");
}

#[test]
fn predictions_of_another_state_cost_time_and_nothing_else() {
    let wrong = block_of(Scenario::Transfers);
    for scenario in [Scenario::Erc20, Scenario::Amm] {
        let prepared = block_of(scenario);
        let (block, state) = (prepared.block(), prepared.state());
        let unobserved = SequentialSettings { is_observed: false };
        let expected = execute_sequential(block, state, &unobserved).unwrap().outcome;
        let next = NextBlock::of(block, prepared.fork());
        let work = |threads| {
            let execution = ExecutionRule::Always(ExecutionMode::Parallel);
            let settings = EngineSettings { execution, ..EngineSettings::default() };
            let engine = Engine::with_settings(threads, settings).unwrap();
            // The parent is said to be this block's, and the state is not.
            for tx in &block.transactions {
                engine.announce(tx, &next, wrong.state());
            }
            let execution = engine.execute(block, state).unwrap().execution;
            let work = (execution.reexecuted().to_vec(), execution.n_executions());
            assert_eq!(execution.into_outcome(state).unwrap(), expected, "{}", scenario.name());
            work
        };
        let alone = work(1);
        assert!(alone.1 <= 2 * block.n_transactions());
        assert_eq!((work(2), work(7)), (alone.clone(), alone));
    }
}

#[test]
fn a_new_head_refreshes_what_no_longer_holds() {
    let (prepared, wrong) = (block_of(Scenario::Erc20), block_of(Scenario::Transfers));
    let (block, state) = (prepared.block(), prepared.state());
    let engine = Engine::new(1).unwrap();
    let next = NextBlock::of(block, prepared.fork());
    let old = NextBlock { parent_hash: B256::with_last_byte(7), ..next };
    for tx in &block.transactions {
        engine.announce(tx, &old, wrong.state());
    }
    let n_announced = engine.n_announced();
    let n_again = engine.refresh(&next, state).len();
    assert!(0 < n_again && n_again <= n_announced, "{n_again} of {n_announced}");
    let unmoved = NextBlock { parent_hash: B256::with_last_byte(8), ..next };
    assert_eq!(
        engine.refresh(&unmoved, state),
        [B256::ZERO; 0],
        "another head with the same words"
    );
}

#[test]
fn what_is_kept_is_bounded_replaced_and_withdrawn() {
    let prepared = block_of(Scenario::Erc20);
    let next = NextBlock::of(prepared.block(), prepared.fork());
    let settings = EngineSettings { announced: 4, ..EngineSettings::default() };
    let engine = Engine::with_settings(1, settings).unwrap();
    announce(&engine, &prepared, &next);
    assert_eq!(engine.n_announced(), 4);
    let txs = &prepared.block().transactions;
    let (first, last) = (&txs[0], &txs[txs.len() - 1]);
    assert!(!engine.withdraw(first.tx_hash()), "the first made room");
    // The same sender and nonce: it takes its own place.
    assert!(engine.announce(last, &next, prepared.state()));
    assert_eq!(engine.n_announced(), 4);
    let kept: Vec<B256> = txs[txs.len() - 4..].iter().map(|tx| *tx.tx_hash()).collect();
    assert_eq!(engine.announced(), kept, "in order of arrival");
    assert!(engine.withdraw(last.tx_hash()));
    assert!(!engine.withdraw(last.tx_hash()));
    assert_eq!(engine.announced(), kept[..3]);
    assert_eq!(engine.n_announced(), 3);
}

#[test]
fn what_is_kept_is_given_while_it_still_holds() {
    let (prepared, other) = (block_of(Scenario::Erc20), block_of(Scenario::Transfers));
    let (block, state) = (prepared.block(), prepared.state());
    let next = NextBlock::of(block, prepared.fork());
    let [unmoved, moved] =
        [7, 8].map(|n| NextBlock { parent_hash: B256::with_last_byte(n), ..next });
    let engine = Engine::new(1).unwrap();
    // Computed jumps are known from here on.
    engine.predict_block(block, state).unwrap();
    let (mut n_moved, mut n_values) = (0, 0);
    for tx in &block.transactions {
        assert_eq!(engine.kept_prediction(tx.tx_hash(), &next, state), None);
        engine.announce(tx, &next, state);
        let alone = engine.predict(tx, &next.words, next.fork, state);
        for next in [&next, &unmoved] {
            let kept = engine.kept_prediction(tx.tx_hash(), next, state).expect("it holds");
            n_values += kept.values().len();
            assert_eq!(kept.without_values(), alone);
        }
        let on_other = engine.kept_prediction(tx.tx_hash(), &moved, other.state());
        if let Some(kept) = on_other {
            let alone = engine.predict(tx, &next.words, next.fork, other.state());
            assert_eq!(kept.without_values(), alone);
        } else {
            n_moved += 1;
        }
    }
    assert!(0 < n_moved && 0 < n_values, "{n_moved} did not hold, {n_values} values");
    // A block whose words decide otherwise.
    let mut words = next.words;
    words.coinbase = Address::with_last_byte(9);
    let (tx, other) = (&block.transactions[0], NextBlock { words, ..next });
    assert_eq!(engine.kept_prediction(tx.tx_hash(), &other, state), None);
}
