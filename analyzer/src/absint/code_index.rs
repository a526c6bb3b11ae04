//! What does a code show before it is walked?
//!
//! In: bytecode. Out: a [`CodeIndex`], which the walks of all its entry points share.
//! Invariant: found in passes over the code alone; no value on any stack is known yet.

use super::revert_only::RevertOnly;
use crate::bytecode::{Bytecode, Kind, Pc};

/// A code with its revert-only regions, and where its paths may meet.
#[derive(Debug)]
pub(crate) struct CodeIndex {
    /// The code itself.
    pub(crate) code: Bytecode,
    revert_only: RevertOnly,
    /// Where revert-only regions begin.
    ends: Vec<u64>,
    /// Jump destinations that one place alone jumps to or falls into, and that are never returned to.
    single: Vec<u64>,
    /// Return labels: jump destinations that one instruction alone pushes and that nothing else leads
    /// to.
    unique: Vec<u64>,
    /// Whether there is an instruction that gives the size of memory.
    pub(super) asks_for_size: bool,
}

impl CodeIndex {
    /// Looks over `code`.
    pub(crate) fn new(code: Bytecode) -> Self {
        let revert_only = RevertOnly::new(&code);
        let n_words = code.bytes().len().div_ceil(64);
        let (mut single, mut unique) = (vec![0; n_words], vec![0; n_words]);
        let mut ends = vec![0; n_words];
        for pc in revert_only.starts() {
            ends[pc.0 as usize / 64] |= 1 << (pc.0 % 64);
        }
        // Ways in by falling or jumping, and instructions that push the position.
        let mut n_ways = vec![0_u8; code.bytes().len()];
        let mut n_jumps = vec![0_u8; code.bytes().len()];
        let mut n_pushes = vec![0_u8; code.bytes().len()];
        let mut pushed: Option<u32> = None;
        let mut falls = false;
        let mut asks_for_size = false;
        for (pc, kind, immediate) in code.scan() {
            asks_for_size |= kind == Kind::MSize;
            let label = match kind {
                Kind::Push => code.named(immediate),
                Kind::JumpDest if falls => Some(pc.0),
                Kind::Jump | Kind::JumpI => pushed,
                _ => None,
            };
            let count = |counts: &mut [u8]| {
                if let Some(at) = label {
                    counts[at as usize] = counts[at as usize].saturating_add(1);
                }
            };
            match kind {
                Kind::Push => count(&mut n_pushes),
                Kind::JumpDest => count(&mut n_ways),
                _ => {
                    count(&mut n_ways);
                    count(&mut n_jumps);
                }
            }
            pushed = label.filter(|_| kind == Kind::Push);
            falls = kind == Kind::JumpI || !kind.ends_block();
        }
        for pc in code.jump_targets() {
            let at = pc.0 as usize;
            single[at / 64] |=
                u64::from(n_ways[at] == 1 && n_pushes[at] <= n_jumps[at]) << (at % 64);
            unique[at / 64] |= u64::from(n_pushes[at] == 1 && n_ways[at] == 0) << (at % 64);
        }
        Self { code, revert_only, ends, single, unique, asks_for_size }
    }

    /// Whether a revert-only region begins at `pc`.
    pub(super) fn is_revert_only(&self, pc: Pc) -> bool {
        bit(&self.ends, pc)
    }

    /// How many stack words the code at `pc` needs, if it is a revert-only region.
    pub(super) fn need(&self, pc: Pc) -> Option<u32> {
        if self.is_revert_only(pc) { self.revert_only.need(pc) } else { None }
    }

    /// Whether one place alone leads to `pc`, whatever is on the stack.
    pub(super) fn is_single(&self, pc: Pc) -> bool {
        // What is no jump destination follows a conditional jump.
        bit(&self.single, pc) || !self.code.is_jump_target(pc.0)
    }

    /// How many words of the stack the block at `pc` takes or looks at.
    pub(crate) fn n_taken(&self, start: Pc) -> u32 {
        let (mut taken, mut height, mut pc) = (0, 0, start);
        loop {
            let (opcode, width) = self.code.opcode(pc);
            if opcode.kind == Kind::JumpDest && pc != start {
                return taken as u32;
            }
            height -= i64::from(opcode.inputs);
            taken = taken.max(-height);
            height += i64::from(opcode.outputs);
            if opcode.kind.ends_block() {
                return taken as u32;
            }
            pc = Pc(pc.0 + 1 + width);
        }
    }

    /// Whether `pc` is a return label that one instruction alone pushes.
    pub(super) fn is_unique(&self, pc: Pc) -> bool {
        bit(&self.unique, pc)
    }
}

#[inline]
fn bit(words: &[u64], pc: Pc) -> bool {
    words.get(pc.0 as usize / 64).is_some_and(|word| word >> (pc.0 % 64) & 1 == 1)
}
