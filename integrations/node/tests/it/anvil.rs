//! Is a block that another node mined recorded, predicted and run in parallel as that node says?
//!
//! In: anvil, which `tests/setup/anvil.sh` fetches; the states and transactions of synthetic blocks.
//! Out: recordings by each way, which must agree and run as anvil's header states.

use std::sync::Arc;

use serde_json::{Value, json};
use slotcast_corpus::{self as corpus, Scenario};
use slotcast_lab::{RunSettings, run_block};
use slotcast_node::{
    Done, Job, Node, ProofPolicy, RecordError, RecordSettings, Recorder, Way, record_range,
};

use crate::{
    faults::impatient,
    miner::{made, start},
};

#[test]
fn what_anvil_mined_is_recorded_each_way_and_runs_in_parallel_as_it_says() {
    for scenario in [Scenario::Erc20, Scenario::Amm] {
        let block = made(11, 150, scenario);
        let Some(anvil) = start(&block) else { return };
        let number = anvil.mine(&block);
        let (traced, way) = anvil.record(number, true);
        println!("{}: {} transactions, {way:?}", scenario.name(), traced.transactions.len());
        assert_eq!(traced.transactions.len(), block.transactions.len());
        let (fetched, way) = anvil.record(number, false);
        assert_eq!(way, Way::Fetched);
        assert_eq!(traced, fetched);
        let settings = RunSettings::new(2, None).expect("threads can be started");
        let report = run_block(&traced, &settings).expect("it runs");
        assert!(report.holds(), "{report:?}");
    }
}

#[test]
fn after_a_reorganisation_the_new_block_is_recorded() {
    let block = made(12, 40, Scenario::Transfers);
    let Some(anvil) = start(&block) else { return };
    let before = anvil.call("evm_snapshot", &json!([]));
    let number = anvil.mine(&block);
    let (old, _) = anvil.record(number, true);
    let before: Value = serde_json::from_str(&before).expect("an identifier");
    anvil.call("evm_revert", &json!([before]));
    let mut shorter = block.clone();
    shorter.transactions.truncate(10);
    shorter.header.timestamp += 12;
    assert_eq!(anvil.mine(&shorter), number);
    let (new, _) = anvil.record(number, true);
    assert_ne!(old.hash, new.hash);
    assert_eq!(old.header.parent_hash, new.header.parent_hash);
    assert_eq!(new.transactions.len(), 10);
}

/// Counts what was recorded.
#[derive(Default)]
struct Recorded(std::sync::Mutex<Vec<bool>>);

impl slotcast_node::Progress for Recorded {
    fn done(&self, _: u64, result: &Result<Done, RecordError>) {
        let is_recorded = matches!(result, Ok(Done::Recorded { .. }));
        self.0.lock().expect("no thread panicked").push(is_recorded);
    }
}

#[test]
fn a_file_whose_block_was_replaced_is_recorded_again() {
    let block = made(13, 10, Scenario::Transfers);
    let Some(anvil) = start(&block) else { return };
    let settings = RecordSettings { proofs: ProofPolicy::Never, ..RecordSettings::default() };
    let node = Node::connect(&anvil.url, impatient()).expect("the node is up");
    let recorder = Recorder::new(Arc::new(node), settings);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let before = anvil.call("evm_snapshot", &json!([]));
    let number = anvil.mine(&block);
    let record = || {
        let job =
            Job { recorder: &recorder, blocks: number..=number, folder: folder.path(), threads: 1 };
        let recorded = Recorded::default();
        assert!(record_range(&job, &recorded).is_empty());
        let files = corpus::list(folder.path()).expect("there is a file");
        let hash = corpus::read_file(&files[0]).expect("it is whole").hash;
        (recorded.0.into_inner().expect("no thread panicked"), hash)
    };
    let (recorded, old) = record();
    assert_eq!(recorded, [true]);
    assert_eq!(record(), (vec![false], old), "what is still the node's is kept");
    let before: Value = serde_json::from_str(&before).expect("an identifier");
    anvil.call("evm_revert", &json!([before]));
    let mut shorter = block.clone();
    shorter.transactions.truncate(5);
    shorter.header.timestamp += 12;
    assert_eq!(anvil.mine(&shorter), number);
    let (recorded, new) = record();
    assert_eq!(recorded, [true]);
    assert_ne!(old, new);
}
