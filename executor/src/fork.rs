//! Which rules hold in a block?
//!
//! In: a block. Out: [`Fork`] for reports and for the analyzer, the [`ChainRules`] that it is run by,
//! and inside the crate [`Rules`], the environment revm and the block executor run under.
//! Invariant: the block says whose rules these are; nothing else asks for a chain id.

use alloy_evm::{EvmEnv, precompiles::PrecompilesMap};
use revm::primitives::hardfork::SpecId;
use slotcast_model::Fork;

use crate::{
    chain::{ChainRules, from_spec},
    error::ExecutionError,
    host_precompiles::HostPrecompiles,
    input::{Block, ForkChoice},
    rollup::{OpBlock, precompiles},
};

/// The fork of Ethereum whose instructions hold in `block`.
pub fn fork_of(block: &Block) -> Result<Fork, ExecutionError> {
    let header = &block.header;
    Ok(rules_of(block)?.fork_at(header.number, header.timestamp))
}

/// The fork active on a known chain at a block number and timestamp.
pub fn fork_at(chain_id: u64, number: u64, timestamp: u64) -> Result<Fork, ExecutionError> {
    Ok(known(chain_id)?.fork_at(number, timestamp))
}

/// The name of the fork active in `block`, for reports.
pub fn spec_name(block: &Block) -> Result<String, ExecutionError> {
    let header = &block.header;
    Ok(rules_of(block)?.fork_name_at(header.number, header.timestamp).to_owned())
}

/// The rules of the chain that `block` is of.
pub fn rules_of(block: &Block) -> Result<ChainRules, ExecutionError> {
    let rules = match &block.forks {
        ForkChoice::OfChain => known(block.chain_id)?,
        ForkChoice::Fixed(fork) => return Ok(ChainRules::fixed(block.chain_id, *fork)),
        ForkChoice::Of(rules) => ChainRules::clone(rules),
    };
    Ok(rules.of_header(&block.header))
}

fn known(chain_id: u64) -> Result<ChainRules, ExecutionError> {
    ChainRules::of_id(chain_id).ok_or(ExecutionError::UnsupportedChain { chain_id })
}

/// The price of blob gas in a block, in wei; none before Cancun.
pub fn blob_base_fee(block: &Block) -> Option<u128> {
    let params = rules_of(block).ok()?.blob_params(block.header.timestamp)?;
    block.header.blob_fee(params)
}

/// Everything about a block that execution depends on and that is not a transaction.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) chain: ChainRules,
    pub(crate) env: EvmEnv<SpecId>,
    /// What the chain adds as one of the OP Stack.
    pub(crate) optimism: Option<OpBlock>,
    /// The precompiled contracts of a host that brings its own.
    pub(crate) of_host: Option<HostPrecompiles>,
}

impl Rules {
    pub(crate) fn of(block: &Block) -> Result<Self, ExecutionError> {
        let chain = rules_of(block)?;
        let blob_params = chain.blob_params(block.header.timestamp);
        let env = EvmEnv::for_eth_block(&block.header, &chain, block.chain_id, blob_params);
        let optimism = chain.as_optimism().map(|chain| OpBlock::new(chain, block));
        Ok(Self { chain, env, optimism, of_host: None })
    }

    /// The precompiled contracts.
    pub(crate) fn precompiles(&self) -> PrecompilesMap {
        match (&self.of_host, &self.optimism) {
            (Some(host), _) => host.all(),
            (None, None) => precompiles::of_ethereum(self.spec()),
            (None, Some(op)) => precompiles::of_optimism(self.spec(), op.fork),
        }
    }

    pub(crate) const fn spec(&self) -> SpecId {
        self.env.cfg_env.spec
    }

    pub(crate) const fn fork(&self) -> Fork {
        from_spec(self.spec())
    }
}

#[cfg(test)]
mod tests;
