//! What is left of a function to run at binding?
//!
//! In: built by `crate::lower`. Out: [`Program`], a small register machine's code.
//! Invariants, which [`verify`] checks: a register is written before it is read on every path; nodes,
//! lists and constants that are named exist. A program is plain data, serialises, and prints as text.

pub(crate) mod operands;
mod print;
#[cfg(test)]
mod tests;
mod verify;

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

use crate::{
    bytecode::Pc,
    ir::{Effect, Env, Exit, Op},
    limits::StopReason,
};

pub use verify::{Fault, verify};

/// A register of one frame.
pub type Register = u32;

/// A register or a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Operand(u32);

/// What an [`Operand`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A register.
    Register(Register),
    /// An index into the program's constants.
    Constant(u32),
}

impl Operand {
    const CONSTANT: u32 = 1 << 31;

    /// The operand that names `register`.
    pub const fn register(register: Register) -> Self {
        Self(register)
    }

    /// The operand that names the constant at `index`.
    pub const fn constant(index: u32) -> Self {
        Self(index | Self::CONSTANT)
    }

    /// What the operand names.
    #[inline]
    pub const fn source(self) -> Source {
        if self.0 & Self::CONSTANT == 0 {
            Source::Register(self.0)
        } else {
            Source::Constant(self.0 & !Self::CONSTANT)
        }
    }
}

/// A run of entries in one of a program's lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The first entry.
    pub start: u32,
    /// Behind the last entry.
    pub end: u32,
}

impl Run {
    /// The run as a slice range.
    #[inline]
    pub const fn range(self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One step of a program: what runs often holds its operands, what runs seldom stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "fields are destination and operands")]
pub enum Step {
    Apply {
        op: Op,
        to: Register,
        operands: [Operand; 3],
    },
    Env {
        to: Register,
        env: Env,
    },
    CallData {
        to: Register,
        at: Operand,
    },
    BlobHash {
        to: Register,
        index: Operand,
    },
    /// keccak256 of the words in a run of the program's operand list.
    Keccak {
        to: Register,
        words: Run,
    },
    /// The word of memory at an address; the register is absent when only memory's growth matters.
    MLoad {
        to: Option<Register>,
        at: Operand,
    },
    MStore {
        at: Operand,
        value: Operand,
    },
    /// The register is absent when it only matters that the slot is touched.
    SLoad {
        pc: Pc,
        to: Option<Register>,
        key: Operand,
        /// Whether what it gives only goes into sums for the same slot, and into guards.
        only_adds: bool,
    },
    SStore {
        pc: Pc,
        key: Operand,
        value: Operand,
        /// Whether it only adds to what the slot holds.
        only_adds: bool,
    },
    /// Another ordered effect, by its place in the program's list; its result, when used, goes to
    /// `to`.
    Effect {
        to: Option<Register>,
        effect: u32,
    },
    /// Goes on only if the condition's truth is `is_true`; else as the check at that place in the
    /// program's list says.
    Require {
        condition: Operand,
        is_true: bool,
        /// Gas of the stretch behind, whatever its operands.
        gas: u32,
        check: u32,
    },
    /// Gas of the stretch behind, whatever its operands.
    Charge {
        gas: u32,
    },
    /// A phi where only one edge is left.
    Move {
        to: Register,
        from: Operand,
    },
    /// A loop that only copies or fills begins: what all its rounds but the last test do may be done
    /// at once, by the loop's place in the program's list.
    MemCopy {
        copy: u32,
    },
    /// What follows was not walked with the rest: the frame goes on with the program of what begins at
    /// `at`, on these words of the stack, bottom first. Where it jumps there, `at` must be a jump
    /// destination.
    Resume {
        at: Operand,
        is_jump: bool,
        stack: Run,
    },
    /// A value the analysis lost; a defect of ours that shows as an unknown, not as a wrong word.
    Lost {
        to: Register,
    },
}

/// What [`Step::Require`] does where it does not simply go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What to do when the condition is not known.
    pub hypothesis: Hypothesis,
    /// The node to go to when the check fails.
    pub other: u32,
    /// The moves on the way there.
    pub moves: Run,
}

