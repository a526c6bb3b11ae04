//! Are transactions predicted that wait at a real node, before they are mined, and is a block noticed
//! that takes another's place?
//!
//! In: anvil, which `tests/setup/anvil.sh` fetches, told to mine when we say so. Out: predictions of the
//! subscription, compared with what the mined block touched.

use std::{collections::BTreeMap, sync::Arc, thread, time::Duration};

use alloy_primitives::{B256, U64};
use serde_json::{Value, json};
use slotcast::{
    executor::{SequentialSettings, execute_sequential},
    model::{Index, Slot},
};
use slotcast_corpus::{RecordedBlock, Scenario, prepare};
use slotcast_node::Node;
use slotcast_serve::{RpcSettings, Server, Settings, Source};

use crate::{
    client::Ws,
    http,
    miner::{Miner, made, start as start_anvil},
    start, ws,
};

fn serve(anvil: &Miner) -> Server {
    let rpc = RpcSettings { retries: 1, ..RpcSettings::default() };
    let source = Source::Node { url: anvil.url.clone(), rpc, with_proofs: false };
    start(Settings { poll: Duration::from_millis(20), ..Settings::new(source) })
}

/// The next message of this kind, whatever comes before it.
pub(crate) fn next(follower: &mut Ws, kind: &str) -> Value {
    loop {
        let notice = follower.notice();
        if notice["kind"] == json!(kind) {
            return notice;
        }
    }
}

/// The message that the block of this number is the head.
fn head_at(follower: &mut Ws, number: u64) -> Value {
    loop {
        let head = next(follower, "head");
        if head["number"] == json!(U64::from(number)) {
            return head;
        }
    }
}

/// The slots of a prediction: read or written, and only added to.
fn slots(prediction: &Value) -> Vec<Slot> {
    let list = |name: &str| -> Vec<(alloy_primitives::Address, B256)> {
        serde_json::from_value(prediction[name].clone()).unwrap()
    };
    let all = list("reads").into_iter().chain(list("deltas"));
    let mut slots: Vec<Slot> = all.map(|(address, key)| Slot::new(address, key.into())).collect();
    slots.sort_unstable();
    slots
}

/// How many slots a block touched, how many of these were predicted, and how many predictions are exact.
fn compare(mined: &RecordedBlock, predictions: &BTreeMap<B256, Value>) -> (usize, usize, usize) {
    let prepared = prepare(mined).unwrap();
    let observed = SequentialSettings { is_observed: true };
    let ran = execute_sequential(prepared.block(), prepared.state(), &observed).unwrap();
    let (mut n_touched, mut n_found, mut n_exact) = (0, 0, 0);
    for (tx, truth) in ran.observations.iter_enumerated() {
        let hash = prepared.block().transactions[tx.as_usize()].tx_hash();
        let prediction = slots(&predictions[hash]);
        let is_found = |slot: &&Slot| prediction.binary_search(slot).is_ok();
        n_touched += truth.reads.len();
        n_found += truth.reads.iter().filter(is_found).count();
        n_exact += usize::from(truth.reads == prediction);
    }
    (n_touched, n_found, n_exact)
}

#[test]
fn what_waits_is_predicted_before_it_is_mined() {
    let block = made(21, 80, Scenario::Amm);
    let Some(anvil) = start_anvil(&block) else { return };
    let server = serve(&anvil);
    let mut follower = ws(&server);
    follower.result("slotcast_subscribePending", json!([]));
    anvil.send(&block);
    let mut predictions = BTreeMap::new();
    while predictions.len() < block.transactions.len() {
        let prediction = next(&mut follower, "prediction");
        assert_eq!(prediction["block"]["hash"], json!(null), "the block does not exist yet");
        let hash: B256 = serde_json::from_value(prediction["hash"].clone()).unwrap();
        assert!(predictions.insert(hash, prediction).is_none(), "each is predicted once");
    }
    // A later client gets what waits already.
    let mut late = ws(&server);
    late.result("slotcast_subscribePending", json!([]));
    let first = next(&mut late, "prediction");
    assert_eq!(first["hash"], json!(block.transactions[0].tx_hash()));

    let number = anvil.mine_sent(&block);
    let head = head_at(&mut follower, number);
    assert_eq!(head["replaced"], json!([]));
    let (mined, _) = anvil.record(number, true);
    assert_eq!(head["hash"], json!(mined.hash));
    assert_eq!(head["included"].as_array().unwrap().len(), mined.transactions.len());
    let (n_touched, n_found, n_exact) = compare(&mined, &predictions);
    let n = mined.transactions.len();
    println!("{n_found} of {n_touched} slots predicted while pending, {n_exact} of {n} exact");
    // Predictions are made on the parent state alone: of the swaps in one pool all look like the first
    // of the block, which touches more than the others. What is touched is among what is predicted.
    assert!(n_touched != 0 && n_touched * 95 <= n_found * 100);
    server.stop();
}

