//! Does every kind of variable have the name its source gives it?

use serde_json::{Value, json};
use slotcast_contracts::artifacts::{Nameless, read};

use crate::{
    assembled::{Word, at, caller, elements, id, load, number, plus, times, who, word},
    named,
};

fn variable(label: &str, slot: u16, offset: u8, kind: &str) -> Value {
    json!({"label": label, "slot": slot.to_string(), "offset": offset, "type": kind})
}

/// Variables of every kind, as solc writes them down.
fn layout() -> Value {
    let plain = |bytes: u16| json!({"encoding": "inplace", "label": "plain", "numberOfBytes": bytes.to_string()});
    let mapping = |value: &str| {
        json!({"encoding": "mapping", "label": "mapping", "numberOfBytes": "32", "key": "word",
            "value": value})
    };
    let array = |encoding: &str, bytes: u16, base: &str| {
        json!({"encoding": encoding, "label": "array", "numberOfBytes": bytes.to_string(),
            "base": base})
    };
    let text = json!({"encoding": "bytes", "label": "string", "numberOfBytes": "32"});
    let position = json!({"encoding": "inplace", "label": "Position", "numberOfBytes": "128",
    "members": [
        variable("size", 0, 0, "half"), variable("debt", 0, 16, "half"),
        variable("owner", 1, 0, "word"), variable("of", 2, 0, "map"),
        variable("log", 3, 0, "dynamic"),
    ]});
    json!({
        "storage": [
            variable("low", 0, 0, "half"), variable("high", 0, 16, "half"),
            variable("total", 1, 0, "word"), variable("balances", 2, 0, "map"),
            variable("allowances", 3, 0, "maps"), variable("positions", 4, 0, "structs"),
            variable("list", 5, 0, "dynamic"), variable("small", 6, 0, "packed"),
            variable("ring", 7, 0, "fixed"), variable("main", 20, 0, "position"),
            variable("name", 24, 0, "text"), variable("many", 25, 0, "positions"),
        ],
        "types": {
            "word": plain(32), "half": plain(16), "map": mapping("word"), "maps": mapping("map"),
            "structs": mapping("position"), "position": position, "text": text,
            "dynamic": array("dynamic_array", 32, "word"),
            "packed": array("dynamic_array", 32, "half"),
            "positions": array("dynamic_array", 32, "position"),
            "fixed": array("inplace", 320, "word"),
        },
    })
}

/// An artifact whose one function takes these bytes of a slot.
fn artifact(key: &[u8], (from, len): (u8, usize), layout: &Value) -> Value {
    json!({
        "deployedBytecode": {"object": load(key, from, len)}, "storageLayout": layout,
        "abi": [{"type": "function", "name": "f", "inputs": [
            {"type": "uint256", "name": "id"}, {"type": "address", "name": "who"}]}],
    })
}

/// What the one slot of an artifact is called, or why it is not.
fn label(artifact: &Value) -> Result<String, Nameless> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("T.json");
    std::fs::write(&path, artifact.to_string()).unwrap();
    let contract = read(path.to_str().unwrap()).unwrap().contracts.remove(0);
    let named = named(&contract);
    assert_eq!(named.functions.len(), 1);
    let [access] = named.functions[0].accesses.as_slice() else { panic!("{named:?}") };
    access.name.clone().ok_or_else(|| access.nameless.unwrap())
}

/// The name of the slot under `key` when the whole word is used.
fn check(key: &Word, expected: &str) {
    check_part(key, (0, 32), expected);
}

fn check_part(key: &Word, part: (u8, usize), expected: &str) {
    let found = label(&artifact(key, part, &layout()));
    assert_eq!(found.as_deref(), Ok(expected), "{part:?} of {}", load(key, part.0, part.1));
}

#[test]
fn plain_variables() {
    check(&number(1), "total");
    check(&number(24), "name");
}

#[test]
fn variables_that_share_a_slot_by_the_bytes_that_are_used() {
    check(&number(0), "{low, high}");
    check_part(&number(0), (0, 16), "low");
    check_part(&number(0), (16, 16), "high");
}

#[test]
fn mappings_and_mappings_of_mappings() {
    check(&at(number(2), caller()), "balances[caller]");
    check(&at(number(2), id()), "balances[id]");
    check(&at(at(number(3), who()), caller()), "allowances[who][caller]");
}

#[test]
fn members_of_structs() {
    check(&number(21), "main.owner");
    check_part(&number(20), (16, 16), "main.debt");
    check(&at(number(22), who()), "main.of[who]");
    let position = || at(number(4), id());
    check(&position(), "positions[id].{size, debt}");
    check_part(&position(), (0, 16), "positions[id].size");
    check(&plus(position(), number(1)), "positions[id].owner");
    check(&at(plus(position(), number(2)), caller()), "positions[id].of[caller]");
    check(&plus(position(), number(3)), "positions[id].log.length");
}

#[test]
fn arrays_of_any_length() {
    check(&number(5), "list.length");
    check(&elements(number(5)), "list[0]");
    check(&plus(elements(number(5)), id()), "list[id]");
    check(&plus(number(7), id()), "ring[id]");
    check(&number(9), "ring[2]");
    // Two elements share a slot, and which one is meant is not seen.
    check(&plus(elements(number(6)), id()), "small[…]");
    let log = elements(plus(at(number(4), id()), number(3)));
    check(&plus(log, who()), "positions[id].log[who]");
}

#[test]
fn arrays_of_structs() {
    let one = || plus(elements(number(25)), times(id(), number(4)));
    check(&plus(one(), number(1)), "many[id].owner");
    check_part(&one(), (0, 16), "many[id].size");
    // Two slots an element do not fit this array, so no element is named.
    let odd = plus(plus(elements(number(25)), times(id(), number(2))), number(1));
    check(&odd, "many[…].owner");
}

