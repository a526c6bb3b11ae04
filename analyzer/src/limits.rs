//! How much work may an analysis do, and why did it stop?
//!
//! In: limits the caller fills in. Out: [`Fuel`] that the passes draw on, and a [`StopReason`].
//! Invariant: limits count operations and words, never time, so the same code stops at the same
//! place on every machine.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Limits of one analysis and of one binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Instructions walked plus stack and memory words copied, for one entry point; and for each
    /// stretch of code with which a frame goes on where a walk stopped.
    pub fuel_per_function: u64,
    /// The same for an entry point that is described: where its walk stops, nothing goes on.
    pub fuel_per_described: u64,
    /// The same for the whole contract, where all entry points are walked one after the other, as
    /// for a description; those that find nothing left are not walked.
    pub fuel_per_contract: u64,
    /// Basic blocks in their label contexts, for one entry point.
    pub nodes_per_function: usize,
    /// Bytes of terms and of states held, for one entry point; the walk ends with the node that goes
    /// beyond.
    pub bytes_per_function: usize,
    /// Contexts one basic block may be cloned into before it is given up.
    pub contexts_per_block: u32,
    /// Calls of one call site within each other; of several sites, once a walk holds an eighth of its
    /// nodes, their repeats times the number of sites.
    pub recursion: usize,
    /// Entry points of one contract.
    pub functions: usize,
}

impl Limits {
    /// How many programs of stretches of code the frames of one transaction may go on with.
    pub(crate) const STRETCHES: usize = 64;

    /// The limits of a stretch of code with which a frame goes on where a walk stopped: the fuel of a
    /// function, so that it comes as far; and nodes and bytes that together are those of a function for
    /// all that a transaction may go on with, but for the room of a few nodes that each stretch needs.
    pub(crate) fn of_stretch(&self) -> Self {
        Self {
            nodes_per_function: (self.nodes_per_function / Self::STRETCHES).max(16),
            bytes_per_function: self.bytes_per_function / Self::STRETCHES,
            recursion: 1,
            ..*self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel_per_function: 250_000,
            fuel_per_described: 16_000_000,
            fuel_per_contract: 40_000_000,
            nodes_per_function: 60_000,
            bytes_per_function: 128 << 20,
            contexts_per_block: 2048,
            recursion: 6,
            functions: 1024,
        }
    }
}

/// What is left of a limit that counts work.
#[derive(Clone, Copy, Debug)]
pub struct Fuel {
    left: u64,
}

impl Fuel {
    /// A tank of `units`.
    pub const fn new(units: u64) -> Self {
        Self { left: units }
    }

    /// Takes `units`, or all that is left; false when it was not enough.
    pub const fn burn(&mut self, units: u64) -> bool {
        let enough = units <= self.left;
        self.left = self.left.saturating_sub(units);
        enough
    }

    /// Units left.
    pub const fn left(&self) -> u64 {
        self.left
    }
}

/// Why an analysis ended where it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// Everything reachable was walked.
    Finished,
    /// A jump's target could not be resolved; what is behind it was not walked.
    UnresolvedJump,
    /// A function calls itself; deeper calls were not walked.
    RecursionLimit,
    /// Too many blocks or contexts.
    NodeLimit,
    /// Out of fuel.
    FuelLimit,
    /// Too many bytes held.
    MemoryLimit,
}

impl StopReason {
    /// The reason as a short fragment of text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::UnresolvedJump => "unresolved jump",
            Self::RecursionLimit => "recursion limit",
            Self::NodeLimit => "node limit",
            Self::FuelLimit => "fuel limit",
            Self::MemoryLimit => "memory limit",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
