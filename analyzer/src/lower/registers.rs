//! Which values may share a register?
//!
//! In: a [`Program`] in which each value has a register of its own. Out: the same program in fewer
//! registers.
//! Invariant: a value that is used outside the node that computes it, or that moves on an edge give
//! a register, keeps a register of its own; the others keep theirs from the step that computes them
//! to the last one in the node that reads them.
//!
//! Most values live for a few steps, so a frame of hundreds of values fits in some dozens of
//! registers, and those stay in the nearest cache.

use crate::{
    ir::{Effect, Exit},
    program::{CopyLoop, Operand, Program, Register, Run, Source, Step, Word},
};

/// Where a register is mentioned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    Nowhere,
    Node(u32),
    Everywhere,
}

/// Stands for no register, and for no step.
const NONE: u32 = u32::MAX;

/// Lets values that live in one node alone share registers.
pub(super) fn share(mut program: Program) -> Program {
    let mut steps = core::mem::take(&mut program.steps);
    let homes = homes(&mut program, &mut steps);
    let is_local: Vec<bool> = homes.iter().map(|home| matches!(home, Home::Node(_))).collect();
    let mut numbers = vec![NONE; homes.len()];
    let mut n_global = 0;
    for (number, home) in numbers.iter_mut().zip(&homes) {
        if *home == Home::Everywhere {
            *number = n_global;
            n_global += 1;
        }
    }
    let last_reads = vec![NONE; homes.len()];
    let mut sharing = Sharing { is_local, last_reads, numbers, free: Vec::new(), next: n_global };
    let mut n_registers = n_global;
    for node in 0..program.nodes.len() {
        sharing.free.clear();
        sharing.next = n_global;
        let run = program.nodes[node].steps.range();
        sharing.node(&mut program, &mut steps[run]);
        n_registers = n_registers.max(sharing.next);
    }
    let numbers = sharing.numbers;
    let rename = |operand: &mut Operand| *operand = renamed(*operand, &numbers);
    for node in &mut program.nodes {
        each_of_exit(&mut node.exit, rename);
    }
    for (to, from) in &mut program.moves {
        *to = numbers[*to as usize];
        rename(from);
    }
    Program { steps, n_registers, ..program }
}

/// Where each register is mentioned.
fn homes(program: &mut Program, steps: &mut [Step]) -> Vec<Home> {
    let mut homes = vec![Home::Nowhere; program.n_registers as usize];
    for node in 0..program.nodes.len() {
        let here = Home::Node(node as u32);
        for step in &mut steps[program.nodes[node].steps.range()] {
            let mut mention = |register: Register| {
                let home = &mut homes[register as usize];
                let is_first = *home == Home::Nowhere || *home == here;
                *home = if is_first { here } else { Home::Everywhere };
            };
            each_read(program, step, |operand| {
                if let Source::Register(from) = operand.source() {
                    mention(from);
                }
            });
            written(step).into_iter().for_each(|to| mention(*to));
        }
    }
    let mut everywhere = |operand: &mut Operand| {
        if let Source::Register(from) = operand.source() {
            homes[from as usize] = Home::Everywhere;
        }
    };
    for node in &mut program.nodes {
        each_of_exit(&mut node.exit, &mut everywhere);
    }
    for (to, from) in &mut program.moves {
        everywhere(from);
        everywhere(&mut Operand::register(*to));
    }
    homes
}

/// The sharing of registers in one node after the other.
struct Sharing {
    /// Whether each register is mentioned in one node alone.
    is_local: Vec<bool>,
    /// The step of the node at hand that reads each register last.
    last_reads: Vec<u32>,
    /// The new number of each register, once it has one.
    numbers: Vec<Register>,
    /// New registers whose values are not read any more.
    free: Vec<Register>,
    /// The first new register that the node at hand has not used.
    next: Register,
}

impl Sharing {
    fn node(&mut self, program: &mut Program, steps: &mut [Step]) {
        for (n, step) in (0..).zip(&mut *steps) {
            each_read(program, step, |operand| {
                if let Source::Register(from) = operand.source() {
                    self.last_reads[from as usize] = n;
                }
            });
        }
        for (n, step) in (0..).zip(steps) {
            let Self { is_local, last_reads, numbers, free, .. } = self;
            each_read(program, step, |operand| {
                if let Source::Register(from) = operand.source() {
                    let last = &mut last_reads[from as usize];
                    if is_local[from as usize] && *last == n {
                        *last = NONE;
                        free.push(numbers[from as usize]);
                    }
                    *operand = renamed(*operand, numbers);
                }
            });
            if let Some(to) = written(step) {
                *to = self.begin(*to);
            }
        }
    }

