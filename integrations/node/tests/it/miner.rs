//! How does a node of another make mine our blocks?
//!
//! In: a synthetic block, whose state before it becomes the genesis. Out: [`Miner`], anvil on a free
//! port; none where it was not fetched.
//! Invariant: blocks are mined when they are asked for, with transactions in order of arrival.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use alloy_eips::Encodable2718;
use alloy_primitives::{B256, U64, hex};
use serde_json::{Value, json};
use slotcast_corpus::{Plan, RecordedBlock, Scenario, generate};
use slotcast_lab::seal;
use slotcast_node::{Node, ProofPolicy, RecordSettings, Recorder, RpcSettings, Way};

/// A chain id under which every fork up to Osaka holds from the first block.
const CHAIN_ID: u64 = 31_337;

/// Anvil, until it is dropped.
pub(crate) struct Miner {
    child: Child,
    pub(crate) node: Arc<Node>,
    pub(crate) url: String,
    folder: tempfile::TempDir,
}

impl Drop for Miner {
    fn drop(&mut self) {
        // It may be gone already, which is all that is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts anvil on the state before `block`; none where it was not fetched.
pub(crate) fn start(block: &RecordedBlock) -> Option<Miner> {
    if !binary().is_file() {
        // Written past the test runner's capture, so that a skipped test is seen to be skipped.
        let message = b"skipped: there is no anvil; tests/setup/anvil.sh fetches it\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), message);
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let genesis = folder.path().join("genesis.json");
    std::fs::write(&genesis, genesis_of(block).to_string()).expect("it can be written");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}");
    let child = spawn(folder.path(), &url);
    let node = Arc::new(Node::connect(&url, settings()).expect("it answers"));
    Some(Miner { child, node, url, folder })
}

fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/anvil")
}

/// Starts anvil on the genesis in a folder, and waits until it answers at `url`.
fn spawn(folder: &Path, url: &str) -> Child {
    let port = url.rsplit(':').next().expect("it ends with the port");
    let mut child = Command::new(binary())
        .args(["--chain-id", &CHAIN_ID.to_string(), "--order", "fifo", "--no-mining", "--quiet"])
        .args(["--hardfork", "osaka", "--port", port, "--no-request-size-limit", "--init"])
        .arg(folder.join("genesis.json"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("anvil starts");
    for _ in 0..400 {
        if Node::connect(url, settings()).is_ok() {
            return child;
        }
        thread::sleep(Duration::from_millis(25));
    }
    // It may be gone already.
    drop(child.kill());
    drop(child.wait());
    panic!("anvil does not answer within ten seconds");
}

fn settings() -> RpcSettings {
    let (timeout, back_off) = (Duration::from_secs(20), Duration::from_millis(1));
    RpcSettings { timeout, retries: 3, back_off, ..RpcSettings::default() }
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

impl Miner {
    /// What anvil answers, as JSON text.
    pub(crate) fn call(&self, method: &str, params: &Value) -> String {
        let answer = self.node.rpc().call(method, params);
        answer.unwrap_or_else(|error| panic!("{error}")).get().to_owned()
    }

    /// Ends the process; gives its chain, for [`Self::go_on`].
    pub(crate) fn end(&mut self) -> Value {
        // With the states before the newest; it writes no file beside a genesis.
        let chain = self.call("anvil_dumpState", &json!([true]));
        self.child.kill().expect("it is up");
        self.child.wait().expect("it was started here");
        serde_json::from_str(&chain).expect("a text")
    }

    /// Starts it again on the same port with the chain it had.
    pub(crate) fn go_on(&mut self, chain: &Value) {
        self.child = spawn(self.folder.path(), &self.url);
        assert_eq!(self.call("anvil_loadState", &json!([chain])), "true");
    }

    /// Sends the transactions of a block.
    pub(crate) fn send(&self, block: &RecordedBlock) {
        for tx in &block.transactions {
            self.call("eth_sendRawTransaction", &json!([hex::encode_prefixed(tx.encoded_2718())]));
        }
    }

    /// Sends transactions and mines them all as one block; gives its number.
    pub(crate) fn mine(&self, block: &RecordedBlock) -> u64 {
        self.send(block);
        self.mine_sent(block)
    }

    /// Mines what was sent at the time of this block; gives the number of what was mined.
    pub(crate) fn mine_sent(&self, block: &RecordedBlock) -> u64 {
        self.call("evm_setNextBlockTimestamp", &json!([block.header.timestamp]));
        self.call("evm_mine", &json!([]));
        self.node.head().expect("it is up")
    }

    /// Records a block.
    pub(crate) fn record(&self, number: u64, is_traced: bool) -> (RecordedBlock, Way) {
        let settings =
            RecordSettings { proofs: ProofPolicy::Never, is_traced, ..RecordSettings::default() };
        let recorder = Recorder::new(Arc::clone(&self.node), settings);
        let recording = recorder.record(number).unwrap_or_else(|error| panic!("{error}"));
        (recording.block, recording.way)
    }
}

/// A block to be mined.
pub(crate) fn made(seed: u64, n_txs: usize, scenario: Scenario) -> RecordedBlock {
    let plan = Plan { seed, n_txs, scenario, chain_id: CHAIN_ID, ..Plan::default() };
    seal(generate(&plan).expect("the era has the scenario")).expect("a synthetic block can be run")
}
