//! What does a host say of a block before it is executed?
//!
//! In: a block. Out: the context and the environment that alloy-evm asks for, of mainnet's last fork.

use std::borrow::Cow;

use alloy_eips::eip7840::BlobParams;
use alloy_evm::{
    EvmEnv,
    eth::{EthBlockExecutionCtx, spec::EthSpec},
};
use slotcast::executor::Block;

/// What is known of the block beside its transactions.
pub(crate) fn context(block: &Block) -> EthBlockExecutionCtx<'_> {
    EthBlockExecutionCtx {
        parent_hash: block.header.parent_hash,
        parent_beacon_block_root: block.header.parent_beacon_block_root,
        ommers: &block.ommers,
        withdrawals: block.withdrawals.as_deref().map(Cow::Borrowed),
        extra_data: block.header.extra_data.clone(),
        tx_count_hint: None,
        slot_number: block.header.slot_number,
    }
}

/// The environment of its transactions.
pub(crate) fn env(block: &Block) -> EvmEnv {
    EvmEnv::for_eth_block(&block.header, EthSpec::mainnet(), 1, Some(BlobParams::bpo2()))
}
