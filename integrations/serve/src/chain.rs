//! Where do blocks and states come from?
//!
//! In: settings. Out: [`Chain`]: recorded blocks or a node, asked in the same words.
//! Invariant: a block that a request names is the one its transactions are to be part of, so that the
//! state is that before it; `after` names the state itself, as `eth_call` does.

use std::{path::PathBuf, sync::Arc};

use alloy_consensus::transaction::Recovered;
use alloy_eips::BlockId;
use slotcast_node::{Node, RpcSettings};

use crate::{
    block_context::BlockContext, error::ServeError, fault::Fault, live::LiveChain,
    recorded::RecordedChain,
};
use slotcast::executor::{ChainRules, ChainTx};

/// Where blocks and states come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The block that is embedded in the program.
    Embedded,
    /// Recorded blocks: a file, or a folder of them.
    Blocks(PathBuf),
    /// A node.
    Node {
        /// The URL of its JSON-RPC endpoint, over http or https.
        url: String,
        /// How it is asked.
        rpc: RpcSettings,
        /// Whether every value is asked for with a proof.
        with_proofs: bool,
    },
}

/// A source, opened.
#[derive(Debug)]
pub(crate) enum Chain {
    /// Recorded blocks.
    Recorded(RecordedChain),
    /// A node.
    Live(LiveChain),
}

impl Chain {
    /// Opens a source, to be understood by these rules if there are any.
    pub(crate) fn open(source: Source, rules: Option<Arc<ChainRules>>) -> Result<Self, ServeError> {
        Ok(match source {
            Source::Embedded => Self::Recorded(RecordedChain::open(None, rules)?),
            Source::Blocks(path) => Self::Recorded(RecordedChain::open(Some(path), rules)?),
            Source::Node { url, rpc, with_proofs } => {
                let node = Node::connect(&url, rpc)?;
                let node = match rules {
                    Some(rules) => node.with_rules(ChainRules::clone(&rules))?,
                    None => node,
                };
                Self::Live(LiveChain::open(Arc::new(node), with_proofs)?)
            }
        })
    }

    /// The chain's id.
    pub(crate) fn chain_id(&self) -> u64 {
        match self {
            Self::Recorded(chain) => chain.chain_id(),
            Self::Live(chain) => chain.node().chain_id(),
        }
    }

    /// The number of the newest block.
    pub(crate) fn newest(&self) -> Result<u64, Fault> {
        match self {
            Self::Recorded(chain) => Ok(chain.newest()),
            Self::Live(chain) => chain.head().map(|head| head.header.number),
        }
    }

    /// The context of the named block.
    pub(crate) fn context(&self, id: Option<BlockId>) -> Result<Arc<BlockContext>, Fault> {
        match self {
            Self::Recorded(chain) => chain.context(id),
            Self::Live(chain) => chain.context(id),
        }
    }

    /// The context on the state that the named block left.
    pub(crate) fn context_after(&self, id: Option<BlockId>) -> Result<Arc<BlockContext>, Fault> {
        match self {
            Self::Recorded(chain) => chain.context_after(id),
            Self::Live(chain) => chain.context_after(id),
        }
    }

    /// The transactions of the block that a context is of.
    pub(crate) fn transactions(
        &self,
        context: &BlockContext,
    ) -> Result<Vec<Recovered<ChainTx>>, Fault> {
        match self {
            Self::Recorded(_) => Ok(context.block().transactions.clone()),
            Self::Live(_) if context.block().hash.is_zero() => Err(Fault::Params(
                "transactions: the block does not exist yet, so say which".to_owned(),
            )),
            Self::Live(chain) => chain.transactions(context),
        }
    }
}
