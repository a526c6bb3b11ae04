//! Tests of: how long would a block take on many threads, by what its transactions take on one?

use slotcast_corpus::{Plan, Scenario, generate};

use super::*;
use crate::seal;
use slotcast_corpus::prepare;

#[test]
fn more_threads_take_no_longer_and_perfect_forecasts_are_the_best() {
    let plan = Plan { n_txs: 60, scenario: Scenario::Erc20, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    let threads = [1, 2, 8].map(|n| NonZeroUsize::new(n).unwrap());
    let rows = makespan(&prepared, &UnitCosts::default(), &threads).unwrap();
    assert_eq!(rows.len(), 3);
    for pair in rows.windows(2) {
        assert!(pair[1].perfect_micros <= pair[0].perfect_micros);
        assert!(pair[1].hinted_micros <= pair[0].hinted_micros);
    }
    for row in rows {
        assert!(row.in_order_micros / row.threads as f64 <= row.perfect_micros);
        assert!(row.hinted_micros <= row.ours_micros);
        assert!(60 <= row.optimistic_runs && 60 <= row.our_runs);
    }
}
