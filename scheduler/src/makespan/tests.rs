//! Do simulated times follow from costs, horizons and threads?

use super::*;

/// Dependencies and costs in; simulated layers and dataflow times on `threads` out.
fn check(pairs: &[(u32, u32)], costs: &[u64], threads: usize, per_tx: u64, expected: [u64; 2]) {
    let pairs = pairs.iter().map(|&(from, to)| (TxIndex(from), TxIndex(to)));
    let schedule = Schedule::from_edges(costs.len(), pairs).unwrap();
    let costs = IndexVec::from(costs.to_vec());
    let threads = NonZeroUsize::new(threads).unwrap();
    let times = [Mode::Layers, Mode::Dataflow]
        .map(|mode| simulate(&schedule, &costs, threads, mode, per_tx));
    assert_eq!(times, expected);
}

#[test]
fn a_horizon_waits_for_more_than_the_edges_do() {
    // 2 waits for 1 and so for the long 0; without horizons it would end at 2.
    check(&[(1, 2)], &[10, 1, 1], 2, 0, [11, 11]);
    let schedule = Schedule::from_edges(3, [(TxIndex(1), TxIndex(2))]).unwrap();
    let (costs, two) = (IndexVec::from(vec![10, 1, 1]), NonZeroUsize::new(2).unwrap());
    assert_eq!(simulate_unbound(&schedule, &costs, two), 10);
}

#[test]
fn an_empty_block_takes_no_time() {
    check(&[], &[], 4, 1, [0, 0]);
}

#[test]
fn independent_transactions_share_the_threads_in_block_order() {
    check(&[], &[3, 1, 1, 4], 2, 0, [6, 6]);
    check(&[], &[3, 1, 1, 4], 4, 0, [4, 4]);
}

#[test]
fn a_layer_waits_for_all_of_the_layers_before_it() {
    // 3 waits for 0 only; in layers mode it waits for the long 2 as well.
    check(&[(0, 3)], &[1, 1, 9, 5], 3, 0, [14, 9]);
}

#[test]
fn of_all_set_free_at_once_the_lowest_go_first() {
    // 0 and 1 end together and set 4, and 2 and 3 free; were 4 to start before 3, the long 3
    // would end at 7.
    check(&[(0, 4), (1, 2), (1, 3)], &[1, 1, 1, 5, 1], 2, 0, [6, 6]);
}

#[test]
fn handing_over_costs_each_transaction_once() {
    check(&[(0, 1), (1, 2)], &[10, 10, 10], 8, 1, [33, 33]);
}
