//! What does a recorded state answer?

use alloy_primitives::keccak256;

use super::*;

fn record(n: u8, code: CodeRecord) -> AccountRecord {
    AccountRecord {
        address: Address::with_last_byte(n),
        balance: U256::from(n),
        nonce: n.into(),
        code,
        storage: vec![(U256::from(7), U256::from(8))],
    }
}

#[test]
fn what_was_given_is_read_back_and_the_rest_is_counted() {
    let hash = B256::with_last_byte(9);
    let state = MemoryState::new(5, [record(1, CodeRecord::None)], [(4, hash)]);
    let (known, unknown) = (Address::with_last_byte(1), Address::with_last_byte(2));
    assert_eq!(state.balance(known), U256::from(1));
    assert_eq!(state.nonce(known), 1);
    assert_eq!(state.storage(known, U256::from(7)), U256::from(8));
    assert_eq!(state.code_hash(known), KECCAK256_EMPTY);
    assert_eq!(state.code(known), Ok(None));
    assert_eq!(state.block_hash(4), hash);
    assert_eq!(state.n_missing_reads(), 0);

    assert_eq!(state.balance(unknown), U256::ZERO);
    assert_eq!(state.storage(known, U256::ZERO), U256::ZERO);
    assert_eq!(state.storage(unknown, U256::ZERO), U256::ZERO);
    assert_eq!(state.block_hash(3), B256::ZERO);
    assert_eq!(state.basic_ref(unknown), Ok(None));
    assert_eq!(state.n_missing_reads(), 5);
}

#[test]
fn code_of_which_only_the_hash_is_known_is_an_error_that_names_the_account() {
    let (code, hash) = (Bytes::from_static(&[0x00]), keccak256([0x01]));
    let state = MemoryState::new(
        12,
        [record(1, CodeRecord::Known(code.clone())), record(2, CodeRecord::HashOnly(hash))],
        [],
    );
    assert_eq!(state.code(Address::with_last_byte(1)), Ok(Some(code)));
    assert_eq!(state.code_hash(Address::with_last_byte(2)), hash);
    let error = state.code(Address::with_last_byte(2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "code of 0x0000000000000000000000000000000000000002 is not recorded: the account was \
         touched but never executed when block 12 was recorded"
    );
}

#[test]
fn delegations_are_recognised_and_lookalikes_are_code() {
    let target = Address::with_last_byte(3);
    let mut delegation = vec![0xef, 0x01, 0x00];
    delegation.extend_from_slice(target.as_slice());
    let lookalike = delegation[..10].to_vec();
    let state = MemoryState::new(
        1,
        [
            record(1, CodeRecord::Known(delegation.into())),
            record(2, CodeRecord::Known(lookalike.into())),
        ],
        [],
    );
    let code = |n| {
        let info = state.basic_ref(Address::with_last_byte(n)).unwrap().unwrap();
        info.code.unwrap()
    };
    assert_eq!(code(1).eip7702_address(), Some(target));
    assert!(!code(2).is_eip7702());
    assert_eq!(code(2).original_bytes().len(), 10);
}

#[test]
fn an_empty_record_is_no_account() {
    let empty = AccountRecord {
        address: Address::with_last_byte(1),
        balance: U256::ZERO,
        nonce: 0,
        code: CodeRecord::None,
        storage: vec![],
    };
    let state = MemoryState::new(1, [empty], []);
    assert_eq!(state.basic_ref(Address::with_last_byte(1)), Ok(None));
    assert_eq!(state.n_missing_reads(), 0);
}
