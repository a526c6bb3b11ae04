//! What do the eleven workloads of OP Labs' parallel executor look like as blocks?
//!
//! In: a draft. Out: one transaction of a workload, which tells its place in the block by the draft's
//! length.
//! Invariants: only instructions of Byzantium; every transaction succeeds; a contract is placed when it
//! is first called, so that blocks of other scenarios are what they were.
//!
//! The names and sizes are those of `rust/op-reth/crates/parallel/benchmarks/rolling.md` in
//! ethereum-optimism/optimism: transactions of storage read 256 slots, of one contract (shared) or of
//! several (independent); slow heads and tails loop 30,000 times where the others loop 150 times, first
//! or last of 16; the ordered policy hashes 256 times. Two things are no property of a block there and
//! are made one here:
//!
//! - *warm* and *cold* say there whether the executor's cache holds the values before the block. Here a
//!   slot is warm if another transaction of the block reads it too, and cold if no other does.
//! - the *policy* runs there beside the EVM, in block order. Here each transaction hashes a word that all
//!   share, after work of its own, and leaves it to the next.

use alloy_primitives::{Address, Bytes, U256, hex, keccak256};

use super::{abi, draft::Draft, message::Message, town::Town, wallet::WalletId};

/// How many slots a transaction of storage reads.
const SLOTS: u64 = 256;
/// How often a loop turns: usually, in a fast transaction beside slow ones, and in a slow one.
const TURNS: u64 = 3_000;
const FAST_TURNS: u64 = 150;
const SLOW_TURNS: u64 = 30_000;
/// Of how many transactions one is slow.
const WINDOW: usize = 16;
/// How many transactions call the same contract where contracts are several and warm.
const CALLS_OF_EACH: usize = 4;

const LOOP_GAS: u64 = 900_000;
const PAIRING_GAS: u64 = 400_000;
const STORAGE_GAS: u64 = 700_000;

/// `n = calldata[0]; do { n -= 1 } while n`
const LOOPER: &[u8] = &hex!("6000 35 5b 6001 90 03 80 6003 57 50 00");

/// The same, then `sstore(0, keccak256^256(sload(0)))`
const ORDERED: &[u8] = &hex!(
    "6000 35 5b 6001 90 03 80 6003 57 50"
    "6000 54 6000 52 610100"
    "5b 6020 6000 20 6000 52 6001 90 03 80 6016 57 50"
    "6000 51 6000 55 00"
);

/// `k = calldata[0]; end = k + 256; do { sload(k); k += 1 } while k != end`
const READER: &[u8] = &hex!("6000 35 80 610100 01 90 5b 80 54 50 6001 01 81 81 14 15 6009 57 00");

/// The same, then `sstore(0, sload(0) + 1)`
const COUNTING_READER: &[u8] = &hex!(
    "6000 35 80 610100 01 90 5b 80 54 50 6001 01 81 81 14 15 6009 57"
    "6000 54 6001 01 6000 55 00"
);

/// `staticcall(gas, 8, calldata, 32 bytes of answer)`
const PAIRER: &[u8] = &hex!("36 6000 6000 37 6020 6000 36 6000 6008 5a fa 50 00");

/// `e(P, Q) * e(-P, Q)` for the generators of alt_bn128, which is one.
const TWO_PAIRS: [u8; 384] = hex!(
    "0000000000000000000000000000000000000000000000000000000000000001"
    "0000000000000000000000000000000000000000000000000000000000000002"
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
    "0000000000000000000000000000000000000000000000000000000000000001"
    "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45"
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
);

/// Work without storage, each by a sender of its own.
pub(super) fn independent_compute(draft: &mut Draft, _: &Town) {
    let sender = draft.newcomer();
    turn(draft, sender, TURNS);
}

/// The same work, all by one sender.
pub(super) fn same_sender_nonce_chain(draft: &mut Draft, _: &Town) {
    turn(draft, draft.largest_exchange(), TURNS);
}

/// A check of two pairings.
pub(super) fn bn254_pairing(draft: &mut Draft, _: &Town) {
    let (sender, pairer) = (draft.newcomer(), place(draft, PAIRER, 0));
    draft.send(sender, Message::call(pairer, Bytes::from_static(&TWO_PAIRS), PAIRING_GAS));
}

/// All read the same slots of one contract.
pub(super) fn shared_storage_warm(draft: &mut Draft, _: &Town) {
    read(draft, READER, 0, 0);
}

/// Each reads slots of its own in one contract.
pub(super) fn shared_storage_cold(draft: &mut Draft, _: &Town) {
    let window = draft.len();
    read(draft, READER, 0, window);
}

/// Each reads a contract that a few others read too.
pub(super) fn independent_storage_warm(draft: &mut Draft, _: &Town) {
    let n_contracts = draft.plan.n_txs.div_ceil(CALLS_OF_EACH).max(1);
    let contract = draft.len() % n_contracts;
    read(draft, READER, contract, 0);
}

/// Each reads a contract of its own.
pub(super) fn independent_storage_cold(draft: &mut Draft, _: &Town) {
    let contract = draft.len();
    read(draft, READER, contract, 0);
}

/// Each reads slots of its own in one contract and counts on a shared one.
pub(super) fn conflicting_storage_cold(draft: &mut Draft, _: &Town) {
    let window = draft.len();
    read(draft, COUNTING_READER, 0, window);
}

/// Work without storage, of which the first of every window is long.
pub(super) fn slow_window_heads(draft: &mut Draft, _: &Town) {
    turn_in_window(draft, 0);
}

/// Work without storage, of which the last of every window is long.
pub(super) fn slow_window_tails(draft: &mut Draft, _: &Town) {
    turn_in_window(draft, WINDOW - 1);
}

/// Work without storage, then hashes of a word that all share.
pub(super) fn expensive_ordered_policy(draft: &mut Draft, _: &Town) {
    let (sender, contract) = (draft.newcomer(), place(draft, ORDERED, 0));
    draft.store_if_unset(contract, U256::ZERO, U256::from(1));
    draft.send(sender, Message::call(contract, abi::encode([TURNS.into()]).into(), LOOP_GAS));
}

fn turn_in_window(draft: &mut Draft, slow: usize) {
    let turns = if draft.len() % WINDOW == slow { SLOW_TURNS } else { FAST_TURNS };
    let sender = draft.newcomer();
    turn(draft, sender, turns);
}

fn turn(draft: &mut Draft, sender: WalletId, turns: u64) {
    let looper = place(draft, LOOPER, 0);
    draft.send(sender, Message::call(looper, abi::encode([turns.into()]).into(), LOOP_GAS));
}

/// Appends a read of window number `window` of contract number `contract`. Slot 0 is in no window.
fn read(draft: &mut Draft, code: &'static [u8], contract: usize, window: usize) {
    let (sender, contract) = (draft.newcomer(), place(draft, code, contract));
    let first = 1 + window as u64 * SLOTS;
    for slot in first..first + SLOTS {
        draft.store_if_unset(contract, U256::from(slot), U256::from(slot));
    }
    if code == COUNTING_READER {
        draft.store_if_unset(contract, U256::ZERO, U256::from(1));
    }
    draft.send(sender, Message::call(contract, abi::encode([first.into()]).into(), STORAGE_GAS));
}

/// Contract number `n` with this code, which is placed if it is not there.
fn place(draft: &mut Draft, code: &'static [u8], n: usize) -> Address {
    let name = [code, &(n as u64).to_be_bytes()].concat();
    let address = Address::from_slice(&keccak256(name)[12..]);
    if !draft.state.contains_key(&address) {
        draft.install_at(address, Bytes::from_static(code));
    }
    address
}
