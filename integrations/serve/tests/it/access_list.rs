//! Does an access list say what a creation touches, what the caller lists, and whether the call fails;
//! and does a prediction say why its transaction cannot be included?

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256, U64};
use serde_json::{Value, json};

use crate::{block, client::Http, embedded, http, raw};

/// An account that sends the first transaction of the embedded block.
fn sender() -> Address {
    block().block().transactions[0].signer()
}

fn list(http: &mut Http, call: Value) -> Value {
    let parent = json!({ "blockHash": block().block().header.parent_hash });
    http.result("eth_createAccessList", json!([call, parent]))
}

/// A call with a list, whose items are `(address, keys)`.
fn items(list: &Value) -> Vec<(Value, usize)> {
    let item =
        |item: &Value| (item["address"].clone(), item["storageKeys"].as_array().unwrap().len());
    list["accessList"].as_array().unwrap().iter().map(item).collect()
}

#[test]
fn a_creation_lists_the_slots_of_the_new_contract() {
    let server = embedded();
    let mut http = http(&server);
    let created = sender().create(block().block().transactions[0].nonce());
    // sstore(0, 1), sstore(1, sload(2))
    let init = "0x600160005560025460015500";
    let answer = list(&mut http, json!({ "from": sender(), "input": init }));
    assert_eq!(items(&answer), [(json!(created), 3)], "{answer}");
    assert!(answer.get("error").is_none(), "{answer}");
    let ours =
        http.result("slotcast_createAccessList", json!([{ "from": sender(), "input": init }]));
    assert_eq!(ours["accessList"], answer["accessList"]);
    server.stop();
}

#[test]
fn a_call_that_fails_says_so() {
    let server = embedded();
    let mut http = http(&server);
    // sstore(0, 1), revert(0, 0)
    let answer = list(&mut http, json!({ "from": sender(), "input": "0x600160005560006000fd" }));
    assert_eq!(answer["error"], "execution reverted", "{answer}");
    server.stop();
}

#[test]
fn payments_lists_and_authorisations_have_their_gas() {
    let server = embedded();
    let mut http = http(&server);
    let (to, listed) = (Address::repeat_byte(0xfe), Address::repeat_byte(0xab));
    let payment = json!({ "from": sender(), "to": to, "value": "0x1" });
    let answer = list(&mut http, payment.clone());
    assert_eq!((&answer["gasUsed"], items(&answer)), (&json!(U64::from(21_000)), vec![]));

    let mut with_list = payment.clone();
    with_list["accessList"] = json!([
        { "address": listed, "storageKeys": [B256::with_last_byte(9)] },
        { "address": to, "storageKeys": [] },
    ]);
    let answer = list(&mut http, with_list);
    assert_eq!(items(&answer), [(json!(listed), 1), (json!(to), 0)]);
    assert_eq!(answer["gasUsed"], json!(U64::from(21_000 + 2 * 2_400 + 1_900)));

    // The account that this recovers to does not exist, so that nothing comes back.
    let mut with_authorisation = payment;
    with_authorisation["authorizationList"] = json!([
        { "chainId": "0x1", "address": listed, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1" }
    ]);
    let answer = list(&mut http, with_authorisation);
    assert_eq!(answer["gasUsed"], json!(U64::from(46_000)), "{answer}");
    server.stop();
}

#[test]
fn a_transaction_that_cannot_be_included_says_why() {
    let server = embedded();
    let mut http = http(&server);
    let transactions = &block().block().transactions;
    let first = http.result("slotcast_predictAccess", json!([raw(0)]));
    assert!(first.get("rejected").is_none(), "{first}");
    let second = (1..transactions.len())
        .find(|n| transactions[..*n].iter().any(|tx| tx.signer() == transactions[*n].signer()))
        .expect("some account sends twice");
    let answer = http.result("slotcast_predictAccess", json!([raw(second)]));
    assert!(answer["rejected"].as_str().unwrap().starts_with("nonce: it is "), "{answer}");
    let poor = json!({ "from": Address::repeat_byte(0xfe), "to": sender(), "value": "0x1" });
    let answer = http.result("slotcast_predictAccess", json!([poor]));
    assert_eq!(answer["rejected"], "from: the sender has 0 wei and may need 1", "{answer}");
    server.stop();
}
