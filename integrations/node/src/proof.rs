//! Does a proof lead from a state root to an account and its slots?
//!
//! In: a state root and what `eth_getProof` answered (EIP-1186). Out: whether the account exists, or
//! where the proof fails.
//! Invariant: a value that passes is the one that the chain has.

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount, proof::verify_proof};

use crate::node::{AccountProof, SlotProof};

/// Checks `proof` of the account at `address` and of its slots `keys`; tells whether it exists.
pub(crate) fn check(
    root: B256,
    address: Address,
    keys: &[U256],
    proof: &AccountProof,
) -> Result<bool, String> {
    let AccountProof { balance, code_hash, nonce, storage_hash, account_proof, storage_proof } =
        proof;
    // Some nodes answer zeros for the hashes of an account that does not exist.
    let is_absent = balance.is_zero()
        && nonce.is_zero()
        && matches!(*code_hash, KECCAK256_EMPTY | B256::ZERO)
        && matches!(*storage_hash, EMPTY_ROOT_HASH | B256::ZERO);
    let account = TrieAccount {
        nonce: nonce.to(),
        balance: *balance,
        storage_root: *storage_hash,
        code_hash: *code_hash,
    };
    let path = Nibbles::unpack(keccak256(address));
    let present = verify_proof(root, path, Some(alloy_rlp::encode(account)), account_proof);
    let exists = match present {
        Err(_) if is_absent => verify_proof(root, path, None, account_proof).map(|()| false),
        present => present.map(|()| true),
    };
    let exists = exists.map_err(|error| format!("account: {error}"))?;
    let storage_root = if storage_hash.is_zero() { EMPTY_ROOT_HASH } else { *storage_hash };
    let mut slots = keys.iter().zip(storage_proof);
    slots.try_for_each(|(key, slot)| check_slot(storage_root, *key, slot))?;
    Ok(exists)
}

fn check_slot(root: B256, key: U256, SlotProof { value, proof }: &SlotProof) -> Result<(), String> {
    let path = Nibbles::unpack(keccak256(B256::from(key)));
    let expected = (!value.is_zero()).then(|| alloy_rlp::encode(value));
    verify_proof(root, path, expected, proof).map_err(|error| format!("slot {key:#x}: {error}"))
}

#[cfg(test)]
mod tests;
