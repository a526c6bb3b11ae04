//! How long do users wait for one another, and for how long if a slot were not shared?
//!
//! In: the functions open to all callers. Out: the longest chain of calls that have to wait.
//!
//! The model, and it is no more than one: [`ROUNDS`] rounds; in each, every function is called once,
//! in order of the signatures, each call by another caller with arguments of its own; every call
//! takes the same time; a call waits for the last earlier one that changed a slot it looks at, and
//! for nothing else; there are as many threads as calls. The longest chain of waiting is then the
//! time everything takes, and `calls / chain` says how many calls run at a time. Example: `add()`
//! writes `sum`, `get()` reads it; 16 rounds are 32 calls, the chain is the 16 calls of `add()` and the
//! last of `get()`, 17, so 1.9 run at a time; without `sum` all 32 do.
//!
//! Left out: what calls cost, how often users really call what, equal keys, other contracts, and
//! functions that one account or the first caller alone can call.
//! Invariant: depends on the functions alone.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::lint::{
    function::{Function, Use},
    slot::SlotId,
};

/// How often every function is called.
pub const ROUNDS: u32 = 16;

/// What the model gives for a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// How many calls there are.
    pub calls: u32,
    /// The longest chain of calls that wait for one another, whatever may happen happening.
    pub chain: u32,
    /// The same of what happens each time.
    pub chain_certain: u32,
    /// The longest chain where deltas wait like any write, as in engines that do not tell.
    pub chain_ordered: u32,
}

/// How deltas are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deltas {
    /// They change places.
    Moved,
    /// They are writes.
    Ordered,
}

/// What the model is played on: for each function what it does to slots, by number.
#[derive(Clone, Debug)]
pub(crate) struct Model<'a> {
    slots: Vec<&'a SlotId>,
    functions: Vec<Vec<(usize, Use, Option<Use>)>>,
}

impl<'a> Model<'a> {
    /// Of the functions open to all callers.
    pub(crate) fn new(functions: &[&'a Function]) -> Self {
        let all: BTreeSet<&SlotId> = functions.iter().flat_map(|it| it.shared.keys()).collect();
        let slots: Vec<&SlotId> = all.into_iter().collect();
        let uses = |function: &&Function| {
            let of = |(slot, touch): (&SlotId, &crate::lint::function::Touch)| {
                let number = slots.binary_search(&slot).ok()?;
                Some((number, touch.possible, touch.certain))
            };
            function.shared.iter().filter_map(of).collect()
        };
        let functions = functions.iter().map(uses).collect();
        Self { slots, functions }
    }

    /// What the model gives.
    pub(crate) fn traffic(&self) -> Traffic {
        let none = BTreeSet::new();
        Traffic {
            calls: ROUNDS * self.functions.len() as u32,
            chain: self.chain(&none, Deltas::Moved),
            chain_certain: self.longest(&none, Deltas::Moved, |(_, _, certain)| certain),
            chain_ordered: self.chain(&none, Deltas::Ordered),
        }
    }

    /// The longest chain without the slots in `gone`.
    pub(crate) fn chain(&self, gone: &BTreeSet<&SlotId>, deltas: Deltas) -> u32 {
        self.longest(gone, deltas, |(_, possible, _)| Some(possible))
    }

    fn longest(
        &self,
        gone: &BTreeSet<&SlotId>,
        deltas: Deltas,
        what: impl Fn((usize, Use, Option<Use>)) -> Option<Use>,
    ) -> u32 {
        let is_gone: Vec<bool> = self.slots.iter().map(|slot| gone.contains(slot)).collect();
        let plain = |kind: Use| match deltas {
            Deltas::Ordered if kind == Use::Adds => Use::Writes,
            _ => kind,
        };
        let calls: Vec<Vec<(usize, Use)>> = self
            .functions
            .iter()
            .map(|uses| {
                let kept = uses.iter().filter(|it| !is_gone[it.0]);
                kept.filter_map(|it| Some((it.0, plain(what(*it)?)))).collect()
            })
            .collect();
        // For each slot the longest chain that ends in a call that changed it.
        let mut behind = vec![0_u32; self.slots.len()];
        let mut longest = 0;
        for _ in 0..ROUNDS {
            for uses in &calls {
                let waits = uses.iter().filter(|(_, kind)| kind.looks());
                let length = 1 + waits.map(|(slot, _)| behind[*slot]).max().unwrap_or(0);
                for (slot, _) in uses.iter().filter(|(_, kind)| kind.changes()) {
                    behind[*slot] = behind[*slot].max(length);
                }
                longest = longest.max(length);
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests;
