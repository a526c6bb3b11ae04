//! Do recorded rollup blocks equal what their headers, receipts and states afterwards say?
//!
//! The blocks stand beside the checkout; without them the test says so and passes. Every block is run
//! sequentially and on two threads, with nothing known of it and with every transaction waiting for
//! the first alone.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use std::path::PathBuf;

use slotcast::{
    executor::{
        Advice, BlockOutcome, Horizon, SequentialSettings, Settings, check_rollup, execute,
        execute_sequential, rules_of,
    },
    model::TxIndex,
};
use slotcast_corpus::{self as corpus, RecordedBlock, prepare, print, receipts_of};

fn blocks() -> Vec<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/rollups"));
    if !folder.exists() {
        println!("skipped: there are no rollup blocks beside the checkout");
        return Vec::new();
    }
    corpus::list(&folder).unwrap()
}

/// What of the header and the receipts differs from the recording.
fn differences(recorded: &RecordedBlock, outcome: &BlockOutcome) -> Vec<String> {
    let prepared = prepare(recorded).unwrap();
    let block = prepared.block();
    let rules = rules_of(block).unwrap();
    let chain = rules.as_optimism().unwrap();
    let around = &recorded.around;
    let check =
        check_rollup(chain, &block.header, outcome, around.parent.as_ref(), around.message_passer);
    let header = outcome.check_header(&block.header);
    let fields = [
        ("gas", header.gas_used),
        ("receipts root", header.receipts_root),
        ("bloom", header.logs_bloom),
        ("base fee", check.base_fee),
        ("withdrawals root", check.withdrawals_root),
        ("DA footprint", check.da_footprint),
    ];
    let is_wrong = |(_, holds): &&(&str, Option<bool>)| *holds == Some(false);
    let mut wrong: Vec<String> =
        fields.iter().filter(is_wrong).map(|(name, _)| (*name).to_owned()).collect();
    let receipts = receipts_of(block, outcome);
    for (n, (ours, stated)) in receipts.iter().zip(recorded.receipts.iter().flatten()).enumerate() {
        if ours != stated {
            wrong.push(format!("receipt {n}: {ours:?} instead of {stated:?}"));
        }
    }
    wrong
}

/// What of the state afterwards differs from the recording.
fn differences_of_state(recorded: &RecordedBlock, outcome: &BlockOutcome) -> Vec<String> {
    let Some(stated) = &recorded.around.post_state else { return Vec::new() };
    let mut wrong = Vec::new();
    // What was not read when the block was recorded cannot be compared; what did not exist was read.
    let is_recorded = |address| recorded.pre_state.contains_key(address);
    let changes = outcome.state.iter().filter(|change| is_recorded(&change.address));
    for change in changes.clone() {
        let (Some(Some(account)), Some(after)) = (stated.get(&change.address), change.after) else {
            wrong.push(format!("state: {change:?} is not stated"));
            continue;
        };
        let slots = change.storage.iter().map(|slot| (&slot.key, &slot.after));
        if account.balance != after.balance
            || account.nonce != after.nonce
            || !account.storage.iter().eq(slots)
        {
            wrong.push(format!("state: {change:?} instead of {account:?}"));
        }
    }
    let n_stated = stated.keys().filter(|address| is_recorded(address)).count();
    if changes.clone().count() != n_stated {
        wrong.push(format!("state: {} instead of {n_stated}", changes.count()));
    }
    wrong
}

#[test]
fn recorded_blocks_equal_their_headers_receipts_and_states() {
    let mut n_wrong = 0;
    for path in blocks() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let recorded = corpus::read_file(&path).unwrap();
        let prepared = prepare(&recorded).unwrap();
        let (block, state) = (prepared.block(), prepared.state());
        let outcome_of = |is_observed| {
            execute_sequential(block, state, &SequentialSettings { is_observed }).unwrap().outcome
        };
        let sequential = outcome_of(false);
        assert!(outcome_of(true) == sequential, "{name}: observed");
        let alone = execute(block, state, Advice::None).unwrap().into_outcome(state).unwrap();
        assert!(alone == sequential, "{name}: without advice");
        let settings = Settings::with_threads(2).unwrap();
        for horizon in [0, 1] {
            let mut wait = |tx: TxIndex| Horizon(TxIndex(tx.0.min(horizon))).into();
            let parallel = execute(block, state, Advice::Streamed(&mut wait, &settings)).unwrap();
            let (n, n_txs) = (parallel.reexecuted().len(), block.n_transactions());
            println!("{name}: waiting for {horizon}: {n} of {n_txs} run again");
            assert!(parallel.into_outcome(state).unwrap() == sequential, "{name}: {horizon}");
        }
        let mut wrong = differences(&recorded, &sequential);
        wrong.extend(differences_of_state(&recorded, &sequential));
        n_wrong += usize::from(!wrong.is_empty());
        wrong.iter().take(8).for_each(|difference| println!("{name}: {difference}"));
        let again = corpus::parse(&print(&recorded).unwrap(), &name).unwrap();
        assert!(again == recorded, "{name}: printed and read again");
    }
    assert_eq!(n_wrong, 0, "blocks that differ");
}
