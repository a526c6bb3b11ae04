//! Do values that share registers compute the same?
//!
//! In: programs of sums. Out: assertions on what they return before and after.

use alloy_primitives::U256;

use super::*;
use crate::{
    ir::{Exit, Op},
    limits::StopReason,
    program::{ProgramNode, Run},
};

/// A program of one node whose steps add registers, `(to, a, b)`, and which returns `result`.
fn adds(adds: &[(u32, u32, u32)], n_registers: u32, result: u32) -> Program {
    let operand = Operand::register;
    let add = |&(to, a, b): &(u32, u32, u32)| {
        let operands = [operand(a), operand(b), operand(a)];
        Step::Apply { op: Op::Add, to, operands }
    };
    let empty = Run::default();
    let mut steps = vec![Step::Env { to: 0, env: crate::ir::Env::Caller }];
    steps.extend(adds.iter().map(add));
    let node = ProgramNode {
        steps: Run { start: 0, end: steps.len() as u32 },
        exit: Exit::Return(operand(result), operand(result)),
        moves: [empty; 2],
        cases: empty,
        gas: 0,
        only_reverts: false,
    };
    Program {
        nodes: vec![node],
        steps,
        effects: vec![],
        checks: vec![],
        mem_copies: vec![],
        operands: vec![],
        moves: vec![],
        cases: vec![],
        constants: vec![U256::ZERO],
        inputs: Vec::new(),
        gas_decides: false,
        spares_reserved: false,
        n_registers,
        stop: StopReason::Finished,
    }
}

/// What the program returns, register words being numbers and the caller one.
fn run(program: &Program) -> u64 {
    let mut registers = vec![0_u64; program.n_registers as usize];
    let value = |registers: &[u64], operand: Operand| match operand.source() {
        Source::Register(at) => registers[at as usize],
        Source::Constant(_) => unreachable!("no constants here"),
    };
    for step in &program.steps {
        match *step {
            Step::Apply { to, operands: [a, b, _], .. } => {
                let sum = value(&registers, a).wrapping_add(value(&registers, b));
                registers[to as usize] = sum;
            }
            Step::Env { to, .. } => registers[to as usize] = 1,
            _ => unreachable!("no other steps here"),
        }
    }
    let Exit::Return(at, _) = program.nodes[0].exit else { unreachable!() };
    value(&registers, at)
}

#[test]
fn a_chain_of_sums_takes_few_registers_and_computes_the_same() {
    // Each is the sum of the two before it, so two live at a time.
    let mut chain = vec![(1, 0, 0)];
    chain.extend((2..40).map(|n| (n, n - 1, n - 2)));
    let before = adds(&chain, 40, 39);
    let after = allocate(before.clone());
    assert_eq!(after.n_registers, 3, "two, and one for what is returned");
    assert_eq!(run(&after), run(&before));
}

#[test]
fn what_is_read_once_more_later_keeps_its_register() {
    let before = adds(&[(1, 0, 0), (2, 1, 1), (3, 2, 2), (4, 3, 0), (5, 4, 1)], 6, 5);
    assert_eq!(run(&allocate(before.clone())), run(&before));
}
