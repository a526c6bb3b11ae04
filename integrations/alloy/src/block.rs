//! How does a host's block become one of ours?
//!
//! In: the environment its EVM runs in, the context of its executor, its transactions. Out: a
//! [`Block`].
//! Invariant: what transactions can see of the block is the host's, field by field; what only a
//! finished header has is left empty, since it is not looked at.

use alloy_consensus::{Header, TxEnvelope, transaction::Recovered};
use alloy_evm::{EvmEnv, eth::EthBlockExecutionCtx};
use slotcast::{
    executor::{Block, ChainTx, ForkChoice},
    model::Fork,
};

/// The block that a host is about to execute.
pub(crate) fn block_of(
    env: &EvmEnv,
    fork: Fork,
    ctx: &EthBlockExecutionCtx<'_>,
    transactions: Vec<Recovered<TxEnvelope>>,
) -> Block {
    let words = &env.block_env;
    let header = Header {
        parent_hash: ctx.parent_hash,
        beneficiary: words.beneficiary,
        difficulty: words.difficulty,
        number: words.number.saturating_to(),
        gas_limit: words.gas_limit,
        timestamp: words.timestamp.saturating_to(),
        extra_data: ctx.extra_data.clone(),
        mix_hash: words.prevrandao.unwrap_or_default(),
        base_fee_per_gas: (Fork::London <= fork).then_some(words.basefee),
        excess_blob_gas: words.blob_excess_gas_and_price.map(|blob| blob.excess_blob_gas),
        parent_beacon_block_root: ctx.parent_beacon_block_root,
        slot_number: ctx.slot_number,
        ..Header::default()
    };
    Block {
        chain_id: env.cfg_env.chain_id,
        forks: ForkChoice::Fixed(fork),
        hash: Default::default(),
        header,
        transactions: transactions.into_iter().map(|tx| tx.map(ChainTx::Signed)).collect(),
        withdrawals: ctx.withdrawals.as_deref().map(<[_]>::to_vec),
        ommers: ctx.ommers.to_vec(),
    }
}
