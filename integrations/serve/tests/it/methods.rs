//! Does each method answer, by HTTP and by WebSocket, what the library says?

use alloy_consensus::Transaction as _;
use alloy_primitives::{U64, U256};
use serde_json::{Value, json};
use slotcast::hints::ScheduleDocument;
use slotcast::{
    Basis, PredictSettings,
    graph::schedule_of,
    hints::{self, ConflictPool, ConflictScope, hints_of},
    model::{Index, IndexVec, Prediction, TxIndex},
    predict::warm_of,
    prediction_file,
};

use crate::{block, embedded, http, raw, raws, ws};

/// Transactions that methods about many are asked about; enough for conflicts.
const N: usize = 60;

fn predictions(basis: Basis) -> IndexVec<TxIndex, Prediction> {
    block().predict(&PredictSettings { basis, ..PredictSettings::default() }).predictions
}

/// What a prediction file says of these, one after the other.
fn in_file(predictions: &IndexVec<TxIndex, Prediction>) -> Vec<Value> {
    let text = prediction_file::print(block().block().header.number, predictions);
    let mut file: Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(file["txs"].take()).unwrap()
}

/// The members of a prediction that a prediction file has too.
fn of_file(mut prediction: Value) -> Value {
    let object = prediction.as_object_mut().unwrap();
    for member in ["schemaVersion", "block", "hash", "reliedOn", "rejected"] {
        object.remove(member);
    }
    prediction
}

#[test]
fn a_prediction_is_the_one_made_on_the_parent_state() {
    let server = embedded();
    let (mut http, mut ws) = (http(&server), ws(&server));
    let expected = in_file(&predictions(Basis::Parent));
    for (index, mut expected) in expected.into_iter().enumerate() {
        let answer = http.result("slotcast_predictAccess", json!([raw(index)]));
        let tx = &block().block().transactions[index];
        assert_eq!(answer["hash"], json!(tx.tx_hash()));
        assert_eq!(answer["block"]["number"], json!(U64::from(block().block().header.number)));
        assert_eq!(answer, ws.result("slotcast_predictAccess", json!({ "tx": raw(index) })));
        let n_relied = answer["reliedOn"].as_array().unwrap().len();
        assert!(expected["stateReads"].as_u64().unwrap() <= n_relied as u64);
        // A transaction asked about alone is the first of its request.
        expected["index"] = json!(0);
        assert_eq!(of_file(answer), expected, "transaction {index}");
    }
    server.stop();
}

/// The fields of a transaction of the embedded block, as for a call.
fn call(index: usize) -> Value {
    let tx = &block().block().transactions[index];
    let mut call = json!({
        "from": tx.signer(),
        "to": tx.to(),
        "input": tx.input(),
        "value": tx.value(),
        "gas": U64::from(tx.gas_limit()),
        "nonce": U64::from(tx.nonce()),
        "maxFeePerGas": U256::from(tx.max_fee_per_gas()),
        "maxPriorityFeePerGas": U256::from(tx.max_priority_fee_per_gas().unwrap_or(0)),
    });
    if let Some(price) = tx.gas_price() {
        call["gasPrice"] = json!(U256::from(price));
    }
    if let Some(list) = tx.access_list() {
        call["accessList"] = json!(list);
    }
    if let Some(list) = tx.authorization_list() {
        call["authorizationList"] = json!(list);
    }
    if let Some(hashes) = tx.blob_versioned_hashes() {
        call["blobVersionedHashes"] = json!(hashes);
    }
    call
}

#[test]
fn a_call_is_predicted_as_the_transaction_with_its_fields() {
    let server = embedded();
    let mut http = http(&server);
    for index in 0..N {
        let signed = http.result("slotcast_predictAccess", json!([raw(index), "latest"]));
        let called = http.result("slotcast_predictAccess", json!([call(index), "latest"]));
        assert!(called.get("hash").is_none());
        assert_eq!(of_file(called), of_file(signed), "transaction {index}");
    }
    // What is left out of a call changes little: everything but the fee is as stated.
    let mut short = call(0);
    for member in ["gas", "nonce", "maxFeePerGas", "maxPriorityFeePerGas", "gasPrice"] {
        short.as_object_mut().unwrap().remove(member);
    }
    let short = http.result("slotcast_predictAccess", json!([short]));
    let whole = http.result("slotcast_predictAccess", json!([raw(0)]));
    assert_eq!(short["reads"], whole["reads"]);
    server.stop();
}

