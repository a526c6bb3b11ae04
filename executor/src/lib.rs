//! What does a block do, and how is that found out by several threads at once?
//!
//! In: a [`Block`], a base state and, for the parallel executor, a schedule. Out: a
//! [`BlockOutcome`]. Invariants: the outcome depends on the block and the base state alone, never on
//! the schedule, the number of threads or timing; this is the only crate that runs revm.
//!
//! Read [`input`](Block) and [`MemoryState`] for what goes in, [`execute_sequential`] for what a
//! block means and [`BlockOutcome`] for what comes out.

mod canonical;
mod error;
mod fork;
mod input;
mod observe;
mod outcome;
mod sequential;
mod state;

pub use error::{ExecutionError, Source};
pub use fork::{Fork, spec_name};
pub use input::Block;
pub use outcome::{
    AccountChange, AccountFields, BlockOutcome, ExecutedTx, HeaderCheck, SlotChange, TxOutcome,
    TxStatus,
};
pub use sequential::{Sequential, SequentialSettings, execute_sequential};
pub use state::{AccountRecord, CodeRecord, MemoryState, MissingCode};
