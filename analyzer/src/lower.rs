//! How does a graph of terms become a short program?
//!
//! In: the [`Walk`](crate::absint::Walk) of one entry point and its terms. Out: a
//! [`Program`](crate::program::Program) that holds only what decides which state is touched.
//!
//! Four passes. [`demand`] finds what is needed: a term is, if a storage key, a stored value, a
//! branch, a call, or something else that is needed uses it; a store to memory is, if a needed
//! effect may read it ([`memory`]). What only feeds logs or gas falls away.
//! [`schedule`] then gives each needed term a register and computes it at its first use, once per
//! path, using dominators to know what has been computed already; phis that only repeat another term
//! are left out ([`alias`]), and loads and stores that only add to a slot say so ([`additions`]).
//! [`chain`] joins nodes that only follow one another, so that most branches, which are checks, become
//! steps of one long node. [`copies`] marks loops that only copy or fill memory. [`registers`] then lets values that are used in one node alone share
//! registers.

pub(crate) mod additions;
mod alias;
mod chain;
mod copies;
mod demand;
mod dominators;
mod memory;
mod registers;
mod schedule;

use crate::{absint::Walk, ir::TermPool, program::Program};

/// Lowers one entry point.
pub(crate) fn lower(walk: &Walk, pool: &mut TermPool<'_>) -> Program {
    registers::share(copies::mark(chain::join(schedule::lower(walk, pool))))
}
