//! Is a block that another node mined recorded, predicted and run in parallel as that node says?
//!
//! In: anvil, which `tests/setup/anvil.sh` fetches; the states and transactions of made-up blocks.
//! Out: recordings by each way, which must agree and run as anvil's header states.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use alloy_eips::Encodable2718;
use alloy_primitives::{B256, U64, hex};
use serde_json::{Value, json};
use slotcast::{
    RunSettings,
    corpus::{Era, Plan, RecordedBlock, Scenario, generate},
    executor::Settings,
    run_block,
    scheduler::Policy,
    seal,
};
use slotcast_node::{Node, ProofPolicy, RecordSettings, Recorder, Way};

use crate::faults::impatient;

/// A chain id under which every fork up to Osaka holds from the first block.
const CHAIN_ID: u64 = 31_337;

/// Anvil, until it is dropped.
struct Anvil {
    child: Child,
    node: Arc<Node>,
    _folder: tempfile::TempDir,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // It may be gone already, which is all that is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts anvil on the state before `block`; none where it was not fetched.
fn start(block: &RecordedBlock) -> Option<Anvil> {
    let binary = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/tools/anvil");
    if !binary.is_file() {
        println!("skipped: there is no anvil; tests/setup/anvil.sh fetches it");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let genesis = folder.path().join("genesis.json");
    std::fs::write(&genesis, genesis_of(block).to_string()).expect("it can be written");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let child = Command::new(binary)
        .args(["--chain-id", &CHAIN_ID.to_string(), "--order", "fifo", "--no-mining", "--quiet"])
        .args(["--hardfork", "osaka", "--port", &port.to_string(), "--init"])
        .arg(&genesis)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("anvil starts");
    let url = format!("http://127.0.0.1:{port}");
    let mut anvil = None;
    for _ in 0..400 {
        if let Ok(node) = Node::connect(&url, impatient()) {
            anvil = Some(node);
            break;
        }
        thread::sleep(Duration::from_millis(25));
    }
    let node = Arc::new(anvil.expect("anvil answers within ten seconds"));
    Some(Anvil { child, node, _folder: folder })
}

fn genesis_of(block: &RecordedBlock) -> Value {
    let forks = [
        "homesteadBlock",
        "eip150Block",
        "eip155Block",
        "eip158Block",
        "byzantiumBlock",
        "constantinopleBlock",
        "petersburgBlock",
        "istanbulBlock",
        "berlinBlock",
        "londonBlock",
        "mergeNetsplitBlock",
        "shanghaiTime",
        "cancunTime",
        "pragueTime",
        "osakaTime",
        "terminalTotalDifficulty",
    ];
    let mut config: serde_json::Map<String, Value> =
        forks.iter().map(|fork| ((*fork).to_owned(), json!(0))).collect();
    config.insert("chainId".to_owned(), json!(CHAIN_ID));
    config.insert("terminalTotalDifficultyPassed".to_owned(), json!(true));
    let alloc = block.pre_state.iter().map(|(address, account)| {
        // A slot of zero is no slot, but anvil's root counts it.
        let storage = account.storage.iter().filter(|(_, value)| !value.is_zero());
        let storage =
            storage.map(|(key, value)| (B256::from(*key).to_string(), json!(B256::from(*value))));
        let account = json!({
            "balance": account.balance,
            "nonce": U64::from(account.nonce),
            "code": account.code.clone().unwrap_or_default(),
            "storage": storage.collect::<serde_json::Map<_, _>>(),
        });
        (format!("{address:#x}"), account)
    });
    json!({
        "config": config,
        "nonce": "0x0",
        "timestamp": U64::from(block.header.timestamp - 12),
        "extraData": "0x",
        "gasLimit": U64::from(block.header.gas_limit),
        "difficulty": "0x0",
        "mixHash": B256::ZERO,
        "coinbase": block.header.beneficiary,
        "baseFeePerGas": U64::from(block.header.base_fee_per_gas.unwrap_or_default()),
        "alloc": alloc.collect::<serde_json::Map<_, _>>(),
    })
}

impl Anvil {
    fn call(&self, method: &str, params: &Value) -> String {
        let answer = self.node.rpc().call(method, params);
        answer.unwrap_or_else(|error| panic!("{error}")).get().to_owned()
    }

    /// Sends transactions and mines them all as one block; gives its number.
    fn mine(&self, block: &RecordedBlock) -> u64 {
        for tx in &block.transactions {
            self.call("eth_sendRawTransaction", &json!([hex::encode_prefixed(tx.encoded_2718())]));
        }
        self.call("evm_setNextBlockTimestamp", &json!([block.header.timestamp]));
        self.call("evm_mine", &json!([]));
        self.node.head().expect("it is up")
    }

    fn record(&self, number: u64, is_traced: bool) -> (RecordedBlock, Way) {
        let settings =
            RecordSettings { proofs: ProofPolicy::Never, is_traced, ..RecordSettings::default() };
        let recorder = Recorder::new(Arc::clone(&self.node), settings);
        let recording = recorder.record(number).unwrap_or_else(|error| panic!("{error}"));
        (recording.block, recording.way)
    }
}

fn made(seed: u64, n_txs: usize, scenario: Scenario) -> RecordedBlock {
    let plan = Plan { seed, n_txs, scenario, chain_id: CHAIN_ID, era: Era::Osaka };
    seal(generate(&plan).expect("the era has the scenario")).expect("a made-up block can be run")
}

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
        let settings = RunSettings {
            predict: Default::default(),
            policy: Policy::Optimistic,
            execution: Settings::with_threads(2).expect("threads can be started"),
        };
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
