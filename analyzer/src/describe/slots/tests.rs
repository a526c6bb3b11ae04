//! Is each pattern recognised where it should be, and only there?
//!
//! In: small programs. Out: the shapes of their storage keys, compared with what a compiler that
//! wrote such a program would have meant.

use alloy_primitives::{U256, address, keccak256};
use proptest::prelude::*;
use slotcast_model::Fork;

use super::{Delegate, Kind, Layout, recover_layout};
use crate::{
    limits::{Limits, StopReason},
    tests::asm::assemble,
};

fn code(source: &str) -> Vec<u8> {
    assemble(source).expect("a program of instructions, numbers and labels")
}

fn layout(source: &str) -> Layout {
    recover_layout(&code(source), Fork::Osaka, &Limits::default())
}

/// Compares all shapes of a program, in order; `?` stands for each key without a shape.
fn check(source: &str, expected: &str) {
    let layout = layout(source);
    assert_eq!(layout.stop, StopReason::Finished);
    let shapes = layout.variables.iter().flat_map(|variable| &variable.shapes);
    let mut found: Vec<String> = shapes.map(ToString::to_string).collect();
    found.extend((0..layout.n_unexplained).map(|_| "?".to_owned()));
    assert_eq!(found.join(" "), expected);
}

/// Loads the element of the mapping at `slot` whose key is on the stack; leaves its slot.
fn hash_with(slot: u64) -> String {
    format!("0 mstore {slot} 32 mstore 64 0 keccak256")
}

#[test]
fn a_number_is_a_slot() {
    check("3 sload pop stop", "3");
    check("1 3 sstore stop", "3");
    check("4 calldataload sload pop stop", "?");
    check("0 mload sload pop stop", "0");
}

#[test]
fn a_key_and_a_slot_are_an_element_of_a_mapping() {
    let element = hash_with(5);
    check(&format!("caller {element} sload pop stop"), "5[key]");
    check(&format!("caller {element} 2 add sload pop stop"), "5[key]+2");
    let nested = "32 mstore origin 0 mstore 64 0 keccak256";
    check(&format!("caller {element} {nested} sload pop stop"), "5[key][key]");
    // A mapping that is the second member of a struct in a mapping.
    check(&format!("caller {element} 1 add {nested} sload pop stop"), "5[key]+1[key]");
}

#[test]
fn vyper_hashes_the_slot_first() {
    check("5 0 mstore caller 32 mstore 64 0 keccak256 sload pop stop", "5[key]");
    check("origin 0 mstore caller 32 mstore 64 0 keccak256 sload pop stop", "?");
}

#[test]
fn a_constant_key_is_found_again() {
    let element = hash_with(9);
    check(&format!("77 {element} sload pop stop"), "9[key]");
    check(&format!("77 {element} 3 add sload pop stop"), "9[key]+3");
    let nested = "32 mstore 78 0 mstore 64 0 keccak256";
    check(&format!("77 {element} {nested} sload pop stop"), "9[key][key]");
}

#[test]
fn the_hash_of_a_slot_begins_an_array() {
    check("7 0 mstore 32 0 keccak256 sload pop stop", "7.data");
    check("7 0 mstore 32 0 keccak256 4 calldataload add sload pop stop", "7.data[i]");
    let hash: U256 = keccak256(U256::from(7).to_be_bytes::<32>()).into();
    check(&format!("4 calldataload 3 mul {hash} add 2 add sload pop stop"), "7.data[i]+2");
    // `array[array.length - 1]`: the length and the hash less one are both close to constants.
    check(&format!("7 sload {} add sload pop stop", hash - U256::ONE), "7 7.data[i]");
    // The array is the value of a mapping.
    let element = hash_with(5);
    check(&format!("caller {element} 0 mstore 32 0 keccak256 sload pop stop"), "5[key].data");
}

#[test]
fn the_length_belongs_to_its_array() {
    let layout = layout("7 sload pop 7 0 mstore 32 0 keccak256 sload pop stop");
    let [array] = layout.variables.as_slice() else { panic!("one variable is expected") };
    assert_eq!((array.base, array.kind), (U256::from(7), Kind::Array));
}

#[test]
fn an_index_makes_a_static_array_of_a_number() {
    check("4 calldataload 6 add sload pop stop", "6[i]");
    // An unknown place is no index: whose slot this is cannot be told.
    check("caller 0 mstore 32 0 keccak256 6 add sload pop stop", "?");
}

#[test]
fn paths_bring_their_slots_together() {
    check("caller push other jumpi 1 push join jump other: 2 join: sload pop stop", "1 2");
    // An unknown slot on one path leaves those of the others.
    check(
        "caller push other jumpi 4 calldataload push join jump other: 2 join: sload pop stop",
        "2",
    );
}

