//! Which hashes are elements of a mapping?
//!
//! Before → after: `keccak(key . slot)` → `slot[key]`, however deep: a nested mapping's slot is
//! itself an element, and so is a struct's member that is a mapping.
//! Guard: the word taken for the slot has a shape of its own. Solidity hashes the key first and the
//! slot second, Vyper the other way round; where both words have a shape, Solidity's reading wins,
//! for a key with a shape is a small constant there, which is common, while Vyper's keys seldom are
//! constants.

use super::{Found, Recovery, Step};
use crate::ir::TermId;

impl Recovery<'_, '_> {
    /// keccak256 of two words.
    pub(super) fn element_of_mapping(&mut self, first: TermId, second: TermId) -> Found {
        let slot = self.find(second);
        if !slot.shapes.is_empty() || slot.outermost.is_some() {
            return slot.step(Step::Key);
        }
        let vyper = self.find(first);
        match vyper.shapes.is_empty() {
            true => Found::opaque(),
            false => vyper.step(Step::Key),
        }
    }

    /// keccak256 of more words, of which `slot` is the last: a key of several words, as `bytes` and
    /// `string` keys are.
    pub(super) fn keyed_by_bytes(&mut self, slot: TermId) -> Found {
        self.find(slot).step(Step::Key)
    }
}
