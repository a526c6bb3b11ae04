//! What is ethrex given of a recorded block?
//!
//! In: a [`RecordedBlock`]. Out: a [`HostBlock`]: the block and the state in ethrex's types, and beside
//! them what Slotcast needs of the same block; or why there is none.
//! Invariant: ethrex knows senders before any clock starts, as Slotcast does.

use alloy_primitives::B256;
use ethrex_crypto::NativeCrypto;
use ethrex_vm::EvmError;
use slotcast::{Prepared, executor::ExecutionError, model::Fork};
use slotcast_corpus::{RecordedBlock, RunError, prepare};

use crate::{RecordedState, chain, convert};

/// Why ethrex has no outcome of a block.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Slotcast has none either.
    #[error(transparent)]
    Recording(#[from] RunError),
    /// Slotcast could not execute or predict it.
    #[error(transparent)]
    Slotcast(#[from] ExecutionError),
    /// Only mainnet's rules are handed on.
    #[error("chain {0} is not mainnet")]
    Chain(u64),
    /// ethrex has the rules since the merge only.
    #[error("ethrex has no rules of {0}: it begins with Paris")]
    BeforeTheMerge(Fork),
    /// Deposits of rollups are no transactions of Ethereum.
    #[error("the block has transactions that are not signed")]
    Unsigned,
    /// ethrex cannot read what alloy wrote.
    #[error("ethrex cannot read the encoding: {0}")]
    Encoding(String),
    /// ethrex read another block than alloy wrote.
    #[error("the header's hash is {stated}, and {read} as ethrex reads it")]
    Hash {
        /// The hash as stated.
        stated: B256,
        /// The hash that ethrex works out.
        read: B256,
    },
    /// ethrex failed.
    #[error("ethrex: {0}")]
    Engine(#[from] EvmError),
    /// ethrex cannot tell who signed.
    #[error("ethrex cannot recover a sender: {0}")]
    Sender(String),
    /// A warming layer failed.
    #[error("warming failed: {0}")]
    Warming(String),
}

/// A block in the types of both.
#[derive(Debug)]
pub struct HostBlock {
    /// As recorded.
    pub recorded: RecordedBlock,
    /// As Slotcast takes it.
    pub prepared: Prepared,
    /// As ethrex takes it.
    pub block: ethrex_common::types::Block,
    /// The state before it, as ethrex reads it.
    pub state: RecordedState,
}

impl HostBlock {
    /// The block for both.
    pub fn new(recorded: RecordedBlock) -> Result<Self, HostError> {
        let prepared = prepare(&recorded)?;
        let block = convert::block(prepared.block())?;
        let config = chain::config(recorded.chain_id, prepared.fork())?;
        let state = RecordedState::new(&recorded, config);
        let senders = block.body.get_transactions_with_sender(&NativeCrypto);
        senders.map_err(|error| HostError::Sender(error.to_string()))?;
        Ok(Self { recorded, prepared, block, state })
    }

    /// The block's number.
    pub const fn number(&self) -> u64 {
        self.recorded.number()
    }
}
