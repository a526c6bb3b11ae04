//! Does the simulation follow the rules of Block-STM?

use alloy_primitives::Address;

use super::*;

/// Transactions as reads, writes and cost; time and runs on threads out.
fn check(txs: &[(&[u8], &[u8], u64)], expected: &[(usize, u64, usize)]) {
    let list = |numbers: &[u8]| {
        numbers.iter().map(|n| Location::Balance(Address::with_last_byte(*n))).collect()
    };
    let actual = |&(reads, writes, run): &(&[u8], &[u8], u64)| Actual {
        access: AccessSet::new(list(reads), list(writes), vec![]),
        run,
        validate: 0,
    };
    let txs = txs.iter().map(actual).collect();
    for &(threads, time, n_runs) in expected {
        let simulated = simulate_optimistic(&txs, NonZeroUsize::new(threads).unwrap());
        assert_eq!((simulated.time, simulated.n_runs), (time, n_runs), "{threads} threads");
        let all_runs = txs.iter().map(|tx| tx.run).max().unwrap_or(0) * n_runs as u64;
        assert!(simulated.busy <= all_runs && time <= simulated.busy, "{simulated:?}");
    }
}

#[test]
fn what_does_not_conflict_is_run_once() {
    check(&[(&[1], &[1], 5), (&[2], &[2], 5), (&[3], &[3], 5)], &[(1, 15, 3), (3, 5, 3)]);
    check(&[], &[(4, 0, 0)]);
}

#[test]
fn alone_nothing_is_run_in_vain() {
    check(&[(&[1], &[1], 5), (&[1], &[1], 5), (&[1], &[1], 5)], &[(1, 15, 3)]);
}

#[test]
fn a_stale_read_is_run_again() {
    check(&[(&[1], &[1], 5), (&[1], &[1], 5)], &[(2, 10, 3)]);
    // The second ends before the first, and is run again after it.
    check(&[(&[1], &[1], 9), (&[1], &[1], 5)], &[(2, 14, 3)]);
}

#[test]
fn what_reads_an_estimate_waits_for_it() {
    let chain: [(&[u8], &[u8], u64); 4] = [(&[1], &[1], 5); 4];
    check(&chain, &[(1, 20, 4), (4, 20, 7)]);
}
