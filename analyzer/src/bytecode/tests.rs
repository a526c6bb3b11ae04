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

#[test]
fn the_stack_is_reached_deep_down_since_amsterdam() {
    let decoded = |code: &[u8], fork| {
        let instruction = Bytecode::new(code, fork).decode(Pc(0));
        (instruction.kind, instruction.width, instruction.inputs, instruction.outputs)
    };
    let invalid = (Kind::Invalid, 0, 0, 0);
    for code in [[0xe6, 0x80], [0xe7, 0x80], [0xe8, 0x8e]] {
        assert_eq!(decoded(&code, Fork::Osaka), invalid);
    }
    assert_eq!(decoded(&[0xe6, 0x80], Fork::Amsterdam), (Kind::Dup(17), 1, 17, 18));
    assert_eq!(decoded(&[0xe6], Fork::Amsterdam), (Kind::Dup(145), 1, 145, 146));
    assert_eq!(decoded(&[0xe7, 0x80], Fork::Amsterdam), (Kind::Swap(17), 1, 18, 18));
    assert_eq!(decoded(&[0xe8, 0x8e], Fork::Amsterdam), (Kind::Exchange(1, 2), 1, 3, 3));
    assert_eq!(decoded(&[0xe8, 0x8f], Fork::Amsterdam), (Kind::Exchange(1, 29), 1, 30, 30));
    for code in [[0xe6, 0x5b], [0xe7, 0x7f], [0xe8, 0x52]] {
        assert_eq!(decoded(&code, Fork::Amsterdam), invalid);
    }
}
