//! How is what Slotcast and alloy call an address, a word or a list said to ethrex?
//!
//! In: values of one side. Out: the same on the other.
//! Invariants: nothing is lost; blocks and lists go by RLP, so that each side reads what it would read
//! from the network.

use alloy_consensus::{BlockBody, TxEnvelope};
use alloy_eips::eip4895::Withdrawals;
use alloy_primitives::{Address, B256, U256};
use alloy_rlp::Encodable;
use ethrex_common::{H160, H256, types::block_access_list::BlockAccessList};
use ethrex_rlp::decode::RLPDecode;
use slotcast::executor::Block;

use crate::HostError;

pub(crate) const fn h160(address: Address) -> H160 {
    H160(address.into_array())
}

pub(crate) const fn address(address: H160) -> Address {
    Address::new(address.0)
}

pub(crate) const fn h256(word: B256) -> H256 {
    H256(word.0)
}

pub(crate) const fn b256(word: H256) -> B256 {
    B256::new(word.0)
}

pub(crate) fn key(key: U256) -> H256 {
    h256(key.into())
}

pub(crate) const fn u256(word: U256) -> ethrex_common::U256 {
    ethrex_common::U256(word.into_limbs())
}

pub(crate) const fn word(word: ethrex_common::U256) -> U256 {
    U256::from_limbs(word.0)
}

/// The block as ethrex reads it from its encoding; its hash is worked out again and compared.
pub(crate) fn block(block: &Block) -> Result<ethrex_common::types::Block, HostError> {
    let signed = block.signed_transactions();
    if signed.len() != block.n_transactions() {
        return Err(HostError::Unsigned);
    }
    let transactions: Vec<TxEnvelope> = signed.into_iter().map(|tx| tx.into_inner()).collect();
    let withdrawals = block.withdrawals.clone().map(Withdrawals::new);
    let body = BlockBody { transactions, ommers: block.ommers.clone(), withdrawals };
    let encoded = alloy_rlp::encode(alloy_consensus::Block { header: block.header.clone(), body });
    let read = ethrex_common::types::Block::decode(&encoded)
        .map_err(|error| HostError::Encoding(error.to_string()))?;
    match b256(read.hash()) == block.hash {
        true => Ok(read),
        false => Err(HostError::Hash { stated: block.hash, read: b256(read.hash()) }),
    }
}

/// A block access list as ethrex reads it from its encoding.
pub(crate) fn list(
    accounts: &[alloy_eip7928::AccountChanges],
) -> Result<BlockAccessList, HostError> {
    let mut encoded = Vec::new();
    accounts.to_vec().encode(&mut encoded);
    BlockAccessList::decode(&encoded).map_err(|error| HostError::Encoding(error.to_string()))
}