#[test]
fn a_batch_is_predicted_alone_or_in_order() {
    let server = embedded();
    let (mut http, mut ws) = (http(&server), ws(&server));
    for (basis, name) in [(Basis::Parent, "parent"), (Basis::BlockOrder, "order")] {
        let all = raws(block().block().n_transactions());
        let params = json!({ "txs": all, "basis": name });
        let answer = http.result("slotcast_predictBatch", params.clone());
        assert_eq!(answer, ws.result("slotcast_predictBatch", params));
        let answers: Vec<Value> = serde_json::from_value(answer).unwrap();
        let answers: Vec<Value> = answers.into_iter().map(of_file).collect();
        assert_eq!(answers, in_file(&predictions(basis)), "{name}");
    }
    server.stop();
}

#[test]
fn conflict_groups_are_those_of_a_pool() {
    let server = embedded();
    let (mut http, mut ws) = (http(&server), ws(&server));
    let all = hints_of(block(), &predictions(Basis::Parent));
    for (grounds, name) in [(ConflictScope::All, "all"), (ConflictScope::Observed, "observed")] {
        let params = json!({ "txs": raws(N), "grounds": name, "pairs": true });
        let answer = http.result("slotcast_conflictGroups", params.clone());
        assert_eq!(answer, ws.result("slotcast_conflictGroups", params));
        let mut pool = ConflictPool::new(grounds);
        let tickets: Vec<_> = all.iter().take(N).map(|hint| pool.insert(hint)).collect();
        let groups: Vec<Vec<u32>> = pool
            .groups()
            .iter()
            .map(|group| group.iter().map(|ticket| ticket.0).collect())
            .collect();
        assert_eq!(answer["groups"], json!(groups));
        let n_pairs = tickets
            .iter()
            .flat_map(|a| tickets.iter().map(move |b| (a, b)))
            .filter(|(a, b)| a.as_usize() < b.as_usize() && pool.conflicts(**a, **b))
            .count();
        let pairs = answer["pairs"].as_array().unwrap();
        assert_eq!(pairs.len(), n_pairs);
        assert!(n_pairs != 0 && pairs.iter().all(|pair| pair["at"] != json!([])));
    }
    server.stop();
}

#[test]
fn a_schedule_is_that_of_the_block() {
    let server = embedded();
    let (mut http, mut ws) = (http(&server), ws(&server));
    let schedule = schedule_of(block(), &predictions(Basis::BlockOrder));
    let document = ScheduleDocument::new(block().block().header.number, &schedule);
    // Read from text like the answers, for the last digit of a number may change on the way.
    let text = serde_json::to_string(&document).unwrap();
    let mut expected: Value = serde_json::from_str(&text).unwrap();
    expected["schemaVersion"] = json!(1);
    let of_block = http.result("slotcast_schedule", json!([]));
    assert_eq!(of_block, expected);
    let all = raws(block().block().n_transactions());
    assert_eq!(ws.result("slotcast_schedule", json!([all, "latest"])), expected);
    server.stop();
}

#[test]
fn what_relied_on_a_word_that_changed_is_stale() {
    let server = embedded();
    let (mut http, mut ws) = (http(&server), ws(&server));
    let all = http.result("slotcast_predictBatch", json!([raws(N)]));
    let fresh = http.result("slotcast_revalidate", json!([all]));
    assert_eq!((&fresh["stale"], &fresh["unknown"]), (&json!([]), &json!([])));

    let mut changed: Vec<Value> = serde_json::from_value(all).unwrap();
    let relies = |it: &Value| {
        it["reliedOn"].as_array().unwrap().iter().any(|word| word.get("slot").is_some())
    };
    let index = changed.iter().position(relies).unwrap();
    let words = changed[index]["reliedOn"].as_array_mut().unwrap();
    let word = words.iter_mut().find(|word| word.get("slot").is_some()).unwrap();
    let now = word["value"].clone();
    word["value"] = json!("0x1234567");
    let stale = ws.result("slotcast_revalidate", json!({ "predictions": changed }));
    assert_eq!(stale["stale"][0]["index"], json!(index));
    assert_eq!(stale["stale"][0]["changed"][0]["was"], json!("0x1234567"));
    assert_eq!(stale["stale"][0]["changed"][0]["now"], now);
    assert_eq!(stale["stale"].as_array().unwrap().len(), 1);

    let empty = "0x00000000000000000000000000000000000000aa";
    let word = json!({ "address": empty, "slot": "0x1", "value": "0x5" });
    let unknown = http.result("slotcast_revalidate", json!([[{ "reliedOn": [word] }]]));
    assert_eq!(unknown["stale"], json!([]), "what was not recorded is not taken to be zero");
    assert_eq!(unknown["unknown"][0]["words"][0]["address"], json!(empty));
    server.stop();
}

