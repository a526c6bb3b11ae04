//! What do the contracts of a synthetic block do?
//!
//! In: a source of numbers, a fork. Out: programs that look at what others change, store what they
//! see, pay, call, create and destroy each other. Some leave evidence in a slot of its own, by which
//! a test sees that a thing happened.

use alloy_primitives::{Address, U256, hex};
use slotcast::model::Fork;

use super::made::{BENEFICIARY, contract, sender};
use crate::{asm::assemble, random::Random};

/// Slots that hold evidence: creations by CREATE2 that gave no address, the hash of an earlier block,
/// a word of transient storage, the hash of a blob, a word that a precompile returned.
pub(super) const COLLISIONS: u64 = 0xc0;
pub(super) const HASH_OF_BLOCK: u64 = 0xc1;
pub(super) const TRANSIENT: u64 = 0xc2;
pub(super) const HASH_OF_BLOB: u64 = 0xc3;
pub(super) const PRECOMPILED: u64 = 0xc4;

/// Runtimes that contracts deploy, of at most 16 bytes: one that dies when called, one that counts,
/// one that stops, one that leaves its wei to the beneficiary.
const CHILDREN: [&str; 4] = [
    "caller selfdestruct",
    "push 1 push 0 sload add push 0 sstore",
    "stop",
    "coinbase selfdestruct",
];

/// Initialisation code that deploys `runtime`.
fn init_of(runtime: &[u8]) -> Vec<u8> {
    let n = runtime.len();
    let digits = hex::encode(runtime);
    let text = format!("push{n} 0x{digits} push 0 mstore push {n} push {} return", 32 - n);
    assemble(&text).expect("the program is well formed")
}

/// Initialisation code of one of the children.
pub(super) fn init(n: usize) -> Vec<u8> {
    let runtime = assemble(CHILDREN[n % CHILDREN.len()]).expect("the program is well formed");
    init_of(&runtime)
}

/// An account to call, pay, look at or bequeath to.
pub(super) fn anybody(random: &mut Random) -> Address {
    match random.below(11) {
        0..3 => sender(random.below(16)),
        3..7 => contract(random.below(16)),
        7 => BENEFICIARY,
        8 => Address::repeat_byte(0xe0 + random.below(3) as u8),
        9 => Address::with_last_byte(1 + random.below(5) as u8),
        _ => {
            let creator = contract(random.below(16));
            creator.create(random.below(4) as u64)
        }
    }
}

/// A program of a few pieces.
///
/// `made` takes what CREATE2 makes when it runs at `maker`.
pub(super) fn program(
    random: &mut Random,
    fork: Fork,
    maker: Address,
    made: &mut Vec<(Address, Address)>,
) -> Vec<u8> {
    let n_pieces = 1 + random.below(5);
    let mut pieces = Vec::new();
    for n in 0..n_pieces {
        if Fork::Petersburg <= fork && random.once_in(8) {
            let (text, child) = creation(random, maker);
            pieces.push(text);
            made.push((maker, child));
        } else {
            pieces.push(piece(random, fork, n));
        }
    }
    let end = match random.below(16) {
        0 => format!("push20 {} selfdestruct", anybody(random)),
        1 => "push 0 push 0 revert".to_owned(),
        2 => "invalid".to_owned(),
        _ => "stop".to_owned(),
    };
    assemble(&format!("{} {end}", pieces.join(" "))).expect("the program is well formed")
}

/// Creates by CREATE2, and notes when that gave no address.
fn creation(random: &mut Random, maker: Address) -> (String, Address) {
    let salt = random.below(2);
    // Mostly one that dies when it is called, so that it can be made again.
    let init = init(random.pick(&[0, 0, 0, 1, 2, 3]));
    let (n, digits) = (init.len(), hex::encode(&init));
    let text = format!(
        "push{n} 0x{digits} push 0 mstore push {salt} push {n} push {} push 0 create2 \
         iszero push {COLLISIONS} sload add push {COLLISIONS} sstore",
        32 - n
    );
    (text, maker.create2_from_code(U256::from(salt).to_be_bytes(), &init))
}

/// One thing that a program does; the `n`th of it.
fn piece(random: &mut Random, fork: Fork, n: usize) -> String {
    let (key, target) = (random.below(3), anybody(random));
    let store = format!("push {key} sstore");
    let wei = random.pick(&[0_u64, 0, 0, 1, 1_000, 1_000_000_000_000_000_000]);
    let gas = random.pick(&[0, 5_000, 50_000, 200_000]);
    let call = |kind| {
        format!("push 0 push 0 push 0 push 0 push {wei} push20 {target} push {gas} {kind} {store}")
    };
    let call_plainly =
        |kind| format!("push 0 push 0 push 0 push 0 push20 {target} push {gas} {kind} {store}");
    let child = init(random.below(4));
    let n_child = child.len();
    // The end of a word, so that it begins in memory where its bytes do.
    let put = format!("push{n_child} 0x{} push 0 mstore", hex::encode(&child));
    let place = 32 - n_child;
    let since = |first| first <= fork;
    match random.below(25) {
        0..4 => format!("push 1 push {key} sload add {store}"),
        // Takes some where there is more, adds some unless that wraps around, keeps the lowest bits,
        // adds up two slots.
        21 => format!(
            "push {key} sload dup1 push 3 gt push less{n} jumpi push 3 swap1 sub {store} push 0 \
             less{n}: pop"
        ),
        22 => format!(
            "push {key} sload dup1 push 2 add dup1 swap2 gt push wraps{n} jumpi {store} push 0 \
             wraps{n}: pop"
        ),
        23 => format!("push {key} sload push 0xffff and push 1 add {store}"),
        24 => format!("push {key} sload push 1 sload dup2 eq push {key} sload sub {store} pop"),
        4 => format!("push20 {target} balance {store}"),
        5 => format!("coinbase balance {store}"),
        6 | 7 => call("call"),
        8 => call("callcode"),
        9 if since(Fork::Homestead) => call_plainly("delegatecall"),
        10 if since(Fork::Byzantium) => call_plainly("staticcall"),
        11 => format!("{put} push {n_child} push {place} push {wei} create {store}"),
        12 => format!(
            "{put} push 0 push 0 push 0 push 0 push 0 push {n_child} push {place} push 0 create \
             push 30000 call {store}"
        ),
        13 if since(Fork::Petersburg) => format!("push20 {target} extcodehash {store}"),
        14 => format!("push 1 number sub blockhash push {HASH_OF_BLOCK} sstore"),
        15 if since(Fork::Cancun) => format!(
            "push {key} tload push 1 add push {key} tstore push {key} tload push {TRANSIENT} sstore"
        ),
        16 | 20 if since(Fork::Cancun) => format!("push 0 blobhash push {HASH_OF_BLOB} sstore"),
        17 => format!(
            "push 32 push 0 push 0 push 0 push 0 push 2 push 5000 call pop \
             push 0 mload push {PRECOMPILED} sstore"
        ),
        // Dies when it is given calldata.
        18 => format!(
            "calldatasize iszero push alive{n} jumpi push20 {target} selfdestruct alive{n}:"
        ),
        19 => format!("gas {store} push 0 push 0 log0"),
        // What the fork does not have yet.
        _ => format!("push20 {target} extcodesize {store}"),
    }
}
