//! What do transactions wait for?
//!
//! In: synthetic blocks, with predictions at hand and predicted while they run. Out: horizons.

use alloy_consensus::Transaction as _;
use slotcast::{
    PredictSettings, View,
    executor::Horizon,
    graph::{Waits, all_accesses, predicted_accesses},
    model::{IndexVec, Location, TxIndex},
    predict::Lookahead,
    scheduler::{Mode, PredictedAccess, schedule},
};
use slotcast_corpus::{Plan, Scenario, generate, prepare};
use slotcast_lab::seal;

#[test]
fn plain_transfers_wait_for_nobody_and_nobody_waits_for_what_is_taken_for_granted() {
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
fn the_first_are_waited_for_and_the_rest_is_predicted() {
    let plan = Plan { n_txs: 40, scenario: Scenario::Erc20, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    let summaries = prepared.summaries(&Default::default());
    let view = View::new(prepared.state(), &summaries);
    let (block, fork) = (prepared.block(), prepared.fork());
    let of = |first_predicted| {
        let (base, first) = (prepared.state(), TxIndex(first_predicted));
        let settings = PredictSettings::default();
        let mut lookahead =
            Lookahead::new(block, fork, &view, base, &settings, first, Mode::Dataflow);
        block.tx_indices().map(|_| lookahead.next()).collect::<Vec<_>>()
    };
    let (some, all) = (of(15), of(0));
    for (n, (wait, wait_of_all)) in (0..).zip(some.iter().zip(&all)) {
        let expected = if n < 15 { n } else { wait_of_all.horizon.0.0.max(15) };
        assert_eq!(wait.horizon.0.0, expected, "{n}");
    }
    assert!(all.iter().any(|wait| wait.horizon.0.0 == 0));
}
