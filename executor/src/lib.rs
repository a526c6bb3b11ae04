//! What does a block do, and how is that found out by several threads at once?
//!
//! In: a [`Block`], a base state and, for the parallel executor, a schedule. Out: a
//! [`BlockOutcome`]. Invariants: the outcome depends on the block and the base state alone, never on
//! the schedule, the number of threads or timing; this is the only crate that runs revm.
//!
//! Read [`Block`] and [`MemoryState`] for what goes in, [`execute_sequential`] for what a block
//! means and [`BlockOutcome`] for what comes out; then [`Advice`] and `wait.rs` for what a transaction
//! waits for, `parallel.rs` for how threads share a block, `view.rs` and `store.rs` for what a
//! transaction sees, `evm.rs` for what of it is looked at, and `validate.rs` for the argument why the
//! outcome is the sequential one.

mod any_state;
mod chain;
mod chain_evm;
mod error;
mod fork;
mod host_precompiles;
mod input;
mod outcome;
mod read_through;
mod receipt;
mod rejection;
mod rollup;
mod state;
mod transaction;

mod canonical;
mod observe;
mod sequential;

mod access_list;
mod alone;
mod baseline;
mod inspect;

mod execution;
mod fallback;
mod pool;
mod profit;
mod wait;

mod parallel;
mod sequentially;

mod deltas;
mod evm;
mod fees;
mod reads;
mod runner;
mod transfer;
mod validate;
mod view;

mod job;
mod ledger;
mod meter;
mod prefix;
mod store;
mod version;

mod bundle;
mod calibrate;
mod hosted;

mod chaos;
mod sync;
mod telemetry;
mod threads;
mod timed;

/// The traits and types of revm that stand in signatures here, so that a caller need not have the
/// same version of it at hand.
pub mod database {
    pub use revm::{
        database::BundleState,
        database_interface::DatabaseRef,
        state::{AccountInfo, Bytecode},
    };
}

pub use access_list::{block_access_list, execute_with_access_list};
pub use alone::{Alone, AloneSettings, execute_alone};
pub use baseline::{Baseline, execute_baseline};
pub use bundle::execute_with_bundle;
pub use chain::{
    ChainRules,
    optimism::{OpChain, OpFork},
};
pub use error::{ExecutionError, Source};
pub use execution::{Execution, block_level_work, execute};
pub use fallback::FallbackRule;
pub use fork::{blob_base_fee, fork_at, fork_of, rules_of, spec_name};
pub use hosted::{Decisions, HostRules, decide};
pub use input::{Block, ForkChoice};
pub use inspect::{Answer, Inspected, Question, inspect};
pub use outcome::{
    AccountChange, AccountFields, BlockOutcome, ExecutedTx, HeaderCheck, SlotChange, TxOutcome,
    TxStatus,
};
pub use pool::{Pool, Settings};
pub use profit::{Call, Estimate, ExecutionMode, PredictedWork, UnitCosts};
pub use read_through::{Asked, BatchRef, ReadThrough, Wanted};
pub use receipt::{Receipt, RollupFees, RollupReceipt, receipts_root};
pub use rejection::Rejection;
pub use rollup::{
    fees::L1Params,
    header::{ParentFields, RollupCheck, check_rollup, next_base_fee},
    legs::{FeeLegs, Vaults},
};
pub use runner::Decided;
pub use sequential::{
    Sequential, SequentialSettings, execute_sequential, execute_sequential_with_bundle,
};
pub use slotcast_model::Fork;
pub use slotcast_scheduler::Mode;
pub use state::{AccountRecord, CodeRecord, MemoryState, MissingCode};
pub use timed::time_each;
pub use transaction::{ChainTx, ChainTxType, deposit::TxDeposit};
pub use wait::{Advice, Code, Horizon, ToldAccount, Wait};