#[test]
fn a_block_that_takes_anothers_place_is_noticed_and_makes_predictions_stale() {
    let block = made(22, 40, Scenario::Erc20);
    let Some(anvil) = start_anvil(&block) else { return };
    let server = serve(&anvil);
    let (mut follower, mut http) = (ws(&server), http(&server));
    follower.result("slotcast_subscribePending", json!([]));
    let before: Value = serde_json::from_str(&anvil.call("evm_snapshot", &json!([]))).unwrap();
    let number = anvil.mine(&block);
    let old = head_at(&mut follower, number);

    // Predictions on the block that will be replaced: the same calls once more.
    let again: Vec<Value> = block
        .transactions
        .iter()
        .take(10)
        .map(|tx| {
            let input = alloy_consensus::Transaction::input(tx.inner()).clone();
            let to = alloy_consensus::Transaction::to(tx.inner());
            json!({ "from": tx.signer(), "to": to, "input": input })
        })
        .collect();
    let predictions = http.result("slotcast_predictBatch", json!([again]));
    assert_eq!(predictions[0]["block"]["parentHash"], old["hash"]);
    let fresh = http.result("slotcast_revalidate", json!([predictions]));
    assert_eq!((&fresh["stale"], &fresh["unknown"]), (&json!([]), &json!([])));

    anvil.call("evm_revert", &json!([before]));
    let mut other = block.clone();
    other.transactions.truncate(5);
    other.header.timestamp += 12;
    anvil.mine(&other);
    let mut replaced = Vec::new();
    let new = loop {
        let head = next(&mut follower, "head");
        replaced.extend(head["replaced"].as_array().unwrap().clone());
        if head["number"] == old["number"] {
            break head;
        }
    };
    assert_ne!(new["hash"], old["hash"]);
    assert_eq!(replaced, [old["hash"].clone()]);

    let stale = http.result("slotcast_revalidate", json!([predictions]));
    assert_eq!(stale["block"]["parentHash"], new["hash"]);
    let n_stale = stale["stale"].as_array().unwrap().len();
    println!("{n_stale} of {} predictions are stale", again.len());
    let predictions_again = http.result("slotcast_predictBatch", json!([again]));
    for index in 0..again.len() {
        let relied = |all: &Value| all[index]["reliedOn"].clone();
        let is_stale =
            stale["stale"].as_array().unwrap().iter().any(|it| it["index"] == json!(index));
        if !is_stale {
            assert_eq!(relied(&predictions), relied(&predictions_again), "prediction {index}");
        }
    }
    assert_ne!(n_stale, 0);
    let gone = http.call("slotcast_predictAccess", json!([again[0], old["hash"]]));
    assert!(gone.get("error").is_some(), "{gone}");
    let metrics = http.request("GET /metrics HTTP/1.1", "", "").unwrap().body;
    assert!(metrics.contains("\nslotcast_reorganisations_total 1\n"), "{metrics}");
    server.stop();
}

#[test]
fn a_node_that_dies_is_said_to_be_away() {
    let block = made(23, 5, Scenario::Transfers);
    let Some(anvil) = start_anvil(&block) else { return };
    let server = serve(&anvil);
    let mut http = http(&server);
    let call = json!([{ "from": block.transactions[0].signer() }]);
    http.result("slotcast_predictAccess", call.clone());
    let node: Arc<Node> = Arc::clone(&anvil.node);
    drop(anvil);
    assert!(node.head().is_err());
    let health = loop {
        let health = http.request("GET /health HTTP/1.1", "", "").unwrap();
        if health.status != 200 {
            break health;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(health.status, 503);
    assert!(health.body.contains("see whether the node is up"), "{}", health.body);
    let answer = http.call("slotcast_predictAccess", call);
    assert_eq!(answer["error"]["code"], json!(-32002), "{answer}");
    server.stop();
}
