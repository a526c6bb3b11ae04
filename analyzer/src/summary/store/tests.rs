//! Does a summary survive being written and read, and is anything else refused?
//!
//! In: the summary of a small dispatcher. Out: assertions on its bytes, whole and damaged.

use super::*;
use crate::analyze;

/// Dispatches 0x11223344 to a store into slot 1, and stops for the rest.
const CODE: [u8; 23] = [
    0x5f, 0x35, 0x60, 0xe0, 0x1c, 0x63, 0x11, 0x22, 0x33, 0x44, 0x14, 0x60, 0x10, 0x57, 0x00, 0x00,
    0x5b, 0x60, 0x07, 0x60, 0x01, 0x55, 0x00,
];

fn summary() -> Summary {
    analyze(&CODE, Fork::Osaka, &Limits::default())
}

#[test]
fn what_was_read_writes_the_same_bytes() {
    let summary = summary();
    let lazy = summary.to_bytes();
    summary.complete();
    let whole = summary.to_bytes();
    assert_ne!(lazy, whole, "made programs are kept");
    for bytes in [lazy, whole] {
        let read = Summary::from_bytes(&bytes).expect("bytes of our own");
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(read.entry(Some(0x1122_3344)), summary.entry(Some(0x1122_3344)));
        assert_eq!(read.entry(None), summary.entry(None));
        assert_eq!(read.code_hash(), summary.code_hash());
    }
}

#[test]
fn what_was_read_makes_the_programs_that_are_missing() {
    let (lazy, whole) = (summary(), summary());
    whole.complete();
    let read = Summary::from_bytes(&lazy.to_bytes()).expect("bytes of our own");
    let code = Bytes::from_static(&CODE);
    let read = read.sharing(&code).sharing(&Bytes::from_static(b"another"));
    assert_eq!(read.code().as_ptr(), code.as_ptr());
    read.complete();
    assert_eq!(read.to_bytes(), whole.to_bytes());
}

#[test]
fn what_is_damaged_or_of_another_version_is_refused() {
    let bytes = summary().to_bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let error = Summary::from_bytes(&damaged).expect_err("a flipped bit is noticed");
        let expected = match at {
            0..7 => StoreError::NotASummary,
            7..11 => StoreError::Version { found: ANALYZER_VERSION ^ (1 << (8 * (at as u32 - 7))) },
            _ => StoreError::Damaged,
        };
        assert_eq!(error, expected, "byte {at}");
        assert!(Summary::from_bytes(&bytes[..at]).is_err(), "cut off at {at}");
    }
}

/// Adds one to the slot of a hash, calls the caller, and jumps where calldata says.
const STEPS: [u8; 28] = [
    0x5f, 0x35, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0x20, 0x80, 0x54, 0x60, 0x01, 0x01, 0x90, 0x55, 0x5f,
    0x5f, 0x5f, 0x5f, 0x5f, 0x33, 0x5a, 0xf1, 0x50, 0x60, 0x04, 0x35, 0x56,
];

#[test]
fn a_change_of_what_is_stored_has_a_version_of_its_own() {
    let checksums = [&CODE[..], &STEPS].map(|code| {
        let summary = analyze(code, Fork::Osaka, &Limits::default());
        summary.complete();
        let bytes = summary.to_bytes();
        let checksum = bytes[MAGIC.len() + VERSION_LEN..].first_chunk();
        u32::from_be_bytes(*checksum.expect("a checksum follows the version"))
    });
    // Where a checksum is another, raise the version first.
    assert_eq!((ANALYZER_VERSION, checksums), (10, [0xd929_6112, 0x3965_3801]));
}
