//! Tests of: on which thread, from when to when, does each transaction run?

use slotcast_scheduler::{Mode, simulate};

use super::*;

#[test]
fn the_last_end_is_the_simulated_time_and_no_two_share_a_thread() {
    let tx = TxIndex;
    let edges = [(tx(0), tx(3)), (tx(1), tx(4)), (tx(3), tx(5)), (tx(2), tx(6))];
    let schedule = Schedule::from_edges(9, edges).unwrap();
    let costs = IndexVec::from(vec![5, 3, 9, 2, 2, 8, 1, 4, 6]);
    for n in 1..10 {
        let threads = NonZeroUsize::new(n).unwrap();
        let spans = timeline(&schedule, &costs, threads);
        let last = spans.iter().map(|span| span.end).max().unwrap();
        let expected = simulate(&schedule, &costs, threads, Mode::Dataflow, 0);
        assert_eq!(last, expected, "{n} threads");
        for (a, left) in spans.iter_enumerated() {
            assert!(left.thread < n && left.end - left.start == costs[a]);
            for (b, right) in spans.iter_enumerated() {
                let apart = left.end <= right.start || right.end <= left.start;
                assert!(a == b || left.thread != right.thread || apart);
            }
        }
    }
}
