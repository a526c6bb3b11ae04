//! Does simulated time follow from costs, horizons and threads?

use super::*;

/// Transactions as predict, run (zero for none), decide and horizon; times on threads out.
fn check(txs: &[[u64; 4]], expected: &[(usize, u64)]) {
    let steps = |&[predict, run, decide, horizon]: &[u64; 4]| Steps {
        predict,
        run: (run != 0).then_some(run),
        decide,
        horizon: TxIndex(u32::try_from(horizon).unwrap()),
    };
    let txs = txs.iter().map(steps).collect();
    for &(threads, time) in expected {
        let threads = NonZeroUsize::new(threads).unwrap();
        assert_eq!(simulate_streamed(&txs, threads), time, "{threads} threads");
    }
}

#[test]
fn alone_everything_takes_its_sum() {
    check(&[[1, 10, 2, 0], [1, 20, 2, 1], [1, 0, 5, 0]], &[(1, 42)]);
    check(&[], &[(1, 0), (8, 0)]);
}

#[test]
fn others_run_while_one_predicts() {
    // The first is known at 5, the second at 10; both run for 10.
    check(&[[5, 10, 0, 0], [5, 10, 0, 0]], &[(1, 30), (2, 20), (3, 20)]);
}

#[test]
fn a_horizon_holds_up_and_decisions_are_taken_one_at_a_time() {
    check(&[[0, 10, 1, 0], [0, 10, 1, 1]], &[(2, 22), (8, 22)]);
    check(&[[0, 10, 3, 0], [0, 10, 3, 0], [0, 10, 3, 0]], &[(8, 19)]);
}

#[test]
fn once_all_are_known_the_longest_starts_first() {
    check(&[[0, 5, 0, 0], [0, 5, 0, 0], [0, 20, 0, 0]], &[(1, 30), (2, 20)]);
    // The first starts at 1, when it is known; the last at 3, when all are.
    check(&[[1, 5, 0, 0], [1, 5, 0, 0], [1, 20, 0, 0]], &[(1, 33), (2, 23)]);
}

#[test]
fn what_is_done_on_the_prefix_takes_the_decider_alone() {
    check(&[[0, 0, 7, 0], [0, 0, 7, 0], [0, 5, 0, 0]], &[(1, 19), (2, 14), (8, 14)]);
}

#[test]
fn spans_tell_which_thread_was_at_what() {
    let steps = |run, decide, horizon| Steps { predict: 0, run, decide, horizon: TxIndex(horizon) };
    let txs = IndexVec::from(vec![
        steps(Some(10), 1, 0),
        steps(None, 4, 0),
        steps(Some(6), 1, 0),
        steps(Some(3), 1, 1),
    ]);
    let spans = trace_streamed(&txs, NonZeroUsize::new(2).unwrap());
    let span = |work, thread, start, end| WorkSpan { work, thread, start, end };
    let [first, second, third, fourth] = [0, 1, 2, 3].map(TxIndex);
    // The fourth waits for the first, is run beside the second, and is decided after the third.
    let expected = [
        span(Work::Run(first), 0, 0, 10),
        span(Work::Run(third), 1, 0, 6),
        span(Work::Decide(first), 0, 10, 11),
        span(Work::Decide(second), 0, 11, 15),
        span(Work::Run(fourth), 1, 11, 14),
        span(Work::Decide(third), 0, 15, 16),
        span(Work::Decide(fourth), 0, 16, 17),
    ];
    assert_eq!(spans, expected);
}
