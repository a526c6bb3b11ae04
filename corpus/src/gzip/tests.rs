//! Tests of: is a file packed, and what does it hold unpacked?

use super::*;

#[test]
fn packing_is_reversible_and_repeatable() {
    let plain = b"slot after slot after slot".repeat(40);
    let packed = pack(&plain);
    assert_eq!(packed, pack(&plain));
    assert_eq!(packed[4..8], [0; 4], "the time is zero");
    assert_eq!(unpack(&packed, "x").unwrap(), plain);
    assert_eq!(unpack(&plain, "x").unwrap(), plain);
}

#[test]
fn data_cut_short_is_told_from_data_that_is_not_packed() {
    let packed = pack(b"hello");
    let error = unpack(&packed[..packed.len() - 3], "b.json.gz").unwrap_err().to_string();
    assert!(error.starts_with("b.json.gz: gzip data is damaged or cut short ("), "{error}");
    assert!(error.ends_with("fetch or record the file again"), "{error}");
}
