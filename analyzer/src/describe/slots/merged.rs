//! Which slots can a value be that several paths bring along?
//!
//! Before → after: a phi → the shapes of all values that reach it, through any number of other phis.
//! A value built on the phi itself, as `slot = slot + 1` in a loop, makes the others starts of an
//! array that the loop runs over.
//! Guard: values without a shape add none; what is left is still every slot a pattern can name.

use super::{Found, Recovery, Step};
use crate::ir::{Term, TermId};

/// Values that reach one phi; one with more is taken to be any slot.
const MAX_VALUES: usize = 256;

impl Recovery<'_, '_> {
    /// A value that paths bring together.
    pub(super) fn phi(&mut self, phi: TermId) -> Found {
        if let Some(at) = self.open_phis.iter().position(|&open| open == phi) {
            return Found { outermost: Some(at), ..Found::default() };
        }
        let n_open = self.open_phis.len();
        let Some((values, outermost)) = self.values(phi) else {
            self.open_phis.truncate(n_open);
            return Found::opaque();
        };
        let mut merged = Found { outermost, ..Found::default() };
        for value in values {
            let found = self.find(value);
            merged.merge(found);
        }
        self.open_phis.truncate(n_open);
        let Some(outermost) = merged.outermost else { return merged };
        merged.outermost = Some(outermost).filter(|&at| at < n_open);
        merged.step(Step::Index)
    }

    /// All values but phis that reach `phi`, and the outermost phi opened before that does; the phis
    /// on the way are opened.
    fn values(&mut self, phi: TermId) -> Option<(Vec<TermId>, Option<usize>)> {
        let mut values = Vec::new();
        let mut outermost: Option<usize> = None;
        let n_open = self.open_phis.len();
        let mut next = n_open;
        self.open_phis.push(phi);
        while let Some(&phi) = self.open_phis.get(next) {
            next += 1;
            for value in self.arguments(phi) {
                if !matches!(self.pool.get(value), Term::Phi(..)) {
                    values.push(value);
                    continue;
                }
                match self.open_phis.iter().position(|&open| open == value) {
                    Some(at) if at < n_open => {
                        outermost = Some(outermost.map_or(at, |before| before.min(at)));
                    }
                    Some(_) => {}
                    None => self.open_phis.push(value),
                }
            }
            if MAX_VALUES < values.len() + self.open_phis.len() {
                return None;
            }
        }
        values.sort_unstable();
        values.dedup();
        Some((values, outermost))
    }

    /// What `phi` takes on each edge into its node.
    fn arguments(&self, phi: TermId) -> Vec<TermId> {
        let Term::Phi(node, position) = self.pool.get(phi) else { return Vec::new() };
        self.graph.given(node, position, &self.incoming).collect()
    }
}
