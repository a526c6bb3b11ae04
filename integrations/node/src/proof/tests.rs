//! Are true proofs taken and false ones refused?

use alloy_primitives::{Bytes, U64};
use alloy_trie::root::{state_root_unhashed, storage_root_unhashed};

use super::*;

/// A state of one account with one slot, whose tries are single leaves.
fn lone() -> (B256, Address, AccountProof) {
    let (key, value) = (U256::from(3), U256::from(7));
    let address = Address::with_last_byte(9);
    let storage_root = storage_root_unhashed([(key.into(), value)]);
    let account =
        TrieAccount { nonce: 1, balance: U256::from(5), storage_root, code_hash: KECCAK256_EMPTY };
    let root = state_root_unhashed([(address, account)]);
    let leaf = |path: B256, value: Vec<u8>| -> Bytes {
        let path = Nibbles::unpack(path);
        let leaf = alloy_trie::nodes::LeafNode::new(path, value);
        alloy_rlp::encode(leaf).into()
    };
    let proof = AccountProof {
        balance: account.balance,
        code_hash: account.code_hash,
        nonce: U64::from(1),
        storage_hash: storage_root,
        account_proof: vec![leaf(keccak256(address), alloy_rlp::encode(account))],
        storage_proof: vec![SlotProof {
            value,
            proof: vec![leaf(keccak256(B256::from(key)), alloy_rlp::encode(value))],
        }],
    };
    (root, address, proof)
}

#[test]
fn true_values_pass_and_each_false_one_is_noticed() {
    let (root, address, proof) = lone();
    let keys = [U256::from(3)];
    assert_eq!(check(root, address, &keys, &proof), Ok(true));
    let falsify: [fn(&mut AccountProof); 5] = [
        |proof| proof.balance += U256::ONE,
        |proof| proof.nonce = U64::from(2),
        |proof| proof.code_hash = B256::with_last_byte(1),
        |proof| proof.storage_proof[0].value = U256::ZERO,
        |proof| proof.storage_proof[0].value = U256::from(8),
    ];
    for falsify in falsify {
        let mut wrong = proof.clone();
        falsify(&mut wrong);
        assert!(check(root, address, &keys, &wrong).is_err());
    }
    assert!(check(B256::with_last_byte(1), address, &keys, &proof).is_err());
    assert!(check(root, Address::with_last_byte(8), &keys, &proof).is_err());
}

#[test]
fn what_does_not_exist_is_proven_by_what_does() {
    let (root, _, proof) = lone();
    let absent = AccountProof {
        balance: U256::ZERO,
        nonce: U64::ZERO,
        code_hash: KECCAK256_EMPTY,
        storage_hash: EMPTY_ROOT_HASH,
        account_proof: proof.account_proof,
        storage_proof: vec![SlotProof { value: U256::ZERO, proof: vec![] }],
    };
    let other = Address::with_last_byte(8);
    assert_eq!(check(root, other, &[U256::ONE], &absent), Ok(false));
    let owner = Address::with_last_byte(9);
    assert!(check(root, owner, &[], &absent).is_err(), "an account cannot be denied");
}
