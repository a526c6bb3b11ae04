//! Does the sequential executor reproduce what the chain says of recorded blocks?

use slotcast_executor::{SequentialSettings, execute_baseline, execute_sequential};

use crate::recorded;

/// Each block agrees with its header, is the same when it is watched, and has the results of plain revm.
#[test]
fn every_recorded_block_agrees_with_its_header_watched_or_not() {
    let all = recorded::all();
    let mut n_roots = 0;
    for (number, recorded) in all {
        let (block, state) = (&recorded.block, &recorded.state);
        let n_missed = state.n_missing_reads();
        let run = |is_observed| {
            execute_sequential(block, state, &SequentialSettings { is_observed }).unwrap()
        };
        let (plain, watched) = (run(false), run(true));
        let check = plain.outcome.check_header(&block.header);
        assert!(check.holds(), "block {number}: {check:?}");
        assert_eq!(check.receipts_root.is_some(), 4_370_000 <= *number, "block {number}");
        n_roots += usize::from(check.receipts_root.is_some());
        assert!(plain.observations.is_empty());
        assert_eq!(watched.observations.len(), block.n_transactions());
        assert_eq!(plain.outcome, watched.outcome, "block {number}");
        assert_eq!(plain.outcome.digest(), watched.outcome.digest(), "block {number}");
        let baseline = execute_baseline(block, state).unwrap();
        assert_eq!(baseline.tx_outcomes(), plain.outcome.txs, "block {number}");
        if state.n_missing_reads() != n_missed {
            println!("block {number}: reads missed");
        }
    }
    println!("{} headers agree, {n_roots} by their receipts root too", all.len());
}
