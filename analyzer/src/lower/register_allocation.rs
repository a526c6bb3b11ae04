//! Which values may share a register?
//!
//! In: a [`Program`] in which each value has a register of its own. Out: the same program in fewer
//! registers.
//! Invariant: a value that is used outside the node that computes it, or that moves on an edge give
//! a register, keeps a register of its own; the others keep theirs from the step that computes them
//! to the last one in the node that reads them.
//!
//! This is register allocation by liveness within a node, and spilling is never needed: a frame has as
//! many registers as it wants.
//!
//! Most values live for a few steps, so a frame of hundreds of values fits in some dozens of
//! registers, and those stay in the nearest cache.

use crate::program::{
    Operand, Program, Register, Source, Step,
    operands::{each_of_exit, each_read, written},
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
pub(super) fn allocate(mut program: Program) -> Program {
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
    let mut allocator =
        Allocator { is_local, last_reads, numbers, free: Vec::new(), next: n_global };
    let mut n_registers = n_global;
    for node in 0..program.nodes.len() {
        allocator.free.clear();
        allocator.next = n_global;
        let run = program.nodes[node].steps.range();
        allocator.node(&mut program, &mut steps[run]);
        n_registers = n_registers.max(allocator.next);
    }
    let numbers = allocator.numbers;
    let rename = |operand: &mut Operand| *operand = renamed(*operand, &numbers);
    for node in &mut program.nodes {
        each_of_exit(&mut node.exit, rename);
    }
    for (_, register) in &mut program.inputs {
        *register = numbers[*register as usize];
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
    for &(_, register) in &program.inputs {
        everywhere(&mut Operand::register(register));
    }
    for (to, from) in &mut program.moves {
        everywhere(from);
        everywhere(&mut Operand::register(*to));
    }
    homes
}

/// The allocator of registers in one node after the other.
struct Allocator {
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

impl Allocator {
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

#[cfg(test)]
mod tests;