#[test]
fn a_summary_describes_the_code_at_an_address() {
    let server = embedded();
    let (mut http, mut ws) = (http(&server), ws(&server));
    let reads = |prediction: &&Prediction| !prediction.storage().reads.is_empty();
    let predictions = predictions(Basis::Parent);
    let slot = predictions.iter().find(reads).unwrap().storage().reads[0];
    let answer = http.result("slotcast_summary", json!([slot.address]));
    assert_eq!(answer, ws.result("slotcast_summary", json!({ "address": slot.address })));
    assert_eq!(answer["codeHash"], json!(block().state().code_hash(slot.address)));
    let functions = answer["functions"].as_array().unwrap();
    assert!(functions.iter().any(|function| function["accesses"] != json!([])));
    let sender = block().block().transactions[0].signer();
    assert_eq!(http.call("slotcast_summary", json!([sender]))["error"]["code"], json!(-32001));
    server.stop();
}

#[test]
fn access_lists_are_those_of_the_dialect() {
    let server = embedded();
    let (mut http, mut ws) = (http(&server), ws(&server));
    let predictions = predictions(Basis::Parent);
    let number = block().block().header.number;
    for index in 0..N {
        let tx = TxIndex::from_usize(index);
        let expected = hints::access_list(warm_of(block().block(), tx), &predictions[tx]);
        let ours = http.result("slotcast_createAccessList", json!([raw(index), U64::from(number)]));
        assert_eq!(ours["accessList"], json!(expected), "transaction {index}");
        assert_eq!(ours["coverage"], json!(predictions[tx].coverage().text()));
        // The execution API names the state by the block that left it.
        let parent = json!([call(index), U64::from(number - 1)]);
        let of_eth = ws.result("eth_createAccessList", parent);
        assert_eq!(of_eth["accessList"], ours["accessList"], "transaction {index}");
        assert_eq!(of_eth["gasUsed"], ours["gasEstimate"]);
    }
    server.stop();
}

#[test]
fn blocks_are_named_by_number_hash_or_tag() {
    let server = embedded();
    let mut http = http(&server);
    let header = &block().block().header;
    let (number, hash, parent) = (header.number, block().block().hash, header.parent_hash);
    let mut ask = |method: &str, id: Value| http.call(method, json!([raw(0), id]));
    for id in [
        json!("latest"),
        json!("pending"),
        json!("earliest"),
        json!(U64::from(number)),
        json!(hash),
        json!({ "blockHash": hash }),
        json!({ "blockNumber": U64::from(number) }),
        json!(null),
    ] {
        let answer = ask("slotcast_predictAccess", id.clone());
        assert_eq!(answer["result"]["block"]["hash"], json!(hash), "{id}: {answer}");
    }
    for id in [json!(parent), json!(U64::from(number - 1)), json!("latest"), json!(null)] {
        let answer = ask("eth_createAccessList", id.clone());
        assert!(answer["result"]["accessList"].is_array(), "{id}: {answer}");
    }
    for (method, id) in [
        ("slotcast_predictAccess", json!(U64::from(number + 1))),
        ("slotcast_predictAccess", json!(parent)),
        ("eth_createAccessList", json!(hash)),
        ("eth_createAccessList", json!("0xffffffffffffffff")),
    ] {
        assert_eq!(ask(method, id.clone())["error"]["code"], json!(-32001), "{method} {id}");
    }
    for id in [json!("sometime"), json!("0x"), json!([]), json!(true)] {
        let answer = ask("slotcast_predictAccess", id.clone());
        assert_eq!(answer["error"]["code"], json!(-32602), "{id}: {answer}");
    }
    server.stop();
}
