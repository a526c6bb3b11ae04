//! Where do workers read the state before a block?
//!
//! In: the hash of the parent block. Out: a state that several threads may read at once.
//! Invariant: it shows what the database of the block's executor shows before the block is opened;
//! the maker of a factory promises that, for it cannot be checked for less than executing costs.

use alloy_primitives::B256;
use revm::database_interface::DatabaseRef;

/// The state that blocks are executed on, by the parent's hash.
///
/// An executor owns its database alone, so its workers need a way of their own to the same state. Any
/// function from hash to state is one.
pub trait ParentState {
    /// A state that several threads read at once.
    type State: DatabaseRef + Sync;
    /// Why there is none.
    type Error: core::error::Error + Send + Sync + 'static;

    /// The state after the block with this hash.
    fn state_at(&self, parent_hash: B256) -> Result<Self::State, Self::Error>;
}

impl<F, S, E> ParentState for F
where
    F: Fn(B256) -> Result<S, E>,
    S: DatabaseRef + Sync,
    E: core::error::Error + Send + Sync + 'static,
{
    type State = S;
    type Error = E;

    fn state_at(&self, parent_hash: B256) -> Result<S, E> {
        self(parent_hash)
    }
}
