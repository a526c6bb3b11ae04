//! How good were the account lists of predictions?
//!
//! In: predicted and true [`AccountAccess`]es. Out: [`AccountCounts`], one [`Hits`] for each kind.
//! Invariant: counts add up over transactions and blocks.
//!
//! A balance that is spent from is also looked at, whether or not the list says so, and counts as
//! credited only if it is not spent from. What is predicted is all that moves, what is true is what
//! moved in the end: money that only passes through an account counts against precision.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use serde::Serialize;
use slotcast_model::AccountAccess;

use super::share;

/// How many of a kind are true, predicted, and both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// What happened.
    pub truth: u64,
    /// What was predicted.
    pub predicted: u64,
    /// What was predicted and happened.
    pub hit: u64,
}

impl Hits {
    fn count(truth: &BTreeSet<Address>, predicted: &BTreeSet<Address>) -> Self {
        let hit = truth.intersection(predicted).count();
        Self { truth: truth.len() as u64, predicted: predicted.len() as u64, hit: hit as u64 }
    }

    const fn add(&mut self, other: &Self) {
        self.truth += other.truth;
        self.predicted += other.predicted;
        self.hit += other.hit;
    }
}

/// A kind of account access: its name and its list.
type Kind = (&'static str, fn(&AccountAccess) -> BTreeSet<Address>);

/// The kinds of account accesses, in the order of their lists.
const KINDS: [Kind; 8] = [
    ("balanceReads", |accounts| {
        accounts.balance_reads.iter().chain(&accounts.balance_debits).copied().collect()
    }),
    ("balanceDebits", |accounts| set(&accounts.balance_debits)),
    ("balanceCredits", |accounts| &set(&accounts.balance_credits) - &set(&accounts.balance_debits)),
    ("nonces", |accounts| set(&accounts.nonces)),
    ("codeReads", |accounts| set(&accounts.code_reads)),
    ("created", |accounts| set(&accounts.created)),
    ("destroyed", |accounts| set(&accounts.destroyed)),
    ("delegated", |accounts| set(&accounts.delegated)),
];

fn set(list: &[Address]) -> BTreeSet<Address> {
    list.iter().copied().collect()
}

/// The counts of every kind of account access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountCounts([Hits; KINDS.len()]);

impl AccountCounts {
    /// The counts of one transaction.
    pub(super) fn of(predicted: &AccountAccess, truth: &AccountAccess) -> Self {
        Self(KINDS.map(|(_, list)| Hits::count(&list(truth), &list(predicted))))
    }

    /// Adds another part.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            mine.add(theirs);
        }
    }

    /// The kinds by name, as the prediction file spells them.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, HitFigures)> + '_ {
        KINDS.iter().zip(&self.0).map(|(&(name, _), hits)| (name, HitFigures::from(*hits)))
    }
}

/// Counts of one kind with the ratios that follow from them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HitFigures {
    /// What happened.
    #[serde(rename = "true")]
    pub truth: u64,
    /// What was predicted.
    pub predicted: u64,
    /// Of what happened, what was predicted.
    pub recall: f64,
    /// Of what was predicted, what happened.
    pub precision: f64,
}

impl From<Hits> for HitFigures {
    fn from(Hits { truth, predicted, hit }: Hits) -> Self {
        let (recall, precision) = (share(hit, truth), share(hit, predicted));
        Self { truth, predicted, recall, precision }
    }
}

#[cfg(test)]
mod tests;
