//! Tests of: how are the arguments of a call laid out?

use alloy_primitives::hex;

use super::*;

#[test]
fn the_example_of_the_specification() {
    // f(uint256,uint32[],bytes10,bytes) with (0x123, [0x456, 0x789], "1234567890", "Hello, world!").
    let data = call(
        "f(uint256,uint32[],bytes10,bytes)",
        [
            0x123u64.into(),
            vec![0x456u64, 0x789].into(),
            B256::right_padding_from(b"1234567890").into(),
            Bytes::from_static(b"Hello, world!").into(),
        ],
    );
    let expected = hex!(
        "8be65246"
        "0000000000000000000000000000000000000000000000000000000000000123"
        "0000000000000000000000000000000000000000000000000000000000000080"
        "3132333435363738393000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000000000e0"
        "0000000000000000000000000000000000000000000000000000000000000002"
        "0000000000000000000000000000000000000000000000000000000000000456"
        "0000000000000000000000000000000000000000000000000000000000000789"
        "000000000000000000000000000000000000000000000000000000000000000d"
        "48656c6c6f2c20776f726c642100000000000000000000000000000000000000"
    );
    assert_eq!(data[..], expected[..]);
}

#[test]
fn an_array_of_structs_with_tails_points_into_itself() {
    let call = |n: u64| Arg::Tuple(vec![n.into(), Bytes::from(vec![n as u8]).into()]);
    let words: Vec<U256> =
        encode([Arg::Array(vec![call(1), call(2)])]).chunks(32).map(U256::from_be_slice).collect();
    let small: Vec<u64> = words.iter().map(|word| word.saturating_to()).collect();
    let text = u64::MAX;
    // Where the array is; its length; where each element is; then number, where, length, byte.
    assert_eq!(small, [32, 2, 64, 192, 1, 64, 1, text, 2, 64, 1, text]);
}
