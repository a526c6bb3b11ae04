//! Why was a prediction wrong?
//!
//! In: predictions, the truth, and what the state words relied on held when each transaction's turn
//! came. Out: [`Miss`]es, each with its [`Fault`] and its [`Reason`], and their [`Histogram`].
//! Invariant: one miss for each slot of a transaction that differs; every miss has a reason, and the
//! same inputs give the same one.
//!
//! What is sought first is found first:
//!
//! 1. a storage word relied on held something else by then: it was changed by an earlier
//!    transaction, or a change was expected that did not come;
//! 2. the transaction failed though changes of it were predicted;
//! 3. the prediction itself says what it gave up;
//! 4. the transaction left changes though none were predicted;
//! 5. a balance or nonce relied on held something else by then;
//! 6. what is left is a branch that the prediction did not see or took wrongly.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use serde::Serialize;
use slotcast_executor::{TxOutcome, TxStatus};
use slotcast_model::{
    Gap, IndexVec, LastWriters, Location, Observation, Prediction, Slot, StateRead, TxIndex,
};

/// What is wrong about a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It was touched and not predicted.
    MissingSlot,
    /// It was changed and predicted to be read only.
    MissingWrite,
    /// It was predicted and not touched.
    WrongSlot,
    /// It was touched and not changed, as had been predicted.
    WrongWrite,
}

impl Fault {
    /// The fault in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::MissingSlot => "missing",
            Self::MissingWrite => "missing write",
            Self::WrongSlot => "wrong",
            Self::WrongWrite => "wrong write",
        }
    }

    /// Whether something that happened was not predicted.
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::MissingSlot | Self::MissingWrite)
    }
}

/// Why a slot is missing or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A state word relied on was changed by an earlier transaction to something else.
    StateChanged {
        /// Who changed it last.
        by: TxIndex,
        /// The word.
        location: Location,
    },
    /// A state word relied on was expected to have been changed by then and was not.
    ExpectedChange {
        /// The word.
        location: Location,
    },
    /// The transaction ran out of gas, or was stopped otherwise, and was predicted to go through.
    Halted,
    /// The transaction reverted, and was predicted to go through.
    Reverted,
    /// The transaction could not be included, and was predicted to go through.
    Rejected,
    /// The transaction left changes, and was predicted to leave none.
    WentThrough,
    /// The prediction says itself that it gave something up.
    Gap(Gap),
    /// A branch that was not seen, or taken wrongly.
    UnseenBranch,
}

impl Reason {
    /// What kind of reason it is, in words.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::StateChanged { .. } => "state changed by an earlier transaction",
            Self::ExpectedChange { .. } => "expected change that did not come",
            Self::Halted => "out of gas",
            Self::Reverted => "revert",
            Self::Rejected => "rejected",
            Self::WentThrough => "went through, predicted to fail",
            Self::Gap(gap) => gap.text(),
            Self::UnseenBranch => "unseen branch",
        }
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::StateChanged { by, location } => {
                write!(f, "state changed by transaction {by}: {location}")
            }
            Self::ExpectedChange { location } => {
                write!(f, "expected change that did not come: {location}")
            }
            Self::Halted => f.write_str("out of gas, predicted to go through"),
            Self::Reverted => f.write_str("revert, predicted to go through"),
            Self::Rejected => f.write_str("rejected, predicted to go through"),
            Self::WentThrough | Self::Gap(_) | Self::UnseenBranch => f.write_str(self.kind()),
        }
    }
}

/// A slot that a prediction has wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Miss {
    /// The transaction.
    pub tx: TxIndex,
    /// The slot.
    pub slot: Slot,
    /// What is wrong about it.
    pub fault: Fault,
    /// Why.
    pub reason: Reason,
}

/// What is known of one transaction to find reasons by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence<'a> {
    /// What was predicted.
    pub(crate) prediction: &'a Prediction,
    /// What happened.
    pub(crate) truth: &'a Observation,
    /// What the words relied on held when the transaction's turn came.
    pub(crate) values: &'a [U256],
    /// How it ended.
    pub(crate) outcome: &'a TxOutcome,
}

/// All misses of a block, by transaction and slot.
pub(crate) fn misses(txs: &IndexVec<TxIndex, Evidence<'_>>) -> Vec<Miss> {
    let mut last_writers = LastWriters::default();
    let mut misses = Vec::new();
    for (tx, evidence) in txs.iter_enumerated() {
        let faults = faults(evidence.prediction, evidence.truth);
        if !faults.is_empty() {
            let reason = reason(evidence, &last_writers);
            misses.extend(faults.into_iter().map(|(slot, fault)| Miss { tx, slot, fault, reason }));
        }
        last_writers.add(tx, evidence.truth);
    }
    misses
}

