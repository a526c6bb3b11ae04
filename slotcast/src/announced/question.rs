//! What did a binding ask of the state, and what was it told?
//!
//! In: a [`StateView`]. Out: the same view that takes notes, and [`Question`]s that can be asked again.
//! Invariant: everything a binding can learn from a state is asked through the view, so a binding whose
//! questions have the same answers again takes the same steps again.

use std::cell::RefCell;

use alloy_primitives::{Address, B256, Bytes, U256, map::HashSet};
use slotcast_analyzer::{
    bind::{Callee, StateView},
    bytecode::Pc,
};
use slotcast_model::Slot;

use crate::overlay::StateOverlay;

/// A question with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    Storage(Address, U256, Option<U256>),
    Balance(Address, Option<U256>),
    Nonce(Address, Option<u64>),
    Code(Address, CodeId),
    BlockHash(u64, Option<B256>),
}

/// Which code is somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CodeId {
    Nothing,
    Hash(B256),
    Unavailable,
}

impl CodeId {
    fn of(callee: &Callee) -> Self {
        match callee {
            Callee::Nothing => Self::Nothing,
            Callee::Contract { summary, .. } => Self::Hash(summary.code_hash()),
            Callee::Unavailable => Self::Unavailable,
        }
    }
}

impl Question {
    /// Whether `view` answers it the same.
    fn has_same_answer<S: StateView>(&self, view: &S) -> bool {
        match *self {
            Self::Storage(address, key, value) => view.storage(address, key) == value,
            Self::Balance(address, value) => view.balance(address) == value,
            Self::Nonce(address, value) => view.nonce(address) == value,
            Self::Code(address, id) => CodeId::of(&view.callee(address)) == id,
            Self::BlockHash(number, hash) => view.block_hash(number) == hash,
        }
    }
}

impl Question {
    /// Whether it has the same answer on what predictions lead to; `is_same_parent` says that it was
    /// asked on the parent state which these started from.
    pub(super) fn still_holds<S: StateView>(
        &self,
        overlay: &StateOverlay<'_, S>,
        is_same_parent: bool,
    ) -> bool {
        let is_moved = !is_same_parent
            || match *self {
                Self::Storage(address, key, _) => overlay.changes_slot(Slot::new(address, key)),
                Self::Balance(address, _) | Self::Nonce(address, _) => {
                    overlay.changes_account(address)
                }
                Self::Code(address, _) => overlay.changes_code(address),
                Self::BlockHash(..) => false,
            };
        !is_moved || self.has_same_answer(overlay)
    }
}

/// A view that notes what it is asked.
pub(super) struct Questioned<'a, S> {
    view: &'a S,
    asked: RefCell<Vec<Question>>,
}

impl<'a, S: StateView> Questioned<'a, S> {
    pub(super) const fn new(view: &'a S) -> Self {
        Self { view, asked: RefCell::new(Vec::new()) }
    }

    /// What was asked, each question once.
    pub(super) fn into_questions(self) -> Vec<Question> {
        let mut asked = self.asked.into_inner();
        let mut seen = HashSet::<Question>::default();
        asked.retain(|question| seen.insert(*question));
        asked
    }

    fn note(&self, question: Question) {
        self.asked.borrow_mut().push(question);
    }
}

impl<S: StateView> StateView for Questioned<'_, S> {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        let value = self.view.storage(address, key);
        self.note(Question::Storage(address, key, value));
        value
    }

    fn balance(&self, address: Address) -> Option<U256> {
        let value = self.view.balance(address);
        self.note(Question::Balance(address, value));
        value
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        let value = self.view.nonce(address);
        self.note(Question::Nonce(address, value));
        value
    }

    fn callee(&self, address: Address) -> Callee {
        let callee = self.view.callee(address);
        self.note(Question::Code(address, CodeId::of(&callee)));
        callee
    }

    fn summarise(&self, code: Bytes) -> Callee {
        self.view.summarise(code)
    }

    fn refine(&self, address: Address, jump: Pc, target: Pc) -> Option<Callee> {
        self.view.refine(address, jump, target)
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        let hash = self.view.block_hash(number);
        self.note(Question::BlockHash(number, hash));
        hash
    }
}
