//! What does a phi stand for?
//!
//! In: a phi. Out: a [`Choice`]: one value, one of a few, a counter, or whatever goes round a loop.
//! Invariant: bounded; a phi that is too much to look through is merged.

use alloy_primitives::U256;

use crate::{
    describe::behind::Behind,
    ir::{NodeId, Term, TermId, TermPool, base_offset},
};

/// Values a phi is spelt out with.
const MAX_CHOICES: usize = 3;
/// Terms looked at to tell whether a phi goes round.
const MAX_VISITS: usize = 512;
/// Steps of a loop larger than this are no steps.
const MAX_STEP: U256 = U256::from_limbs([1 << 32, 0, 0, 0]);

/// The phis of one entry point.
pub(in crate::describe) struct Phis<'a, 't> {
    pub(in crate::describe) pool: &'a TermPool<'t>,
    pub(in crate::describe) behind: &'a Behind<'a>,
}

/// What a phi stands for.
pub(in crate::describe) enum Choice {
    /// This, which is no phi.
    One(TermId),
    /// One of these.
    Of(Vec<TermId>),
    /// A value that goes round a loop, in this phi.
    Loop(NodeId, u32),
    /// One that starts here and grows by this in every round.
    Count { at: (NodeId, u32), start: TermId, step: U256 },
    /// Too much to say.
    Merged,
}

impl Phis<'_, '_> {
    /// What a phi stands for: phis behind it are looked through, and it goes round a loop when one
    /// of its values is computed from it.
    pub(in crate::describe) fn choice(&self, node: NodeId, position: u32) -> Choice {
        let Some(phi) = self.pool.find(Term::Phi(node, position)) else { return Choice::Merged };
        let settled = self.settle(phi);
        match self.pool.get(settled) {
            Term::Phi(node, position) => {
                let at = (node, position);
                self.count(settled, at).unwrap_or_else(|| self.web(settled, at))
            }
            _ => Choice::One(settled),
        }
    }

    /// The value that `term` is another name of: where all other values of a phi are one, that one.
    fn settle(&self, mut term: TermId) -> TermId {
        for _ in 0..MAX_VISITS {
            let Term::Phi(node, position) = self.pool.get(term) else { break };
            let mut others = self.others(term, node, position);
            match (others.next(), others.next()) {
                (Some(one), None) => term = one,
                _ => break,
            }
        }
        term
    }

    /// The values that meet in a phi, but for itself.
    fn others(
        &self,
        phi: TermId,
        node: NodeId,
        position: u32,
    ) -> impl Iterator<Item = TermId> + '_ {
        self.behind.incoming(node, position).iter().copied().filter(move |value| *value != phi)
    }

    /// A phi of two values, one of which is the phi and a constant.
    fn count(&self, phi: TermId, at: (NodeId, u32)) -> Option<Choice> {
        let mut values = self.others(phi, at.0, at.1).map(|value| self.settle(value));
        let (Some(a), Some(b), None) = (values.next(), values.next(), values.next()) else {
            return None;
        };
        let step = |value| {
            let (base, step) = base_offset(self.pool, value);
            (self.settle(base) == phi && step < MAX_STEP).then_some(step)
        };
        let (start, step) = match (step(a), step(b)) {
            (Some(step), None) => (b, step),
            (None, Some(step)) => (a, step),
            _ => return None,
        };
        Some(Choice::Count { at, start, step })
    }

    /// What a phi stands for that many values reach, some of them through other phis.
    fn web(&self, phi: TermId, at: (NodeId, u32)) -> Choice {
        let mut web = vec![phi];
        let mut values: Vec<TermId> = Vec::new();
        let mut n_done = 0;
        while let Some(&next) = web.get(n_done) {
            n_done += 1;
            let Term::Phi(node, position) = self.pool.get(next) else { continue };
            for value in self.others(next, node, position) {
                let list = match self.pool.get(value) {
                    Term::Phi(..) => &mut web,
                    _ => &mut values,
                };
                if !list.contains(&value) {
                    list.push(value);
                }
            }
            if MAX_VISITS < web.len() {
                return Choice::Merged;
            }
        }
        match self.goes_round(&web, &values) {
            Some(true) => Choice::Loop(at.0, at.1),
            Some(false) => match values.as_slice() {
                [one] => Choice::One(*one),
                [_, ..] if values.len() <= MAX_CHOICES => Choice::Of(values),
                _ => Choice::Merged,
            },
            _ => Choice::Merged,
        }
    }

    /// Whether one of `values` is computed from a phi of `web`; none when it is too much to tell.
    fn goes_round(&self, web: &[TermId], values: &[TermId]) -> Option<bool> {
        let mut seen: std::collections::BTreeSet<TermId> = values.iter().copied().collect();
        let mut pending = values.to_vec();
        while let Some(term) = pending.pop() {
            if web.contains(&term) {
                return Some(true);
            }
            if MAX_VISITS < seen.len() {
                return None;
            }
            self.behind.for_each_operand(self.pool, term, |operand| {
                if seen.insert(operand) {
                    pending.push(operand);
                }
            });
        }
        Some(false)
    }
}
