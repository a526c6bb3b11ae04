//! Which storage variables does a contract have?
//!
//! In: the key terms of a [`Graph`]. Out: a [`SlotShape`] for a key, and a [`Layout`] for a whole
//! contract.
//! Invariants: a key whose shape is not found is counted, never guessed; the same code gives the
//! same layout on every machine.
//!
//! A compiler numbers its variables and derives every other slot from those numbers by hashing and
//! adding. Recovery walks a key term back to the number, one pattern at a time. Tried in order, the
//! first that fits wins:
//!
//! | file | before → after |
//! | --- | --- |
//! | `constant` | `7` → slot 7; a constant that is itself a hash → what was hashed |
//! | `mapping` | `keccak(key . slot)` → an element of the mapping at `slot` |
//! | `array` | `keccak(slot)` → the elements of the array at `slot`; `slot + i` → one of them |
//! | `merged` | a value that paths or loops bring together → the shapes of all it may be |
//! | `preimage` | a hash or word the walk left in memory → the terms that were stored there |
//!
//! Two more files say what the slots are used for: `packed` finds the fields inside a word,
//! `proxy` the accounts that calls are delegated to.

mod array;
mod constant;
mod layout;
pub(crate) mod linear;
mod mapping;
mod merged;
mod packed;
mod preimage;
mod proxy;
mod shape;
#[cfg(test)]
mod tests;

use alloy_primitives::map::HashMap;
use slotcast_model::IndexVec;
use smallvec::SmallVec;

pub(crate) use constant::Anchors;
pub use layout::{Layout, Variable, recover_layout};
pub use packed::Field;
pub(crate) use packed::field_of;
pub use proxy::Delegate;
pub use shape::{Kind, SlotShape, Step};

use crate::ir::{Edge, Graph, NodeId, Term, TermId, TermPool};

/// Shapes one key may have; one with more is taken to be any slot.
const MAX_SHAPES: usize = 32;

/// Terms nested deeper than this are not looked into.
const MAX_DEPTH: u32 = 64;

/// Terms looked into for one key. What is built on an open phi is looked into again each time it is
/// met, so that loops within loops would cost without bound.
const MAX_TERMS: u32 = 4096;

/// The shapes a term may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// Sorted and distinct.
    shapes: SmallVec<[SlotShape; 1]>,
    /// The outermost open phi the value is built on, if it is built on one: the value of a loop's
    /// variable in one round may depend on that in the round before.
    outermost: Option<usize>,
}

impl Found {
    fn one(shape: SlotShape) -> Self {
        Self { shapes: SmallVec::from_iter([shape]), ..Self::default() }
    }

    /// Any slot: no pattern knows the value.
    fn opaque() -> Self {
        Self::default()
    }

    /// Takes in what `other` found as well.
    fn merge(&mut self, other: Self) {
        self.shapes.extend(other.shapes);
        self.shapes.sort_unstable();
        self.shapes.dedup();
        self.outermost = match (self.outermost, other.outermost) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }

    /// The same shapes, each taken one step on.
    fn step(mut self, step: Step) -> Self {
        for shape in &mut self.shapes {
            shape.push(step);
        }
        self.shapes.sort_unstable();
        self.shapes.dedup();
        self
    }
}

/// Finds the shapes of the key terms of one graph.
pub(crate) struct Recovery<'a, 't> {
    graph: &'a Graph,
    pool: &'a mut TermPool<'t>,
    anchors: &'a Anchors,
    incoming: IndexVec<NodeId, Vec<Edge>>,
    stores: preimage::Stores,
    memo: HashMap<TermId, Found>,
    /// Phis whose values are being collected, outermost first.
    open_phis: Vec<TermId>,
    depth: u32,
    /// Terms that may still be looked into for the present key.
    n_left: u32,
}

impl<'a, 't> Recovery<'a, 't> {
    /// Prepares to look at `graph`, whose constants were taken down in `anchors`.
    pub(crate) fn new(graph: &'a Graph, pool: &'a mut TermPool<'t>, anchors: &'a Anchors) -> Self {
        Self {
            graph,
            anchors,
            incoming: graph.incoming(graph.nodes.indices()),
            stores: preimage::Stores::new(graph, pool),
            pool,
            memo: HashMap::default(),
            open_phis: Vec::new(),
            depth: 0,
            n_left: 0,
        }
    }

    /// The shapes that `key` may have, sorted; empty when it may be any slot.
    pub(crate) fn shapes(&mut self, key: TermId) -> Vec<SlotShape> {
        self.n_left = MAX_TERMS;
        self.find(key).shapes.into_vec()
    }

    /// Tries the patterns on `term`.
    fn find(&mut self, term: TermId) -> Found {
        if let Some(found) = self.memo.get(&term) {
            return found.clone();
        }
        if self.depth == MAX_DEPTH || self.n_left == 0 {
            return Found::opaque();
        }
        self.n_left -= 1;
        self.depth += 1;
        let mut found = self.find_shape(term);
        self.depth -= 1;
        if MAX_SHAPES < found.shapes.len() {
            found = Found { shapes: SmallVec::new(), ..found };
        }
        // What is built on an open phi may lack what that still brings.
        if found.outermost.is_none() {
            self.memo.insert(term, found.clone());
        }
        found
    }

    fn find_shape(&mut self, term: TermId) -> Found {
        match self.pool.get(term) {
            Term::Const(value) => self.constant(value),
            Term::Keccak(words) => self.hash(words),
            Term::Apply(..) => self.sum(term),
            Term::Phi(..) => self.phi(term),
            Term::Result(..) => self.result(term),
            Term::Env(_) | Term::CallData(_) | Term::BlobHash(_) => Found::opaque(),
        }
    }

    /// keccak256 of `words`.
    fn hash(&mut self, words: &[TermId]) -> Found {
        match *words {
            [slot] => self.elements(slot),
            [first, second] => self.element_of_mapping(first, second),
            [.., slot] => self.keyed_by_bytes(slot),
            [] => Found::opaque(),
        }
    }
}
