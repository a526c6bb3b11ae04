//! Which code can only revert, and how much of the stack does it look at?
//!
//! In: a position in the code. Out: for a revert-only region the number of stack words it needs.
//! Invariant: a revert-only region is straight-line code, jumps over constants included, that reaches REVERT
//! or INVALID and touches nothing but memory on the way.
//!
//! The same revert or panic code is reached from every check in every context. It reads few stack
//! words and never returns, so one node with just those words stands for all contexts. Before:
//! every call path has its own copies; after: one copy each.

use smallvec::SmallVec;

use crate::bytecode::{Bytecode, Kind, Pc};

/// Stands for a word that names no place in the code, or is not known.
const NOWHERE: u32 = u32::MAX;

/// Longer code is not worth recognising.
const MAX_INSTRUCTIONS: usize = 96;

/// Revert-only regions by where they begin.
#[derive(Debug, Default)]
pub(super) struct RevertOnly {
    /// Ascending, each with the stack words it needs.
    known: Vec<(Pc, u32)>,
}

impl RevertOnly {
    /// All revert-only regions of `code`.
    pub(super) fn new(code: &Bytecode) -> Self {
        let mut known = Vec::new();
        let mut note = |start: Option<Pc>| {
            if let Some((start, need)) = start.and_then(|start| Some((start, scan(code, start)?))) {
                known.push((start, need));
            }
        };
        // Where the block began, as long as nothing in it does harm.
        let mut start = Some(Pc(0));
        let mut pushed = false;
        for (pc, kind, _) in code.scan() {
            let is_direct = core::mem::replace(&mut pushed, kind == Kind::Push);
            match kind {
                Kind::JumpDest => start = Some(pc),
                // Most other jumps return to a caller, which no revert-only region does.
                Kind::Jump if !is_direct => start = None,
                Kind::Revert | Kind::Invalid | Kind::Jump => note(start.take()),
                Kind::JumpI => start = Some(Pc(pc.0 + 1)),
                Kind::Push | Kind::Dup(_) | Kind::Swap(_) | Kind::Exchange(..) => {}
                kind if is_harmless(kind) => {}
                _ => start = None,
            }
        }
        Self { known }
    }

    /// Where they begin, ascending.
    pub(super) fn starts(&self) -> impl Iterator<Item = Pc> + '_ {
        self.known.iter().map(|(start, _)| *start)
    }

    /// How many stack words the code at `pc` needs, if it is a revert-only region.
    pub(super) fn need(&self, pc: Pc) -> Option<u32> {
        let at = self.known.binary_search_by_key(&pc, |region| region.0).ok()?;
        Some(self.known[at].1)
    }
}

fn scan(code: &Bytecode, mut pc: Pc) -> Option<u32> {
    // Words pushed since the start, as the places in the code they name; the rest of the stack lies
    // below.
    let mut stack: SmallVec<[u32; 32]> = SmallVec::new();
    let mut need = 0_usize;
    for _ in 0..MAX_INSTRUCTIONS {
        let (opcode, width) = code.opcode(pc);
        let at = pc;
        pc = Pc(pc.0 + 1 + width);
        let inputs = usize::from(opcode.inputs);
        if stack.len() < inputs {
            let missing = inputs - stack.len();
            need += missing;
            stack.insert_many(0, core::iter::repeat_n(NOWHERE, missing));
        }
        let top = stack.len();
        match opcode.kind {
            Kind::Revert | Kind::Invalid => return u32::try_from(need).ok(),
            Kind::Push => stack.push(code.label(at, width).unwrap_or(NOWHERE)),
            Kind::Dup(n) => stack.push(stack[top - usize::from(n)]),
            Kind::Swap(n) => stack.swap(top - 1, top - 1 - usize::from(n)),
            Kind::Exchange(n, m) => {
                stack.swap(top - 1 - usize::from(n), top - 1 - usize::from(m));
            }
            Kind::Jump => pc = stack.pop().filter(|&target| code.is_jump_target(target)).map(Pc)?,
            kind if is_harmless(kind) => {
                stack.truncate(top - inputs);
                stack.extend(core::iter::repeat_n(NOWHERE, usize::from(opcode.outputs)));
            }
            _ => return None,
        }
    }
    None
}

const fn is_harmless(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pure(_)
            | Kind::Env(_)
            | Kind::Keccak
            | Kind::CallDataLoad
            | Kind::Copy(
                crate::ir::CopyKind::CallData
                    | crate::ir::CopyKind::Code
                    | crate::ir::CopyKind::ReturnData
            )
            | Kind::ReturnDataSize
            | Kind::Pop
            | Kind::MLoad
            | Kind::MStore
            | Kind::MStore8
            | Kind::JumpDest
            | Kind::Pc
            | Kind::MSize
            | Kind::Gas
    )
}

#[cfg(test)]
mod tests;
