//! How does a test write code that reads one slot?
//!
//! In: an expression for a key. Out: the code of a contract with one function, `f(uint256,address)`
//! with the parameters `id` and `who`, that loads the slot and returns what it took of the word.

use alloy_primitives::{hex, keccak256};

/// Code that leaves one word on the stack.
pub(crate) type Word = Vec<u8>;

const ADD: u8 = 0x01;
const MUL: u8 = 0x02;
const CALLER: u8 = 0x33;
const KECCAK: u8 = 0x20;
const CALLDATALOAD: u8 = 0x35;
const MSTORE: u8 = 0x52;
const SLOAD: u8 = 0x54;

/// A number.
pub(crate) fn number(value: u16) -> Word {
    let [high, low] = value.to_be_bytes();
    vec![0x61, high, low]
}

/// A word that is given in full.
pub(crate) fn word(value: [u8; 32]) -> Word {
    [&[0x7f][..], &value].concat()
}

/// The caller.
pub(crate) fn caller() -> Word {
    vec![CALLER]
}

/// The first parameter.
pub(crate) fn id() -> Word {
    [number(4), vec![CALLDATALOAD]].concat()
}

/// The second parameter.
pub(crate) fn who() -> Word {
    [number(36), vec![CALLDATALOAD]].concat()
}

/// The slot of an element of the mapping at `slot`.
pub(crate) fn at(slot: Word, key: Word) -> Word {
    let store = |place: u16| [number(place), vec![MSTORE]].concat();
    [slot, key, store(0), store(32), number(64), number(0), vec![KECCAK]].concat()
}

/// The first slot of the elements of the array at `slot`.
pub(crate) fn elements(slot: Word) -> Word {
    [slot, number(0), vec![MSTORE], number(32), number(0), vec![KECCAK]].concat()
}

/// A sum.
pub(crate) fn plus(a: Word, b: Word) -> Word {
    [a, b, vec![ADD]].concat()
}

/// A product.
pub(crate) fn times(a: Word, b: Word) -> Word {
    [a, b, vec![MUL]].concat()
}

/// The code, in hexadecimal, of a function that loads the slot under `key` and returns `len` bytes
/// of it, from the byte `from` on, counted from the low end.
pub(crate) fn load(key: &[u8], from: u8, len: usize) -> String {
    let hash = keccak256("f(uint256,address)");
    // If the selector is that of `f`, go on at 0x10, else fail.
    let head =
        [&hex!("5f35 60e0 1c 63")[..], &hash[..4], &hex!("14 6010 57 fe fe 5b")[..]].concat();
    assert_eq!(head[0x10], 0x5b, "the function begins where the jump leads");
    let part = match (from, len) {
        (0, 32) => Vec::new(),
        _ => [&[0x60, from * 8, 0x1c, 0x5f + len as u8][..], &vec![0xff; len], &[0x16]].concat(),
    };
    let tail = hex!("5f 52 6020 5f f3");
    hex::encode([&head, key, &[SLOAD], &part, &tail].concat())
}
