//! Why can the service not start?
//!
//! In: settings that cannot be followed. Out: [`ServeError`].
//! Invariant: every message is one lowercase fragment that says what to change.

use std::{io, net::SocketAddr};

use slotcast_corpus::CorpusError;
use slotcast_node::NodeError;
use slotcast_store::CacheError;

/// A service that does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The recorded blocks cannot be read.
    #[error(transparent)]
    Blocks(#[from] CorpusError),
    /// The blocks are of several chains.
    #[error(
        "block {number} is of chain {}, others are of chain {}; serve one chain at a time",
        chains[1], chains[0]
    )]
    TwoChains {
        /// The block's number.
        number: u64,
        /// The chain of the blocks before it, and its own.
        chains: [u64; 2],
    },
    /// The rules are those of another chain.
    #[error(
        "the blocks are of chain {chain_id}, but {name} is chain {described}; name theirs with --chain"
    )]
    OtherChain {
        /// The chain of the blocks.
        chain_id: u64,
        /// What the rules call their chain.
        name: String,
        /// Its id.
        described: u64,
    },
    /// The node cannot be reached.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The store cannot be used.
    #[error("--store: {0}")]
    Store(#[from] CacheError),
    /// The address cannot be listened at.
    #[error("--listen {addr}: {source}; name another address or port")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the operating system answered.
        source: io::Error,
    },
    /// Threads cannot be started.
    #[error("the threads of the service cannot be started: {0}")]
    Threads(#[source] io::Error),
    /// Signals cannot be waited for.
    #[error("SIGINT and SIGTERM cannot be waited for: {0}")]
    Signals(#[source] io::Error),
}
