//! Which variables does a code evidently touch, whatever an analysis makes of it?
//!
//! In: runtime code. Out: the constants that become storage keys, hashed slots of mappings or
//! hashed slots of arrays within one basic block, by running every block alone on an unknown stack.
//! Invariant: shares nothing with the analyzer but the decoder, follows no jump and merges nothing.
//! So it misses every slot that crosses a block, and counts blocks that no path reaches.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;
use slotcast::{
    analyzer::{
        bytecode::{Bytecode, Kind as InstructionKind, Pc},
        describe::slots::Kind,
    },
    model::Fork,
};

use crate::truth::Unit;

/// Constants by what they evidently are.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    keys: BTreeSet<U256>,
    mappings: BTreeSet<U256>,
    arrays: BTreeSet<U256>,
}

/// One block's stack and memory, as far as they are constant.
#[derive(Default)]
struct Machine {
    stack: Vec<Option<U256>>,
    memory: BTreeMap<U256, Option<U256>>,
}

impl Evidence {
    pub(crate) fn new(code: &[u8]) -> Self {
        let bytecode = Bytecode::new(code, Fork::Osaka);
        let mut evidence = Self::default();
        let mut machine = Machine::default();
        let mut pc = Pc(0);
        while (pc.0 as usize) < code.len() {
            let instruction = bytecode.decode(pc);
            pc = Bytecode::next(&instruction);
            match instruction.kind {
                InstructionKind::JumpDest => machine = Machine::default(),
                InstructionKind::Push => machine.stack.push(Some(instruction.immediate)),
                InstructionKind::Dup(n) => machine.dup(usize::from(n)),
                InstructionKind::Swap(n) => machine.swap(usize::from(n)),
                kind => {
                    let inputs: Vec<_> = (0..instruction.inputs).map(|_| machine.pop()).collect();
                    evidence.note(kind, &inputs, &machine);
                    machine.run(kind, &inputs);
                    machine.stack.extend((0..instruction.outputs).map(|_| None));
                }
            }
        }
        evidence
    }

    fn note(&mut self, kind: InstructionKind, inputs: &[Option<U256>], machine: &Machine) {
        match (kind, inputs) {
            (InstructionKind::SLoad | InstructionKind::SStore, [Some(key), ..]) => {
                self.keys.insert(*key);
            }
            (InstructionKind::Keccak, [Some(at), Some(len)]) if at.is_zero() => {
                let word = |at: u64| machine.memory.get(&U256::from(at)).copied().flatten();
                match len.saturating_to::<u64>() {
                    0x20 => self.arrays.extend(word(0)),
                    0x40 => self.mappings.extend(word(0x20)),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Whether `unit` is evidently touched.
    pub(crate) fn holds(&self, unit: &Unit) -> bool {
        let any = |slots: &BTreeSet<U256>| slots.iter().any(|&slot| unit.contains(slot));
        match unit.kind {
            Kind::Plain => any(&self.keys),
            Kind::Mapping => any(&self.mappings),
            Kind::Array => any(&self.arrays) || any(&self.keys),
        }
    }
}

impl Machine {
    fn pop(&mut self) -> Option<U256> {
        self.stack.pop().flatten()
    }

    fn dup(&mut self, n: usize) {
        let word = self.stack.len().checked_sub(n).and_then(|at| self.stack[at]);
        self.stack.push(word);
    }

    fn swap(&mut self, n: usize) {
        if self.stack.len() <= n {
            let missing = n + 1 - self.stack.len();
            self.stack.splice(0..0, (0..missing).map(|_| None));
        }
        let top = self.stack.len() - 1;
        self.stack.swap(top, top - n);
    }

    /// What is written at unknown places is taken to leave the scratch space alone.
    fn run(&mut self, kind: InstructionKind, inputs: &[Option<U256>]) {
        match (kind, inputs) {
            (InstructionKind::MStore, [Some(at), word]) => drop(self.memory.insert(*at, *word)),
            (
                InstructionKind::Jump
                | InstructionKind::Stop
                | InstructionKind::Return
                | InstructionKind::Revert
                | InstructionKind::Invalid,
                _,
            ) => *self = Self::default(),
            _ => {}
        }
    }
}
