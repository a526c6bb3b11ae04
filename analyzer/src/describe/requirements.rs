//! What must hold for a function to end well?
//!
//! In: a graph. Out: [`Requirement`]s: conditions that every path to a successful end has passed, and
//! [`ZeroGuard`]s: slots that the first call finds zero.
//! Before → after: `if (msg.sender != owner) revert` → `caller == storage[6]`, which one caller can
//! satisfy.
//! Guard: only conditions one side of which never ends well count, and only on every path.

use std::collections::BTreeSet;

use alloy_primitives::U256;

use super::{
    MAX_WHEN,
    finder::Finder,
    paths::Paths,
    sources::Dependence,
    ways::{Fact, Way, positive, ways},
};
use crate::{
    describe::slots::{Field, field_of},
    ir::{Effect, Env, Graph, Op, Term, TermId},
};

/// Conditions looked at; those behind them are checks deep inside.
const MAX_CONDITIONS: usize = 256;
/// Terms looked at for one condition.
const MAX_TERMS: usize = 256;
/// Bits of a word, of the widest flag, and of the widest number that counts versions.
const WORD: usize = 256;
const FLAG: usize = 8;
const VERSION: usize = 64;

/// A condition without which a call fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The condition, such as `caller == storage[6]`.
    pub text: String,
    /// Whether it is that the caller be one account, which the call itself does not name.
    pub names_caller: bool,
}

/// A slot a part of which must still be zero for a call to end well, whatever else may let it pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ZeroGuard {
    /// The slot, written as in [`AccessText::slot`](super::AccessText::slot).
    pub slot: String,
    /// Parts of it that may hold something instead: a flag that is set, such as that another such
    /// function is running, or a constant, such as the first version.
    pub instead: U256,
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
    let found = of_before(paths, finder).filter_map(|(condition, holds)| {
        let text = finder.names.condition(condition, holds);
        let names_caller = names_caller(finder, condition, holds);
        let is_readable = text.chars().count() < MAX_WHEN;
        is_readable.then_some(Requirement { text, names_caller })
    });
    found.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The slots that must still be zero in part.
pub(super) fn zero_guards(graph: &Graph, paths: &Paths, finder: &Finder<'_, '_>) -> Vec<ZeroGuard> {
    if graph.nodes.is_empty() {
        return Vec::new();
    }
    let guards = of_before(paths, finder).filter_map(|fact| zero_guard(finder, fact));
    guards.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The conditions that must hold of the state before the call.
fn of_before<'a>(paths: &'a Paths, finder: &'a Finder<'_, '_>) -> impl Iterator<Item = Fact> + 'a {
    let required = paths.required().take(MAX_CONDITIONS);
    required.filter(|(condition, _)| !is_of_own_stores(finder, *condition))
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

/// The slot that must be zero in part: on one way to pass, and on every other one a part of the same
/// slot lets the call pass, or that the contract is under construction.
fn zero_guard(finder: &Finder<'_, '_>, fact: Fact) -> Option<ZeroGuard> {
    let ways = ways(finder.pool, finder.behind, fact);
    let zeros: BTreeSet<TermId> =
        ways.iter().flatten().filter_map(|fact| zero(finder, *fact)).collect();
    zeros.into_iter().find_map(|key| {
        let instead = |way: &Way| {
            let sets_up =
                |fact: &Fact| zero(finder, *fact) == Some(key) || is_construction(finder, *fact);
            if way.iter().any(sets_up) {
                return Some(U256::ZERO);
            }
            way.iter().find_map(|fact| set(finder, *fact, key))
        };
        let instead = ways.iter().map(instead).try_fold(U256::ZERO, |all, it| Some(all | it?))?;
        Some(ZeroGuard { slot: finder.names.text(key), instead })
    })
}

/// The key of the slot that holds zero, in whole or in part, if that is the condition.
fn zero(finder: &Finder<'_, '_>, fact: Fact) -> Option<TermId> {
    let pool = finder.pool;
    let is_one = |term| pool.as_const(term) == Some(U256::from(1));
    let value = match (positive(pool, fact), pool.get(positive(pool, fact).0)) {
        ((_, true), Term::Apply(Op::Lt, [value, limit, _])) if is_one(limit) => value,
        ((_, true), Term::Apply(Op::Gt, [limit, value, _])) if is_one(limit) => value,
        ((value, false), _) => value,
        _ => return None,
    };
    part_of_slot(finder, value).map(|(key, _)| key)
}

/// Whether the condition is that the contract itself has no code yet.
fn is_construction(finder: &Finder<'_, '_>, fact: Fact) -> bool {
    let (value, holds) = positive(finder.pool, fact);
    match finder.behind.effect(finder.pool.get(value)) {
        Some(Effect::ExtCodeSize { account }) => !holds && is_masked(finder, account, Env::Address),
        _ => false,
    }
}

/// The part of the slot under `key` that holds something, if that is the condition: a flag, or a
/// constant in a part.
fn set(finder: &Finder<'_, '_>, fact: Fact, key: TermId) -> Option<U256> {
    let pool = finder.pool;
    let (condition, holds) = positive(pool, fact);
    let constant = |a, b| match (pool.as_const(a), pool.as_const(b)) {
        (Some(_), None) => Some(b),
        (None, Some(_)) => Some(a),
        _ => None,
    };
    let (value, is_flag) = match (pool.get(condition), holds) {
        (Term::Apply(Op::Eq, [a, b, _]), true)
        | (Term::Apply(Op::Sub | Op::Xor, [a, b, _]), false) => (constant(a, b)?, false),
        (_, true) => (condition, true),
        _ => return None,
    };
    let (of, Field { from, to }) = part_of_slot(finder, value)?;
    let width = usize::from(to - from);
    let is_part = width <= if is_flag { FLAG } else { VERSION };
    let bits = (U256::MAX >> (WORD - width)) << usize::from(from);
    (of == key && is_part).then_some(bits)
}

/// The slot that a value is loaded from, and which part of it.
fn part_of_slot(finder: &Finder<'_, '_>, value: TermId) -> Option<(TermId, Field)> {
    let whole = Field { from: 0, to: WORD as u16 };
    let (word, field) = field_of(finder.pool, value).unwrap_or((value, whole));
    match finder.behind.effect(finder.pool.get(word))? {
        Effect::SLoad { key } => Some((key, field)),
        _ => None,
    }
}

/// Whether `term` is the caller, masked or not.
fn is_caller(finder: &Finder<'_, '_>, term: TermId) -> bool {
    is_masked(finder, term, Env::Caller)
}

/// Whether `term` is that word of the frame, masked or not.
fn is_masked(finder: &Finder<'_, '_>, term: TermId, word: Env) -> bool {
    match finder.pool.get(term) {
        Term::Env(env) => env == word,
        Term::Apply(Op::And, [a, b, _]) => {
            let is_mask = |term| finder.pool.as_const(term).is_some();
            is_mask(a) && is_masked(finder, b, word) || is_mask(b) && is_masked(finder, a, word)
        }
        _ => false,
    }
}
