//! Where have computed jumps been seen to lead?
//!
//! In: jumps met while binding whose target the analysis could not tell. Out: [`Targets`], which the
//! next analysis of the same code takes for the cases of those jumps.
//! Invariant: ascending, without repeats; only targets that some binding really met, so hand-written
//! jump tables cost what is used of them.

use serde::{Deserialize, Serialize};

use crate::bytecode::Pc;

/// Targets of computed jumps of one code.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Targets {
    pairs: Vec<(Pc, Pc)>,
}

impl Targets {
    /// Adds a target of the jump at `jump`; false when it was known.
    pub fn insert(&mut self, jump: Pc, target: Pc) -> bool {
        match self.pairs.binary_search(&(jump, target)) {
            Ok(_) => false,
            Err(at) => {
                self.pairs.insert(at, (jump, target));
                true
            }
        }
    }

    /// The targets of the jump at `jump`, ascending.
    pub fn of(&self, jump: Pc) -> impl Iterator<Item = Pc> + '_ {
        let first = self.pairs.partition_point(|pair| pair.0 < jump);
        self.pairs[first..].iter().take_while(move |pair| pair.0 == jump).map(|pair| pair.1)
    }
}
