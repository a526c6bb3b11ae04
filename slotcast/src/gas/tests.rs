//! Tests of: how much gas does a transaction use, by its prediction?

use super::*;

#[test]
fn zeros_are_counted_beyond_what_a_byte_holds() {
    let bytes: Vec<u8> = (0..3_000).map(|n| u8::from(n % 3 == 0)).collect();
    assert_eq!(n_zeros(&bytes), 2_000);
    assert_eq!(n_zeros(&[0; 1_021]), 1_021);
    assert_eq!(n_zeros(&[]), 0);
}