    /// The new register of one that is given a value.
    fn begin(&mut self, old: Register) -> Register {
        let at = old as usize;
        if !self.is_local[at] {
            return self.numbers[at];
        }
        let new = self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        });
        self.numbers[at] = new;
        if self.last_reads[at] == NONE {
            // Nothing reads it.
            self.free.push(new);
        }
        new
    }
}

fn renamed(operand: Operand, numbers: &[Register]) -> Operand {
    match operand.source() {
        Source::Register(from) => Operand::register(numbers[from as usize]),
        Source::Constant(_) => operand,
    }
}

/// Calls `f` on every operand that a step reads.
fn each_read(program: &mut Program, step: &mut Step, mut f: impl FnMut(&mut Operand)) {
    match step {
        Step::Apply { operands, .. } => operands.iter_mut().for_each(f),
        Step::CallData { at: operand, .. }
        | Step::BlobHash { index: operand, .. }
        | Step::MLoad { at: operand, .. }
        | Step::SLoad { key: operand, .. }
        | Step::Require { condition: operand, .. }
        | Step::Move { from: operand, .. } => f(operand),
        Step::MStore { at: first, value: second }
        | Step::SStore { key: first, value: second, .. } => {
            f(first);
            f(second);
        }
        Step::Keccak { words: Run { start, end }, .. } => {
            program.operands[*start as usize..*end as usize].iter_mut().for_each(f);
        }
        Step::Effect { effect, .. } => each_of_effect(&mut program.effects[*effect as usize], f),
        Step::Ahead { copy } => each_of_copy(&mut program.copies[*copy as usize], f),
        Step::Env { .. } | Step::Charge { .. } | Step::Lost { .. } => {}
    }
}

/// What grows is given values on edges, so that it keeps its register.
fn each_of_copy(copy: &mut CopyLoop, mut f: impl FnMut(&mut Operand)) {
    let CopyLoop { counter, limit, to, word, growth, .. } = copy;
    let mut spans = vec![counter, limit, to];
    match word {
        Word::Copied { from, .. } => spans.push(from),
        Word::Same(operand) => f(operand),
    }
    spans.into_iter().flat_map(|span| &mut span.bases).for_each(&mut f);
    growth.iter_mut().for_each(|(operand, _)| f(operand));
}

/// The register that a step gives a value.
const fn written(step: &mut Step) -> Option<&mut Register> {
    match step {
        Step::Apply { to, .. }
        | Step::Env { to, .. }
        | Step::CallData { to, .. }
        | Step::BlobHash { to, .. }
        | Step::Keccak { to, .. }
        | Step::Move { to, .. }
        | Step::Lost { to } => Some(to),
        Step::MLoad { to, .. } | Step::SLoad { to, .. } | Step::Effect { to, .. } => to.as_mut(),
        Step::MStore { .. }
        | Step::SStore { .. }
        | Step::Require { .. }
        | Step::Charge { .. }
        | Step::Ahead { .. } => None,
    }
}

fn each_of_effect(effect: &mut Effect<Operand>, mut f: impl FnMut(&mut Operand)) {
    *effect = effect.map(|mut operand| {
        f(&mut operand);
        operand
    });
}

fn each_of_exit(exit: &mut Exit<Operand, u32>, mut f: impl FnMut(&mut Operand)) {
    match exit {
        Exit::Branch { condition: operand, .. } | Exit::Switch { target: operand, .. } => {
            f(operand)
        }
        Exit::Return(at, len) | Exit::Revert(at, len) => {
            f(at);
            f(len);
        }
        Exit::Jump(_) | Exit::Stop | Exit::Invalid | Exit::Unknown(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::{ir::Op, limits::StopReason, program::ProgramNode};
    use alloy_primitives::U256;

    use super::*;

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
            copies: vec![],
            operands: vec![],
            moves: vec![],
            cases: vec![],
            constants: vec![U256::ZERO],
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
        let after = share(before.clone());
        assert_eq!(after.n_registers, 3, "two, and one for what is returned");
        assert_eq!(run(&after), run(&before));
    }

    #[test]
    fn what_is_read_once_more_later_keeps_its_register() {
        let before = adds(&[(1, 0, 0), (2, 1, 1), (3, 2, 2), (4, 3, 0), (5, 4, 1)], 6, 5);
        assert_eq!(run(&share(before.clone())), run(&before));
    }
}
