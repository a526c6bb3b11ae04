//! Are artifacts of all tools understood, and malformed fields named?

use serde_json::json;

use super::*;

fn all(artifact: &Value) -> Vec<Contract> {
    let mut supplement = Supplement::default();
    supplement.add("a.json", artifact).unwrap();
    contracts("a.json", artifact, &supplement).unwrap()
}

fn check(artifact: &Value, name: &str, tool: Tool) {
    let found = all(artifact);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.to_vec(), [0x60, 0x00]);
    assert_eq!(found[0].signature(0xa905_9cbb), Some("transfer(address,uint256)"));
    assert_eq!((found[0].full_name().as_str(), found[0].tool), (name, tool));
}

#[test]
fn artifacts_of_many_tools_are_understood() {
    let selectors = json!({"transfer(address,uint256)": "a9059cbb"});
    let abi = json!([{"type": "function", "name": "transfer", "inputs": [
        {"type": "address", "name": "to"}, {"type": "uint256", "name": "value"},
    ]}]);
    let evm = json!({"deployedBytecode": {"object": "6000"}, "methodIdentifiers": selectors});
    let foundry = json!({
        "deployedBytecode": {"object": "0x6000"}, "methodIdentifiers": selectors, "abi": abi,
        "metadata": {"settings": {"compilationTarget": {"src/T.sol": "Token"}}},
    });
    check(&foundry, "src/T.sol:Token", Tool::Foundry);
    let hardhat = json!({
        "_format": "hh-sol-artifact-1", "contractName": "Token", "sourceName": "contracts/T.sol",
        "deployedBytecode": "0x6000", "abi": abi,
    });
    check(&hardhat, "contracts/T.sol:Token", Tool::Hardhat);
    let truffle = json!({
        "contractName": "Token", "deployedBytecode": "0x6000", "abi": abi,
        "schemaVersion": "3.4.16",
    });
    check(&truffle, "Token", Tool::Truffle);
    check(&json!({"evm": evm, "abi": abi, "interface": []}), "a", Tool::Waffle);
    let standard = json!({"contracts": {"t.sol": {"Token": {"evm": evm}, "Pure": {"evm": {}}}}});
    check(&standard, "t.sol:Token", Tool::Solc);
    let build = json!({"_format": "hh-sol-build-info-1", "output": standard});
    check(&build, "t.sol:Token", Tool::Hardhat);
    let combined =
        json!({"contracts": {"t.sol:Token": {"bin-runtime": "6000", "hashes": selectors}}});
    check(&combined, "t.sol:Token", Tool::Solc);
    let ours = json!({"name": "Token", "runtime": "0x6000", "methodIdentifiers": selectors});
    check(&ours, "Token", Tool::Corpus);
}

#[test]
fn a_malformed_field_is_named() {
    let fails = |artifact: Value| {
        let error = contracts("a.json", &artifact, &Supplement::default()).unwrap_err();
        (error.field.clone(), error.reason)
    };
    let (field, reason) = fails(json!({"deployedBytecode": {"object": "0x600"}}));
    assert_eq!(field, "deployedBytecode.object");
    assert_eq!(reason, "has an odd number of hexadecimal digits; one is missing");
    let output =
        json!({"contracts": {"t.sol": {"T": {"evm": {"deployedBytecode": {"object": "zz"}}}}}});
    assert_eq!(fails(output).0, "contracts.t.sol.T.evm.deployedBytecode.object");
    let variable = json!({"label": "a", "slot": "one", "offset": 0, "type": "t"});
    let layout = json!({"deployedBytecode": "0x00", "storageLayout": {"storage": [variable]}});
    assert_eq!(fails(layout).0, "storageLayout.storage[0].slot");
}