#[test]
fn a_loop_runs_over_an_array() {
    let rounds = "next: dup1 sload pop 1 add gas push next jumpi stop";
    check(&format!("7 0 mstore 32 0 keccak256 {rounds}"), "7.data[i]");
    check(&format!("12 {rounds}"), "12[i]");
    // The index runs instead of the slot, and starts at an unknown one.
    check(
        "4 calldataload next: 7 0 mstore 32 0 keccak256 dup2 add sload pop 1 add gas push next jumpi \
         stop",
        "7.data[i]",
    );
    check(&format!("4 calldataload {rounds}"), "?");
}

#[test]
fn a_key_of_bytes_ends_with_the_slot() {
    // keccak(128..+n+32), where calldata's n bytes were copied to 128 and 6 stored behind them.
    let copied = "4 calldataload 36 128 calldatacopy";
    let slot = "6 4 calldataload 128 add mstore";
    let key = format!("{copied} {slot} 32 4 calldataload add 128 keccak256");
    check(&format!("{key} sload pop stop"), "6[key]");
    check(&format!("{key} 1 add sload pop stop"), "6[key]+1");
    check(&format!("{copied} 4 calldataload 128 keccak256 sload pop stop"), "?");
}

#[test]
fn a_pointer_kept_in_memory_is_looked_through() {
    // The store through an unknown pointer makes the walk forget what is kept at 672.
    let forget = "1 4 calldataload mstore";
    let key = "caller 672 mload mstore 7 32 mstore 64 672 mload keccak256";
    check(&format!("0 672 mstore {forget} {key} sload pop stop"), "7[key]");
}

#[test]
fn fields_are_whole_bytes_of_a_slot() {
    let fields = |source: &str| {
        let layout = layout(source);
        let fields = layout.variables.iter().flat_map(|variable| &variable.fields);
        fields.map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    // A term is only built, so that the fields are there without anybody using them.
    let read = |by: u16, mask: &str| format!("6 sload {by} shr {mask} and 0 mstore");
    let (first, second) = (read(0, "0xffff"), read(16, "0xff"));
    assert_eq!(fields(&format!("{first} {second} stop")), "0..16 16..24");
    let both = read(0, "0xffffff");
    assert_eq!(fields(&format!("{first} {second} {both} stop")), "0..16 16..24");
    assert_eq!(fields(&format!("{} stop", read(0, "1"))), "");
    assert_eq!(fields("6 sload 16 shr 0 mstore stop"), "16..256");
    assert_eq!(fields(&format!("{second} 6 sload 16 shr 0 mstore stop")), "16..24");
}

#[test]
fn delegated_code_is_found_where_it_is_named() {
    let delegates =
        |target: &str| layout(&format!("0 0 0 0 {target} gas delegatecall stop")).delegates;
    let account = address!("00000000000000000000000000000000c0ffee00");
    assert_eq!(delegates("0xc0ffee00"), [Delegate::Account(account)]);
    let slot = delegates(&format!("9 sload {} and", U256::MAX >> 96));
    assert!(matches!(slot.as_slice(), [Delegate::Slot(slot)] if slot.to_string() == "9"));
    assert_eq!(delegates("4 calldataload"), [Delegate::Computed]);
}

proptest! {
    #[test]
    fn any_bytes_have_a_layout(code in proptest::collection::vec(any::<u8>(), 0..600)) {
        let layout = recover_layout(&code, Fork::Osaka, &Limits::default());
        let is_ascending = layout.variables.windows(2).all(|pair| {
            (pair[0].base, pair[0].kind) < (pair[1].base, pair[1].kind)
        });
        prop_assert!(is_ascending);
    }

    #[test]
    fn any_program_of_storage_and_hashes_has_a_layout(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "0", "1", "32", "64", "caller", "dup1", "dup2", "swap1", "pop", "add", "sub", "mul",
                "mstore", "mload", "keccak256", "sload", "sstore", "a:", "b:", "push a jump", "gas push b jumpi",
                "caller push a jumpi", "4 calldataload",
            ]),
            0..80,
        ),
    ) {
        let mut words = words;
        let mut seen = std::collections::BTreeSet::new();
        words.retain(|word| !word.ends_with(':') || seen.insert(*word));
        let declared = |label: &str| if seen.contains(label) { String::new() } else { label.into() };
        let source = format!("{} {} {}", words.join(" "), declared("a:"), declared("b:"));
        let first = recover_layout(&code(&source), Fork::Osaka, &Limits::default());
        prop_assert_eq!(first, layout(&source));
    }
}
