//! What are predictions made on?
//!
//! In: a recorded block, or a node's state with the block that is to follow. Out: [`BlockContext`]: the
//! block's words, and the state before it.
//! Invariant: a context never changes, so that the same request on the same context has the same answer,
//! as far as the source answers at all.

use std::sync::Arc;

use alloy_consensus::transaction::Recovered;
use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U64, U256};
use serde::Serialize;
use slotcast::{
    BaseState, CodeAt, NextBlock, Prepared,
    analyzer::bind::BlockWords,
    executor::{Block, ChainTx, FeeLegs},
    model::{Fork, Location},
};
use slotcast_node::NodeState;

use crate::fault::Fault;

/// A block and the state before it.
#[derive(Debug)]
pub(crate) struct BlockContext {
    block: Block,
    next: NextBlock,
    is_expected: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    Recorded(Box<Prepared>),
    Node(Arc<NodeState>),
}

/// What is known of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It holds this.
    Known(U256),
    /// It was not recorded, and predictions take it to hold this.
    Assumed(U256),
    /// It is not to be had.
    Unavailable,
}

/// How answers name the block.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockName {
    number: U64,
    /// Nothing for a block that does not exist yet.
    hash: Option<B256>,
    parent_hash: B256,
}

impl BlockContext {
    /// The context of a recorded block.
    pub(crate) fn recorded(prepared: Prepared) -> Self {
        let (block, fork) = (prepared.block().clone(), prepared.fork());
        let next = NextBlock::of(&block, fork);
        let state = State::Recorded(Box::new(prepared));
        Self { block, next, is_expected: false, state }
    }

    /// The context of a block on a node's state; `is_expected` if the block does not exist yet.
    pub(crate) fn node(block: Block, fork: Fork, is_expected: bool, state: Arc<NodeState>) -> Self {
        let next = NextBlock::of(&block, fork);
        Self { block, next, is_expected, state: State::Node(state) }
    }

    /// The block.
    pub(crate) const fn block(&self) -> &Block {
        &self.block
    }

    /// The block with these transactions instead.
    pub(crate) fn block_with(&self, transactions: Vec<Recovered<ChainTx>>) -> Block {
        let Block { chain_id, hash, .. } = self.block;
        let (header, forks) = (self.block.header.clone(), self.block.forks.clone());
        let (withdrawals, ommers) = (None, Vec::new());
        Block { chain_id, forks, header, hash, transactions, withdrawals, ommers }
    }

    /// The same as far as transactions are predicted by it.
    pub(crate) const fn next(&self) -> &NextBlock {
        &self.next
    }

    /// The fork whose rules hold.
    pub(crate) const fn fork(&self) -> Fork {
        self.next.fork
    }

    /// The block's words.
    pub(crate) const fn words(&self) -> &BlockWords {
        &self.next.words
    }

    /// The accounts transactions pay beside the tip.
    pub(crate) const fn legs(&self) -> &FeeLegs {
        &self.next.legs
    }

    /// How answers name the block.
    pub(crate) fn name(&self) -> BlockName {
        BlockName {
            number: U64::from(self.block.header.number),
            hash: (!self.is_expected).then_some(self.block.hash),
            parent_hash: self.block.header.parent_hash,
        }
    }

    /// The hash of the code at an address; none where it is not to be had.
    pub(crate) fn code_hash(&self, address: Address) -> Option<B256> {
        match &self.state {
            State::Recorded(prepared) => Some(prepared.state().code_hash(address)),
            State::Node(state) => match state.code(address) {
                CodeAt::Nothing => Some(KECCAK256_EMPTY),
                CodeAt::Known(hash, _) => Some(hash),
                CodeAt::Unavailable => None,
            },
        }
    }

    /// What a word holds. A code is its hash.
    pub(crate) fn look(&self, location: &Location) -> Look {
        let is_there = match (&self.state, location) {
            (State::Node(_), _) => true,
            (State::Recorded(prepared), Location::Storage(slot)) => {
                prepared.state().has_slot(slot.address, slot.key)
            }
            (State::Recorded(prepared), _) => prepared.state().has_account(location.address()),
        };
        let value = match *location {
            Location::Balance(address) => self.balance(address),
            Location::Nonce(address) => self.nonce(address).map(U256::from),
            Location::Code(address) => self.code_hash(address).map(Into::into),
            Location::Storage(slot) => self.storage(slot.address, slot.key),
        };
        match (value, is_there) {
            (Some(value), true) => Look::Known(value),
            (Some(value), false) => Look::Assumed(value),
            (None, _) => Look::Unavailable,
        }
    }

    /// Fails if the source lately did not answer.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        match &self.state {
            State::Recorded(_) => Ok(()),
            State::Node(state) => match state.take_failure() {
                None => Ok(()),
                Some(error) => Err(Fault::Unavailable(error.to_string())),
            },
        }
    }

    fn base(&self) -> &dyn BaseState {
        match &self.state {
            State::Recorded(prepared) => prepared.state(),
            State::Node(state) => &**state,
        }
    }

    /// How many words of state are held in memory for it.
    pub(crate) fn n_words(&self) -> usize {
        match &self.state {
            State::Recorded(_) => 0,
            State::Node(state) => state.n_words(),
        }
    }
}

impl BaseState for BlockContext {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        self.base().storage(address, key)
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.base().balance(address)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.base().nonce(address)
    }

    fn code(&self, address: Address) -> CodeAt {
        self.base().code(address)
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.base().block_hash(number)
    }
}