#[test]
fn long_strings() {
    check(&elements(number(24)), "name[…]");
    check(&plus(elements(number(24)), number(1)), "name[…]");
}

#[test]
fn what_the_layout_does_not_explain_has_a_reason() {
    let why = |key: &Word| label(&artifact(key, (0, 32), &layout())).unwrap_err();
    assert_eq!(why(&number(99)), Nameless::Outside);
    assert_eq!(why(&at(number(99), caller())), Nameless::Outside);
    assert_eq!(why(&at(number(1), caller())), Nameless::Unresolved, "total is no mapping");
    assert_eq!(why(&id()), Nameless::Unresolved);
    let without = artifact(&number(1), (0, 32), &Value::Null);
    assert_eq!(label(&without).unwrap_err(), Nameless::NoLayout);
}

#[test]
fn namespaces_lie_where_erc_7201_puts_them() {
    // The example of the standard: `example.main`.
    let slot = "183a6125c38840424c4a85fa12bab2ab606c4b6d0e7cc73c0c06ba5300eab500";
    let slot: [u8; 32] = alloy_primitives::hex::decode(slot).unwrap().try_into().unwrap();
    let member = |name: &str, of: &str| json!({"name": name, "typeName": {"nodeType": "ElementaryTypeName", "name": of}});
    let ast = json!({"nodeType": "SourceUnit", "nodes": [{
        "nodeType": "ContractDefinition", "nodes": [{
            "nodeType": "StructDefinition", "id": 5, "name": "Main", "canonicalName": "C.Main",
            "documentation": {"text": "@custom:storage-location erc7201:example.main"},
            "members": [member("x", "uint256"), member("a", "uint128"), member("b", "uint128")],
        }],
    }]});
    let of = |key: &Word, part| {
        let mut artifact = artifact(key, part, &json!({"storage": [], "types": null}));
        assert_eq!(label(&artifact), Err(Nameless::Outside), "no layout has namespaces");
        artifact["ast"] = ast.clone();
        label(&artifact).unwrap()
    };
    assert_eq!(of(&word(slot), (0, 32)), "Main.x");
    assert_eq!(of(&plus(word(slot), number(1)), (16, 16)), "Main.b");
}

#[test]
fn slots_that_are_hashes_of_texts_are_called_by_them() {
    let implementation = "360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
    let slot = alloy_primitives::hex::decode(implementation).unwrap().try_into().unwrap();
    let artifact = artifact(&word(slot), (0, 32), &json!({"storage": [], "types": null}));
    assert_eq!(label(&artifact).unwrap(), "eip1967.proxy.implementation");
}

#[test]
fn variables_of_one_label_are_told_apart() {
    let declared = |slot: u16, contract: &str| {
        let mut of = variable("same", slot, 0, "word");
        of["contract"] = contract.into();
        of
    };
    let name = |slot: u16, variables: &[Value]| {
        let mut layout = layout();
        layout["storage"] = variables.into();
        label(&artifact(&number(slot), (0, 32), &layout)).unwrap()
    };
    let two = [declared(1, "a.sol:Base"), declared(2, "a.sol:Derived"), declared(3, "b.sol:Base")];
    assert_eq!(name(1, &two[..2]), "Base.same");
    assert_eq!(name(2, &two[..2]), "Derived.same");
    assert_eq!(name(1, &two), "same@1", "contracts of one name");
    assert_eq!(name(1, &two[..1]), "same");
}

#[test]
fn a_label_stays_on_its_line() {
    let mut layout = layout();
    layout["storage"] = json!([variable("a\n  write owner\u{202e}", 1, 0, "word")]);
    let mut artifact = artifact(&number(1), (0, 32), &layout);
    assert_eq!(label(&artifact).unwrap(), "a\\n  write owner\\u{202e}");
    artifact["contractName"] = "T\nx()".into();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("T.json");
    std::fs::write(&path, artifact.to_string()).unwrap();
    let text = slotcast_contracts::snapshot::text_of(path.to_str().unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..4],
        ["# T\\nx()", "", "f(uint256,address)", "  read a\\n  write owner\\u{202e}"]
    );
    assert!(lines[4].starts_with("  program ") && lines.len() == 5, "{text}");
}

#[test]
fn the_layout_of_combined_json_is_read() {
    let code = load(&number(1), 0, 32);
    for layout in [layout(), Value::String(layout().to_string())] {
        let contract = json!({"bin-runtime": code, "storage-layout": layout});
        let artifact = json!({"contracts": {"a.sol:T": contract}, "version": "0.8.30"});
        assert_eq!(label(&artifact).unwrap(), "total");
    }
}

#[test]
fn syntax_trees_say_which_contract_declares_a_variable() {
    let of =
        |label: &str, id: u64| json!({"nodeType": "VariableDeclaration", "id": id, "name": label});
    let contract = |name: &str, id: u64| json!({"nodeType": "ContractDefinition", "name": name, "nodes": [of("same", id)]});
    let mut layout = layout();
    layout["storage"] = json!([variable("same", 1, 0, "word"), variable("same", 2, 0, "word")]);
    for (n, id) in [(0, 7), (1, 9)] {
        layout["storage"][n]["contract"] = "a.sol:Derived".into();
        layout["storage"][n]["astId"] = id.into();
    }
    let mut artifact = artifact(&number(1), (0, 32), &layout);
    assert_eq!(label(&artifact).unwrap(), "same@1");
    artifact["ast"] = json!({"nodeType": "SourceUnit", "absolutePath": "a.sol",
        "nodes": [contract("Base", 7), contract("Derived", 9)]});
    assert_eq!(label(&artifact).unwrap(), "Base.same");
}
