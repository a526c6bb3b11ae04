//! How is a binding listened to while it runs?
//!
//! In: a view of the state, and a [`Listener`]. Out: [`Traced`], the same view, which tells the listener
//! what happens.
//! Invariant: it answers as the view inside does, so what is predicted is the same as without.

use std::cell::RefCell;

use alloy_primitives::{Address, B256, Bytes, U256};
use slotcast_analyzer::{
    bind::{Callee, StateView, Trace},
    bytecode::Pc,
};

/// What is told of frames and accesses.
pub trait Listener {
    /// Takes in what happened next.
    fn hear(&mut self, trace: Trace<'_>);
}

/// A view whose bindings are listened to.
#[derive(Debug)]
pub struct Traced<'a, S, L> {
    view: &'a S,
    listener: RefCell<L>,
}

impl<'a, S, L> Traced<'a, S, L> {
    /// The view with this listener.
    pub const fn new(view: &'a S, listener: L) -> Self {
        Self { view, listener: RefCell::new(listener) }
    }

    /// The listener, with what it heard.
    pub fn into_listener(self) -> L {
        self.listener.into_inner()
    }
}

impl<S: StateView, L: Listener> StateView for Traced<'_, S, L> {
    const IS_TRACED: bool = true;

    fn trace(&self, trace: Trace<'_>) {
        self.listener.borrow_mut().hear(trace);
    }

    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        self.view.storage(address, key)
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.view.balance(address)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.view.nonce(address)
    }

    fn callee(&self, address: Address) -> Callee {
        self.view.callee(address)
    }

    fn summarise(&self, code: Bytes) -> Callee {
        self.view.summarise(code)
    }

    fn refine(&self, address: Address, jump: Pc, target: Pc) -> Option<Callee> {
        self.view.refine(address, jump, target)
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.view.block_hash(number)
    }
}
