//! Which code counts as reverting only?
//!
//! In: short codes. Out: assertions on the stack words that they need.

use slotcast_model::Fork;

use super::*;

fn need(code: &[u8]) -> Option<u32> {
    scan(&Bytecode::new(code, Fork::Osaka), Pc(0))
}

#[test]
fn a_revert_needs_what_lies_below_its_own_words() {
    // PUSH1 0, DUP1, REVERT.
    assert_eq!(need(&[0x60, 0, 0x80, 0xfd]), Some(0));
    // DUP2, MSTORE, PUSH1 0, DUP1, REVERT: the value below is used twice.
    assert_eq!(need(&[0x81, 0x52, 0x60, 0, 0x80, 0xfd]), Some(2));
    // PUSH1 4, JUMP, STOP, JUMPDEST, INVALID.
    assert_eq!(need(&[0x60, 4, 0x56, 0x00, 0x5b, 0xfe]), Some(0));
}

#[test]
fn what_touches_state_or_goes_on_is_no_dead_end() {
    // PUSH1 0, SLOAD, INVALID.
    assert_eq!(need(&[0x60, 0, 0x54, 0xfe]), None);
    // JUMP to an unknown place.
    assert_eq!(need(&[0x56]), None);
    assert_eq!(need(&[0x00]), None);
}
