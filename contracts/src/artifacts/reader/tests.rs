//! Do texts read as an author would write them?

use super::*;

#[test]
fn what_is_cast_twice_reads_as_cast_once() {
    let check = |text: &str, expected: &str| assert_eq!(cast_once(text), expected);
    check("keccak(int24(int24(int24(tick))) . 5) + 1", "keccak(int24(tick) . 5) + 1");
    check("int24(int24(a) + int24(b))", "int24(int24(a) + int24(b))");
    check("uint16(uint16((a + 1)) % uint16(b))", "uint16(uint16((a + 1)) % uint16(b))");
    check("bytes4(bytes4(id))", "bytes4(id)");
    check("int24(int24(a", "int24(int24(a");
    check("keccak(keccak(a))", "keccak(keccak(a))");
}
