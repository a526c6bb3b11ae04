//! Is what is said of a transaction what was predicted of it?

use slotcast::{EngineSettings, ExecutionRule};
use slotcast_corpus::embedded;
use slotcast_executor::ExecutionMode;
use slotcast_model::{Location, Slot};

use super::*;
use slotcast_corpus::prepare;

/// An engine that executes every block on both of its threads.
fn engine() -> Engine {
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    Engine::with_settings(2, EngineSettings { execution, ..EngineSettings::default() }).unwrap()
}

#[test]
fn every_slot_of_the_embedded_block_has_a_place_and_an_expression() {
    let prepared = prepare(&embedded().unwrap()).unwrap();
    let predictions = prepared.predict(&PredictSettings::default()).predictions;
    let engine = engine();
    let with_most = |n_slots: fn(usize) -> bool| {
        let storing = predictions.iter_enumerated();
        let mut storing = storing.filter(|(_, it)| n_slots(it.storage().reads.len()));
        storing.next().map(|(tx, _)| tx).unwrap()
    };
    for tx in [with_most(|n| n == 0), with_most(|n| n == 2), with_most(|n| 4 < n)] {
        let explained = explain_tx(&prepared, tx, &engine).unwrap();
        let part = &explained.prediction;
        let predicted = predictions[tx].storage();
        let slots = predicted.reads.iter().chain(&predicted.deltas).map(Slot::to_string);
        let mut slots: Vec<String> = slots.collect();
        slots.sort_unstable();
        let mut said: Vec<&str> = part.slots.iter().map(|slot| slot.slot.as_str()).collect();
        said.sort_unstable();
        assert_eq!(said, slots);
        assert_eq!(part.coverage, predictions[tx].coverage().text());
        for slot in &part.slots {
            assert!(!slot.places.is_empty(), "{slot:?}");
            for place in &slot.places {
                assert!(place.frame < part.frames.len());
                assert!(place.expression.is_some() && place.certainty.is_some(), "{place:?}");
            }
        }
        assert_eq!(explained.outcome.executions, 1);
        assert!(part.misses.is_empty(), "the embedded block is predicted exactly");
        for edge in &explained.dag.waits_for {
            let back = explain_tx(&prepared, TxIndex(edge.tx), &engine).unwrap().dag;
            let mut back = back.waited_for_by.iter().filter(|back| back.tx == tx.0);
            assert_eq!(back.next().unwrap().reason, edge.reason);
        }
    }
}

#[test]
fn a_transaction_that_is_not_there_is_refused() {
    let prepared = prepare(&embedded().unwrap()).unwrap();
    let engine = engine();
    let error = explain_tx(&prepared, TxIndex(400), &engine).unwrap_err();
    assert_eq!(error.to_string(), "--tx 400: the block has 400 transactions, counted from 0");
}

#[test]
fn what_a_transaction_ran_on_is_said_with_where_it_came_from() {
    let prepared = prepare(&embedded().unwrap()).unwrap();
    let predictions = prepared.predict(&PredictSettings::default()).predictions;
    let engine = engine();
    let (mut n_values, mut n_nonces, mut n_held) = (0, 0, 0);
    for tx in predictions.indices().step_by(7) {
        let explained = explain_tx(&prepared, tx, &engine).unwrap();
        for value in &explained.outcome.ran_on {
            let from = &predictions[TxIndex(value.from)];
            assert!(value.from < tx.0);
            let is_here = |location: Location| location.to_string() == value.location;
            let left = from.values().iter().find(|(slot, _)| is_here(Location::Storage(*slot)));
            let left = left.map(|(_, left)| *left);
            let pays = from.balance_changes().iter().any(|(it, _)| is_here(Location::Balance(*it)));
            let takes = from.account_changes().iter().any(|(it, change)| {
                is_here(Location::Nonce(*it)) && change.nonces != 0
                    || is_here(Location::Code(*it)) && change.code.is_some()
            });
            match left {
                Some(left) => assert_eq!(left, value.value, "{value:?}"),
                None => assert!(pays || takes, "{value:?}"),
            }
            n_nonces += usize::from(takes);
            n_values += 1;
            n_held += usize::from(value.instead.is_none());
        }
    }
    assert!(30 < n_values && 0 < n_nonces, "{n_values}, {n_nonces}");
    assert_eq!(n_held, n_values, "the embedded block is predicted exactly");
}
