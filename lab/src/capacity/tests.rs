//! Tests of: how many threads does so much gas a second take, and what does that cost?

use slotcast_corpus::{Plan, Scenario, generate, prepare};

use super::*;
use crate::seal;

/// An engine that makes 100 Mgas a second on each of its first four threads.
fn costs() -> CapacityCosts {
    let mut costs = CapacityCosts { gas: 1_000_000_000, n_txs: 10_000, ..Default::default() };
    for of_engine in &mut costs.nanos {
        for (threads, nanos) in CAPACITY_THREADS.into_iter().zip(of_engine) {
            *nanos = (10_000_000_000 / threads.min(4) as u64, 12_000_000_000);
        }
    }
    costs
}

fn row(mgas_per_second: f64) -> CapacityRow {
    let target = CapacityTarget { mgas_per_second, price: Some(0.5), watts: Some(3.0) };
    costs().rows(&target).swap_remove(0)
}

#[test]
fn the_least_number_of_threads_that_suffices_is_named() {
    for (wanted, threads) in [(1.0, 1), (100.0, 1), (100.1, 2), (299.0, 3), (400.0, 4)] {
        assert_eq!(row(wanted).threads, Some(threads), "{wanted}");
    }
    let too_much = row(401.0);
    assert_eq!((too_much.threads, too_much.pays_up_to, too_much.at.threads), (None, 4, 4));
}

#[test]
fn cost_is_of_threads_that_are_paid_and_energy_of_those_that_work() {
    // A million transactions are 100 Ggas: at 200 Mgas a second 500 seconds of two threads.
    let row = row(200.0);
    assert_eq!(row.at.threads, 2);
    assert!((row.cost_per_million_txs.unwrap() - 0.5 * 2.0 * 500.0 / 3_600.0).abs() < 1e-9);
    assert!((row.at.processor_seconds_per_ggas - 12.0).abs() < 1e-9);
    assert!((row.watt_hours_per_million_txs.unwrap() - 3.0 * 1_200.0 / 3_600.0).abs() < 1e-9);
}

#[test]
fn a_rate_that_is_not_reached_costs_what_the_reached_one_does() {
    let [reached, beyond] = [400.0, 4_000.0].map(row);
    assert_eq!(reached.cost_per_million_txs, beyond.cost_per_million_txs);
}

#[test]
fn the_makespan_and_the_capacity_of_one_measurement_agree() {
    let plan = Plan { n_txs: 40, scenario: Scenario::Amm, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    let measured = BlockCosts::measure(&prepared, &UnitCosts::default()).unwrap();
    let mut costs = CapacityCosts::default();
    // Twice as many blocks take twice as long, which leaves what is made in a second.
    for _ in 0..2 {
        costs.add_measured(&measured);
    }
    let target = CapacityTarget { mgas_per_second: 1.0, price: None, watts: None };
    let capacity = costs.rows(&target);
    let gas = prepared.block().header.gas_used as f64;
    let threads = CAPACITY_THREADS.map(|threads| NonZeroUsize::new(threads).unwrap());
    for (n, row) in measured.makespan(&threads).iter().enumerate() {
        let micros = [
            row.sequential_micros,
            row.optimistic_micros,
            row.ours_micros,
            row.pooled_micros,
            row.hinted_micros,
        ];
        for (of_engine, micros) in capacity.iter().zip(micros) {
            let (point, expected) = (of_engine.points[n], gas / micros);
            let difference = point.mgas_per_second / expected - 1.0;
            assert_eq!(point.threads, row.threads);
            assert!(difference.abs() < 1e-9, "{:?}: {point:?}, {expected}", of_engine.engine);
        }
    }
}
