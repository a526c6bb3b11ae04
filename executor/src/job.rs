//! What is executed, by which rules, and where does it go?
//!
//! In: a block with its rules, its base state and a store. Out: [`Job`], which every thread copies.
//! Invariant: the opening of the block stands in the store before a transaction runs.

use crate::{
    fork::Rules,
    input::Block,
    store::{Shared, Sharing, Store},
};

/// A block and what it is executed with.
#[derive(Debug)]
pub(crate) struct Job<'a, DB, S: Sharing = Shared> {
    pub(crate) block: &'a Block,
    pub(crate) rules: &'a Rules,
    pub(crate) base: &'a DB,
    pub(crate) store: &'a Store<S>,
}

impl<DB, S: Sharing> Clone for Job<'_, DB, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<DB, S: Sharing> Copy for Job<'_, DB, S> {}
