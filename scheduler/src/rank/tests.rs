//! Which transactions come first?

use super::*;

#[test]
fn long_ones_those_others_wait_for_and_early_ones_come_first() {
    let steps =
        |(run, horizon)| Steps { predict: 0, run: Some(run), decide: 1, horizon: TxIndex(horizon) };
    let ranks_of = |txs: &[(u64, u32)]| -> Vec<u64> {
        ranks(&txs.iter().copied().map(steps).collect()).iter().copied().collect()
    };
    assert_eq!(ranks_of(&[(5, 0), (9, 0), (5, 1), (30, 0)]), [13, 12, 7, 31]);
    // Of equal ones the first.
    assert_eq!(ranks_of(&[(4, 0), (4, 0), (4, 0)]), [7, 6, 5]);
    // A chain adds up, its decisions included.
    assert_eq!(ranks_of(&[(4, 0), (4, 1), (4, 2)]), [15, 10, 5]);
    assert_eq!(ranks_of(&[]), [0; 0]);
}
