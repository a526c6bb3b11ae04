//! What is a term a sum of?
//!
//! Before → after: `((end - start) + 32) + start` → `end + 32`: summands with how often they are
//! added, and one constant.
//! Guard: none; addition wraps, so the order of summands never matters.

use alloy_primitives::U256;
use smallvec::SmallVec;

use crate::ir::{Op, Term, TermId, TermPool};

/// Summands of one sum; a longer one is left as it is.
const MAX_SUMMANDS: usize = 64;

/// A sum with its constant apart. Equal sums are equal values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    /// Distinct summands that are no constants, ascending, each with its factor, which is not zero.
    pub(crate) summands: SmallVec<[(TermId, i32); 4]>,
    pub(crate) constant: U256,
}

impl Sum {
    /// Takes `term` apart.
    pub(crate) fn new(pool: &TermPool<'_>, term: TermId) -> Self {
        let mut sum = Self { summands: SmallVec::new(), constant: U256::ZERO };
        let mut pending: SmallVec<[(TermId, i32); 8]> = SmallVec::from_iter([(term, 1)]);
        let mut n_steps = 0;
        while let Some((part, factor)) = pending.pop() {
            n_steps += 1;
            match pool.get(part) {
                Term::Apply(Op::Add, [a, b, _]) if n_steps < MAX_SUMMANDS => {
                    pending.extend([(a, factor), (b, factor)]);
                }
                Term::Apply(Op::Sub, [a, b, _]) if n_steps < MAX_SUMMANDS => {
                    pending.extend([(a, factor), (b, -factor)]);
                }
                Term::Const(value) if factor < 0 => {
                    sum.constant = sum.constant.wrapping_sub(value);
                }
                Term::Const(value) => sum.constant = sum.constant.wrapping_add(value),
                _ => sum.add(part, factor),
            }
        }
        sum
    }

    /// The sum of both.
    pub(super) fn plus(mut self, other: &Self) -> Self {
        self.constant = self.constant.wrapping_add(other.constant);
        other.summands.iter().for_each(|&(term, factor)| self.add(term, factor));
        self
    }

    /// The sum without `term`.
    pub(crate) fn without(&self, term: TermId) -> Self {
        let mut rest = self.clone();
        rest.summands.retain(|summand| summand.0 != term);
        rest
    }

    fn add(&mut self, term: TermId, factor: i32) {
        match self.summands.binary_search_by_key(&term, |summand| summand.0) {
            Err(at) => self.summands.insert(at, (term, factor)),
            Ok(at) if self.summands[at].1 + factor == 0 => drop(self.summands.remove(at)),
            Ok(at) => self.summands[at].1 += factor,
        }
    }
}

#[cfg(test)]
mod tests;
