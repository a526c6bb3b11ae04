//! In which ways can a condition hold?
//!
//! In: a condition, and whether it is to hold. Out: its ways, each a list of simpler conditions that
//! all hold on it.
//! Invariant: bounded; a condition that is too much to take apart is one way with itself.
//!
//! Compilers make no value of `a || b` but a place where two paths meet: one on which `a` held, and
//! one on which it did not and `b` is the value. Before → after, where the phi must hold:
//! `phi(a if a, b else)` → `[a], [b]`; `phi(a unless a, b else)`, which is `a && b` → `[a, b]`.

use super::behind::Behind;
use crate::ir::{NodeId, Op, Term, TermId, TermPool};

/// Ways of one condition.
const MAX_WAYS: usize = 8;
/// Conditions of one way.
const MAX_FACTS: usize = 16;
/// Phis within one another.
const MAX_DEPTH: u32 = 8;

/// A condition and whether it holds.
pub(super) type Fact = (TermId, bool);
/// Conditions that hold together.
pub(super) type Way = Vec<Fact>;

/// The ways in which `condition` holds, or does not.
pub(super) fn ways(pool: &TermPool<'_>, behind: &Behind<'_>, fact: Fact) -> Vec<Way> {
    let whole = vec![vec![positive(pool, fact)]];
    Search { pool, behind }.ways(fact, 0).unwrap_or(whole)
}

/// The same fact without `iszero` around its condition.
pub(super) fn positive(pool: &TermPool<'_>, (mut condition, mut holds): Fact) -> Fact {
    while let Term::Apply(Op::IsZero, [inner, ..]) = pool.get(condition) {
        (condition, holds) = (inner, !holds);
    }
    (condition, holds)
}

struct Search<'a, 't> {
    pool: &'a TermPool<'t>,
    behind: &'a Behind<'a>,
}

impl Search<'_, '_> {
    /// None where there are too many.
    fn ways(&self, fact: Fact, depth: u32) -> Option<Vec<Way>> {
        let (condition, holds) = positive(self.pool, fact);
        if MAX_DEPTH < depth {
            return None;
        }
        match (self.pool.get(condition), holds) {
            (Term::Const(value), _) => {
                Some(if value.is_zero() == holds { Vec::new() } else { vec![Vec::new()] })
            }
            (Term::Phi(node, position), _) => self.of_phi(node, position, holds, depth),
            (Term::Apply(Op::Or, [a, b, _]), true) if self.are_conditions(a, b) => {
                self.any([(a, true), (b, true)], depth)
            }
            (Term::Apply(Op::And, [a, b, _]), false) if self.are_conditions(a, b) => {
                self.any([(a, false), (b, false)], depth)
            }
            (Term::Apply(Op::And, [a, b, _]), true) if self.are_conditions(a, b) => {
                self.all([(a, true), (b, true)], depth)
            }
            (Term::Apply(Op::Or, [a, b, _]), false) => self.all([(a, false), (b, false)], depth),
            _ => Some(vec![vec![(condition, holds)]]),
        }
    }

    fn of_phi(&self, node: NodeId, position: u32, holds: bool, depth: u32) -> Option<Vec<Way>> {
        let entering: Vec<(Fact, Option<Fact>)> = self
            .behind
            .entering(node, position)
            .map(|(value, branch)| {
                let branch = branch.map(|branch| positive(self.pool, branch));
                (positive(self.pool, (value, holds)), branch)
            })
            .collect();
        // What another path was taken for: that it did not hold here is no condition of its own.
        let taken: Vec<Fact> = entering
            .iter()
            .filter(|(value, branch)| *branch == Some(*value))
            .map(|(value, _)| *value)
            .collect();
        let mut all = Vec::new();
        for ((value, is_held), branch) in entering {
            let is_against = |(it, holds): Fact| (it, !holds) == (value, is_held);
            if branch.is_some_and(is_against) {
                continue;
            }
            let is_rest = |&(it, holds): &Fact| taken.contains(&(it, !holds)) || it == value;
            let of_branch = match branch.filter(|it| !is_rest(it)) {
                Some(fact) => self.ways(fact, depth + 1)?,
                None => vec![Vec::new()],
            };
            all.extend(product(&of_branch, &self.ways((value, is_held), depth + 1)?)?);
            if MAX_WAYS < all.len() {
                return None;
            }
        }
        Some(all)
    }

    fn any(&self, facts: [Fact; 2], depth: u32) -> Option<Vec<Way>> {
        let [mut one, other] = [self.ways(facts[0], depth + 1)?, self.ways(facts[1], depth + 1)?];
        one.extend(other);
        (one.len() <= MAX_WAYS).then_some(one)
    }

    fn all(&self, facts: [Fact; 2], depth: u32) -> Option<Vec<Way>> {
        product(&self.ways(facts[0], depth + 1)?, &self.ways(facts[1], depth + 1)?)
    }

    /// Whether both are conditions and no words of which bits are taken.
    fn are_conditions(&self, a: TermId, b: TermId) -> bool {
        [a, b].into_iter().all(|term| self.is_condition(term, 0))
    }

    fn is_condition(&self, term: TermId, depth: u32) -> bool {
        match self.pool.get(term) {
            Term::Apply(op, [a, b, _]) => match op {
                Op::IsZero | Op::Eq | Op::Lt | Op::Gt | Op::SLt | Op::SGt => true,
                Op::And | Op::Or if depth < MAX_DEPTH => {
                    [a, b].into_iter().all(|it| self.is_condition(it, depth + 1))
                }
                _ => false,
            },
            Term::Phi(node, position) if depth < MAX_DEPTH => {
                let values = self.behind.incoming(node, position);
                !values.is_empty() && values.iter().all(|it| self.is_condition(*it, depth + 1))
            }
            _ => false,
        }
    }
}

/// Each way of one with each of the other.
fn product(one: &[Way], other: &[Way]) -> Option<Vec<Way>> {
    let both = |(a, b): (&Way, &Way)| [a.as_slice(), b].concat();
    let all: Vec<Way> =
        one.iter().flat_map(|a| other.iter().map(move |b| (a, b))).map(both).collect();
    (all.len() <= MAX_WAYS && all.iter().all(|way| way.len() <= MAX_FACTS)).then_some(all)
}
