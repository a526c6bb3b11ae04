//! Does the sequential executor reproduce what the chain says of recorded blocks?

use slotcast_executor::{SequentialSettings, execute_baseline, execute_sequential};

use crate::recorded;

#[test]
fn every_recorded_block_agrees_with_its_header() {
    let paths = recorded::paths();
    let (mut n_agree, mut n_roots) = (0, 0);
    for (number, path) in &paths {
        let recorded = recorded::load(path);
        let settings = SequentialSettings { is_observed: false };
        let sequential = execute_sequential(&recorded.block, &recorded.state, &settings).unwrap();
        let check = sequential.outcome.check_header(&recorded.block.header);
        assert!(check.holds(), "block {number}: {check:?}");
        assert_eq!(check.receipts_root.is_some(), 4_370_000 <= *number, "block {number}");
        assert!(sequential.observations.is_empty());
        n_agree += 1;
        n_roots += usize::from(check.receipts_root.is_some());
        if recorded.state.n_missing_reads() != 0 {
            println!("block {number}: {} reads missed", recorded.state.n_missing_reads());
        }
    }
    println!("{n_agree}/{} headers agree, {n_roots} by their receipts root too", paths.len());
}

#[test]
fn watching_changes_nothing() {
    for (number, path) in recorded::paths() {
        let recorded = recorded::load(&path);
        let run = |is_observed| {
            let settings = SequentialSettings { is_observed };
            execute_sequential(&recorded.block, &recorded.state, &settings).unwrap()
        };
        let (plain, watched) = (run(false), run(true));
        assert_eq!(plain.outcome, watched.outcome, "block {number}");
        assert_eq!(plain.outcome.digest(), watched.outcome.digest(), "block {number}");
        assert_eq!(watched.observations.len(), recorded.block.n_transactions());
    }
}

#[test]
fn the_baseline_has_the_same_results() {
    for (number, path) in recorded::paths() {
        let recorded = recorded::load(&path);
        let (block, state) = (&recorded.block, &recorded.state);
        let settings = SequentialSettings { is_observed: false };
        let sequential = execute_sequential(block, state, &settings).unwrap();
        let baseline = execute_baseline(block, state).unwrap();
        assert_eq!(baseline.tx_outcomes(), sequential.outcome.txs, "block {number}");
    }
}
