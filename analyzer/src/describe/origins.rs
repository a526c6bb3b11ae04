//! Which instruction makes which access, and what is its slot called?
//!
//! In: one entry point of a contract. Out: [`Origin`]s, the accesses of a description before equal
//! ones are put together, each with its place in the code.
//! Invariant: the same walk and the same names as in the description.

use std::collections::{BTreeMap, BTreeSet};

use bumpalo::Bump;

use super::{
    AccessKind, AccessText, Behind, Certainty, Hashes, Memories, Names, Paths, Places, adds,
    call_texts, when,
};
use crate::{
    absint::walk,
    bytecode::Pc,
    ir::{Effect, TermPool},
    limits::Fuel,
    summary::Summary,
};

/// An access with its place in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The instruction.
    pub pc: Pc,
    /// What it does; loads that are part of an addition are told as such.
    pub access: AccessText,
}

/// The accesses to storage of the entry point that calldata beginning with `selector` enters, by their
/// places in the code. It walks the code again.
pub fn origins(summary: &Summary, selector: Option<u32>) -> Vec<Origin> {
    let (selector, limits) = (summary.entered(selector), summary.limits());
    let arena = Bump::new();
    let mut pool = TermPool::new(&arena, selector);
    let mut fuel = Fuel::new(limits.fuel_per_described);
    let walk = walk(summary.index(), &mut pool, summary.targets(), &mut fuel, limits, None);
    let paths = Paths::new(&walk.graph);
    let behind = Behind::new(&walk.graph);
    let memories = Memories::new(&walk, &paths, &behind, &mut pool);
    let adds = adds(&walk.graph, &paths, &behind, &pool);
    let hashes = Hashes::new();
    let mut names = Names::new(&pool, &behind, &memories, &hashes);
    call_texts(&walk, &paths, &mut names);
    // Where each access is made, by slot and kind, and from which instructions.
    let mut places: BTreeMap<(String, AccessKind), (Places, BTreeSet<Pc>)> = BTreeMap::new();
    for (node, of_node) in walk.graph.nodes.iter_enumerated() {
        for (pc, effect) in &of_node.effects {
            let (key, kind) = match *effect {
                Effect::SLoad { key } => (key, AccessKind::Read),
                Effect::SStore { key, .. } if adds.contains(key) => (key, AccessKind::Add),
                Effect::SStore { key, .. } => (key, AccessKind::Write),
                _ => continue,
            };
            let (nodes, pcs) = places.entry((names.text(key), kind)).or_default();
            nodes.insert(node);
            pcs.insert(*pc);
        }
    }
    let mut origins = Vec::new();
    for ((slot, kind), (nodes, pcs)) in places {
        let certainty = paths.certainty(&nodes);
        let when = match certainty {
            Certainty::Must => None,
            Certainty::May => when(&paths, &names, &nodes),
        };
        let access = AccessText::new(slot, kind, certainty, when);
        origins.extend(pcs.into_iter().map(|pc| Origin { pc, access: access.clone() }));
    }
    origins.sort_by(|a, b| (a.pc, &a.access.slot).cmp(&(b.pc, &b.access.slot)));
    origins
}
