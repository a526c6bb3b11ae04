//! What can go wrong between us and a node, and what is its user to do?
//!
//! In: transport failures, refusals, malformed or contradictory answers. Out:
//! [`NodeError`] for a question, [`RecordError`] for a block.
//! Invariant: a message names the node by its host only, for the rest of a URL may be a secret.

use alloy_primitives::{Address, B256, U256};
use slotcast::executor::ExecutionError;
use slotcast_corpus::{CorpusError, ValidationError};

/// A question without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// The URL cannot be used.
    #[error("--rpc-url: {reason}; give one such as http://127.0.0.1:8545")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// The node could not be reached, or broke off, as often as it was tried.
    #[error(
        "{node}: no answer to {method} after {attempts} attempts ({reason}); \
         see whether the node is up, then run the same command again"
    )]
    Unreachable {
        /// The node's host.
        node: String,
        /// The method.
        method: String,
        /// How often it was tried.
        attempts: u32,
        /// What the last attempt came to.
        reason: String,
    },
    /// The node answered that it will not answer.
    #[error("{node}: {method} was refused: {message} (code {code})")]
    Refused {
        /// The node's host.
        node: String,
        /// The method.
        method: String,
        /// The JSON-RPC error code.
        code: i64,
        /// The node's reason.
        message: String,
    },
    /// The answer is not of the shape that the method has.
    #[error("{node}: malformed response to {method}: {reason}; use another node")]
    Nonsense {
        /// The node's host.
        node: String,
        /// The method.
        method: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A proof does not lead to the state root of the block.
    #[error(
        "{node}: the proof of {address} does not lead to the state root of block {block}: {reason}; \
         use another node, or --proofs never for a development node"
    )]
    Unproven {
        /// The node's host.
        node: String,
        /// The account.
        address: Address,
        /// The block whose state it is.
        block: B256,
        /// Where the proof fails.
        reason: String,
    },
    /// Proofs are insisted on, and the node gives none.
    #[error(
        "{node}: eth_getProof was refused ({message}), and --proofs always records nothing without; \
         use another node, or --proofs auto"
    )]
    NoProofs {
        /// The node's host.
        node: String,
        /// The node's reason.
        message: String,
    },
    /// Code does not have the hash that the account has.
    #[error(
        "{node}: code of {address} hashes to {computed} but should to {stated}; use another node"
    )]
    Code {
        /// The node's host.
        node: String,
        /// The account.
        address: Address,
        /// The hash of the code that was answered.
        computed: B256,
        /// The hash the account has.
        stated: B256,
    },
    /// The node is of another chain than the one that was described.
    #[error(
        "{node}: is of chain {chain_id}, but {name} is chain {described}; \
         name another node, or the node's chain with --chain"
    )]
    OtherChain {
        /// The node's host.
        node: String,
        /// The node's chain.
        chain_id: u64,
        /// What the rules call the chain.
        name: String,
        /// The chain that the rules are of.
        described: u64,
    },
    /// A header does not have the hash it was asked for by.
    #[error("{node}: the header of block {asked} hashes to {computed}; use another node")]
    Header {
        /// The node's host.
        node: String,
        /// The hash that was asked for.
        asked: B256,
        /// The hash of what was answered.
        computed: B256,
    },
}

impl NodeError {
    /// Whether the node answered that it does not do this, so that another way may help.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

/// A block that was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A question to the node has no answer.
    #[error("block {number}: {source}")]
    Node {
        /// The block's number.
        number: u64,
        /// Why not.
        source: NodeError,
    },
    /// The node does not have the block.
    #[error("block {number}: the node does not have it; its newest block is {head}")]
    Absent {
        /// The block's number.
        number: u64,
        /// The number of the newest block.
        head: u64,
    },
    /// The genesis block has no state before it.
    #[error("block 0: there is no state before it; begin with block 1")]
    Genesis,
    /// The block contradicts itself.
    #[error("{0}; nothing was written: the block failed verification, use another node")]
    Invalid(#[from] ValidationError),
    /// What was answered as the block cannot be read as one.
    #[error("{0}; nothing was written")]
    Unreadable(#[source] CorpusError),
    /// The block could not be run.
    #[error("block {number}: {source}; nothing was written")]
    Execution {
        /// The block's number.
        number: u64,
        /// What the executor reported.
        source: Box<ExecutionError>,
    },
    /// Running the block did not give what its header states.
    #[error(
        "block {number}: running what {node} told gives another {field} than the header states; \
         nothing was written: it failed verification, use another node"
    )]
    Contradicted {
        /// The block's number.
        number: u64,
        /// The node's host.
        node: String,
        /// The first field that differs.
        field: &'static str,
    },
    /// The node's blocks do not form a chain.
    #[error("block {number}: {node} contradicts itself: {reason}; use another node")]
    Inconsistent {
        /// The block's number.
        number: u64,
        /// The node's host.
        node: String,
        /// Which answers do not go together.
        reason: String,
    },
    /// A value in the traces is not the one that a proof shows.
    #[error(
        "block {number}: {node} traces {what} of {address} as {:#x} but proves {:#x}; \
         nothing was written: use another node",
        values[0], values[1]
    )]
    Traced {
        /// The block's number.
        number: u64,
        /// The node's host.
        node: String,
        /// The account.
        address: Address,
        /// Which part of the account.
        what: String,
        /// The value in the trace, and the one behind the proof.
        values: Box<[U256; 2]>,
    },
    /// What the trace told was dropped, and the way without it failed too.
    #[error("{error}; the trace was dropped before: {trace}; --no-trace does not ask for any")]
    Untraced {
        /// Why the trace was dropped.
        trace: NodeError,
        /// Why the block was not recorded without it.
        error: Box<Self>,
    },
    /// The file could not be written.
    #[error(
        "{0}; nothing is half written: free space or name another folder, and run the same command \
         again, which keeps the blocks that are done"
    )]
    Write(#[source] CorpusError),
}

impl RecordError {
    /// Whether the node was caught at something false, as against being away or broken.
    pub fn is_lie(&self) -> bool {
        if let Self::Untraced { error, .. } = self {
            return error.is_lie();
        }
        matches!(
            self,
            Self::Invalid(_)
                | Self::Contradicted { .. }
                | Self::Inconsistent { .. }
                | Self::Traced { .. }
                | Self::Node {
                    source: NodeError::Unproven { .. }
                        | NodeError::Code { .. }
                        | NodeError::Header { .. },
                    ..
                }
        )
    }

    /// Whether the next block would fail for the same reason.
    pub fn is_lasting(&self) -> bool {
        if let Self::Untraced { error, .. } = self {
            return error.is_lasting();
        }
        matches!(
            self,
            Self::Write(_)
                | Self::Node {
                    source: NodeError::Unreachable { .. }
                        | NodeError::Url { .. }
                        | NodeError::NoProofs { .. },
                    ..
                }
        )
    }
}
