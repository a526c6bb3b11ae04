//! Does the verifier find what is wrong, and nothing in what is right?
//!
//! In: a program of a loop, a call and a check, and the same with one thing broken. Out: assertions on
//! the fault that is found.

use alloy_primitives::U256;
use slotcast_model::Fork;

use super::*;
use crate::{analyze, limits::Limits, tests::asm::assemble};

/// Loops ten times, then requires the caller to be in the mapping at slot 0 and calls it.
const SOURCE: &str = "
    0
    loop: dup1 10 eq push done jumpi 1 add dup1 dup1 sstore push loop jump
    done: caller 0 mstore 0 32 mstore 64 0 keccak256 sload push in jumpi 0 0 revert
    in: 0 0 0 0 0 caller gas call stop";

fn program() -> Program {
    let code = assemble(SOURCE).expect("a program of instructions, numbers and labels");
    let summary = analyze(&code, Fork::Osaka, &Limits::default());
    summary.entry(None).clone()
}

/// The fault that `verify` finds when `damage` has been done.
fn fault(damage: impl FnOnce(&mut Program)) -> Fault {
    let mut program = program();
    assert_eq!(verify(&program), Ok(()));
    damage(&mut program);
    verify(&program).expect_err("the damage is found")
}

fn out_of_range(what: &'static str) -> impl Fn(&Fault) -> bool {
    move |fault| matches!(fault, Fault::OutOfRange { what: found, .. } if *found == what)
}

#[test]
fn what_does_not_exist_is_not_named() {
    let is = |what, fault: &Fault| assert!(out_of_range(what)(fault), "{fault} for {what}");
    is("entry", &fault(|program| program.nodes.clear()));
    is("node", &fault(|program| program.checks[0].other = 99));
    is("move", &fault(|program| program.nodes[0].moves[0] = Run { start: 0, end: 99 }));
    is("step", &fault(|program| program.nodes[0].steps = Run { start: 1, end: 0 }));
    is("constant", &fault(|program| program.constants.truncate(1)));
    is("effect", &fault(|program| program.effects.clear()));
    is("operand", &fault(|program| program.operands.clear()));
    is("register", &fault(|program| program.n_registers = 1));
    is("loop", &fault(|program| program.steps[0] = Step::MemCopy { copy: 0 }));
}

#[test]
fn cases_stand_at_switches_and_ascend() {
    let no_moves = Run::default();
    let case = |pc| Case { pc, node: 0, moves: no_moves };
    let damaged = |cases: Vec<Case>, exit| {
        fault(|program| {
            program.nodes[0].cases = Run { start: 0, end: cases.len() as u32 };
            program.nodes[0].exit = exit;
            program.cases = cases;
        })
    };
    assert_eq!(damaged(vec![case(1)], Exit::Stop), Fault::Cases { node: 0 });
    let switch = Exit::Switch { at: Pc(0), target: Operand::constant(0) };
    assert_eq!(damaged(vec![case(2), case(1)], switch), Fault::Cases { node: 0 });
}

#[test]
fn every_path_writes_what_is_read() {
    // A move less on the way into the loop leaves its counter unwritten.
    let counter = program().moves[0].0;
    let loops = fault(|program| program.nodes[0].moves[0].end = program.nodes[0].moves[0].start);
    assert_eq!(loops, Fault::Unwritten { node: 1, register: counter });
    // What one side of a branch writes does not hold where the sides meet.
    let mut program = program();
    let [then, other, join] = [1, 2, 3];
    let node = |steps, exit| ProgramNode { steps, exit, ..program.nodes[0] };
    let empty = Run::default();
    let constant = Operand::constant(0);
    let nodes = vec![
        node(empty, Exit::Branch { condition: constant, then, other }),
        node(Run { start: 0, end: 1 }, Exit::Jump(join)),
        node(empty, Exit::Jump(join)),
        node(empty, Exit::Return(Operand::register(0), constant)),
    ];
    let nodes =
        nodes.into_iter().map(|node| ProgramNode { moves: [empty; 2], cases: empty, ..node });
    program = Program {
        nodes: nodes.collect(),
        steps: vec![Step::Lost { to: 0 }],
        constants: vec![U256::ZERO],
        checks: vec![],
        moves: vec![],
        n_registers: 1,
        ..program
    };
    assert_eq!(verify(&program), Err(Fault::Unwritten { node: join, register: 0 }));
    program.nodes[other as usize].steps = program.nodes[then as usize].steps;
    assert_eq!(verify(&program), Ok(()));
}