/// What a prediction has wrong, by slot.
fn faults(prediction: &Prediction, truth: &Observation) -> BTreeMap<Slot, Fault> {
    let storage = prediction.storage();
    let among = |list: &[Slot], slot: &Slot| list.binary_search(slot).is_ok();
    let is_touched = |slot: &Slot| among(&storage.reads, slot) || among(&storage.deltas, slot);
    let is_written = |slot: &Slot| among(&storage.writes, slot) || among(&storage.deltas, slot);
    let mut faults = BTreeMap::new();
    for slot in &truth.reads {
        let fault = match (is_touched(slot), is_written(slot), among(&truth.writes, slot)) {
            (false, _, _) => Fault::MissingSlot,
            (true, false, true) => Fault::MissingWrite,
            (true, true, false) => Fault::WrongWrite,
            _ => continue,
        };
        faults.insert(*slot, fault);
    }
    let predicted = storage.reads.iter().chain(&storage.deltas);
    let wrong = predicted.filter(|slot| !among(&truth.reads, slot));
    faults.extend(wrong.map(|slot| (*slot, Fault::WrongSlot)));
    faults
}

fn reason(evidence: &Evidence<'_>, last_writers: &LastWriters) -> Reason {
    let Evidence { prediction, truth, values, outcome } = evidence;
    let relied_on = prediction.relied_on().iter().zip(values.iter());
    let differing = relied_on.filter(|(word, value)| word.value != **value).map(|(word, _)| word);
    let (storage, accounts): (Vec<&StateRead>, Vec<&StateRead>) =
        differing.partition(|word| matches!(word.location, Location::Storage(_)));
    // The change that came last decided what the transaction saw; the list is ascending, so of two
    // by one transaction it is always the same.
    let changed = |words: &[&StateRead]| {
        let writer = |word: &&StateRead| last_writers.of(&word.location);
        let last = words.iter().copied().rev().max_by_key(writer)?;
        let location = last.location;
        Some(match writer(&last) {
            Some(by) => Reason::StateChanged { by, location },
            None => Reason::ExpectedChange { location },
        })
    };
    let storage_of = prediction.storage();
    let leaves_changes = !storage_of.writes.is_empty() || !storage_of.deltas.is_empty();
    let failure = match outcome {
        TxOutcome::Rejected(_) => Some(Reason::Rejected),
        TxOutcome::Executed(executed) => match executed.status {
            TxStatus::Revert => Some(Reason::Reverted),
            TxStatus::Halt(_) => Some(Reason::Halted),
            TxStatus::Success => None,
        },
    };
    let gap = prediction.gaps().first().copied().map(Reason::Gap);
    let went_through = failure.is_none() && !truth.writes.is_empty();
    changed(&storage)
        .or(failure.filter(|_| leaves_changes))
        .or(gap)
        .or((went_through && !leaves_changes).then_some(Reason::WentThrough))
        .or_else(|| changed(&accounts))
        .unwrap_or(Reason::UnseenBranch)
}

/// How many slots are missing and wrong for each kind of reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(BTreeMap<&'static str, (u64, u64)>);

/// One bar of a [`Histogram`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// The kind of reason.
    pub reason: &'static str,
    /// Slots or writes that happened and were not predicted.
    pub missing: u64,
    /// Slots or writes that were predicted and did not happen.
    pub wrong: u64,
}

impl Histogram {
    /// The histogram of these misses.
    pub fn of(misses: &[Miss]) -> Self {
        let mut histogram = Self::default();
        for miss in misses {
            let (missing, wrong) = histogram.0.entry(miss.reason.kind()).or_default();
            *if miss.fault.is_missing() { missing } else { wrong } += 1;
        }
        histogram
    }

    /// Adds another part.
    pub fn add(&mut self, other: &Self) {
        for (kind, (missing, wrong)) in &other.0 {
            let mine = self.0.entry(kind).or_default();
            mine.0 += missing;
            mine.1 += wrong;
        }
    }

    /// The bars, the longest first; of equal ones in order of their names.
    pub fn bars(&self) -> Vec<Bar> {
        let bar = |(&reason, &(missing, wrong)): (&&'static str, _)| Bar { reason, missing, wrong };
        let mut bars: Vec<Bar> = self.0.iter().map(bar).collect();
        bars.sort_by_key(|bar| core::cmp::Reverse(bar.missing + bar.wrong));
        bars
    }
}

#[cfg(test)]
mod tests;
