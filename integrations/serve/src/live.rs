//! What is a node's chain right now?
//!
//! In: a node. Out: [`LiveChain`]: its head, as last seen, and contexts by number, hash or tag.
//! Invariants: state is that after a block named by its hash, so that a reorganisation changes which
//! context is meant and never what is on it; a bounded number of words is in memory; the lock is never
//! held while the node is asked.
//!
//! The block after the head does not exist yet. Its words are expected ones: the head's beneficiary,
//! gas limit and randomness, the head's distance in time, and the fees that the head's use of gas
//! leads to (EIP-1559, 4844). A transaction that depends on another word is predicted wrongly.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy_consensus::{Header, transaction::Recovered};
use alloy_eips::{BlockId, BlockNumberOrTag, eip1559::BaseFeeParams, eip7840::BlobParams};
use alloy_primitives::{B256, U64};
use slotcast::executor::{Block, ChainRules, ChainTx, ForkChoice, fork_of, next_base_fee};
use slotcast_node::{Node, NodeError, NodeState, ProofPolicy};

use crate::{block_context::BlockContext, fault::Fault};

/// Most contexts in memory.
const MAX_CONTEXTS: usize = 16;

/// Most states in memory; contexts on one state share it.
const MAX_STATES: usize = 8;

/// Most words of one state in memory, after which it is begun again.
const MAX_WORDS: usize = 250_000;

/// The newest block as last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) hash: B256,
    pub(crate) header: Header,
    /// Seconds after its parent.
    pub(crate) interval: u64,
}

/// A node's chain.
#[derive(Debug)]
pub(crate) struct LiveChain {
    node: Arc<Node>,
    with_proofs: bool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    head: Option<Arc<Head>>,
    /// Why the node was not to be asked the last time.
    failure: Option<String>,
    /// By the hash of the block, or that of its parent if it does not exist yet.
    contexts: VecDeque<(Key, Arc<BlockContext>)>,
    states: VecDeque<Arc<NodeState>>,
}

/// What a context is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Block(B256),
    After(B256),
}

impl LiveChain {
    /// The chain of `node`, whose head is asked for now.
    pub(crate) fn open(node: Arc<Node>, with_proofs: bool) -> Result<Self, NodeError> {
        let chain = Self { node, with_proofs, seen: Mutex::default() };
        chain.look()?;
        Ok(chain)
    }

    /// The node.
    pub(crate) const fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Asks for the head, and gives it.
    pub(crate) fn look(&self) -> Result<Arc<Head>, NodeError> {
        let looked = self.ask_head();
        let mut seen = self.seen();
        match looked {
            Ok(head) => {
                seen.failure = None;
                seen.head = Some(Arc::clone(&head));
                Ok(head)
            }
            Err(error) => {
                seen.failure = Some(error.to_string());
                Err(error)
            }
        }
    }

    fn ask_head(&self) -> Result<Arc<Head>, NodeError> {
        let (hash, header) = self.node.header_at("latest")?.ok_or_else(|| self.nonsense())?;
        if let Some(head) = self.seen().head.as_ref().filter(|head| head.hash == hash) {
            return Ok(Arc::clone(head));
        }
        let interval = self.interval(&header)?;
        Ok(Arc::new(Head { hash, header, interval }))
    }

    /// Seconds between a block and its parent; a second where there is no parent to ask for.
    fn interval(&self, header: &Header) -> Result<u64, NodeError> {
        let parent = match header.number {
            0 => None,
            _ => self.node.header(header.parent_hash)?,
        };
        let interval = parent.map(|parent| header.timestamp.saturating_sub(parent.timestamp));
        Ok(interval.unwrap_or(1).max(1))
    }

    fn nonsense(&self) -> NodeError {
        NodeError::Nonsense {
            node: self.node.rpc().name().to_owned(),
            method: "eth_getBlockByNumber".to_owned(),
            reason: "it has no newest block".to_owned(),
        }
    }

    /// The head as last seen.
    pub(crate) fn head(&self) -> Result<Arc<Head>, Fault> {
        let seen = self.seen();
        match (&seen.failure, &seen.head) {
            (None, Some(head)) => Ok(Arc::clone(head)),
            (failure, _) => Err(Fault::Unavailable(
                failure.clone().unwrap_or_else(|| "the node was not asked yet".to_owned()),
            )),
        }
    }

    /// The context of the block that is named; the one after the head unless the name says otherwise.
    pub(crate) fn context(&self, id: Option<BlockId>) -> Result<Arc<BlockContext>, Fault> {
        match id {
            None | Some(BlockId::Number(BlockNumberOrTag::Pending)) => self.after(&*self.head()?),
            Some(id) => {
                let (hash, header) = self.named(id)?;
                self.within(hash, header)
            }
        }
    }

    /// The context on the state that the named block left; the head unless the name says otherwise.
    pub(crate) fn context_after(&self, id: Option<BlockId>) -> Result<Arc<BlockContext>, Fault> {
        match id {
            None | Some(BlockId::Number(BlockNumberOrTag::Pending | BlockNumberOrTag::Latest)) => {
                self.after(&*self.head()?)
            }
            Some(id) => {
                let (hash, header) = self.named(id)?;
                let interval = self.interval(&header).map_err(unavailable)?;
                self.after(&Head { hash, header, interval })
            }
        }
    }

    /// The transactions of the block that a context is of.
    pub(crate) fn transactions(
        &self,
        context: &BlockContext,
    ) -> Result<Vec<Recovered<ChainTx>>, Fault> {
        let number = context.block().header.number;
        let found = self.node.block(number);
        let found = found.map_err(|error| Fault::Unavailable(error.to_string()))?;
        match found.hash == context.block().hash {
            true => Ok(found.transactions),
            false => Err(Fault::NotFound(format!(
                "block: {} is no longer block {number} of the chain; another took its place",
                context.block().hash
            ))),
        }
    }

