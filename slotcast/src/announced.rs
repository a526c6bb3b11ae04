//! Which predictions are at hand before the block is?
//!
//! In: transactions as they arrive, each with the state and the words of the block that are expected.
//! Out: [`Announced`], of each transaction its binding and everything that the binding asked of the
//! state, until it is replaced, withdrawn or pushed out.
//! Invariants: [`Kept::holds`] is true only while every answer it got is still the answer and every
//! word of the block that decided it is the same, so it is what binding would give again; the
//! number of entries is bounded.
//!
//! ```text
//! arrives    bind on the head, keep what was asked and answered
//! executed   follow it as it is: a value counts if no transaction before is predicted to change
//!            what this one reads, or if it is known how the value moves with that
//! predicted  for each transaction: do the answers hold on the state that predictions lead to?
//!            yes: use it         no: bind
//! ```

mod moves;
mod question;

use std::{collections::BTreeMap, sync::Arc};

use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::{Address, B256, map::B256HashMap};
use slotcast_analyzer::bind::{Binder, BlockWords, Bound, StateView};
use slotcast_executor::{Block, ChainTx, FeeLegs, Vaults};
use slotcast_model::Fork;

pub(crate) use self::moves::{Move, Moves};
use self::question::{Question, Questioned};
use crate::{
    convert::words_of,
    overlay::StateOverlay,
    predict::{bind_with_values, pay, vaults},
};

/// The block that transactions are expected in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextBlock {
    /// Its words, as far as they are known; a prediction that depends on another word than the block
    /// turns out to have is made again.
    pub words: BlockWords,
    /// The accounts its transactions pay beside the tip.
    pub legs: FeeLegs,
    /// The fork whose rules hold in it.
    pub fork: Fork,
    /// The hash of the block before it, on whose state transactions are predicted.
    pub parent_hash: B256,
}

impl NextBlock {
    /// What a block itself says.
    pub fn of(block: &Block, fork: Fork) -> Self {
        let (words, legs) = (words_of(block, fork), FeeLegs::of(block));
        Self { words, legs, fork, parent_hash: block.header.parent_hash }
    }
}

/// A binding that was made before the block.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    tx: Recovered<ChainTx>,
    pub(crate) bound: Bound,
    /// What it leaves when earlier transactions of a block change what it finds.
    pub(crate) moves: Moves,
    /// The block it was made for.
    next: NextBlock,
    /// The vaults that it pays into. Of the fee parameters, which change with every block, no more
    /// matters.
    vaults: Vaults,
    /// What was asked of the state, and answered.
    asked: Vec<Question>,
}

impl Kept {
    /// Binds `tx` on `view`; nothing for a deposit, which is bound in its block: what it mints is there
    /// before its code runs.
    pub(crate) fn bind<S: StateView>(
        binder: &mut Binder,
        tx: &Recovered<ChainTx>,
        next: &NextBlock,
        view: &S,
    ) -> Option<Self> {
        if tx.as_deposit().is_some() {
            return None;
        }
        let questioned = Questioned::new(view);
        let bound = bind_with_values(binder, tx, &next.words, &questioned);
        let asked = questioned.into_questions();
        let moves = Moves::of(&bound, binder, tx, &next.words, view);
        let vaults = vaults(&next.legs, tx, &next.words, view);
        let bound = pay(bound, vaults);
        Some(Self { tx: tx.clone(), bound, moves, next: *next, vaults, asked })
    }

    /// The binding on another state than it was made on, and whether it had to be made again.
    pub(crate) fn on<S: StateView>(
        &self,
        binder: &mut Binder,
        next: &NextBlock,
        view: &S,
    ) -> (Self, bool) {
        match self.holds(next, &StateOverlay::new(view)) {
            true => (Self { next: *next, ..self.clone() }, false),
            false => {
                let again = Self::bind(binder, &self.tx, next, view);
                (again.expect("what was bound can be bound again"), true)
            }
        }
    }

    /// Whether it was made on the parent state of this block, and would be the same in it if no
    /// transaction before it changed what it asked.
    pub(crate) fn is_of(&self, block: &NextBlock) -> bool {
        self.next.parent_hash == block.parent_hash && self.is_bound_alike(block)
    }

    /// Whether all that binding takes from the block is the same.
    fn is_bound_alike(&self, block: &NextBlock) -> bool {
        self.next.fork == block.fork
            && self.bound.block_words.is_same_in(&self.next.words, &block.words)
    }

    /// Whether binding in this block, on what predictions before it lead to, would give the same.
    pub(crate) fn holds<S: StateView>(
        &self,
        block: &NextBlock,
        overlay: &StateOverlay<'_, S>,
    ) -> bool {
        let is_same_parent = self.next.parent_hash == block.parent_hash;
        self.is_bound_alike(block)
            && self.vaults == vaults(&block.legs, &self.tx, &block.words, overlay)
            && self.asked.iter().all(|question| question.still_holds(overlay, is_same_parent))
    }
}

/// Bindings of transactions that are not in a block yet, by transaction hash.
#[derive(Debug, Default)]
pub(crate) struct Announced {
    by_hash: B256HashMap<(u64, Arc<Kept>)>,
    /// A sender sends one transaction with a nonce: the last announced.
    by_nonce: BTreeMap<(Address, u64), B256>,
    by_arrival: BTreeMap<u64, (B256, (Address, u64))>,
    n_arrived: u64,
}

impl Announced {
    /// Keeps a binding, in place of the one of the same sender and nonce, and no more than `most` in
    /// all: those that arrived first make room.
    pub(crate) fn keep(&mut self, tx: &Recovered<ChainTx>, kept: Kept, most: usize) {
        let (hash, slot) = (*tx.tx_hash(), (tx.signer(), tx.nonce()));
        if let Some(replaced) = self.by_nonce.get(&slot).copied() {
            self.remove(&replaced);
        }
        self.by_nonce.insert(slot, hash);
        let arrival = self.n_arrived;
        self.n_arrived += 1;
        self.by_arrival.insert(arrival, (hash, slot));
        self.by_hash.insert(hash, (arrival, Arc::new(kept)));
        while most < self.by_hash.len() {
            let Some((_, (hash, _))) = self.by_arrival.first_key_value() else { break };
            let hash = *hash;
            self.remove(&hash);
        }
    }

    /// Forgets a transaction; whether it was known.
    pub(crate) fn remove(&mut self, hash: &B256) -> bool {
        let Some((arrival, _)) = self.by_hash.remove(hash) else { return false };
        if let Some((_, slot)) = self.by_arrival.remove(&arrival) {
            self.by_nonce.remove(&slot);
        }
        true
    }

    /// The transactions that are kept, in order of arrival.
    pub(crate) fn hashes(&self) -> Vec<B256> {
        self.by_arrival.values().map(|(hash, _)| *hash).collect()
    }

    /// Puts another binding in place of one that is still kept.
    pub(crate) fn renew(&mut self, hash: &B256, kept: Kept) {
        if let Some((_, place)) = self.by_hash.get_mut(hash) {
            *place = Arc::new(kept);
        }
    }

    /// What is kept of a transaction.
    pub(crate) fn get(&self, hash: &B256) -> Option<&Arc<Kept>> {
        self.by_hash.get(hash).map(|(_, kept)| kept)
    }

    /// How many transactions are known.
    pub(crate) fn len(&self) -> usize {
        self.by_hash.len()
    }
}
