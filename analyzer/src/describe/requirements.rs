//! What must hold for a function to end well?
//!
//! In: a graph. Out: [`Requirement`]s: conditions that every path to a successful end has passed.
//! Before → after: `if (msg.sender != owner) revert` → `caller == storage[6]`, which one caller can
//! satisfy.
//! Guard: only conditions one side of which never ends well count, and only on every path.

use std::collections::BTreeSet;

use super::{MAX_WHEN, finder::Finder, paths::Paths, sources::Dependence};
use crate::{
    describe::slots::field_of,
    ir::{Effect, Env, Graph, Op, Term, TermId},
};

/// Conditions looked at; those behind them are checks deep inside.
const MAX_CONDITIONS: usize = 256;
/// Terms looked at for one condition.
const MAX_TERMS: usize = 256;

/// A condition without which a call fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The condition, such as `caller == storage[6]`.
    pub text: String,
    /// Whether it is that the caller be one account, which the call itself does not name.
    pub names_caller: bool,
    /// The slot of which the condition says that a part of it is still zero, written as in
    /// [`AccessText::slot`](super::AccessText::slot).
    pub zero: Option<String>,
}

/// The requirements of one entry point.
pub(super) fn requirements(
    graph: &Graph,
    paths: &Paths,
    finder: &Finder<'_, '_>,
) -> Vec<Requirement> {
    if graph.nodes.is_empty() {
        return Vec::new();
    }
    let of_before = paths
        .required()
        .take(MAX_CONDITIONS)
        .filter(|(condition, _)| !is_of_own_stores(finder, *condition));
    let found = of_before.filter_map(|(condition, holds)| {
        let text = finder.names.condition(condition, holds);
        let names_caller = names_caller(finder, condition, holds);
        let zero = zero(finder, condition, holds);
        let is_readable = text.chars().count() < MAX_WHEN;
        is_readable.then_some(Requirement { text, names_caller, zero })
    });
    found.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether the condition is of a word that the call itself may have stored by then, in a way that its
/// text does not show: such a word says nothing of the state before the call.
fn is_of_own_stores(finder: &Finder<'_, '_>, condition: TermId) -> bool {
    let (pool, behind) = (finder.pool, finder.behind);
    let (mut seen, mut pending) = (BTreeSet::new(), vec![condition]);
    while let Some(term) = pending.pop().filter(|_| seen.len() < MAX_TERMS) {
        if !seen.insert(term) {
            continue;
        }
        if let Term::Result(node, pc) = pool.get(term)
            && let Some((position, Effect::SLoad { key })) = behind.effect_at(node, pc)
        {
            let place = (node, position);
            if let Some(value) = behind.stored_before(pool, place, key) {
                pending.push(value);
            } else if behind.may_be_stored_before(place, key) {
                return true;
            }
        }
        behind.for_each_operand(pool, term, |operand| pending.push(operand));
    }
    false
}

/// Whether the condition is that the caller be an account that state or code names.
fn names_caller(finder: &Finder<'_, '_>, mut condition: TermId, mut holds: bool) -> bool {
    let pool = finder.pool;
    while let Term::Apply(Op::IsZero, [inner, ..]) = pool.get(condition) {
        (condition, holds) = (inner, !holds);
    }
    let (a, b) = match (pool.get(condition), holds) {
        (Term::Apply(Op::Eq, [a, b, _]), true)
        | (Term::Apply(Op::Sub | Op::Xor, [a, b, _]), false) => (a, b),
        _ => return false,
    };
    let dependence = Dependence { pool, behind: finder.behind, memories: finder.memories };
    let is_fixed = |term| {
        let sources = dependence.term(term);
        !sources.is_own() && !sources.unknown
    };
    is_caller(finder, a) && is_fixed(b) || is_caller(finder, b) && is_fixed(a)
}

/// The slot that must hold zero, in whole or in part, if that is the condition.
fn zero(finder: &Finder<'_, '_>, mut condition: TermId, mut holds: bool) -> Option<String> {
    let pool = finder.pool;
    while let Term::Apply(Op::IsZero, [inner, ..]) = pool.get(condition) {
        (condition, holds) = (inner, !holds);
    }
    if holds {
        return None;
    }
    let word = field_of(pool, condition).map_or(condition, |(word, _)| word);
    match finder.behind.effect(pool.get(word))? {
        Effect::SLoad { key } => Some(finder.names.text(key)),
        _ => None,
    }
}

/// Whether `term` is the caller, masked or not.
fn is_caller(finder: &Finder<'_, '_>, term: TermId) -> bool {
    match finder.pool.get(term) {
        Term::Env(Env::Caller) => true,
        Term::Apply(Op::And, [a, b, _]) => {
            let is_mask = |term| finder.pool.as_const(term).is_some();
            is_mask(a) && is_caller(finder, b) || is_mask(b) && is_caller(finder, a)
        }
        _ => false,
    }
}
