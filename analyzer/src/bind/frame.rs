//! What is fixed while a transaction, or one frame of it, runs?
//!
//! In: plain fields of a transaction and its block. Out: the words programs ask for.
//! Invariant: nothing here depends on state.

use alloy_primitives::{Address, B256, Bytes, U256};

use super::buffer::Buffer;
use crate::ir::Env;

/// A transaction as binding sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxFrame {
    /// The sender.
    pub caller: Address,
    /// The recipient; none when a contract is created.
    pub to: Option<Address>,
    /// The nonce it states, which a created contract's address depends on.
    pub nonce: u64,
    /// Authorisations of the sender's own that count (EIP-7702), each of which raises its nonce.
    pub n_own_authorizations: u64,
    /// Wei sent.
    pub value: U256,
    /// Calldata, or init code.
    pub input: Bytes,
    /// The price per gas paid, in wei.
    pub gas_price: U256,
    /// What the sender's balance lacks while the transaction runs: all gas at its price, and blobs.
    pub prepaid: U256,
    /// Gas left to run with, once the intrinsic cost is paid.
    pub gas: u64,
    /// The most that may have been taken of it and is not counted.
    pub loose: u64,
    /// Accounts and slots that are warm from the start (EIP-2930).
    pub access_list: Vec<(Address, Vec<U256>)>,
    /// Hashes of the transaction's blobs (EIP-4844).
    pub blob_hashes: Vec<B256>,
}

/// The words of a block that instructions give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockWords {
    /// The chain's id.
    pub chain_id: u64,
    /// The block's number.
    pub number: u64,
    /// Its timestamp, in seconds.
    pub timestamp: u64,
    /// The fee recipient.
    pub coinbase: Address,
    /// Its gas limit.
    pub gas_limit: u64,
    /// Its base fee per gas, in wei; zero before London.
    pub base_fee: u64,
    /// Its difficulty, or the randomness of the beacon chain since the Merge.
    pub difficulty: U256,
    /// The price of blob gas, in wei; zero before Cancun.
    pub blob_base_fee: U256,
    /// The slot number (EIP-7843); zero before Amsterdam.
    pub slot_number: u64,
}

/// Some of the words of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockWordSet(u32);

impl BlockWordSet {
    /// Adds the word that an instruction gives; what is not of the block adds nothing to compare.
    pub(super) const fn insert(&mut self, env: Env) {
        self.0 |= 1 << env as u32;
    }

    /// With the words that a transaction's fee depends on.
    #[must_use]
    pub const fn with_fee(mut self) -> Self {
        self.insert(Env::Coinbase);
        self.insert(Env::BaseFee);
        self
    }

    /// Whether two blocks agree in all of these words.
    pub fn is_same_in(self, one: &BlockWords, other: &BlockWords) -> bool {
        let agrees = |env: Env, is_same: bool| self.0 & 1 << env as u32 == 0 || is_same;
        agrees(Env::ChainId, one.chain_id == other.chain_id)
            && agrees(Env::Number, one.number == other.number)
            && agrees(Env::Timestamp, one.timestamp == other.timestamp)
            && agrees(Env::Coinbase, one.coinbase == other.coinbase)
            && agrees(Env::GasLimit, one.gas_limit == other.gas_limit)
            && agrees(Env::BaseFee, one.base_fee == other.base_fee)
            && agrees(Env::GasPrice, one.base_fee == other.base_fee)
            && agrees(Env::Difficulty, one.difficulty == other.difficulty)
            && agrees(Env::BlobBaseFee, one.blob_base_fee == other.blob_base_fee)
            && agrees(Env::SlotNumber, one.slot_number == other.slot_number)
    }
}

/// One frame: whose storage, who called, with what.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Whose storage and balance.
    pub(super) address: Address,
    pub(super) caller: Address,
    pub(super) value: U256,
    pub(super) input: Buffer,
    pub(super) code: Bytes,
    pub(super) depth: usize,
    /// Whether nothing may be changed (EIP-214).
    pub(super) is_static: bool,
    /// Gas left.
    pub(super) gas: u64,
    /// How much less it may have begun with, because its caller may have used more than was counted.
    pub(super) loose: u64,
}
