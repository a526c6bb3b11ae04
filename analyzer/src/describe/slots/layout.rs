//! Which variables do all functions of a contract use, and of which kind are they?
//!
//! In: runtime code. Out: a [`Layout`]: each base slot with its kind, fields and shapes, and the
//! accounts calls are delegated to.
//! Invariants: variables are ascending and distinct; keys without a shape are counted; the layout is
//! a lower bound, for a variable that no function touches leaves no trace in the code.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;
use bumpalo::Bump;
use slotcast_model::{Fork, Index};

use super::{Anchors, Delegate, Field, Kind, Recovery, SlotShape, field_of};
use crate::{
    absint::{EntryPoints, Walk},
    bytecode::Pc,
    ir::{Effect, Term, TermId, TermPool},
    limits::{Limits, StopReason},
    targets::Targets,
};

/// The storage variables of a contract, as far as its code shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Ascending by base slot, then by kind.
    pub variables: Vec<Variable>,
    /// Whose code runs on this storage, ascending.
    pub delegates: Vec<Delegate>,
    /// Instructions that touch storage under a key for which no shape was found.
    pub n_unexplained: u32,
    /// The worst reason why the walk of some entry point ended.
    pub stop: StopReason,
}

/// One storage variable, or the ones that share a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The slot that was given to it.
    pub base: U256,
    /// What it is.
    pub kind: Kind,
    /// The places in it that are touched, ascending; for an array also its length.
    pub shapes: Vec<SlotShape>,
    /// The bits of the base slot that are used by themselves, ascending; empty where the whole word
    /// is used as one.
    pub fields: Vec<Field>,
}

/// Recovers the layout from runtime `code` under the rules of `fork`.
///
/// Total, as [`analyze`](crate::analyze) is, and within the same `limits`.
pub fn recover_layout(code: &[u8], fork: Fork, limits: &Limits) -> Layout {
    let mut entry_points = EntryPoints::new(code, fork, limits);
    let mut draft = Draft {
        anchors: Anchors::new(&entry_points.index.code),
        shapes: BTreeSet::new(),
        fields: BTreeMap::new(),
        delegates: BTreeSet::new(),
        unexplained: BTreeSet::new(),
        stop: StopReason::Finished,
    };
    let mut selectors = draft.entry_point(&mut entry_points, None);
    selectors.truncate(limits.functions);
    for selector in selectors {
        draft.entry_point(&mut entry_points, Some(selector));
    }
    draft.finish()
}

/// A layout while entry points are still being added.
struct Draft {
    anchors: Anchors,
    shapes: BTreeSet<SlotShape>,
    fields: BTreeMap<SlotShape, BTreeSet<Field>>,
    delegates: BTreeSet<Delegate>,
    unexplained: BTreeSet<Pc>,
    stop: StopReason,
}

impl Draft {
    /// Adds what one entry point touches; gives the selectors it compares calldata with.
    fn entry_point(
        &mut self,
        entry_points: &mut EntryPoints<'_>,
        selector: Option<u32>,
    ) -> Vec<u32> {
        if entry_points.is_out_of_fuel() {
            self.stop = self.stop.max(StopReason::FuelLimit);
            return Vec::new();
        }
        let arena = Bump::new();
        let mut pool = TermPool::new(&arena, selector);
        let walk = entry_points.walk(&mut pool, &Targets::default());
        self.stop = self.stop.max(walk.graph.stop);
        self.anchors.note_stores(&walk.graph, &pool);
        self.graph(&walk, &mut pool);
        walk.selectors
    }

    fn graph(&mut self, walk: &Walk, pool: &mut TermPool<'_>) {
        let fields = fields(pool);
        let anchors = core::mem::take(&mut self.anchors);
        let mut recovery = Recovery::new(&walk.graph, pool, &anchors);
        for (pc, effect) in walk.graph.nodes.iter().flat_map(|node| &node.effects) {
            self.delegates.extend(recovery.delegate(effect));
            let (Effect::SLoad { key } | Effect::SStore { key, .. }) = *effect else { continue };
            let shapes = recovery.shapes(key);
            if shapes.is_empty() {
                self.unexplained.insert(*pc);
            }
            self.shapes.extend(shapes);
        }
        for (word, field) in fields {
            let Some(key) = recovery.loaded_from(word) else { continue };
            for shape in recovery.shapes(key) {
                self.fields.entry(shape).or_default().insert(field);
            }
        }
        self.anchors = anchors;
    }

    fn finish(self) -> Layout {
        let mut variables: BTreeMap<(U256, Kind), Vec<SlotShape>> = BTreeMap::new();
        for shape in self.shapes {
            variables.entry((shape.base(), shape.kind())).or_default().push(shape);
        }
        let arrays: Vec<U256> =
            variables.keys().filter(|key| key.1 == Kind::Array).map(|key| key.0).collect();
        for base in arrays {
            // The base slot of an array holds its length.
            if let Some(length) = variables.remove(&(base, Kind::Plain)) {
                let shapes = variables.entry((base, Kind::Array)).or_default();
                shapes.extend(length);
                shapes.sort_unstable();
            }
        }
        let fields = |base: U256, kind: Kind| match kind {
            Kind::Plain => self.fields.get(&SlotShape::plain(base)).map(smallest),
            Kind::Mapping | Kind::Array => None,
        };
        let variables = variables
            .into_iter()
            .map(|((base, kind), shapes)| {
                let fields = fields(base, kind).unwrap_or_default();
                Variable { base, kind, shapes, fields }
            })
            .collect();
        Layout {
            variables,
            delegates: self.delegates.into_iter().collect(),
            n_unexplained: self.unexplained.len() as u32,
            stop: self.stop,
        }
    }
}

/// The fields that are variables, of all runs of bits that are used.
///
/// A variable takes whole bytes. A run that others make up end to end is several variables moved at
/// once, and one from the start of another to the top is that other, not yet cut to its size.
fn smallest(runs: &BTreeSet<Field>) -> Vec<Field> {
    let is_bytes = |run: &&Field| run.from.is_multiple_of(8) && run.to.is_multiple_of(8);
    let runs: Vec<Field> = runs.iter().filter(is_bytes).copied().collect();
    let is_covered = |whole: &Field| {
        let mut reached = BTreeSet::from([whole.from]);
        // Ascending runs: what can be reached by the shorter ones is known before it is needed.
        for run in runs.iter().filter(|run| *run != whole && run.to <= whole.to) {
            if reached.contains(&run.from) {
                reached.insert(run.to);
            }
        }
        reached.contains(&whole.to) || whole.to == 256 && 1 < reached.len()
    };
    runs.iter().filter(|run| !is_covered(run)).copied().collect()
}

/// The parts of words that the terms of `pool` are, without those that are taken apart further.
fn fields(pool: &TermPool<'_>) -> Vec<(TermId, Field)> {
    let mut is_part = vec![false; pool.len()];
    let mut fields = Vec::new();
    for n in (0..pool.len()).rev() {
        let term = TermId::from_usize(n);
        if is_part[n] {
            continue;
        }
        let Some((word, field)) = field_of(pool, term) else { continue };
        if !matches!(pool.get(word), Term::Result(..)) {
            continue;
        }
        fields.push((word, field));
        if let Term::Apply(_, operands) = pool.get(term) {
            // Operands are older than what is built on them, so they have not been looked at yet.
            operands.iter().for_each(|operand| is_part[operand.as_usize()] = true);
        }
    }
    fields.sort_unstable();
    fields.dedup();
    fields
}
