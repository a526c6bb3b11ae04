//! Is every opcode in both tables?
//!
//! In: the opcodes of the newest fork. Out: assertions on their kinds.

use super::*;

#[test]
fn every_opcode_of_the_newest_mainnet_fork_is_known_to_both_tables() {
    for byte in 0..=u8::MAX {
        let known_here = kind(byte, Fork::Osaka) != Kind::Invalid;
        // SLOTNUM and EIP-8024's three opcodes come after Osaka; 0xfe is INVALID by name.
        let later = matches!(byte, 0x4b | 0xe6..=0xe8);
        let known_there = OpCode::new(byte).is_some() && byte != 0xfe && !later;
        assert_eq!(known_here, known_there, "opcode {byte:#04x}");
    }
}
