//! Is a program well formed?
//!
//! In: a [`Program`]. Out: nothing, or the first [`Fault`].
//! Invariants checked: every node, list entry, constant and register that is named exists; cases
//! ascend and stand at switches only; on every path from the entry a register is written before it is
//! read. The last is a forward fixpoint over sets of registers, met by intersection.
//!
//! Debug builds verify after each pass of lowering. A fault is a defect of ours, never of the code
//! that was analysed.

use super::{
    Case, Check, MemCopy, Operand, Program, Register, Run, Source, Step, Word,
    operands::{each_of_exit, each_read, written},
};
use crate::ir::Exit;

/// What is wrong with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Something that does not exist is named.
    #[error("{what} {index} is named, of {len}")]
    OutOfRange {
        /// Of which list.
        what: &'static str,
        /// Its index.
        index: u32,
        /// The length of the list.
        len: usize,
    },
    /// Cases do not ascend, or stand where there is no switch.
    #[error("n{node} has cases in the wrong order or no switch for them")]
    Cases {
        /// The node.
        node: u32,
    },
    /// A register is read that some path does not write before.
    #[error("n{node} reads r{register}, which some path leaves unwritten")]
    Unwritten {
        /// The node that reads it.
        node: u32,
        /// The register.
        register: Register,
    },
}

/// Checks `program`.
///
/// # Errors
///
/// The first fault found.
pub fn verify(program: &Program) -> Result<(), Fault> {
    let mut ranges = Ranges { program: program.clone(), found: Ok(()) };
    ranges.check();
    ranges.found?;
    for (node, of_node) in (0..).zip(&program.nodes) {
        let cases = &program.cases[of_node.cases.range()];
        let is_switch = matches!(of_node.exit, Exit::Switch { .. });
        if !cases.is_sorted_by_key(|case| case.pc) || !(is_switch || cases.is_empty()) {
            return Err(Fault::Cases { node });
        }
    }
    let mut flow = Flow {
        at_entry: vec![None; program.nodes.len()],
        pending: Vec::new(),
        program: ranges.program,
        node: 0,
        written: vec![0; program.n_registers.div_ceil(64) as usize],
    };
    program.inputs.iter().for_each(|&(_, register)| flow.write(register));
    flow.arrive(0);
    while let Some(node) = flow.pending.pop() {
        flow.node(node)?;
    }
    Ok(())
}

/// The check that what is named exists.
struct Ranges {
    program: Program,
    found: Result<(), Fault>,
}

impl Ranges {
    fn index(&mut self, what: &'static str, index: u32, len: usize) {
        if len <= index as usize && self.found.is_ok() {
            self.found = Err(Fault::OutOfRange { what, index, len });
        }
    }

    fn run(&mut self, what: &'static str, run: Run, len: usize) {
        let is_run = run.start <= run.end && run.end as usize <= len;
        if !is_run && self.found.is_ok() {
            self.found = Err(Fault::OutOfRange { what, index: run.end, len });
        }
    }

    fn register(&mut self, register: Register) {
        self.index("register", register, self.program.n_registers as usize);
    }

    fn operand(&mut self, operand: Operand) {
        match operand.source() {
            Source::Register(register) => self.register(register),
            Source::Constant(at) => self.index("constant", at, self.program.constants.len()),
        }
    }

    /// An edge.
    fn edge(&mut self, to: u32, moves: Run) {
        self.index("node", to, self.program.nodes.len());
        self.run("move", moves, self.program.moves.len());
    }

    fn check(&mut self) {
        self.index("entry", 0, self.program.nodes.len());
        for n in 0..self.program.inputs.len() {
            self.register(self.program.inputs[n].1);
        }
        for n in 0..self.program.moves.len() {
            let (to, from) = self.program.moves[n];
            self.register(to);
            self.operand(from);
        }
        for n in 0..self.program.checks.len() {
            let Check { other, moves, .. } = self.program.checks[n];
            self.edge(other, moves);
        }
        for n in 0..self.program.cases.len() {
            let Case { node, moves, .. } = self.program.cases[n];
            self.edge(node, moves);
        }
        for n in 0..self.program.nodes.len() {
            let mut node = self.program.nodes[n];
            self.run("step", node.steps, self.program.steps.len());
            self.run("case", node.cases, self.program.cases.len());
            node.exit.successors().zip(node.moves).for_each(|(to, moves)| self.edge(to, moves));
            each_of_exit(&mut node.exit, |operand| self.operand(*operand));
        }
        for n in 0..self.program.steps.len() {
            self.step(self.program.steps[n]);
        }
    }

