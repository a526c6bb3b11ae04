//! Are instructions told from data, and forks from one another?
//!
//! In: short codes. Out: assertions on what they decode to.

use super::*;

#[test]
fn a_jumpdest_in_push_data_is_none() {
    // PUSH1 0x5b, JUMPDEST, PUSH2 0x5b5b (cut off after one byte).
    let code = [0x60, 0x5b, 0x5b, 0x61, 0x5b];
    let bytecode = Bytecode::new(&code, Fork::Osaka);
    assert_eq!(bytecode.jump_targets().collect::<Vec<_>>(), [Pc(2)]);
    assert_eq!(bytecode.jump_target(U256::from(1)), None);
    assert_eq!(bytecode.jump_target(U256::MAX), None);
    let push = bytecode.decode(Pc(3));
    assert_eq!(push.immediate, U256::from(0x5b00));
    assert_eq!(bytecode.decode(Bytecode::next(&push)).kind, Kind::Stop);
}

#[test]
fn an_opcode_is_invalid_before_its_fork() {
    let code = [0x5f];
    assert_eq!(Bytecode::new(&code, Fork::Shanghai).decode(Pc(0)).kind, Kind::Push);
    assert_eq!(Bytecode::new(&code, Fork::Paris).decode(Pc(0)).kind, Kind::Invalid);
}

#[test]
fn a_delegation_is_its_prefix_and_an_address() {
    let mut code = vec![0xef, 0x01, 0x00];
    code.extend([7; 20]);
    assert_eq!(delegation(&code), Some(Address::repeat_byte(7)));
    code.push(0);
    assert_eq!(delegation(&code), None);
}
