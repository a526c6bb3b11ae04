//! Are artifacts read as the compilers mean them?
//!
//! In: a small artifact written by hand, and every artifact of the corpus.

use alloy_primitives::{Address, address, b256, fixed_bytes, hex};

use super::*;

const ARTIFACT: &str = r#"{
    "name": "Small", "source": "src/Small.sol", "license": "MIT", "compiler": "solc 0.8.28",
    "settings": {"evmVersion": "cancun"}, "abi": [],
    "methodIdentifiers": {"transfer(address,uint256)": "a9059cbb"},
    "creation": "0x6001", "runtime": "0x73000000000000000000000000000000000000000060ff00ff",
    "immutables": {"owner": [{"start": 1, "length": 20}, {"start": 22, "length": 1}]},
    "storageLayout": {
        "storage": [
            {"astId": 3, "contract": "Small", "label": "total", "offset": 0, "slot": "0", "type": "t_u"},
            {"astId": 4, "contract": "Small", "label": "flag", "offset": 16, "slot": "12", "type": "t_b"}
        ],
        "types": {"t_u": {"encoding": "inplace", "label": "uint256", "numberOfBytes": "32"}}
    },
    "somethingNew": 1
}"#;

fn small() -> Contract {
    Contract::parse(ARTIFACT.as_bytes(), "Small.json").unwrap()
}

#[test]
fn names_lead_to_selectors_and_slots() {
    let contract = small();
    let selector = contract.selector("transfer(address,uint256)");
    assert_eq!(selector, Some(fixed_bytes!("a9059cbb")));
    assert_eq!(contract.selector("transfer"), None);
    let flag = contract.variable("flag").unwrap();
    assert_eq!((flag.slot, flag.offset), (U256::from(12), 16));
    assert_eq!(contract.encoding("total"), Some("inplace"));
    assert_eq!(contract.encoding("flag"), None, "its type is not described");
    assert_eq!(contract.variable("nothing"), None);
}

#[test]
fn immutables_are_filled_in_at_every_place() {
    let owner = address!("0x1111111111111111111111111111111111111122");
    let code = small().runtime_with(&[("owner", owner.into_word())]).unwrap();
    assert_eq!(code[..], hex!("731111111111111111111111111111111111111122602200ff"));
    let error = small().runtime_with(&[("onwer", B256::ZERO)]).unwrap_err().to_string();
    assert_eq!(error, "Small has no immutable `onwer`; it has: owner");
}

#[test]
fn places_outside_the_code_are_refused() {
    for place in [
        CodeRange { start: 20, length: 20 },
        CodeRange { start: 0, length: 33 },
        CodeRange { start: usize::MAX, length: 2 },
    ] {
        let mut contract = small();
        contract.immutables.insert("owner".to_owned(), vec![place]);
        let error = contract.runtime_with(&[("owner", B256::ZERO)]).unwrap_err().to_string();
        assert_eq!(error, "immutable `owner` of Small lies outside its runtime code");
    }
}

#[test]
fn a_broken_artifact_names_its_field() {
    let broken = ARTIFACT.replace(r#""slot": "12""#, r#""slot": "0x12""#);
    let error = Contract::parse(broken.as_bytes(), "Small.json").unwrap_err().to_string();
    assert_eq!(error, "Small.json: storageLayout.storage[1].slot: `0x12` is not a decimal number");
    let error = Contract::parse(b"{}", "Small.json").unwrap_err().to_string();
    assert_eq!(error, "Small.json: top level: missing field `name`");
}

/// The standard's own example slots: the balance of an account in mappings at slots 0 and 1.
#[test]
fn mapping_slots_are_the_compilers() {
    let key = Address::with_last_byte(1).into_word();
    // keccak256(0x…01 . 0x…00) and keccak256(0x…00 . 0x…01).
    let solidity = b256!("ada5013122d395ba3c54772283fb069b10426056ef8ca54750cb9bb552a59e7d");
    assert_eq!(B256::from(mapping_slot(U256::ZERO, key)), solidity);
    let vyper = b256!("a6eef7e35abe7026729641147f7915573c7e97b47efa546f5f6e3230263bcb49");
    assert_eq!(B256::from(vyper_mapping_slot(U256::ZERO, key)), vyper);
    let array = b256!("290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563");
    assert_eq!(B256::from(array_slot(U256::ZERO)), array);
    assert_eq!(short_string("ab"), U256::from(0x6162) << 240 | U256::from(4));
}

#[test]
fn every_artifact_of_the_corpus_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/contracts");
    let files = crate::list(&folder).unwrap();
    assert!(30 <= files.len());
    for file in files {
        let contract = Contract::read_file(&file).unwrap();
        assert_eq!(file.file_stem().and_then(|stem| stem.to_str()), Some(contract.name.as_str()));
        assert_eq!(contract.license, "MIT");
        let whole: Vec<_> =
            contract.immutables.keys().map(|name| (name.as_str(), B256::ZERO)).collect();
        assert_eq!(contract.runtime_with(&whole).unwrap(), contract.runtime);
    }
}
