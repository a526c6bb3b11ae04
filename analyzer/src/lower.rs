//! How does a graph of terms become a short program?
//!
//! In: the [`Walk`](crate::absint::Walk) of one entry point and its terms. Out: a
//! [`Program`](crate::program::Program) that holds only what decides which state is touched.
//! Invariant: every pass leaves a program that [`verify`] accepts; debug builds check it.
//!
//! First a graph is lowered to a program. [`slice`] finds the backward slice of all accesses: a term is
//! in it, if a storage key, a stored value, a branch, a call, or something else of the slice uses it; a
//! store to memory is, if an effect of the slice may read it, which is liveness ([`memory`]). What only
//! feeds logs or gas falls away. [`emit`] then gives each term a register and computes it at its first
//! use, once per path, using dominators to know what has been computed already; phis that are
//! copies of another term are propagated ([`copy_propagation`]), and loads and stores that only add to
//! a slot say so ([`deltas`]).
//!
//! Three passes then rewrite the program. [`superblocks`] joins nodes that only follow one another, so
//! that most branches, which are checks, become steps of one long node. [`loop_idiom`] marks loops that
//! only copy or fill memory. [`register_allocation`] lets values that are used in one node alone share
//! registers.

mod copy_propagation;
pub(crate) mod deltas;
mod emit;
mod loop_idiom;
mod memory;
mod register_allocation;
mod slice;
mod superblocks;

use crate::{
    absint::Walk,
    ir::TermPool,
    program::{Program, verify},
};

/// A point of lowering at which there is a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pass {
    /// Each term of the slice has a register and is computed once on every path.
    Emit,
    /// Nodes that only follow one another are joined.
    Superblocks,
    /// Loops that only copy or fill are marked.
    LoopIdiom,
    /// Values that are not live at once share registers: the program that runs.
    RegisterAllocation,
}

impl Pass {
    /// The passes in the order in which they run.
    pub const ALL: [Self; 4] =
        [Self::Emit, Self::Superblocks, Self::LoopIdiom, Self::RegisterAllocation];
}

/// Lowers one entry point, up to and with the pass `last`.
pub(crate) fn lower(walk: &Walk, pool: &mut TermPool<'_>, last: Pass) -> Program {
    let mut program = emit::emit(walk, pool);
    verified(&program, Pass::Emit);
    for pass in Pass::ALL.into_iter().skip(1).take_while(|pass| *pass <= last) {
        program = match pass {
            Pass::Emit => program,
            Pass::Superblocks => superblocks::form(program),
            Pass::LoopIdiom => loop_idiom::mark(program),
            Pass::RegisterAllocation => register_allocation::allocate(program),
        };
        verified(&program, pass);
    }
    program
}

/// Ends a debug build where a pass broke the program.
fn verified(program: &Program, pass: Pass) {
    debug_assert_eq!(verify(program), Ok(()), "after {pass:?}");
}
