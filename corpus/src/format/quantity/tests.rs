//! Tests of: how are numbers and bytes spelled in a recorded block?

use super::*;

#[test]
fn numbers_may_be_padded_but_must_be_hexadecimal() {
    assert_eq!(parse_word("0x0"), Ok(U256::ZERO));
    assert_eq!(parse_word("0x000a"), Ok(U256::from(10)));
    assert_eq!(parse_word(&format!("0x{}", "f".repeat(64))), Ok(U256::MAX));
    for bad in ["", "0x", "12", "0xg", "0x1_0", "0x-1", " 0x1"] {
        assert!(parse_word(bad).unwrap_err().starts_with("invalid hex"), "{bad}");
    }
    assert!(parse_word(&format!("0x1{}", "0".repeat(64))).unwrap_err().contains("256 bits"));
    assert!(parse_small("0x10000000000000000").unwrap_err().contains("64 bits"));
}

#[test]
fn bytes_come_in_whole() {
    assert_eq!(parse_bytes("0x"), Ok(Bytes::new()));
    assert_eq!(parse_bytes("0x0aFF"), Ok(Bytes::from_static(&[10, 255])));
    assert!(parse_bytes("0x0").unwrap_err().contains("odd number of digits"));
    assert!(parse_bytes("0aff").unwrap_err().contains("write bytes as 0x…"));
    assert!(parse_hash("0x00").unwrap_err().contains("1 bytes instead of 32"));
}