    /// The header that is named.
    fn named(&self, id: BlockId) -> Result<(B256, Header), Fault> {
        let found = match id {
            BlockId::Hash(hash) => {
                let header = self.node.header(hash.block_hash).map_err(unavailable)?;
                header.map(|header| (hash.block_hash, header))
            }
            BlockId::Number(BlockNumberOrTag::Number(number)) => {
                let tag = format!("{:#x}", U64::from(number));
                self.node.header_at(&tag).map_err(unavailable)?
            }
            BlockId::Number(tag) => self.node.header_at(&tag.to_string()).map_err(unavailable)?,
        };
        let name = self.node.rpc().name();
        found.ok_or_else(|| Fault::NotFound(format!("block: {name} does not have it")))
    }

    /// The context of a block that exists.
    fn within(&self, hash: B256, header: Header) -> Result<Arc<BlockContext>, Fault> {
        let key = Key::Block(hash);
        if let Some(context) = self.known(key) {
            return Ok(context);
        }
        if header.number == 0 {
            let reason = "block: there is no state before the genesis block";
            return Err(Fault::NotFound(reason.to_owned()));
        }
        let parent = self.node.header(header.parent_hash).map_err(unavailable)?;
        let parent = parent.ok_or_else(|| {
            Fault::Unavailable("block: the node has it, but not its parent".to_owned())
        })?;
        self.ground_on(key, hash, header, parent)
    }

    /// The context of the block after this one, which does not exist yet.
    fn after(&self, parent: &Head) -> Result<Arc<BlockContext>, Fault> {
        let key = Key::After(parent.hash);
        if let Some(context) = self.known(key) {
            return Ok(context);
        }
        let header = expected(parent, self.node.rules().as_deref());
        self.ground_on(key, B256::ZERO, header, parent.header.clone())
    }

    fn known(&self, key: Key) -> Option<Arc<BlockContext>> {
        let mut seen = self.seen();
        let place = seen.contexts.iter().position(|(other, _)| *other == key)?;
        if MAX_WORDS < seen.contexts[place].1.n_words() {
            let parent = seen.contexts[place].1.block().header.parent_hash;
            seen.contexts.retain(|(_, it)| it.block().header.parent_hash != parent);
            seen.states.retain(|state| state.hash() != parent);
            return None;
        }
        Some(Arc::clone(&seen.contexts[place].1))
    }

    fn ground_on(
        &self,
        key: Key,
        hash: B256,
        header: Header,
        parent: Header,
    ) -> Result<Arc<BlockContext>, Fault> {
        let state = self.state(header.parent_hash, parent);
        let block = Block {
            chain_id: self.node.chain_id(),
            forks: self.node.rules().map_or(ForkChoice::OfChain, ForkChoice::Of),
            header,
            hash,
            transactions: Vec::new(),
            withdrawals: None,
            ommers: Vec::new(),
        };
        let fork = fork_of(&block).map_err(|error| Fault::Unsupported(error.to_string()))?;
        let context = BlockContext::node(block, fork, matches!(key, Key::After(_)), state);
        let context = Arc::new(context);
        let mut seen = self.seen();
        if MAX_CONTEXTS <= seen.contexts.len() {
            seen.contexts.pop_front();
        }
        seen.contexts.push_back((key, Arc::clone(&context)));
        Ok(context)
    }

    fn state(&self, hash: B256, header: Header) -> Arc<NodeState> {
        let mut seen = self.seen();
        if let Some(state) = seen.states.iter().find(|state| state.hash() == hash) {
            return Arc::clone(state);
        }
        let node = Arc::clone(&self.node);
        let proofs = match self.with_proofs {
            true => ProofPolicy::Always,
            false => ProofPolicy::Never,
        };
        let state = Arc::new(NodeState::new(node, hash, header, proofs));
        if MAX_STATES <= seen.states.len() {
            seen.states.pop_front();
        }
        seen.states.push_back(Arc::clone(&state));
        state
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the header after this one is expected to be by these rules, as far as a transaction can see.
fn expected(parent: &Head, rules: Option<&ChainRules>) -> Header {
    let Head { hash, header, interval } = parent;
    let timestamp = header.timestamp.saturating_add(*interval);
    let rollup = rules.and_then(ChainRules::as_optimism);
    let fee = rollup.and_then(|chain| next_base_fee(chain, &header.into(), timestamp));
    Header {
        parent_hash: *hash,
        number: header.number + 1,
        timestamp,
        beneficiary: header.beneficiary,
        gas_limit: header.gas_limit,
        base_fee_per_gas: fee.or_else(|| header.next_block_base_fee(BaseFeeParams::ethereum())),
        difficulty: header.difficulty,
        mix_hash: header.mix_hash,
        // Forks that only change blob parameters are not told apart, as in `slotcast::predict::words_of`.
        // What a rollup's header calls blob gas is room for data and raises no price.
        excess_blob_gas: match rollup {
            Some(_) => header.excess_blob_gas.map(|_| 0),
            None => header.next_block_excess_blob_gas(BlobParams::osaka()),
        },
        blob_gas_used: header.blob_gas_used.map(|_| 0),
        // That there is one says which rules hold; what it will be is not known.
        block_access_list_hash: header.block_access_list_hash.map(|_| B256::ZERO),
        slot_number: header.slot_number.map(|number| number.saturating_add(1)),
        ..Header::default()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn unavailable(error: NodeError) -> Fault {
    Fault::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests;
