//! Do writes and copies keep known bytes and unknown ones apart?

use super::*;

#[test]
fn a_known_write_makes_a_hole_in_the_unknown() {
    let mut buffer = Buffer::default();
    buffer.forget(0, 96, Unknown::Lost);
    buffer.set_word(32, Ok(U256::from(7)));
    assert_eq!(buffer.word(32), Some(U256::from(7)));
    assert_eq!(buffer.word(31), None);
    assert_eq!(buffer.word(33), None);
    assert!(buffer.is_known(96, 1000));
    assert_eq!(buffer.word(200), Some(U256::ZERO));
}

#[test]
fn copies_carry_what_is_unknown() {
    let mut source = Buffer::known(vec![1; 64]);
    source.forget(32, 8, Unknown::Lost);
    let mut copy = Buffer::default();
    source.range_into(16, 64, &mut copy);
    assert!(copy.is_known(0, 16));
    assert!(!copy.is_known(16, 8));
    assert!(copy.is_known(24, 40));
    assert_eq!(copy.slice(24, 24).map(<[u8]>::to_vec), Some([[1; 24]].concat()));
    assert_eq!(copy.slice(48, 16).map(<[u8]>::to_vec), Some(vec![0; 16]));
}
