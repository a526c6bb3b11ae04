//! Does a function's text tell what it stored itself from what was there before?
//!
//! `tests/data/solc/Drift.sol` is compiled to the artifact beside it.

use slotcast_contracts::artifacts::{NamedFunction, read};

use crate::named;

fn function(name: &str) -> NamedFunction {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/solc/Drift.json");
    let contract = named(&read(path).unwrap().contracts[0]);
    assert_eq!(contract.missing(), None);
    contract.functions.into_iter().find(|it| it.label().starts_with(name)).unwrap()
}

#[test]
fn two_pushes_are_two_slots() {
    let function = function("pushTwo");
    let written: Vec<String> = function
        .accesses
        .iter()
        .filter(|it| it.access.kind.text() == "write")
        .map(|access| access.label())
        .filter(|label| label.contains('['))
        .collect();
    assert_eq!(written, ["list[list.length + 1]", "list[list.length]"]);
}

#[test]
fn a_requirement_behind_an_update_is_of_what_was_stored() {
    let function = function("take");
    let requires: Vec<&str> = function.requires.iter().map(|it| it.text.as_str()).collect();
    assert!(requires.contains(&"(total - arg0) >= 5"), "{requires:?}");
    assert!(!requires.contains(&"total >= 5"), "{requires:?}");
}
