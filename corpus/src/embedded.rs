//! Which block is there for those who brought none?
//!
//! In: nothing. Out: the block made from [`EMBEDDED_PLAN`], as it was sealed and written once.
//! Invariant: a test outside this crate makes the block again and compares the bytes.

use crate::{CorpusError, Era, Plan, RecordedBlock, Scenario, format};

/// The plan of the embedded block.
pub const EMBEDDED_PLAN: Plan = Plan {
    seed: 1,
    n_txs: 400,
    scenario: Scenario::Mixed,
    chain_id: 1,
    era: Era::Osaka,
    rollup: None,
};

/// The file of the embedded block, packed.
pub const EMBEDDED: &[u8] = include_bytes!("../data/blocks/embedded.json.gz");

/// The embedded block.
pub fn embedded() -> Result<RecordedBlock, CorpusError> {
    format::parse(EMBEDDED, "the embedded block")
}
