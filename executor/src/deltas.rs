//! What did a run do with the slots it is expected to only add to, and from which other words would
//! it have gone the same way?
//!
//! In: the slots, from the schedule, and the run as it happens (`evm/follow.rs`). Out:
//! for each slot that was really only added to, a [`Range`] of words.
//! Invariants: which slots are named decides where to look and nothing else: a range is found by
//! following the word through the run, never taken on trust; what cannot be followed counts as
//! looked at; a range contains the word that was found, and from every word in it the run takes the
//! same steps, pays the same gas and stores the same sum above the word it starts from.
//!
//! A word is followed as the sum `found + offset`, modulo 2^256, so that adding and subtracting
//! always stay sums. A comparison with something else narrows the range to the words for which it
//! comes out the same. Worked example: a run finds 70, requires that to be at least 30, and stores
//! 70 - 30. The comparison leaves 30 and everything above. The store pays by whether the word is
//! zero before and after: before, that leaves everything from 1, and after, everything from 31. So
//! when 50 is committed instead, the run is good, and leaves 20; with 30 it has to be run again,
//! because emptying a slot costs something else.

use alloy_primitives::U256;
use slotcast_model::Slot;

/// The words from which a run would have gone the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    found: U256,
    least: U256,
    most: U256,
}

impl Range {
    /// Any word, where `found` was found.
    pub(crate) const fn any(found: U256) -> Self {
        Self { found, least: U256::ZERO, most: U256::MAX }
    }

    /// The word that was found.
    pub(crate) const fn found(&self) -> U256 {
        self.found
    }

    /// Whether the run would have gone the same way from `word`.
    pub(crate) fn contains(&self, word: U256) -> bool {
        self.least <= word && word <= self.most
    }

    /// Keeps the words for which the sum with `offset` is from `first` to `last`, as it is for the
    /// word that was found.
    pub(crate) fn keep(&mut self, offset: U256, first: U256, last: U256) {
        let (first, last) = (first.wrapping_sub(offset), last.wrapping_sub(offset));
        // Sums wrap around, so that these words may be two stretches; one holds the word found.
        if first <= last || first <= self.found {
            self.least = self.least.max(first);
        }
        if first <= last || self.found <= last {
            self.most = self.most.min(last);
        }
        debug_assert!(self.contains(self.found), "the word that was found went this way");
    }

    /// Keeps the words for which it is the same whether the sum with `offset` is below `bound`.
    pub(crate) fn keep_below(&mut self, offset: U256, bound: U256) {
        let Some(last_below) = bound.checked_sub(U256::ONE) else { return };
        match self.found.wrapping_add(offset) < bound {
            true => self.keep(offset, U256::ZERO, last_below),
            false => self.keep(offset, bound, U256::MAX),
        }
    }

    /// Keeps the words for which it is the same whether the sum with `offset` is above `bound`.
    pub(crate) fn keep_above(&mut self, offset: U256, bound: U256) {
        if let Some(first_above) = bound.checked_add(U256::ONE) {
            self.keep_below(offset, first_above);
        }
    }

    /// Keeps the words for which it is the same whether the sum with `offset` is `word`.
    pub(crate) fn keep_equal(&mut self, offset: U256, word: U256) {
        self.keep_below(offset, word);
        self.keep_above(offset, word);
    }

    /// Keeps the words for which it is the same whether the sum with `offset` wraps around, so that
    /// sums with different offsets keep their order.
    pub(crate) fn keep_wrapping(&mut self, offset: U256) {
        // Sums from the offset on have not wrapped.
        self.keep_below(offset, offset);
    }
}

/// What became of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It was not read yet.
    Unread,
    /// It was read, and so far only added to.
    Added(Range),
    /// It was used for something else.
    LookedAt,
}

/// The slots that one run is expected to only add to.
#[derive(Debug, Default)]
pub(crate) struct Deltas(Vec<(Slot, State)>);

impl Deltas {
    /// Nothing is known yet of `slots`.
    pub(crate) fn of(slots: &[Slot]) -> Self {
        Self(slots.iter().map(|slot| (*slot, State::Unread)).collect())
    }

    /// Whether no slot is followed.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where `slot` stands in the list, if it is there and was not looked at.
    pub(crate) fn followed(&self, slot: &Slot) -> Option<usize> {
        let is_followed =
            |(other, state): &(Slot, State)| other == slot && *state != State::LookedAt;
        self.0.iter().position(is_followed)
    }

    /// The slot at this place.
    pub(crate) fn slot(&self, source: usize) -> Slot {
        self.0[source].0
    }

    /// Notes that the slot at this place was read for the first time.
    pub(crate) fn read(&mut self, source: usize, found: U256) {
        self.0[source].1 = State::Added(Range::any(found));
    }

    /// Notes that the slot at this place was used for something else than adding.
    pub(crate) fn look_at(&mut self, source: usize) {
        self.0[source].1 = State::LookedAt;
    }

    /// The words for the slot at this place, if it was read and only added to so far.
    pub(crate) fn range_mut(&mut self, source: usize) -> Option<&mut Range> {
        match &mut self.0[source].1 {
            State::Added(range) => Some(range),
            State::Unread | State::LookedAt => None,
        }
    }

    /// The words from which the run would have gone the same way, if it only added to `slot`.
    pub(crate) fn range(&self, slot: &Slot) -> Option<Range> {
        match self.0.iter().find(|(other, _)| other == slot)?.1 {
            State::Added(range) => Some(range),
            State::Unread | State::LookedAt => None,
        }
    }
}

#[cfg(test)]
mod tests;
