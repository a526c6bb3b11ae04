//! Recorded blocks: what they are, how they look as files, and how to make some up.
//!
//! Read [`RecordedBlock`] and [`PreState`] for the data, [`parse`] for the file format,
//! [`RecordedBlock::validate`] for what a good block satisfies, [`list`], [`read_file`] and
//! [`write_file`] for the disk, [`Contract`] for compiled contracts and [`generate()`] for synthetic blocks.
//! [`prepare()`] hands a recorded block to the library.
//! Invariant: nothing here analyses, schedules or executes.

mod block;
mod state;

mod format;
mod gzip;

mod files;
mod validate;

mod chain_config;
mod chains;
mod post_state;
mod prepare;
mod receipts;
mod rollup_fields;

pub mod contract;
mod generate;

mod embedded;

mod error;

pub use block::{Around, RecordedBlock, RecordedReceipt};
pub use chain_config::read_chain;
pub use chains::{UnknownChain, chain_named, chain_names, chain_of_id};
pub use contract::Contract;
pub use embedded::{EMBEDDED, EMBEDDED_PLAN, embedded};
pub use error::{CorpusError, Signer, ValidationError};
pub use files::{list, read_file, replace_file, write_file};
pub use format::{parse, parse_pre_state, parse_receipts, print, print_packed};
pub use generate::{
    BlockResults, Era, Plan, PlanError, Rollup, RollupResults, Scenario, Unsealed, generate,
};
pub use post_state::post_state_of;
pub use prepare::{RunError, block_by, block_of, prepare, prepare_by, state_of};
pub use receipts::receipts_of;
pub use rollup_fields::RollupFields;
pub use state::{PreAccount, PreState};
