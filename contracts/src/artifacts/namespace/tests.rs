//! Do namespaces and their members lie where standard and compiler put them?

use serde_json::json;

use super::*;

#[test]
fn the_example_of_the_standard() {
    // ERC-7201 gives this slot for `example.main`.
    let expected = "0x183a6125c38840424c4a85fa12bab2ab606c4b6d0e7cc73c0c06ba5300eab500";
    assert_eq!(format!("{:#x}", slot_of("example.main")), expected);
}

#[test]
fn members_are_packed_as_the_compiler_does() {
    let elementary = |name: &str| json!({"nodeType": "ElementaryTypeName", "name": name});
    let member = |name: &str, of: Value| json!({"name": name, "typeName": of});
    let mapping = json!({
        "nodeType": "Mapping", "valueType": elementary("uint256"),
        "typeDescriptions": {"typeIdentifier": "t_mapping"},
    });
    let list = json!({
        "nodeType": "ArrayTypeName", "baseType": elementary("uint64"),
        "typeDescriptions": {"typeIdentifier": "t_list", "typeString": "uint64[6]"},
    });
    let mut trees = Trees::default();
    trees.add(&json!({"nodeType": "SourceUnit", "nodes": [{
        "nodeType": "ContractDefinition", "nodes": [{
            "nodeType": "StructDefinition", "id": 5, "name": "Main", "canonicalName": "C.Main",
            "documentation": {"text": "@custom:storage-location erc7201:example.main"},
            "members": [
                member("a", elementary("uint128")), member("b", elementary("bool")),
                member("c", elementary("uint256")), member("d", mapping),
                member("e", list), member("f", elementary("address")),
            ],
        }],
    }]}));
    let layout = namespaces(&trees);
    assert_eq!(layout.storage[0].label, "Main");
    let of = &layout.types[&layout.storage[0].type_name];
    let places: Vec<(String, u8)> =
        of.members.iter().map(|it| (it.slot.to_string(), it.offset)).collect();
    let expected = [("0", 0), ("0", 16), ("1", 0), ("2", 0), ("3", 0), ("5", 0)];
    assert_eq!(places, expected.map(|(slot, offset)| (slot.to_owned(), offset)));
}