/// The sum of two registers or constants, and a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// What is added up.
    pub bases: [Operand; 2],
    /// The constant.
    pub by: Operand,
}

/// The word that a round of a [`MemCopy`] stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// A word of memory or calldata.
    Copied {
        /// Whether it is calldata's.
        is_calldata: bool,
        /// Where it is read, 32 bytes behind the last.
        from: Span,
        /// The bits of it that are kept.
        mask: Option<Operand>,
    },
    /// In every round the same.
    Same(Operand),
}

/// A loop that stores one word a round, one behind the other, while `counter < limit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemCopy {
    /// What is counted up.
    pub counter: Span,
    /// What it is counted up to.
    pub limit: Span,
    /// By how much, at most 32.
    pub step: U256,
    /// Where the word is stored, 32 bytes behind the last.
    pub to: Span,
    /// What is stored.
    pub word: Word,
    /// The registers that grow, and by how much a round.
    pub growth: Vec<(Operand, U256)>,
    /// Gas of a round.
    pub gas: u32,
}

/// What to do at a branch whose condition is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// Whether the condition is taken to hold.
    pub passes: bool,
    /// Whether the side not taken may touch state, so that accesses may be missing.
    pub is_gap: bool,
}

impl Hypothesis {
    /// Takes the side that does not merely revert; between equals, that of a false condition.
    pub const fn of(then_reverts: bool, other_reverts: bool) -> Self {
        match (then_reverts, other_reverts) {
            (true, false) => Self { passes: false, is_gap: false },
            (false, true) => Self { passes: true, is_gap: false },
            _ => Self { passes: false, is_gap: true },
        }
    }
}

/// A stretch of steps with one way in, left early only where a [`Step::Require`] fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramNode {
    /// Its steps.
    pub steps: Run,
    /// How it is left.
    pub exit: Exit<Operand, u32>,
    /// For each successor, the moves that give its phis their values, one by one.
    pub moves: [Run; 2],
    /// Where a switch may lead, ascending by position in the code.
    pub cases: Run,
    /// Gas the stretch costs whatever its operands.
    pub gas: u32,
    /// Whether every way on from here reverts without touching state.
    pub only_reverts: bool,
}

/// One way a switch may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The jump destination the case is for.
    pub pc: u32,
    /// The node it leads to.
    pub node: u32,
    /// The moves on the edge.
    pub moves: Run,
}

/// What is left of one entry point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The nodes; the first is the entry.
    pub nodes: Vec<ProgramNode>,
    /// All nodes' steps.
    pub steps: Vec<Step>,
    /// Effects that have no step of their own.
    pub effects: Vec<Effect<Operand>>,
    /// Checks of steps.
    pub checks: Vec<Check>,
    /// Loops that only copy or fill.
    pub mem_copies: Vec<MemCopy>,
    /// Operands of hashed words and of stacks.
    pub operands: Vec<Operand>,
    /// Moves on edges.
    pub moves: Vec<(Register, Operand)>,
    /// Cases of switches.
    pub cases: Vec<Case>,
    /// Constants.
    pub constants: Vec<U256>,
    /// The registers that words of the stack go to at entry, by position from the bottom of what is
    /// seen of it. Empty where the stack is.
    pub inputs: Vec<(u32, Register)>,
    /// How many registers a frame needs.
    pub n_registers: u32,
    /// Whether how much gas is left decides more than how much calls are given.
    pub gas_decides: bool,
    /// Whether the analysis took stores through pointers to leave alone where Solidity keeps the free
    /// memory pointer and the zero word.
    pub spares_reserved: bool,
    /// Why the analysis of the entry point ended.
    pub stop: StopReason,
}

impl Program {
    /// Gives back the room that the lists have beyond what is in them: programs stay for long, and
    /// while they are made their lists grow by doubling.
    pub(crate) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.steps.shrink_to_fit();
        self.effects.shrink_to_fit();
        self.checks.shrink_to_fit();
        self.mem_copies.shrink_to_fit();
        self.operands.shrink_to_fit();
        self.moves.shrink_to_fit();
        self.cases.shrink_to_fit();
        self.constants.shrink_to_fit();
        self.inputs.shrink_to_fit();
    }
}
