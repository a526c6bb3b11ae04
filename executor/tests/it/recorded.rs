//! How do recorded blocks become executor inputs?
//!
//! In: the folder of recorded blocks beside the checkout. Out: blocks with their base states, read once
//! for all tests.
//! Invariant: where the folder is missing, nothing is returned and one line says so.

use std::{fs, io::Read, path::PathBuf, sync::LazyLock};

use alloy_primitives::{Address, B256, Bytes, U256};
use flate2::read::GzDecoder;
use serde_json::Value;
use slotcast_executor::{AccountRecord, Block, CodeRecord, ForkChoice, MemoryState};

/// A recorded block and the state before it.
pub(crate) struct Recorded {
    pub(crate) block: Block,
    pub(crate) state: MemoryState,
}

/// All recorded blocks by number, or nothing when there are none.
pub(crate) fn all() -> &'static [(u64, Recorded)] {
    static ALL: LazyLock<Vec<(u64, Recorded)>> =
        LazyLock::new(|| paths().iter().map(|(number, path)| (*number, load(path))).collect());
    &ALL
}

fn paths() -> Vec<(u64, PathBuf)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/blocks");
    let Ok(entries) = fs::read_dir(&folder) else {
        // Written past the test runner's capture, so that a skipped test is seen to be skipped.
        let line = b"skipped the recorded blocks: none in ../shared/blocks\n";
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line);
        return vec![];
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            let number = name.strip_prefix("ethereum-")?.strip_suffix(".json.gz")?;
            Some((number.parse().ok()?, path.clone()))
        })
        .collect();
    paths.sort_unstable();
    paths
}

fn load(path: &PathBuf) -> Recorded {
    let mut text = Vec::new();
    GzDecoder::new(fs::File::open(path).unwrap()).read_to_end(&mut text).unwrap();
    let record: Value = serde_json::from_slice(&text).unwrap();
    let chain_id = number(&record["chainId"]);
    let rpc: alloy_rpc_types_eth::Block = serde_json::from_value(record["block"].clone()).unwrap();
    let block = Block {
        chain_id,
        hash: rpc.header.hash,
        header: rpc.header.inner.clone(),
        withdrawals: rpc.withdrawals.clone().map(|withdrawals| withdrawals.into_inner()),
        transactions: rpc
            .transactions
            .into_transactions()
            .map(|tx| tx.inner.map(Into::into))
            .collect(),
        forks: ForkChoice::OfChain,
        ommers: vec![],
    };
    let accounts = record["preState"].as_object().unwrap().iter().map(account);
    let hashes = record["blockHashes"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(number, hash)| (number.parse().unwrap(), parse::<B256>(hash)));
    let state = MemoryState::new(block.header.number, accounts, hashes);
    Recorded { block, state }
}

fn account((address, fields): (&String, &Value)) -> AccountRecord {
    let code = match (fields.get("code"), fields.get("codeHash")) {
        (Some(code), _) => CodeRecord::Known(parse::<Bytes>(code)),
        (None, Some(hash)) => CodeRecord::HashOnly(parse::<B256>(hash)),
        (None, None) => CodeRecord::None,
    };
    let storage = fields.get("storage").and_then(Value::as_object).map_or_else(Vec::new, |slots| {
        slots.iter().map(|(key, value)| (key.parse().unwrap(), parse::<U256>(value))).collect()
    });
    AccountRecord {
        address: address.parse::<Address>().unwrap(),
        balance: parse(&fields["balance"]),
        nonce: fields.get("nonce").map_or(0, number),
        code,
        storage,
    }
}

fn parse<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn number(value: &Value) -> u64 {
    parse::<U256>(value).to()
}
