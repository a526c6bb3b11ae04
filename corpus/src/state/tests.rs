//! Tests of: what was the state before a block, as far as it was recorded?

use super::*;

#[test]
fn code_hash_is_that_of_the_code() {
    let code = Bytes::from_static(&[0x60, 0x00]);
    let with = PreAccount { code: Some(code.clone()), ..PreAccount::default() };
    assert_eq!(with.code_hash(), keccak256(&code));
    assert_eq!(PreAccount::default().code_hash(), KECCAK256_EMPTY);
}
