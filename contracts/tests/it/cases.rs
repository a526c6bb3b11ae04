//! Are the cases from the field read, described and refused as they should be?
//!
//! They lie beside the checkout; without them the tests say so and pass.

use std::{io::Write, path::PathBuf};

use slotcast_contracts::artifacts::read;

use crate::named;

/// A file of the cases; none when they are not there.
fn case(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases").join(name);
    let found = Some(path).filter(|path| path.is_file());
    if found.is_none() {
        std::io::stderr().write_all(format!("skipped: no {name}\n").as_bytes()).unwrap();
    }
    found.map(|path| path.to_str().unwrap().to_owned())
}

#[test]
fn a_selector_that_ends_in_a_zero_byte_is_listed() {
    let Some(path) = case("contracts/vy4-gas.hex") else { return };
    let contract = named(&read(&path).unwrap().contracts[0]);
    let selectors: Vec<u32> = contract.functions.iter().filter_map(|it| it.selector).collect();
    assert_eq!(selectors.len(), 14);
    assert!(selectors.contains(&0x41d0_2c00));
    assert_eq!(contract.missing(), None);
}

#[test]
fn code_is_read_as_tools_print_it() {
    let Some(path) = case("text/wrapped.hex") else { return };
    assert_eq!(read(&path).unwrap().contracts[0].code.to_vec(), [0x60, 0x01, 0x60, 0x00, 0x55]);
    let of = |name: &str| read(&case(name).unwrap()).unwrap().contracts.remove(0);
    let quoted = of("text/quoted.hex");
    for name in ["text/solc-stdout.txt", "text/bom.json", "text/utf16.json"] {
        let other = of(name);
        assert_eq!(named(&other).functions.len(), named(&quoted).functions.len(), "{name}");
        assert_eq!(named(&other).missing(), None, "{name}");
    }
    assert_eq!(of("text/solc-stdout.txt").full_name(), "Layouts.sol:Odd");
}
