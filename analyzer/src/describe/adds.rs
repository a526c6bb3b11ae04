//! Which slots are only added to?
//!
//! In: a graph. Out: the keys to which every store is a delta.
//! Before → after: `S[k] := S[k] + d`, `S[k] := S[k] - d` → add. Guard: `d` holds no load of `S[k]`,
//! and no store to a key that is the same term is of another form. Whether the old value is looked
//! at otherwise is a question of its own, [`Adds::is_only`].

use std::collections::{BTreeMap, BTreeSet};

use super::{behind::Behind, paths::Paths};
use crate::{
    ir::{Effect, Graph, Op, Term, TermId, TermPool},
    lower::deltas::Deltas,
};

/// Operands looked at per store.
const MAX_VISITS: usize = 4096;

/// Keys to which every store is a delta.
pub(super) struct Adds {
    keys: BTreeSet<TermId>,
    /// Keys with which something else is done, too.
    used: BTreeSet<TermId>,
}

impl Adds {
    pub(super) fn contains(&self, key: TermId) -> bool {
        self.keys.contains(&key)
    }

    /// Whether what lies under `key` goes nowhere but into sums stored there and into guards.
    pub(super) fn is_only(&self, key: TermId) -> bool {
        self.keys.contains(&key) && !self.used.contains(&key)
    }
}

/// Finds the keys that are only added to.
pub(super) fn adds(graph: &Graph, paths: &Paths, behind: &Behind<'_>, pool: &TermPool<'_>) -> Adds {
    let mut is_add: BTreeMap<TermId, bool> = BTreeMap::new();
    for (_, effect) in graph.nodes.iter().flat_map(|node| &node.effects) {
        if let Effect::SStore { key, value } = *effect {
            let adds = is_delta(behind, pool, key, value);
            is_add.entry(key).and_modify(|all| *all &= adds).or_insert(adds);
        }
    }
    let keys = is_add.into_iter().filter(|(_, adds)| *adds).map(|(key, _)| key).collect();
    Adds { keys, used: used(graph, paths, pool) }
}

/// The keys of loads and stores that do more than add, those before a failure apart.
fn used(graph: &Graph, paths: &Paths, pool: &TermPool<'_>) -> BTreeSet<TermId> {
    let deltas = Deltas::new(graph, paths.order(), pool);
    let mut used = BTreeSet::new();
    for &id in paths.order().iter().filter(|id| !graph.nodes[**id].only_reverts) {
        for &(pc, ref effect) in &graph.nodes[id].effects {
            if let Effect::SLoad { key } | Effect::SStore { key, .. } = *effect
                && !deltas.has(id, pc)
            {
                used.insert(key);
            }
        }
    }
    used
}

fn is_delta(behind: &Behind<'_>, pool: &TermPool<'_>, key: TermId, value: TermId) -> bool {
    let Term::Apply(op, [a, b, _]) = pool.get(value) else { return false };
    let from = |old: TermId, other: TermId| {
        loads(behind, pool.get(old), key) && !depends_on(behind, pool, other, key)
    };
    match op {
        Op::Add => from(a, b) || from(b, a),
        Op::Sub => from(a, b),
        _ => false,
    }
}

/// Whether `leaf` is what a load of `key` gave.
fn loads(behind: &Behind<'_>, leaf: Term<'_>, key: TermId) -> bool {
    behind.effect(leaf).is_some_and(|effect| effect == Effect::SLoad { key })
}

/// Whether `term` holds a load of `key`, or too much to tell.
fn depends_on(behind: &Behind<'_>, pool: &TermPool<'_>, term: TermId, key: TermId) -> bool {
    let mut seen = BTreeSet::from([term]);
    let mut pending = vec![term];
    while let Some(term) = pending.pop() {
        if MAX_VISITS < seen.len() || loads(behind, pool.get(term), key) {
            return true;
        }
        behind.for_each_operand(pool, term, |operand| {
            if seen.insert(operand) {
                pending.push(operand);
            }
        });
    }
    false
}
