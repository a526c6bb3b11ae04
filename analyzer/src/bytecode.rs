//! Which instructions does a code hold, and where may a jump land?
//!
//! In: runtime bytes and the fork. Out: [`Bytecode`], which decodes at any [`Pc`].
//! Invariants: total on any bytes; push data past the end of the code reads as zero; a byte inside
//! push data is no jump destination (yellow paper §9.4.3).

mod opcode;

use alloy_primitives::{Address, Bytes, U256};
use serde::{Deserialize, Serialize};
use slotcast_model::{Fork, Index, index_newtype};

pub(crate) use opcode::Opcode;
use opcode::OpcodeTable;
pub use opcode::{Instruction, Kind};

index_newtype! {
    /// A byte offset into the code.
    #[derive(Serialize, Deserialize)]
    pub struct Pc;
}

/// The bytes before the address in a delegation designator (EIP-7702).
const DELEGATION_PREFIX: [u8; 3] = [0xef, 0x01, 0x00];
const JUMPDEST: u8 = 0x5b;

/// A contract's runtime code, ready to be decoded.
#[derive(Clone, Debug)]
pub struct Bytecode {
    code: Bytes,
    fork: Fork,
    jumpdests: Vec<u64>,
    opcodes: &'static OpcodeTable,
}

impl Bytecode {
    /// Scans a copy of `code` for jump destinations.
    pub fn new(code: &[u8], fork: Fork) -> Self {
        Self::sharing(Bytes::copy_from_slice(code), fork)
    }

    /// Scans `code` for jump destinations.
    pub(crate) fn sharing(code: Bytes, fork: Fork) -> Self {
        let mut jumpdests = vec![0; code.len().div_ceil(64)];
        let mut at = 0;
        while at < code.len() {
            let byte = code[at];
            if byte == JUMPDEST {
                jumpdests[at / 64] |= 1 << (at % 64);
            }
            at += 1 + push_width(byte);
        }
        Self { code, fork, jumpdests, opcodes: OpcodeTable::of(fork) }
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        &self.code
    }

    /// The bytes as they are shared.
    pub(crate) const fn shared(&self) -> &Bytes {
        &self.code
    }

    /// The fork whose opcodes are decoded.
    pub const fn fork(&self) -> Fork {
        self.fork
    }

    /// The instruction at `pc`; past the end of the code it is STOP.
    pub fn decode(&self, pc: Pc) -> Instruction {
        let at = pc.as_usize();
        let Some(&byte) = self.code.get(at) else { return Instruction::end_of_code(pc) };
        let (opcode, width) = self.opcode(pc);
        let Opcode { kind, inputs, outputs, static_gas } = opcode;
        let immediate = self.immediate(pc, width);
        Instruction { pc, byte, kind, width: width as u8, immediate, inputs, outputs, static_gas }
    }

    /// What the opcode at `pc` does, and the width of its immediate data; past the end it is STOP.
    pub(crate) fn opcode(&self, pc: Pc) -> (Opcode, u32) {
        let byte = |at: usize| self.code.get(at).copied().unwrap_or_default();
        let byte_here = byte(pc.as_usize());
        match self.opcodes.get(byte_here) {
            Opcode { kind: Kind::Deep, static_gas, .. } => {
                Opcode::deep(byte_here, byte(pc.as_usize() + 1), static_gas)
            }
            opcode => (opcode, push_width(byte_here) as u32),
        }
    }

    /// The immediate data of `width` bytes at `pc` as a word.
    pub(crate) fn immediate(&self, pc: Pc, width: u32) -> U256 {
        let start = (pc.as_usize() + 1).min(self.code.len());
        let end = (start + width as usize).min(self.code.len());
        immediate(&self.code[start..end], width as usize)
    }

    /// Where each instruction stands, what it does and its immediate data, from the start on.
    pub(crate) fn scan(&self) -> impl Iterator<Item = (Pc, Kind, &[u8])> {
        let mut at = 0;
        core::iter::from_fn(move || {
            if self.code.len() <= at {
                return None;
            }
            let pc = Pc::from_usize(at);
            let (opcode, width) = self.opcode(pc);
            let end = (at + 1 + width as usize).min(self.code.len());
            let instruction = (pc, opcode.kind, &self.code[at + 1..end]);
            at = end;
            Some(instruction)
        })
    }

    /// The position behind `instruction`.
    pub const fn next(instruction: &Instruction) -> Pc {
        Pc(instruction.pc.0 + 1 + instruction.width as u32)
    }

    /// The jump destination that `target` names, if it names one.
    pub fn jump_target(&self, target: U256) -> Option<Pc> {
        u32::try_from(target).ok().filter(|&at| self.is_jump_target(at)).map(Pc)
    }

    /// Whether there is a jump destination at `at`.
    pub fn is_jump_target(&self, at: u32) -> bool {
        let word = self.jumpdests.get(at as usize / 64).copied().unwrap_or_default();
        word >> (at % 64) & 1 == 1
    }

    /// All jump destinations, ascending.
    pub fn jump_targets(&self) -> impl Iterator<Item = Pc> + '_ {
        (0..self.code.len())
            .filter(|at| self.jumpdests[at / 64] >> (at % 64) & 1 == 1)
            .map(Pc::from_usize)
    }
}

/// Bytes of immediate data behind `byte` that are no code whatever they hold: those of PUSH1 to
/// PUSH32. Those of EIP-8024 are never what a jump could land on, nor a PUSH.
const fn push_width(byte: u8) -> usize {
    match byte {
        0x60..=0x7f => byte as usize - 0x5f,
        _ => 0,
    }
}

/// Immediate data as a word; what lies past the end of the code reads as zero.
fn immediate(present: &[u8], width: usize) -> U256 {
    let word = match present.len() {
        0 => return U256::ZERO,
        // Most are labels, masks and small numbers.
        1..=8 => U256::from(present.iter().fold(0_u64, |word, &byte| word << 8 | u64::from(byte))),
        _ => U256::from_be_slice(present),
    };
    if present.len() == width { word } else { word << (8 * (width - present.len())) }
}

/// The delegation designator (EIP-7702) that points to `delegate`.
pub fn delegation_to(delegate: Address) -> Bytes {
    [&DELEGATION_PREFIX, delegate.as_slice()].concat().into()
}

/// The account a delegation designator (EIP-7702) points to, if `code` is one.
pub fn delegation(code: &[u8]) -> Option<Address> {
    let address = code.strip_prefix(&DELEGATION_PREFIX)?;
    (address.len() == 20).then(|| Address::from_slice(address))
}

#[cfg(test)]
mod tests;
