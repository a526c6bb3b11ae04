//! Are signatures and the names of their words those of the interface?

use serde_json::json;

use super::*;

#[test]
fn tuples_are_spelt_out() {
    let pair = json!([{"type": "address"}, {"type": "uint256"}]);
    let abi = json!([
        {"type": "event", "name": "transfer", "inputs": []},
        {"type": "function", "name": "transfer", "inputs": pair},
        {"type": "function", "name": "pay", "inputs": [{"type": "tuple[]", "components": pair}]},
    ]);
    let found = of_interface(&abi);
    assert_eq!(found[&0xa905_9cbb].text, "transfer(address,uint256)");
    assert_eq!(found.len(), 2);
    assert!(found.values().any(|signature| signature.text == "pay((address,uint256)[])"));
}

#[test]
fn every_word_has_the_name_of_its_parameter() {
    let abi = json!([{"type": "function", "name": "f", "inputs": [
        {"type": "tuple", "name": "key", "components": [
            {"type": "address", "name": "token"}, {"type": "uint24", "name": "fee"}]},
        {"type": "bytes", "name": "data"},
        {"type": "uint256[2]", "name": "limits"},
        {"type": "bool", "name": ""},
        {"type": "address", "name": "to"},
    ]}]);
    let found = of_interface(&abi);
    let words = &found.values().next().unwrap().words;
    assert_eq!(words, &["key.token", "key.fee", "", "limits[0]", "limits[1]", "", "to"]);
}

#[test]
fn a_table_of_selectors_has_the_last_word() {
    let identifiers = json!({"f(mapping(address => uint256) storage)": "0x01020304"});
    let found = signatures(&json!([]), Some(&identifiers));
    assert!(found[&0x0102_0304].text.starts_with("f(mapping"));
}
