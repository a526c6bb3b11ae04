//! How does a host that executes blocks through `alloy-evm`'s traits execute them in parallel?
//!
//! In: the host's own specification, receipts and state, and where its workers read the parent state.
//! Out: [`ParallelExecutorFactory`], a `BlockExecutorFactory` whose executors run a whole block on
//! several threads.
//! Invariants: workers execute and commit nothing; one canonical executor, `alloy-evm`'s own on the
//! host's state, opens the block, commits every transaction in block order and closes it; so receipts,
//! requests and whatever the host's state keeps are made by the code that makes them without us.
//!
//! ```text
//! parent state ──► workers: run, validate, run again ──► final results, in block order
//!                                                                   │
//! host's state ──► canonical executor:  open ──────────── commit ◄──┘── close ──► receipts, requests
//! ```
//!
//! `execute_block` runs in parallel. A host that hands over one transaction after the other gains where
//! it says beforehand which will come ([`ParallelExecutor::expecting`]); one that does not, as one that
//! builds a block from a pool, is served by the canonical executor as before.
//!
//! A host's own `EvmFactory` makes the EVM of the canonical executor, and workers run its precompiled
//! contracts ([`ParallelExecutorFactory::with_precompiles_of`]); where its EVMs have other rules than
//! these, they run every transaction themselves ([`ParallelExecutorFactory::with_rules_of`]).

mod executor;

mod ahead;
mod block;
mod factory;
mod parent;
mod workers;

mod rejected;

pub use executor::ParallelExecutor;
pub use factory::ParallelExecutorFactory;
pub use parent::ParentState;
pub use rejected::RejectedTx;

/// The programs of the guide, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/executors.md")]
struct Guide;