    fn step(&mut self, mut step: Step) {
        let program = &self.program;
        match step {
            Step::Keccak { words: run, .. } | Step::Resume { stack: run, .. } => {
                self.run("operand", run, program.operands.len());
            }
            Step::Effect { effect, .. } => self.index("effect", effect, program.effects.len()),
            Step::Require { check, .. } => self.index("check", check, program.checks.len()),
            Step::MemCopy { copy } => self.index("loop", copy, program.mem_copies.len()),
            _ => {}
        }
        if self.found.is_err() {
            return;
        }
        let mut operands = Vec::new();
        each_read(&mut self.program, &mut step, |operand| operands.push(*operand));
        if let Step::MemCopy { copy } = step {
            let MemCopy { counter, limit, to, word, .. } = &self.program.mem_copies[copy as usize];
            operands.extend([counter, limit, to].map(|span| span.by));
            if let Word::Copied { from, mask, .. } = word {
                operands.extend([Some(from.by), *mask].into_iter().flatten());
            }
        }
        operands.into_iter().for_each(|operand| self.operand(operand));
        written(&mut step).into_iter().for_each(|to| self.register(*to));
    }
}

/// A set of registers.
type Registers = Vec<u64>;

/// The check that what is read has been written, by paths from the entry.
struct Flow {
    program: Program,
    /// For each node, the registers that every path found so far writes.
    at_entry: Vec<Option<Registers>>,
    /// Nodes whose set has shrunk since they were passed.
    pending: Vec<u32>,
    /// The node being passed, and what is written at this point of it.
    node: u32,
    written: Registers,
}

impl Flow {
    /// A path leads to the entry of `to` with what is written now.
    fn arrive(&mut self, to: u32) {
        let Some(known) = &mut self.at_entry[to as usize] else {
            self.at_entry[to as usize] = Some(self.written.clone());
            return self.pending.push(to);
        };
        let mut has_shrunk = false;
        for (known, now) in known.iter_mut().zip(&self.written) {
            has_shrunk |= *known & !now != 0;
            *known &= now;
        }
        if has_shrunk {
            self.pending.push(to);
        }
    }

    fn read(&self, operand: Operand) -> Result<(), Fault> {
        match operand.source() {
            Source::Register(at) if self.written[at as usize / 64] >> (at % 64) & 1 == 0 => {
                Err(Fault::Unwritten { node: self.node, register: at })
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, register: Register) {
        self.written[register as usize / 64] |= 1 << (register % 64);
    }

    /// Goes along an edge.
    fn edge(&mut self, to: u32, moves: Run) -> Result<(), Fault> {
        let before = self.written.clone();
        for n in moves.range() {
            let (to, from) = self.program.moves[n];
            self.read(from)?;
            self.write(to);
        }
        self.arrive(to);
        self.written = before;
        Ok(())
    }

    /// Passes a node.
    fn node(&mut self, node: u32) -> Result<(), Fault> {
        self.node = node;
        self.written.clone_from(self.at_entry[node as usize].as_ref().expect("a path reached it"));
        let mut of_node = self.program.nodes[node as usize];
        for n in of_node.steps.range() {
            let mut step = self.program.steps[n];
            let mut operands = Vec::new();
            each_read(&mut self.program, &mut step, |operand| operands.push(*operand));
            operands.into_iter().try_for_each(|operand| self.read(operand))?;
            if let Step::Require { check, .. } = step {
                let Check { other, moves, .. } = self.program.checks[check as usize];
                self.edge(other, moves)?;
            }
            written(&mut step).into_iter().for_each(|to| self.write(*to));
        }
        let mut operands = Vec::new();
        each_of_exit(&mut of_node.exit, |operand| operands.push(*operand));
        operands.into_iter().try_for_each(|operand| self.read(operand))?;
        for (to, moves) in of_node.exit.successors().zip(of_node.moves) {
            self.edge(to, moves)?;
        }
        for n in of_node.cases.range() {
            let Case { node, moves, .. } = self.program.cases[n];
            self.edge(node, moves)?;
        }
        Ok(())
    }
}
