//! Is this the same slot for two different users?
//!
//! In: a place as the analyzer found it. Out: [`Reach`]: one slot for all, one for each, or unknown.
//! Before → after: slot 3 → shared; `balanceOf[caller]` → own; `orders[nextId]` where the call also
//! moves `nextId` → own, because the next call finds another number there; `names[…]`, elements
//! behind a hash → shared, all elements of the array as one.
//! Guard: a key that a loop makes, or that nothing is known of, is unknown unless another key of the
//! same slot is the user's own.

use alloy_primitives::U256;
use slotcast_analyzer::describe::{Part, Place, Sources, slots::Step};

/// Which slot a user's call reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The same for every user.
    Shared {
        /// Which.
        slot: SlotId,
        /// Whether it is one of several.
        is_choice: bool,
    },
    /// Another for every user, unless keys happen to be equal.
    Own(VariableId),
    /// It is not known which.
    Unknown,
}

/// A slot, or all elements of one array, by how it is computed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SlotId {
    base: U256,
    steps: Vec<Step>,
    keys: Vec<String>,
}

/// A variable whose slots are told apart by keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VariableId {
    /// Its first slot.
    pub(crate) base: U256,
    steps: Vec<Step>,
}

/// What `place` is for different users; `moves` tells whether the call itself changes what a key is
/// made of.
pub(crate) fn reach(place: &Place, moves: impl Fn(&Part) -> bool) -> Reach {
    let shape = place.shape();
    if place.is_own() || place.parts().iter().any(moves) {
        return Reach::Own(VariableId { base: shape.base(), steps: shape.steps().to_vec() });
    }
    if place.is_unknown() || is_made_by_loop(place) {
        return Reach::Unknown;
    }
    let (mut steps, mut keys) = (Vec::new(), Vec::new());
    let mut parts = place.parts().iter();
    for &step in shape.steps() {
        steps.push(step);
        match step {
            Step::Key => keys.extend(parts.next().map(|part| part.text.clone())),
            // What lies where in an array is not told apart.
            Step::Elements | Step::Index => break,
            Step::Offset(_) => {}
        }
    }
    let is_choice = keys.iter().any(|key| key.contains(" | "));
    Reach::Shared { slot: SlotId { base: shape.base(), steps, keys }, is_choice }
}

/// Whether a loop makes a key of a mapping, or a pointer that looks like the index of an array of
/// fixed length; an index that counts is as good as any.
fn is_made_by_loop(place: &Place) -> bool {
    let mut parts = place.parts().iter();
    let mut is_hashed = false;
    place.shape().steps().iter().any(|step| {
        let part = match step {
            Step::Key | Step::Index => parts.next(),
            Step::Elements | Step::Offset(_) => None,
        };
        let is_loop = part.is_some_and(|part| part.text.contains("loop"));
        let is_pointer = part.is_some_and(|part| part.sources != Sources::default());
        let was_hashed = is_hashed;
        is_hashed |= matches!(step, Step::Key | Step::Elements);
        is_loop && (*step == Step::Key || *step == Step::Index && is_pointer && !was_hashed)
    })
}

#[cfg(test)]
impl SlotId {
    /// The slot with this number.
    pub(crate) fn plain(number: u64) -> Self {
        Self { base: U256::from(number), steps: Vec::new(), keys: Vec::new() }
    }
}
