//! Tests of: how long would a block take on many threads, by what its transactions take on one?

use slotcast_corpus::{Plan, Scenario, generate};

use super::*;
use crate::seal;
use slotcast_corpus::prepare;

#[test]
fn more_threads_take_no_longer_and_nothing_comes_below_the_limit() {
    let plan = Plan { n_txs: 60, scenario: Scenario::Erc20, ..Plan::default() };
    let prepared = prepare(&seal(generate(&plan).unwrap()).unwrap()).unwrap();
    let threads = [1, 2, 8].map(|n| NonZeroUsize::new(n).unwrap());
    let rows = makespan(&prepared, &UnitCosts::default(), &threads).unwrap();
    assert_eq!(rows.len(), 3);
    for pair in rows.windows(2) {
        assert!(pair[1].true_sets_micros <= pair[0].true_sets_micros);
        assert!(pair[1].hinted_micros <= pair[0].hinted_micros);
    }
    for row in rows {
        assert!(row.sequential_micros / row.threads as f64 <= row.limit_micros + 0.001);
        for micros in [row.ours_micros, row.hinted_micros, row.true_sets_micros] {
            assert!(row.limit_micros <= micros);
        }
        assert!(row.limit_micros <= row.optimistic_micros);
        // On few threads it may cost more to hand transactions over than to wait.
        assert!(row.threads < 8 || row.hinted_micros <= row.ours_micros);
        assert!(0.0 < row.pooled_micros);
        assert!(60 <= row.optimistic_runs && 60 <= row.our_runs);
    }
}

#[test]
fn the_limit_is_the_longest_transaction_or_a_share_of_all() {
    let costs = IndexVec::from(vec![5, 3, 9, 2]);
    let limits = [1, 2, 3, 64].map(|n| no_wait_limit(&costs, NonZeroUsize::new(n).unwrap()));
    assert_eq!(limits, [19, 10, 9, 9]);
}
