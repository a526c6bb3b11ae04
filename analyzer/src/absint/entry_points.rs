//! Which walks does one code take, within the fuel of a contract?
//!
//! In: bytecode and limits. Out: [`EntryPoints`], which walks one entry point after the other.
//! Invariant: all walks together burn no more than the fuel of a contract.

use slotcast_model::Fork;

use super::{CodeIndex, Walk, walk};
use crate::{
    bytecode::Bytecode,
    ir::TermPool,
    limits::{Fuel, Limits},
    targets::Targets,
};

/// The entry points of one code, to be walked for people.
pub(crate) struct EntryPoints<'a> {
    pub(crate) index: CodeIndex,
    pub(crate) limits: &'a Limits,
    fuel: Fuel,
}

impl<'a> EntryPoints<'a> {
    /// Those of runtime `code` under the rules of `fork`.
    pub(crate) fn new(code: &[u8], fork: Fork, limits: &'a Limits) -> Self {
        let index = CodeIndex::new(Bytecode::new(code, fork));
        Self { index, limits, fuel: Fuel::new(limits.fuel_per_contract) }
    }

    /// Whether no fuel is left.
    pub(crate) const fn is_out_of_fuel(&self) -> bool {
        self.fuel.left() == 0
    }

    /// Walks the entry point that the selector of `pool` names.
    pub(crate) fn walk(&mut self, pool: &mut TermPool<'_>, targets: &Targets) -> Walk {
        let granted = self.limits.fuel_per_described.min(self.fuel.left());
        let mut fuel = Fuel::new(granted);
        let walk = walk(&self.index, pool, targets, &mut fuel, self.limits, None);
        self.fuel.burn(granted - fuel.left());
        walk
    }
}
